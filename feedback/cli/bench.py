"""Hand over to the benchmarks, which live beside the package and are never loaded by a server."""

import os
import subprocess
import sys
from collections.abc import Sequence

from feedback.settings import ROOT


def run_bench(arguments: Sequence[str]) -> int:
    """Run `python -m bench` with these arguments; returns its exit code."""
    if not (ROOT / "bench" / "__main__.py").is_file():
        print("The benchmarks are not part of this installation: they come with the source.", file=sys.stderr)
        return 2
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    child = subprocess.Popen([sys.executable, "-m", "bench", *arguments], env=env)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue  # it heard Ctrl-C, too, and puts away what it has started
