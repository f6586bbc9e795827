"""The control socket: what runs by TFTP is listed and ended, and nobody else may ask."""
import os
import signal
import shutil
import socket
import stat
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, Server, eventually, put
from test_tftp import TftpServer

KILLED = b"\0\5\0\0Stopped by administrator\0"


class Downloader:
    """A client of RFC 1350 that stops when it has acknowledged some blocks."""

    def __init__(self, port, name, blocks):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE)
        self.socket.sendto(b"\0\1" + name + b"\0octet\0", ("127.0.0.1", port))
        for block in range(1, blocks + 1):
            packet, self.peer = self.socket.recvfrom(600)
            assert packet[:4] == bytes([0, 3, 0, block]), packet[:40]
            self.socket.sendto(bytes([0, 4, 0, block]), self.peer)

    def last(self):
        """The first packet that is no DATA."""
        while True:
            packet = self.socket.recv(600)
            if packet[1] != 3:
                return packet


class Uploader(Downloader):
    def __init__(self, port, name, blocks):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE)
        self.socket.sendto(b"\0\2" + name + b"\0octet\0", ("127.0.0.1", port))
        for block in range(blocks + 1):
            packet, self.peer = self.socket.recvfrom(600)
            assert packet == bytes([0, 4, 0, block]), packet
            if block < blocks:
                self.socket.sendto(bytes([0, 3, 0, block + 1]) + b"u" * 512, self.peer)

    def last(self):
        while True:
            packet = self.socket.recv(600)
            if packet[1] != 4:
                return packet


class Control(unittest.TestCase):
    def setUp(self):
        self.base = Path(tempfile.mkdtemp(prefix="wherry-control-"))
        self.addCleanup(shutil.rmtree, self.base)
        self.root = self.base / "served"
        self.root.mkdir()
        put(self.root / "img", b"i" * 100_000)
        self.path = self.base / "control"

    def start(self, *options):
        server = TftpServer(self.root, "--control", str(self.path), "--conn-timeout", "600", *options).start()
        self.addCleanup(server.stop)
        return server

    def tftp(self, *arguments, code=0, where=None):
        done = subprocess.run([PROGRAM, "tftp", *arguments, *(where or ("--control", str(self.path)))],
                              capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def rows(self, **how):
        """{name: {column: value}}"""
        lines = [line.split() for line in self.tftp("ls-transfers", **how).splitlines()]
        return {line[-1]: dict(zip(lines[0], line)) for line in lines[1:]}

    def ask(self, request):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE)
            client.connect(str(self.path))
            client.sendall(request)
            client.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def test_transfers_are_listed_and_ended(self):
        server = self.start()
        self.assertEqual(self.rows(), {})
        down = Downloader(server.port, b"img", 3)
        up = Uploader(server.port, b"new", 2)
        rows = eventually(lambda: (lambda all: len(all) == 2 and all["img"]["BYTES"] == "1536" and all)(self.rows()),
                          "both are listed")
        self.assertEqual([rows["img"][key] for key in ("OP", "SIZE")], ["get", "100000"])
        self.assertEqual([rows["new"][key] for key in ("OP", "BYTES", "SIZE")], ["put", "1024", "-"])
        self.assertEqual(rows["img"]["CLIENT"], "127.0.0.1:%d" % down.socket.getsockname()[1])
        self.tftp("kill", rows["new"]["ID"])
        self.assertEqual(up.last(), KILLED)
        self.assertEqual(list(self.rows()), ["img"])
        self.tftp("kill", rows["img"]["ID"])
        self.assertEqual(down.last(), KILLED)
        self.assertEqual(self.rows(), {})
        self.assertIn("there is no transfer", self.tftp("kill", rows["img"]["ID"], code=1))
        eventually(lambda: sorted(os.listdir(self.root)) == ["img"], "what came of the upload is dropped")
        self.assertIn("was ended by an operator", server.said())

    def test_the_configuration_names_it(self):
        config = self.base / "wherry.toml"
        config.write_text(f'[ftp]\nlisten = []\n[tftp]\nlisten = "127.0.0.1:0"\nroots = "{self.root}"\n'
                          f'[control]\nsocket = "{self.path}"\n')
        server = Server("")
        server.command = [PROGRAM, "serve", "--config", str(config)]
        server.errors = tempfile.NamedTemporaryFile("ab")
        server.process = subprocess.Popen(server.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                          stderr=server.errors)
        self.addCleanup(server.stop)
        port = int(server.expect_line(r"listening tftp \S+:(\d+)").group(1))
        down = Downloader(port, b"img", 1)
        self.assertEqual(list(self.rows(where=("--config", str(config)))), ["img"])
        server.signal(signal.SIGHUP)
        eventually(lambda: "reload: done" in server.said(), "the configuration is read again")
        self.assertEqual(list(self.rows(where=("--config", str(config)))), ["img"])
        down.socket.close()

    def test_only_its_account_may_ask(self):
        server = self.start()
        self.assertEqual(stat.S_IMODE(os.lstat(self.path).st_mode), 0o600)
        if os.geteuid() != 0:
            return
        # Even where the file would let others in.
        for folder in (self.base, self.path):
            folder.chmod(0o777)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setuid(65534)
                said = self.ask(b"tftp transfers\n")
            except (ConnectionResetError, BrokenPipeError):
                said = b""
            finally:
                os.write(writing, b"heard " + said)
                os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        with os.fdopen(reading, "rb") as heard:
            self.assertEqual(heard.read(), b"heard ")
        eventually(lambda: "may not ask" in server.said(), "it is in the log")
        self.assertEqual(self.ask(b"tftp transfers\n"), b"ok 0\n")

    def test_what_is_no_request(self):
        server = self.start()
        for request in (b"\n", b"ftp transfers\n", b"tftp transfers \n", b"tftp end x\n", b"\0\n"):
            self.assertRegex(self.ask(request), rb"^error .*\n$")
        for request in (b"", b"tftp transfers", b"x" * 200 + b"\n", b"\xff" * 100_000):  # no line, or a long one
            try:
                self.assertEqual(self.ask(request), b"")
            except OSError:
                pass  # it was closed while it was being sent
        self.assertEqual(self.ask(b"tftp transfers\nand more"), b"ok 0\n")
        self.assertIsNone(server.process.poll())

    def test_a_silent_client_holds_nobody_up_for_long(self):
        server = self.start()
        with socket.socket(socket.AF_UNIX) as silent:
            silent.connect(str(self.path))
            down = Downloader(server.port, b"img", 50)  # transfers know nothing of it
            self.assertEqual(list(self.rows()), ["img"])
            self.assertEqual(silent.recv(100), b"")
        down.socket.close()

    def test_what_is_in_the_way(self):
        server = self.start()
        other = subprocess.run([PROGRAM, "tftp", "-p", "0", "--root", str(self.root), "--control", str(self.path)],
                               capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(other.returncode, 1)
        self.assertIn("another server has it", other.stderr)
        self.assertEqual(self.rows(), {})
        server.kill()
        self.assertTrue(self.path.exists())  # it had no time to remove it
        self.assertIn("is the server running?", self.tftp("ls-transfers", code=1))
        again = self.start()
        self.assertEqual(self.rows(), {})
        again.stop()
        self.assertFalse(self.path.exists())
        put(self.path, b"a file")
        other = subprocess.run([PROGRAM, "tftp", "-p", "0", "--root", str(self.root), "--control", str(self.path)],
                               capture_output=True, text=True, timeout=DEADLINE)
        self.assertIn("is there, and no socket", other.stderr)
        self.assertEqual(self.path.read_bytes(), b"a file")

    def test_it_answers_while_the_server_waits_for_its_transfers_to_end(self):
        server = self.start()
        down = Downloader(server.port, b"img", 2)
        server.signal()
        eventually(lambda: "stopping: no new connections" in server.said(), "the server drains")
        self.tftp("kill", self.rows()["img"]["ID"])
        self.assertEqual(down.last(), KILLED)
        self.assertEqual(server.wait(), 0)

    def test_which_server(self):
        self.assertIn("--control", self.tftp("ls-transfers", code=1, where=("--",)))
        config = self.base / "empty.toml"
        config.write_text("[ftp]\n")
        self.assertIn("control.socket is not set",
                      self.tftp("ls-transfers", code=1, where=("--config", str(config))))
        self.assertIn("longer than", subprocess.run(
            [PROGRAM, "tftp", "-p", "0", "--control", "/" + "x" * 108], cwd=self.root, capture_output=True, text=True,
            timeout=DEADLINE).stderr)


if __name__ == "__main__":
    unittest.main()
