"""How many files may be open: the process asks for what a full house needs, and says when it does not get it."""

import dataclasses
import json
import resource
import subprocess
import sys

import pytest

from feedback import descriptors
from feedback.cli.doctor import examine
from feedback.settings import ROOT, Settings, read_settings

RAISE = """
import json, resource, sys
from feedback import descriptors
from feedback.settings import read_settings
soft, hard, sockets = map(int, sys.argv[2:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
settings = read_settings({"FEEDBACK_INSTANCE": sys.argv[1], "FEEDBACK_SOCKETS": str(sockets)})
print(json.dumps([descriptors.raise_limit(settings), descriptors.wanted(settings)]))
"""


@pytest.fixture
def settings(tmp_path) -> Settings:
    return read_settings({"FEEDBACK_INSTANCE": str(tmp_path)})


@pytest.mark.parametrize(
    ("soft", "hard", "sockets", "may", "wanted"),
    [(256, 1024, 200, 600, 600), (256, 1024, 2_000, 1024, 6_000), (700, 1024, 200, 700, 600)],
)
def test_process_asks_for_what_a_full_house_needs(tmp_path, soft, hard, sockets, may, wanted):
    command = [sys.executable, "-c", RAISE, str(tmp_path), str(soft), str(hard), str(sockets)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert json.loads(done.stdout) == [may, wanted], done.stderr


def test_doctor_names_the_cure_for_too_few(settings, capsys, monkeypatch):
    monkeypatch.setattr(descriptors, "allowed", lambda: 4_000)
    assert examine(dataclasses.replace(settings, sockets=1_000)) in (0, 1)
    assert "fine  There may be enough open files for 1000 phones." in capsys.readouterr().out
    assert examine(dataclasses.replace(settings, sockets=6_000)) == 1
    assert (
        "CURE  Only 4000 files may be open; 6000 phones need 18000.\n      Raise the limit" in capsys.readouterr().out
    )


def test_doctor_tells_of_figures_and_of_the_folder_for_backups(settings, tmp_path, capsys):
    (tmp_path / "file").touch()
    examine(settings)
    assert "FEEDBACK_METRICS_TOKEN would switch them on" in capsys.readouterr().out
    examine(dataclasses.replace(settings, metrics_token="x" * 16, backup_dir=tmp_path / "not" / "yet"))
    said = capsys.readouterr().out
    assert "fine  Backups can be written to their folder." in said
    assert "fine  Figures for Prometheus are at /metrics" in said
    assert "x" * 16 not in said
    assert examine(dataclasses.replace(settings, backup_dir=tmp_path / "file" / "below")) == 1
    assert "CURE  Backups cannot be written to their folder." in capsys.readouterr().out


def test_what_is_allowed_is_what_the_kernel_says():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    assert descriptors.allowed() == (2**31 if hard == resource.RLIM_INFINITY else hard)
