"""A machine that obeys a test: its servers meet a full disk, a power cut, a clock that jumps (see machine.c)."""

import mmap
import shutil
import struct
import subprocess
import tempfile
from pathlib import Path

_SOURCE = Path(__file__).with_name("machine.c")
_FIELDS = ("clock_offset", "full", "free_bytes", "leak", "refused")
LOGS = ("feedback.db", "feedback.db-wal", "feedback.db-shm")


def build(folder: Path) -> Path:
    """Compile the library that is preloaded into servers."""
    library = folder / "machine.so"
    command = ["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


class Machine:
    """One machine for one installation folder; `env` is what the server is started with."""

    def __init__(self, library: Path, instance: Path) -> None:
        self.instance = instance
        # Not in the installation's folder, which can be full.
        self._own = Path(tempfile.mkdtemp(prefix="machine"))
        self.shadow = self._own / "disk"
        self.shadow.mkdir()
        told = self._own / "control"
        told.write_bytes(bytes(4096))
        with told.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), 4096)
        self._set("free_bytes", -1)
        self.env = {
            "LD_PRELOAD": str(library),
            "MACHINE_FOLDER": str(instance),
            "MACHINE_SHADOW": str(self.shadow),
            "MACHINE_CONTROL": str(told),
        }

    def _place(self, field: str) -> int:
        return 8 * _FIELDS.index(field)

    def _set(self, field: str, value: int) -> None:
        struct.pack_into("=q", self._control, self._place(field), value)

    def fill(self) -> None:
        """Let the disk be full: nothing can grow, and nobody finds room."""
        self._set("full", 1)
        self._set("free_bytes", 0)

    def free(self) -> None:
        """Give the disk its room back."""
        self._set("full", 0)
        self._set("free_bytes", -1)

    @property
    def refused(self) -> int:
        """How many writes the full disk refused so far."""
        return int(struct.unpack_from("=q", self._control, self._place("refused"))[0])

    def step_clock(self, seconds: int) -> None:
        """Set the wall clock so far from the true one; the monotonic one goes on."""
        self._set("clock_offset", seconds)

    def leak(self, share: float) -> None:
        """Let this share of the writes reach the disk before anybody asked for it, in whatever order."""
        self._set("leak", round(1000 * share))

    def report_free(self, free: int) -> None:
        """Let whoever asks find so many bytes free."""
        self._set("free_bytes", free)

    def take_disk(self, folder: Path) -> None:
        """Copy what a power cut would leave now; the server must stand still."""
        for name in LOGS:
            if (self.shadow / name).exists():
                shutil.copyfile(self.shadow / name, folder / name)

    def lose_power(self) -> None:
        """Leave in the folder only what had certainly reached the disk; the server must have been killed."""
        for name in LOGS:
            (self.instance / name).unlink(missing_ok=True)
        self.take_disk(self.instance)

    def close(self) -> None:
        """Take the machine apart."""
        self._control.close()
        shutil.rmtree(self._own)
