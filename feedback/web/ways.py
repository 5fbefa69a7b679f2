"""Where pages lead: the address at which a page can be asked for again, and addresses that come from outside."""

import unicodedata
from urllib.parse import SplitResult, urlsplit

from flask import current_app, request


def own_address() -> str:
    """Return the address at which this page can be asked for; one that answers a form lies below the form's page.

    Addresses of forms answer POST alone, and to follow one as a link is a 404.
    """
    query = f"?{request.query_string.decode('utf-8', 'replace')}" if request.query_string else ""
    return f"{request.script_root}{_path()}{query}"


def inward(address: str) -> str:
    """Return an address of this house as a form brought it; what could lead elsewhere becomes the first page.

    Tabs and line ends are dropped on the way to the browser, which would make `/ /elsewhere` another site, and a
    backslash is as good as a slash there.
    """
    odd = any(mark == "\\" or unicodedata.category(mark) == "Cc" for mark in address)
    return "/" if odd or not address.startswith("/") or address.startswith("//") else address


def parts_of(address: str) -> SplitResult:
    """Return the parts of an address that anybody may have written; what is none has no parts."""
    try:
        return urlsplit(address)
    except ValueError:  # http://[
        return SplitResult("", "", "", "", "")


def _path() -> str:
    adapter = current_app.create_url_adapter(request)
    if request.method in ("GET", "HEAD") or adapter is None:
        return request.path
    steps = request.path.split("/")
    above = ("/".join(steps[:length]) for length in range(len(steps), 1, -1))
    return next((path for path in above if adapter.test(path, method="GET")), "/")
