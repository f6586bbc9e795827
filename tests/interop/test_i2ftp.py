"""I2FTP: the server against a client that is not ours, and against our own program; files of all sizes, resuming."""
import hashlib
import json
import os
import subprocess
import threading
import unittest

import i2tcp
from support import DEADLINE, PROGRAM, Case, Server, put

KEY = bytes(range(1, 33))
PIECE = i2tcp.PIECE


class I2ftpServer(Server):
    def __init__(self, root, *options, **more):
        super().__init__(root, "--i2ftp", "0", *options, **more)

    def start(self):
        os.environ["WHERRY_I2FTP_KEY"] = KEY.hex()
        try:
            super().start()
            address = self.expect_line(r"listening i2ftp (\S+)").group(1)
        finally:
            del os.environ["WHERRY_I2FTP_KEY"]
        self.i2ftp_port = int(address.rpartition(":")[2])
        return self


class I2ftp(Case):
    def setUp(self):
        super().setUp()
        self.root = self.base / "i2ftp" / self._testMethodName
        self.root.mkdir(parents=True)
        self.i2 = I2ftpServer(self.root).start()
        self.addCleanup(self.i2.stop)

    def dial(self, **how):
        connection = i2tcp.Connection(self.i2.i2ftp_port, KEY, **how)
        self.addCleanup(connection.close)
        return connection

    def wherry(self, *arguments, key=KEY, code=0):
        done = subprocess.run([PROGRAM, "i2ftp", *arguments], capture_output=True, timeout=DEADLINE, text=True,
                              cwd=self.here, env=dict(os.environ, WHERRY_I2FTP_KEY=key.hex()))
        self.assertEqual(done.returncode, code, done)
        return done

    def url(self, path=""):
        return f"i2ftp://127.0.0.1:{self.i2.i2ftp_port}/{path}"

    def test_a_foreign_client_of_either_age_moves_files_both_ways(self):
        for preauth in (True, False):
            control, data = self.dial(preauth=preauth), self.dial(preauth=preauth)
            for size in (1, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE + 5):
                content = os.urandom(size)
                i2tcp.upload(control, data, b"up/new.bin", content)
                listed = json.loads(control.ask(b"LIST,up/new.bin"))
                self.assertEqual(listed["new.bin"]["size"], size)
                self.assertEqual((self.root / "up/new.bin").read_bytes(), content)
                got, digest = i2tcp.download(control, data, b"up/new.bin", size)
                self.assertEqual(got, content)
                self.assertEqual(digest, hashlib.md5(content).hexdigest())

    def test_a_foreign_client_with_a_wrong_key_hears_nothing(self):
        with self.assertRaises((EOFError, ConnectionResetError)):
            i2tcp.Connection(self.i2.i2ftp_port, b"a wrong key")

    def test_our_client_moves_files_of_all_sizes_over_one_connection_and_several(self):
        for size in (0, 1, PIECE, PIECE + 1, 40 * PIECE + 7):
            content = os.urandom(size)
            put(self.here / "local", content)
            for connections in ("1", "4"):
                self.wherry("put", "local", self.url("dir/"), "-j", connections)
                self.assertEqual((self.root / "dir/local").read_bytes(), content)
                self.wherry("get", self.url("dir/local"), "back", "-j", connections)
                self.assertEqual((self.here / "back").read_bytes(), content)
                (self.here / "back").unlink()

    def test_our_client_goes_on_with_a_download(self):
        content = os.urandom(3 * PIECE)
        put(self.root / "file", content)
        put(self.here / "file.part", content[:PIECE + 5])
        said = self.wherry("get", self.url("file")).stderr
        self.assertIn(f"of which {PIECE + 5} were there", said)
        self.assertEqual((self.here / "file").read_bytes(), content)

    def test_our_client_begins_anew_where_the_part_was_of_another_file(self):
        content = os.urandom(3 * PIECE)
        put(self.root / "file", content)
        put(self.here / "file.part", os.urandom(PIECE))
        self.wherry("get", self.url("file"))
        self.assertEqual((self.here / "file").read_bytes(), content)

    def test_our_client_goes_on_with_an_upload(self):
        content = os.urandom(3 * PIECE)
        put(self.here / "file", content)
        first = i2tcp.Connection(self.i2.i2ftp_port, KEY)
        session = first.ask(b"PULF,file")
        first.ask(b"UPLD," + session + b"," + bytes(8) + b"," + content[:PIECE])
        first.close()
        said = self.wherry("put", "file", self.url()).stderr
        self.assertIn(f"of which {PIECE} were there", said)
        self.assertEqual((self.root / "file").read_bytes(), content)

    def test_our_client_sends_all_again_where_the_kept_part_was_of_another_file(self):
        put(self.here / "file", os.urandom(3 * PIECE))
        first = i2tcp.Connection(self.i2.i2ftp_port, KEY)
        session = first.ask(b"PULF,file")
        first.ask(b"UPLD," + session + b"," + bytes(8) + b"," + os.urandom(PIECE))
        first.close()
        self.wherry("put", "file", self.url())
        self.assertEqual((self.root / "file").read_bytes(), (self.here / "file").read_bytes())

    def test_our_client_looks_and_changes(self):
        put(self.root / "d/a", b"x")
        self.assertEqual(self.wherry("ls", "-1", self.url("d")).stdout, "a\n")
        self.wherry("mkdir", self.url("e/f"))
        self.wherry("cp", self.url("d"), "e/f/d")
        self.wherry("mv", self.url("e/f/d/a"), self.url("b"))
        self.assertIn(" b\n", self.wherry("stat", self.url("b")).stdout)
        self.wherry("rm", self.url("e"))
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), ["b", "d"])

    def test_mistakes_are_told_in_words(self):
        self.assertIn("does not exist", self.wherry("get", self.url("none"), code=1).stderr)
        self.assertIn("does not take this key", self.wherry("ls", self.url(), key=b"wrong", code=1).stderr)
        self.assertIn("no URL", self.wherry("ls", "ftp://host/", code=2).stderr)
        self.assertIn("is a directory", self.wherry("get", self.url("."), "x", code=1).stderr)

    def test_many_clients_at_once_keep_every_digest_right(self):
        contents = [os.urandom(PIECE + 11 * i) for i in range(8)]
        wrong = []

        def one(number):
            try:
                control = i2tcp.Connection(self.i2.i2ftp_port, KEY)
                data = i2tcp.Connection(self.i2.i2ftp_port, KEY)
                for _ in range(3):
                    name = b"storm%d" % number
                    i2tcp.upload(control, data, name, contents[number])
                    got, digest = i2tcp.download(control, data, name, len(contents[number]))
                    if got != contents[number] or digest != hashlib.md5(got).hexdigest():
                        wrong.append(number)
                control.close()
                data.close()
            except Exception as error:  # of another thread: told below
                wrong.append((number, repr(error)))
        threads = [threading.Thread(target=one, args=(number,)) for number in range(len(contents))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
