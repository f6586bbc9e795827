#!/usr/bin/env python3
"""Starts an example, talks to it as a client, and checks that it does what it is an example of.

usage: check.py NAME PROGRAM
"""
import ftplib
import io
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading

PATIENCE = 20  # seconds, for anything


class Example:
    """The program with its output; ended when the block is left."""

    def __init__(self, program, folder):
        self.lines, self.arrived = [], threading.Condition()
        self.process = subprocess.Popen([program, "127.0.0.1:0"], cwd=folder, text=True, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.readers = [threading.Thread(target=self.read, args=(stream,), daemon=True)
                        for stream in (self.process.stdout, self.process.stderr)]
        for reader in self.readers:
            reader.start()

    def read(self, stream):
        for line in stream:
            with self.arrived:
                self.lines.append(line.rstrip("\n"))
                self.arrived.notify_all()

    def line(self, text):
        """Waits for a line of output with `text` in it."""
        with self.arrived:
            if not self.arrived.wait_for(lambda: any(text in line for line in self.lines), PATIENCE):
                raise AssertionError(f"no line with {text!r} in:\n" + "\n".join(self.lines))
            return next(line for line in self.lines if text in line)

    def port(self):
        return int(self.line("listening ftp ").rpartition(":")[2])

    def connect(self, port=None):
        client = ftplib.FTP(timeout=PATIENCE, encoding="utf-8")
        client.connect("127.0.0.1", port or self.port())
        return client

    def client(self, user="", password=""):
        client = self.connect()
        client.login(user, password)
        return client

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("SIGTERM did not end it") from None
        for reader in self.readers:
            reader.join(PATIENCE)
        assert code == 0, f"it ended with {code}:\n" + "\n".join(self.lines)


def refused(what, *arguments):
    try:
        what(*arguments)
    except ftplib.error_perm as error:
        return str(error)
    raise AssertionError(f"{what.__name__}{arguments} was not refused")


def put(client, name, content):
    return client.storbinary("STOR " + name, io.BytesIO(content))


def get(client, name):
    out = io.BytesIO()
    client.retrbinary("RETR " + name, out.write)
    return out.getvalue()


def minimal(example, folder):
    with open(os.path.join(folder, "here.txt"), "wb") as file:
        file.write(b"already here")
    anybody = example.client()
    assert anybody.getwelcome() == "220 The smallest server there is."
    assert get(anybody, "here.txt") == b"already here"
    refused(put, anybody, "new.txt", b"from a stranger")
    alice = example.client("alice", "s3cret")
    put(alice, "new.txt", b"from alice")
    with open(os.path.join(folder, "new.txt"), "rb") as file:
        assert file.read() == b"from alice"
    assert sorted(anybody.nlst()) == ["here.txt", "new.txt"]
    refused(example.client, "alice", "wrong")


def own_authenticator(example, _):
    ann = example.client("ann", "apples")
    put(ann, "fruit.txt", b"apples")
    assert get(ann, "fruit.txt") == b"apples"
    assert ann.sendcmd("USER ann").startswith("331") and ann.sendcmd("PASS apples") == "230 Welcome, ann."
    bob = example.client("bob", "pears")
    assert bob.nlst() == [], "bob sees files of ann"
    refused(put, bob, "new.txt", b"x")
    assert refused(example.client, "bob", "apples") == refused(example.client, "nobody", "apples")
    example.line("no authenticator knows this user")


def own_filesystem(example, _):
    client = example.client()
    assert len(client.nlst()) == 7 and "monday.txt" in client.nlst()
    assert get(client, "friday.txt") == b"On friday all was well.\n"
    assert client.size("friday.txt") == 24
    assert refused(get, client, "doomsday.txt") == "550 there is no report of that day"
    refused(put, client, "monday.txt", b"not so well")
    refused(client.delete, "monday.txt")


def events_and_guards(example, _):
    client = example.client()
    assert "programs are not taken" in refused(put, client, "virus.exe", b"MZ")
    put(client, "letter.txt", b"dear all")
    example.line("received /letter.txt 8 bytes from 127.0.0.1")
    put(client, "old.txt", b"")
    client.delete("old.txt")
    example.line("removed /old.txt")
    client.rename("letter.txt", "stop")  # a callback ends the server
    assert example.process.wait(PATIENCE) == 0
    assert not any("virus" in line and line.startswith("received") for line in example.lines)


def own_event_loop(example, folder):
    one, two = example.client(), example.client()
    content = os.urandom(3_000_000)
    put(one, "big", content)
    assert get(two, "big") == content and one.size("big") == len(content)
    refused(get, one, "none")
    tasks = f"/proc/{example.process.pid}/task"
    names = [pathlib.Path(tasks, thread, "comm").read_text(encoding="utf-8") for thread in os.listdir(tasks)]
    assert not any(name.startswith("loop") for name in names), names
    one.quit()
    two.quit()
    example.process.send_signal(signal.SIGTERM)
    example.line("ended in the loop of the program")


def tftp_boot(example, folder):
    with open(os.path.join(folder, "bootx64.efi"), "wb") as file:
        file.write(os.urandom(5000))
    with open(os.path.join(folder, "bootx64.efi"), "rb") as file:
        image = file.read()
    port = int(example.line("listening tftp ").rpartition(":")[2])

    def transfer(op, name, content=b""):
        """One in lock-step; the file, b"" for an upload that went well, or the text of an ERROR."""
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(PATIENCE)
        client.sendto(bytes([0, op]) + name + b"\0octet\0", ("127.0.0.1", port))
        got = b""
        while True:
            packet, tid = client.recvfrom(2000)
            if packet[1] == 5:
                return packet[4:-1].decode()
            number = int.from_bytes(packet[2:4], "big")
            if packet[1] == 3:
                got += packet[4:]
                client.sendto(b"\0\4" + packet[2:4], tid)
                if len(packet) < 516:
                    return got
            elif number > len(content) // 512:
                return b""
            else:
                block = content[number * 512:][:512]
                client.sendto(b"\0\3" + (number + 1).to_bytes(2, "big") + block, tid)

    menu = transfer(1, b"pxelinux.cfg/01-00-11-22-33-44-55")
    assert menu.endswith(b" append host=127.0.0.1 mac=00-11-22-33-44-55\n"), menu
    assert transfer(1, b"bootx64.efi") == image and transfer(1, b"grubx64.efi") == image
    assert transfer(1, b"secrets.txt") == "Not for everybody"
    assert transfer(1, b"missing") == "File not found"
    assert transfer(2, b"report/one", b"disk replaced" * 100) == b""
    example.line("report of 127.0.0.1: disk replaced")
    assert transfer(2, b"report/two") == "An empty report"
    assert transfer(2, b"other") == "Uploads are not allowed"

    def ask(packet):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(PATIENCE)
        client.sendto(packet, ("127.0.0.1", port))
        return client.recvfrom(2000)[0]

    assert ask(b"\0\1bootx64.efi\0octet\0x-site\0attic\0") == b"\0\6x-site\0ok\0"
    assert ask(b"\0\1bootx64.efi\0octet\0x-site\0cellar\0") == b"\0\5\0\10No such site\0"
    assert ask(b"\0\115where are you") == b"\0\115here is 127.0.0.1"


def tftp_content(example, _):
    port = int(example.line("listening tftp ").rpartition(":")[2])

    def fetch(name, options=b"", mode=b"octet"):
        """In lock-step: what the OACK says, if there was one, and the content or the text of an ERROR."""
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(PATIENCE)
        client.sendto(b"\0\1" + name + b"\0" + mode + b"\0" + options, ("127.0.0.1", port))
        granted, got = b"", b""
        while True:
            packet, tid = client.recvfrom(2000)
            if packet[1] == 5:
                return granted, packet[4:-1].decode()
            if packet[1] == 6:
                granted = packet[2:]
                client.sendto(b"\0\4\0\0", tid)
                continue
            got += packet[4:]
            client.sendto(b"\0\4" + packet[2:4], tid)
            if len(packet) < 516:
                return granted, got

    assert [fetch(b"menu") for _ in range(20)] == [(b"", b"menu number 1\n")] * 20
    assert fetch(b"menu", mode=b"netascii") == (b"", b"menu number 2\r\n")  # other bytes, so it is made for these once
    assert fetch(b"menu", b"tsize\0000\0") == (b"tsize\00014\0", b"menu number 1\n")
    assert fetch(b"inventory", b"tsize\0000\0") == (b"", b"you are 127.0.0.1\n")
    assert fetch(b"inventory", b"windowsize\0001\0x-kind\0?\0")[0] == b"windowsize\0001\0x-kind\0inventory\0"
    content = bytes((i * 2654435761 >> 16) & 255 for i in range(300_000))
    assert fetch(b"random/300000", b"tsize\0000\0") == (b"tsize\000300000\0", content)
    assert fetch(b"random/300000")[1] == content
    assert fetch(b"random/x") == (b"", "Not a number")
    example.line("begins menu")
    example.line("ends random/300000 300000 ok")


def tftp_uploads(example, _):
    port = int(example.line("listening tftp ").rpartition(":")[2])

    def send(name, content, most=1 << 30):
        """In lock-step, at most so many blocks; the text of an ERROR, else ""."""
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(PATIENCE)
        client.sendto(b"\0\2" + name + b"\0octet\0", ("127.0.0.1", port))
        for number in range(min(most, len(content) // 512 + 1) + 1):
            packet, tid = client.recvfrom(2000)
            if packet[1] == 5:
                return packet[4:-1].decode()
            assert packet == b"\0\4" + number.to_bytes(2, "big"), packet
            if number == most:
                client.sendto(b"\0\5\0\0power is going\0", tid)
            elif number <= len(content) // 512:
                block = content[number * 512:][:512]
                client.sendto(b"\0\3" + (number + 1).to_bytes(2, "big") + block, tid)
        return ""

    content = os.urandom(200_000)
    total = 1
    for one in content:
        total = (total * 31 + one) & 0xffffffff
    assert send(b"crash/core", content) == ""
    example.line(f"kept core 200000 {total}")
    assert send(b"crash/nothing", b"") == "Nothing has come"
    example.line("broken nothing 0")
    assert send(b"crash/half", content, most=150) == ""
    example.line("broken half ")
    assert send(b"elsewhere", content) == "Uploads are not allowed"


def tftp_conversation(example, _):
    port = int(example.line("listening tftp ").rpartition(":")[2])

    def begin(name):
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.settimeout(PATIENCE)
        client.sendto(b"\0\1boot/" + name + b"\0octet\0", ("127.0.0.1", port))
        answer, tid = client.recvfrom(2000)
        assert answer == b"go on, " + name, answer
        return client, tid

    one, one_tid = begin(b"one")
    two, two_tid = begin(b"two")
    for number, line in enumerate((b"kernel is here", b"disk is here", b"done"), 1):
        one.sendto(line, one_tid)
        assert one.recvfrom(2000)[0] == str(number).encode()
    two.sendto(b"kernel is here", two_tid)
    assert two.recvfrom(2000)[0] == b"1"
    example.line("one: disk is here")
    example.line("one ends ok after 3 lines")
    two.sendto(b"done", two_tid)
    example.line("two ends ok after 2 lines")


def i2ftp_keys(example, folder):
    sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/interop"))
    import i2tcp
    port = int(example.line("listening i2ftp ").rpartition(":")[2])
    keys = {name: bytes.fromhex(example.line(f"key of {name} ").rpartition(" ")[2]) for name in ("alice", "bob")}
    alice, data = (i2tcp.Connection(port, keys["alice"], deadline=PATIENCE) for _ in range(2))
    content = os.urandom(i2tcp.PIECE + 5)
    i2tcp.upload(alice, data, b"notes/poem", content)
    assert i2tcp.download(alice, data, b"notes/poem", len(content))[0] == content
    example.line("alice has put /notes/poem")
    with open(os.path.join(folder, "notes/poem"), "rb") as file:
        assert file.read() == content
    bob = i2tcp.Connection(port, keys["bob"], deadline=PATIENCE)
    assert bob.ask(b"LIST,.") == b"{}"
    try:
        bob.ask(b"PULF,file")
    except i2tcp.Refused as refusal:
        assert str(refusal) == "permission denied", refusal
    else:
        raise AssertionError("bob was not refused")


def own_commands(example, _):
    ann, bob = example.client("ann", "apples"), example.client("bob", "pears")
    put(ann, "poem.txt", b"so much depends upon a red wheel barrow")
    assert ann.sendcmd("SITE WORDS poem.txt") == "200 8 words"
    assert refused(bob.sendcmd, "SITE WORDS poem.txt").startswith("550")
    assert refused(ann.sendcmd, "SITE WORDS") == "501 Syntax: SITE WORDS <path> (how many there are)"
    assert "SITE WORDS" in ann.sendcmd("FEAT") and "WORDS" in ann.sendcmd("SITE HELP")
    assert ann.sendcmd("HELP xwho") == "214 Syntax: XWHO"
    stranger = example.connect()
    assert stranger.sendcmd("XWHO") == "200-You are nobody\n200 from 127.0.0.1"
    assert refused(stranger.sendcmd, "SITE WORDS poem.txt").startswith("530")


def before_a_command(example, _):
    client = example.client()
    assert refused(client.mkd, "sunday") == "550 Not on Sundays"
    client.mkd("monday")
    flooder = example.client()
    flooder.sock.sendall(b"NOOP\r\n" * 1000)
    replies = [line[:3] for line in flooder.file.read().splitlines()]
    assert replies and replies[-1] == "421" and set(replies[:-1]) <= {"200"} and len(replies) < 1000, replies
    client.voidcmd("NOOP")


def own_welcome(example, _):
    ann = example.connect()
    assert ann.getwelcome() == "220 Visitor 1, come in."
    assert refused(ann.sendcmd, "USER root") == "530 Nobody is root here"
    assert ann.login("ann", "apples") == "230-Welcome, ann,\n230 visitor 1."
    put(ann, "a", b"a")
    put(ann, "b", b"b")
    assert ann.quit() == "221 Files you have sent: 2."
    example.line("visitor 1 has left")
    assert example.connect().getwelcome() == "220 Visitor 2, come in."


def watching_sessions(example, _):
    bob = example.client("bob", "pears")
    bob.sendcmd("CLNT Teapot 1.0")
    put(bob, "tea", b"hot")
    ann = example.client("ann", "apples")
    who = ann.sendcmd("SITE WHO").splitlines()
    port = example.port()
    assert f" bob Teapot 1.0 from 127.0.0.1 to 127.0.0.1:{port} did STOR tea data PASV" in who, who
    assert f" ann  from 127.0.0.1 to 127.0.0.1:{port} is at SITE WHO data " in who, who
    assert refused(bob.sendcmd, "SITE WHO").startswith("550")
    example.client("bob", "pears")
    assert bob.file.readline().startswith("421"), "the older session of bob was not ended"
    ann.voidcmd("NOOP")


def permissions(example, _):
    ann = example.client("ann", "apples")
    assert ann.pwd() == "/inbox"
    put(ann, "letter", b"dear all")
    put(ann, "private/secret", b"hush")
    assert get(ann, "private/secret") == b"hush"
    refused(ann.nlst, "private")
    refused(ann.mkd, "/elsewhere")
    anybody = example.client()
    assert any("letter" in name for name in anybody.nlst("inbox"))
    refused(put, anybody, "inbox/mine", b"")


def limits(example, _):
    ann = example.client("ann", "apples")
    refused(example.client, "ann", "apples")  # one session at a time
    put(ann, "small", bytes(60_000))
    assert refused(put, ann, "large", bytes(60_000)).startswith("552")
    assert get(ann, "small") == bytes(60_000)


def two_servers(example, _):
    first = example.connect(int(example.line("the first is at ").rpartition(":")[2]))
    second = example.client("bob", "pears")
    assert (first.getwelcome(), second.getwelcome()) == ("220 The first.", "220 The second.")
    refused(first.login, "bob", "pears")
    first.login("ann", "apples")
    put(second, "mine", b"bob's")
    assert first.nlst() == [] and second.nlst() == ["mine"]
    refused(second.sendcmd, "SITE DOWN")
    other = example.client("bob", "pears")  # the one session of the first is no limit of the second
    assert first.sendcmd("SITE DOWN") == "200 Going"
    example.line("first: one has left")
    second.voidcmd("NOOP")
    other.quit()


def own_log(example, _):
    client = example.client()
    client.voidcmd("NOOP")
    assert example.line("anyone may change files").startswith("! ")
    assert example.line("command reply=200 NOOP").startswith("  127.0.0.1 <anonymous> ")
    assert example.line("command reply=331 USER").startswith("  127.0.0.1 <?> ")


def behind_nat(example, _):
    client = example.client()
    host, port = ftplib.parse227(client.sendcmd("PASV"))
    assert host == "203.0.113.7" and 50000 <= port <= 50999, (host, port)
    refused(client.sendport, "127.0.0.1", 50000)
    assert client.nlst() == []  # ftplib does not believe the address


def protected(example, folder):
    trust = ssl.create_default_context(cafile=os.path.join(folder, "server.pem"))

    def client(user, password):
        made = ftplib.FTP_TLS(context=trust, timeout=PATIENCE)
        made.connect("127.0.0.1", example.port())
        made.login(user, password)
        return made

    assert refused(example.client, "bob", "pears").startswith("530")
    ann, bob = client("ann", "apples"), client("bob", "pears")
    put(bob, "in-clear", b"pears")
    assert refused(put, ann, "in-clear", b"apples").startswith("521")
    ann.prot_p()
    assert get(ann, "in-clear") == b"pears"
    connection = ann.transfercmd("STOR lenient")
    connection.sendall(b"without close_notify")
    socket.socket.shutdown(connection, socket.SHUT_WR)
    assert ann.voidresp().startswith("226")
    connection.close()
    assert get(ann, "lenient") == b"without close_notify"
    bob.ccc()
    assert bob.sock.version() is None  # of TLS
    assert sorted(bob.nlst()) == ["in-clear", "lenient"]


def certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem",
                    "-out", "server.pem"], cwd=folder, check=True, capture_output=True)
    with open(os.path.join(folder, "server.pem"), "a") as both:
        both.write(pathlib.Path(folder, "key.pem").read_text())


BEFORE = {"protected": certificate}
CHECKS = {check.__name__: check
          for check in (minimal, own_authenticator, own_filesystem, own_event_loop, events_and_guards, tftp_boot, tftp_content,
                        tftp_uploads, tftp_conversation, i2ftp_keys, own_commands, before_a_command, own_welcome,
                        watching_sessions, permissions, limits, two_servers, own_log, behind_nat, protected)}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in CHECKS:
        sys.exit(f"{__doc__}NAME is one of: {', '.join(CHECKS)}")
    with tempfile.TemporaryDirectory() as folder:
        BEFORE.get(sys.argv[1], lambda _: None)(folder)
        with Example(os.path.abspath(sys.argv[2]), folder) as example:
            CHECKS[sys.argv[1]](example, folder)
    print(f"{sys.argv[1]}: ok")


if __name__ == "__main__":
    main()
