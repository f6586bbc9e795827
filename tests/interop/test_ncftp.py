"""NcFTP: trees by TAR-less recursion, resuming, its own guesses at what the server can do."""
import os
import unittest

from support import NAMES, Case, content, grow_tree, needs, put

# It takes patterns and quotes on its own side, passes over "..." and has no room for long paths.
REACHABLE = [name for name in NAMES
             if not set(name) & set(b"*?[]{}~\\\"'`$ ") and not name.startswith((b"-", b"...")) and len(name) < 100]


class NcftpCase(Case):
    def ncftp(self, program, *arguments, codes=(0,)):
        """One of its one-shot programs, in one session; -V: no progress meter, and errors as exit codes."""
        return self.run_client(program, "-V", "-u", "alice", "-p", "secret", "-P", str(self.server.port), *arguments,
                               codes=codes)


@needs("ncftpget")
class Ncftp(NcftpCase):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 400_000))
        os.utime(cls.root / "file", (10**9, 10**9))
        put(cls.root / "empty", b"")
        grow_tree(cls.root / "tree", REACHABLE)

    def test_get_and_put_in_both_modes(self):
        for number, mode in enumerate(("-F", "-E")):  # passive, active
            place = self.here / str(number)
            place.mkdir()
            self.ncftp("ncftpget", mode, self.server.host, str(place), "/file", "/empty")
            self.assert_same_file(place / "file", self.root / "file")
            self.assertEqual((place / "empty").stat().st_size, 0)
            self.assertEqual(int((place / "file").stat().st_mtime), 10**9)
            self.ncftp("ncftpput", mode, "-m", self.server.host, f"/up{number}", str(place / "file"),
                       str(place / "empty"))
            self.assert_same_tree(place, self.root / f"up{number}")
            self.assertEqual(int((self.root / f"up{number}" / "file").stat().st_mtime), 10**9)

    def test_trees_both_ways(self):
        self.ncftp("ncftpget", "-R", "-T", self.server.host, str(self.here), "/tree")
        self.assert_same_tree(self.here / "tree", self.root / "tree")
        place = self.place()
        self.ncftp("ncftpput", "-R", self.server.host, f"/{place}", str(self.here / "tree"))
        self.assert_same_tree(self.here / "tree", self.root / place / "tree")

    def test_resume_both_ways(self):
        whole = (self.root / "file").read_bytes()
        put(self.here / "file", whole[:123_456])
        self.ncftp("ncftpget", "-z", self.server.host, str(self.here), "/file")
        self.assert_same_file(self.here / "file", self.root / "file")
        place = self.place()
        put(self.root / place / "file", whole[:77_777])
        # It resumes what is as old, and its use of sendfile (which -s forbids) would begin at the first byte.
        for each in (self.root / place / "file", self.here / "file"):
            os.utime(each, (10**9, 10**9))
        self.ncftp("ncftpput", "-z", "-s", self.server.host, f"/{place}", str(self.here / "file"))
        self.assert_same_file(self.root / place / "file", self.here / "file")

    def test_under_another_name_and_appended(self):
        place = self.place()
        put(self.here / "part", b"tail")
        put(self.root / place / "log", b"head ")
        self.ncftp("ncftpput", "-A", "-C", self.server.host, str(self.here / "part"), f"/{place}/log")
        self.assertEqual((self.root / place / "log").read_bytes(), b"head tail")
        self.ncftp("ncftpput", "-T", "tmp.", self.server.host, f"/{place}", str(self.here / "part"))
        self.assertEqual(sorted(os.listdir(self.root / place)), ["log", "part"])

    def test_gone_after_the_transfer(self):
        place = self.place()
        put(self.root / place / "file", b"x")
        self.ncftp("ncftpget", "-DD", self.server.host, str(self.here), f"/{place}/file")
        self.assertEqual(os.listdir(self.root / place), [])
        self.assertEqual((self.here / "file").read_bytes(), b"x")

    def test_lists(self):
        folder = self.root / "tree" / "files"
        address = f"ftp://{self.server.host}:{self.server.port}/tree/files/"
        said = self.run_client("ncftpls", "-1", "-u", "alice", "-p", "secret", address).stdout
        self.assertEqual(sorted(said.splitlines()), sorted(os.listdir(os.fsencode(folder))))
        said = self.run_client("ncftpls", "-l", "-u", "alice", "-p", "secret", address).stdout.decode()
        self.assertRegex(said, r"(?m)^-rw-r--r-- .* plain\.txt$")

    def test_shell(self):
        place = self.place()
        put(self.here / "file", content("shell", 50_000))
        script = "\n".join([f"open -u alice -p secret -P {self.server.port} {self.server.host}", f"cd /{place}",
                            "put file", "mkdir new", "rename file other", "chmod 600 other", "ls -l", "quote SITE HELP",
                            "rhelp", "mv other new/file", "rmdir none", "quit"])
        self.run_client("ncftp", text=script.encode() + b"\n")
        self.assert_same_file(self.root / place / "new" / "file", self.here / "file")
        self.assertEqual((self.root / place / "new" / "file").stat().st_mode & 0o777, 0o600)

    def test_what_is_not_there_and_who_is_not(self):
        self.ncftp("ncftpget", self.server.host, str(self.here), "/never", codes=(3,))
        self.run_client("ncftpget", "-V", "-r", "0", "-u", "alice", "-p", "wrong", "-P", str(self.server.port),
                        self.server.host, str(self.here), "/file", codes=(9, 1))


if __name__ == "__main__":
    unittest.main()
