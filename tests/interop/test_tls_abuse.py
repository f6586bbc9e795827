"""What no decent client does with TLS: urgent bytes between its records, handshakes without end."""
import os
import socket
import ssl
import unittest

from support import Case, content, put
from wire import Wire


def context():
    """Of a client that takes the certificate which the program made for itself."""
    made = ssl.create_default_context()
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    return made


class TlsAbuse(Case):
    @classmethod
    def populate(cls):
        put(cls.root / "file", content("file", 50_000))

    def secured(self, trust=None):
        wire = Wire(self.server)
        self.assertEqual(wire.ask("AUTH TLS")[0], "234")
        wire.socket = (trust or context()).wrap_socket(wire.socket)
        self.addCleanup(wire.close)
        return wire

    def test_an_urgent_byte_is_no_part_of_tls(self):
        """What comes beside the stream cannot put it out of step (vsftpd 3.0.0)."""
        wire = self.secured()
        wire.login()
        beside = socket.socket(fileno=os.dup(wire.socket.fileno()))
        self.addCleanup(beside.close)
        for _ in range(3):
            beside.send(b"\xf2", socket.MSG_OOB)
            self.assertEqual(wire.ask("NOOP")[0], "200")
        self.assertEqual(wire.ask("SIZE file")[0], "550")  # TYPE A
        self.assertEqual(wire.ask("QUIT")[0], "221")

    def test_sessions_of_tls_do_not_pile_up(self):
        """Tickets are kept by clients; what the server kept of each would be kilobytes (ProFTPD #1963)."""
        trust = context()

        def come_and_go(times):
            for _ in range(times):
                wire = self.secured(trust)
                self.assertEqual(wire.ask("NOOP")[0], "200")
                wire.close()

        # Allocators (that of the sanitizer above all) take their share in the beginning: what counts is what goes on.
        come_and_go(1000)
        before = self.server.memory()
        come_and_go(1500)
        self.assertLess(self.server.memory() - before, 3 << 20)


if __name__ == "__main__":
    unittest.main()
