#!/usr/bin/env python3
"""Measures FTPS servers side by side on this machine: `./dev bench tls`. README.md says how, and how to read the tables.

Explicit FTPS (AUTH TLS, PROT P), TLS 1.3 with AES-256-GCM, X25519 and one certificate of ECDSA P-256 for everybody.
"""

import subprocess
import sys
from dataclasses import replace

sys.dont_write_bytecode = True

import run  # noqa: E402
import servers  # noqa: E402
from measures import IDLE, MIB, Figure, Measure, per_piece, throughput  # noqa: E402

# --- the measures -------------------------------------------------------------------------------------------------------


def under_tls(*load):
    return [*load, "--tls", "yes"]


def measures(scale):
    sessions = scale.idle[0]
    stored = scale.upload
    return [
        Measure("tls-retr", f"RETR, one stream, {scale.large_count} x {scale.large // MIB} MiB",
                under_tls("transfer", "--file", "large", "--size", scale.large, "--count", scale.large_count),
                throughput("transfer"), "transfer"),
        Measure("tls-stor", f"STOR, one stream, {stored // MIB} MiB to memory",
                under_tls("transfer", "--op", "stor", "--file", "up/%f", "--size", stored),
                throughput("transfer"), "transfer", memory=stored + 256 * MIB),
        *churn("tls-churn", "two full handshakes", scale, ()),
        *churn("tls-churn-reuse", "the data connection resumes", scale, ("--resume", "yes")),
        Measure(f"tls-idle:{sessions}", f"{sessions} sessions logged in and idle",
                under_tls("idle", "--sessions", sessions, "--seconds", 2, "--timeout", 300), IDLE, "login",
                memory=1024 * MIB),
        Measure(f"tls-half-open:{sessions}", f"{sessions} clients say AUTH TLS, and then nothing or half a word",
                under_tls("half-open", "--sessions", sessions, "--seconds", 5, "--patience", PATIENCE, "--file", "tiny",
                          "--size", scale.small), HALF_OPEN, "half_open"),
    ]  # fmt: skip


def churn(name, how, scale, options):
    for sessions in scale.churn:
        yield Measure(f"{name}:{sessions}",
                      f"whole sessions, {sessions} at a time: login, RETR {scale.small // 1024} KiB, QUIT; {how}",
                      under_tls("churn", "--file", "tiny", "--size", scale.small, "--sessions", sessions, "--seconds",
                                scale.churn_seconds, *options), CHURN, "churn")  # fmt: skip


PATIENCE = 30  # seconds; Wherry's deadline is 15
CHURN = [*per_piece("churn", "session"),
         Figure("resumed", "resumed %", 0, lambda out: out["resumed"] * 100 / out["churn"]["succeeded"])]  # fmt: skip
HALF_OPEN = [
    Figure("cpu_percent", "CPU %", 2, lambda out: out["half_open"]["server_cpu"] * 100 / out["half_open"]["seconds"]),
    Figure("pss_mib", "PSS MiB", 1, lambda out: out["half_open"]["pss_kib"] / 1024),
    Figure("others_p50_ms", "others p50 ms", 2, lambda out: out["session"]["p50_ms"]),
    Figure("others_max_ms", "max ms", 2, lambda out: out["session"]["max_ms"]),
    Figure("ended", f"ended in {PATIENCE} s", 0, lambda out: out["ended"]),
    Figure("last_s", "last after s", 1, lambda out: out["last_seconds"]),
    Figure("ending_cpu_ms", "CPU ms to end them", 0, lambda out: out["ends"]["server_cpu"] * 1e3),
]


def verification(root):
    """Both directions, decrypted and compared byte by byte."""
    return under_tls("verify", "--file", "medium", "--against", root / "medium", "--put", "up/verified",
                     "--size", 40 * MIB)  # fmt: skip


# --- the servers: those of servers.py with a certificate ----------------------------------------------------------------


def make_certificate(home):
    """PEM files with certificate and key: apart, and in one file. Beside the folders that are emptied for each sample."""
    key, certificate = home / "key.pem", home / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                    "30", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)  # fmt: skip
    both(home).write_text(certificate.read_text() + key.read_text())


def both(home):
    return home / "both.pem"


def home_of(place):
    return place.run.parent


def bare(place):
    return [str(place.tools / "wherry-bare"), str(place.port), str(place.root), "tls", str(both(home_of(place)))]


def wherry(program):
    plain = servers.wherry(program)
    return lambda place: [*plain(place), "--certfile", str(both(home_of(place)))]


def vsftpd(place):
    program, config = servers.vsftpd(place)
    add(config, f"""\
ssl_enable=YES
allow_anon_ssl=YES
ssl_tlsv1=YES
ssl_ciphers=HIGH
require_ssl_reuse=NO
rsa_cert_file={home_of(place)}/certificate.pem
rsa_private_key_file={home_of(place)}/key.pem
""")
    return [program, config]


def proftpd(place):
    *command, config = servers.proftpd(place)
    add(config, f"""\
ModulePath {place.packages}/usr/lib/proftpd
LoadModule mod_tls.c
TLSEngine on
TLSProtocol TLSv1.2 TLSv1.3
TLSECCertificateFile {home_of(place)}/certificate.pem
TLSECCertificateKeyFile {home_of(place)}/key.pem
TLSOptions NoSessionReuseRequired
TLSVerifyClient off
TLSLog none
""")
    return [*command, config]


def pure_ftpd(place):
    files = f"{home_of(place)}/certificate.pem,{home_of(place)}/key.pem"
    *command, script = servers.pure_ftpd(place)
    return [*command, f"{script} -Y 1 -J HIGH -2 {files}"]


def pyftpdlib(place):
    *command, script = servers.pyftpdlib(place)
    with open(script, encoding="utf-8") as file:
        text = file.read()
    text = text.replace("import FTPHandler\n", "import TLS_FTPHandler as FTPHandler\n")
    text = text.replace("FTPHandler.use_sendfile = True\n", f"FTPHandler.certfile = '{both(home_of(place))}'\n")
    return [*command, place.write("serve_tls.py", text)]


def add(config, text):
    with open(config, "a", encoding="utf-8") as file:
        file.write(text)


def secured(name, command, packages=(), **more):
    server = next(server for server in servers.SERVERS if server.name == name)
    return replace(server, command=command, packages=(*server.packages, *packages), lacks=frozenset(), **more)


NEVER_ENDS = {"lacks": frozenset(f"tls-half-open:{count}" for count in (500, 1000))}
SERVERS = [
    replace(secured("bare", bare), note="a loop around OpenSSL; 256 KiB of records a send", **NEVER_ENDS),
    secured("vsftpd", vsftpd),
    secured("proftpd", proftpd, ("proftpd-mod-crypto",)),
    secured("pure-ftpd", pure_ftpd),
    secured("pyftpdlib", pyftpdlib),
]


def ours(name, program):
    return servers.Server(name, wherry(program), program=str(program), role="ours", note=str(program))


SUITE = run.Suite(SERVERS, ours, measures, verification, "tls", make_certificate)

if __name__ == "__main__":
    run.main(SUITE)
