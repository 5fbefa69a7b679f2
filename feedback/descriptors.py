"""How many files and sockets the kernel lets this process have open."""

import resource
from contextlib import suppress

from feedback.settings import Settings

#: Of each phone: its socket, a page or file that it fetches meanwhile, and room for the rest.
PER_SOCKET = 3


def wanted(settings: Settings) -> int:
    """Return how many descriptors a full house needs."""
    return PER_SOCKET * settings.sockets


def allowed() -> int:
    """Return how many there may be when the process asks for all it can get."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 2**31 if hard == resource.RLIM_INFINITY else hard


def raise_limit(settings: Settings) -> int:
    """Ask for as many as a full house needs, or as many as there can be; returns how many there may be now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard or hard == resource.RLIM_INFINITY:
        # Not simply all: where there is no bound, macOS refuses, and some programs walk through every number.
        enough = max(soft, min(allowed(), wanted(settings)))
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
