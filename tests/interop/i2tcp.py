"""A client of I2TCP 2.1 and I2FTP 1.0 in plain Python, written from the description of the wire and independent of
ours: what i2ftps' own client does, step by step."""
import hashlib
import math
import os
import socket
import struct
import time

from support import eventually

VERSION, FRAGMENT, PIECE = b"2.1", 32758, 524128


def md5(data):
    return hashlib.md5(data).digest()


def t64(key, window):
    a, k = md5(b"%d" % window), md5(key)
    s = md5(a + k)[::-1]
    core = [v % 255 + 1 for v in s[:3]]
    conv = bytes((s[3 + i] * core[0] + s[4 + i] * core[1] + s[5 + i] * core[2]) & 255 for i in range(11))
    p0 = md5(s[:3] + bytes(core))[::-1]
    x = p0 + md5(p0 + conv) + md5(conv) + md5(conv + key) + k
    for r in range(4):
        middle = 0.01 + ((k[r] + k[r + 4] + k[r + 8] + k[r + 12]) >> 2)
        c = a[4 * r:4 * r + 4]
        y = bytearray()
        for i in range(len(x) - 4):
            total = float(x[i] * c[0] + x[i + 1] * c[1])
            total = total + x[i + 2] * middle
            total = total + x[i + 3] * c[2]
            total = total + x[i + 4] * c[3]
            y.append(int(math.fmod(total, 256.0)))
        x = bytes(y)
    return x


def t16(secret, window):
    k = md5(secret)
    s = bytearray(md5(md5(md5(window.to_bytes(4, "little")) + k))[::-1])
    core = [(v + v % 32) % 255 + 1 for v in s[:3]]
    for j in range(3, 14):
        s[j] = (s[j] * core[0] + s[j + 1] * core[1] + s[j + 2] * core[2]) & 255
    return md5(bytes(s) + bytes(core) + k)


def code(key, level, data, encode):
    expanded = key
    for _ in range(16):
        expanded += hashlib.sha512(expanded).digest()
    b = expanded[len(key):]
    mix = []
    for u in range(256):
        for e in range(2, level + 1):
            u = (u + pow(u, e, 256)) & 255
        mix.append(u)
    state, out = bytearray((2 * v) & 255 for v in b), bytearray(len(data))
    for i, v in enumerate(data):
        j = i & 1023
        out[i] = (v + mix[state[j]]) & 255 if encode else (v - mix[state[j]]) & 255
        state[j] = (state[j] + (v if encode else out[i]) * b[j]) & 255
    return bytes(out)


def pem_integers(pem):
    import base64
    der = base64.b64decode(b"".join(line for line in pem.split(b"\n") if line and not line.startswith(b"-----")))

    def item(at):
        size, at = der[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7f
            size, at = int.from_bytes(der[at:at + count], "big"), at + count
        return at, size
    at, _ = item(0)
    found = []
    while at < len(der):
        at, size = item(at)
        found.append(int.from_bytes(der[at:at + size], "big"))
        at += size
    return found


class Refused(Exception):
    pass


class Connection:
    def __init__(self, port, key, preauth=True, deadline=60):
        self.key, self.session_key, self.buffer = key, None, b""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=deadline)
        now = time.time()
        if preauth:
            self.socket.sendall(t16(md5(key), int(now / 60)))
        challenge = self.exactly(64)
        mask = hashlib.sha256(hashlib.sha256(key).digest() + challenge).digest()
        self.socket.sendall(code(mask, 6, t64(key, int(now * 0.01)), True))
        assert self.exactly(3) == VERSION
        assert self.buffer == b"", "something followed the version"
        self.socket.sendall(b"OK")
        flag, _, pem = self.hear().partition(b"\a")
        if flag == b"SECURED_SESSION_KEY_REQUIRED":
            n, e = pem_integers(pem)
            size, secret = (n.bit_length() + 7) // 8, os.urandom(64)
            padding = bytes(1 + v % 255 for v in os.urandom(size - 67))
            block = pow(int.from_bytes(b"\0\2" + padding + b"\0" + secret, "big"), e, n).to_bytes(size, "big")
            self.say(block)
            assert self.hear() == b"CODER READY"
            self.session_key = secret
        else:
            assert flag == b"AUTHENTICATION_ONLY", flag
        assert self.hear() == b"I2FTP 1.0"

    def exactly(self, count):
        while len(self.buffer) < count:
            more = self.socket.recv(1 << 16)
            if not more:
                raise EOFError("the server closed the connection")
            self.buffer += more
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def say(self, body):
        if self.session_key:
            body = code(self.session_key, 3, body, True)
        package, at, out = os.urandom(1), 0, b""
        while at < len(body):
            part = body[at:at + FRAGMENT]
            head = b"A" + (len(body) - at).to_bytes(3, "big") + len(part).to_bytes(2, "big")
            out += head + md5(head + VERSION + self.key)[2:3] + md5(part)[:2] + package + part
            at += len(part)
        self.socket.sendall(out)

    def hear(self):
        body, left = b"", None
        while left is None or len(body) < left:
            head = self.exactly(10)
            assert head[:1] == b"A" and head[6:7] == md5(head[:6] + VERSION + self.key)[2:3], head
            left = left or int.from_bytes(head[1:4], "big")
            part = self.exactly(int.from_bytes(head[4:6], "big"))
            assert md5(part)[:2] == head[7:9]
            body += part
        return code(self.session_key, 3, body, False) if self.session_key else body

    def ask(self, request):
        self.say(request)
        return self.answer()

    def answer(self):
        status, _, payload = self.hear().partition(b",")
        if status == b"\0":
            raise Refused(payload.decode())
        return payload

    def close(self):
        self.socket.close()


def upload(control, data, path, content):
    """As upload() of the original: the id from one connection, the data on another, seven pieces ahead."""
    session = control.ask(b"PULF," + path)
    starts = list(range(0, len(content), PIECE))
    for start in starts[:7]:
        data.say(b"UPLD," + session + b"," + struct.pack("<Q", start) + b"," + content[start:start + PIECE])
    for index, start in enumerate(starts):
        assert struct.unpack("<Q", data.answer())[0] == min(start + PIECE, len(content))
        if index + 7 < len(starts):
            later = starts[index + 7]
            data.say(b"UPLD," + session + b"," + struct.pack("<Q", later) + b"," + content[later:later + PIECE])
    assert data.ask(b"CLOZ," + session) == b""


def download(control, data, path, size):
    """As download() of the original; content and MD5."""
    session, content, at = control.ask(b"GETF," + path), b"", 0
    data.say(b"DOWN," + session + b"," + struct.pack("<Q", 0) + b"," + struct.pack("<Q", size))
    while True:
        reply = data.answer()
        assert struct.unpack("<Q", reply[:8])[0] == at and reply[8:9] == b","
        content += reply[9:]
        at += PIECE
        if at >= size:
            break
    return content, eventually(lambda: digest_of(data, session), "the MD5 of the download")


def digest_of(data, session):
    """Closes a download; None while the server has not got its MD5, of which there is no word but this refusal."""
    try:
        return data.ask(b"CLOZ," + session).decode()
    except Refused as refusal:
        assert "still calculating" in str(refusal)
        return None
