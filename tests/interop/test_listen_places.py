"""Where the program waits for clients: names of hosts, and addresses that this machine does not have yet."""
import ctypes
import os
import re
import shutil
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, Server, content, digest, eventually, has_ipv6, put

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


class Configured(Server):
    """The program with a configuration; .places is where it listens, as [("tftp", host, port), ...]."""

    def __init__(self, file, count):
        super().__init__("")
        self.command, self.count, self.places = [PROGRAM, "serve", "--config", str(file)], count, []

    def start(self):
        self.errors = tempfile.NamedTemporaryFile("ab")
        env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=env)
        for _ in range(self.count):
            line = self.expect_line(r"listening (\w+) (\S+):(\d+)$")
            self.places.append((line[1], line[2], int(line[3])))
        return self


class ListenPlaces(unittest.TestCase):
    def setUp(self):
        self.base = Path(tempfile.mkdtemp(prefix="wherry-places-"))
        self.addCleanup(shutil.rmtree, self.base)
        self.file = self.base / "wherry.toml"
        self.served = self.base / "served"
        put(self.served / "image", content("image", 300_000))

    def serve(self, text, count):
        self.file.write_text(text)
        server = Configured(self.file, count).start()
        self.addCleanup(server.stop)
        return server

    def fetch(self, url):
        out = self.base / "fetched"
        subprocess.run([PROGRAM, "get", "-q", "-o", str(out), url], check=True, timeout=DEADLINE)
        self.assertEqual(digest(out), digest(self.served / "image"))
        out.unlink()

    def test_names_of_hosts(self):
        addresses = {one[4][0] for one in socket.getaddrinfo("localhost", None)}
        if "::1" in addresses and not has_ipv6():
            self.skipTest("localhost has an address that this machine does not have")
        server = self.serve(f'ftp.listen = "localhost:0"\nanonymous.folder = "{self.served}"\n[tftp]\n'
                            f'listen = "localhost:0"\nroots = "{self.served}"\nworld_readable = "off"\n',
                            2 * len(addresses))
        for kind in ("ftp", "tftp"):
            self.assertEqual({host.strip("[]") for one, host, _ in server.places if one == kind}, addresses)
        for kind, host, port in server.places:
            if kind == "tftp":
                self.fetch(f"tftp://{host}:{port}/image")
            else:
                done = subprocess.run(["curl", "-sS", "-g", f"ftp://{host}:{port}/image"], capture_output=True, check=True,
                                      timeout=DEADLINE)
                self.assertEqual(done.stdout, (self.served / "image").read_bytes())

    def test_a_name_without_an_address_is_a_mistake(self):
        name = "x" * 64 + ".example"  # no name may have such a part: nobody is asked for it
        self.file.write_text(f'ftp.listen = []\n[tftp]\nlisten = "{name}:69"\nroots = "{self.served}"\n')
        for command in ("check-config", "serve"):
            words = [str(self.file)] if command == "check-config" else ["--config", str(self.file)]
            done = subprocess.run([PROGRAM, command, *words], capture_output=True, text=True, timeout=DEADLINE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(f'tftp.listen: "{name}:69": resolving \'{name}\': ', done.stdout + done.stderr)

    def enter_network(self):
        """Of this test alone: what it changes there is of no concern to others."""
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.addCleanup(os.close, outside)
        if libc.unshare(CLONE_NEWNET) != 0:
            self.skipTest("a network of its own needs root")
        self.addCleanup(lambda: self.assertEqual(libc.setns(outside, CLONE_NEWNET), 0))
        self.ip("link", "set", "lo", "up")

    def ip(self, *words):
        subprocess.run(["ip", *words], check=True, capture_output=True, timeout=DEADLINE)

    def test_an_address_that_comes_later(self):
        self.enter_network()
        later = {"10.77.0.9": ["10.77.0.9/32"]}
        if os.path.exists("/proc/sys/net/ipv6/conf/lo"):
            later["[fd77::9]"] = ["fd77::9/128", "nodad"]
        listen = ", ".join(f'"{host}:6969"' for host in later)
        for mode in ("pool", "unique", "single"):
            server = self.serve(f'ftp.listen = []\n[tftp]\nlisten = ["127.0.0.1:6969", {listen}]\ntid_mode = "{mode}"\n'
                                f'roots = "{self.served}"\nworld_readable = "off"\n', 1 + len(later))
            self.fetch("tftp://127.0.0.1:6969/image")
            said = server.said()
            self.assertEqual(len(re.findall("does not have the address", said)), len(later), said)
            for host, address in later.items():
                self.assertIn(f"this machine does not have the address {host.strip('[]')} yet", said)
                self.ip("addr", "add", *address, "dev", "lo")
                self.fetch(f"tftp://{host}:6969/image")
                self.ip("addr", "del", address[0], "dev", "lo")
            server.stop()

    def test_ftp_waits_for_no_address(self):
        self.enter_network()
        self.file.write_text(f'ftp.listen = "10.77.0.9:2121"\nanonymous.folder = "{self.served}"\n')
        done = subprocess.run([PROGRAM, "serve", "--config", str(self.file)], capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("10.77.0.9:2121", done.stderr)


class LeaseFile(unittest.TestCase):
    """Of the loopback the kernel knows no hardware addresses: what dnsmasq would know stands in its file."""

    def test_a_client_has_the_folder_of_its_lease(self):
        base = Path(tempfile.mkdtemp(prefix="wherry-leases-"))
        self.addCleanup(shutil.rmtree, base)
        put(base / "served" / "who", b"everybody")
        put(base / "served" / "00-1b-21-0a-0b-0c" / "who", b"card c")
        put(base / "served" / "00-1b-21-0a-0b-0d" / "who", b"card d")
        leases, file = base / "leases", base / "wherry.toml"
        file.write_text(f'ftp.listen = []\n[tftp]\nlisten = "127.0.0.1:0"\nroots = "{base}/served"\nworld_readable = "off"\n'
                        f'names.client_root = "mac"\nnames.lease_file = "{leases}"\n')
        server = Configured(file, 1).start()
        self.addCleanup(server.stop)

        def ask():
            url = f"tftp://127.0.0.1:{server.places[0][2]}/who"
            return subprocess.run([PROGRAM, "get", "-q", "-o", "-", url], capture_output=True, check=True,
                                  timeout=DEADLINE).stdout

        self.assertIn("tftp.names.lease_file: reading the leases of dnsmasq", server.said())
        self.assertEqual(ask(), b"everybody")
        for letter in "cd":
            leases.write_text(f"0 00:1b:21:0a:0b:0{letter} 127.0.0.1 * *\n")
            eventually(lambda: ask() == f"card {letter}".encode(), "the new lease holds")


if __name__ == "__main__":
    unittest.main()
