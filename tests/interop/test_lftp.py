"""lftp: mirrors, segments, and the ways it has to list and resume."""
import os
import unittest

from support import NAMES, Case, content, grow_tree, needs, put

# Names that lftp itself carries both ways: it takes a backslash for its own quoting and strips blanks in LIST lines.
REACHABLE = [name for name in NAMES if b"\\" not in name]


class LftpCase(Case):
    settings = ("set cmd:fail-exit yes", "set net:max-retries 2", "set net:timeout 30", "set ftp:ssl-allow no",
                "set net:reconnect-interval-base 1", "set xfer:clobber yes", "set mirror:parallel-directories no",
                "set file:charset utf-8", "set ftp:charset utf-8", "set xfer:disk-full-fatal yes")

    def lftp(self, *commands, codes=(0,)):
        host = f"[{self.server.host}]" if ":" in self.server.host else self.server.host
        script = [*self.settings, f"open -u alice,secret -p {self.server.port} {host}", *commands]
        (self.here / "script").write_text("\n".join(script) + "\n")
        try:
            return self.run_client("lftp", "--norc", "-f", "script", codes=codes)
        finally:
            (self.here / "script").unlink()


@needs("lftp")
class Mirrors(LftpCase):
    @classmethod
    def populate(cls):
        grow_tree(cls.root / "tree", REACHABLE)

    def test_download_of_a_tree(self):
        for mode in ("set ftp:use-mlsd yes", "set ftp:use-mlsd no", "set ftp:passive-mode off",
                     "set ftp:prefer-epsv yes",
                     "set mirror:parallel-transfer-count 4"):
            with self.subTest(mode):
                target = mode.replace(" ", "-").replace(":", "-")
                self.lftp(mode, f"mirror tree {target}")
                self.assert_same_tree(self.here / target, self.root / "tree")

    def test_upload_of_a_tree(self):
        grow_tree(self.here / "local", REACHABLE)
        place = self.place()
        for mode in ("on", "off"):
            self.lftp(f"set ftp:passive-mode {mode}", f"mirror -R local {place}/{mode}")
            self.assert_same_tree(self.here / "local", self.root / place / mode)

    def test_second_mirror_has_nothing_to_do(self):
        place = self.place()
        grow_tree(self.here / "local", REACHABLE[:10])
        for index, name in enumerate(os.listdir(self.here / "local" / "files")):
            os.utime(self.here / "local" / "files" / name, (index * 10**8, index * 10**8))
        self.lftp(f"mirror -R local {place}/up", f"mirror {place}/up back")
        self.assert_same_tree(self.here / "local", self.here / "back")
        # Times have travelled as well, by MFMT and MDTM or MLSD.
        for name in os.listdir(self.here / "local" / "files"):
            times = [int((base / "files" / name).stat().st_mtime)
                     for base in (self.here / "local", self.root / place / "up", self.here / "back")]
            self.assertEqual(len(set(times)), 1, (name, times))
        for line in (f"mirror --dry-run -R local {place}/up", f"mirror --dry-run {place}/up back"):
            # It makes sure of folders and their modes; what would move a file begins with get or put.
            moves = [said for said in self.lftp(line).stdout.splitlines() if said.startswith((b"get", b"put", b"pget"))]
            self.assertEqual(moves, [], line)
        os.utime(self.here / "local" / "files" / "plain.txt", (3 * 10**9, 3 * 10**9))
        self.assertRegex(self.lftp(f"mirror --dry-run -R local {place}/up").stdout, rb"(?m)^p?get .*files/plain\.txt")

    def test_mirror_deletes_what_is_gone(self):
        place = self.place()
        grow_tree(self.here / "local", REACHABLE[:10])
        grow_tree(self.root / place / "up", REACHABLE[5:20])
        self.lftp(f"mirror -R --delete --transfer-all local {place}/up")
        self.assert_same_tree(self.here / "local", self.root / place / "up")


@needs("lftp")
class TenThousandFiles(LftpCase):
    """One session, or a few, for all of them; the bytes by hash."""

    @classmethod
    def populate(cls):
        for index in range(10_000):
            put(cls.root / "all" / str(index % 50) / f"file {index}", b"%d" % index * (index % 7))

    def test_mirror_both_ways(self):
        self.lftp("set mirror:parallel-transfer-count 4", "mirror all back")
        self.assert_same_tree(self.here / "back", self.root / "all")
        self.lftp("set mirror:parallel-transfer-count 4", "mirror -R back /again")
        self.assert_same_tree(self.root / "again", self.root / "all")
        before = self.server.descriptors()
        self.lftp("mirror --dry-run all back")
        self.assertLessEqual(self.server.descriptors(), before)


@needs("lftp")
class Files(LftpCase):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 3_000_001))
        put(cls.root / "empty", b"")
        for index in range(30):
            put(cls.root / "many" / f"{index}.txt")

    def test_segments(self):
        for mode in ("on", "off"):
            self.lftp(f"set ftp:passive-mode {mode}", "set pget:min-chunk-size 100k", f"pget -n 4 file -o {mode}")
            self.assert_same_file(self.here / mode, self.root / "file")

    def test_resume_both_ways(self):
        for have in (0, 1, 1_000_000, 3_000_001):
            put(self.here / "file", (self.root / "file").read_bytes()[:have])
            self.lftp("get -c file")
            self.assert_same_file(self.here / "file", self.root / "file")
        for have in (0, 1, 1_000_000, 3_000_000):
            put(self.root / "up", (self.root / "file").read_bytes()[:have])
            self.lftp("put -c file -o up")
            self.assert_same_file(self.here / "file", self.root / "up")

    def test_empty(self):
        self.lftp("get empty", "put empty -o empty-up")
        self.assertEqual(((self.here / "empty").stat().st_size, (self.root / "empty-up").stat().st_size), (0, 0))

    def test_globs_and_queue(self):
        self.lftp("cd many", "mget *5.txt", "mput -O /many *5.txt", "queue get 1.txt", "queue get 2.txt",
                  "queue start", "wait")
        self.assertEqual(sorted(os.listdir(self.here)), sorted(["5.txt", "15.txt", "25.txt", "1.txt", "2.txt"]))
        for name in os.listdir(self.here):
            self.assert_same_file(self.here / name, self.root / "many" / name)

    def test_rename_delete_make_remove_mode(self):
        place = self.place()
        put(self.root / place / "file", b"x")
        self.lftp(f"cd {place}", "mkdir -p 'a b/c/d'", "mv file 'a b/c/d/new file'", "chmod 600 'a b/c/d/new file'",
                  "put /etc/hostname -o gone", "rm gone")
        self.assertEqual((self.root / place / "a b/c/d/new file").stat().st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(self.root / place), ["a b"])
        self.lftp(f"cd {place}", "rm -r 'a b'")
        self.assertEqual(os.listdir(self.root / place), [])

    def test_listing_of_a_tree(self):
        grow_tree(self.root / "listed", NAMES[:4])
        for mode in ("yes", "no"):
            found = self.lftp(f"set ftp:use-mlsd {mode}", "find listed").stdout.decode().splitlines()
            wanted = ["listed/"] + [str(path.relative_to(self.root)) + ("/" if path.is_dir() else "")
                                    for path in (self.root / "listed").rglob("*")]
            self.assertEqual(sorted(found), sorted(wanted))

    def test_du_adds_up(self):
        grow_tree(self.root / "counted", NAMES[:4])
        total = sum(path.stat().st_size for path in (self.root / "counted").rglob("*") if path.is_file())
        self.assertEqual(int(self.lftp("du -bs counted").stdout.split()[0]), total)

    def test_what_is_not_there(self):
        self.lftp("get never", codes=(1,))
        self.lftp("cd never", codes=(1,))
        self.lftp("rm never", codes=(1,))


@needs("lftp")
class Ipv6(LftpCase):
    host = "::1"

    def test_both_modes_both_ways(self):
        put(self.here / "file", content("file", 300_000))
        for mode in ("on", "off"):
            self.lftp(f"set ftp:passive-mode {mode}", f"put file -o up-{mode}", f"get up-{mode} -o {mode}")
            self.assert_same_file(self.here / mode, self.here / "file")


if __name__ == "__main__":
    unittest.main()
