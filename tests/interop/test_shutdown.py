"""How the server ends: SIGTERM once, twice, SIGINT; with and without a transfer that runs."""
import ftplib
import signal
import unittest

from support import Case, Server, content, eventually, put

BIG = 256 << 20


class Shutdown(Case):
    @classmethod
    def populate(cls):
        with open(cls.root / "big", "wb") as file:
            file.truncate(BIG)
        put(cls.root / "file", content("file", 5000))

    def setUp(self):
        super().setUp()
        self.own = Server(self.root).start()
        self.addCleanup(self.own.stop)

    def begin_download(self):
        client = self.own.ftp()
        self.addCleanup(client.close)
        client.voidcmd("TYPE I")
        connection = client.transfercmd("RETR big")
        self.addCleanup(connection.close)
        self.assertTrue(connection.recv(1))
        return client, connection

    def test_sigterm_ends_an_idle_server(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            own = Server(self.root).start()
            self.addCleanup(own.stop)
            with own.ftp() as client:
                own.signal(number)
                self.assertEqual(own.wait(), 0)
                # An idle session hears 421, or at least the end.
                try:
                    self.assertEqual(client.getline()[:3], "421")
                except (EOFError, OSError):
                    pass

    def test_sigterm_lets_a_download_end(self):
        client, connection = self.begin_download()
        self.own.signal()
        eventually(self.own.refuses, "new sessions are refused")
        self.assertIsNone(self.own.process.poll())
        count = 1
        while part := connection.recv(1 << 20):
            count += len(part)
        connection.close()
        self.assertEqual(count, BIG)
        self.assertEqual(client.getmultiline()[:3], "226")
        self.assertEqual(self.own.wait(), 0)

    def test_second_sigterm_ends_at_once(self):
        client, connection = self.begin_download()
        self.own.signal()
        eventually(self.own.refuses, "new sessions are refused")
        self.assertIsNone(self.own.process.poll())
        self.own.signal()
        self.assertEqual(self.own.wait(), 0)

    def test_port_is_free_again(self):
        self.begin_download()  # cut off, so that a connection of the port lingers in the kernel
        port = self.own.port
        self.own.stop()
        again = Server(self.root, port=port).start()
        self.addCleanup(again.stop)
        self.assertEqual(again.port, port)
        again.ftp().close()

    def test_refused_session_is_told(self):
        self.begin_download()
        self.own.signal()
        eventually(self.own.refuses, "new sessions are refused")
        with self.assertRaises((ftplib.error_temp, EOFError, OSError)):
            self.own.ftp()

    def test_upload_is_let_end_as_well(self):
        client = self.own.ftp()
        self.addCleanup(client.close)
        client.voidcmd("TYPE I")
        connection = client.transfercmd("STOR up")
        data = content("up", 20 << 20)
        connection.sendall(data[:1 << 20])
        self.own.signal()
        eventually(self.own.refuses, "new sessions are refused")
        connection.sendall(data[1 << 20:])
        connection.close()
        self.assertEqual(client.getmultiline()[:3], "226")
        self.assertEqual(self.own.wait(), 0)
        self.assertEqual((self.root / "up").read_bytes(), data)


if __name__ == "__main__":
    unittest.main()
