"""Other people's TFTP clients: tftp-hpa, atftp, curl and busybox, in both directions; files are compared by hash."""
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, Server, content, digest, eventually, has_ipv6, needs, put

SIZES = [1, 511, 512, 513, 1024, 1428, 1468, 100_000, 3_000_000]


class TftpServer(Server):
    """`wherry tftp` on a free port of the loopback."""

    def __init__(self, root, *options, host="127.0.0.1"):
        super().__init__(root, host=host)
        self.command = [PROGRAM, "tftp", "--root", str(root), "--host", host, "-p", "0", *options]

    def start(self):
        self.errors = tempfile.NamedTemporaryFile("ab")
        env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=env)
        self.port = int(self.expect_line(r"listening tftp \S+:(\d+)").group(1))
        return self


class Configured(unittest.TestCase):
    """A test whose server reads a configuration that the test writes to `file`."""

    def setUp(self):
        self.base = Path(tempfile.mkdtemp(prefix="wherry-config-"))
        self.addCleanup(shutil.rmtree, os.fsencode(self.base))
        self.file = self.base / "wherry.toml"

    def start(self, server=None):
        self.server = server or TftpServer(self.base)
        self.server.command = [PROGRAM, "serve", "--config", str(self.file)]
        self.server.start()
        self.addCleanup(self.server.stop)

    def client(self):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(DEADLINE)
        return client


class Case(unittest.TestCase):
    """A test with a TFTP server of its class, whose files are named after their sizes."""

    options, host = ("--write", "overwrite"), "127.0.0.1"

    @classmethod
    def setUpClass(cls):
        if cls.host == "::1" and not has_ipv6():
            raise unittest.SkipTest("this machine has no IPv6")
        cls.base = Path(tempfile.mkdtemp(prefix="wherry-tftp-"))
        cls.addClassCleanup(shutil.rmtree, cls.base)
        cls.root = cls.base / "served"
        cls.root.mkdir()
        for size in SIZES:
            put(cls.root / f"f{size}", content(f"f{size}", size))
        put(cls.root / "text", b"one\ntwo\r\nthree\rfour\n" * 999)
        cls.server = TftpServer(cls.root, *cls.options, host=cls.host).start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        self.here = self.base / "client" / self._testMethodName
        self.here.mkdir(parents=True)

    def run_client(self, *command, text=None):
        done = subprocess.run(command, cwd=self.here, input=text, capture_output=True, timeout=4 * DEADLINE)
        self.assertEqual(done.returncode, 0, f"{command}: {done.stdout[-2000:]!r} {done.stderr[-2000:]!r}")
        return done

    def get_all(self, *options):
        for size in SIZES:
            self.get(f"f{size}", f"got{size}", *options)
            self.assertEqual(digest(self.here / f"got{size}"), digest(self.root / f"f{size}"), f"{size} {options}")

    def put_all(self, *options):
        for size in SIZES:
            put(self.here / f"up{size}", content(f"{self.id()}{size}{options}", size))
            self.put(f"up{size}", f"{self._testMethodName}{size}", *options)
            stored = self.root / f"{self._testMethodName}{size}"
            self.assertEqual(digest(stored), digest(self.here / f"up{size}"), f"{size} {options}")


class Both:
    """What every client can do."""

    def test_get(self):
        self.get_all()

    def test_put(self):
        self.put_all()


@needs("curl")
class Curl(Both, Case):
    def url(self, name):
        return f"tftp://{self.server.authority}/{name}"

    def get(self, name, to, *options):
        self.run_client("curl", "-sS", *options, "-o", to, self.url(name))

    def put(self, name, to, *options):
        self.run_client("curl", "-sS", *options, "-T", name, self.url(to))

    def test_block_sizes(self):
        for size in ["8", "1428", "65464"]:
            self.get("f100000", "got", "--tftp-blksize", size)
            self.assertEqual(digest(self.here / "got"), digest(self.root / "f100000"))
            self.put("got", f"put{size}", "--tftp-blksize", size)
            self.assertEqual(digest(self.root / f"put{size}"), digest(self.root / "f100000"))

    def test_without_options(self):
        self.get("f100000", "got", "--tftp-no-options")
        self.assertEqual(digest(self.here / "got"), digest(self.root / "f100000"))

    def test_an_empty_file(self):
        """curl takes a size of 0 in an OACK (RFC 2349 knows no exception) for a mistake; without options it is fine."""
        put(self.root / "empty", b"")
        self.get("empty", "got", "--tftp-no-options")
        self.assertEqual((self.here / "got").read_bytes(), b"")

    def test_missing(self):
        done = subprocess.run(["curl", "-sS", self.url("missing")], capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 68)  # CURLE_TFTP_NOTFOUND


@needs("curl")
class Curl6(Curl):
    host = "::1"


@needs("tftp")
class TftpHpa(Both, Case):
    def talk(self, *lines):
        said = self.run_client("tftp", self.server.host, str(self.server.port), text="\n".join(lines).encode()).stdout
        self.assertNotIn(b"rror", said)

    def get(self, name, to, mode="binary"):
        self.talk(mode, f"get {name} {to}", "quit")

    def put(self, name, to, mode="binary"):
        self.talk(mode, f"put {name} {to}", "quit")

    def test_text(self):
        text = b"a\nb\nc"
        put(self.here / "t", text)
        self.put("t", "text_up", "ascii")
        self.assertEqual((self.root / "text_up").read_bytes(), text)
        self.get("text_up", "back", "ascii")
        self.assertEqual((self.here / "back").read_bytes(), text)

    def test_an_empty_file(self):
        put(self.root / "empty", b"")
        self.get("empty", "got")
        self.assertEqual((self.here / "got").read_bytes(), b"")

    def test_more_blocks_than_numbers(self):
        put(self.root / "roll", content("roll", 33_554_432 + 100))
        self.get("roll", "got")
        self.assertEqual(digest(self.here / "got"), digest(self.root / "roll"))


@needs("atftp")
class Atftp(Both, Case):
    def atftp(self, *arguments):
        self.run_client("atftp", *arguments, self.server.host, str(self.server.port))

    def options_of(self, options):
        return [word for option in options for word in ("--option", option)]

    def get(self, name, to, *options):
        self.atftp(*self.options_of(options), "-g", "-r", name, "-l", to)

    def put(self, name, to, *options):
        self.atftp(*self.options_of(options), "-p", "-l", name, "-r", to)

    def test_get_with_options(self):
        self.get_all("tsize 0", "timeout 3", "blksize 1428", "windowsize 8")

    def test_put_with_options(self):
        self.put_all("blksize 1428", "windowsize 8")

    def test_windows(self):
        for window in ["1", "8", "64"]:
            # 64 blocks of 8192 bytes do not fit into the receive buffer of this client's socket: it loses some of each.
            for block in ["512", "1468", "8192"]:
                self.get("f3000000", "got", f"blksize {block}", f"windowsize {window}")
                self.assertEqual(digest(self.here / "got"), digest(self.root / "f3000000"), f"{window} {block}")
                self.put("got", "put", f"blksize {block}", f"windowsize {window}")
                self.assertEqual(digest(self.root / "put"), digest(self.root / "f3000000"), f"{window} {block}")

    def test_multicast_is_served_as_ever(self):
        self.get("f100000", "got", "multicast")
        self.assertEqual(digest(self.here / "got"), digest(self.root / "f100000"))


@needs("atftp")
class AtftpSinglePort(Atftp):
    options = ("--write", "overwrite", "--single-port")


@needs("busybox")
class Busybox(Both, Case):
    def busybox(self, *arguments):
        self.run_client("busybox", "tftp", *arguments, self.server.host, str(self.server.port))

    def get(self, name, to, *options):
        self.busybox("-g", *options, "-r", name, "-l", to)

    def put(self, name, to, *options):
        self.busybox("-p", *options, "-l", name, "-r", to)

    def test_block_sizes(self):
        for size in ["512", "1428", "8192", "65464"]:
            self.get("f100000", "got", "-b", size)
            self.assertEqual(digest(self.here / "got"), digest(self.root / "f100000"))


class OwnClient(Both, Case):
    """`wherry get` and `wherry put`, against the server; the other clients are the proof that it is TFTP."""

    def url(self, name):
        return f"tftp://{self.server.authority}/{name}"

    def get(self, name, to, *options):
        self.run_client(PROGRAM, "get", "-q", *options, "-o", to, self.url(name))

    def put(self, name, to, *options):
        self.run_client(PROGRAM, "put", "-q", *options, name, self.url(to))

    def test_without_options(self):
        self.get_all("--no-options")
        self.put_all("--no-options")

    def test_windows(self):
        for window in ["1", "4", "64"]:
            for block in ["512", "1468", "8968"]:
                self.get("f3000000", "got", "--blksize", block, "--windowsize", window)
                self.assertEqual(digest(self.here / "got"), digest(self.root / "f3000000"), f"{window} {block}")
                self.put("got", "put", "--blksize", block, "--windowsize", window)
                self.assertEqual(digest(self.root / "put"), digest(self.root / "f3000000"), f"{window} {block}")

    def test_errors_are_told(self):
        done = subprocess.run([PROGRAM, "get", "-q", self.url("missing")], cwd=self.here, capture_output=True,
                              timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stderr), (1, b"wherry: the server says: File not found\n"))
        self.assertEqual(os.listdir(self.here), [])


class OwnClient6(OwnClient):
    host = "::1"


class Wire(unittest.TestCase):
    """Packets of our own against real sockets."""

    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="wherry-tftp-"))
        self.addCleanup(shutil.rmtree, self.root)
        put(self.root / "one", b"x")
        put(self.root / "big", content("big", 100_000))

    def serve(self, *options, host="127.0.0.1"):
        server = TftpServer(self.root, *options, host=host).start()
        self.addCleanup(server.stop)
        return server

    def socket(self, family=socket.AF_INET):
        client = socket.socket(family, socket.SOCK_DGRAM)
        client.settimeout(DEADLINE)
        self.addCleanup(client.close)
        return client

    def test_T091_every_answer_comes_from_the_asked_address(self):
        """The first request after the start included: the server listens on all addresses, the client asks 127.0.0.9."""
        server = self.serve(host="::")
        client = self.socket()
        client.sendto(b"\0\1big\0octet\0", ("127.0.0.9", server.port))
        for block in range(1, 21):
            packet, sender = client.recvfrom(2000)
            self.assertEqual(sender[0], "127.0.0.9")
            self.assertEqual(packet[:4], b"\0\3" + block.to_bytes(2, "big"))
            client.sendto(b"\0\4" + packet[2:4], sender)

    def test_T091_on_IPv6(self):
        if not has_ipv6():
            self.skipTest("this machine has no IPv6")
        server = self.serve(host="::")
        client = self.socket(socket.AF_INET6)
        client.sendto(b"\0\1one\0octet\0", ("::1", server.port))
        packet, sender = client.recvfrom(2000)
        self.assertEqual((packet, sender[0]), (b"\0\3\0\1x", "::1"))

    def test_T092_an_IPv4_client_of_an_IPv6_socket(self):
        put(self.root / "127.0.0.1" / "own", b"mine")
        put(self.root / "map", b"r ^ \\i/\n")
        server = self.serve("--map", str(self.root / "map"), host="::")
        client = self.socket()
        client.sendto(b"\0\1own\0octet\0", ("127.0.0.1", server.port))
        packet, tid = client.recvfrom(2000)
        self.assertEqual((packet, tid[0]), (b"\0\3\0\1mine", "127.0.0.1"))
        client.sendto(b"\0\4\0\1", tid)
        eventually(lambda: f"RRQ 127.0.0.1:{client.getsockname()[1]} " in server.said(), "the log names the client")

    def test_T126_a_folder_of_the_clients_own(self):
        put(self.root / "127.0.0.9" / "one", b"mine")
        server = self.serve("--client-root", "ip")
        for source, content_of_one in [("127.0.0.9", b"mine"), ("127.0.0.1", b"x")]:
            client = self.socket()
            client.bind((source, 0))
            client.sendto(b"\0\1one\0octet\0", ("127.0.0.1", server.port))
            self.assertEqual(client.recvfrom(2000)[0][4:], content_of_one)

    def test_T098_two_addresses(self):
        server = self.serve("--host", "127.0.0.2")
        client = self.socket()
        client.sendto(b"\0\1one\0octet\0", ("127.0.0.1", server.port))
        self.assertEqual(client.recvfrom(2000)[1][0], "127.0.0.1")

    def test_T131_the_flags_of_py3tftp(self):
        server = self.serve("--ack-timeout", "0.2", "--conn-timeout", "1")
        client = self.socket()
        client.sendto(b"\0\1big\0octet\0tsize\x000\0", ("127.0.0.1", server.port))
        packet, tid = client.recvfrom(2000)
        self.assertEqual(packet, b"\0\6tsize\x00100000\0")
        begun = time.monotonic()
        client.sendto(b"\0\4\0\0", tid)
        blocks = []
        while True:
            packet, _ = client.recvfrom(2000)
            if packet[1] == 5:
                break
            blocks.append(packet[:4])
        self.assertEqual(packet, b"\0\5\0\0Transfer timed out\0")
        # At 0, 200, 400, 600 and 800 ms, and at 1 s the end; a machine that is slow makes it fewer, and never sooner.
        self.assertGreaterEqual(time.monotonic() - begun, 0.99)
        self.assertIn(len(blocks), range(2, 6))
        self.assertEqual(set(blocks), {b"\0\3\0\1"})
        client.sendto(b"\0\2one\0octet\0", ("127.0.0.1", server.port))
        self.assertEqual(client.recvfrom(2000)[0][:4], b"\0\5\0\6")
        client.sendto(b"\0\2new\0octet\0", ("127.0.0.1", server.port))
        packet, tid = client.recvfrom(2000)
        self.assertEqual(packet, b"\0\4\0\0")
        client.sendto(b"\0\3\0\1hello", tid)
        self.assertEqual(client.recvfrom(2000)[0], b"\0\4\0\1")
        self.assertEqual((self.root / "new").read_bytes(), b"hello")

    def test_T132_drain(self):
        server = self.serve()
        client = self.socket()
        client.sendto(b"\0\1big\0octet\0", ("127.0.0.1", server.port))
        packet, tid = client.recvfrom(2000)
        server.signal(signal.SIGTERM)
        got = packet[4:]
        while len(packet) == 516:
            client.sendto(b"\0\4" + packet[2:4], tid)
            packet, _ = client.recvfrom(2000)
            got += packet[4:]
        client.sendto(b"\0\4" + packet[2:4], tid)
        self.assertEqual(got, (self.root / "big").read_bytes())
        self.assertEqual(server.wait(), 0)

    def test_T079_T080_files_that_change(self):
        server = self.serve()
        client = self.socket()
        big = content("huge", 2_000_000)
        put(self.root / "huge", big)
        client.sendto(b"\0\1huge\0octet\0", ("127.0.0.1", server.port))
        packet, tid = client.recvfrom(2000)
        put(self.root / "huge.new", b"other" * 400_000)
        os.replace(self.root / "huge.new", self.root / "huge")
        got = packet[4:]
        while len(packet) == 516:
            client.sendto(b"\0\4" + packet[2:4], tid)
            packet, _ = client.recvfrom(2000)
            got += packet[4:]
        client.sendto(b"\0\4" + packet[2:4], tid)
        self.assertTrue(got == big, "a replaced file goes on as it was")
        other = self.socket()
        other.sendto(b"\0\1huge\0octet\0", ("127.0.0.1", server.port))
        packet, tid = other.recvfrom(2000)
        with open(self.root / "huge", "r+b") as file:
            file.truncate(1_000_000)
        while len(packet) == 516:
            other.sendto(b"\0\4" + packet[2:4], tid)
            packet, _ = other.recvfrom(2000)
        self.assertEqual(packet, b"\0\5\0\0File changed\0")


class MapTest(unittest.TestCase):
    def test_names_are_mapped(self):
        with tempfile.NamedTemporaryFile("w") as rules:
            rules.write("rg \\\\ /\na ^secret$ no\\ way\\ \\i\n")
            rules.flush()
            done = subprocess.run([PROGRAM, "map-test", "--map", rules.name, "--from", "10.0.0.5"],
                                  input=b"a\\b\\c\nsecret\n", capture_output=True, timeout=DEADLINE)
        self.assertEqual(done.stdout, b"a/b/c\nERROR: no way 10.0.0.5\n")

    def test_mistakes_are_all_told(self):
        with tempfile.NamedTemporaryFile("w") as rules:
            rules.write("r a b\nz a b\nr [ b\n")
            rules.flush()
            done = subprocess.run([PROGRAM, "map-test", "--map", rules.name], input=b"", capture_output=True,
                                  timeout=DEADLINE)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr.decode(), r":2: unknown letter 'z'\n.*:3: ")


class Reload(unittest.TestCase):
    """What a SIGHUP changes: for requests that come later."""

    def setUp(self):
        self.base = Path(tempfile.mkdtemp(prefix="wherry-tftp-"))
        self.addCleanup(shutil.rmtree, self.base)
        put(self.base / "served" / "big", content("big", 100_000))
        put(self.base / "served" / "host.key", b"secret")
        put(self.base / "lab" / "only here", b"lab")
        self.file = self.base / "wherry.toml"

    def configure(self, tftp="", rest=""):
        self.file.write_text(f'{rest}\nftp.listen = []\n[tftp]\nlisten = ["127.0.0.1:0"]\nworld_readable = "off"\n'
                             f'roots = ["{self.base}/served"]\n{tftp}\n')

    def ask(self, name, options=b""):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.sendto(b"\0\1" + name + b"\0octet\0" + options, ("127.0.0.1", self.server.port))
            return client.recvfrom(2000)[0]

    def test_settings_rules_and_names(self):
        self.configure()
        self.server = TftpServer(self.base)
        self.server.command = [PROGRAM, "serve", "--config", str(self.file)]
        self.server.start()
        self.addCleanup(self.server.stop)
        window = b"windowsize\x008\0"
        self.assertEqual(self.ask(b"big", window), b"\0\6windowsize\x008\0")
        self.assertEqual(self.ask(b"host.key"), b"\0\3\0\1secret")
        self.configure(f'interfaces = ["lo"]\noptions.windowsize_max = 2\n[[tftp.rule]]\nname = "only*"\nroot = "{self.base}/lab"',
                       'names.deny = ["*.key"]')
        self.server.signal(signal.SIGHUP)
        eventually(lambda: self.ask(b"big", window) == b"\0\6windowsize\x002\0", "the new window holds")
        self.assertEqual(self.ask(b"only here"), b"\0\3\0\1lab")
        self.assertEqual(self.ask(b"host.key")[:4], b"\0\5\0\1")
        # A file that says what cannot be leaves all as it was.
        self.configure('[[tftp.rule]]\nroot = "/nowhere/at/all"')
        self.server.signal(signal.SIGHUP)
        eventually(lambda: "/nowhere/at/all" in self.server.said(), "the mistake is told")
        self.assertEqual(self.ask(b"only here"), b"\0\3\0\1lab")

    def test_T125_a_map_file_that_breaks(self):
        """The rules that hold are kept when the new ones are wrong, and all mistakes are told."""
        rules = self.base / "map"
        rules.write_text("r ^alias$ big\n")
        self.configure(f'names.map_file = "{rules}"')
        self.server = TftpServer(self.base)
        self.server.command = [PROGRAM, "serve", "--config", str(self.file)]
        self.server.start()
        self.addCleanup(self.server.stop)
        self.assertEqual(self.ask(b"alias")[:4], b"\0\3\0\1")
        rules.write_text("r ^alias$ other\nr ( x\nz a b\n")
        self.server.signal(signal.SIGHUP)
        eventually(lambda: ":2: " in self.server.said() and ":3: " in self.server.said(), "both mistakes are told")
        self.assertEqual(self.ask(b"alias")[:4], b"\0\3\0\1")
        rules.write_text("r ^nick$ big\n")
        self.server.signal(signal.SIGHUP)
        eventually(lambda: self.ask(b"nick")[:4] == b"\0\3\0\1", "rules that are right again hold")
        self.assertEqual(self.ask(b"alias")[:4], b"\0\5\0\1")
