"""I2FTP: the server against a client that is not ours, and against our own program; files of all sizes, resuming."""
import hashlib
import json
import os
import re
import signal
import subprocess
import threading
import unittest

import i2tcp
from support import DEADLINE, PROGRAM, Case, Server, eventually, put

KEY = bytes(range(1, 33))
PIECE = i2tcp.PIECE


class I2ftpServer(Server):
    def __init__(self, root, *options, **more):
        super().__init__(root, "--i2ftp", "0", *options, **more)

    def start(self):
        os.environ["WHERRY_I2FTP_KEY"] = KEY.hex()
        try:
            super().start()
            address = self.expect_line(r"listening i2ftp (\S+)").group(1)
        finally:
            del os.environ["WHERRY_I2FTP_KEY"]
        self.i2ftp_port = int(address.rpartition(":")[2])
        return self


class I2ftp(Case):
    def setUp(self):
        super().setUp()
        self.root = self.base / "i2ftp" / self._testMethodName
        self.root.mkdir(parents=True)
        self.i2 = I2ftpServer(self.root).start()
        self.addCleanup(self.i2.stop)

    def dial(self, **how):
        connection = i2tcp.Connection(self.i2.i2ftp_port, KEY, **how)
        self.addCleanup(connection.close)
        return connection

    def wherry(self, *arguments, key=KEY, code=0):
        done = subprocess.run([PROGRAM, "i2ftp", *arguments], capture_output=True, timeout=DEADLINE, text=True,
                              errors="surrogateescape", cwd=self.here, env=dict(os.environ, WHERRY_I2FTP_KEY=key.hex()))
        self.assertEqual(done.returncode, code, done)
        return done

    def url(self, path=""):
        return f"i2ftp://127.0.0.1:{self.i2.i2ftp_port}/{path}"

    def test_a_foreign_client_of_either_age_moves_files_both_ways(self):
        for preauth in (True, False):
            control, data = self.dial(preauth=preauth), self.dial(preauth=preauth)
            for size in (1, PIECE - 1, PIECE, PIECE + 1, 9 * PIECE + 5):
                content = os.urandom(size)
                i2tcp.upload(control, data, b"up/new.bin", content)
                listed = json.loads(control.ask(b"LIST,up/new.bin"))
                self.assertEqual(listed["new.bin"]["size"], size)
                self.assertEqual((self.root / "up/new.bin").read_bytes(), content)
                got, digest = i2tcp.download(control, data, b"up/new.bin", size)
                self.assertEqual(got, content)
                self.assertEqual(digest, hashlib.md5(content).hexdigest())

    def test_a_foreign_client_with_a_wrong_key_hears_nothing(self):
        with self.assertRaises((EOFError, ConnectionResetError)):
            i2tcp.Connection(self.i2.i2ftp_port, b"a wrong key")

    def test_our_client_moves_files_of_all_sizes_over_one_connection_and_several(self):
        for size in (0, 1, PIECE, PIECE + 1, 40 * PIECE + 7):
            content = os.urandom(size)
            put(self.here / "local", content)
            for connections in ("1", "4"):
                self.wherry("put", "local", self.url("dir/"), "-j", connections)
                self.assertEqual((self.root / "dir/local").read_bytes(), content)
                self.wherry("get", self.url("dir/local"), "back", "-j", connections)
                self.assertEqual((self.here / "back").read_bytes(), content)
                (self.here / "back").unlink()

    def test_our_client_goes_on_with_a_download(self):
        content = os.urandom(3 * PIECE)
        put(self.root / "file", content)
        put(self.here / "file.part", content[:PIECE + 5])
        said = self.wherry("get", self.url("file")).stderr
        self.assertIn(f"of which {PIECE + 5} were there", said)
        self.assertEqual((self.here / "file").read_bytes(), content)

    def test_our_client_begins_anew_where_the_part_was_of_another_file(self):
        content = os.urandom(3 * PIECE)
        put(self.root / "file", content)
        put(self.here / "file.part", os.urandom(PIECE))
        self.wherry("get", self.url("file"))
        self.assertEqual((self.here / "file").read_bytes(), content)

    def test_our_client_goes_on_with_an_upload(self):
        content = os.urandom(3 * PIECE)
        put(self.here / "file", content)
        first = i2tcp.Connection(self.i2.i2ftp_port, KEY)
        session = first.ask(b"PULF,file")
        first.ask(b"UPLD," + session + b"," + bytes(8) + b"," + content[:PIECE])
        first.close()
        said = self.wherry("put", "file", self.url()).stderr
        self.assertIn(f"of which {PIECE} were there", said)
        self.assertEqual((self.root / "file").read_bytes(), content)

    def test_our_client_sends_all_again_where_the_kept_part_was_of_another_file(self):
        put(self.here / "file", os.urandom(3 * PIECE))
        first = i2tcp.Connection(self.i2.i2ftp_port, KEY)
        session = first.ask(b"PULF,file")
        first.ask(b"UPLD," + session + b"," + bytes(8) + b"," + os.urandom(PIECE))
        first.close()
        self.wherry("put", "file", self.url())
        self.assertEqual((self.root / "file").read_bytes(), (self.here / "file").read_bytes())

    def test_our_client_looks_and_changes(self):
        put(self.root / "d/a", b"x")
        self.assertEqual(self.wherry("ls", "-1", self.url("d")).stdout, "a\n")
        self.wherry("mkdir", self.url("e/f"))
        self.wherry("cp", self.url("d"), "e/f/d")
        self.wherry("mv", self.url("e/f/d/a"), self.url("b"))
        self.assertIn(" b\n", self.wherry("stat", self.url("b")).stdout)
        self.wherry("rm", self.url("e"))
        self.assertEqual(sorted(path.name for path in self.root.iterdir()), ["b", "d"])

    def test_mistakes_are_told_in_words(self):
        self.assertIn("does not exist", self.wherry("get", self.url("none"), code=1).stderr)
        self.assertIn("does not take this key", self.wherry("ls", self.url(), key=b"wrong", code=1).stderr)
        self.assertIn("no URL", self.wherry("ls", "ftp://host/", code=2).stderr)
        self.assertIn("is a directory", self.wherry("get", self.url("."), "x", code=1).stderr)

    def test_a_name_that_is_not_utf8_spoils_no_listing(self):
        put(os.fsencode(self.root) + b"/caf\xe9", b"x")
        put(self.root / "plain", b"y")
        self.assertEqual(self.wherry("ls", "-1", self.url()).stdout, "caf\udce9\nplain\n")

    def test_many_clients_at_once_keep_every_digest_right(self):
        contents = [os.urandom(PIECE + 11 * i) for i in range(8)]
        wrong = []

        def one(number):
            try:
                control = i2tcp.Connection(self.i2.i2ftp_port, KEY)
                data = i2tcp.Connection(self.i2.i2ftp_port, KEY)
                for _ in range(3):
                    name = b"storm%d" % number
                    i2tcp.upload(control, data, name, contents[number])
                    got, digest = i2tcp.download(control, data, name, len(contents[number]))
                    if got != contents[number] or digest != hashlib.md5(got).hexdigest():
                        wrong.append(number)
                control.close()
                data.close()
            except Exception as error:  # of another thread: told below
                wrong.append((number, repr(error)))
        threads = [threading.Thread(target=one, args=(number,)) for number in range(len(contents))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class Configured(Case):
    """Servers with a configuration file."""

    def serve(self, settings, users=""):
        config = self.here / "wherry.toml"
        config.write_text(f"""[ftp]
listen = "127.0.0.1:0"
[limits]
sessions_per_address = 0
[i2ftp]
{settings}
{users}""")
        server = ConfiguredServer(config).start()
        self.addCleanup(server.stop)
        return server

    def key_file(self, name, key):
        path = self.here / f"{name}.key"
        path.write_text(key.hex())
        path.chmod(0o600)
        return path

    def wherry(self, *arguments, key=KEY, code=0):
        done = subprocess.run([PROGRAM, "i2ftp", *arguments], capture_output=True, timeout=DEADLINE, text=True,
                              errors="surrogateescape", cwd=self.here, env=dict(os.environ, WHERRY_I2FTP_KEY=key.hex()))
        self.assertEqual(done.returncode, code, done)
        return done

    def own(self, settings):
        folder = self.here / "served"
        folder.mkdir(exist_ok=True)
        return self.serve(f"""key_file = "{self.key_file("own", KEY)}"
folder = "{folder}"
permissions = "elradfmw"
{settings}""")

    def test_our_client_in_every_mode_of_the_server(self):
        content = os.urandom(3 * PIECE + 11)
        put(self.here / "file", content)
        for secured in ("false", "true"):
            for preauth, options in (("auto", ()), ("auto", ("--old-server",)), ("required", ()),
                                     ("off", ("--old-server",))):
                server = self.own(f'listen = "127.0.0.1:0"\nsecured = {secured}\npreauth = "{preauth}"')
                url = f"i2ftp://127.0.0.1:{server.i2ftp_port}/file"
                for connections in ("1", "3"):
                    self.wherry("put", "file", url, "-j", connections, *options)
                    self.wherry("get", url, "back", "-j", connections, *options)
                    self.assertEqual((self.here / "back").read_bytes(), content)
                    (self.here / "back").unlink()
                server.stop()

    def test_users_of_one_configuration_have_keys_of_their_own(self):
        keys = {"alice": KEY, "bob": bytes(range(64, 96))}
        users = ""
        for name, key in keys.items():
            put(self.here / name / f"of {name}", b"x")
            users += f"""[users.{name}]
home = "{self.here / name}"
i2ftp_key_file = "{self.key_file(name, key)}"
"""
        server = self.serve('listen = "127.0.0.1:0"', users)
        url = f"i2ftp://127.0.0.1:{server.i2ftp_port}/"
        for name, key in keys.items():
            self.assertEqual(self.wherry("ls", "-1", url, key=key).stdout, f"of {name}\n")
        # Another key from the next reading on.
        self.key_file("bob", b"another key, long enough")
        server.signal(signal.SIGHUP)
        eventually(lambda: "reload: done" in server.said(), "the configuration is read again")
        self.assertEqual(self.wherry("ls", "-1", url, key=b"another key, long enough").stdout, "of bob\n")
        self.wherry("ls", url, key=keys["bob"], code=1)

    def test_inside_tls(self):
        content = os.urandom(3 * PIECE + 11)
        put(self.here / "file", content)
        server = self.own('tls_listen = "127.0.0.1:0"\nprocess_control = "loopback"')
        url = f"i2ftps://127.0.0.1:{server.i2ftps_port}/file"
        certificate = re.search(r"certificate (\S+)", server.said()).group(1)
        fingerprint = re.search(r"SHA-256 (\S+)", server.said()).group(1)
        for trust in (("--ca", certificate), ("--fingerprint", fingerprint),
                      ("--fingerprint", fingerprint.replace(":", "").lower())):
            self.wherry("put", "file", url, "-j", "3", *trust)
            self.wherry("get", url, "back", "-j", "3", *trust)
            self.assertEqual((self.here / "back").read_bytes(), content)
            (self.here / "back").unlink()
        self.assertIn("verify failed", self.wherry("ls", url, code=1).stderr)
        wrong = fingerprint.replace("A", "B").replace("0", "1")
        self.assertIn("is another one", self.wherry("ls", url, "--fingerprint", wrong, code=1).stderr)
        self.assertIn("64 hexadecimal digits", self.wherry("ls", url, "--fingerprint", "AB:CD", code=2).stderr)
        # Without TLS nobody hears anything there.
        self.wherry("ls", url.replace("i2ftps", "i2ftp"), "--timeout", "3", code=1)

    def test_wrong_keys_ban_the_address(self):
        server = self.own("""listen = "127.0.0.1:0"
[login]
ban_after = 2
failure_delay = "10ms"
""")
        url = f"i2ftp://127.0.0.1:{server.i2ftp_port}/"
        self.wherry("ls", url)
        for _ in range(2):
            self.wherry("ls", url, key=b"wrong", code=1)
        self.wherry("ls", url, code=1)
        self.assertIn("is banned", server.said())


class ConfiguredServer(Server):
    def __init__(self, config):
        super().__init__("", host="127.0.0.1")
        self.command = [PROGRAM, "serve", "--config", str(config)]

    def start(self):
        super().start()
        found = self.expect_line(r"listening (i2ftps?) \S+:(\d+)$")
        setattr(self, f"{found.group(1)}_port", int(found.group(2)))
        return self


if __name__ == "__main__":
    unittest.main()
