"""GNU inetutils' ftp: the classic client, active unless told otherwise."""
import os
import unittest

from support import Case, content, needs, put


class InetutilsCase(Case):
    def type(self, *lines, options=()):
        """Runs commands in one session; fails on any 4xx or 5xx among the answers."""
        script = "\n".join([f"open {self.server.host} {self.server.port}", "user alice secret", "binary", *lines,
                            "quit"])
        # No auto-login (-n), no questions (-i), all answers shown (-v).
        said = self.run_client("inetutils-ftp", "-n", "-i", "-v", *options, text=script.encode() + b"\n").stdout
        said = said.decode(errors="replace")
        self.assertNotRegex(said, r"(?m)^[45]\d\d[ -]")
        self.assertIn("230", said)
        self.assertIn("221", said)
        return said


@needs("inetutils-ftp")
class Inetutils(InetutilsCase):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 400_000))
        put(cls.root / "empty", b"")
        os.utime(cls.root / "file", (10**9, 10**9))
        for index in range(12):
            put(cls.root / "many" / f"{index}.txt")

    def test_get_and_put_in_both_modes(self):
        for name, options in {"active": (), "passive": ("-p",)}.items():
            self.type(f"get file {name}", f"put {name} up-{name}", f"get empty {name}-empty", "dir", "nlist",
                      options=options)
            self.assert_same_file(self.here / name, self.root / "file")
            self.assert_same_file(self.root / f"up-{name}", self.root / "file")
            self.assertEqual((self.here / f"{name}-empty").stat().st_size, 0)

    def test_many_at_once(self):
        (self.here / "many").mkdir()
        place = self.place()
        self.type("cd many", "lcd many", "mget *.txt", f"cd /{place}", "mput *.txt", "mdelete 1*.txt", options=("-p",))
        self.assert_same_tree(self.here / "many", self.root / "many")
        self.assertEqual(sorted(os.listdir(self.root / place)), sorted(f"{i}.txt" for i in (0, *range(2, 10))))

    def test_resume(self):
        put(self.here / "file", (self.root / "file").read_bytes()[:222_222])
        self.type("reget file", options=("-p",))
        self.assert_same_file(self.here / "file", self.root / "file")

    def test_append_and_store_unique(self):
        place = self.place()
        put(self.here / "part", b"tail")
        put(self.root / place / "log", b"head ")
        self.type(f"cd {place}", "append part log", "sunique", "put part", "put part", options=("-p",))
        self.assertEqual((self.root / place / "log").read_bytes(), b"head tail")
        unique = sorted(set(os.listdir(self.root / place)) - {"log"})
        self.assertEqual([(self.root / place / name).read_bytes() for name in unique], [b"tail", b"tail"])

    def test_rename_delete_make_remove_mode_size_time(self):
        place = self.place()
        put(self.root / place / "a b", b"x" * 7)
        os.utime(self.root / place / "a b", (10**9, 10**9))
        said = self.type(f"cd {place}", 'size "a b"', 'modtime "a b"', 'rename "a b" "c d"', 'chmod 600 "c d"',
                         "mkdir new", "mkdir gone", "rmdir gone", "pwd", "system", "rstatus", "rhelp", "quote NOOP",
                         "site HELP", "cdup")
        self.assertIn("213 7", said)
        self.assertIn("a b\t09/09/2001 01:46:40 GMT", said)
        self.assertEqual(sorted(os.listdir(self.root / place)), ["c d", "new"])
        self.assertEqual((self.root / place / "c d").stat().st_mode & 0o777, 0o600)

    def test_text_mode(self):
        put(self.root / "text", b"one\ntwo\n\nlast")
        self.type("ascii", "get text", "put text text-up", options=("-p",))
        self.assert_same_file(self.here / "text", self.root / "text")
        self.assert_same_file(self.root / "text-up", self.root / "text")


@needs("inetutils-ftp")
class Ipv6(InetutilsCase):
    host = "::1"

    def test_both_modes(self):
        put(self.root / "file", content("file", 100_000))
        for name, options in {"active": (), "passive": ("-p",)}.items():
            self.type(f"get file {name}", options=options)
            self.assert_same_file(self.here / name, self.root / "file")


if __name__ == "__main__":
    unittest.main()
