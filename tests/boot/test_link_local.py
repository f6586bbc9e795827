"""Clients with link-local addresses. No machine is booted for these: they only need a network of their own."""
import socket

from network import Boot
from support import DEADLINE, eventually, put


class LinkLocal(Boot):
    def test_T094_a_link_local_client(self):
        if not self.ipv6:
            self.skipTest("this machine has no IPv6")
        put(self.root / "file", b"f" * 700)
        for interface in ["tap0", "tap1"]:
            if interface == "tap1":
                self.ip("tuntap", "add", "dev", interface, "mode", "tap")
                self.ip("link", "set", interface, "up")
            self.ip("addr", "add", "fe80::b/64", "dev", interface, "nodad")
            # The kernel finishes this a little later; a request sent before then goes out of the interface and is lost.
            eventually(lambda at=interface: "local fe80::b" in self.ip("-6", "route", "show", "table", "local", "dev", at),
                       "the address is this machine's")
        client = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.addCleanup(client.close)
        client.settimeout(DEADLINE)
        scope = socket.if_nametoindex("tap1")
        client.bind(("fe80::b", 0, 0, scope))
        client.sendto(b"\0\1file\0octet\0", ("fe80::b", 69, 0, scope))
        packet, tid = client.recvfrom(2000)
        self.assertEqual((packet[:4], len(packet)), (b"\0\3\0\1", 516))
        self.assertEqual((tid[0].partition("%")[0], tid[3]), ("fe80::b", scope))
        client.sendto(b"\0\4\0\1", tid)
        packet, again = client.recvfrom(2000)
        self.assertEqual((packet, again), (b"\0\3\0\2" + b"f" * 188, tid))
        client.sendto(b"\0\4\0\2", tid)


class LinkLocalUniquePorts(LinkLocal):
    tid_mode = "unique"


class LinkLocalSinglePort(LinkLocal):
    tid_mode = "single"
