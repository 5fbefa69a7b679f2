"""What stops a start, said in a sentence with the cure."""

import os
import subprocess
import sys

from feedback.addresses import free_port
from feedback.settings import ROOT


def test_start_without_its_database_says_so(tmp_path):
    url = f"postgresql+psycopg://nobody@127.0.0.1:{free_port('127.0.0.1', 0, fixed=True)}/none"
    env = os.environ | {"FEEDBACK_INSTANCE": str(tmp_path), "FEEDBACK_DATABASE_URL": url}
    command = [sys.executable, "-m", "feedback.cli", "run", "--port", "0"]
    start = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert start.returncode == 2
    assert start.stderr.startswith("The database cannot be used (")
    assert "doctor" in start.stderr
    assert "Traceback" not in start.stderr


def test_start_beside_a_package_that_changes_the_sockets_says_so(tmp_path):
    package = "geventwebsocket"
    (tmp_path / "more" / package).mkdir(parents=True)
    (tmp_path / "more" / package / "__init__.py").write_text("raise SystemExit('it was imported')\n", encoding="utf-8")
    env = os.environ | {"FEEDBACK_INSTANCE": str(tmp_path / "data"), "PYTHONPATH": str(tmp_path / "more")}
    command = [sys.executable, "-m", "feedback.cli", "run", "--port", "0"]
    start = subprocess.run(command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert (start.returncode, start.stdout) == (2, "")
    assert start.stderr == (
        f"This Python environment is not safe to serve from ({package}_installed). "
        "A package is installed that changes how sockets work; remove it with pip.\n"
    )
