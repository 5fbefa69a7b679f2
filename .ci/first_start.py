"""Start feedback as the README says, fetch its first page, stop it with Ctrl-C's signal, and say how long each took."""

import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

PATIENCE = 300  # seconds: a first start installs everything
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


def fetch(address: str) -> bytes:
    """Return the body of a page, or nothing while nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bytes(answer.read())
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return b""


def wait_for_page(child: subprocess.Popen[bytes], output: Path) -> bytes:
    """Return the first page, once the start has printed its address and answers there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and child.poll() is None:
        address = ADDRESS.search(output.read_text(errors="replace"))
        if address and fetch(f"{address[0]}/healthz"):
            return fetch(f"{address[0]}/")
        time.sleep(0.1)
    return b""


def main() -> int:
    """Return 0 when it started, answered, and stopped cleanly within 3 s."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "output"
        begun = time.monotonic()
        with output.open("wb") as stdout:
            child = subprocess.Popen([sys.executable, "-m", "feedback"], stdin=subprocess.DEVNULL, stdout=stdout)
            try:
                page = wait_for_page(child, output)
                print(f"first page after {time.monotonic() - begun:.1f} s, {len(page)} bytes")
                asked = time.monotonic()
                child.send_signal(signal.SIGINT)
                code = child.wait(timeout=10)
            finally:
                child.kill()
        took = time.monotonic() - asked
        print(f"stopped {took:.1f} s after the signal, exit code {code}")
        if b"<html" in page and code == 0 and took <= 3:
            return 0
        said = re.sub(r"#\S+", "#(secret)", output.read_text(errors="replace"))
        print("That is not a clean first start. It printed:", said, sep="\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
