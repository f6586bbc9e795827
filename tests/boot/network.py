"""A network with one cable: a virtual machine at one end; at the other `wherry`, and dnsmasq as DHCP server.

The network is a namespace of its own, so nothing leaves it and nothing is left of it. The server's addresses are
deliberately the second ones of the interface: answers from the wrong address are seen. Everything on the cable is
recorded. Each process ends by itself if nobody ends it: virtual machines are run under timeout(1).
"""
import contextlib
import ctypes
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from support import PROGRAM, Server, eventually

GUEST_SECONDS = 240  # emulated processors are slow, and a busy machine makes them slower
CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
libc = ctypes.CDLL(None, use_errno=True)


def checked(result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


class BootServer(Server):
    """`wherry serve` with TFTP alone, on port 69 of all addresses."""

    def __init__(self, root, config, tid_mode, more):
        super().__init__(root)
        config.write_text(f'ftp.listen = []\n[tftp]\nlisten = ["*:69"]\nroots = ["{root}"]\ntid_mode = "{tid_mode}"\n'
                          + more)
        self.command = [PROGRAM, "serve", "--config", str(config)]

    def start(self):
        self.errors = tempfile.NamedTemporaryFile("ab")
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors)
        self.expect_line(r"listening tftp \S+:69")
        return self


class Recorder(threading.Thread):
    """The heads of all packets on an interface, until stop()."""

    def __init__(self, interface):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.settimeout(0.2)
        self.heads, self.ending = [], threading.Event()
        self.start()

    def run(self):
        while True:
            try:
                self.heads.append(self.socket.recv(160))
            except TimeoutError:
                if self.ending.is_set():
                    return

    def stop(self):
        if not self.ending.is_set():
            self.ending.set()
            self.join()
            self.socket.close()

    def datagrams(self):
        """(source, its port, destination, its port, first bytes) of all of UDP."""
        for head in self.heads:
            kind = head[12:14]
            if kind == b"\x08\x00" and head[23] == 17:
                at, source, target = 14 + (head[14] & 15) * 4, head[26:30], head[30:34]
            elif kind == b"\x86\xdd" and head[20] == 17:
                at, source, target = 54, head[22:38], head[38:54]
            else:
                continue
            yield (source, *struct.unpack_from("!H", head, at), target, *struct.unpack_from("!H", head, at + 2),
                   head[at + 8:])


class Boot(unittest.TestCase):
    """A test with the network, the folder `root` that the server serves, and DHCP that says `boot_file`."""

    tid_mode, boot_file, dhcp_options, config = "pool", "none", (), ""

    def setUp(self):
        self.here = Path(tempfile.mkdtemp(prefix="wherry-boot-"))
        self.addCleanup(shutil.rmtree, self.here)
        self.root = self.here / "served"
        self.root.mkdir()
        self.here.chmod(0o755)
        self.enter_network()
        self.recorder = Recorder("tap0")
        self.addCleanup(self.recorder.stop)
        self.start_dhcp()
        self.server = BootServer(self.root, self.here / "wherry.toml", self.tid_mode, self.config).start()
        self.addCleanup(self.server.stop)

    def enter_network(self):
        outside = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.addCleanup(os.close, outside)
        checked(libc.unshare(CLONE_NEWNET))
        self.addCleanup(lambda: checked(libc.setns(outside, CLONE_NEWNET)))
        self.ip("link", "set", "lo", "up")
        self.add_cable()
        for address in ["10.77.0.1/24", "10.77.0.2/24"]:
            self.ip("addr", "add", address, "dev", "tap0")
        self.ip("link", "set", "tap0", "up")
        self.ipv6 = os.path.exists("/proc/sys/net/ipv6/conf/tap0")
        if self.ipv6:
            for address in ["fd77::1/64", "fd77::2/64"]:
                self.ip("addr", "add", address, "dev", "tap0", "nodad")

    def add_cable(self):
        self.ip("tuntap", "add", "dev", "tap0", "mode", "tap")

    def ip(self, *words):
        return subprocess.run(["ip", *words], check=True, capture_output=True, text=True).stdout

    def run_aside(self, *command, **streams):
        """A process that is gone after the test, with those that it has started."""
        process = subprocess.Popen(command, start_new_session=True,
                                   **{"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, **streams})

        def end():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.addCleanup(end)
        return process

    def start_dhcp(self):
        """Router advertisements as well: without one iPXE waits for a router."""
        advertise = ["--enable-ra", "--dhcp-range=fd77::,ra-only,64"] if self.ipv6 else []
        log = open(self.here / "dhcp.log", "wb")
        self.addCleanup(log.close)
        self.run_aside(shutil.which("dnsmasq") or "/usr/sbin/dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground",
                       "--log-facility=-", "--port=0", "--no-resolv", "--no-hosts", "--no-ping", "--interface=tap0",
                       "--bind-interfaces", "--user=root", "--group=root", "--pid-file=", "--dhcp-authoritative",
                       f"--dhcp-leasefile={self.here}/leases", "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,5m",
                       f"--dhcp-boot={self.boot_file},,10.77.0.2", *self.dhcp_options, *advertise, stdout=log)

    def guest(self, *words, **streams):
        """A virtual machine without KVM and without a disk: what its firmware can do is boot from the network."""
        return self.run_aside("timeout", "--kill-after=2", str(GUEST_SECONDS), *words, "-display", "none", "-monitor",
                              "none", "-no-reboot", "-netdev", "tap,id=n0,ifname=tap0,script=no,downscript=no",
                              **streams)

    def console_until(self, file, pattern, process):
        """What the guest has said to its serial line, as soon as it matches `pattern` or the guest has ended."""
        def said():
            text = re.sub(r"\x1b\[[0-9;?=]*[A-Za-z]|\r", "", file.read_text("latin1") if file.exists() else "")
            return text if re.search(pattern, text) or process.poll() is not None else None
        return eventually(said, f"the guest says {pattern!r}", GUEST_SECONDS)

    def assert_asked_addresses(self):
        """Every datagram to a client came from the address that this client's port had asked."""
        self.recorder.stop()
        asked, answers = {}, 0
        for source, port, target, target_port, packet in self.recorder.datagrams():
            if target_port == 69:
                asked[source, port] = target
            elif (target, target_port) in asked:
                answers += 1
                self.assertEqual(source.hex(), asked[target, target_port].hex(), f"{port} {packet[:4]!r}")
        self.assertGreater(answers, 0)

    def requests(self):
        """(name, {option: value}) of every request, in order."""
        out = []
        for _, _, _, port, packet in self.recorder.datagrams():
            if port == 69:
                name, _, *rest = packet[2:].decode("latin1").split("\0")
                out.append((name, dict(zip(rest[::2], rest[1::2]))))
        return out
