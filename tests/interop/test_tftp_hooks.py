"""Programs that have a say in TFTP (tftp.hook), as an operator would write them, against the program."""
import base64
import json
import os
import struct
import subprocess
import sys
import unittest
from pathlib import Path

from support import DEADLINE, PROGRAM, eventually, put
from test_tftp import Configured

# Answers by the name of the file. It has its own folder as its only argument.
ROUTER = r"""
import base64, json, os, signal, subprocess, sys, time
here = sys.argv[1]
line = sys.stdin.buffer.readline()
asked = json.loads(line)
with open(here + "/asked", "ab") as file:
    file.write(line)
name = asked["name"]
answers = {
    "file": {"file": "boot/real"},
    "bytes": {"file_b64": base64.b64encode(b"caf\xe9").decode()},
    "content": {"content_b64": base64.b64encode(b"for " + asked["client"].encode()).decode()},
    "refuse": {"refuse": [2, "Not\x07you"]},
    "missing": {"file": "boot/none"},
    "outside": {"file": "../secret"},
    "absolute": {"file": here + "/secret"},
    "forbidden": {"file": "closed/real"},
    "hidden": {"file": ".hidden"},
    "into": {"file": "incoming/up"},
    "pass": {},
    "unknown": {"path": "boot/real"},
}
if name in answers:
    json.dump(answers[name], sys.stdout)
elif name == "garbage":
    print("boot/real")
elif name == "long":
    sys.stdout.write(" " * 1048577)
elif name == "status":
    print("{}", flush=True)
    print("cannot \x1b[31mroute\nsorry", file=sys.stderr)
    sys.exit(3)
elif name == "crash":
    os.kill(os.getpid(), signal.SIGSEGV)
elif name == "hang":
    child = subprocess.Popen(["sleep", "1000"])
    with open(here + "/hanging", "a") as file:
        file.write(f"{os.getpid()} {child.pid}\n")
    print("{}", flush=True)
    time.sleep(1000)
"""


def packet(op, name, *options):
    return struct.pack("!H", op) + b"\0".join([name, b"octet", *options]) + b"\0"


def error(code, text):
    return struct.pack("!HH", 5, code) + text + b"\0"


BROKEN = error(0, b"Internal error")


def lives(pid):
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


class Case(Configured):
    def setUp(self):
        super().setUp()
        self.root = self.base / "served"
        put(self.root / "boot" / "real", b"real")
        put(self.root / "closed" / "real", b"closed")
        put(self.root / "plain", b"plain")
        put(self.root / ".hidden", b"hidden")
        put(Path(os.fsdecode(os.fsencode(self.root) + b"/caf\xe9")), b"coffee")
        (self.root / "incoming").mkdir()
        put(self.base / "secret", b"secret")

    def program(self, name, text, interpreter=sys.executable):
        put(self.base / name, f"#!{interpreter}\n{text}".encode())
        (self.base / name).chmod(0o755)
        return json.dumps([str(self.base / name), str(self.base)])

    def configure(self, hook, tftp=""):
        self.file.write_text(f'ftp.listen = []\n[tftp]\nlisten = ["127.0.0.1:0"]\nworld_readable = "off"\n'
                             f'roots = ["{self.root}"]\n{tftp}\n[tftp.hook]\n{hook}\n'
                             f'[[tftp.rule]]\nname = "closed/*"\nread = false\n')

    def serve(self, hook, tftp=""):
        self.configure(hook, tftp)
        self.start()

    def ask(self, op, name, *options):
        """The first packet of the answer, and its sender."""
        client = self.client()
        client.sendto(packet(op, name, *options), ("127.0.0.1", self.server.port))
        answer, peer = client.recvfrom(70_000)
        return client, answer, peer

    def read(self, name, *options):
        return self.ask(1, name, *options)[1]

    def download(self, name):
        """A file of less than a block, and the ACK of it."""
        client, answer, peer = self.ask(1, name)
        self.assertEqual(answer[:4], b"\0\3\0\1", answer)
        client.sendto(b"\0\4\0\1", peer)
        return answer[4:]

    def upload(self, name, content):
        client, answer, peer = self.ask(2, name)
        if answer != b"\0\4\0\0":
            return answer
        client.sendto(b"\0\3\0\1" + content, peer)
        return client.recvfrom(1000)[0]

    def logged(self, text):
        eventually(lambda: text in self.server.said(), f"{text!r} in the log")


class TftpHookRequests(Case):
    def route(self, more="", tftp=""):
        self.serve(f"command = {self.program('route', ROUTER)}\n{more}", tftp)

    def test_each_answer(self):
        self.route()
        self.assertEqual(self.download(b"file"), b"real")
        self.assertEqual(self.download(b"bytes"), b"coffee")
        self.assertEqual(self.download(b"content"), b"for 127.0.0.1")
        self.assertEqual(self.read(b"refuse"), error(2, b"Not?you"))
        self.assertEqual(self.read(b"pass"), error(1, b"File not found"))
        self.assertEqual(self.download(b"plain"), b"plain")  # it says nothing at all
        self.assertEqual(self.read(b"content", b"tsize", b"0"), b"\0\6tsize\00013\0")

    def test_a_file_goes_through_the_same_door_as_any_name(self):
        self.route()
        self.assertEqual(self.read(b"missing"), error(1, b"File not found"))
        self.assertEqual(self.read(b"outside"), BROKEN)
        self.logged('"../secret" is no name in the served folders')
        self.assertEqual(self.read(b"absolute"), error(1, b"File not found"))
        self.assertEqual(self.read(b"forbidden"), error(2, b"Access violation"))
        self.assertEqual(self.upload(b"file", b"x"), error(2, b"Uploads are not allowed"))

    def test_what_it_is_asked(self):
        self.route(tftp="[tftp.names]\nstrip_prefix = [\"/tftpboot\"]")
        self.read(b"/tftpboot/boot/real", b"BLKSIZE", b"1000", b"x-own", b"\xff")
        self.read(b"caf\xe9")
        first, second = [json.loads(line) for line in (self.base / "asked").read_text().splitlines()]
        self.assertEqual(first, {"op": "read", "name": "/tftpboot/boot/real", "mapped": "/boot/real",
                                 "client": "127.0.0.1", "mac": "", "options": {"blksize": "1000", "x-own": "\ufffd"}})
        self.assertEqual(base64.b64decode(second["name_b64"]), b"caf\xe9")
        self.assertEqual(base64.b64decode(second["mapped_b64"]), b"/caf\xe9")
        self.assertEqual(second["name"], "caf\ufffd")

    def test_programs_that_fail(self):
        self.route()
        for name, why in [(b"garbage", 'its answer "boot/real" is none of'),
                          (b"unknown", 'its answer: "path" is unknown'),
                          (b"long", "it has written more than 1048576 bytes"), (b"status", "it has ended with status 3"),
                          (b"crash", "it was ended by signal 11")]:
            self.assertEqual(self.read(name), BROKEN, name)
            self.logged(why)
        self.logged(r"route says: cannot \x1B[31mroute")
        self.logged("route says: sorry")
        self.assertEqual(self.download(b"file"), b"real")

    def test_a_program_that_hangs_is_killed_with_what_it_started(self):
        self.route()
        self.assertEqual(self.read(b"hang"), BROKEN)
        self.logged("it has not ended within 2000 ms")
        for pid in (self.base / "hanging").read_text().split():
            eventually(lambda: not lives(pid), "it is gone")
        self.assertEqual(self.download(b"file"), b"real")

    def test_programs_that_run_when_the_server_ends_are_killed(self):
        self.route()
        self.client().sendto(packet(1, b"hang"), ("127.0.0.1", self.server.port))
        eventually((self.base / "hanging").exists, "it hangs")
        self.server.signal()
        self.server.stop()
        for pid in (self.base / "hanging").read_text().split():
            eventually(lambda: not lives(pid), "it is gone")

    def test_uploads(self):
        self.route('on = ["write"]', '[tftp.write]\nmode = "create"')
        self.assertEqual(self.upload(b"into", b"content"), b"\0\4\0\1")
        self.assertEqual((self.root / "incoming" / "up").read_bytes(), b"content")
        self.assertEqual(self.upload(b"into", b"content"), error(6, b"File already exists"))
        self.assertEqual(self.upload(b"content", b"x"), BROKEN)
        self.logged("only downloads can be answered with content")
        self.assertEqual(self.upload(b"hidden", b"x"), error(2, b"Access violation"))
        self.assertEqual(self.upload(b"outside", b"x"), BROKEN)
        self.assertEqual(self.upload(b"refuse", b"x"), error(2, b"Not?you"))
        self.assertEqual(self.upload(b"new", b"x"), b"\0\4\0\1")
        self.assertEqual((self.root / "new").read_bytes(), b"x")
        self.assertEqual(self.read(b"content"), error(1, b"File not found"))  # nobody is asked about downloads
        self.assertNotIn('"op":"read"', (self.base / "asked").read_text())

    def test_what_is_missing_alone(self):
        put(self.root / "refuse", b"here")
        self.route('when = "missing"')
        self.assertEqual(self.download(b"refuse"), b"here")
        self.assertFalse((self.base / "asked").exists())
        self.assertEqual(self.download(b"content"), b"for 127.0.0.1")
        self.assertEqual(self.download(b"file"), b"real")
        self.assertEqual(self.read(b"forbidden"), error(2, b"Access violation"))
        self.assertEqual(self.read(b"pass"), error(1, b"File not found"))

    def test_sixteen_at_once_and_no_more(self):
        self.serve("command = " + self.program(
            "slow", 'echo + >>"$1/log"\nsleep 0.1\necho - >>"$1/log"\necho \'{"file":"plain"}\'\n', "/bin/sh"))
        waiting = [self.client() for _ in range(40)]
        while waiting:  # who is not answered asks again, as any client
            for client in waiting:
                client.sendto(packet(1, b"any"), ("127.0.0.1", self.server.port))
            for client in list(waiting):
                client.settimeout(3)
                try:
                    self.assertEqual(client.recvfrom(1000)[0], b"\0\3\0\1plain")
                    waiting.remove(client)
                except TimeoutError:
                    pass
        running = most = 0
        for step in (self.base / "log").read_text().split():
            running += 1 if step == "+" else -1
            most = max(most, running)
        self.assertGreater(most, 1)
        self.assertLessEqual(most, 16)

    def test_requests_that_wait_too_long_for_a_place_are_dropped(self):
        self.route()
        clients = [self.client() for _ in range(40)]
        for client in clients:
            client.sendto(packet(1, b"hang"), ("127.0.0.1", self.server.port))
        self.logged("dropped: no place for tftp.hook.command within 2000 ms")
        self.assertEqual(self.download(b"file"), b"real")

    def test_mistakes_in_the_configuration(self):
        def check(hook):
            self.configure(hook)
            done = subprocess.run([PROGRAM, "check-config", str(self.file)], capture_output=True, text=True,
                                  timeout=DEADLINE)
            started = subprocess.run([PROGRAM, "serve", "--config", str(self.file)], capture_output=True, text=True,
                                     timeout=DEADLINE)
            self.assertNotEqual(started.returncode, 0)
            self.assertNotEqual(done.returncode, 0)
            return done.stdout + done.stderr

        missing, plain = self.base / "none", self.base / "secret"
        self.assertIn(f"tftp.hook.command: looking at {missing}: No such file", check(f'command = ["{missing}"]'))
        self.assertIn(f"tftp.hook.after_download: starting {plain}: Permission denied",
                      check(f'after_download = ["{plain}"]'))
        self.assertIn("is no file", check(f'command = ["{self.base}"]'))
        self.assertIn("must begin with the absolute path of a program", check('command = ["route"]'))
        self.assertIn('must be ["read"], ["write"] or both', check('command = ["/bin/true"]\non = ["delete"]'))


class TftpHookDownloads(Case):
    script = 'echo "$@" >>"$1/told"\necho "done $4" >&2\n'

    def told(self, lines):
        file = self.base / "told"
        eventually(lambda: file.exists() and len(file.read_text().splitlines()) >= lines, f"{lines} downloads are told")
        return file.read_text().splitlines()

    def test_each_finished_download_is_told_as_dnsmasq_does(self):
        self.serve(f"after_download = {self.program('told.sh', self.script, '/bin/sh')}\n"
                   f"command = {self.program('route', ROUTER)}", '[tftp.write]\nmode = "create"')
        self.read(b"none")
        self.upload(b"up", b"x")
        self.download(b"content")  # no file
        self.download(b"plain")
        self.assertEqual(self.told(1), [f"{self.base} tftp 5 127.0.0.1 {self.root}/plain"])
        self.download(b"file")
        self.assertEqual(self.told(2)[1], f"{self.base} tftp 4 127.0.0.1 {self.root}/boot/real")
        self.logged("told.sh says: done 127.0.0.1")

    def test_sixteen_at_once_and_all_in_the_end(self):
        self.serve("after_download = " + self.program(
            "slow", 'echo + >>"$1/log"\nsleep 0.2\necho - >>"$1/log"\necho "$@" >>"$1/told"\n', "/bin/sh"))
        for _ in range(40):
            self.download(b"plain")
        self.assertEqual(len(self.told(40)), 40)
        running = most = 0
        for step in (self.base / "log").read_text().split():
            running += 1 if step == "+" else -1
            most = max(most, running)
        self.assertLessEqual(most, 16)

    def test_a_program_that_fails_is_told_and_one_that_hangs_ends_with_the_server(self):
        self.serve("after_download = " + self.program(
            "tell.sh", 'echo $$ >>"$1/told"\ncase "$5" in *plain) exit 4;; esac\nexec sleep 1000\n', "/bin/sh"))
        self.download(b"plain")
        self.logged("it has ended with status 4")
        self.download(b"boot/real")
        pid = self.told(2)[1]
        eventually(lambda: lives(pid), "it runs")
        self.server.signal()
        self.server.stop()
        eventually(lambda: not lives(pid), "it is gone")


if __name__ == "__main__":
    unittest.main()
