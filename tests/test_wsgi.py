"""The app under another WSGI server: it writes, and holds the house against a second process."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASK = """
import wsgi
answer = wsgi.app.test_client().get("/")
page = answer.text
code = page.split('href="/c/')[1][:6]
mine = wsgi.app.test_client().get(f"/c/{code}/mine").get_json()
print(answer.status_code, mine["participant"])
"""


def test_wsgi_app_serves_and_writes_and_is_alone(tmp_path):
    env = {"PATH": "/usr/bin", "FEEDBACK_INSTANCE": str(tmp_path)}
    command = [sys.executable, "-W", "error", "-c", ASK]
    first = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert first.stdout == "200 1\n", first.stderr
    twice = ASK + "import subprocess, sys\nsys.exit(subprocess.call([sys.executable, '-c', 'import wsgi']))"
    second = subprocess.run([*command[:-1], twice], cwd=ROOT, env=env, capture_output=True, text=True)
    assert second.returncode != 0
    assert "Another feedback server already runs on this data" in second.stderr
