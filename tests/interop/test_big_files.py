"""Files of more than 4 GiB: sizes, ranges, resuming. They are sparse, and but once only their ends travel."""
import os
import unittest

from support import Case, needs, put

SIZE = 5 * 2**30
# Bytes that are not zero lie where 32-bit arithmetic goes wrong.
MARKS = (0, 2**31 - 8, 2**32 - 8, SIZE - 16)


def sparse(path, size):
    """A file of zeros with a mark of 16 bytes at each of MARKS that fit in."""
    with open(path, "wb") as file:
        file.truncate(size)
        for place in MARKS:
            if place + 16 <= size:
                os.pwrite(file.fileno(), mark(place), place)


def mark(place):
    return f"{place:016x}".encode()


def tail(path, count):
    with open(path, "rb") as file:
        file.seek(-count, os.SEEK_END)
        return file.read()


class BigFiles(Case):
    @classmethod
    def populate(cls):
        sparse(cls.root / "big", SIZE)
        if (cls.root / "big").stat().st_blocks * 512 > 2**24:
            raise unittest.SkipTest("this filesystem keeps no sparse files")

    def curl(self, *arguments):
        return self.run_client("curl", "-sS", *arguments).stdout

    def test_size_everywhere(self):
        with self.server.ftp() as client:
            client.voidcmd("TYPE I")
            self.assertEqual(client.size("big"), SIZE)
            self.assertIn(f"size={SIZE};", client.sendcmd("MLST big").lower())
            self.assertEqual(dict(client.mlsd())["big"]["size"], str(SIZE))
            lines = []
            client.retrlines("LIST big", lines.append)
            self.assertIn(f" {SIZE} ", lines[0])
            self.assertIn(str(SIZE), client.sendcmd("STAT big"))

    @needs("curl")
    def test_ranges(self):
        for place in MARKS:
            self.assertEqual(self.curl("-r", f"{place}-{place + 15}", self.server.url("big")), mark(place))
        self.assertEqual(self.curl("-r", "-16", self.server.url("big")), mark(SIZE - 16))

    @needs("curl")
    def test_download_is_resumed_behind_4_gib(self):
        sparse(self.here / "big", SIZE - 2**20)
        self.curl("-C", "-", "-o", "big", self.server.url("big"))
        self.assertEqual((self.here / "big").stat().st_size, SIZE)
        self.assertEqual(tail(self.here / "big", 2**20), tail(self.root / "big", 2**20))

    @needs("lftp")
    def test_lftp_resumes_a_download_behind_4_gib(self):
        sparse(self.here / "big", SIZE - 2**20)
        self.run_client("lftp", "--norc", "-c", "set cmd:fail-exit yes; set ftp:ssl-allow no; open -u alice,secret "
                        f"ftp://{self.server.authority}; get -c big")
        self.assertEqual((self.here / "big").stat().st_size, SIZE)
        self.assertEqual(tail(self.here / "big", 2**20), tail(self.root / "big", 2**20))

    @needs("curl")
    def test_upload_is_resumed_behind_4_gib(self):
        place = self.place()
        sparse(self.root / place / "up", 2**32 + 50)
        sparse(self.here / "up", SIZE)
        with open(self.here / "up", "r+b") as file:
            file.truncate(2**32 + 50 + 2**20)
            os.pwrite(file.fileno(), b"the end", 2**32 + 50 + 2**20 - 7)
        self.curl("-C", "-", "-T", "up", self.server.url(f"{place}/up"))
        self.assertEqual((self.root / place / "up").stat().st_size, 2**32 + 50 + 2**20)
        self.assertEqual(tail(self.root / place / "up", 2**20 + 100), tail(self.here / "up", 2**20 + 100))

    @needs("curl")
    def test_append_behind_4_gib(self):
        place = self.place()
        sparse(self.root / place / "log", 2**32 + 5)
        put(self.here / "part", b"tail")
        self.curl("--append", "-T", "part", self.server.url(f"{place}/log"))
        self.assertEqual((self.root / place / "log").stat().st_size, 2**32 + 9)
        self.assertEqual(tail(self.root / place / "log", 5), b"\0tail")

    def test_all_of_it_once(self):
        with self.server.ftp() as client:
            client.voidcmd("TYPE I")
            client.sock.settimeout(600)
            with client.transfercmd("RETR big") as connection:
                buffer, count, found = bytearray(2**20), 0, {}
                while received := connection.recv_into(buffer):
                    for place in MARKS:
                        if count <= place and place + 16 <= count + received:
                            found[place] = bytes(buffer[place - count:place - count + 16])
                    count += received
            client.voidresp()
        self.assertEqual(count, SIZE)
        for place, text in found.items():  # a mark may lie across two reads
            self.assertEqual(text, mark(place))


if __name__ == "__main__":
    unittest.main()
