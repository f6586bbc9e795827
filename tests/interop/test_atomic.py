"""Uploads with atomic publishing: under its name, a file is the old one or the new one, whatever happens in between."""
import ftplib
import os
import signal
import socket
import unittest

from support import Case, Server, content, eventually

OLD, NEW = content("old", 1 << 20), content("new", 48 << 20)


class Atomic(Case):
    atomic = True

    def setUp(self):
        super().setUp()
        self.folder = self.root / self.place()
        self.target = self.folder / "file"
        self.path = f"/{self._testMethodName}/file"
        # A server of its own: some of these tests kill it.
        self.own = Server(self.root, atomic=True).start()
        self.addCleanup(self.own.stop)

    def begin_upload(self):
        """An upload of which the server has the better part: what the kernels hold is less than what was sent."""
        client = self.own.ftp()
        self.addCleanup(client.close)
        client.voidcmd("TYPE I")
        connection = client.transfercmd(f"STOR {self.path}")
        self.addCleanup(connection.close)
        connection.sendall(NEW[:40 << 20])
        return client, connection

    def assert_content(self, wanted):
        """The file under its name is `wanted`, whole and unmixed, or is not there."""
        found = self.target.read_bytes() if self.target.exists() else None
        if found != wanted:
            self.fail(f"{self.target} is {found and len(found)} bytes, not the {wanted and len(wanted)} it should be")

    def leftovers(self):
        return sorted(set(os.listdir(self.folder)) - {"file"})

    def assert_cleaned(self):
        """What is left besides the file is nothing, or what came, marked as such."""
        eventually(lambda: self.leftovers() in ([], ["file.partial"]), f"leftovers go away: {os.listdir(self.folder)}")

    def test_complete_upload(self):
        for old in (None, OLD):
            if old:
                self.target.write_bytes(old)
            client, connection = self.begin_upload()
            self.assert_content(old)
            connection.sendall(NEW[40 << 20:])
            connection.close()
            client.voidresp()
            self.assert_content(NEW)
            self.assertEqual(self.leftovers(), [])
            self.assertEqual(self.target.stat().st_mode & 0o777, 0o644)
            self.target.unlink()

    def test_others_see_the_old_file_meanwhile(self):
        self.target.write_bytes(OLD)
        self.begin_upload()
        with self.own.ftp() as other:
            other.voidcmd("TYPE I")
            self.assertEqual(other.size(self.path), len(OLD))
            parts = []
            other.retrbinary(f"RETR {self.path}", parts.append)
            self.assertEqual(b"".join(parts), OLD)

    def test_server_is_killed(self):
        for old in (None, OLD):
            with self.subTest(old=bool(old)):
                if old:
                    self.target.write_bytes(old)
                self.begin_upload()
                self.own.kill()
                self.assert_content(old)
                for name in self.leftovers():
                    self.assertTrue(name.startswith(".") or "partial" in name, f"{name} looks like a whole file")
                # The next server finds nothing that is in its way.
                self.own.stop()
                self.own = Server(self.root, atomic=True).start()
                self.addCleanup(self.own.stop)
                client, connection = self.begin_upload()
                connection.sendall(NEW[40 << 20:])
                connection.close()
                client.voidresp()
                self.assert_content(NEW)
                self.target.unlink()

    def test_server_is_told_to_end_at_once(self):
        self.target.write_bytes(OLD)
        self.begin_upload()
        self.own.stop()  # SIGTERM twice
        self.assert_content(OLD)
        self.assert_cleaned()

    def test_client_goes_away(self):
        self.target.write_bytes(OLD)
        for goodbye in ("control", "reset", "both"):
            with self.subTest(goodbye):
                client, connection = self.begin_upload()
                if goodbye == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    connection.close()
                    with self.assertRaises(ftplib.Error):
                        client.voidresp()
                else:
                    client.close()
                    if goodbye == "both":
                        connection.close()
                self.assert_cleaned()
                self.assert_content(OLD)

    def small_upload(self, data):
        client = self.own.ftp()
        client.voidcmd("TYPE I")
        connection = client.transfercmd(f"STOR {self.path}")
        connection.sendall(data)
        return client, connection

    def test_client_dies_at_the_end_of_a_small_upload(self):
        """Both its connections end in the same moment, the way a process ends."""
        for _ in range(40):
            client, connection = self.small_upload(b"half")
            client.close()
            connection.close()
            eventually(lambda: not self.leftovers(), f"leftovers go away: {os.listdir(self.folder)}")
            self.assert_content(None)

    def test_client_says_quit_and_does_not_wait(self):
        for _ in range(20):
            client, connection = self.small_upload(b"all of it")
            client.sock.sendall(b"QUIT\r\n")
            client.close()
            connection.close()
            eventually(self.target.exists, "what is complete is published")
            self.assert_content(b"all of it")
            self.target.unlink()

    def test_abort(self):
        self.target.write_bytes(OLD)
        client, _ = self.begin_upload()
        client.putcmd("ABOR")
        self.assertEqual(client.getmultiline()[:3], "426")
        self.assertEqual(client.getmultiline()[:3], "226")
        self.assert_cleaned()
        self.assert_content(OLD)
        self.assertEqual(client.voidcmd("NOOP")[:3], "200")


if __name__ == "__main__":
    unittest.main()
