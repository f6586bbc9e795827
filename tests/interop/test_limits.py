"""Limits that only a real system sets: file sizes, ports, addresses."""
import ftplib
import io
import resource
import signal
import socket
import unittest

from support import Case, Server, content, eventually


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


if __name__ == "__main__":
    unittest.main()
