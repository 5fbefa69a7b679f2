"""Where the house can be reached: its port, the addresses of this machine, and the links of a start."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback.settings import Settings

PORTS_TRIED = 20
EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 -- recognised here, chosen only by --public


@dataclass(frozen=True, slots=True)
class Welcome:
    """What a start has to tell: where it listens, whether the network can reach it, and the links it made."""

    settings: Settings
    port: int
    public: bool
    links: dict[str, Any]

    @property
    def base(self) -> str:
        """The address to print and to put into QR codes."""
        return base_address(self.settings, self.port)


def free_port(host: str, port: int, *, fixed: bool) -> int:
    """Return the port to listen on: the wanted one, or when it is busy and not fixed the next free one.

    Raises OSError when the port (or all that were tried) is taken.
    """
    last = OSError("no port was tried")
    for candidate in range(port, port + 1 if fixed else min(port + PORTS_TRIED, 65_536)):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
                probe.listen(1)
            except OSError as error:
                last = error
                continue
            chosen: int = probe.getsockname()[1]
            return chosen
    raise last


def lan_addresses() -> list[str]:
    """List this machine's addresses in its networks, the one of the default route first."""
    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        # Connecting a datagram socket sends nothing: it only asks the kernel for the route. TEST-NET-1, RFC 5737.
        probe.connect(("192.0.2.1", 9))
        found.append(probe.getsockname()[0])
    with suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
    return [address for address in dict.fromkeys(found) if not address.startswith("127.")]


def base_address(settings: Settings, port: int) -> str:
    """Return the address under which people reach the house."""
    if settings.origins:
        return settings.origins[0].rstrip("/")
    if settings.host in EVERYWHERE:
        return f"http://{(lan_addresses() or ['127.0.0.1'])[0]}:{port}"
    return f"http://{settings.host}:{port}"


def origins(settings: Settings, port: int) -> list[str]:
    """List the origins whose pages may open sockets: this machine's addresses and the configured ones."""
    hosts = ["127.0.0.1", "localhost", settings.host]
    if settings.host in EVERYWHERE:
        hosts += [*lan_addresses(), socket.gethostname()]
    local = [f"http://{host}:{port}" for host in dict.fromkeys(hosts) if host not in EVERYWHERE]
    return [*(origin.rstrip("/") for origin in settings.origins), *local]


def local_zone() -> str:
    """Return this machine's time zone by its IANA name; UTC when it does not say."""
    try:
        parts = Path("/etc/localtime").resolve().parts
    except OSError:
        return "UTC"
    return "/".join(parts[parts.index("zoneinfo") + 1 :]) if "zoneinfo" in parts else "UTC"
