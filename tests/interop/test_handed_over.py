"""Sockets that somebody else has opened, by the protocol of systemd: real sockets, and the program behind them."""
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from support import PROGRAM, Server, content, digest, eventually, has_ipv6, put

# Puts the descriptors that it is given at 3 and above, names itself in LISTEN_PID, and becomes the program.
WRAPPER = """
import fcntl, os, sys
given = [fcntl.fcntl(int(n), fcntl.F_DUPFD_CLOEXEC, 100) for n in sys.argv[1].split(",") if n]
for index, descriptor in enumerate(given):
    os.dup2(descriptor, 3 + index)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""
ANSWERS_LOCAL = 8  # IP_PKTINFO
USER = "[users.alice]\npassword = '{password}'\nhome = '{root}'\npermissions = 'elradfmw'\n"


def tcp(family=socket.AF_INET):
    return socket.create_server(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0), family=family, backlog=16)


def udp(pass_packet_info=True, host="127.0.0.1"):
    """As systemd makes it, with PassPacketInfo= or without."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if pass_packet_info:
        one.setsockopt(socket.IPPROTO_IP, ANSWERS_LOCAL, 1)
    one.bind((host, 0))
    return one


class Activated(Server):
    """The program with sockets that were opened before it: [(name, socket), ...]."""

    def __init__(self, config, sockets, names=True, process=None):
        super().__init__("", host="127.0.0.1")
        self.sockets = [one for _, one in sockets]
        self.env = {"LISTEN_FDS": str(len(sockets))}
        if names:
            self.env["LISTEN_FDNAMES"] = ":".join(name for name, _ in sockets)
        numbers = ",".join(str(one.fileno()) for one in self.sockets)
        program = [PROGRAM, "serve", "--config", str(config)]
        self.command = [sys.executable, "-c", WRAPPER, numbers, *program]
        if process is not None:
            self.env["LISTEN_PID"] = process
            self.command = program

    def run(self):
        self.errors = tempfile.NamedTemporaryFile("ab")
        env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=1:thread_local_quarantine_size_kb=64", **self.env)
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=env,
                                        pass_fds=[one.fileno() for one in self.sockets])
        return self

    def start(self):
        self.run()
        lines = [self.expect_line(r"listening (\w+) \S+:(\d+)$") for _ in self.sockets]
        ports = {(line[1] == "tftp", int(line[2])) for line in lines}
        assert ports == {(one.type == socket.SOCK_DGRAM, one.getsockname()[1]) for one in self.sockets}, ports
        for one in self.sockets:
            one.close()  # the program has its own by now
        return self


class HandedOverSockets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.password = subprocess.run([PROGRAM, "hash-password"], input=Server.password + "\n", capture_output=True,
                                      text=True, check=True, timeout=60).stdout.strip()

    def setUp(self):
        self.base = Path(tempfile.mkdtemp(prefix="wherry-sockets-"))
        self.addCleanup(shutil.rmtree, self.base)
        self.root = self.base / "served"
        self.root.mkdir()
        self.config = self.base / "wherry.toml"
        self.tftp = f'[tftp]\nlisten = "systemd:tftp"\nroots = "{self.root}"\n[tftp.write]\nmode = "create"\n'

    def users(self):
        return USER.format(password=self.password, root=self.root)

    def serve(self, text, sockets, **how):
        self.config.write_text(text + self.users())
        server = Activated(self.config, sockets, **how)
        self.addCleanup(server.stop)
        return server.start()

    def refuses(self, text, sockets, says, **how):
        self.config.write_text(text + self.users())
        server = Activated(self.config, sockets, **how).run()
        code = server.wait()
        server.process.stdout.close()
        for one in server.sockets:
            one.close()
        self.assertIn(code, (1, 2), server.said())
        self.assertIn(says, server.said())
        server.errors.close()

    def move_by_tftp(self, port, name):
        """Up and down again."""
        put(self.base / name, content(name, 300_000))
        url = f"tftp://127.0.0.1:{port}/{name}"
        subprocess.run([PROGRAM, "put", "-q", str(self.base / name), url], check=True, timeout=60)
        subprocess.run([PROGRAM, "get", "-q", "-o", str(self.base / f"{name}.back"), url], check=True, timeout=60)
        self.assertEqual(digest(self.base / f"{name}.back"), digest(self.base / name))
        self.assertEqual(digest(self.root / name), digest(self.base / name))

    def move_by_ftp(self, server, port, name):
        server.port = port
        put(self.base / name, content(name, 300_000))
        with server.ftp() as client:
            with open(self.base / name, "rb") as file:
                client.storbinary(f"STOR {name}", file)
            parts = []
            client.retrbinary(f"RETR {name}", parts.append)
        self.assertEqual(b"".join(parts), (self.base / name).read_bytes())

    def test_ftp_and_tftp_before_and_after_a_reload(self):
        ftp, tftp = tcp(), udp()
        ports = ftp.getsockname()[1], tftp.getsockname()[1]
        server = self.serve('[ftp]\nlisten = "systemd:ftp"\n' + self.tftp, [("tftp", tftp), ("ftp", ftp)])
        self.move_by_ftp(server, ports[0], "one")
        self.move_by_tftp(ports[1], "two")
        server.signal(signal.SIGHUP)
        eventually(lambda: "reload: done" in server.said(), "the configuration is read again")
        self.assertNotIn("restart", server.said())
        self.move_by_ftp(server, ports[0], "three")
        self.move_by_tftp(ports[1], "four")
        for number in (3, 4):  # programs that the server might start do not get them
            flags = re.search(r"flags:\s+(\d+)", Path(f"/proc/{server.process.pid}/fdinfo/{number}").read_text())[1]
            self.assertTrue(int(flags, 8) & os.O_CLOEXEC)

    def test_a_request_that_came_before_the_program_is_answered(self):
        put(self.root / "early", b"bird")
        tftp = udp(host="0.0.0.0")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(60)
            client.sendto(b"\0\1early\0octet\0", ("127.0.0.2", tftp.getsockname()[1]))
            self.serve('ftp.listen = []\n' + self.tftp, [("tftp", tftp)])
            packet, sender = client.recvfrom(600)
            self.assertEqual(packet, b"\0\3\0\1bird")
            self.assertEqual(sender[0], "127.0.0.2")  # where it was sent to, and not where the socket is
            client.sendto(b"\0\4\0\1", sender)

    def test_one_that_came_without_saying_where_to_is_answered_when_it_is_repeated(self):
        put(self.root / "early", b"bird")
        tftp = udp(host="0.0.0.0", pass_packet_info=False)
        address = ("127.0.0.2", tftp.getsockname()[1])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(60)
            client.sendto(b"\0\1early\0octet\0", address)
            self.serve('ftp.listen = []\n' + self.tftp, [("tftp", tftp)])
            client.sendto(b"\0\1early\0octet\0", address)
            packet, sender = client.recvfrom(600)
            self.assertEqual((packet, sender[0]), (b"\0\3\0\1bird", "127.0.0.2"))
            client.sendto(b"\0\4\0\1", sender)

    def test_a_unit_with_one_name_for_both_kinds(self):
        ftp, tftp = tcp(), udp()
        ports = ftp.getsockname()[1], tftp.getsockname()[1]
        both = self.tftp.replace("systemd:tftp", "systemd:wherry")
        server = self.serve('[ftp]\nlisten = "systemd:wherry"\n' + both, [("wherry", ftp), ("wherry", tftp)])
        self.move_by_ftp(server, ports[0], "one")
        self.move_by_tftp(ports[1], "two")

    def test_implicit_tls_and_i2ftp(self):
        key = self.base / "key"
        key.write_text("00112233445566778899aabbccddeeff")
        key.chmod(0o600)
        ftps, i2ftp = tcp(socket.AF_INET6 if has_ipv6() else socket.AF_INET), tcp()
        where = ftps.getsockname()[:2]
        self.serve('[ftp]\nlisten = []\nimplicit_listen = "systemd:ftps"\n[i2ftp]\nlisten = "systemd:i2ftp"\n'
                   f'key_file = "{key}"\nfolder = "{self.root}"\n', [("ftps", ftps), ("i2ftp", i2ftp)])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(where, timeout=60) as plain, context.wrap_socket(plain) as control:
            self.assertEqual(control.recv(3), b"220")

    def test_those_that_no_list_names_are_for_ftp(self):
        ftp = tcp()
        port = ftp.getsockname()[1]
        server = self.serve("", [("whatever.socket", ftp)])
        self.move_by_ftp(server, port, "one")

    def test_what_cannot_be(self):
        ftp = '[ftp]\nlisten = "systemd:ftp"\n'
        self.refuses(ftp, [("other", udp())], "name it in tftp.listen, as \"systemd:other\"")
        self.refuses(ftp + self.tftp, [("ftp", tcp())],
                     'tftp.listen: "systemd:tftp": no sockets of that name were handed over, but "ftp"')
        self.refuses(ftp, [], 'ftp.listen: "systemd:ftp": no sockets were handed over', names=False)
        self.refuses(ftp, [("ftp", tcp())], "no sockets were handed over", process="1")
        self.refuses(ftp, [("ftp", udp())], "write ListenStream= in the .socket unit")
        self.refuses(self.tftp, [("tftp", tcp())], "write ListenDatagram= in the .socket unit")
        deaf = socket.socket()
        deaf.bind(("127.0.0.1", 0))
        self.refuses(ftp, [("ftp", deaf)], "a socket that does not listen")
        self.refuses(self.tftp, [("tftp", socket.socket(socket.AF_INET, socket.SOCK_DGRAM))], "without a port")
        self.refuses(ftp + 'tls_listen = "systemd:ftp"\n', [("ftp", tcp())], "serve another list")
        self.refuses(ftp, [("ftp:more", tcp())], "LISTEN_FDNAMES: has 2 names for 1 sockets")

    def test_what_nobody_uses_is_told(self):
        ftp, tftp = tcp(), udp()
        self.config.write_text('[ftp]\nlisten = "systemd:both"\n' + self.users())
        server = Activated(self.config, [("both", ftp), ("both", tftp)]).run()
        self.addCleanup(server.stop)
        server.expect_line(rf"listening ftp \S+:{ftp.getsockname()[1]}$")
        ftp.close()
        tftp.close()
        self.assertIn('descriptor 4 ("both", datagrams)', server.said())


if __name__ == "__main__":
    unittest.main()
