"""The commands of i2ftps: its configuration file, its start and stop, and the questions of its setup in a terminal."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

import i2tcp
from support import DEADLINE, PROGRAM, Case, eventually, put

KEY = bytes(range(1, 33))
PUBLIC_KEY = "263930255d3e5f5f41646649324654502446255f2b40245e3a6142617369634b6579255f2b402d245e3a3e"


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


class I2ftps(Case):
    def setUp(self):
        super().setUp()
        self.home = self.base / "home" / self._testMethodName
        self.home.mkdir(parents=True)
        self.config = self.home / "server_conf.json"
        self.port = free_port()
        self.write_config()

    def write_config(self, **changes):
        values = dict(root=str(self.home / "root"), port=self.port, log_file=str(self.home / "log"), log_level="INFO",
                      keychain=KEY.hex(), tls=False, read_only=False)
        self.config.write_text(json.dumps({**values, **changes}, indent=2))
        self.config.chmod(0o600)

    def command(self, *arguments):
        return [PROGRAM, "i2ftps", "-c", str(self.config), *arguments]

    def run_i2ftps(self, *arguments, code=0):
        done = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=DEADLINE, env=self.env())
        self.assertEqual(done.returncode, code, done)
        return done

    def env(self):
        return dict(os.environ, HOME=str(self.home), WHERRY_I2FTP_KEY=KEY.hex())

    def start(self, *arguments, stdin=subprocess.DEVNULL):
        errors = tempfile.TemporaryFile()
        process = subprocess.Popen(self.command(*arguments), stdin=stdin, stdout=subprocess.PIPE, stderr=errors,
                                   env=self.env())

        def end():
            if process.poll() is None:
                process.kill()
            process.wait()
            process.stdout.close()
            if process.stdin:
                process.stdin.close()
            errors.seek(0)
            said = errors.read().decode()
            errors.close()
            self.assertNotRegex(said, r"Sanitizer|runtime error:")
        self.addCleanup(end)
        self.assertRegex(process.stdout.readline().decode(), rf"^listening i2ftp 0\.0\.0\.0:{self.port}$")
        return process

    def client(self, *arguments):
        done = subprocess.run([PROGRAM, "i2ftp", *arguments], capture_output=True, timeout=DEADLINE, text=True,
                              cwd=self.here, env=self.env())
        self.assertEqual(done.returncode, 0, done)
        return done

    def url(self, path=""):
        return f"i2ftp://127.0.0.1:{self.port}/{path}"

    # --- start and stop ---------------------------------------------------------------------------------------------
    def test_start_moves_files_and_stop_ends_it(self):
        for tls in (False, True):
            self.write_config(tls=tls)
            process = self.start("start")
            content = os.urandom(3 * i2tcp.PIECE + 5)
            put(self.here / "file", content)
            self.client("put", "file", self.url("dir/"))
            self.assertEqual((self.home / "root/dir/file").read_bytes(), content)
            self.client("get", self.url("dir/file"), "back")
            self.assertEqual((self.here / "back").read_bytes(), content)
            said = self.run_i2ftps("stop").stdout
            self.assertIn(f"process {process.pid} has ended", said)
            self.assertEqual(process.wait(DEADLINE), 0)
            self.assertIn("stopped", (self.home / "log").read_text())

    def test_a_foreign_client_asks_for_the_process(self):
        process = self.start()
        connection = i2tcp.Connection(self.port, KEY)
        self.assertEqual(int.from_bytes(connection.ask(b"PCTL,0"), "little"), process.pid)
        # The original asks by this signal whether the server is still there.
        process.send_signal(signal.SIGUSR1)
        self.assertEqual(json.loads(connection.ask(b"LIST,.")), {})
        connection.close()

    def test_words_on_standard_input_end_it_and_its_end_does_not(self):
        for word in (b"quit\n", b"stop\n", b"kill\r\n"):
            process = self.start(stdin=subprocess.PIPE)
            process.stdin.write(b"nonsense\n" + word)
            process.stdin.flush()
            self.assertEqual(process.wait(DEADLINE), 0)
        process = self.start(stdin=subprocess.PIPE)
        process.stdin.close()
        process.stdin = None
        i2tcp.Connection(self.port, KEY).close()
        self.assertIsNone(process.poll())

    def test_read_only(self):
        self.write_config(read_only=True)
        self.start()
        connection = i2tcp.Connection(self.port, KEY)
        with self.assertRaisesRegex(i2tcp.Refused, "read-only server"):
            connection.ask(b"PULF,file")
        connection.close()

    def test_the_log_is_emptied_at_each_start(self):
        put(self.home / "log", b"of an earlier run\n")
        self.start()
        eventually(lambda: "listening i2ftp" in (self.home / "log").read_text(), "the log says that it listens")
        self.assertNotIn("earlier", (self.home / "log").read_text())

    def test_a_second_start_fails_and_leaves_the_first_and_its_log_alone(self):
        self.start()
        eventually(lambda: "listening" in (self.home / "log").read_text(), "the log says that it listens")
        self.assertIn("in use", self.run_i2ftps("start", code=1).stderr)
        self.assertIn("listening", (self.home / "log").read_text())
        i2tcp.Connection(self.port, KEY).close()

    # --- stop must not end what is not the server ---------------------------------------------------------------------
    def test_stop_without_a_server_fails(self):
        self.assertIn("refused", self.run_i2ftps("stop", code=1).stderr)

    def test_stop_with_another_key_fails_and_ends_nothing(self):
        process = self.start()
        self.write_config(keychain=bytes(32).hex())
        self.assertIn("does not take this key", self.run_i2ftps("stop", code=1).stderr)
        self.assertIsNone(process.poll())

    def test_stop_ends_no_process_that_does_not_listen_there(self):
        """Whoever has taken the port may name any process: here a server that names its parent, which is us."""
        script = Path(__file__).with_name("i2ftps_impostor.py")
        impostor = subprocess.Popen([sys.executable, script, str(self.port), KEY.hex(), str(os.getpid())],
                                    stdout=subprocess.PIPE)

        def end():
            impostor.kill()
            impostor.wait()
            impostor.stdout.close()
        self.addCleanup(end)
        self.assertEqual(impostor.stdout.readline(), b"ready\n")
        said = self.run_i2ftps("stop", code=1).stderr
        self.assertIn("does not listen on port", said)

    # --- the configuration ------------------------------------------------------------------------------------------
    def test_a_missing_file_is_made_with_defaults_and_a_key_of_its_own(self):
        self.config.unlink()
        process = subprocess.Popen(self.command("start"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, env=self.env())
        # The port of the defaults may be taken on this machine; the file is made all the same.
        eventually(self.config.exists, "the file is made")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=DEADLINE)
        made = json.loads(self.config.read_text())
        self.assertEqual(list(made), ["root", "port", "log_file", "log_level", "keychain", "tls", "read_only"])
        self.assertEqual(made["root"], str(self.home / "i2ftp/root"))
        self.assertEqual(made["port"], 26842)
        self.assertNotEqual(made["keychain"], PUBLIC_KEY)
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o600)

    def test_mistakes_are_told(self):
        self.assertIn('unhandled operation "restart"', self.run_i2ftps("restart", code=2).stderr)
        self.config.write_text("{")
        self.assertIn("no JSON", self.run_i2ftps("start", code=2).stderr)
        self.write_config(port="many", root="here")
        said = self.run_i2ftps("start", code=2).stderr
        self.assertIn("port: must be", said)
        self.assertIn("root: must be an absolute path", said)

    def test_the_key_that_everybody_has_is_refused_unless_told(self):
        self.write_config(keychain=PUBLIC_KEY)
        self.assertIn("everybody has it", self.run_i2ftps("start", code=2).stderr)
        self.start("--insecure-default-key")
        i2tcp.Connection(self.port, bytes.fromhex(PUBLIC_KEY)).close()


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, command, env):
        self.master, slave = pty.openpty()

        def take_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env,
                                        preexec_fn=take_terminal)
        os.close(slave)
        self.said = ""

    def expect(self, pattern):
        """Waits until the terminal shows that; what was shown up to its end is taken."""
        while True:
            found = re.search(pattern, self.said)
            if found:
                taken, self.said = self.said[:found.end()], self.said[found.end():]
                return taken
            if not select.select([self.master], [], [], DEADLINE)[0]:
                raise AssertionError(f"no {pattern!r} in {self.said!r}")
            try:
                more = os.read(self.master, 4096)
            except OSError:  # the program has closed the terminal
                more = b""
            if not more:
                raise AssertionError(f"no {pattern!r} at the end: {self.said!r}")
            self.said += more.decode(errors="replace")

    def type(self, text):
        os.write(self.master, text.encode() + b"\n")

    def close(self):
        os.close(self.master)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Setup(Case):
    QUESTIONS = ["Folder to serve", "Port", "Key", "Log file", "Log level", "Read-only", "TLS", "Where to save",
                 "systemd unit"]

    def setUp(self):
        super().setUp()
        self.home = self.base / "home" / self._testMethodName
        self.units = self.home / "units"
        self.units.mkdir(parents=True)
        self.env = dict(os.environ, HOME=str(self.home), LC_ALL="C.UTF-8")

    def answer(self, answers, units=None):
        """Runs the setup; `answers` by the beginning of the question, others are left empty."""
        terminal = Terminal([PROGRAM, "i2ftps-setup", "--unit-folder", str(units or self.units)], self.env)
        self.addCleanup(terminal.close)
        for question in self.QUESTIONS:
            replies = answers.get(question, "")
            for reply in [replies] if isinstance(replies, str) else replies:
                terminal.expect(rf"{question}[^\n]*\]: ")
                terminal.type(reply)
        return terminal

    def finish(self, terminal):
        said = ""
        try:
            while True:
                said += terminal.expect(r"\n")
        except AssertionError:
            pass  # its end
        self.assertEqual(terminal.process.wait(DEADLINE), 0, said)
        return said

    def test_empty_answers_are_the_defaults(self):
        self.finish(self.answer({}))
        made = json.loads((self.home / "i2ftp/server_conf.json").read_text())
        key = made.pop("keychain")
        self.assertEqual(made, {"root": str(self.home / "i2ftp/root"), "port": 26842,
                                "log_file": str(self.home / "i2ftp/i2ftp.log"), "log_level": "INFO", "tls": False,
                                "read_only": False})
        self.assertGreaterEqual(len(bytes.fromhex(key)), 32)
        self.assertNotEqual(key, PUBLIC_KEY)
        self.assertTrue((self.home / "i2ftp/root").is_dir())
        unit = (self.units / "i2ftps.service").read_text()
        config = self.home / "i2ftp/server_conf.json"
        self.assertIn(f'ExecStart="{os.path.realpath(PROGRAM)}" i2ftps -c "{config}" start\n', unit)
        self.assertIn(f'ExecStop="{os.path.realpath(PROGRAM)}" i2ftps -c "{config}" stop\n', unit)

    def test_answers_are_taken_and_bad_ones_asked_again(self):
        terminal = self.answer({"Folder to serve": ["relative", "~/served"], "Port": ["0", "65536", "x", "4000"],
                                "Key": "Schlüssel, ziemlich lang", "Log file": "~/logs/deep/log",
                                "Log level": ["loud", "warning"], "Read-only": "y", "TLS": "Yes",
                                "Where to save": "~/conf/mine.json", "systemd unit": "n"})
        self.finish(terminal)
        made = json.loads((self.home / "conf/mine.json").read_text())
        self.assertEqual(made, {"root": str(self.home / "served"), "port": 4000,
                                "log_file": str(self.home / "logs/deep/log"), "log_level": "WARNING",
                                "keychain": "Schlüssel, ziemlich lang".encode().hex(), "tls": True, "read_only": True})
        self.assertTrue((self.home / "logs/deep").is_dir())
        self.assertEqual(list(self.units.iterdir()), [])
        self.assertEqual((self.home / "conf/mine.json").stat().st_mode & 0o777, 0o600)

    def test_tls_is_off_unless_asked_for_whatever_read_only_is(self):
        self.finish(self.answer({"Read-only": "y"}))
        self.assertFalse(json.loads((self.home / "i2ftp/server_conf.json").read_text())["tls"])

    def test_what_is_there_is_kept(self):
        put(self.home / "i2ftp/server_conf.json", b"of an earlier setup")
        put(self.units / "i2ftps.service", b"another")
        put(self.units / "i2ftps2.service", b"a third")
        self.assertIn("server_conf.json.old", self.finish(self.answer({})))
        self.assertEqual((self.home / "i2ftp/server_conf.json.old").read_bytes(), b"of an earlier setup")
        self.assertEqual((self.units / "i2ftps.service").read_bytes(), b"another")
        self.assertIn("ExecStart", (self.units / "i2ftps3.service").read_text())

    def test_an_end_of_the_answers_writes_nothing(self):
        done = subprocess.run([PROGRAM, "i2ftps-setup"], input="\n\n", capture_output=True, text=True, env=self.env,
                              timeout=DEADLINE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no more answers", done.stderr)
        self.assertFalse((self.home / "i2ftp/server_conf.json").exists())

    def test_what_it_wrote_can_be_started(self):
        port = free_port()
        self.finish(self.answer({"Port": str(port), "Key": "a key of sufficient length", "systemd unit": "n"}))
        config = str(self.home / "i2ftp/server_conf.json")
        server = subprocess.Popen([PROGRAM, "i2ftps", "-c", config], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, env=self.env)
        self.addCleanup(server.stdout.close)
        self.assertIn(b"listening i2ftp", server.stdout.readline())
        connection = i2tcp.Connection(port, b"a key of sufficient length")
        self.assertEqual(connection.ask(b"LIST,."), b"{}")
        connection.close()
        stopped = subprocess.run([PROGRAM, "i2ftps", "-c", config, "stop"], capture_output=True, timeout=DEADLINE)
        self.assertEqual(stopped.returncode, 0, stopped)
        self.assertEqual(server.wait(DEADLINE), 0)


if __name__ == "__main__":
    unittest.main()
