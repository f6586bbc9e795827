"""The flags of `wherry tftp` and `wherry map-test`, each by what it does to packets or lines."""
import os
import pwd
import re
import resource
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, eventually, put
from test_tftp import TftpServer


def octets(op, name, *options):
    return bytes([0, op]) + b"\0".join([name, b"octet", *options]) + b"\0"


class Flags(unittest.TestCase):
    def setUp(self):
        self.root = Path(tempfile.mkdtemp(prefix="wherry-tftp-"))
        self.addCleanup(shutil.rmtree, self.root)
        put(self.root / "one", b"x")
        put(self.root / "big", b"b" * 100_000)

    def serve(self, *options):
        server = TftpServer(self.root, *options).start()
        self.addCleanup(server.stop)
        return server

    def ask(self, server, packet):
        """What comes back, and from which port."""
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(DEADLINE)
        client.sendto(packet, ("127.0.0.1", server.port))
        answer, peer = client.recvfrom(70_000)
        return answer, peer[1]

    def read(self, server, name, *options):
        return self.ask(server, octets(1, name, *options))[0]

    def write(self, server, name):
        return self.ask(server, octets(2, name))[0]

    def test_port_range(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = self.serve("--port-range", f"{port}:{port}")
        self.assertEqual(self.ask(server, octets(1, b"one")), (b"\0\3\0\1x", port))
        done = subprocess.run([PROGRAM, "tftp", "--port-range", "9:8"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 2)
        self.assertIn("is not FROM:TO", done.stderr)

    def test_single_port(self):
        server = self.serve("--single-port")
        self.assertEqual(self.ask(server, octets(1, b"one")), (b"\0\3\0\1x", server.port))

    def test_blocksize(self):
        server = self.serve("--blocksize", "1000")
        self.assertEqual(self.read(server, b"big", b"blksize", b"1468"), b"\0\6blksize\x001000\0")

    def test_windowsize(self):
        server = self.serve("--windowsize", "5")
        self.assertEqual(self.read(server, b"big", b"windowsize", b"16"), b"\0\6windowsize\x005\0")

    def test_window_bytes(self):
        server = self.serve("--window-bytes", "4096")
        self.assertEqual(self.read(server, b"big", b"blksize", b"1024", b"windowsize", b"16"),
                         b"\0\6blksize\x001024\0windowsize\x004\0")

    def test_refuse(self):
        server = self.serve("--refuse", "tsize", "--refuse", "windowsize")
        self.assertEqual(self.read(server, b"big", b"tsize", b"0", b"windowsize", b"4", b"blksize", b"600"),
                         b"\0\6blksize\x00600\0")

    def test_reject_all(self):
        server = self.serve("--reject-all")
        self.assertEqual(self.read(server, b"one", b"tsize", b"0", b"blksize", b"600"), b"\0\3\0\1x")

    def test_lowercase(self):
        server = self.serve("--lowercase")
        self.assertEqual(self.read(server, b"ONE"), b"\0\3\0\1x")

    def test_mtu(self):
        server = self.serve("--mtu", "576")
        self.assertEqual(self.read(server, b"big", b"blksize", b"1468"), b"\0\6blksize\x00544\0")

    def test_no_write(self):
        server = self.serve("--no-write")
        self.assertEqual(self.write(server, b"new")[:4], b"\0\5\0\2")
        self.assertFalse((self.root / "new").exists())
        self.assertIn("read-only", server.said())

    def test_write(self):
        server = self.serve("--write", "create")
        self.assertEqual(self.write(server, b"one")[:4], b"\0\5\0\6")
        self.assertEqual(self.write(server, b"new"), b"\0\4\0\0")
        server = self.serve("--write", "overwrite")
        self.assertEqual(self.write(server, b"one"), b"\0\4\0\0")

    def test_map(self):
        put(self.root.parent / (self.root.name + ".map"), b"r ^boot/ \n:nobody\n")
        self.addCleanup(os.unlink, str(self.root) + ".map")
        server = self.serve("--map", str(self.root) + ".map")
        self.assertEqual(self.read(server, b"boot/one"), b"\0\3\0\1x")
        self.assertRegex(server.said(), r"map:2: the label nobody is never used")

    def test_file_log_is_appended_to(self):
        log = self.root.parent / (self.root.name + ".log")
        self.addCleanup(log.unlink)
        put(log, b"what was there\n")
        server = self.serve("-l", str(log))
        self.read(server, b"none")
        eventually(lambda: "refused: File not found" in log.read_text(), "the refusal is in the file")
        self.assertTrue(log.read_text().startswith("what was there\n"))
        self.assertNotIn("in: RRQ", log.read_text())

    def test_verbose_tells_each_packet(self):
        server = self.serve("-v")
        self.read(server, b"one", b"blksize", b"600")
        for line in ('in: RRQ "one" octet blksize=600', "out: OACK blksize=600"):
            eventually(lambda line=line: line in server.said(), line)

    def test_version(self):
        whole = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, timeout=DEADLINE)
        done = subprocess.run([PROGRAM, "tftp", "--version"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stdout), (0, whole.stdout))

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_user(self):
        nobody = pwd.getpwnam("nobody")
        self.root.chmod(0o755)
        put(self.root / "secret", b"s")
        (self.root / "secret").chmod(0o600)
        server = self.serve("--user", "nobody", "--file-log", str(self.root / "log"))
        for thread in Path(f"/proc/{server.process.pid}/task").iterdir():
            status = (thread / "status").read_text()
            self.assertEqual(re.search(r"^Uid:(.*)$", status, re.M)[1].split(), [str(nobody.pw_uid)] * 4)
            self.assertEqual(re.search(r"^Gid:(.*)$", status, re.M)[1].split(), [str(nobody.pw_gid)] * 4)
            self.assertEqual(set(re.search(r"^Groups:(.*)$", status, re.M)[1].split()),
                             {str(one) for one in os.getgrouplist("nobody", nobody.pw_gid)})
            self.assertEqual(re.search(r"^CapPrm:\s+(\w+)$", status, re.M)[1].strip("0"), "")
        self.assertEqual(self.read(server, b"one"), b"\0\3\0\1x")
        self.assertEqual(self.read(server, b"secret")[:4], b"\0\5\0\2")
        self.assertEqual(self.write(server, b"new")[:4], b"\0\5\0\2")
        self.assertIn("risk: nobody may not write to", server.said())

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_user_uploads_as_that_account(self):
        os.chown(self.root, pwd.getpwnam("nobody").pw_uid, -1)
        server = self.serve("--user", "nobody")
        self.assertNotIn("risk: nobody", server.said())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(DEADLINE)
            client.sendto(octets(2, b"mine"), ("127.0.0.1", server.port))
            peer = client.recvfrom(600)[1]
            client.sendto(b"\0\3\0\1abc", peer)
            self.assertEqual(client.recvfrom(600)[0], b"\0\4\0\1")
        self.assertEqual((self.root / "mine").stat().st_uid, pwd.getpwnam("nobody").pw_uid)

    def fails(self, *options, **more):
        done = subprocess.run([PROGRAM, "tftp", "--root", str(self.root), "--host", "127.0.0.1", "-p", "0", *options],
                              capture_output=True, text=True, timeout=DEADLINE, **more)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr

    @unittest.skipUnless(os.geteuid() == 0, "only root can become somebody else")
    def test_user_who_may_not_read_the_folder(self):
        self.root.chmod(0o700)
        code, said = self.fails("--user", "nobody")
        self.assertEqual(code, 1)
        self.assertIn(f"--user nobody: reading {self.root}: Permission denied; let that account into the folder", said)

    def test_user_who_is_nobody(self):
        code, said = self.fails("--user", "no such account")
        self.assertEqual(code, 2)
        self.assertIn("--user no such account: this machine has no such account", said)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root and setpriv")
    def test_user_without_root(self):
        self.root.chmod(0o755)
        command = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", PROGRAM, "tftp", "--root",
                   str(self.root), "--host", "127.0.0.1", "-p", "0", "--user", "daemon"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE)
        if done.returncode == 126 or done.returncode == 127:
            self.skipTest("nobody may not run the program here")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--user daemon: becoming daemon: start as root, or as that account", done.stderr)

    def test_clients_of_one_file_share_a_descriptor(self):
        server = self.serve()
        self.read(server, b"one")  # the ports of its pool are open now
        clients = []
        for i in range(200):
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.addCleanup(client.close)
            client.bind((f"127.0.1.{1 + i}", 0))  # of one address it would take fewer
            client.settimeout(DEADLINE)
            client.sendto(octets(1, b"big"), ("127.0.0.1", server.port))
            self.assertEqual(client.recvfrom(600)[0], b"\0\3\0\1" + b"b" * 512)
            clients.append(client)
        descriptors = Path(f"/proc/{server.process.pid}/fd")
        big = [one for one in descriptors.iterdir() if os.readlink(one) == str(self.root / "big")]
        self.assertEqual(len(big), 1)

    def test_has_as_many_descriptors_as_it_may(self):
        few = ["prlimit", "--nofile=200:1000"]
        server = TftpServer(self.root)
        server.command = [*few, *server.command]
        server.start()
        self.addCleanup(server.stop)
        self.assertEqual(resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE), (1000, 1000))
        self.assertRegex(server.said(), r"risk: this process may have 1000 open files and sockets and may come to need "
                                        r"\d+, 1 for each of tftp.limits.max_transfers = 10000: ")
        config = self.root / "config.toml"
        put(config, f'[ftp]\nlisten = []\n[tftp]\nlisten = ["127.0.0.1:69"]\nroots = ["{self.root}"]\n'.encode())
        done = subprocess.run([*few, PROGRAM, "check-config", str(config)], capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warning: this process may have 1000 open files and sockets", done.stdout)

    def test_metrics(self):
        control = str(self.root) + ".control"
        server = self.serve("--control", control)
        self.read(server, b"none")
        done = subprocess.run([PROGRAM, "metrics", "--control", control], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn('\nwherry_tftp_requests_total{op="read",outcome="refused"} 1\n', done.stdout)
        self.assertIn('\nwherry_tftp_errors_sent_total{code="1"} 1\n', done.stdout)
        self.assertEqual(len(re.findall("^# TYPE wherry_tftp_rtt_seconds summary$", done.stdout, re.M)), 1)
        server.stop()
        done = subprocess.run([PROGRAM, "metrics", "--control", control], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("is the server running?", done.stderr)


class MapTestFlags(unittest.TestCase):
    def map(self, rules, names, *options):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(rules)
            file.flush()
            done = subprocess.run([PROGRAM, "map-test", "--map", file.name, *options], input=names, capture_output=True,
                                  text=True, timeout=DEADLINE)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split("\n")[:-1], done.stderr

    def test_put(self):
        rules = "rG ^ get-\nrP ^ put-\n"
        self.assertEqual(self.map(rules, "f\n")[0], ["get-f"])
        self.assertEqual(self.map(rules, "f\n", "--put")[0], ["put-f"])

    def test_steps(self):
        rules = "rs ^a aa\n"
        self.assertEqual(self.map("r a b\nr b c\n", "a\n", "--steps", "2")[0], ["c"])
        self.assertEqual(self.map("r a b\nr b c\n", "a\n", "--steps", "1")[0], ["ERROR: Name mapping failed"])
        self.assertEqual(self.map(rules, "a\n", "--steps", "9")[0], ["ERROR: Name mapping failed"])

    def test_root(self):
        with tempfile.TemporaryDirectory() as root:
            put(Path(root) / "there", b"")
            rules = "rE ^x/ \nr ^ elsewhere/\n"
            self.assertEqual(self.map(rules, "x/there\nx/absent\n", "--root", root)[0], ["there", "elsewhere/x/absent"])
            self.assertEqual(self.map(rules, "x/there\n")[0], ["elsewhere/x/there"])

    def test_trace(self):
        out, said = self.map("r ^x y\nr ^z w\n", "x1\n", "--trace")
        self.assertEqual(out, ["y1"])
        self.assertEqual(said, "line 1: y1\nline 2: no match\n")

    def test_macros(self):
        rules = "r ^ \\m/\\n/\\l/\n"
        given = ["--mac", "00:1B:21:0a:0b:0c", "--interface", "eth1", "--local", "10.0.0.1"]
        self.assertEqual(self.map(rules, "f\n", *given)[0], ["m/n/l/f"])
        self.assertEqual(self.map(rules, "f\n", "--macros", "extended")[0], ["//0.0.0.0/f"])
        out, said = self.map(rules, "f\n", "--macros", "extended", "--trace", *given)
        self.assertEqual(out, ["00-1b-21-0a-0b-0c/eth1/10.0.0.1/f"])
        self.assertEqual(said, "line 1: 00-1b-21-0a-0b-0c/eth1/10.0.0.1/f\n")

    def test_engine(self):
        self.assertEqual(self.map("r (.)\\1 <\\1>\n", "hello\n", "--engine", "posix")[0], ["he<l>o"])

    def test_warnings(self):
        out, said = self.map("rGP a b\n:nobody\n", "a\n")
        self.assertEqual(out, ["a"])
        self.assertRegex(said, r"warning: .*:1: this rule never runs.*\n.*warning: .*:2: the label nobody is never used\n")


if __name__ == "__main__":
    unittest.main()
