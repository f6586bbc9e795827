"""curl: each way it has to speak FTP."""
import os
import unittest

from support import NAMES, NOT_UTF8, Case, Server, content, digest, grow_tree, needs, put

# curl refuses control bytes in URLs; everything else it sends.
REACHABLE = NAMES + NOT_UTF8


def config(*pairs):
    """A curl configuration file: one transfer per pair of (url, option, value)."""
    return "".join(f'url = "{url}"\n{option} = "{value}"\n' for url, option, value in pairs).encode()


# curl 7.88 waits a second before it connects when the answer to EPSV is there at once: many transfers go side by side.
SIDE_BY_SIDE = ("--parallel", "--parallel-max", "20", "-K", "-")


class CurlCase(Case):
    def curl(self, *arguments, codes=(0,), text=None):
        return self.run_client("curl", "-sS", "--max-time", "120", *arguments, codes=codes, text=text)


@needs("curl")
class Names(CurlCase):
    @classmethod
    def populate(cls):
        grow_tree(cls.root, REACHABLE, depth=1)

    def test_every_file_and_folder_comes_back(self):
        for method in ("multicwd", "nocwd", "singlecwd"):
            paths = [b"files/" + name for name in REACHABLE] + [b"folders/" + name + b"/inside" for name in REACHABLE]
            with self.subTest(method):
                self.curl("--ftp-method", method, *SIDE_BY_SIDE, text=config(
                    *((self.server.url(path), "output", f"{method}-{i}") for i, path in enumerate(paths))))
                for index, path in enumerate(paths):
                    self.assertEqual(digest(self.here / f"{method}-{index}"),
                                     digest(os.path.join(os.fsencode(self.root), path)), path)

    def test_name_list_is_the_folder(self):
        for folder in (b"files", b"folders", b"nothing here"):
            said = self.curl("--list-only", self.server.url(folder + b"/")).stdout
            self.assertEqual(sorted(said.replace(b"\r\n", b"\n").split(b"\n")[:-1]),
                             sorted(os.listdir(os.path.join(os.fsencode(self.root), folder))))

    def test_long_list_has_each_name_and_size(self):
        said = self.curl(self.server.url(b"files/")).stdout.replace(b"\r\n", b"\n").split(b"\n")[:-1]
        found = {}
        for line in said:
            # perms links user group size month day time-or-year name: one blank before the name
            fields = line.split(None, 7)
            name = line[line.index(fields[7].split(b" ", 1)[0] + b" ", len(b" ".join(fields[:7])) - 1):]
            found[name.split(b" ", 1)[1]] = int(fields[4])
        folder = os.path.join(os.fsencode(self.root), b"files")
        self.assertEqual(found, {name: os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder)})


@needs("curl")
class Uploads(CurlCase):
    def test_every_name_goes_up(self):
        place = os.fsencode(self.place())
        pairs = []
        for index, name in enumerate(REACHABLE):
            put(self.here / str(index), content(name))
            pairs.append((self.server.url(place + b"/" + name), "upload-file", str(index)))
        self.curl(*SIDE_BY_SIDE, text=config(*pairs))
        folder = os.path.join(os.fsencode(self.root), place)
        self.assertEqual(sorted(os.listdir(folder)), sorted(REACHABLE))
        for index, name in enumerate(REACHABLE):
            self.assertEqual(digest(os.path.join(folder, name)), digest(self.here / str(index)), name)

    def test_folders_are_made_on_the_way(self):
        put(self.here / "file", b"deep")
        path = "/".join([self.place(), "a b", "ü", "-c", "%20", "file"])
        self.curl("--ftp-create-dirs", "-T", "file", self.server.url(path))
        self.assert_same_file(self.root / path, self.here / "file")

    def test_empty_file_goes_up(self):
        place = self.place()
        put(self.here / "empty", b"")
        self.curl("-T", "empty", self.server.url(f"{place}/empty"))
        self.assertEqual((self.root / place / "empty").stat().st_size, 0)

    def test_upload_replaces_what_was_longer(self):
        place = self.place()
        put(self.root / place / "file", content("old", 100000))
        put(self.here / "file", content("new", 10))
        self.curl("-T", "file", self.server.url(f"{place}/file"))
        self.assert_same_file(self.root / place / "file", self.here / "file")

    def test_upload_is_resumed(self):
        place = self.place()
        put(self.here / "file", content("whole", 300000))
        put(self.root / place / "file", content("whole", 300000)[:123457])
        self.curl("-C", "-", "-T", "file", self.server.url(f"{place}/file"))
        self.assert_same_file(self.root / place / "file", self.here / "file")

    def test_append(self):
        place = self.place()
        put(self.here / "file", b"tail")
        put(self.root / place / "file", b"head ")
        self.curl("--append", "-T", "file", self.server.url(f"{place}/file"))
        self.assertEqual((self.root / place / "file").read_bytes(), b"head tail")
        self.curl("--append", "-T", "file", self.server.url(f"{place}/made"))
        self.assertEqual((self.root / place / "made").read_bytes(), b"tail")

    def test_upload_from_a_pipe_of_unknown_length(self):
        place = self.place()
        data = content("pipe", 700000)
        self.curl("-T", "-", self.server.url(f"{place}/file"), text=data)
        self.assertEqual((self.root / place / "file").read_bytes(), data)

    def test_text_mode_upload_has_the_line_ends_of_this_machine(self):
        place = self.place()
        put(self.here / "file", b"one\ntwo\n\nlast")  # curl makes CR LF of it on the way
        self.curl("--use-ascii", "-T", "file", self.server.url(f"{place}/file"))
        self.assertEqual((self.root / place / "file").read_bytes(), b"one\ntwo\n\nlast")

    def test_commands_before_and_after(self):
        place = self.place()
        put(self.root / place / "old name", b"x")
        put(self.root / place / "gone", b"x")
        os.makedirs(self.root / place / "gone folder")
        self.curl("-Q", f"RNFR {place}/old name", "-Q", f"RNTO {place}/new name", "-Q", f"DELE {place}/gone",
                  "-Q", f"RMD {place}/gone folder", "-Q", f'MKD {place}/a "new" folder', "-Q",
                  f"SITE CHMOD 640 {place}/new name",
                  "-Q", f"MFMT 20010203040506 {place}/new name", self.server.url(), "-o", "list")
        self.assertEqual(sorted(os.listdir(self.root / place)), ['a "new" folder', "new name"])
        state = (self.root / place / "new name").stat()
        self.assertEqual((state.st_mode & 0o777, int(state.st_mtime)), (0o640, 981173106))
        self.curl("-Q", f"DELE {place}/never there", self.server.url(), codes=(21,))


@needs("curl")
class Downloads(CurlCase):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 200000))
        put(cls.root / "empty", b"")
        put(cls.root / "text", b"one\ntwo\r\n\nlast")
        os.utime(cls.root / "file", (1e9, 1e9))
        for index in range(100):
            put(cls.root / "many" / str(index))

    def test_each_kind_of_data_connection(self):
        kinds = {"EPSV": [], "PASV": ["--disable-epsv"], "EPRT": ["-P", "-"], "PORT": ["-P", "-", "--disable-eprt"],
                 "address of PASV": ["--disable-epsv", "--no-ftp-skip-pasv-ip"]}
        for kind, options in kinds.items():
            with self.subTest(kind):
                place = self.here / kind.replace(" ", "-")
                place.mkdir()
                self.curl(*options, "-o", place / "file", self.server.url("file"))
                self.assert_same_file(place / "file", self.root / "file")
                self.curl(*options, "-T", place / "file", self.server.url(f"up-{place.name}"))
                self.assert_same_file(place / "file", self.root / f"up-{place.name}")
                listed = self.curl(*options, "--list-only", self.server.url("many/")).stdout.split()
                self.assertEqual(len(listed), 100)

    def test_empty_file(self):
        for options in ([], ["--disable-epsv"], ["--use-ascii"]):
            self.assertEqual(self.curl(*options, self.server.url("empty")).stdout, b"")

    def test_ranges(self):
        whole = (self.root / "file").read_bytes()
        ranges = {"0-0": whole[:1], "100-199": whole[100:200], "199990-": whole[199990:], "-50": whole[-50:],
                  "199999-199999": whole[-1:]}
        for text, part in ranges.items():
            self.assertEqual(self.curl("-r", text, self.server.url("file")).stdout, part, text)

    def test_download_is_resumed(self):
        for have in (1, 100000, 199999):
            put(self.here / "file", (self.root / "file").read_bytes()[:have])
            self.curl("-C", "-", "-o", "file", self.server.url("file"))
            self.assert_same_file(self.here / "file", self.root / "file")

    def test_nothing_is_left_to_resume(self):
        put(self.here / "file", (self.root / "file").read_bytes())
        self.curl("-C", "-", "-o", "file", self.server.url("file"))
        self.assert_same_file(self.here / "file", self.root / "file")

    def test_head_tells_size_and_time(self):
        said = self.curl("-I", self.server.url("file")).stdout.decode()
        self.assertIn("Content-Length: 200000\r\n", said)
        self.assertIn("Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n", said)

    def test_time_of_the_file_is_kept_and_asked_for(self):
        self.curl("-R", "-o", "file", self.server.url("file"))
        self.assertEqual(int((self.here / "file").stat().st_mtime), 10**9)
        self.curl("-z", "20010910", "-o", "not newer", self.server.url("file"))
        self.assertFalse((self.here / "not newer").exists() and (self.here / "not newer").stat().st_size)
        self.curl("-z", "20010908", "-o", "newer", self.server.url("file"))
        self.assert_same_file(self.here / "newer", self.root / "file")

    def test_text_mode(self):
        # curl makes LF of each CR LF: a CR CR LF would show.
        self.assertEqual(self.curl(self.server.url("text") + ";type=a").stdout, b"one\ntwo\n\nlast")
        self.assertEqual(self.curl(self.server.url("text") + ";type=i").stdout, b"one\ntwo\r\n\nlast")

    def test_one_connection_serves_many_files(self):
        said = self.curl("-v", "-K", "-", text=config(*((self.server.url(f"many/{i}"), "output",
                                                         str(i)) for i in range(20))))
        self.assertEqual(said.stderr.count(b"> USER "), 1)
        for index in range(20):
            self.assert_same_file(self.here / str(index), self.root / "many" / str(index))

    def test_fifty_at_once(self):
        self.curl("--parallel", "--parallel-immediate", "--parallel-max", "50", "-K", "-", text=config(
            *((self.server.url(f"many/{i}"), "output", str(i)) for i in range(100))))
        self.assert_same_tree(self.here, self.root / "many")

    def test_size_is_known_before_the_transfer(self):
        self.curl("--max-filesize", "100", "-o", "file", self.server.url("file"), codes=(63,))

    def test_what_is_not_there(self):
        self.curl(self.server.url("never"), codes=(78,))
        self.curl(self.server.url("never/file"), codes=(9,))
        self.curl("--ftp-method", "nocwd", self.server.url("many"), codes=(78,))
        self.curl(self.server.url("never/"), codes=(9,))

    def test_wrong_password(self):
        self.curl("-u", "alice:wrong", self.server.url("file", login=False), codes=(67,))
        self.curl("-u", "nobody:secret", self.server.url("file", login=False), codes=(67,))


@needs("curl")
class Ipv6(CurlCase):
    host = "::1"

    def test_each_kind_of_data_connection(self):
        put(self.here / "file", content("file", 200000))
        for kind, options in {"EPSV": [], "EPRT": ["-P", "-"]}.items():
            with self.subTest(kind):
                self.curl("-g", *options, "-T", "file", self.server.url(kind))
                self.curl("-g", *options, "-o", kind, self.server.url(kind))
                self.assert_same_file(self.here / kind, self.here / "file")
                self.assert_same_file(self.root / kind, self.here / "file")


@needs("curl")
class Anonymous(CurlCase):
    """`wherry serve DIR`: a share that can be read by all and written by nobody."""
    anonymous, write = True, False

    @classmethod
    def populate(cls):
        grow_tree(cls.root, NAMES[:4])

    def url(self, path=""):
        return self.server.url(path, login=False)

    def test_read(self):
        self.curl("-o", "file", self.url("files/plain.txt"))
        self.assert_same_file(self.here / "file", self.root / "files" / "plain.txt")

    def test_every_change_is_refused(self):
        before = sorted(str(path) for path in self.root.rglob("*"))
        put(self.here / "file", b"x")
        self.curl("-T", "file", self.url("new"), codes=(25,))
        self.curl("-T", "file", self.url("files/plain.txt"), codes=(25,))
        self.curl("--append", "-T", "file", self.url("files/plain.txt"), codes=(25,))
        for line in ("DELE files/plain.txt", "MKD new", "RMD nothing here", "RNFR files/plain.txt",
                     "MFMT 20010101000000 files/plain.txt", "SITE CHMOD 777 files/plain.txt"):
            with self.subTest(line):
                self.curl("-Q", line, self.url(), codes=(21,))
        self.assertEqual(sorted(str(path) for path in self.root.rglob("*")), before)
        self.assert_same_file(self.root / "files" / "plain.txt", self.make_original())

    def make_original(self):
        return put(self.here / "original", content(os.fsencode(self.root / "files" / "plain.txt")))

    def test_a_link_does_not_lead_out(self):
        put(self.base / "secret", b"outside")
        (self.root / "link").symlink_to(self.base / "secret")
        (self.root / "up").symlink_to(self.base)
        self.addCleanup((self.root / "link").unlink)
        self.addCleanup((self.root / "up").unlink)
        self.curl(self.url("link"), codes=(78,))
        self.curl(self.url("up/secret"), codes=(9, 78))
        self.curl("--path-as-is", "--ftp-method", "nocwd", self.url("..") + "/..%2fsecret", codes=(78,))


@needs("curl")
class PortRange(CurlCase):
    options = ("-r", "40000-40009")

    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 5000))

    def test_passive_ports_are_of_the_range(self):
        for _ in range(5):
            said = self.curl("-v", "-o", "file", self.server.url("file")).stderr.decode()
            port = int(said.split("(|||")[1].split("|")[0])
            self.assertTrue(40000 <= port <= 40009, port)
            self.assert_same_file(self.here / "file", self.root / "file")


class NatAddress(CurlCase):
    options = ("-n", "192.0.2.7")

    def test_pasv_tells_the_outer_address(self):
        with self.server.ftp() as client:
            self.assertIn("(192,0,2,7,", client.sendcmd("PASV"))


if __name__ == "__main__":
    unittest.main()
