"""The servers that are compared: one list, SERVERS, at the end of this file.

A server is a function that writes a configuration and returns the command line. The command must stay in the
foreground, listen on 127.0.0.1, accept the user "anonymous" with any password, and let it store below up/ and
overwrite there. Everything that costs CPU and is of no use here (logs, delays, reverse DNS, TLS) is switched off for
everybody alike; limits are set so high that no measure reaches them.
"""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

PYTHON = "/usr/bin/python3"  # Debian's own, which Debian's Python packages belong to
HOURS = 7200


@dataclass(frozen=True)
class Place:
    """What a server is told."""

    port: int
    root: Path  # the folder it serves
    run: Path  # an empty folder of its own, for its configuration
    packages: Path  # where its Debian packages were unpacked
    tools: Path  # the folder of wherry-bare

    def write(self, name, text):
        path = self.run / name
        path.write_text(text)
        return str(path)


@dataclass(frozen=True)
class Server:
    name: str
    command: Callable[[Place], list]
    packages: tuple = ()  # Debian packages to unpack, never to install
    program: str = ""  # the one of their files that must run
    lacks: frozenset = field(default_factory=frozenset)  # measures it has no command for
    only: frozenset = field(default_factory=frozenset)  # if not empty: the only measures it takes part in
    role: str = "peer"  # peer, bare or ours
    note: str = ""


# --- the limit ----------------------------------------------------------------------------------------------------------


def bare(*options):
    return lambda place: [str(place.tools / "wherry-bare"), str(place.port), str(place.root), *options]


# --- ours ---------------------------------------------------------------------------------------------------------------


def wherry(program):
    def command(place):
        return [str(program), "serve", str(place.root), "-i", "127.0.0.1", "-p", str(place.port), "--write",
                "--max-cons", "20000", "--max-cons-per-ip", "0", "--log-level", "error"]  # fmt: skip

    return command


# --- peers --------------------------------------------------------------------------------------------------------------


def vsftpd(place):
    (place.run / "empty").mkdir()
    # Without the two isolate options every session gets a network namespace: hundreds of microseconds that say nothing
    # about the server.
    config = place.write("vsftpd.conf", f"""\
listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={place.port}
background=NO
isolate=NO
isolate_network=NO
anonymous_enable=YES
local_enable=NO
no_anon_password=YES
anon_root={place.root}
ftp_username=bin
nopriv_user=nobody
secure_chroot_dir={place.run}/empty
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_world_readable_only=NO
anon_umask=022
max_clients=0
max_per_ip=0
use_sendfile=YES
xferlog_enable=NO
dirmessage_enable=NO
connect_from_port_20=NO
delay_successful_login=0
idle_session_timeout={HOURS}
data_connection_timeout={HOURS}
""")
    return [f"{place.packages}/usr/sbin/vsftpd", config]


def proftpd(place):
    config = place.write("proftpd.conf", f"""\
ServerName bench
ServerType standalone
Port {place.port}
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
User nobody
Group nogroup
Umask 022
MaxInstances none
tcpBackLog 255
UseReverseDNS off
AuthOrder mod_auth_unix.c
AuthPAM off
RequireValidShell off
WtmpLog off
TransferLog none
SystemLog none
ScoreboardFile none
UseSendfile on
AllowOverwrite on
TimeoutIdle {HOURS}
TimeoutLogin {HOURS}
TimeoutNoTransfer 0
TimeoutStalled 0
PidFile {place.run}/proftpd.pid
<IfModule mod_delay.c>
  DelayEngine off
</IfModule>
<IfModule mod_ident.c>
  IdentLookups off
</IfModule>
<Anonymous {place.root}>
  User nobody
  Group nogroup
  UserAlias anonymous nobody
  AnonRequirePassword off
  RequireValidShell off
  MaxClients none
  <Limit ALL>
    AllowAll
  </Limit>
</Anonymous>
""")
    return [f"{place.packages}/usr/sbin/proftpd", "-n", "-q", "-c", config]


def pure_ftpd(place):
    # Anonymous, because a login with a password sleeps up to 15 ms by design. Its anonymous root is the home of the
    # system user "ftp": the server gets a mount namespace with an /etc/passwd of its own.
    others = [line for line in Path("/etc/passwd").read_text().splitlines() if not line.startswith("ftp:")]
    users = place.write("passwd", "\n".join([*others, f"ftp:x:65534:65534::{place.root}:/bin/sh"]) + "\n")
    server = [f"{place.packages}/usr/sbin/pure-ftpd", "-4", "-S", f"127.0.0.1,{place.port}", "-l", "unix", "-e", "-H",
              "-M", "-c", "20000", "-C", "20000", "-I", "120", "-m", "10000", "-L", "2000000:10", "-f", "none",
              "-g", f"{place.run}/pure-ftpd.pid"]  # fmt: skip
    inside = f"mount --bind {shlex.quote(users)} /etc/passwd && exec {shlex.join(server)}"
    return ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", inside]


def pyftpdlib(place):
    script = place.write("serve.py", f"""\
import logging
import sys
sys.path.insert(0, {f"{place.packages}/usr/lib/python3/dist-packages"!r})
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
logging.basicConfig(level=logging.CRITICAL)
anyone = DummyAuthorizer()
anyone.add_anonymous({str(place.root)!r}, perm="elradfmwMT")
FTPHandler.authorizer = anyone
FTPHandler.timeout = {HOURS}
FTPHandler.use_sendfile = True
FTPServer.max_cons = 20000
FTPServer.max_cons_per_ip = 0
FTPServer(("127.0.0.1", {place.port}), FTPHandler, backlog=4096).serve_forever()
""")
    return [PYTHON, "-W", "ignore", script]


NO_MLSD = frozenset({"list:mlsd"})

SERVERS = [
    Server("bare", bare("write"), role="bare", note="the limit: no users, no checks; sendfile, recv + write"),
    Server("bare-splice", bare("splice"), role="bare", only=frozenset({"stor", "noop:stor"}), note="uploads by splice"),
    Server("vsftpd", vsftpd, packages=("vsftpd", "libwrap0"), program="usr/sbin/vsftpd", lacks=NO_MLSD,
           note="isolate=NO; two processes a session"),
    Server("proftpd", proftpd, program="usr/sbin/proftpd",
           packages=("proftpd-core", "libhiredis0.14", "libmemcached11", "libmemcachedutil2", "libhashkit2",
                     "libpcre2-posix3"),
           note="standalone; a process a session"),
    Server("pure-ftpd", pure_ftpd, packages=("pure-ftpd", "libsodium23"), program="usr/sbin/pure-ftpd",
           note="a process a session; its listings stop at 2,000,000 files"),
    Server("pyftpdlib", pyftpdlib, packages=("python3-pyftpdlib",), note="one process"),
]  # fmt: skip


def ours(name, program):
    return Server(name, wherry(program), program=str(program), role="ours", note=str(program))
