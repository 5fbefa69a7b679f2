"""The organiser's pages: the conference, its strands and conversations, the crew's links, the password."""

from feedback.web.organiser import across, conversation, embedder, login, programme
from feedback.web.organiser.frame import blueprint

__all__ = ["across", "blueprint", "conversation", "embedder", "login", "programme"]
