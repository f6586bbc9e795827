"""The files that are served, in memory (tmpfs), so that no disk is measured."""

import os
import shutil
from pathlib import Path

MIB = 1 << 20


def prepare(root, scale):
    """Fills `root`. Content is random where it is compared, and a repeated random block where only sizes count."""
    root.mkdir(parents=True)
    for folder in (root.parent, root):
        folder.chmod(0o755)
    check_room(root, scale)
    block = os.urandom(16 * MIB)
    (root / "tiny").write_bytes(os.urandom(scale.small))
    (root / "medium").write_bytes(os.urandom(scale.medium))
    with (root / "large").open("wb") as file:
        for _ in range(scale.large // len(block)):
            file.write(block)
    for name in ("tiny", "medium", "large"):
        settle(root / name)
    (root / "small").mkdir()
    for number in range(scale.small_count):
        (root / "small" / str(number)).write_bytes(block[number : number + scale.small])
    (root / "list").mkdir()
    for number in range(scale.listed):
        (root / "list" / f"file-{number:06}.dat").write_bytes(block[: number % 64])


def settle(path, times=3):
    """The kernel moves a page between its lists when it is read for the first and for the second time, which makes the
    first downloads dearer than all others."""
    buffer = bytearray(MIB)
    for _ in range(times):
        with path.open("rb", buffering=0) as file:
            while file.readinto(buffer):
                pass


def check_room(root, scale):
    """Refuses to begin what would end with a full machine."""
    needed = scale.large + 2 * scale.upload + 1024 * MIB
    free = shutil.disk_usage(root).free
    memory = next(line for line in Path("/proc/meminfo").read_text().splitlines() if line.startswith("MemAvailable"))
    available = min(free, int(memory.split()[1]) * 1024)
    if available < needed:
        raise SystemExit(f"needs {needed // MIB} MiB of free memory, there are {available // MIB}; try --quick")


def remove(home):
    shutil.rmtree(home, ignore_errors=True)
