"""What the interop tests share: the server as a process, folders with awkward names, and other people's clients.

Nothing here asserts how long something takes. Deadlines only end what hangs.
"""
import atexit
import ftplib
import hashlib
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path
from urllib.parse import quote

PROGRAM = os.path.abspath(os.environ.get("WHERRY") or Path(__file__).parents[2] / "build/release/wherry")
DEADLINE = 60.0
# Where servers keep the certificate that they make for themselves.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="wherry-state-")
atexit.register(shutil.rmtree, os.environ["XDG_STATE_HOME"], ignore_errors=True)
os.environ.pop("STATE_DIRECTORY", None)

# Names that somebody's files have. Bytes, as on the disk; none has a line break (those have tests of their own) or the
# byte 0xff, which Telnet would have a client double.
NAMES = [
    b"plain.txt", b"with space.txt", b" leading space", b"trailing space ", b"two  spaces", b'double"quote',
    b"single'quote",
    b'"', b'""', b"-rf", b"--help", b"-", b"100%", b"%41", b"%2e%2e", b"hash#tag", b"semi;colon", b"comma,name",
    b"back\\slash",
    b"star*", b"que?ry", b"[brackets]", b"{a,b}", b"~", b"~root", b"$HOME", b"amp&ersand", b"pi|pe", b"col:on",
    b"equals=sign",
    b"plus+sign", b"at@sign", b"(paren)", b"<angle>", b"`tick`", b"excl!", b"caret^", b"...", b"..dots", b".hidden",
    b"dots..",
    b"227 Entering (127,0,0,1,0,22)", b"20240101000000 x", "Grüße.txt".encode(), "日本語.txt".encode(), "🛶".encode(),
    "e\u0301".encode(), "\u00e9".encode(), b"n" * 255, ("あ" * 85).encode(),
]
NOT_UTF8 = [b"caf\xe9", b"\x80\x81", b"\xc0\xae\xc0\xae", b"\xf5\xfe"]
# Control bytes are kept on the disk and shown as "?" in replies and lists.
CONTROL = [b"\x01start", b"bell\x07", b"tab\there", b"esc\x1b[31mred", b"del\x7f"]


def eventually(condition, what, deadline=DEADLINE):
    """Waits until condition() is true and returns its value: for what another process does in its own time."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline:.0f} s")
        select.select([], [], [], 0.01)


class Server:
    """`wherry serve` on a free port of the loopback, from start() to stop()."""

    user, password = "alice", "secret"

    def __init__(self, root, *options, write=True, anonymous=False, host="127.0.0.1", atomic=False,
                 port=0):
        self.root, self.host = Path(root), host
        self.command = [PROGRAM, "serve", str(root), "-i", host, "-p", str(port), *options]
        if not anonymous:
            self.command += ["-u", self.user, "-P", self.password]
        if write:
            self.command += ["-w"]
        if atomic:
            self.command += ["--atomic"]
        self.process = None
        self.port = 0

    def start(self):
        self.errors = tempfile.NamedTemporaryFile("ab")
        # Memory that AddressSanitizer keeps after it was freed would look like growth.
        env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=env)
        address = self.expect_line(r"listening ftp (\S+)").group(1)
        host, _, port = address.rpartition(":")
        self.announced_host, self.port = host, int(port)
        return self

    def expect_line(self, pattern, deadline=DEADLINE):
        """Reads standard output until a line matches `pattern`, which starts at its beginning."""
        end, line = time.monotonic() + deadline, b""
        while True:
            if not select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                raise AssertionError(f"no line {pattern!r} from {self.command}: {self.said()}")
            byte = os.read(self.process.stdout.fileno(), 1)
            if not byte:
                raise AssertionError(f"{self.command} ended ({self.process.wait()}): {self.said()}")
            if byte != b"\n":
                line += byte
                continue
            match = re.match(pattern, line.decode(errors="replace"))
            if match:
                return match
            line = b""

    def said(self):
        return Path(self.errors.name).read_text(errors="replace")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait(self, deadline=DEADLINE):
        return self.process.wait(deadline)

    def stop(self):
        """Ends the server and fails if it did not end well: a crash, a sanitizer's finding, an exit code."""
        if self.process is None:
            return
        killed = self.process.poll() == -signal.SIGKILL
        if self.process.poll() is None:
            self.signal()
        try:
            try:
                code = self.wait(2)
            except subprocess.TimeoutExpired:
                self.signal()  # again: whatever a test left running is not waited for
                code = self.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not end after SIGTERM: {self.said()[-4000:]}") from None
        finally:
            self.process.stdout.close()
        said, self.process = self.said(), None
        self.errors.close()
        found = re.search(r"ERROR: \w+Sanitizer|runtime error:|WARNING: ThreadSanitizer", said)
        if found or (code != 0 and not killed):
            raise AssertionError(f"the server ended with {code}: {said[-6000:]}")

    def refuses(self):
        """A new connection is refused by the kernel, closed, or told 421; one that hears nothing is none of these."""
        try:
            with socket.create_connection((self.host, self.port), timeout=5) as connection:
                return connection.recv(3) in (b"421", b"")
        except TimeoutError:
            return False
        except OSError:
            return True

    # --- looking at the process -------------------------------------------------------------------------------------
    def resident(self):
        """Bytes of memory in use."""
        return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())[1]) * 1024

    def memory(self):
        """The same without pages of files: its share of these changes as other processes begin and end."""
        said = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return int(re.search(r"(?m)^Anonymous:\s+(\d+) kB", said)[1]) * 1024

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # --- reaching it ------------------------------------------------------------------------------------------------
    @property
    def authority(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, path=b"", login=True):
        """A URL; `path` is bytes or text below the root, without its first slash."""
        who = f"{self.user}:{self.password}@" if login else ""
        return f"ftp://{who}{self.authority}/{quote(os.fsencode(path), safe='/')}"

    def ftp(self, encoding="latin-1", login=True):
        """ftplib, logged in; with latin-1 each character of a name is one byte on the wire."""
        client = ftplib.FTP(timeout=DEADLINE, encoding=encoding)
        client.connect(self.host, self.port)
        if login:
            client.login(self.user, self.password)
        return client


class Case(unittest.TestCase):
    """A test with a server of its class: self.server, self.root (of the server), self.here (of the client)."""

    options, write, anonymous, atomic, host = (), True, False, False, "127.0.0.1"

    @classmethod
    def setUpClass(cls):
        if cls.host == "::1" and not has_ipv6():
            raise unittest.SkipTest("this machine has no IPv6")
        cls.base = Path(tempfile.mkdtemp(prefix="wherry-interop-"))
        cls.addClassCleanup(shutil.rmtree, os.fsencode(cls.base))
        cls.root = cls.base / "served"
        cls.root.mkdir()
        cls.populate()
        cls.server = Server(cls.root, *cls.options, write=cls.write, anonymous=cls.anonymous, host=cls.host,
                            atomic=cls.atomic)
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)

    @classmethod
    def populate(cls):
        """Files that are there before the server starts."""

    def setUp(self):
        self.here = self.base / "client" / self._testMethodName
        self.here.mkdir(parents=True)

    def place(self):
        """A folder of the server for this test alone: its name below the root."""
        (self.root / self._testMethodName).mkdir()
        return self._testMethodName

    def run_client(self, *command, codes=(0,), text=None):
        """Runs a client in self.here; fails unless its exit code is one of `codes`. Its output comes back as bytes."""
        env = {"PATH": os.environ["PATH"], "HOME": str(self.base), "LC_ALL": "C.UTF-8", "TERM": "dumb", "TZ": "UTC"}
        done = subprocess.run(command, cwd=self.here, env=env, input=text, capture_output=True, timeout=4 * DEADLINE)
        if done.returncode not in codes:
            said = f"{done.stdout[-3000:]!r}\n{done.stderr[-3000:]!r}"
            raise AssertionError(f"{command} ended with {done.returncode}\n{said}")
        return done

    def assert_same_tree(self, one, other):
        """The same names, folders and contents, by hash."""
        left, right = digest_tree(one), digest_tree(other)
        self.assertEqual(set(left), set(right))
        self.assertEqual(left, right)

    def assert_same_file(self, one, other):
        self.assertEqual(digest(one), digest(other), f"{one} and {other} differ")


def has_ipv6():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def needs(client):
    """Skips a class when its client is not installed; on a build machine (CI is set) that is a failure instead."""
    if shutil.which(client) or os.environ.get("CI"):
        return lambda case: case
    return unittest.skip(f"{client} is not installed")


# --- folders ----------------------------------------------------------------------------------------------------------
def content(name, size=None):
    """Bytes that belong to a name: the same each time, different for each name; sizes around a few pages."""
    dice = random.Random(os.fsencode(name))
    return dice.randbytes(dice.choice([1, 100, 4095, 4096, 4097, 30000]) if size is None else size)


def put(path, data=None):
    """Writes a file and, as needed, its folders; returns its path as bytes."""
    path = os.fsencode(path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content(path) if data is None else data)
    return path


def grow_tree(root, names, depth=2):
    """Each name as a file, and (if depth allows) as a folder with files in it; an empty file and an empty folder."""
    root = os.fsencode(root)
    for index, name in enumerate(names):
        put(os.path.join(root, b"files", name))
        put(os.path.join(root, b"folders", name, b"inside"))
        if depth > 1 and index + 1 < len(names) and len(name) < 50:
            put(os.path.join(root, b"deep", name, names[index + 1], b"inside"))
    put(os.path.join(root, b"files", b"empty"), b"")
    os.makedirs(os.path.join(root, b"nothing here"), exist_ok=True)


def digest(path):
    sha = hashlib.sha256()
    with open(os.fsencode(path), "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            sha.update(block)
    return sha.hexdigest()


def digest_tree(root):
    """{path below root: hash, or "folder"}"""
    root, out = os.fsencode(root), {}
    for folder, folders, files in os.walk(root):
        for name in folders:
            out[os.path.relpath(os.path.join(folder, name), root)] = "folder"
        for name in files:
            path = os.path.join(folder, name)
            out[os.path.relpath(path, root)] = digest(path)
    return out
