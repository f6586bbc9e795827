"""Bytes that no decent client sends. Each gets one clear reply or the end of its connection; nobody else notices."""
import random
import select
import socket
import threading
import unittest

from support import Case, content, eventually, put
from wire import Closed, Wire

MIB = 1 << 20
VERBS = """ABOR ACCT ADAT ALLO APPE AUTH AVBL CCC CDUP CLNT COMB CONF CSID CWD DELE DSIZ ENC EPRT EPSV FEAT HASH
    HELP HOST LANG LIST LPRT LPSV MD5 MDTM MFCT MFF MFMT MIC MKD MLSD MLST MODE NLST NOOP OPTS P@SW PASS PASV PBSZ
    PORT PROT PWD RANG REIN REST RETR RMD RMDA RNFR RNTO SITE SIZE SMNT SPSV STAT STOR STOU STRU THMB TYPE USER
    XCRC XCUP XCWD XMD5 XMKD XPWD XRMD XSHA XSHA256""".split()
# What may be done by somebody who has not said who they are.
OPEN = set("AUTH CLNT CSID FEAT HELP HOST LANG NOOP OPTS PASS PBSZ PROT REIN STAT SYST USER ACCT ABOR SITE".split())


class BadInput(Case):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 10000))
        put(cls.root / "victim", b"untouched")
        put(cls.root / "moves", b"x")
        with open(cls.root / "big", "wb") as file:
            file.truncate(1 << 30)

    def setUp(self):
        super().setUp()
        self.witness = self.connect()

    def tearDown(self):
        """Somebody else's session has noticed nothing, and no file has gone."""
        self.assertEqual(self.witness.ask("TYPE I")[0], "200")
        with self.witness.data() as connection:
            self.witness.send("RETR file\r\n")
            self.assertEqual(self.witness.reply()[0][0], "1")
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        self.assertEqual(self.witness.reply()[0], "226")
        self.assertEqual(received, content("file", 10000))
        self.assertEqual((self.root / "victim").read_bytes(), b"untouched")
        self.assertIsNone(self.server.process.poll())

    def connect(self, login=True, source=None):
        wire = Wire(self.server, login, source)
        self.addCleanup(wire.close)
        return wire

    def assert_one_reply_or_close(self, data, login=True):
        """At most one reply, of the kind that says no; without one, the connection is closed."""
        codes, alive = self.connect(login).replies_before_fence(data, *(() if login else ("QUIT", "221")))
        self.assertLessEqual(len(codes), 1, (data[:100], codes))
        self.assertTrue(codes or not alive, f"no answer to {data[:100]!r}")
        self.assertTrue(all(code[0] in "45" for code in codes), (data[:100], codes))
        return codes, alive

    # --- lines --------------------------------------------------------------------------------------------------------
    def test_line_too_long(self):
        for size in (5000, 10000, 65536, 1_000_000):
            codes, _ = self.assert_one_reply_or_close(b"STAT " + b"a" * size + b"\r\n")
            self.assertLessEqual(set(codes), {"500", "501", "550", "553"})

    def test_tail_of_a_long_line_is_no_command(self):
        # What servers do that take up reading in the middle of a line (CVE-2008-4242, CVE-2008-4247).
        for size in range(2000, 2100, 7):
            with self.connect() as wire:
                wire.replies_before_fence(b"A" * size + b" DELE victim\r\n")
        for size in (512, 1024, 2048, 4096, 8192, 16384, 65536):
            for shift in range(-8, 8):
                with self.connect() as wire:
                    wire.replies_before_fence(b"CWD " + b"/" * (size + shift - 4) + b"DELE victim\r\n")

    def test_endless_line(self):
        for login in (True, False):
            wire = self.connect(login)
            before = peak = self.server.resident()
            try:
                for _ in range(100):
                    wire.send(b"x" * MIB)
                    peak = max(peak, self.server.resident())
                wire.send(b"\r\n")
                self.assertEqual(wire.reply()[0], "500")
            except Closed:
                pass
            self.assertLess(peak - before, 16 * MIB)

    def test_odd_bytes_in_the_verb(self):
        for data in (b"NO\0OP\r\n", b"\0NOOP\r\n", b"NOOP\0\r\n", b"NO\rOP\r\n", b"\x01\r\n", b"N\xd6\xd6P\r\n",
                     b"\x80\x81\x82\r\n",
                     b"\xe9" * 2000 + b"\r\n", b"NOOP\x7f\r\n", b"  \t \r\n", b"!@#$%^&*()\r\n",
                     b"NOOPNOOPNOOPNOOP\r\n",
                     b"FOOQUIT\r\n", b"XABOR\r\n"):
            with self.subTest(data[:20]):
                codes, alive = self.assert_one_reply_or_close(data)
                self.assertTrue(alive or codes, data)

    def test_zero_bytes_in_an_argument(self):
        for line in (b"CWD a\0b", b"DELE victim\0.txt", b"RETR file\0", b"MKD \0", b"RNFR victim\0x", b"SIZE \0file",
                     b"STOR \0"):
            self.assert_one_reply_or_close(line + b"\r\n")
        for line in (b"USER al\0ice", b"USER \x01", b"USER a\x1b[2J"):
            codes, _ = self.connect(False).replies_before_fence(line + b"\r\n", "QUIT", "221")
            self.assertLessEqual(len(codes), 1)

    def test_lone_carriage_return_splits_nothing(self):
        codes, _ = self.connect().replies_before_fence(b"SIZE file\rDELE victim\r\n")
        self.assertLessEqual(len(codes), 1)

    def test_empty_lines(self):
        for data in (b"\r\n", b"\n", b" \r\n"):
            codes, alive = self.connect().replies_before_fence(data * 10)
            self.assertTrue(len(codes) in (0, 10) or not alive, codes)

    def test_line_feed_alone_ends_a_line(self):
        self.assertEqual(self.connect().replies_before_fence(b"NOOP\nNOOP\n"), (["200", "200"], True))

    def test_lower_case_and_bytes_one_by_one(self):
        wire = self.connect()
        for byte in b"nOoP\r\n":
            wire.send(bytes([byte]))
        self.assertEqual(wire.reply()[0], "200")

    # --- Telnet -------------------------------------------------------------------------------------------------------
    def test_telnet_commands_are_passed_over(self):
        for data in (b"\xff\xf1NOOP\r\n", b"NO\xff\xf1OP\r\n", b"\xff\xf4\xff\xf2NOOP\r\n", b"\xff\xfd\x01NOOP\r\n",
                     b"NOOP\xff\xfe\x06\r\n", b"\xff\xf4\xff\xf4\xff\xf4NOOP\r\n"):
            self.assertEqual(self.connect().replies_before_fence(data), (["200"], True), data)

    def test_telnet_runs(self):
        for size in range(4080, 4112):
            with self.connect() as wire:
                wire.replies_before_fence(b"\xff" * size + b"\r\n")
        for data in (b"\xff" * 100_001, b"\xff\xfa" * 50_000, b"\xff\xf4" * 200_000, b"\xff\xfa" + b"a" * 100_000):
            with self.connect() as wire:
                wire.replies_before_fence(data + b"\r\n")

    def test_abort_with_urgent_byte(self):
        wire = self.connect()
        wire.ask("TYPE I")
        with wire.data() as connection:
            wire.send("RETR big\r\n")
            self.assertTrue(connection.recv(1))
            wire.socket.send(b"\xff\xf4\xff", socket.MSG_OOB)
            wire.send(b"\xf2ABOR\r\n")
            codes = [wire.reply()[0] for _ in range(3)]
        self.assertEqual((codes[0][0], codes[1:]), ("1", ["426", "226"]))
        self.assertEqual(wire.ask("NOOP")[0], "200")

    # --- verbs and states ---------------------------------------------------------------------------------------------
    def test_every_verb_in_every_state(self):
        arguments = ("", " ", " x", " /", " ..", " 1", " 1,2,3,4,5,6", " |1|127.0.0.1|99|", " -1", " " + "y" * 300)
        states = {"logged in": (), "renaming": ("RNFR moves",), "restarting": ("TYPE I", "REST 5"), "text": ("TYPE A",),
                  "all extended": ("EPSV ALL",)}
        for state, steps in states.items():
            wire = self.connect()
            for verb in VERBS:
                for argument in arguments:
                    for step in steps:
                        wire.ask(step)
                    codes, alive = wire.replies_before_fence(f"{verb}{argument}\r\n")
                    label = f"{state}: {verb}{argument[:20]}: {codes}"
                    self.assertEqual(len([code for code in codes if code[0] != "1"]), 1, label)
                    self.assertLessEqual(len(codes), 2, label)
                    if alive and codes[0] in ("227", "229"):
                        wire.ask("ABOR")  # else the next LIST waits for somebody to connect
                    if not alive or verb in ("REIN", "USER"):
                        self.assertIn(verb, ("REIN", "USER", "PASS"), label)
                        wire = self.connect()

    def test_every_verb_before_login(self):
        for steps in ((), ("USER alice",), ("USER nobody",)):
            for verb in VERBS:
                with self.connect(login=False) as wire:
                    for step in steps:
                        wire.ask(step)
                    codes, alive = wire.replies_before_fence(f"{verb} file\r\n", "QUIT", "221")
                    self.assertTrue(alive, verb)
                    self.assertEqual(len(codes), 1, (verb, codes))
                    if verb not in OPEN:
                        self.assertIn(codes[0], ("500", "501", "502", "503", "504", "530"), verb)

    def test_verbs_of_other_protocols_close(self):
        for line in ("GET / HTTP/1.1", "POST / HTTP/1.0", "HEAD /", "PUT /x HTTP/1.1", "CONNECT a:1 HTTP/1.1",
                     "EHLO me", "HELO me",
                     "OPTIONS * HTTP/1.1", "Host: x", "Content-Type: text/plain"):
            with self.subTest(line):
                wire = self.connect(login=False)
                wire.send(line + "\r\nUSER alice\r\nPASS secret\r\nDELE victim\r\n")
                self.assertLessEqual(len(wire.until_closed()), 1)

    def test_tls_on_the_wrong_port(self):
        wire = self.connect(login=False)
        hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)) * 2 + b"\r\n"
        codes, _ = wire.replies_before_fence(hello, "QUIT", "221")
        self.assertLessEqual(len(codes), 5)

    # --- numbers and addresses ----------------------------------------------------------------------------------------
    def test_restart_numbers(self):
        for text in ("9223372036854775808", "18446744073709551616", "1" * 100, "-1", "1e30", "0x10", "5.5", "", "5 5",
                     "a"):
            wire = self.connect()
            wire.ask("TYPE I")
            self.assertEqual(wire.ask("REST " + text)[0], "501", text)
        wire = self.connect()
        wire.ask("TYPE I")
        self.assertEqual(wire.ask("REST 9223372036854775807")[0], "350")
        with wire.data():
            self.assertIn(wire.ask("RETR file")[0], ("550", "551", "554"))
        for offset in ("9223372036854775807", str(2**40)):
            self.assertEqual(wire.ask("REST " + offset)[0], "350")
            with wire.data():
                self.assertIn(wire.ask("STOR grown")[0][0], "45")
        self.assertFalse((self.root / "grown").exists() and (self.root / "grown").stat().st_size)

    def test_port_numbers(self):
        for text in ("127,0,0,1,0,22", "127,0,0,1,0,0", "127,0,0,1,256,1", "127,0,0,1,-1,1", "127,0,0,1,1",
                     "127,0,0,1,1,1,1",
                     "999,0,0,1,100,1", "127.0.0.1,100,1", "a,b,c,d,e,f", "127,0,0,1,100,1x", ",,,,,", "",
                     "10,0,0,1,100,1",
                     "127,0,0,2,100,1", "0,0,0,0,100,1", "255,255,255,255,100,1"):
            self.assertIn(self.connect().ask("PORT " + text)[0][0], "5", text)
        for text in ("|1|127.0.0.1|22|", "|1|127.0.0.1|0|", "|1|127.0.0.1|65536|", "|1|127.0.0.1|-1|",
                     "|1|127.0.0.2|9999|",
                     "|3|127.0.0.1|9999|", "|2|::1|9999|", "|1|::1|9999|", "|2|127.0.0.1|9999|", "|1||9999|",
                     "|||9999|", "1", "",
                     "|1|127.0.0.1|9999", "|1|127.0.0.1|99999999999999999999|", "|1|localhost|9999|"):
            self.assertIn(self.connect().ask("EPRT " + text)[0][0], "5", text)

    def test_port_of_somebody_else_gets_no_connection(self):
        with socket.create_server(("127.0.0.2", 0)) as other:
            port = other.getsockname()[1]
            for line in (f"PORT 127,0,0,2,{port >> 8},{port & 255}", f"EPRT |1|127.0.0.2|{port}|"):
                wire = self.connect()
                self.assertIn(wire.ask(line)[0], ("500", "501", "504", "522"))
                self.assertIn(wire.ask("LIST")[0][0], "45")
            self.assertFalse(select.select([other], [], [], 0)[0])

    def test_data_connection_is_not_for_strangers(self):
        wire = self.connect()
        wire.ask("TYPE I")
        code, text = wire.ask("EPSV")
        port = int(text.rsplit("(|||", 1)[1].split("|", 1)[0])
        with socket.create_connection(("127.0.0.1", port), 60, ("127.0.0.2", 0)) as stranger:
            wire.send("RETR file\r\n")
            with socket.create_connection((self.server.host, port), 60) as friend:
                received = b"".join(iter(lambda: friend.recv(65536), b""))
            try:
                self.assertEqual(stranger.recv(1), b"")
            except ConnectionResetError:
                pass
        self.assertEqual(received, content("file", 10000))

    def test_paths_that_lead_out(self):
        put(self.base / "outside", b"secret")
        escapes = ["..", "../", "../outside", "/../outside", "//../outside", "./../outside", "a/../../outside",
                   "..\\outside",
                   "..%2foutside", "%2e%2e/outside", ".../...//outside", "/proc/self/environ", "/etc/passwd",
                   str(self.base / "outside"),
                   "\xc0\xae\xc0\xae/outside", "C:\\outside", "file/../../outside", "../served/../outside", "." * 4000,
                   "../" * 1300]
        for verb in ("RETR", "SIZE", "MDTM", "DELE", "RNFR", "MLST", "STAT", "LIST", "NLST", "MLSD", "APPE",
                     "SITE CHMOD 777",
                     "MFMT 20010101000000"):
            wire = self.connect()
            wire.ask("TYPE I")
            for path in escapes:
                code, text = wire.ask(f"{verb} {path}")
                self.assertNotIn("secret", text)
                if "outside" in path or "etc" in path or "proc" in path:
                    self.assertIn(code[0], "45", (verb, path, text))
        self.assertEqual((self.base / "outside").read_bytes(), b"secret")
        self.assertEqual((self.base / "outside").stat().st_mode & 0o777, 0o644)
        for path in ("..", "/..", "../..", "/../../.."):
            wire = self.connect()
            wire.ask("CWD " + path)
            self.assertEqual(wire.ask("PWD")[1].split('"')[1], "/")

    # --- crowds -------------------------------------------------------------------------------------------------------
    def test_a_hundred_thousand_commands_at_once(self):
        wire = self.connect()
        before, count = self.server.resident(), 100_000
        sender = threading.Thread(target=wire.send, args=(b"NOOP\r\n" * count,))
        sender.start()
        codes = {wire.reply()[0] for _ in range(count)}
        sender.join()
        self.assertEqual(codes, {"200"})
        self.assertLess(self.server.resident() - before, 16 * MIB)

    def test_commands_during_a_transfer_do_not_pile_up(self):
        wire = self.connect()
        wire.ask("TYPE I")
        before = self.server.resident()
        with wire.data() as connection:
            wire.send("RETR big\r\n")
            self.assertTrue(connection.recv(1))
            self.push(wire, b"PWD\r\n")
            self.assertLess(self.server.resident() - before, 16 * MIB)
        wire.reset()

    def test_replies_that_nobody_reads_do_not_pile_up(self):
        wire = self.connect()
        before = self.server.resident()
        self.push(wire, b"HELP\r\nFEAT\r\nSTAT /\r\n")
        self.assertLess(self.server.resident() - before, 16 * MIB)
        wire.reset()

    def push(self, wire, line, most=64 * MIB):
        """Sends lines until the server takes no more of them, closes, or has taken `most` bytes."""
        wire.socket.setblocking(False)
        block, sent = line * (65536 // len(line)), 0
        while sent < most and select.select([], [wire.socket], [], 2.0)[1]:
            try:
                sent += wire.socket.send(block)  # part of a block may be taken: lines are cut, which is as well
            except BlockingIOError:
                continue
            except OSError:
                break

    def test_silent_crowd(self):
        before = self.server.descriptors()
        crowd = [Wire(self.server) for _ in range(200)]
        self.assertEqual(self.connect().ask("NOOP")[0], "200")
        for wire in crowd:
            wire.close()
        eventually(lambda: self.server.descriptors() <= before + 2, "closed connections give back their descriptors")

    def test_connections_broken_off_anywhere(self):
        dice = random.Random(7)
        before = self.server.descriptors()
        for _ in range(150):
            wire = Wire(self.server, login=dice.random() < 0.8)
            connection = None
            try:
                for _ in range(dice.randrange(4)):
                    step = dice.choice(["EPSV", "data", "RETR big", "STOR junk", "LIST", "ABOR", "REST 5", "QUIT",
                                        "RNFR file", "NOOP"])
                    if step == "data":
                        connection = wire.data()
                    else:
                        wire.send(step + "\r\n")
                if connection and dice.random() < 0.5:
                    connection.close()
                dice.choice([wire.reset, wire.close])()
            except (Closed, AssertionError, OSError):
                wire.close()
            if connection:
                connection.close()
        eventually(lambda: self.server.descriptors() <= before + 2, "broken sessions give back their descriptors")

    def test_noise(self):
        dice = random.Random(11)
        seeds = [f"{verb} {argument}".encode() for verb in VERBS
                 for argument in ("/nowhere/x", "1,2,3,4,5,6", "|1|1.2.3.4|5|", "20010101000000 nowhere", "UTF8 ON",
                                  "type;size;")]
        wire = self.connect()
        for _ in range(1500):
            line = bytearray(dice.choice(seeds))
            for _ in range(dice.randrange(1, 4)):
                place = dice.randrange(len(line) + 1)
                line[place:place + dice.randrange(3)] = dice.choice(
                    [dice.randbytes(dice.randrange(4)), b"\xff", b"\0", b"\r", b" ", b"%s%n", b"9" * 30, b"/" * 50,
                     b"A" * 500])
            if b"victim" in line or b"file" in line or b"big" in line:
                continue
            codes, alive = wire.replies_before_fence(bytes(line).replace(b"\n", b"") + b"\r\n")
            if not alive:
                wire.close()
                wire = self.connect()


if __name__ == "__main__":
    unittest.main()
