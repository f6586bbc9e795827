"""tnftp: the BSD client, as people type at it."""
import os
import unittest

from support import Case, content, needs, put


class TnftpCase(Case):
    def tnftp(self, *lines, options=()):
        """Runs commands in one session; fails on any 4xx or 5xx among the answers."""
        script = "\n".join([f"open {self.server.host} {self.server.port}", "user alice secret", "binary", *lines,
                            "quit"])
        # No auto-login (-n), no questions (-i), all answers shown (-v).
        said = self.run_client("tnftp", "-n", "-i", "-v", *options, text=script.encode() + b"\n").stdout.decode()
        self.assertNotRegex(said, r"(?m)^[45]\d\d[ -]")
        self.assertIn("230", said)
        return said


@needs("tnftp")
class Tnftp(TnftpCase):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 400_000))
        os.utime(cls.root / "file", (10**9, 10**9))
        for index in range(12):
            put(cls.root / "many" / f"{index}.txt")

    def test_get_and_put_in_each_mode(self):
        for mode in ("passive on", "passive off", "epsv4 off", "epsv4 on"):
            name = mode.replace(" ", "-")
            self.tnftp(mode, f"get file {name}", f"put {name} up-{name}", "ls")
            self.assert_same_file(self.here / name, self.root / "file")
            self.assert_same_file(self.root / f"up-{name}", self.root / "file")

    def test_many_at_once(self):
        (self.here / "many").mkdir()
        place = self.place()
        names = " ".join(sorted(os.listdir(self.root / "many")))
        self.tnftp("cd many", "lcd many", f"mget {names}", f"cd /{place}", "mput *.txt", "mdelete 1.txt 10.txt 11.txt")
        self.assert_same_tree(self.here / "many", self.root / "many")
        self.assertEqual(sorted(os.listdir(self.root / place)), sorted(f"{i}.txt" for i in (0, *range(2, 10))))

    def test_a_pattern_is_asked_of_the_server(self):
        self.tnftp("cd many", "mget 1*.txt")
        self.assertEqual(sorted(os.listdir(self.here)), ["1.txt", "10.txt", "11.txt"])

    def test_resume(self):
        put(self.here / "file", (self.root / "file").read_bytes()[:222_222])
        self.tnftp("reget file")
        self.assert_same_file(self.here / "file", self.root / "file")

    def test_append(self):
        put(self.here / "part", b"tail")
        put(self.root / "log", b"head ")
        self.tnftp("append part log")
        self.assertEqual((self.root / "log").read_bytes(), b"head tail")

    def test_rename_delete_make_remove_mode_size_time(self):
        place = self.place()
        put(self.root / place / "a b", b"x" * 7)
        os.utime(self.root / place / "a b", (10**9, 10**9))
        said = self.tnftp(f"cd {place}", 'size "a b"', 'modtime "a b"', 'rename "a b" "c d"', 'chmod 600 "c d"',
                          "mkdir new",
                          "mkdir gone", "rmdir gone", "pwd", "system", "mlsd", "mlst", "feature", "rstatus")
        self.assertIn("a b\t7\n", said)
        self.assertIn("a b\tSun, 09 Sep 2001 01:46:40 +0000\n", said)
        self.assertEqual(sorted(os.listdir(self.root / place)), ["c d", "new"])
        self.assertEqual((self.root / place / "c d").stat().st_mode & 0o777, 0o600)

    def test_text_mode(self):
        put(self.root / "text", b"one\ntwo\n\nlast")
        self.tnftp("ascii", "get text", "put text text-up")
        self.assert_same_file(self.here / "text", self.root / "text")
        self.assert_same_file(self.root / "text-up", self.root / "text")

    def test_urls(self):
        self.run_client("tnftp", "-o", "file", self.server.url("file"))
        self.assert_same_file(self.here / "file", self.root / "file")
        self.run_client("tnftp", "-u", self.server.url("url-up"), "file")
        self.assert_same_file(self.root / "url-up", self.root / "file")


@needs("tnftp")
class Ipv6(TnftpCase):
    host = "::1"

    def test_both_modes(self):
        put(self.root / "file", content("file", 100_000))
        for mode in ("on", "off"):
            self.tnftp(f"passive {mode}", f"get file {mode}")
            self.assert_same_file(self.here / mode, self.root / "file")


if __name__ == "__main__":
    unittest.main()
