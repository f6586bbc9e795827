"""Requests to everybody on the cable. No machine is booted for these: the other end is a namespace with sockets."""
import contextlib
import os
import select
import socket

from network import CLONE_NEWNET, Boot, checked, libc
from support import DEADLINE, put

EVERYBODY = ["10.77.0.255", "255.255.255.255"]


class Broadcast(Boot):
    config = 'write.mode = "create"\n'

    def start_dhcp(self):
        pass

    def add_cable(self):
        """One with a namespace at its other end."""
        self.inside = self.namespace()
        checked(libc.unshare(CLONE_NEWNET))
        self.outside = self.namespace()
        checked(libc.setns(self.inside, CLONE_NEWNET))
        self.ip("link", "add", "tap0", "type", "veth", "peer", "name", "far")
        self.ip("link", "set", "far", "netns", f"/proc/{os.getpid()}/fd/{self.outside}")
        with self.at_the_other_end():
            self.ip("addr", "add", "10.77.0.50/24", "dev", "far")
            self.ip("link", "set", "far", "up")
            self.ip("route", "add", "default", "dev", "far")

    def namespace(self):
        opened = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        self.addCleanup(os.close, opened)
        return opened

    @contextlib.contextmanager
    def at_the_other_end(self):
        checked(libc.setns(self.outside, CLONE_NEWNET))
        try:
            yield
        finally:
            checked(libc.setns(self.inside, CLONE_NEWNET))

    def client(self):
        with self.at_the_other_end():
            client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.settimeout(DEADLINE)
        return client

    def asked(self, packet, address):
        client = self.client()
        client.sendto(packet, (address, 69))
        return client

    def fetch(self, address):
        """The whole file, and whom it came from."""
        client = self.asked(b"\0\1file\0octet\0", address)
        packet, tid = client.recvfrom(2000)
        self.assertEqual((packet[:4], len(packet)), (b"\0\3\0\1", 516))
        client.sendto(b"\0\4\0\1", tid)
        self.assertEqual(client.recvfrom(2000), (b"\0\3\0\2" + b"f" * 188, tid))
        client.sendto(b"\0\4\0\2", tid)
        return tid

    def assert_silence(self, clients):
        """When the server has ended, having served what came after these."""
        self.assertEqual(self.fetch("10.77.0.2")[0], "10.77.0.2")
        missing = self.asked(b"\0\1missing\0octet\0", "10.77.0.2")
        self.assertEqual(missing.recvfrom(2000)[0][:4], b"\0\5\0\1")
        self.server.stop()
        self.assertEqual(select.select(clients, [], [], 0)[0], [])

    def test_T093_nobody_answers(self):
        put(self.root / "file", b"f" * 700)
        requests = [b"\0\1file\0octet\0", b"\0\1missing\0octet\0", b"\0\2new\0octet\0"]
        self.assert_silence([self.asked(request, address) for request in requests for address in EVERYBODY])
        self.assertFalse((self.root / "new").exists())


class BroadcastUniquePorts(Broadcast):
    tid_mode = "unique"


class BroadcastSinglePort(Broadcast):
    tid_mode = "single"


class BroadcastAnswered(Broadcast):
    config = Broadcast.config + 'broadcast = "answer"\n'

    def test_T093_nobody_answers(self):
        """For a file that is not there, and to an upload, as ever."""
        put(self.root / "file", b"f" * 700)
        requests = [b"\0\1missing\0octet\0", b"\0\2new\0octet\0"]
        self.assert_silence([self.asked(request, address) for request in requests for address in EVERYBODY])
        self.assertFalse((self.root / "new").exists())

    def test_T093_the_interfaces_own_address_answers(self):
        put(self.root / "file", b"f" * 700)
        for address in EVERYBODY:
            host, port = self.fetch(address)
            self.assertEqual(host, "10.77.0.1")
            self.assertEqual(port == 69, self.tid_mode == "single")


class BroadcastAnsweredUniquePorts(BroadcastAnswered):
    tid_mode = "unique"


class BroadcastAnsweredSinglePort(BroadcastAnswered):
    tid_mode = "single"
