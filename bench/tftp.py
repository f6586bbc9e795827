#!/usr/bin/env python3
"""Measures TFTP servers side by side on this machine: `./dev bench tftp`. README.md says how, and how to read the tables.

Needs root (network namespaces, cgroups), python3 and apt; for the peers' packages, a network.
"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True

import data  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import sandbox  # noqa: E402
from run import BUILD, MAX_OTHER_CORES, MEMORY, TICK, chosen, say  # noqa: E402

MIB = 1 << 20
PORT = 69
Figure = namedtuple("Figure", "name heading digits of")
Measure = namedtuple("Measure", "name title load figures lacks", defaults=[()])
Server = namedtuple("Server", "name command role packages program lacks", defaults=[(), "", ()])


# --- the servers: each listens on port 69 of 127.0.0.1, stays in the foreground, and lets clients overwrite files in `up`
def bare(place):
    return [place.tools / "wherry-tftp-bare", PORT, place.root]


def wherry(program):
    def command(place):
        config = place.run / "wherry.toml"
        config.write_text(f'ftp.listen = []\nlog.level = "error"\n[tftp]\nlisten = ["127.0.0.1:{PORT}"]\n'
                          f'roots = ["{place.root}"]\nworld_readable = "off"\nwrite.mode = "overwrite"\n'
                          "write.max_size = 0\n[tftp.limits]\nmax_per_ip = 0\nrequests_per_s = 0\n"
                          "requests_per_s_ip = 0\nunverified_per_ip = 0\nunverified_per_s = 0\nunverified_per_s_ip = 0\n")
        return [program, "serve", "--config", config]
    return command


def tftpd_hpa(place):
    return [place.packages / "usr/sbin/in.tftpd", "-L", "-4", "-a", f":{PORT}", "-s", "-c", "-p", "-u", "root",
            place.root]  # fmt: skip


def atftpd(place):
    return [place.packages / "usr/sbin/atftpd", "--daemon", "--no-fork", "--port", PORT, "--bind-address", "127.0.0.1",
            "--user", "root", "--group", "root", "--maxthread", "400", "--verbose=0", "--no-multicast", "--logfile",
            "/dev/null", "--pidfile", place.run / "pid", place.root]  # fmt: skip


def dnsmasq(place):
    return [place.packages / "usr/sbin/dnsmasq", "-k", "--port=0", "--conf-file=/dev/null", "--listen-address=127.0.0.1",
            "--bind-interfaces", "--enable-tftp", f"--tftp-root={place.root}", "--tftp-max=4000", "--quiet-tftp",
            "--user=root", "--group=root", "--log-facility=/dev/null", "--pid-file="]  # fmt: skip


Place = namedtuple("Place", "root run packages tools")
SERVERS = [
    Server("bare", bare, "bare"),
    Server("tftpd-hpa", tftpd_hpa, "peer", ("tftpd-hpa",), "usr/sbin/in.tftpd", ("window",)),
    Server("atftpd", atftpd, "peer", ("atftpd",), "usr/sbin/atftpd", ("crowd",)),  # ends with 500 clients (FD_SETSIZE)
    Server("dnsmasq", dnsmasq, "peer", ("dnsmasq-base", "libnetfilter-conntrack3", "libnftables1", "libdbus-1-3"),
           "usr/sbin/dnsmasq", ("put", "window")),
]


# --- the measures
def per_gib(output):
    return output["load"]["server_cpu"] / (output["load"]["bytes"] / (1 << 30))


STREAM = [Figure("cpu", "CPU s/GiB", 2, per_gib),
          Figure("rate", "MiB/s", 0, lambda o: o["load"]["bytes"] / MIB / o["load"]["seconds"]),
          Figure("client", "client s/GiB", 2, lambda o: o["load"]["client_cpu"] / (o["load"]["bytes"] / (1 << 30)))]
CROWD = [*STREAM, Figure("pss", "PSS MiB", 1, lambda o: o["load"]["pss_kib"] / 1024)]
FIRST = [Figure("p99", "p99 ms", 2, lambda o: o["first_byte"]["p99_ms"]),
         Figure("p50", "p50 ms", 2, lambda o: o["first_byte"]["p50_ms"]),
         Figure("cpu", "CPU ms/request", 3, lambda o: o["load"]["server_cpu"] * 1e3 / o["load"]["succeeded"])]


def load(direction, file, size, clients=1, transfers=None, blksize=1428, window=1, rate=0):
    return [direction, "--file", file, "--size", size, "--clients", clients, "--transfers", transfers or clients,
            "--blksize", blksize, "--windowsize", window, "--rate", rate]  # fmt: skip


def measures(quick):
    stream, part = (64 * MIB, MIB) if quick else (512 * MIB, 4 * MIB)
    lock_step = stream // 8  # a packet at a time takes its time
    crowd = 100 if quick else 1000
    out = []
    for blksize in (512, 1428, 1468, 8968, 65464):
        for window in (1, 4, 16, 64):
            if blksize * window > MIB:  # more than sockets hold
                continue
            size = lock_step if window == 1 else stream // 2
            out.append(Measure(f"get:{blksize}:{window}", f"one download, blksize {blksize}, windowsize {window}",
                               load("get", f"f{size}", size, blksize=blksize, window=window), STREAM,
                               ("window",) if window > 1 else ()))  # fmt: skip
    for clients in (1, 100, crowd) if crowd > 100 else (1, 100):
        for window in (1, 16):
            lacks = (("window",) if window > 1 else ()) + (("crowd",) if clients > 400 else ())
            out.append(Measure(f"same:{clients}:{window}", f"{clients} clients fetch one image, windowsize {window}",
                               load("get", f"f{part}", part, clients, window=window), CROWD, lacks))
    out.append(Measure(f"each:{crowd}", f"{crowd} clients fetch an image each",
                       load("get", "each%", part // 4, crowd), CROWD, ("crowd",) if crowd > 400 else ()))
    for window in (1, 16):
        size = lock_step if window == 1 else stream // 2
        out.append(Measure(f"put:{window}", f"one upload, blksize 1428, windowsize {window}",
                           load("put", "up/stored", size, window=window), STREAM,
                           ("put", "window") if window > 1 else ("put",)))
    requests = 1000 if quick else 5000
    out.append(Measure("first", "1000 requests a second: time to the first byte",
                       load("get", "tiny", 400, 2000, requests, rate=1000), FIRST, ("crowd",)))
    return out


def prepare(root, planned):
    root.mkdir(parents=True)
    for folder in (root.parent, root):
        folder.chmod(0o755)
    block = os.urandom(MIB)
    wanted = {}
    for measure in planned:
        options = dict(zip(measure.load[1::2], measure.load[2::2]))
        if measure.load[0] == "get":
            count = options["--clients"] if "%" in options["--file"] else 1
            wanted |= {options["--file"].replace("%", str(i)): options["--size"] for i in range(count)}
    for name, size in wanted.items():
        with (root / name).open("wb") as file:
            for at in range(0, size, MIB):
                file.write(block[: size - at])
        data.settle(root / name)


# --- samples
class RunningServer(sandbox.RunningServer):
    def wait_until_it_listens(self, patience=20):
        """It answers a request for a file that is not there."""
        end = time.monotonic() + patience
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(0.1)
            while time.monotonic() < end:
                if self.process.poll() is not None:
                    raise RuntimeError(f"it ended with {self.process.returncode}: {self.last_words()}")
                with contextlib.suppress(OSError):
                    client.sendto(b"\0\1missing\0octet\0", ("127.0.0.1", PORT))
                    if client.recv(1000)[1] == 5:
                        return
        raise RuntimeError(f"it does not listen after {patience} s: {self.last_words()}")


class Bench:
    def __init__(self, options):
        self.options, self.number, self.folders = options, 0, {}
        self.home = MEMORY / f"wherry-bench-tftp-{os.getpid()}"
        self.root = self.home / "root"

    def sample(self, server, measure):
        self.number += 1
        sandbox.fresh_network()
        sandbox.empty(self.root / "up", 0o777)
        sandbox.empty(self.home / "run", 0o755)
        folder = self.folders[server.name]
        command = [str(word) for word in server.command(Place(self.root, self.home / "run", folder, self.options.tools))]
        place = namedtuple("Run", "run")(self.home / "run")
        try:
            with (sandbox.Meter(f"wherry-bench-tftp-{os.getpid()}-{self.number}") as meter,
                  RunningServer(command, peers.environment(folder), place, meter) as running):
                return self.load(running, meter, measure)
        except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
            return {"failure": f"{server.name}: {error}"}

    def load(self, running, meter, measure):
        command = [self.options.tools / "wherry-tftp-load", *measure.load, "--port", PORT, "--pid", running.pid]
        command += ["--cpu-file", meter.cpu_file] if meter.cpu_file else []
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300,
                              preexec_fn=meter.join_as_load)  # fmt: skip
        if done.returncode != 0:
            return {"failure": f"wherry-tftp-load: {done.stderr.strip()[:300]}"}
        output = json.loads(done.stdout)
        if output["timed_out"] or output["failed"]:
            output["failure"] = output["error"] or "timed out"
        elif running.has_ended():
            output["failure"] = f"the server ended: {running.last_words()}"
        return output

    def figures(self, server, measure, number):
        output = self.sample(server, measure)
        sample = {"server": server.name, "measure": measure.name, "round": number, "noisy": False, "output": output}
        if "failure" in output:
            sample["failure"] = output["failure"]
        else:
            part = output["load"]
            others = max(0, part["other_cpu"] - TICK * os.cpu_count()) / part["seconds"]
            sample |= {"noisy": others > MAX_OTHER_CORES, "figures": {f.name: f.of(output) for f in measure.figures}}
        say(f"{measure.name} {server.name} round {number + 1}: {sample.get('failure') or sample['figures']}")
        return sample

    def run(self, planned, candidates):
        """Rounds in which the servers take turns; a table for each measure."""
        results = {}
        for measure in planned:
            able = [server for server in candidates if not set(server.lacks) & set(measure.lacks)]
            samples = [self.figures(server, measure, number) for number in range(self.options.rounds) for server in able]
            result = report.summary(measure, samples)
            report.add_ratio_to_peers(measure, result, [server.name for server in candidates if server.role == "peer"])
            print(report.table(measure, result), end="\n\n", flush=True)
            results[measure.name] = {"title": measure.title, "servers": result, "samples": samples}
        return results


def available(bench, server):
    try:
        bench.folders[server.name] = peers.fetch(server, bench.options.cache)
    except peers.Missing as reason:
        say(f"{server.name} is left out: {reason}")
        return False
    return True


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measures", default="", help="comma list of names or families: get,same:100:1")
    parser.add_argument("--servers", default="", help="comma list")
    parser.add_argument("--rounds", type=int, help="samples for each server and measure (5; --quick: 1)")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work, and roughly how")
    parser.add_argument("--spread", action="store_true", help="on all processors (else server and load share one)")
    parser.add_argument("--list", action="store_true", help="show servers and measures")
    parser.add_argument("--wherry", type=Path, default=BUILD / "release" / "wherry", help="program under test")
    parser.add_argument("--json", type=Path, help="result file (build/bench/tftp-TIME.json)")
    parser.add_argument("--tools", type=Path, default=BUILD / "bench", help="folder of wherry-tftp-load and -bare")
    parser.add_argument("--cache", type=Path, default=BUILD / "bench-peers", help="folder for the peers' packages")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.json = options.json or BUILD / "bench" / time.strftime("tftp-%Y%m%d-%H%M%S.json")
    options.tools, options.cache = options.tools.resolve(), options.cache.resolve()
    return options


def main():
    options = parse_arguments()
    candidates = [*SERVERS, Server("wherry", wherry(options.wherry.resolve()), "ours")]
    planned = measures(options.quick)
    if options.list:
        return print("\n".join([*(s.name for s in candidates), *(f"{m.name:14} {m.title}" for m in planned)]))
    if os.geteuid() != 0:
        sys.exit("bench/tftp.py makes network namespaces and cgroups: run it as root")
    planned = chosen(planned, options.measures, lambda measure: (measure.name, measure.name.split(":")[0]))
    candidates = chosen(candidates, options.servers, lambda server: (server.name,))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sandbox.adopt_orphans()
    if not options.spread:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    bench = Bench(options)
    candidates = [server for server in candidates if available(bench, server)]
    sandbox.raise_descriptor_limit()
    try:
        prepare(bench.root, planned)
        results = bench.run(planned, candidates)
    finally:
        data.remove(bench.home)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "measures": results}, indent=1))
    print(f"written: {options.json}")


if __name__ == "__main__":
    main()
