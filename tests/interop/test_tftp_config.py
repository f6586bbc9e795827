"""Keys of [tftp] that say whether, by how many and in whose name it is served: by what the program does."""
import os
import pwd
import signal
import subprocess
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, Server, eventually, put
from test_tftp import Configured


def block(number, payload):
    return b"\0\3" + number.to_bytes(2, "big") + payload


ACK0, ACK1 = b"\0\4\0\0", b"\0\4\0\1"


class Case(Configured):
    def configure(self, *lines):
        self.file.write_text("\n".join(lines) + "\n")

    def read(self, name):
        """The first answer; if it is a file of one block, that is acknowledged."""
        client = self.client()
        client.sendto(b"\0\1" + name + b"\0octet\0", ("127.0.0.1", self.server.port))
        answer, peer = client.recvfrom(2000)
        client.sendto(ACK1, peer)
        return answer

    def announce(self, name, size):
        """The answer to a request to write that says how much will come."""
        client = self.client()
        client.sendto(b"\0\2" + name + b"\0octet\0tsize\0" + size + b"\0", ("127.0.0.1", self.server.port))
        return client.recvfrom(2000)[0]

    def write(self, name, *blocks):
        """The answers to a request to write and to the blocks, until there is an ERROR."""
        client, answers = self.client(), []
        client.sendto(b"\0\2" + name + b"\0octet\0", ("127.0.0.1", self.server.port))
        for number in range(len(blocks) + 1):
            answer, peer = client.recvfrom(2000)
            answers.append(answer)
            if answer[:2] == b"\0\5" or number == len(blocks):
                return answers
            client.sendto(block(number + 1, blocks[number]), peer)

    def sockets(self):
        """Lines of the table of UDP for sockets of the server: the part that says where they are bound."""
        own = {path.readlink().name for path in Path(f"/proc/{self.server.process.pid}/fd").iterdir()}
        lines = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
        return [line[1] for line in lines if f"socket:[{line[9]}]" in own]


class Served(Case):
    def test_false_is_no_TFTP_and_all_else_as_before(self):
        put(self.base / "served" / "file", b"content")
        anonymous = f'anonymous.folder = "{self.base}/served"'
        self.configure('ftp.listen = ["127.0.0.1:0"]', anonymous, "[tftp]", "enabled = false", 'listen = ["127.0.0.1:0"]',
                       'roots = ["/nowhere/at/all"]', 'user = "nobody at all"')
        self.start(Server(self.base / "served"))
        self.assertEqual(self.sockets(), [])
        ftp = self.server.ftp(login=False)
        ftp.login()
        self.assertEqual(ftp.nlst(), ["file"])
        ftp.quit()
        self.assertNotIn("tftp", self.server.said().lower())

    def test_by_as_many_threads_as_it_is_given(self):
        put(self.base / "served" / "file", b"content")
        for workers, expected in ((0, 3), (1, 1), (2, 2), (9, 3)):
            self.configure("ftp.listen = []", "runtime.loops = 3", "[tftp]", 'listen = ["127.0.0.1:0"]',
                           f'roots = ["{self.base}/served"]', f"workers = {workers}")
            self.start()
            listener = f"0100007F:{self.server.port:04X}"
            self.assertEqual(self.sockets().count(listener), expected, f"workers = {workers}")
            self.assertEqual(self.read(b"file"), block(1, b"content"))
            self.server.stop()


class User(Case):
    """tftp.user: one of the users file, with his folder, his rights and his quota."""

    def setUp(self):
        super().setUp()
        put(self.base / "boot" / "image", b"of boot")
        put(self.base / "boot" / "private" / "key", b"secret")
        put(self.base / "lab" / "image", b"of lab")
        put(self.base / "outside", b"nobody's")
        self.hash = subprocess.run([PROGRAM, "hash-password"], input="secret\n", capture_output=True, text=True,
                                   timeout=DEADLINE).stdout.strip()

    def users(self, boot="elrw", storage="4K"):
        (self.base / "users.toml").write_text(
            f'[users.boot]\nhome = "{self.base}/boot"\npassword = "{self.hash}"\npermissions = "{boot}"\n'
            f'limits = {{ storage = "{storage}" }}\n'
            f'rules = [ {{ directory = "/private", letters = "l" }} ]\n'
            f'[users.lab]\nhome = "{self.base}/lab"\npassword = "{self.hash}"\npermissions = "elr"\n')

    def name(self, user):
        self.configure("ftp.listen = []", f'login.users_files = ["{self.base}/users.toml"]', "[tftp]",
                       'listen = ["127.0.0.1:0"]', f'user = "{user}"', 'world_readable = "off"',
                       '[tftp.write]', 'mode = "create"')

    def test_his_folder_his_rights_and_his_quota(self):
        self.users()
        self.name("boot")
        self.start()
        self.assertEqual(self.read(b"image"), block(1, b"of boot"))
        self.assertEqual(self.read(b"../outside")[:2], b"\0\5")
        self.assertEqual(self.read(b"outside")[:4], b"\0\5\0\1")
        self.assertEqual(self.read(b"private/key")[:2], b"\0\5", "a rule of his own about that folder")
        self.assertEqual(self.write(b"new", b"n" * 100), [ACK0, ACK1])
        self.assertEqual((self.base / "boot" / "new").read_bytes(), b"n" * 100)
        self.assertEqual(self.write(b"private/new")[0][:2], b"\0\5")
        self.assertEqual(self.announce(b"announced", b"5000")[:4], b"\0\5\0\3")
        answers = self.write(b"too much", *[b"m" * 512] * 9, b"end")
        self.assertEqual(answers[-1][:4], b"\0\5\0\3")
        self.assertFalse((self.base / "boot" / "too much").exists())
        self.assertEqual(self.write(b"still room", b"r"), [ACK0, ACK1])

    def test_whoever_may_only_read_only_reads(self):
        self.users(boot="elr")
        self.name("boot")
        self.start()
        self.assertEqual(self.read(b"image"), block(1, b"of boot"))
        self.assertEqual(self.write(b"new")[0][:4], b"\0\5\0\2")
        self.assertFalse((self.base / "boot" / "new").exists())

    def reload(self, what, condition):
        self.server.signal(signal.SIGHUP)
        eventually(condition, what)

    def test_a_reload_names_another_one(self):
        self.users()
        self.name("boot")
        self.start()
        self.assertEqual(self.read(b"image"), block(1, b"of boot"))
        self.name("lab")
        self.reload("the folder of lab", lambda: self.read(b"image") == block(1, b"of lab"))
        self.assertEqual(self.write(b"new")[0][:4], b"\0\5\0\2")
        self.name("carol")
        self.reload("the mistake is told", lambda: "there is no user \"carol\"" in self.server.said())
        self.assertEqual(self.read(b"image"), block(1, b"of lab"), "as it was")
        self.name("boot")
        self.reload("the folder of boot", lambda: self.read(b"image") == block(1, b"of boot"))
        # What the users file says of him now.
        self.users(boot="elr")
        self.reload("he may only read", lambda: self.write(b"late")[0][:4] == b"\0\5\0\2")

    def test_an_account_of_the_machine_acts_as_itself(self):
        """One of a service, which cannot log in; or who runs the tests."""
        root = os.geteuid() == 0
        who = pwd.getpwnam("daemon") if root else pwd.getpwuid(os.geteuid())
        folder = self.base / "boot"
        put(folder / "own", b"its own")
        for place in (self.base, folder):
            place.chmod(0o755)
        if root:
            os.chown(folder, who.pw_uid, who.pw_gid)
            os.chown(folder / "own", who.pw_uid, who.pw_gid)
        put(folder / "closed", b"nobody's")
        (folder / "own").chmod(0o600)
        (folder / "closed").chmod(0o000)
        self.configure("ftp.listen = []", "login.system_users = true", "[tftp]", 'listen = ["127.0.0.1:0"]',
                       f'user = "{who.pw_name}"', f'roots = ["{folder}"]', 'world_readable = "off"',
                       '[tftp.write]', 'mode = "create"')
        self.start()
        self.assertEqual(self.read(b"own"), block(1, b"its own"))
        self.assertEqual(self.read(b"closed")[:4], b"\0\5\0\2")
        self.assertEqual(self.write(b"new", b"n"), [ACK0, ACK1])
        self.assertEqual((folder / "new").stat().st_uid, who.pw_uid)

    def test_root_is_not_served_to_everybody(self):
        self.configure("ftp.listen = []", "login.system_users = true", "[tftp]", 'listen = ["127.0.0.1:0"]',
                       'user = "root"')
        done = subprocess.run([PROGRAM, "serve", "--config", str(self.file)], capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"tftp\.user: root is not served")

    def test_who_is_not_there_is_a_mistake(self):
        self.users()
        self.name("carol")
        done = subprocess.run([PROGRAM, "serve", "--config", str(self.file)], capture_output=True, text=True,
                              timeout=DEADLINE)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r'tftp\.user: there is no user "carol"')


if __name__ == "__main__":
    unittest.main()
