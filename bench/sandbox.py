"""A place to run one server in: a network of its own, a CPU meter of its own, and a sure end.

All of it is undone by leaving the `with` block, also on SIGTERM and Ctrl-C (run.py turns both into exceptions).
"""

import contextlib
import ctypes
import fcntl
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

CLONE_NEWNET = 0x40000000
PR_SET_CHILD_SUBREAPER = 36
SIOCSIFFLAGS = 0x8914
IFF_UP_RUNNING = 0x41
CPU_WEIGHT = 10  # times that of an ordinary cgroup

libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def adopt_orphans():
    """Processes whose parent ended become children of this one, so that none gets lost."""
    checked(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def fresh_network():
    """Moves this process, and what it starts from now on, to a new network namespace; the old one ends with its last
    process. No sample sees another one's ports, and no connection is kept in TIME_WAIT: thousands of those make the
    search for a free port slow, which would read as CPU of the server."""
    checked(libc.unshare(CLONE_NEWNET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        fcntl.ioctl(probe, SIOCSIFFLAGS, struct.pack("16sH14s", b"lo", IFF_UP_RUNNING, b""))
    settings = Path("/proc/sys/net/ipv4")
    (settings / "tcp_max_tw_buckets").write_text("0")
    (settings / "ip_local_port_range").write_text("16384 60999")


def raise_descriptor_limit(wanted=1 << 17):
    """For servers that have all sessions in one process, and keep what they inherit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except ValueError:  # root in a container may have to live with the limit it was given
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def warm_memory(folder, size):
    """Writes so much into a file in memory and removes it. In a virtual machine the first touch of a page that the host
    has not given yet costs more than anything a server does with it, and it is charged to whoever touches it; the kernel
    hands out again first what was freed last. A file, because that leaves memory in pieces like those an upload asks for,
    whereas large free blocks may be taken back by the host at once."""
    piece = memoryview(bytes(1 << 20))
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(size >> 20):
            file.write(piece)


class Meter:
    """Counts the CPU time of a server and all its processes in a cgroup, where the system has them: version 1 (the
    cpuacct controller) or 2. Gives server and load together more weight than the rest of the machine has."""

    def __init__(self, name):
        self.name = name
        self.cpu_file = ""  # for wherry-load; empty: it has to look into /proc
        self.joins = {"server": [], "load": []}  # cgroup.procs files to write a process number to
        self.made = []

    def __enter__(self):
        with contextlib.suppress(OSError):  # a cgroup that may not be made is one we do without
            self.make_groups()
        return self

    def __exit__(self, *_):
        for folder in reversed(self.made):
            self.remove(folder)

    def make_groups(self):
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
        first = {c: Path(where) for _, where, kind, options, *_ in reversed(mounts) if kind == "cgroup"
                 for c in options.split(",") if c in ("cpu", "cpuacct")}  # fmt: skip
        unified = next((Path(where) for _, where, kind, *_ in mounts if kind == "cgroup2"), None)
        if "cpuacct" not in first:
            if unified:
                self.divide(self.make(unified), "cpu.weight", 100, "cpu.stat")
        elif first.get("cpu") == first["cpuacct"]:
            self.divide(self.make(first["cpuacct"]), "cpu.shares", 1024, "cpuacct.usage")
        else:
            self.count(self.make(first["cpuacct"]), "cpuacct.usage")
            if "cpu" in first:
                folder = self.make(first["cpu"])
                self.weigh(folder, "cpu.shares", 1024)
                for joins in self.joins.values():
                    joins.append(folder / "cgroup.procs")

    def divide(self, folder, weight_file, usual, usage_file):
        """One folder both weighs and counts: the weight goes to it, server and load go to one below it each."""
        self.weigh(folder, weight_file, usual)
        self.joins["load"].append(self.make(folder, "load") / "cgroup.procs")
        self.count(self.make(folder, "server"), usage_file)

    def make(self, parent, name=""):
        folder = parent / (name or self.name)
        folder.mkdir()
        self.made.append(folder)
        return folder

    def remove(self, folder, tries=50):
        """A cgroup stays busy for a moment after its last process has ended."""
        for _ in range(tries):
            try:
                return folder.rmdir()
            except OSError:
                time.sleep(0.02)

    def weigh(self, folder, file, usual):
        if (folder / file).exists():
            (folder / file).write_text(str(usual * CPU_WEIGHT))

    def count(self, folder, file):
        self.joins["server"].append(folder / "cgroup.procs")
        self.cpu_file = str(folder / file)

    def join_as_server(self):
        """Runs in the child, before the server's program."""
        self.join("server")

    def join_as_load(self):
        self.join("load")

    def join(self, role):
        for procs in self.joins[role]:
            procs.write_text(str(os.getpid()))


class RunningServer:
    """One server, started fresh, listening when `with` has it, and gone without a trace after it."""

    def __init__(self, command, environment, place, meter):
        self.command, self.environment, self.place, self.meter = command, environment, place, meter
        self.log = place.run / "output.log"
        self.process = None
        self.strangers = frozenset()  # children this process had before

    def __enter__(self):
        self.strangers = frozenset(children_by_parent().get(os.getpid(), []))
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(self.command, env=self.environment, cwd=self.place.run, stdout=log,
                                            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, start_new_session=True,
                                            preexec_fn=self.meter.join_as_server)  # fmt: skip
        try:
            self.wait_until_it_listens()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def wait_until_it_listens(self, patience=20):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}: {self.last_words()}")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.place.port), 5) as client:
                greeting = client.recv(100)
                client.sendall(b"QUIT\r\n")
                while client.recv(1000):
                    pass
                if greeting.startswith(b"220"):
                    time.sleep(0.1)
                    return
            time.sleep(0.02)
        raise RuntimeError(f"it does not listen after {patience} s: {self.last_words()}")

    def has_ended(self):
        return not is_running(self.pid)

    def last_words(self):
        return self.log.read_text(errors="replace").strip()[-300:]

    def stop(self, patience=2):
        """Asks it to end, then makes everything it started end. Signals go to single processes that are its own."""
        self.process.terminate()
        asked = time.monotonic()
        while is_running(self.pid) and time.monotonic() < asked + patience:
            time.sleep(0.01)
        while family := [pid for pid in self.family() if is_running(pid)]:
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() > asked + 60:
                raise RuntimeError(f"processes {family} do not end")
            time.sleep(0.02)
        # Not before: as long as nobody has taken note of their ends, their numbers are not used again.
        self.process.wait()
        reap()

    def family(self):
        """The server's processes: orphans among them are children of this process, see adopt_orphans()."""
        parents = children_by_parent()
        found, waiting = [], [pid for pid in parents.get(os.getpid(), []) if pid not in self.strangers]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += parents.get(pid, [])
        return found


def children_by_parent():
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := stat_fields(int(entry.name))):
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    return parents


def stat_fields(pid):
    """State and parent of a process first; nothing when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_running(pid):
    fields = stat_fields(pid)
    return bool(fields) and fields[0] not in "ZX"


def reap():
    """Orphans of a server have become ours; their ends must be taken note of."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def empty(folder, mode):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(mode)
