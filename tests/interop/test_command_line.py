"""The program's words: its commands, its options, its exit codes, the line that says where it listens."""
import ftplib
import os
import signal
import socket
import subprocess
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, Case, Server, eventually, has_ipv6, put


def wherry(*arguments, text=None, cwd=None):
    return subprocess.run([PROGRAM, *arguments], input=text, capture_output=True, timeout=DEADLINE, text=True, cwd=cwd)


class CommandLine(Case):
    @classmethod
    def populate(cls):
        put(cls.root / "file", b"hello")

    def assert_fails(self, *arguments, says):
        """A mistake ends the program at once, with a sentence on standard error and nothing on standard output."""
        done = wherry(*arguments, cwd=self.here)
        self.assertNotEqual(done.returncode, 0, done)
        self.assertGreaterEqual(done.returncode, 0, done)
        self.assertRegex(done.stderr, says)
        self.assertNotIn("listening", done.stdout)

    def test_version(self):
        done = wherry("version")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"\b\d+\.\d+\.\d+\b")

    def test_help(self):
        for arguments in (["--help"], ["serve", "--help"], ["check-config", "--help"], ["hash-password", "--help"]):
            done = wherry(*arguments)
            self.assertEqual(done.returncode, 0, arguments)
            self.assertGreater(len(done.stdout), 100, arguments)
        said = wherry("serve", "--help").stdout
        for option in ("--interface", "--port", "--write", "--directory", "--nat-address", "--range", "--username",
                       "--password",
                       "--banner", "--timeout", "--permit-foreign-addresses", "--permit-privileged-ports", "--max-cons",
                       "--max-cons-per-ip", "--max-login-attempts", "--disable-sendfile", "--atomic", "--config"):
            self.assertIn(option, said)

    def test_mistakes(self):
        self.assert_fails("dance", says="dance|command|argument")
        self.assert_fails("serve", "--no-such-option", says="no-such-option")
        self.assert_fails("serve", str(self.here / "missing"), "-p", "0", says="missing")
        self.assert_fails("serve", "-p", "65536", says="65536|port")
        self.assert_fails("serve", "-p", "0", "-r", "5-3", says="5-3|range")
        self.assert_fails("serve", "-p", "0", "-i", "no.such.address.invalid", says="no.such.address")
        self.assert_fails("serve", "--config", str(self.here / "missing.toml"), says="missing.toml")
        self.assert_fails("check-config", str(self.here / "missing.toml"), says="missing.toml")

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            self.assert_fails("serve", str(self.root), "-i", "127.0.0.1", "-p", str(port), says=f"{port}.*in use")

    def test_current_folder_is_the_default(self):
        put(self.here / "here", b"x")
        own = Server(".", anonymous=True, write=False)
        own.command.remove(".")
        before = os.getcwd()
        os.chdir(self.here)
        try:
            own.start()
        finally:
            os.chdir(before)
        self.addCleanup(own.stop)
        with own.ftp(login=False) as client:
            client.login()
            self.assertEqual(client.nlst(), ["here"])

    def test_listening_line_names_address_and_port(self):
        for host in ("127.0.0.1", "::1") if has_ipv6() else ("127.0.0.1",):
            own = Server(self.root, host=host).start()
            self.addCleanup(own.stop)
            self.assertEqual(own.announced_host.strip("[]"), host)
            self.assertGreater(own.port, 0)
            with own.ftp() as client:
                self.assertEqual(client.nlst(), ["file"])

    def test_each_server_has_a_port_of_its_own(self):
        servers = [Server(self.root).start() for _ in range(3)]
        for own in servers:
            self.addCleanup(own.stop)
        self.assertEqual(len({own.port for own in servers}), 3)

    def test_password_is_not_in_the_log(self):
        own = Server(self.root).start()
        self.addCleanup(own.stop)
        with own.ftp() as client:
            client.voidcmd("NOOP")
        self.assertNotIn(own.password, own.said())

    def test_hash_password(self):
        one, two = (wherry("hash-password", text="some pass phrase\n").stdout.strip() for _ in range(2))
        self.assertRegex(one, r"^\$argon2id\$")
        self.assertNotEqual(one, two)  # salted

    def test_documentation_of_the_keys_is_the_programs_own(self):
        documented = (Path(__file__).parents[2] / "docs" / "config.md").read_text()
        self.assertEqual(wherry("check-config", "--keys").stdout, documented,
                         "renew it: wherry check-config --keys >docs/config.md")

    def test_configuration_that_comes_with_the_package_is_good(self):
        done = wherry("check-config", str(Path(__file__).parents[2] / "packaging" / "wherry.toml"))
        self.assertEqual(done.returncode, 0, done)

    def test_mistakes_in_a_configuration(self):
        for text, says in (("[ftp]\nlisen = 1\n", "lisen.*listen"), ("[ftp]\nlisten = \"nowhere\"\n", "ftp.listen"),
                           ("]", "TOML"),
                           ("[users.bob]\npassword = \"plain\"\nhome = \"/\"\n", "hash-password")):
            put(self.here / "bad.toml", text.encode())
            for command in (["check-config"], ["serve", "--config"]):
                self.assert_fails(*command, str(self.here / "bad.toml"), says=says)

    def test_users_of_a_configuration_and_a_change_while_it_runs(self):
        def write(*names):
            users = "".join(f'[users.{name}]\npassword = "{hashed}"\nhome = "{self.root}"\n' for name in names)
            put(self.here / "wherry.toml", f'[ftp]\nlisten = "127.0.0.1:0"\n{users}'.encode())

        def can_log_in(name):
            client = own.ftp(login=False)
            try:
                return client.login(name, "some pass phrase")[:3] == "230"
            except ftplib.error_perm:
                return False
            finally:
                client.close()

        hashed = wherry("hash-password", text="some pass phrase\n").stdout.strip()
        write("ann")
        own = Server(self.root)
        own.command = [PROGRAM, "serve", "--config", str(self.here / "wherry.toml")]
        own.start()
        self.addCleanup(own.stop)
        self.assertTrue(can_log_in("ann"))
        self.assertFalse(can_log_in("ben"))
        write("ben")
        own.signal(signal.SIGHUP)
        eventually(lambda: can_log_in("ben"), "SIGHUP brings the new user in")
        self.assertFalse(can_log_in("ann"))

    def test_disable_sendfile_serves_the_same(self):
        own = Server(self.root, "--disable-sendfile").start()
        self.addCleanup(own.stop)
        with own.ftp() as client:
            parts = []
            client.retrbinary("RETR file", parts.append)
            self.assertEqual(b"".join(parts), b"hello")

    def test_second_login_attempt_is_the_last(self):
        own = Server(self.root, "--max-login-attempts", "2").start()
        self.addCleanup(own.stop)
        client = own.ftp(login=False)
        said = []
        with self.assertRaises((EOFError, OSError)):
            for _ in range(10):
                client.putcmd("USER alice")
                said.append(client.getline()[:3])
                client.putcmd("PASS wrong")
                said.append(client.getline()[:3])
        self.assertEqual([code for code in said if code != "421"], ["331", "530"] * 2)


if __name__ == "__main__":
    unittest.main()
