"""ftplib: the commands one by one, each answer looked at."""
import ftplib
import os
import re
import socket
import time
import unittest

from support import CONTROL, NAMES, NOT_UTF8, Case, content, grow_tree, put


def latin(name):
    """A name as text with one character per byte."""
    return name.decode("latin-1")


def shown(name):
    """The same as replies and lists show it: no control bytes."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", latin(name))


class FtplibCase(Case):
    def setUp(self):
        super().setUp()
        self.ftp = self.server.ftp()
        self.addCleanup(self.ftp.close)

    def get(self, name, rest=None):
        parts = []
        self.ftp.retrbinary("RETR " + name, parts.append, rest=rest)
        return b"".join(parts)

    def store(self, name, data, rest=None):
        self.ftp.voidcmd("TYPE I")
        with self.ftp.transfercmd("STOR " + name, rest) as connection:
            connection.sendall(data)
        return self.ftp.voidresp()

    def refused(self, command, *codes):
        """The command fails with one of the codes, and the session goes on."""
        with self.assertRaises(ftplib.Error) as caught:
            self.ftp.voidcmd(command)
        self.assertIn(str(caught.exception)[:3], [str(code) for code in codes], command)
        self.assertEqual(self.ftp.voidcmd("NOOP")[:3], "200")


class Names(FtplibCase):
    @classmethod
    def populate(cls):
        cls.names = NAMES + NOT_UTF8 + CONTROL + [b"\xff", b"\xff\xff\xf4"]
        grow_tree(cls.root, cls.names, depth=1)

    @staticmethod
    def wire(name):
        return latin(name.replace(b"\xff", b"\xff\xff"))  # a Telnet client doubles it

    def assert_path(self, said, name):
        wanted = f"/{self._testMethodName}/{shown(name)}"
        self.assertIn(said, (wanted, wanted.replace("\xff", "\xff\xff")))

    def test_download(self):
        self.ftp.cwd("files")
        for name in self.names:
            with self.subTest(name):
                self.assertEqual(self.get(self.wire(name)), content(os.path.join(os.fsencode(self.root), b"files",
                                                                                 name)))

    def test_upload(self):
        place = os.path.join(os.fsencode(self.root), os.fsencode(self.place()))
        self.ftp.cwd(self._testMethodName)
        for name in self.names:
            with self.subTest(name):
                self.store(self.wire(name), content(name))
                with open(os.path.join(place, name), "rb") as file:
                    self.assertEqual(file.read(), content(name))

    def test_make_enter_rename_remove(self):
        place = os.path.join(os.fsencode(self.root), os.fsencode(self.place()))
        for index, name in enumerate(self.names):
            with self.subTest(name):
                self.ftp.cwd("/" + self._testMethodName)
                # 257 quotes the name and doubles quotes in it; ftplib undoes that.
                self.assert_path(self.ftp.mkd(self.wire(name)), name)
                self.ftp.cwd(self.wire(name))
                self.assert_path(self.ftp.pwd(), name)
                self.store("x", b"x")
                self.ftp.delete("x")
                self.ftp.cwd("..")
                self.ftp.rename(self.wire(name), f"new-{index}")
                self.assertEqual(os.listdir(place), [f"new-{index}".encode()])
                self.ftp.rename(f"new-{index}", self.wire(name))
                self.assertEqual(os.listdir(place), [name])
                self.ftp.rmd(self.wire(name))
                self.assertEqual(os.listdir(place), [])

    def test_machine_list_is_the_folder(self):
        for folder in ("files", "folders"):
            place = os.path.join(os.fsencode(self.root), folder.encode())
            wanted = {shown(name): os.path.join(place, name) for name in os.listdir(place)}
            found = dict(self.ftp.mlsd(folder, ["type", "size", "modify"]))
            found = {name: facts for name, facts in found.items() if facts["type"] not in ("cdir", "pdir")}
            self.assertEqual(sorted(found), sorted(wanted))
            for name, facts in found.items():
                self.assertEqual(facts["type"], "dir" if os.path.isdir(wanted[name]) else "file", name)
                if facts["type"] == "file":
                    self.assertEqual(int(facts["size"]), os.path.getsize(wanted[name]), name)
                self.assertEqual(facts["modify"][:14], time.strftime("%Y%m%d%H%M%S",
                                                                     time.gmtime(os.path.getmtime(wanted[name]))))

    def test_name_list_is_the_folder(self):
        for folder in ("files", "folders"):
            names = [name.rpartition("/")[2] for name in self.ftp.nlst(folder)]
            self.assertEqual(sorted(names), sorted(map(shown, os.listdir(os.path.join(os.fsencode(self.root),
                                                                                      folder.encode())))))
        self.assertEqual(self.ftp.nlst("nothing here"), [])

    def test_a_line_break_in_a_name_makes_no_line(self):
        (self.root / "broken").mkdir()
        put(os.path.join(os.fsencode(self.root), b"broken", b"a\r\n-rw-r--r-- 1 x x 1 Jan  1 00:00 forged"), b"x")
        put(os.path.join(os.fsencode(self.root), b"broken", b"b\n226 done"), b"x")
        for command in ("LIST broken", "NLST broken", "MLSD broken"):
            lines = []
            self.ftp.retrlines(command, lines.append)
            self.assertLessEqual(len(lines), 4, (command, lines))
            self.assertFalse([line for line in lines if line.startswith(("226", "-rw-r--r-- 1 x x"))], (command, lines))
        for line in self.ftp.sendcmd("STAT broken").split("\n")[1:-1]:
            self.assertTrue(line.startswith(" "), line)


class Files(FtplibCase):
    def test_resume_both_ways(self):
        place = self.place()
        data = content("data", 100000)
        for have in (0, 1, 4096, 99999, 100000):
            put(self.root / place / "up", data[:have])
            self.store(f"{place}/up", data[have:], rest=have or None)
            self.assertEqual((self.root / place / "up").read_bytes(), data)
            self.assertEqual(self.get(f"{place}/up", rest=have or None), data[have:])

    def test_restart_holds_for_one_transfer(self):
        put(self.root / "restart", b"0123456789")
        self.assertEqual(self.get("restart", rest=4), b"456789")
        self.assertEqual(self.get("restart"), b"0123456789")

    def test_restart_behind_the_end_is_refused(self):
        put(self.root / "short", b"0123456789")
        with self.assertRaises(ftplib.Error):
            self.get("short", rest=11)
        with self.assertRaises(ftplib.Error):
            self.store("short", b"x", rest=11)
        with self.assertRaises(ftplib.Error):
            self.store("short", b"x", rest=2**40)
        self.assertEqual((self.root / "short").stat().st_size, 10)
        self.assertEqual(self.ftp.voidcmd("NOOP")[:3], "200")

    def test_text_mode_on_the_wire(self):
        put(self.root / "text", b"one\ntwo\r\n\r\n\nlast\r")
        with self.ftp.transfercmd("RETR text") as connection:  # the type is A until it is set
            self.assertEqual(connection.makefile("rb").read(), b"one\r\ntwo\r\n\r\n\r\nlast\r")
        self.ftp.voidresp()
        self.ftp.voidcmd("TYPE A N")
        with self.ftp.transfercmd("STOR text-up") as connection:
            for part in (b"one\r", b"\ntwo\r\n\r", b"\nlone\rcr\r\n", b"end\r"):
                connection.sendall(part)
        self.ftp.voidresp()
        self.assertEqual((self.root / "text-up").read_bytes(), b"one\ntwo\n\nlone\rcr\nend\r")

    def test_size_and_time(self):
        put(self.root / "file", b"x" * 12345)
        os.utime(self.root / "file", (86400, 86400))
        self.ftp.voidcmd("TYPE I")
        self.assertEqual(self.ftp.size("file"), 12345)
        self.assertEqual(self.ftp.sendcmd("MDTM file"), "213 19700102000000")
        self.assertRegex(self.ftp.sendcmd("MFMT 20301231235959 file"), r"^213 Modify=20301231235959; ")
        self.assertEqual(self.ftp.sendcmd("MDTM file"), "213 20301231235959")
        self.assertEqual(int((self.root / "file").stat().st_mtime), 1924991999)
        self.refused("SIZE missing", 550)
        self.refused("MDTM missing", 550)
        self.refused("MFMT 20301331235959 file", 501, 550)
        self.refused("MFMT yesterday file", 501, 550)

    def test_one_entry(self):
        put(self.root / "entry", b"x" * 77)
        said = self.ftp.sendcmd("MLST entry").split("\n")
        self.assertEqual((said[0][:4], said[2][:4], len(said)), ("250-", "250 ", 3))
        self.assertRegex(said[1], r"^ (?=.*[Tt]ype=file;)(?=.*[Ss]ize=77;).* /entry$")
        self.refused("MLST missing", 550)

    def test_append(self):
        put(self.root / "log", b"head ")
        self.ftp.voidcmd("TYPE I")
        for part in (b"middle ", b"tail"):
            with self.ftp.transfercmd("APPE log") as connection:
                connection.sendall(part)
            self.ftp.voidresp()
        self.assertEqual((self.root / "log").read_bytes(), b"head middle tail")

    def test_unique_name(self):
        place = self.place()
        self.ftp.cwd(place)
        self.ftp.voidcmd("TYPE I")
        names = set()
        for index in range(3):
            host, port = self.ftp.makepasv()
            connection = socket.create_connection((host, port))
            self.ftp.putcmd("STOU")
            said = self.ftp.getmultiline()
            if said.startswith("502"):
                connection.close()
                self.skipTest("STOU is not served")
            self.assertRegex(said, r"^1[25]\d FILE: \S+")  # RFC 1123 section 4.1.2.9
            connection.sendall(f"{index}".encode())
            connection.close()
            self.ftp.voidresp()
            names.add(re.match(r"1\d\d FILE: (\S+)", said)[1].rpartition("/")[2])
        self.assertEqual(sorted(os.listdir(self.root / place)), sorted(names))
        self.assertEqual(sorted((self.root / place / name).read_text() for name in names), ["0", "1", "2"])

    def test_delete_and_remove_mind_the_kind(self):
        place = self.place()
        put(self.root / place / "folder" / "file", b"x")
        self.refused(f"DELE {place}/folder", 550)
        self.refused(f"RMD {place}/folder", 550)
        self.refused(f"RMD {place}/folder/file", 550)
        self.refused(f"DELE {place}/missing", 550)
        self.refused("RMD /", 550)
        self.ftp.delete(f"{place}/folder/file")
        self.ftp.rmd(f"{place}/folder")
        self.assertEqual(os.listdir(self.root / place), [])

    def test_rename_over_a_file_replaces_it(self):
        place = self.place()
        put(self.root / place / "a", b"new")
        put(self.root / place / "b", b"old")
        self.ftp.rename(f"{place}/a", f"{place}/b")
        self.assertEqual((self.root / place / "b").read_bytes(), b"new")
        self.refused(f"RNFR {place}/missing", 550)
        self.refused(f"RNTO {place}/b", 503)

    def test_a_download_given_up_leaves_the_session_usable(self):
        put(self.root / "big", content("big", 8 << 20))
        self.ftp.voidcmd("TYPE I")
        connection = self.ftp.transfercmd("RETR big")
        connection.recv(1000)
        connection.close()
        with self.assertRaises(ftplib.error_temp):
            self.ftp.voidresp()
        self.assertEqual(self.get("big"), content("big", 8 << 20))

    def test_abort(self):
        put(self.root / "large", content("large", 8 << 20))
        self.ftp.voidcmd("TYPE I")
        connection = self.ftp.transfercmd("RETR large")
        connection.recv(1000)
        self.ftp.abort()  # 426 and 226 to come, or the 426 alone was read
        connection.close()
        codes = [self.ftp.getmultiline()[:3]]
        if codes == ["426"]:
            codes.append(self.ftp.getmultiline()[:3])
        self.assertIn(codes[-1], ("225", "226"))
        self.assertEqual(self.ftp.voidcmd("NOOP")[:3], "200")
        self.assertEqual(self.get("large"), content("large", 8 << 20))

    def test_features(self):
        said = self.ftp.sendcmd("FEAT").split("\n")
        self.assertEqual((said[0][:4], said[-1][:3]), ("211-", "211"))
        self.assertTrue(all(line.startswith(" ") for line in said[1:-1]), said)
        words = [line[1:] for line in said[1:-1]]
        self.assertLessEqual({"EPRT", "EPSV", "MDTM", "MFMT", "REST STREAM", "SIZE", "TVFS", "UTF8"}, set(words))
        self.assertTrue(any(re.fullmatch(r"MLST (\S+\*?;)+", word) for word in words), words)

    def test_what_every_client_says(self):
        self.assertEqual(self.ftp.sendcmd("SYST"), "215 UNIX Type: L8")
        for line in ("OPTS UTF8 ON", "OPTS UTF-8 ON", "TYPE I", "TYPE A", "TYPE A N", "TYPE L 8", "MODE S", "STRU F",
                     "NOOP", "ALLO 1000"):
            self.assertEqual(self.ftp.sendcmd(line)[0], "2", line)
        for line in ("TYPE E", "MODE B", "STRU P"):
            self.refused(line, 501, 504)


class Login(FtplibCase):
    def test_wrong_passwords_close_the_connection(self):
        client = self.server.ftp(login=False)
        self.addCleanup(client.close)
        said = []
        with self.assertRaises((EOFError, OSError)):
            for _ in range(20):
                client.putcmd("USER alice")
                said.append(client.getline()[:3])
                client.putcmd("PASS wrong")
                said.append(client.getline()[:3])
        self.assertEqual(said[:4], ["331", "530", "331", "530"])
        self.assertLess(said.count("530"), 10)

    def test_unknown_user_sounds_like_a_wrong_password(self):
        answers = []
        for user in ("alice", "nobody"):
            client = self.server.ftp(login=False)
            with self.assertRaises(ftplib.error_perm) as caught:
                client.login(user, "wrong")
            answers.append(str(caught.exception))
            client.close()
        self.assertEqual(answers[0], answers[1])

    def test_login_again_as_somebody_else_starts_anew(self):
        self.ftp.cwd("/")
        self.assertEqual(self.ftp.sendcmd("USER alice")[:3], "331")
        self.refused("PWD", 530)


class Limits(FtplibCase):
    options = ("--max-cons", "20", "--max-cons-per-ip", "3", "--banner", "hello there")

    def test_fourth_connection_of_an_address_is_told_and_closed(self):
        others = [self.server.ftp() for _ in range(2)]
        with self.assertRaises(ftplib.error_temp) as caught:
            self.server.ftp(login=False)
        self.assertEqual(str(caught.exception)[:3], "421")
        others[0].quit()
        again = self.server.ftp()
        self.assertEqual(again.voidcmd("NOOP")[:3], "200")
        for client in [again, *others[1:]]:
            client.close()

    def test_banner(self):
        self.assertIn("hello there", self.ftp.getwelcome())


if __name__ == "__main__":
    unittest.main()
