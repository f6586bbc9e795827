"""Commands beyond the basic ones, by ftplib, curl -Q and lftp, against a server that has all of them switched on."""
import ftplib
import hashlib
import os
import socket
import subprocess
import unittest
import zlib

from support import DEADLINE, NAMES, PROGRAM, Case, Server, content, grow_tree, needs, put

CONFIG = """
[ftp]
listen = "127.0.0.1:0"
hash = true
combine = true
mode_z = true
mdtm_sets = true
hosts = ["ftp.example.org Welcome to example.org"]

[users.alice]
password = '{password}'
home = '{home}'
permissions = "elradfmwMTSDO"
"""


class ConfiguredCase(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        hashed = subprocess.run([PROGRAM, "hash-password"], input="secret\n", capture_output=True, text=True,
                                timeout=DEADLINE, check=True).stdout.strip()
        file = cls.base / "wherry.toml"
        file.write_text(CONFIG.format(password=hashed, home=cls.root))
        cls.server = Server(cls.root)
        cls.server.command = [PROGRAM, "serve", "--config", str(file)]
        cls.server.start()
        cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        super().setUp()
        self.ftp = self.server.ftp()
        self.addCleanup(self.ftp.close)

    def assert_code(self, code, command):
        try:
            said = self.ftp.sendcmd(command)
        except ftplib.Error as error:
            said = str(error)
        self.assertEqual(said[:3], str(code), (command, said))
        return said


class Checksums(ConfiguredCase):
    data = content("checksums", 20_000_000)

    @classmethod
    def populate(cls):
        put(cls.root / "big file", cls.data)

    def test_of_a_whole_file(self):
        for command, algorithm in (("XMD5", "md5"), ("XSHA", "sha1"), ("XSHA1", "sha1"), ("XSHA256", "sha256"),
                                   ("XSHA512", "sha512")):
            wanted = hashlib.new(algorithm, self.data).hexdigest().upper()
            self.assertEqual(self.ftp.sendcmd(f"{command} big file"), "250 " + wanted)
            self.assertEqual(self.ftp.sendcmd(f'{command} "big file"'), "250 " + wanted)
        self.assertEqual(self.ftp.sendcmd("XCRC big file"), f"250 {zlib.crc32(self.data):08X}")
        md5 = hashlib.md5(self.data).hexdigest().upper()
        self.assertEqual(self.ftp.sendcmd("MD5 big file"), f'251 "big file" {md5}')
        self.assertEqual(self.ftp.sendcmd("MMD5 big file, big file"), f'252 "big file" {md5}, "big file" {md5}')

    def test_of_a_part(self):
        self.assertEqual(self.ftp.sendcmd('XCRC "big file" 1000 9000000'),
                         f"250 {zlib.crc32(self.data[1000:9000000]):08X}")
        self.ftp.sendcmd("TYPE I")
        self.ftp.sendcmd("RANG 5 99")
        self.assertEqual(self.ftp.sendcmd("HASH big file"),
                         f"213 SHA-256 5-100 {hashlib.sha256(self.data[5:100]).hexdigest()} big file")

    def test_is_chosen_by_opts_and_shown_in_feat(self):
        for name, algorithm in (("SHA-1", "sha1"), ("SHA-512", "sha512"), ("MD5", "md5"), ("SHA-256", "sha256")):
            self.assertEqual(self.ftp.sendcmd("OPTS HASH " + name), "200 " + name)
            self.assertIn(name + "*", self.ftp.sendcmd("FEAT"))
            self.assertEqual(self.ftp.sendcmd("HASH big file"),
                             f"213 {name} 0-{len(self.data)} {hashlib.new(algorithm, self.data).hexdigest()} big file")


class Files(ConfiguredCase):
    def test_store_unique(self):
        names = set()
        for index in range(5):
            with self.ftp.transfercmd("STOU photo.jpg") as connection:
                connection.sendall(b"%d" % index)
            self.ftp.voidresp()
            names = {name for name in os.listdir(self.root) if name.startswith("photo.jpg.")}
            self.assertEqual(len(names), index + 1)
        self.assertEqual({(self.root / name).read_bytes() for name in names}, {b"0", b"1", b"2", b"3", b"4"})

    def test_range_of_a_download(self):
        put(self.root / "ranged", b"0123456789" * 100000)
        self.ftp.sendcmd("TYPE I")
        for first, last in ((0, 0), (5, 11), (999_990, 2_000_000), (100_000, 899_999)):
            self.ftp.sendcmd(f"RANG {first} {last}")
            parts = []
            self.ftp.retrbinary("RETR ranged", parts.append)
            self.assertEqual(b"".join(parts), (b"0123456789" * 100000)[first:last + 1])

    def test_copy_and_combine(self):
        data = content("copied", 40_000_000)
        put(self.root / "from here", data)
        self.assert_code(250, 'SITE COPY "from here" there')
        self.assert_code(350, "SITE CPFR from here")
        self.assert_code(250, "SITE CPTO and there")
        self.assert_code(250, 'COMB all there "and there"')
        self.assertEqual((self.root / "all").read_bytes(), data + data)
        self.assertEqual(sorted(name for name in os.listdir(self.root) if "there" in name), [])
        os.link(self.root / "all", self.root / "same")  # another name of one file: it must not be emptied first
        self.assert_code(250, "SITE COPY all same")
        self.assertEqual((self.root / "same").read_bytes(), data + data)

    def test_facts(self):
        put(self.root / "facts", b"x")
        self.assert_code(213, "MFF modify=20200102030405;UNIX.mode=0640; facts")
        self.assertEqual(self.ftp.sendcmd("MDTM facts"), "213 20200102030405")
        self.assertEqual((self.root / "facts").stat().st_mode & 0o7777, 0o640)
        self.assert_code(213, "MDTM 20210102030405 facts")
        self.assertEqual(int((self.root / "facts").stat().st_mtime), 1609556645)
        self.assert_code(200, "SITE UTIME 202201020304 facts")
        self.assertEqual(self.ftp.sendcmd("MDTM facts"), "213 20220102030400")

    def test_trees(self):
        self.assert_code(250, "SITE MKDIR a/b/c")
        for index in range(1000):
            put(self.root / "a" / "b" / f"{index}", b"12345")
        os.symlink("/etc", self.root / "a" / "b" / "out")
        put(self.root / "kept", b"1")
        os.symlink("../../kept", self.root / "a" / "b" / "in")
        size = sum(len(content) for content in [b"12345"] * 1000)
        self.assertEqual(self.ftp.sendcmd("DSIZ a"), f"213 {size}")
        self.assert_code(250, "RMDA a")
        self.assertFalse((self.root / "a").exists())
        self.assertTrue((self.root / "kept").exists())
        self.assertTrue(os.path.exists("/etc/passwd"))

    def test_symlinks_stay_inside(self):
        (self.root / "deep" / "er").mkdir(parents=True)
        put(self.root / "target", b"content")
        self.assert_code(200, "SITE SYMLINK ../../target deep/er/link")
        self.assertEqual(os.readlink(self.root / "deep" / "er" / "link"), "../../target")
        # However many "..": the path ends at the root that is served.
        self.assert_code(200, "SITE SYMLINK ../../../../../../etc/passwd deep/er/out")
        self.assertEqual(os.readlink(self.root / "deep" / "er" / "out"), "../../etc/passwd")
        self.assert_code(200, "SITE SYMLINK /etc/passwd absolute")
        self.ftp.sendcmd("TYPE I")
        for name in ("deep/er/out", "absolute"):
            with self.assertRaises(ftplib.Error):
                self.ftp.retrbinary("RETR " + name, lambda data: None)
        parts = []
        self.ftp.retrbinary("RETR deep/er/link", parts.append)
        self.assertEqual(parts, [b"content"])

    def test_no_command_leads_out(self):
        put(self.base / "secret", b"secret")
        put(self.root / "mine", b"mine")
        for path in ("../secret", "/../secret", "x/../../secret", "./.././secret", "..//secret", "/./../secret"):
            for command in ("HASH {}", "XCRC {}", "MD5 {}", "MMD5 mine, {}", "SITE CPFR {}", "SITE COPY {} mine",
                            "COMB mine {}", "MFF modify=20200102030405; {}", "DSIZ {}", "RMDA {}", "SITE RMDIR {}",
                            "SITE UTIME 202201020304 {}", "MDTM 20210102030405 {}", "AVBL {}", "PRET RETR {}"):
                self.assert_code(550, command.format(path))
        self.assertEqual((self.base / "secret").read_bytes(), b"secret")
        self.assertEqual((self.root / "mine").read_bytes(), b"mine")

    def test_virtual_host(self):
        client = ftplib.FTP(timeout=DEADLINE)
        client.connect(self.server.host, self.server.port)
        self.addCleanup(client.close)
        self.assertEqual(client.sendcmd("HOST ftp.example.org"), "220 Welcome to example.org")
        client.login("alice", "secret")


class Deflate(ConfiguredCase):
    @classmethod
    def populate(cls):
        cls.text = b"".join(b"%d some text that repeats itself\n" % number for number in range(100_000))
        put(cls.root / "text", cls.text)
        put(cls.root / "random", content("random", 3_000_000))
        put(cls.root / "empty", b"")
        cls.names = [name for name in NAMES if b"\\" not in name]
        grow_tree(cls.root / "tree", cls.names, depth=1)

    def get(self, command):
        parts = []
        self.ftp.retrbinary(command, parts.append)
        return b"".join(parts)

    def test_downloads(self):
        self.ftp.sendcmd("MODE Z")
        for level in (0, 1, 9):
            self.ftp.sendcmd(f"OPTS MODE Z LEVEL {level}")
            for name in ("text", "random", "empty"):
                packed = self.get("RETR " + name)
                self.assertEqual(zlib.decompress(packed), (self.root / name).read_bytes())
                if name == "text" and level > 0:
                    self.assertLess(len(packed), len(self.text) // 3)
        self.assertEqual(zlib.decompress(self.get("NLST")).split(), sorted(os.listdir(self.root.as_posix().encode())))

    def test_uploads(self):
        self.ftp.sendcmd("MODE Z")
        self.ftp.sendcmd("TYPE I")
        for name in ("text", "random", "empty"):
            data = (self.root / name).read_bytes()
            for size in (1, 1000, 1 << 20):
                packed = zlib.compress(data)
                if size == 1 and len(packed) > 100_000:
                    continue
                with self.ftp.transfercmd("STOR uploaded") as connection:
                    for at in range(0, len(packed), size):
                        connection.sendall(packed[at:at + size])
                self.assertEqual(self.ftp.voidresp()[:3], "226")
                self.assertEqual((self.root / "uploaded").read_bytes(), data)
        with self.ftp.transfercmd("STOR uploaded") as connection:
            connection.sendall(zlib.compress(self.text)[:-1])
        with self.assertRaises(ftplib.error_temp):
            self.ftp.voidresp()

    @unittest.skipUnless(os.path.exists("/proc"), "needs /proc")
    def test_a_bomb_takes_no_memory(self):
        packer = zlib.compressobj(9)
        bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(400)) + packer.flush()
        self.ftp.sendcmd("MODE Z")
        self.ftp.sendcmd("TYPE I")
        before = self.server.resident()
        with self.ftp.transfercmd("STOR bomb") as connection:
            try:
                connection.sendall(bomb)
            except OSError:
                pass  # the server has had enough
        with self.assertRaises(ftplib.error_perm) as caught:
            self.ftp.voidresp()
        self.assertEqual(str(caught.exception)[:3], "552")
        self.assertLess(self.server.resident() - before, 64 << 20)
        os.unlink(self.root / "bomb")

    @needs("lftp")
    def test_lftp_mirrors_in_mode_z(self):
        script = ["set cmd:fail-exit yes", "set ftp:ssl-allow no", "set ftp:use-mode-z yes", "set net:timeout 30",
                  "set file:charset utf-8", "set ftp:charset utf-8",
                  f"open -u alice,secret -p {self.server.port} {self.server.host}", "mirror tree down",
                  "mirror -R down up", "get text", "put -O up text"]
        (self.here / "script").write_text("\n".join(script) + "\n")
        done = self.run_client("lftp", "--norc", "-d", "-f", "script")
        self.assertIn(b"MODE Z", done.stdout + done.stderr)
        self.assert_same_tree(self.here / "down", self.root / "tree")
        self.assertEqual((self.here / "text").read_bytes(), self.text)
        self.assertEqual((self.root / "up" / "text").read_bytes(), self.text)
        os.unlink(self.root / "up" / "text")
        self.assert_same_tree(self.here / "down", self.root / "up")


class Quotes(ConfiguredCase):
    @needs("curl")
    def test_curl_quotes(self):
        put(self.root / "quoted file", b"x" * 1000)
        done = self.run_client("curl", "-sS", "-v", "-Q", "CLNT curl", "-Q", "SITE UTIME 20200102030405 quoted file",
                               "-Q", "SITE COPY \"quoted file\" \"another file\"", "-Q", "-XCRC another file",
                               "-Q", "-RNFR another file", "-Q", "-RNTO renamed", "-o", "got",
                               self.server.url("quoted file"))
        self.assertIn(f"250 {zlib.crc32(b'x' * 1000):08X}".encode(), done.stderr)
        self.assertEqual((self.root / "renamed").read_bytes(), b"x" * 1000)

    @needs("curl")
    def test_curl_times_an_upload(self):
        (self.here / "up").write_bytes(b"y")
        self.run_client("curl", "-sS", "-T", "up", "-Q", "-MFF modify=20200102030405;UNIX.mode=0600; timed",
                        self.server.url("timed"))
        self.assertEqual(int((self.root / "timed").stat().st_mtime), 1577934245)

    def test_urgent_end_of_a_long_checksum(self):
        with open(self.root / "huge", "wb") as file:
            file.truncate(200 << 30)  # sparse: it takes minutes to read and no room
        self.ftp.putcmd("HASH huge")
        self.assertEqual(self.ftp.sendcmd("NOOP")[:3], "200")
        self.assertIn("Computing SHA-256 of /huge", self.ftp.sendcmd("STAT"))
        self.ftp.sock.sendall(b"\xff\xf4", socket.MSG_OOB)
        self.ftp.sock.sendall(b"ABOR\r\n")
        with self.assertRaises(ftplib.error_temp):
            self.ftp.voidresp()
        self.assertEqual(self.ftp.voidresp()[:3], "226")
        os.unlink(self.root / "huge")
