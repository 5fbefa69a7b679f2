"""The way in: the address that others reach, and its QR code."""

import io

import segno
from flask import current_app, request, url_for
from markupsafe import Markup


def address_of(path: str) -> str:
    """Return the whole address of a path, as other devices reach it."""
    base = current_app.config.get("FEEDBACK_JOIN_ADDRESS") or request.url_root
    return f"{str(base).rstrip('/')}{path}"


def join_address(code: str) -> str:
    """Return the address that leads a phone into a conversation."""
    return address_of(url_for("participant.conversation", code=code))


def spoken(address: str) -> str:
    """Return the part of an address that people read aloud and type: host and port."""
    return address.split("://", 1)[-1].split("/", 1)[0]


def qr_of(text: str) -> Markup:
    """Return a QR code as an SVG drawing that fills its box; dark on white whatever the page's colours."""
    drawing = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        drawing,
        kind="svg",
        xmldecl=False,
        omitsize=True,
        border=2,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass=None,
        nl=False,
    )
    return Markup(drawing.getvalue().decode())  # noqa: S704 -- segno's drawing holds no text of ours
