"""A server of I2FTP that knows the key and tells a process that is not its own. Arguments: PORT KEY PROCESS."""
import hashlib
import os
import socket
import sys

import i2tcp


def serve(connection, key, process):
    stream = connection.makefile("rb")
    assert len(stream.read(16)) == 16
    connection.sendall(os.urandom(64))
    assert len(stream.read(64)) == 64
    connection.sendall(i2tcp.VERSION)
    assert stream.read(2) == b"OK"

    def say(body):
        head = b"A" + len(body).to_bytes(3, "big") + len(body).to_bytes(2, "big")
        head_sum = hashlib.md5(head + i2tcp.VERSION + key).digest()[2:3]
        connection.sendall(head + head_sum + hashlib.md5(body).digest()[:2] + b"\0" + body)
    say(b"AUTHENTICATION_ONLY\a")
    say(b"I2FTP 1.0")
    head = stream.read(10)
    assert stream.read(int.from_bytes(head[4:6], "big")).startswith(b"PCTL,")
    say(b"\1," + process.to_bytes(4, "little"))
    stream.read(1)


port, key, process = int(sys.argv[1]), bytes.fromhex(sys.argv[2]), int(sys.argv[3])
with socket.create_server(("127.0.0.1", port)) as listening:
    print("ready", flush=True)
    serve(listening.accept()[0], key, process)
