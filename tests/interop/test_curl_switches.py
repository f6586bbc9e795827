"""curl: every --ftp-* switch it has, and what they do to the conversation."""
import re
import unittest

from support import Case, Server, content, needs, put


@needs("curl")
class Switches(Case):
    """Under TLS where a switch asks for it; the certificate is the one that the program makes for itself."""

    @classmethod
    def populate(cls):
        put(cls.root / "a b" / "c" / "file", content("file", 100_000))

    def curl(self, *arguments, codes=(0,)):
        """What curl and the server said to each other."""
        return self.run_client("curl", "-sS", "-v", "-k", "--max-time", "60", *arguments, codes=codes)

    def said(self, *arguments, codes=(0,), path="a b/c/file"):
        done = self.curl("-o", "out", *arguments, self.server.url(path), codes=codes)
        if codes == (0,):
            self.assert_same_file(self.here / "out", self.root / path)
            (self.here / "out").unlink()
        return re.findall(r"(?m)^> (.*?)\r?$", done.stderr.decode()), done.stderr.decode()

    def test_there_are_no_others(self):
        """A newer curl with a new switch: it wants its test here."""
        known = {"--ftp-account", "--ftp-alternative-to-user", "--ftp-create-dirs", "--ftp-method", "--ftp-pasv",
                 "--ftp-port", "--ftp-pret", "--ftp-skip-pasv-ip", "--ftp-ssl", "--ftp-ssl-ccc", "--ftp-ssl-ccc-mode",
                 "--ftp-ssl-control", "--ftp-ssl-reqd"}
        listed = self.run_client("curl", "--help", "all").stdout.decode()
        self.assertLessEqual(set(re.findall(r"--ftp-[a-z-]+", listed)), known)

    def test_account(self):
        """ACCT is sent only to a server that asks for it by 332, which ours does not."""
        lines, _ = self.said("--ftp-account", "sales")
        self.assertNotIn("ACCT sales", lines)

    def test_alternative_to_user(self):
        """Said after the first name was refused."""
        done = self.curl("--ftp-alternative-to-user", "USER alice", "-u", "bob:secret", "-o", "out",
                         self.server.url("a b/c/file", login=False))
        self.assertEqual(re.findall(r"(?m)^< ([35]3\d|230)", done.stderr.decode()), ["331", "530", "331", "230"])
        self.assert_same_file(self.here / "out", self.root / "a b/c/file")

    def test_create_dirs(self):
        put(self.here / "up", b"x")
        place = self.place()
        self.curl("--ftp-create-dirs", "-T", "up", self.server.url(f"{place}/new/folders/file"))
        self.assertEqual((self.root / place / "new/folders/file").read_bytes(), b"x")
        self.curl("-T", "up", self.server.url(f"{place}/other/file"), codes=(9,))

    def test_method(self):
        wanted = {"multicwd": ["CWD a b", "CWD c", "RETR file"], "nocwd": ["RETR a b/c/file"],
                  "singlecwd": ["CWD a b/c", "RETR file"]}
        for method, commands in wanted.items():
            lines, _ = self.said("--ftp-method", method)
            self.assertEqual([line for line in lines if line.split()[0] in ("CWD", "RETR")], commands, method)

    def test_pasv_and_skip_pasv_ip(self):
        self.assertIn("PASV", self.said("--ftp-pasv", "--disable-epsv")[0])
        self.assertIn("EPSV", self.said("--ftp-pasv")[0])
        for switch in ("--ftp-skip-pasv-ip", "--no-ftp-skip-pasv-ip"):
            self.assertIn("PASV", self.said(switch, "--disable-epsv")[0])

    def test_port(self):
        lines, _ = self.said("--ftp-port", "-")
        self.assertTrue(any(line.startswith("EPRT |1|127.0.0.1|") for line in lines), lines)
        lines, _ = self.said("--ftp-port", "127.0.0.1:40100-40199", "--disable-eprt")
        self.assertTrue(any(line.startswith("PORT 127,0,0,1,") for line in lines), lines)

    def test_pret(self):
        lines, _ = self.said("--ftp-pret")
        self.assertEqual([line for line in lines if line.startswith("PRET")], ["PRET RETR file"])
        self.said("--ftp-pret", path="a b/c/never", codes=(84,))

    def test_ssl(self):
        lines, said = self.said("--ftp-ssl")
        self.assertEqual(lines[:1], ["AUTH SSL"])
        self.assertIn("PROT P", lines)
        lines, _ = self.said("--ftp-ssl-reqd")
        self.assertIn("PROT P", lines)

    def test_ssl_control(self):
        lines, _ = self.said("--ftp-ssl-control")
        self.assertIn("PROT C", lines)
        self.assertNotIn("PROT P", lines)

    def test_ssl_ccc(self):
        """CCC is off unless the configuration allows it; curl then goes on under TLS."""
        lines, _ = self.said("--ftp-ssl-reqd", "--ftp-ssl-ccc", codes=(0, 59))
        self.assertIn("CCC", lines)
        config = self.base / "ccc.toml"
        config.write_text("[tls]\nclear_again = true\n")
        own = Server(self.root, "--config", str(config)).start()
        self.addCleanup(own.stop)
        # "passive" leaves the server's close_notify without an answer, and no line that follows is then known to be the
        # client's: the session ends.
        for mode, codes in {"active": (0,), "passive": (56,)}.items():
            self.curl("-o", mode, "--ftp-ssl-reqd", "--ftp-ssl-ccc", "--ftp-ssl-ccc-mode", mode,
                      own.url("a b/c/file"), codes=codes)
        self.assert_same_file(self.here / "active", self.root / "a b/c/file")


if __name__ == "__main__":
    unittest.main()
