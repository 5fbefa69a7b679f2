"""What the front end's build made: packed on the way, kept by browsers for good, since every name carries its hash."""

from pathlib import Path

from flask import Blueprint, request, send_from_directory
from werkzeug.wrappers import Response

blueprint = Blueprint("assets", __name__)
BUILD = Path(__file__).resolve().parent.parent / "static" / "build"
YEAR = 365 * 86_400
KINDS = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}


@blueprint.get("/static/build/<name>")
def built(name: str) -> Response:
    """Send a built file, packed where the browser can unpack it and the build has made a packed twin."""
    packed = request.accept_encodings["gzip"] > 0 and (BUILD / f"{name}.gz").is_file()
    response = send_from_directory(BUILD, f"{name}.gz" if packed else name, mimetype=_kind(name), max_age=YEAR)
    response.headers["Vary"] = "Accept-Encoding"
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.cache_control.immutable = True
    return response


def _kind(name: str) -> str:
    """Return the media type by the name's ending: a packed twin must not be taken for an archive."""
    return KINDS.get(Path(name).suffix, "application/octet-stream")
