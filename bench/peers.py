"""Fetches the peers: Debian packages, downloaded and unpacked into a folder of the build, never installed.

They conflict with each other and would start services; unpacked, each has a tree of its own, with the libraries the
system lacks beside it.
"""

import shutil
import subprocess


class Missing(Exception):
    """A peer that cannot take part, and why."""


def fetch(server, cache):
    """The folder with the server's packages, downloaded when they are not there yet."""
    folder = cache / server.name
    done = folder / "unpacked"
    if not server.packages or (done.exists() and done.read_text().split() == list(server.packages)):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for archive in download(server.packages, folder):
        run(["dpkg-deb", "-x", archive, folder])
    check_libraries(server, folder)
    done.write_text(" ".join(server.packages))
    return folder


def download(packages, folder):
    command = ["apt-get", "-o", "APT::Sandbox::User=root", "-q", "download", *packages]
    try:
        run(command, cwd=folder)
    except Missing:  # the package lists may be old, or not there
        run(["apt-get", "-q", "update"])
        run(command, cwd=folder)
    return sorted(folder.glob("*.deb"))


def check_libraries(server, folder):
    if not server.program:
        return
    listing = run(["ldd", folder / server.program], env=environment(folder))
    missing = [line.split()[0] for line in listing.splitlines() if "not found" in line]
    if missing:
        raise Missing(f"{server.program} lacks {', '.join(missing)}; name their packages in servers.py")


def environment(folder):
    """What a server is started with: nothing of the caller's, and the libraries that came with it."""
    libraries = sorted({str(library.parent) for library in folder.rglob("*.so*")}) if folder.exists() else []
    plain = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
    return plain | ({"LD_LIBRARY_PATH": ":".join(libraries)} if libraries else {})


def versions(server, folder):
    """{package: version} of the server's own package."""
    archives = sorted(folder.glob(f"{server.packages[0]}_*.deb")) if server.packages else []
    return {server.packages[0]: run(["dpkg-deb", "-f", archives[0], "Version"]).strip()} if archives else {}


def run(command, **options):
    command = [str(word) for word in command]
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, **options).stdout
    except FileNotFoundError as error:
        raise Missing(f"{command[0]} is not there") from error
    except subprocess.CalledProcessError as error:
        raise Missing(f"{' '.join(command[:4])}: {error.stderr.strip()[-300:]}") from error
