"""Limits that only a real system sets: file sizes, ports, addresses."""
import ftplib
import io
import resource
import select
import signal
import socket
import unittest

from support import DEADLINE, Case, Server, content, eventually
from wire import Wire


class Limits(Case):
    def test_a_file_above_the_systems_limit_fails_one_upload_only(self):
        """SIGXFSZ, whose default is to end the process."""
        own = Server(self.root).start()
        self.addCleanup(own.stop)
        resource.prlimit(own.process.pid, resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        with own.ftp() as client:
            client.voidcmd("TYPE I")
            data = client.transfercmd("STOR large")
            try:
                data.sendall(bytes(3 << 20))
            except OSError:
                pass  # the server has closed it already
            data.close()
            with self.assertRaises(ftplib.Error) as refused:
                client.voidresp()
            self.assertRegex(str(refused.exception), "^(452|552)")
            small = content("small", 5000)
            client.storbinary("STOR small", io.BytesIO(small))
        self.assertEqual((self.root / "small").read_bytes(), small)

    def test_clients_of_several_addresses_share_a_passive_port(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = max(free.getsockname()[1], 1024)
        config = self.base / "shared.toml"
        config.write_text(f'[ftp]\npassive_ports = "{port}-{port}"\nshare_passive_ports = true\n')
        own = Server(self.root, "--config", str(config)).start()
        self.addCleanup(own.stop)
        clients = []
        for last in range(2, 8):
            client = ftplib.FTP(timeout=30, encoding="latin-1", source_address=(f"127.0.0.{last}", 0))
            self.addCleanup(client.close)
            client.connect(own.host, own.port)
            client.login(own.user, own.password)
            client.voidcmd("TYPE I")
            clients.append(client)
        waiting = []
        for client in clients:  # all wait at the one port before any of them connects
            self.assertEqual(ftplib.parse229(client.sendcmd("EPSV"), client.sock.getpeername())[1], port)
            waiting.append(f"from {client.source_address[0]}".encode())
        for number, (client, text) in enumerate(zip(reversed(clients), reversed(waiting))):
            data = socket.create_connection((own.host, port), timeout=30, source_address=client.source_address)
            self.assertRegex(client.sendcmd(f"STOR shared{number}"), "^1")
            data.sendall(text)
            data.close()
            self.assertEqual(client.voidresp()[:3], "226")
            self.assertEqual((self.root / f"shared{number}").read_bytes(), text)

    def test_anonymous_access_follows_a_reload(self):
        config = self.base / "anonymous.toml"
        config.write_text("[login]\nfailure_delay = 0\nban_after = 0\n")
        own = Server(self.root, anonymous=True)
        own.command = [own.command[0], "serve", "--config", str(config), "-i", own.host, "-p", "0"]
        own.start()
        self.addCleanup(own.stop)

        def comes_in():
            client = own.ftp(login=False)
            try:
                return client.login("anonymous", "x")
            except ftplib.error_perm:
                return None
            finally:
                client.close()

        self.assertIsNone(comes_in())
        config.write_text(config.read_text() + f'[anonymous]\nfolder = "{self.root}"\n')
        own.signal(signal.SIGHUP)
        eventually(comes_in, "anonymous access after the reload")
        config.write_text("[login]\nfailure_delay = 0\nban_after = 0\n")
        own.signal(signal.SIGHUP)
        eventually(lambda: comes_in() is None, "no anonymous access after the next reload")


class Pipelining(Case):
    """Commands without end while a download waits for its client. What the server keeps of them would be megabytes."""

    most_growth = 4 << 20

    @classmethod
    def populate(cls):
        with open(cls.root / "large", "wb") as file:
            file.truncate(32 << 20)

    def begin_download(self):
        wire = Wire(self.server, login=True)
        self.addCleanup(wire.close)
        self.assertEqual(wire.ask("TYPE I")[0], "200")
        data = wire.data()
        self.addCleanup(data.close)
        wire.send("RETR large\r\n")
        self.assertEqual(wire.reply()[0], "125")
        self.assertEqual(wire.ask("NOOP")[0], "200")
        return wire, data

    def end_download(self, wire, data):
        moved = 0
        while block := data.recv(1 << 20):
            self.assertFalse(any(block))
            moved += len(block)
        self.assertEqual((moved, wire.reply()[0]), (32 << 20, "226"))

    def pump(self, wire, count):
        """Says NOOP `count` times and reads what is said to that. How much more memory there was at any time."""
        text, sent, got, looks, before, most = b"NOOP\r\n" * count, 0, 0, 0, self.server.memory(), 0
        wire.socket.setblocking(False)
        while got < count * len(b"200 OK\r\n"):
            waits = [wire.socket] if sent < len(text) else []
            readable, writable, _ = select.select([wire.socket], waits, [], DEADLINE)
            self.assertTrue(readable or writable, f"nothing moves after {sent} of {len(text)} bytes")
            if readable:
                block = wire.socket.recv(1 << 18)
                self.assertTrue(block, "the server has closed")
                self.assertEqual(block.translate(None, b"20 OK\r\n"), b"")
                got += len(block)
            if writable:
                sent += wire.socket.send(text[sent:sent + (1 << 16)])
            looks += 1
            if looks % 20 == 0:
                most = max(most, self.server.memory())
        wire.socket.settimeout(DEADLINE)
        self.assertEqual(got, count * len(b"200 OK\r\n"))
        return max(most, self.server.memory()) - before

    def test_a_million_noops_during_a_download(self):
        wire, data = self.begin_download()
        self.pump(wire, 10_000)  # whatever it keeps for good it has then
        self.assertLess(self.pump(wire, 1_000_000), self.most_growth)
        self.end_download(wire, data)

    def test_a_million_commands_that_wait_for_a_download(self):
        """They stay where they are: with the client. In the end each has its answer."""
        wire, data = self.begin_download()
        before = self.server.memory()
        text, sent = b"PWD\r\n" * 1_000_000, 0
        wire.socket.setblocking(False)
        while select.select([], [wire.socket], [], 1)[1]:  # until it takes no more
            sent += wire.socket.send(text[sent:sent + (1 << 16)])
            self.assertLess(sent, len(text), "all of it was taken")
        self.assertLess(self.server.memory() - before, self.most_growth)
        wire.socket.settimeout(DEADLINE)
        self.end_download(wire, data)
        wire.send(text[sent:sent + (-sent) % len(b"PWD\r\n")])  # the end of the last line
        for _ in range((sent + 4) // len(b"PWD\r\n")):
            self.assertEqual(wire.reply()[0], "257")
        self.assertEqual(wire.ask("NOOP")[0], "200")


if __name__ == "__main__":
    unittest.main()
