"""FTPS: other people's clients under TLS 1.2 and 1.3, and hostile ones."""
import ftplib
import os
import select
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import unittest
from pathlib import Path

from support import DEADLINE, NAMES, PROGRAM, Case, Server, content, digest, eventually, grow_tree, needs, put

CERTIFICATE = Path(os.environ["XDG_STATE_HOME"]) / "wherry" / "self-signed.pem"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def context(version, tickets=True):
    made = ssl.create_default_context(cafile=str(CERTIFICATE))
    made.check_hostname = True
    made.minimum_version = made.maximum_version = VERSIONS[version]
    if not tickets:
        made.options |= ssl.OP_NO_TICKET
    return made


class Reusing(ftplib.FTP_TLS):
    """ftplib that resumes the session of the control connection, as servers ask for it."""

    def ntransfercmd(self, command, rest=None):
        connection, size = ftplib.FTP.ntransfercmd(self, command, rest)
        if self._prot_p:
            connection = self.context.wrap_socket(connection, server_hostname=self.host, session=self.sock.session)
            self.resumed = connection.session_reused
        return connection, size


def client_of(server, version, kind=ftplib.FTP_TLS, tickets=True, protect=True):
    client = kind(context=context(version, tickets), timeout=DEADLINE)
    client.connect(server.host, server.port)
    client.login(server.user, server.password)
    if protect:
        client.prot_p()
    return client


def upload(client, name, data):
    from io import BytesIO
    client.storbinary(f"STOR {name}", BytesIO(data))


def download(client, name):
    out = []
    client.retrbinary(f"RETR {name}", out.append)
    return b"".join(out)


class TlsCase(Case):
    def curl(self, *arguments, codes=(0,), **more):
        return self.run_client("curl", "-sS", "--max-time", "120", "--ssl-reqd", "--cacert", str(CERTIFICATE), *arguments,
                               codes=codes, **more)


@needs("curl")
class Curl(TlsCase):
    def test_up_and_down_in_both_versions(self):
        place = self.place()
        for version in VERSIONS:
            for size in (0, 1, 16383, 16384, 16385, 3_000_000):
                put(self.here / "local", content(b"x", size))
                url = self.server.url(f"{place}/{version}-{size}")
                limits = (f"--tlsv{version}", "--tls-max", version)
                self.curl(*limits, "-T", "local", url)
                self.curl(*limits, "-o", "back", url)
                self.assert_same_file(self.here / "local", self.here / "back")

    def test_control_connection_alone(self):
        put(self.root / "plain", b"in clear")
        self.assertEqual(self.curl("--ftp-ssl-control", self.server.url("plain")).stdout, b"in clear")

    def test_a_certificate_that_is_not_trusted(self):
        done = self.run_client("curl", "-sS", "--ssl-reqd", self.server.url(), codes=(60,))
        self.assertIn(b"self-signed", done.stderr)

    def test_resume_of_a_download(self):
        put(self.root / "long", content(b"long", 500_000))
        put(self.here / "long", content(b"long", 500_000)[:123_457])
        self.curl("-C", "-", "-o", "long", self.server.url("long"))
        self.assert_same_file(self.here / "long", self.root / "long")


@needs("lftp")
class Lftp(TlsCase):
    def test_mirror_both_ways(self):
        names = [name for name in NAMES if b"\\" not in name][:12]
        grow_tree(self.here / "local", names)
        place = self.place()
        script = "\n".join(["set cmd:fail-exit yes", "set ftp:ssl-force yes", "set ftp:ssl-protect-data yes",
                            f"set ssl:ca-file {CERTIFICATE}", "set net:max-retries 2", "set net:timeout 30",
                            "set file:charset utf-8", "set ftp:charset utf-8",
                            f"open -u alice,secret -p {self.server.port} {self.server.host}",
                            f"mirror -R local {place}/tree", f"mirror {place}/tree back"])
        (self.here / "script").write_text(script + "\n")
        self.run_client("lftp", "--norc", "-f", "script")
        self.assert_same_tree(self.here / "local", self.root / place / "tree")
        self.assert_same_tree(self.here / "local", self.here / "back")


class Ftplib(TlsCase):
    def test_with_and_without_session_reuse(self):
        place = self.place()
        for version in VERSIONS:
            for kind in (ftplib.FTP_TLS, Reusing):
                for tickets in (True, False) if version == "1.2" else (True,):
                    with self.subTest(version=version, kind=kind.__name__, tickets=tickets):
                        with client_of(self.server, version, kind, tickets) as client:
                            for index in range(5):
                                data = content(b"r", 70_000 + index)
                                upload(client, f"{place}/file", data)
                                self.assertEqual(download(client, f"{place}/file"), data)
                                if kind is Reusing:
                                    self.assertTrue(client.resumed)
                            self.assertEqual(client.nlst(place), [f"{place}/file"])
                            client.quit()

    # Not with curl: 7.88 never begins TLS on a data connection that it has accepted.
    def test_active_mode(self):
        place = self.place()
        for version in VERSIONS:
            for kind in (ftplib.FTP_TLS, Reusing):
                with client_of(self.server, version, kind) as client:
                    client.set_pasv(False)
                    data = content(b"active", 70_000)
                    upload(client, f"{place}/file", data)
                    self.assertEqual(download(client, f"{place}/file"), data)

    def test_clear_data_under_a_protected_login(self):
        put(self.root / "a", b"x" * 100)
        with client_of(self.server, "1.3", protect=False) as client:
            self.assertEqual(download(client, "a"), b"x" * 100)

    def test_an_upload_that_is_cut_off_fails(self):
        place = self.place()
        with client_of(self.server, "1.3") as client:
            connection = client.transfercmd(f"STOR {place}/half")
            connection.sendall(b"half of it")
            socket.socket.shutdown(connection, socket.SHUT_WR)  # the end of TCP without the end of TLS
            with self.assertRaises(ftplib.error_temp) as caught:
                client.voidresp()
            self.assertEqual(str(caught.exception)[:3], "426")
            connection.close()

    # vsftpd 3.0.0: what a client sends as urgent data (RFC 959, ABOR) is no part of TLS and must not tear it apart.
    def test_urgent_data(self):
        put(self.root / "endless", content(b"endless", 40_000_000))
        for version in VERSIONS:
            with client_of(self.server, version) as client:
                socket.socket.send(client.sock, b"\xf2", socket.MSG_OOB)
                self.assertEqual(client.sendcmd("NOOP")[:3], "200")
                for _ in range(3):
                    connection = client.transfercmd("RETR endless")
                    self.assertTrue(connection.recv(1000))
                    socket.socket.send(client.sock, b"\xf2", socket.MSG_OOB)
                    client.putcmd("ABOR")
                    with self.assertRaises(ftplib.error_temp) as caught:
                        client.voidresp()
                    self.assertEqual(str(caught.exception)[:3], "426")
                    self.assertEqual(client.voidresp()[:3], "226")
                    connection.close()
                self.assertEqual(download(client, "endless"), content(b"endless", 40_000_000))

    # ProFTPD 1963: TLS sessions and their tickets piled up in memory.
    def test_memory_after_many_sessions(self):
        def visit(count):
            for index in range(count):
                made = context("1.2" if index % 2 else "1.3", tickets=index % 4 != 1)
                with ftplib.FTP_TLS(context=made, timeout=DEADLINE) as client:
                    client.connect(self.server.host, self.server.port)
                    client.auth()
                    client.quit()
        visit(100)
        before = self.server.resident()
        visit(400)
        self.assertLess(self.server.resident() - before, 8 << 20)

    def test_large_files_both_ways(self):
        put(self.root / "large", content(b"large", 40_000_000))
        for version in VERSIONS:
            with client_of(self.server, version) as client:
                data = download(client, "large")
                put(self.here / "large", data)
                self.assert_same_file(self.here / "large", self.root / "large")
                upload(client, "large-again", data)
                self.assertEqual(digest(self.root / "large-again"), digest(self.root / "large"))


class Required(TlsCase):
    options = ("--tls", "--tls-control-required", "--tls-data-required")

    def test_nobody_comes_in_without(self):
        with self.server.ftp(login=False) as client:
            for command in ("USER alice", "PASS secret"):
                self.assertEqual(client.sendcmd("NOOP")[:3], "200")
                with self.assertRaisesRegex(ftplib.error_perm, "530"):
                    client.sendcmd(command)
        with client_of(self.server, "1.3", protect=False) as client:
            with self.assertRaisesRegex(ftplib.error_perm, "521"):
                client.nlst()
            client.prot_p()
            self.assertEqual(client.nlst(), [])


class ReuseRequired(TlsCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        put(cls.base / "wherry.toml", f"""
[ftp]
listen = "127.0.0.1:0"
implicit_listen = "127.0.0.1:0"
[tls]
reuse = "require"
handshake_timeout = "2s"
[anonymous]
folder = "{cls.root}"
permissions = "elrw"
""".encode())
        cls.strict = Server(cls.root, anonymous=True, write=False)
        cls.strict.command = [PROGRAM, "serve", "--config", str(cls.base / "wherry.toml"), "-D"]
        cls.strict.start()
        cls.implicit_port = int(cls.strict.expect_line(r"listening ftp \S+:(\d+)").group(1))
        cls.addClassCleanup(cls.strict.stop)
        cls.strict.user, cls.strict.password = "anonymous", "x"

    def test_only_who_resumes_is_served(self):
        put(self.root / "a", b"content")
        for version in VERSIONS:
            with client_of(self.strict, version, Reusing) as client:
                for _ in range(30):
                    self.assertEqual(download(client, "a"), b"content")
            with client_of(self.strict, version) as client:
                try:
                    with client.transfercmd("RETR a") as connection:
                        self.assertEqual(connection.recv(100), b"")
                except OSError:
                    pass
                with self.assertRaisesRegex(ftplib.error_perm, "522"):
                    client.getresp()

    @needs("curl")
    def test_curl_resumes(self):
        put(self.root / "b", content(b"b", 100_000))
        for version in VERSIONS:
            url = f"ftp://127.0.0.1:{self.strict.port}/b"
            self.curl("--tlsv" + version, "--tls-max", version, "-o", "one", url, "-o", "two", url)
            self.assert_same_file(self.here / "two", self.root / "b")

    @needs("curl")
    def test_implicit(self):
        put(self.root / "c", b"implicit")
        self.assertEqual(self.curl(f"ftps://127.0.0.1:{self.implicit_port}/c").stdout, b"implicit")

    # Security rows 13 and 14: scanners leave half-open handshakes behind.
    def test_half_open_handshakes_end(self):
        self.assertEqual(self.strict.process.poll(), None)
        sockets = []
        for index in range(400):
            one = socket.create_connection(("127.0.0.1", self.implicit_port if index % 2 else self.strict.port))
            sockets.append(one)
            if index % 2 == 0:
                one.sendall(b"AUTH TLS\r\n")
            one.sendall(b"\x16\x03\x01\x02\x00\x01")
        for one in sockets:
            one.settimeout(DEADLINE)
            while True:
                try:
                    if not one.recv(4096):
                        break
                except ConnectionError:
                    break
            one.close()
        with client_of(self.strict, "1.3", Reusing) as client:
            self.assertEqual(client.sendcmd("NOOP")[:3], "200")


@needs("openssl")
class SClient(TlsCase):
    def s_client(self, *options, text=b"QUIT\r\n", codes=(0, 1)):
        done = self.run_client("openssl", "s_client", "-connect", f"{self.server.host}:{self.server.port}", "-starttls",
                               "ftp", "-crlf", *options, text=text, codes=codes)
        return done.stdout + done.stderr

    def test_versions_and_ciphers(self):
        self.assertIn(b"TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384", self.s_client())
        self.assertIn(b"TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384", self.s_client("-tls1_2"))
        for old in ("-tls1", "-tls1_1"):
            self.assertIn(b"Cipher is (NONE)", self.s_client(old, "-cipher", "DEFAULT:@SECLEVEL=0"))

    def test_protocols(self):
        self.assertIn(b"ALPN protocol: ftp", self.s_client("-alpn", "ftp"))
        self.assertIn(b"no application protocol", self.s_client("-alpn", "h2,http/1.1"))

    # CVE-2009-3555, CVE-2011-1473
    def test_renegotiation(self):
        process = subprocess.Popen(
            ["openssl", "s_client", "-connect", f"{self.server.host}:{self.server.port}", "-starttls", "ftp", "-tls1_2"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out = b""
        asked = False
        while b"no renegotiation" not in out and select.select([process.stdout], [], [], DEADLINE)[0]:
            more = os.read(process.stdout.fileno(), 1 << 16)
            if not more:
                break
            out += more
            if not asked and b"Verify return code" in out:
                asked = True
                process.stdin.write(b"R\n")
                process.stdin.flush()
        process.kill()
        process.communicate()
        self.assertIn(b"RENEGOTIATING", out)
        self.assertIn(b"no renegotiation", out)

    def test_the_certificate_it_made(self):
        self.assertEqual(stat.S_IMODE(CERTIFICATE.stat().st_mode), 0o600)
        shown = self.run_client("openssl", "x509", "-in", str(CERTIFICATE), "-noout", "-fingerprint", "-sha256").stdout
        self.assertIn(shown.decode().strip().split("=")[1], self.server.said())
        self.assertIn(b"Verify return code: 0 (ok)",
                      self.s_client("-CAfile", str(CERTIFICATE), "-verify_hostname", "localhost"))


class Program(TlsCase):
    """What the program says about its certificate."""

    def made(self, name, *options):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", str(self.here / f"{name}.key"), "-out", str(self.here / f"{name}.pem"), "-subj",
                        f"/CN={name}", "-days", "30", *options], check=True, capture_output=True)
        return str(self.here / f"{name}.pem"), str(self.here / f"{name}.key")

    def test_its_own_certificate_is_made_once(self):
        before = CERTIFICATE.read_bytes()
        own = Server(self.root, "--tls").start()
        own.stop()
        self.assertEqual(CERTIFICATE.read_bytes(), before)

    def test_given_files_and_their_reload(self):
        certificate, key = self.made("first")
        own = Server(self.root, "--tls", "--certfile", certificate, "--keyfile", key).start()
        self.addCleanup(own.stop)
        plain = ssl.create_default_context(cafile=certificate)
        plain.check_hostname = False

        def name():
            with ftplib.FTP_TLS(context=plain, timeout=DEADLINE) as client:
                client.connect(own.host, own.port)
                client.auth()
                return dict(client.sock.getpeercert()["subject"][0])["commonName"]

        self.assertEqual(name(), "first")
        with ftplib.FTP_TLS(context=plain, timeout=DEADLINE) as stays:
            stays.connect(own.host, own.port)
            stays.login(own.user, own.password)
            stays.prot_p()
            second, second_key = self.made("second")
            shutil.copy(second, certificate)
            shutil.copy(second_key, key)
            plain.load_verify_locations(second)
            own.signal(signal.SIGHUP)
            eventually(lambda: name() == "second", "the new certificate")
            stays.nlst()  # with the old one

    # It told to trust the certificate itself where an authority has issued it.
    def test_it_says_whom_to_trust(self):
        own, own_key = self.made("own")
        authority, authority_key = self.made("authority")
        subprocess.run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", "issued.key", "-subj", "/CN=issued", "-out", "issued.csr"], cwd=self.here, check=True,
                       capture_output=True)
        subprocess.run(["openssl", "x509", "-req", "-in", "issued.csr", "-CA", authority, "-CAkey", authority_key,
                        "-CAcreateserial", "-days", "30", "-out", "issued.pem"], cwd=self.here, check=True,
                       capture_output=True)
        for certificate, key, trusted in ((own, own_key, True), ("issued.pem", "issued.key", False)):
            certificate, key = self.here / certificate, self.here / key
            server = Server(self.root, "--tls", "--certfile", str(certificate), "--keyfile", str(key)).start()
            said = server.said()
            server.stop()
            self.assertIn("with curl: --ssl-reqd", said)
            self.assertEqual(f"--cacert {certificate}" in said, trusted)

    def test_mistakes_name_the_file(self):
        certificate, key = self.made("one")
        other, other_key = self.made("two")
        for options, says in ((("--certfile", str(self.here / "none.pem")), "none.pem: No such file"),
                              (("--certfile", certificate), "one.pem: no private key in it"),
                              (("--certfile", certificate, "--keyfile", other_key), "two.key: the private key is not"),
                              (("--certfile", key), "one.key: no certificate in it")):
            done = subprocess.run([PROGRAM, "serve", str(self.root), "-p", "0", "--tls", *options], capture_output=True,
                                  text=True, timeout=DEADLINE)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn(says, done.stderr)
            self.assertNotIn("listening", done.stdout)

    def test_without_a_place_for_its_certificate(self):
        env = {"PATH": os.environ["PATH"], "XDG_STATE_HOME": "/proc/no/such/place"}
        done = subprocess.run([PROGRAM, "serve", str(self.root), "-p", "0", "--tls"], capture_output=True, text=True,
                              timeout=DEADLINE, env=env)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("/proc/no/such/place", done.stderr)


if __name__ == "__main__":
    unittest.main()
