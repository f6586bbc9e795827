"""wget: recursive downloads, time stamps, resuming."""
import os
import time
import unittest

from support import Case, content, grow_tree, needs, put

# wget reads LIST lines, and so loses blanks at either end of a name, and takes %41 for an A.
REACHABLE = [b"plain.txt", b"with space.txt", b'quo"te', b"it's", b"-rf", b"100%", b"hash#tag", b"semi;colon",
             b"comma,name",
             b"[brackets]", b"~", b"$HOME", b"amp&", b"...", b".hidden", "Grüße.txt".encode(), "日本語.txt".encode(),
             b"n" * 200]


@needs("wget")
class Wget(Case):
    @classmethod
    def populate(cls):
        grow_tree(cls.root / "tree", REACHABLE)
        put(cls.root / "file", content("file", 500_000))

    def wget(self, *arguments, codes=(0,)):
        return self.run_client("wget", "-nv", "--tries=1", "--timeout=60", "--restrict-file-names=nocontrol",
                               *arguments,
                               codes=codes)

    def test_recursive(self):
        for mode in ("--passive-ftp", "--no-passive-ftp"):
            self.wget(mode, "-r", "-l", "inf", "-nH", "--cut-dirs=1", "-P", mode[2:], self.server.url("tree/"))
            self.assert_same_tree(self.here / mode[2:], self.expected())

    def expected(self):
        """The tree as wget makes it: without the folders in which nothing is."""
        copy = self.here / "expected"
        if not copy.exists():
            grow_tree(copy, REACHABLE)
            for path in (self.root / "tree").rglob("*"):
                if path.is_file():
                    put(copy / path.relative_to(self.root / "tree"), path.read_bytes())
        return copy

    def test_resume(self):
        put(self.here / "file", (self.root / "file").read_bytes()[:123_456])
        self.wget("-c", self.server.url("file"))
        self.assert_same_file(self.here / "file", self.root / "file")

    def test_time_stamps(self):
        now = int(time.time()) // 60 * 60 - 7200  # LIST tells minutes, and only of what is not old
        os.utime(self.root / "file", (now, now))
        self.wget("-N", self.server.url("file"))
        self.assertEqual(int((self.here / "file").stat().st_mtime), now)
        put(self.here / "file", b"x" * 500_000)
        os.utime(self.here / "file", (now + 60, now + 60))
        self.wget("-N", self.server.url("file"))
        self.assertEqual((self.here / "file").read_bytes(), b"x" * 500_000)
        os.utime(self.here / "file", (now - 60, now - 60))
        self.wget("-N", self.server.url("file"))
        self.assert_same_file(self.here / "file", self.root / "file")

    def test_glob(self):
        self.wget(self.server.url("tree/files/").replace("files/", "files/*.txt"))
        self.assertEqual(sorted(os.listdir(os.fsencode(self.here))),
                         sorted(n for n in REACHABLE if n.endswith(b".txt")))

    def test_what_is_not_there(self):
        self.wget(self.server.url("never"), codes=(8,))
        self.wget(f"ftp://alice:wrong@{self.server.authority}/file", codes=(6,))


@needs("wget")
class Ipv6(Case):
    host = "::1"

    def test_both_modes(self):
        put(self.root / "file", content("file", 100_000))
        for mode in ("--passive-ftp", "--no-passive-ftp"):
            self.run_client("wget", "-nv", "--tries=1", mode, "-O", mode[2:], self.server.url("file"))
            self.assert_same_file(self.here / mode[2:], self.root / "file")


if __name__ == "__main__":
    unittest.main()
