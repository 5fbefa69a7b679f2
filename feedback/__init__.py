"""feedback: collect ideas at a conference, vote on them live, find themes, leave with a report.

The walk::

    phone ── op ──▶ live/handlers or POST /c/<code>/ops ──▶ store/writer ──▶ actions ──▶ domain rule, store rows
      ▲                                                         │ COMMIT, then ack: my state, seq
      │                                                         ▼ facts
    phone, stage, console ◀── one frame {from, to, changes} per beat ◀── live/pulse      GET /c/<code>/sync heals gaps
    jobs (own process) ──▶ clustering ──▶ actions.themes ──▶ themes move on stage and desk
    rapporteur ──▶ desk (edit, undo) ──▶ freeze ──▶ domain/reports ──▶ export: DOCX PDF XLSX CSV JSON MD

Same noun, same file name in every layer: the rule for votes is `domain/votes.py`, its use case `actions/votes.py`.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from feedback.app import create_app

__all__ = ["create_app"]


def __getattr__(name: str) -> Any:
    # Nothing third-party may load with the package: the bootstrap runs before the requirements are there.
    if name == "create_app":
        from feedback.app import create_app  # noqa: PLC0415 -- the bootstrap must not pay for Flask

        return create_app
    raise AttributeError(name)
