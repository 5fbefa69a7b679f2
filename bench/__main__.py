"""The benchmarks' command line. A command loads what it needs only when it runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from feedback.domain.embedders import EmbedderKind

MOST_PHONES = 50_000
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_KINDS = click.Choice([kind.value for kind in EmbedderKind])
_EMBEDDER = click.option("--embedder", type=_KINDS, default="lexical", show_default=True, help="What measures.")


@click.group()
def main() -> None:
    """Measure and attack this installation's code, each time in a data folder of its own."""


def _sizes(_context: click.Context, _option: click.Parameter, text: str | None) -> list[int] | None:
    if text is None:
        return None
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 0 < int(word) <= MOST_PHONES for word in words):
        raise click.BadParameter(f"numbers of phones from 1 to {MOST_PHONES}, separated by commas")
    return [int(word) for word in words]


@main.command()
@click.option("--phones", type=click.IntRange(1, MOST_PHONES), default=1000, show_default=True)
@click.option("--votes-per-second", "rate", type=click.FloatRange(0.1, 100_000), default=200.0, show_default=True)
@click.option("--seconds", type=click.FloatRange(1, 3600), default=20.0, show_default=True, help="How long they vote.")
@click.option(
    "--join-within", type=click.FloatRange(0.1, 600), help="Seconds over which they come; 100 a second if not."
)
@click.option("--ideas", type=click.IntRange(2, 5000), default=50, show_default=True, help="Ideas there are already.")
@click.option("--beside", type=click.Choice(["node", "node-worker"]), help="Play the same against a twin in Node.")
@click.option("--raw", is_flag=True, help="Also what the plain writes alone cost.")
@click.option("--rounds", type=click.IntRange(1, 50), help="Rounds of each side in turn; 1, or 3 beside another.")
@click.option("--table", callback=_sizes, metavar="N,N,…", help="One report for each number of phones, and the growth.")
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="As `run --processes`.")
@click.option("--database", default="", help="A PostgreSQL server; a database is made there and dropped.")
@click.option("--redis", default="", help="A Redis server, for several processes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def live(
    phones: int,
    rate: float,
    seconds: float,
    join_within: float | None,
    ideas: int,
    beside: str | None,
    raw: bool,
    rounds: int | None,
    table: list[int] | None,
    processes: int,
    database: str,
    redis: str,
    as_json: bool,
) -> None:
    """Measure a room of phones: joining, updates, votes, memory."""
    from bench.live import measure  # noqa: PLC0415 -- slow import
    from bench.rounds import Plan  # noqa: PLC0415 -- slow import

    within = join_within or max(2.0, phones / 100)
    plan = Plan(phones, rate, seconds, within, ideas, processes=processes, database=database, redis=redis)
    rounds = rounds or (3 if beside else 1)
    sys.exit(measure(plan, beside=beside, raw=raw, rounds=rounds, sizes=table, as_json=as_json))


@main.command()
@click.option(
    "--story",
    "stories",
    type=click.Choice(["weather", "restarts", "readers", "shuffle", "themes"]),
    multiple=True,
    default=("weather",),
    show_default=True,
    help="What happens; may be given several times.",
)
@click.option("--clients", type=click.IntRange(1, MOST_PHONES), help="People or phones; 200 in the weather.")
@click.option("--seconds", type=click.FloatRange(1, 86_400), help="How long; 600 in the weather.")
@click.option("--offline", type=click.FloatRange(0, 0.9), default=0.3, show_default=True, help="Share of time away.")
@click.option("--kills", type=click.IntRange(0, 1000), help="How often the server (themes: the worker) is killed.")
@click.option("--restarts", type=click.IntRange(1, 1000), help="How often the server is restarted; 1 if not given.")
@click.option("--seed", type=int, default=1, show_default=True, help="Same seed, same weather.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def chaos(
    stories: tuple[str, ...],
    clients: int | None,
    seconds: float | None,
    offline: float,
    kills: int | None,
    restarts: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Put people on bad networks, restart and overload; exit code 1 when a promise is not kept."""
    from bench.stories import Asked, tell  # noqa: PLC0415 -- slow import

    asked = Asked(clients, seconds, offline, seed, kills, restarts)
    sys.exit(tell(stories, asked, as_json=as_json))


@main.command()
@click.option("--seconds", type=click.FloatRange(2, 3600), default=60.0, show_default=True, help="How long.")
@click.option("--sockets", type=click.IntRange(1, 500), default=50, show_default=True, help="Hostile ones at once.")
@click.option("--phones", type=click.IntRange(2, 5000), default=200, show_default=True, help="Good ones beside them.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def attack(seconds: float, sockets: int, phones: int, as_json: bool) -> None:
    """Attack a room by A1 to A8 at once; exit code 1 when the others notice more than is promised."""
    from bench.attack import Asked  # noqa: PLC0415 -- slow import
    from bench.attack import attack as play  # noqa: PLC0415 -- slow import

    sys.exit(play(Asked(phones, sockets, seconds), as_json=as_json))


@main.command()
@click.argument("folder", type=_FOLDER)
@_EMBEDDER
@click.option("--beside", type=click.Choice(["bertopic"]), help="The same vectors through BERTopic, in one run.")
@click.option("--ideas", type=click.IntRange(20, 50_000), help="Instead, a room of so many ideas from each set.")
@click.option("--shuffled", is_flag=True, help="With the words dealt anew: no theme should be called firm.")
@click.option("--named", type=click.IntRange(1), help="So many of the true themes are named beforehand, by chance.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same themes.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def themes(
    folder: Path,
    embedder: str,
    beside: str | None,
    ideas: int | None,
    shuffled: bool,
    named: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Compare the themes that are found in FOLDER's rooms with those that people made of them."""
    if beside and (ideas or shuffled or named):
        raise click.UsageError("--beside takes the rooms of draws.jsonl as they are.")
    if beside:
        from bench.beside import measure as measure_beside  # noqa: PLC0415 -- slow import

        sys.exit(measure_beside(folder, embedder=embedder, seed=seed, as_json=as_json))
    from bench.grouping import measure  # noqa: PLC0415 -- slow import

    sys.exit(measure(folder, seed=seed, as_json=as_json, embedder=embedder, size=ideas, shuffle=shuffled, named=named))


@main.command()
@click.argument("folder", type=_FOLDER)
@_EMBEDDER
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same themes and pins.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def stability(folder: Path, embedder: str, seed: int, as_json: bool) -> None:
    """Fill FOLDER's rooms batch by batch: how many ideas change their theme, and is every pin kept."""
    from bench.stability import measure  # noqa: PLC0415 -- slow import

    sys.exit(measure(folder, embedder=embedder, seed=seed, as_json=as_json))


@main.command()
@click.argument("folder", type=_FOLDER)
@_EMBEDDER
@click.option(
    "--part",
    "parts",
    type=click.Choice(["desk", "room"]),
    multiple=True,
    default=("desk", "room"),
    show_default=True,
    help="The rapporteur at the desk, the room that sorts.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same people.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def effort(folder: Path, embedder: str, parts: tuple[str, ...], seed: int, as_json: bool) -> None:
    """Let FOLDER's rooms be put right by simulated people: how many deeds or sorts the themes need."""
    from bench.effort import measure  # noqa: PLC0415 -- slow import

    sys.exit(measure(folder, embedder=embedder, parts=parts, seed=seed, as_json=as_json))


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option("--beside", type=click.Choice(["red-dwarf"]), help="The same votes through it, in its own environment.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def opinions(folder: Path, beside: str | None, as_json: bool) -> None:
    """Compare the opinion groups found in FOLDER's conversations with those that were published."""
    from bench.opinions import measure  # noqa: PLC0415 -- slow import

    sys.exit(measure(folder, beside=beside, as_json=as_json))


@main.command()
@click.argument("folder", type=_FOLDER)
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same conversations.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def across(folder: Path, seed: int, as_json: bool) -> None:
    """Deal FOLDER's rooms to three conversations each: are the themes they share put together."""
    from bench.across import measure  # noqa: PLC0415 -- slow import

    sys.exit(measure(folder, seed=seed, as_json=as_json))


if __name__ == "__main__":
    main(prog_name="python3 -m feedback bench")
