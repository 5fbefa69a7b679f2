"""What a start prints: how to join, with a QR code, and the links of the crew."""

import io
from typing import Any

import segno

from feedback.addresses import Welcome, base_address
from feedback.settings import Settings


def welcome(told: Welcome) -> str:
    """Return the text of a start: join address and QR code, who can reach it, every link."""
    base = told.base
    reach = (
        "Open to the local network: phones in the same Wi-Fi can join."
        if told.public
        else "Open to this machine only. Phones join after a start with: python3 -m feedback run --public"
    )
    parts = ["", f"  Join:  {base}/", "", _qr(f"{base}/"), f"  {reach}", "", links_text(told.links, base)]
    if told.port != told.settings.port:
        parts.insert(1, f"  Port {told.settings.port} is taken, so this is {told.port}.")
    return "\n".join([*parts, "", "  Stop with Ctrl-C.", ""])


def links_text(links: dict[str, Any], base: str) -> str:
    """Return the links of the crew, each on a line of its own."""
    lines: list[str] = []
    for place in links["conversations"]:
        lines += [
            f"  {place['strand']}: {place['title']}   code {place['code']}",
            f"    participants  {base}/c/{place['code']}",
            f"    stage         {base}/enter#{place['stage']}",
            f"    facilitator   {base}/enter#{place['facilitator']}",
            f"    rapporteur    {base}/enter#{place['rapporteur']}",
            "",
        ]
    organiser = links["organiser"]
    if organiser:
        lines.append(f"  Organiser (sets a password)  {base}/enter#{organiser}")
    else:
        lines.append(f"  Organiser (signs in)  {base}/organiser/login")
    lines.append("  Links for facilitator, rapporteur and organiser work once, in one browser.")
    return "\n".join(lines)


def base_of(settings: Settings) -> str:
    """Return the address for links made while the server runs elsewhere or not at all."""
    return base_address(settings, settings.port)


def _qr(address: str) -> str:
    drawn = io.StringIO()
    segno.make(address, error="m").terminal(drawn, compact=True, border=2)
    return drawn.getvalue()
