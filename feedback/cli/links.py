"""Make fresh links for the crew and print them."""

from feedback.cli.house import deed
from feedback.cli.welcome import base_of, links_text
from feedback.settings import Settings


def print_links(settings: Settings, *, organiser: bool) -> int:
    """Make fresh crew links and print them; returns the exit code."""
    made = deed(settings, "links", {"organiser": organiser})
    if made is None:
        return 1
    kept = settings.instance / "address"
    print(links_text(made, kept.read_text(encoding="ascii").strip() if kept.exists() else base_of(settings)))
    return 0
