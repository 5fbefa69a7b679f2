"""What the command line asks of a running server, by a socket that only the same user can open.

On SQLite only one process writes. A command that writes hands over to the running server, or, when there is none,
takes the house's lock and writes itself; the deeds are the same functions.
"""

import base64
import json
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from feedback.actions.crew import mint_start_links
from feedback.actions.imports import import_rows
from feedback.actions.programme import conversation_listing, find_by_code, found_conference
from feedback.actions.reports import freeze
from feedback.addresses import local_zone
from feedback.db import Gate
from feedback.domain.facts import Refusal, ServerFault
from feedback.domain.roles import HOUSE, Role
from feedback.domain.rows import read_rows
from feedback.identity import Identity, new_secret, secret_hash
from feedback.store.reports import content_of

TIMEOUT = 120.0
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class House:
    """What a deed of the command line needs."""

    gate: Gate
    identity: Identity


def import_file(house: House, *, code: str, name: str, data: str, prompt: int | None) -> Json:
    """Import a file (base64) into a conversation; returns taken, known and the bad lines."""
    place = house.gate.write(None, find_by_code, code)
    rows = read_rows(base64.b64decode(data), name)
    outcome = house.gate.write(
        place, import_rows, HOUSE, place, rows.good, prompt_number=prompt, chance=secrets.randbits
    )
    bad = sorted([(row.line, row.code) for row in rows.bad] + [(row.line, row.code) for row in outcome.bad])
    return {"taken": outcome.taken, "known": outcome.known, "bad": [{"line": line, "code": code} for line, code in bad]}


def mint_links(house: House, *, organiser: bool = False) -> Json:
    """Make the links of a start: per open conversation stage, facilitator, rapporteur; the organiser's where there is
    no password yet, or on request, when it was lost.
    """
    places, needs_password = house.gate.write(None, conversation_listing)
    wanted: dict[tuple[Role, int | None], str] = {}
    found: list[Json] = []
    for place in places:
        minted = {role: new_secret() for role in (Role.FACILITATOR, Role.RAPPORTEUR)}
        wanted |= {(role, place.id): secret_hash(secret) for role, secret in minted.items()}
        found.append(
            {
                "strand": place.strand,
                "title": place.title,
                "code": place.code,
                "stage": house.identity.stage_secret(place.id, place.stage_version),
                **{role.value: secret for role, secret in minted.items()},
            }
        )
    way_in = new_secret() if needs_password or organiser else None
    if way_in:
        wanted[Role.ORGANISER, None] = secret_hash(way_in)
    house.gate.write(None, mint_start_links, HOUSE, wanted)
    return {"conversations": found, "organiser": way_in}


def freeze_report(house: House, *, code: str, name: str, language: str) -> Json:
    """Freeze a conversation; returns the report as canonical JSON."""
    place = house.gate.write(None, find_by_code, code)
    freeze_id = house.gate.write(place, freeze, HOUSE, place, name=name, language=language)
    return {"content": house.gate.write(place, lambda tx: content_of(tx.db, freeze_id))}


def found(house: House) -> Json:
    """Found the conference if this is its first start; returns the links of a start."""
    house.gate.write(None, found_conference, time_zone=local_zone(), chance=secrets.randbits)
    return mint_links(house)


DEEDS: dict[str, Callable[..., Json]] = {"import": import_file, "links": mint_links, "freeze": freeze_report}


def do(house: House, deed: str, args: Json) -> Json:
    """Carry out a deed; a refusal comes back as {"refused": code, "detail": …}."""
    try:
        return DEEDS[deed](house, **args)
    except Refusal as refusal:
        return {"refused": refusal.code, "detail": dict(refusal.detail)}


def answer(connection: Any, house: House) -> None:
    """Read one call from a connection (a line of JSON), carry it out, answer with a line of JSON."""
    with connection.makefile("rwb") as stream:
        line = stream.readline()
        if not line:
            # Somebody only looked whether the house is open.
            return
        call = json.loads(line)
        stream.write(json.dumps(do(house, call["do"], call["args"])).encode() + b"\n")


def ask(path: Path, deed: str, args: Json) -> Json | None:
    """Ask the running server to carry out a deed; None when no server listens."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        try:
            connection.connect(str(path))
        except OSError:
            return None
        with connection.makefile("rwb") as stream:
            stream.write(json.dumps({"do": deed, "args": args}).encode() + b"\n")
            stream.flush()
            line = stream.readline()
            # It went down, or broke, with our call in hand.
            result: Json = json.loads(line) if line else {"refused": ServerFault.code, "detail": {}}
            return result
