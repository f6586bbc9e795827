"""A control connection byte by byte, for what no decent client sends."""
import select
import socket

from support import DEADLINE


class Closed(Exception):
    """The server ended the connection, in whatever way."""


class Wire:
    def __init__(self, server, login=False, source=None):
        self.server = server
        self.socket = socket.create_connection((server.host, server.port), DEADLINE, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.greeting = self.reply()
        if login:
            self.login()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Ends the connection with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.socket.close()

    def login(self):
        assert self.ask("USER " + self.server.user)[0] == "331"
        assert self.ask("PASS " + self.server.password)[0] == "230"

    def send(self, data):
        try:
            self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        except OSError as error:
            raise Closed from error

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise AssertionError(f"no reply within {DEADLINE:.0f} s; so far {self.buffer!r}") from None
            except OSError as error:
                raise Closed from error
            if not data:
                raise Closed
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        assert line.endswith(b"\r"), f"a reply line that ends in LF alone: {line!r}"
        return line[:-1].decode("latin-1")

    def reply(self):
        """One reply: its code and all of its text. Fails on what is no reply."""
        line = self.line()
        lines, code = [line], line[:3]
        assert code.isdigit() and code[0] in "12345" and line[3:4] in (" ", "-"), f"no reply: {line!r}"
        while lines[-1][:4] != code + " ":
            lines.append(self.line())
        return code, "\n".join(lines)

    def ask(self, line):
        """Sends one line; the final reply to it (1xx are passed over)."""
        self.send(line.encode("latin-1") + b"\r\n" if isinstance(line, str) else line + b"\r\n")
        while True:
            reply = self.reply()
            if reply[0][0] != "1":
                return reply

    def until_closed(self, most=1000):
        """The codes of all replies up to the end of the connection."""
        codes = []
        try:
            while len(codes) < most:
                codes.append(self.reply()[0])
        except Closed:
            return codes
        raise AssertionError(f"still there after {most} replies")

    def replies_before_fence(self, data, fence="SYST", code="215"):
        """Sends `data` and then a command whose answer is known: the codes in between, and if the session lives.

        SYST answers 215 and nothing else does, so that replies cannot be taken for one another.
        """
        codes = []
        try:
            self.send(data)
            self.send(fence + "\r\n")
            while True:
                said = self.reply()[0]
                if said == code:
                    return codes, True
                codes.append(said)
        except Closed:
            return codes, False

    def data(self, source=None):
        """A passive data connection."""
        code, text = self.ask("EPSV")
        assert code == "229", text
        port = int(text.rsplit("(|||", 1)[1].split("|", 1)[0])
        return socket.create_connection((self.server.host, port), DEADLINE, (source, 0) if source else None)

    def idle(self, seconds=0.0):
        """True if the server has nothing to say right now."""
        return not self.buffer and not select.select([self.socket], [], [], seconds)[0]
