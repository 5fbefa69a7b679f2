"""All commands and their options. A command loads what it needs only when it runs."""

import os
import sys
from contextlib import suppress
from pathlib import Path

import click

from feedback.domain.embedders import EmbedderKind
from feedback.settings import BadSetting, Settings, read_settings

FORMATS = ("docx", "pdf", "xlsx", "csv", "json", "md")
EMBEDDERS = tuple(kind.value for kind in EmbedderKind)


def settings() -> Settings:
    """Read the settings; one that cannot be used ends the command with a sentence."""
    try:
        return read_settings()
    except BadSetting as reason:
        print(reason, file=sys.stderr)
        sys.exit(2)


def phones_first() -> None:
    """Let this process step back for the server; said where a process begins, since what it starts inherits it."""
    with suppress(OSError):
        os.nice(10)


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_SEED = click.IntRange(0, 2**32 - 1)  # what the dice of the libraries take


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Collect ideas at a conference, vote on them live, find themes, take a report home.

    Without a command: set up what is missing and run.
    """
    if context.invoked_subcommand is None:
        context.invoke(run)


@main.command()
@click.option("--host", help="Address to listen on; 127.0.0.1 is this machine only.")
@click.option("--port", type=click.IntRange(0, 65535), help="Port; without this option the next free one from 8000.")
@click.option("--public/--private", default=None, help="Let phones in the local network join, or only this machine.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Server processes; several need PostgreSQL and Redis.",
)
def run(host: str | None, port: int | None, public: bool | None, processes: int) -> None:
    """Run the server until Ctrl-C."""
    from feedback.cli.run import run_house  # noqa: PLC0415 -- slow import

    sys.exit(run_house(settings(), host=host, port=port, public=public, processes=processes))


@main.command()
@click.option("--test", is_flag=True, help="Also what tests and checks need.")
@click.option("--embed", is_flag=True, help="Also a model that measures likeness of meaning (about 1 GB).")
def setup(test: bool, embed: bool) -> None:  # noqa: ARG001 -- done by the bootstrap before this line runs
    """Set up what is missing, and stop."""
    click.echo("Everything is set up. Start with: python3 -m feedback", err=True)


@main.command()
def test() -> None:
    """Run the project's tests; further arguments go to pytest."""
    click.echo("The tests are started by: python3 -m feedback test", err=True)
    sys.exit(2)


@main.command()
def doctor() -> None:
    """Say what is wrong with this installation, and the cure."""
    from feedback.cli.doctor import examine  # noqa: PLC0415 -- slow import

    sys.exit(examine(settings()))


@main.command()
@click.argument("file", type=_FILE)
@click.option("--format", "fmt", type=click.Choice(("json", "csv", "md")), default="json", show_default=True)
@click.option("--starter", type=_FILE, help="Names of themes, one a line, that ideas are drawn to.")
@click.option("--sorts", type=_FILE, help="JSONL of participant, idea, theme: where people say that ideas belong.")
@click.option("--embedder", type=click.Choice(EMBEDDERS), default="lexical", show_default=True, help="What measures.")
@click.option("--seed", type=_SEED, default=0, show_default=True, help="Same files and seed, same themes.")
def themes(file: Path, fmt: str, starter: Path | None, sorts: Path | None, embedder: str, seed: int) -> None:
    """Find themes in FILE (CSV, TSV or JSON with text and optional id, lang); no server needed."""
    from feedback.cli.themes import themes_command  # noqa: PLC0415 -- slow import

    sys.exit(themes_command(file, fmt, seed, starter=starter, sorts=sorts, embedder=embedder))


@main.command()
@click.argument("code")
@click.option("--format", "fmt", type=click.Choice(FORMATS), required=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True)
@click.option("--language", type=click.Choice(("en", "fr", "de")), default="en", show_default=True)
@click.option("--name", default="Command line", show_default=True, help="Name of the frozen state.")
def report(code: str, fmt: str, output: Path, language: str, name: str) -> None:
    """Freeze the conversation CODE and write its report."""
    from feedback.cli.report import write_report  # noqa: PLC0415 -- slow import

    sys.exit(write_report(settings(), code, fmt, output, language=language, name=name))


@main.command(name="import")
@click.argument("code")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--prompt", type=click.IntRange(1), help="Number of the prompt; the last one by default.")
def import_(code: str, file: Path, prompt: int | None) -> None:
    """Add the ideas in FILE (CSV, TSV or JSON) to the conversation CODE, marked "from the floor"."""
    from feedback.cli.imports import import_file  # noqa: PLC0415 -- slow import

    sys.exit(import_file(settings(), code, file, prompt))


@main.command()
@click.option("--organiser", is_flag=True, help="Also a link for the organiser, when the password was lost.")
def links(organiser: bool) -> None:
    """Make fresh links for the crew; links nobody used before die."""
    from feedback.cli.links import print_links  # noqa: PLC0415 -- slow import

    sys.exit(print_links(settings(), organiser=organiser))


@main.command()
@click.option("--parent", type=int, help="End when this process is gone.")
def worker(parent: int | None) -> None:
    """Find themes for running servers; `run` starts one by itself, other machines may add more (Redis)."""
    from feedback import logs  # noqa: PLC0415 -- slow import
    from feedback.jobs import run_worker  # noqa: PLC0415 -- slow import

    chosen = settings()
    phones_first()
    logs.start(chosen.log)
    run_worker(chosen, parent)


@main.command()
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--with-key", is_flag=True, help="Keep the secret key there, too.")
def backup(folder: Path | None, with_key: bool) -> None:
    """Write a checked copy of the database into FOLDER, while the server runs or not."""
    from feedback.cli.backup import make_backup  # noqa: PLC0415 -- slow import

    chosen = settings()
    phones_first()
    sys.exit(make_backup(chosen, folder, with_key=with_key))


@main.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--with-key", is_flag=True, help="Put back the secret key that was kept with it, too.")
def restore(file: Path, with_key: bool) -> None:
    """Put the backup FILE in the place of the database; the server must be stopped."""
    from feedback.cli.restore import restore_backup  # noqa: PLC0415 -- slow import

    sys.exit(restore_backup(settings(), file, with_key=with_key))


@main.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def bench(arguments: tuple[str, ...]) -> None:
    """Measure and attack the server, in data folders of its own: `bench --help`."""
    from feedback.cli.bench import run_bench  # noqa: PLC0415 -- slow import

    sys.exit(run_bench(arguments))


if __name__ == "__main__":
    main(prog_name="python3 -m feedback")
