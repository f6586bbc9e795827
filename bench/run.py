#!/usr/bin/env python3
"""Measures FTP servers side by side on this machine. README.md says how, and how to read the tables.

Needs root (network namespaces, cgroups), python3 and apt; for the peers' packages, a network.
"""

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

sys.dont_write_bytecode = True

import data  # noqa: E402
import measures  # noqa: E402
import peers  # noqa: E402
import report  # noqa: E402
import sandbox  # noqa: E402
import servers  # noqa: E402

PROJECT = Path(__file__).resolve().parent.parent
BUILD = PROJECT / "build"
MEMORY = Path("/dev/shm")
PORT = 2121
MAX_OTHER_CORES = 0.35  # a sample during which others used more is disturbed
TICK = 0.01  # seconds; what the kernel counts the machine's time in
REPEATS = 2  # of disturbed samples, for each server and measure; --quick: none
ENOUGH_FAILURES = 2


@dataclass(frozen=True)
class Suite:
    """What is measured, and on whom. Another one has a file of its own; see tls.py."""

    servers: list
    ours: Callable  # of a name and a program
    measures: Callable  # of a scale
    verification: Callable  # of the served folder: arguments of wherry-load
    prefix: str = "results"  # of the result files
    prepare: Callable = lambda home: None  # makes what servers need besides the files that are served


FTP = Suite(servers.SERVERS, servers.ours, measures.measures, measures.verification)


class Bench:
    def __init__(self, suite, options, scale):
        self.suite, self.options, self.scale = suite, options, scale
        self.home = MEMORY / f"wherry-bench-{os.getpid()}"
        self.root = self.home / "root"
        self.folders = {}  # server: its packages
        self.number = 0  # of samples taken

    def sample(self, server, arguments, memory):
        """One load on one fresh server: what wherry-load printed, or {"failure": why}."""
        self.number += 1
        sandbox.fresh_network()
        sandbox.empty(self.root / "up", 0o777)
        sandbox.empty(self.home / "run", 0o755)
        folder = self.folders[server.name]
        place = servers.Place(PORT, self.root, self.home / "run", folder, self.options.tools)
        try:
            with (sandbox.Meter(f"wherry-bench-{os.getpid()}-{self.number}") as meter,
                  sandbox.RunningServer(server.command(place), peers.environment(folder), place, meter) as running):
                sandbox.warm_memory(self.home, memory)
                output = self.load(running, meter, arguments)
                if running.has_ended():
                    output["failure"] = f"the server ended: {running.last_words()}"
                return output
        except (OSError, RuntimeError) as error:
            return {"failure": f"{server.name}: {error}"}

    def load(self, running, meter, arguments):
        command = [self.options.tools / "wherry-load", arguments[0], "--port", PORT, "--pid", running.pid, "--root",
                   self.root, "--cpu-file", meter.cpu_file, *arguments[1:]]  # fmt: skip
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600,
                              preexec_fn=meter.join_as_load)  # fmt: skip
        try:
            output = json.loads(done.stdout)
        except json.JSONDecodeError:
            return {"failure": f"wherry-load: {(done.stderr or done.stdout).strip()[:300]}"}
        if output["timed_out"]:
            output["failure"] = "timed out"
        elif output["failed"]:
            output["failure"] = "; ".join(output["errors"])
        return output

    def verified(self, server):
        output = self.sample(server, self.suite.verification(self.root), memory=0)
        if "failure" in output:
            say(f"{server.name} is left out: {output['failure']}")
        return "failure" not in output

    def measure(self, measure, candidates):
        """Interleaved rounds; the samples of one measure."""
        samples, repeats, failures = [], {}, {}
        most = 0 if self.options.quick else REPEATS
        for number in range(self.options.rounds):
            for server in candidates:
                while failures.get(server.name, 0) < ENOUGH_FAILURES:
                    sample = self.figures(server, measure, number)
                    samples.append(sample)
                    failures[server.name] = failures.get(server.name, 0) + ("failure" in sample)
                    repeats[server.name] = repeats.get(server.name, 0) + sample["noisy"]
                    if not sample["noisy"] or repeats[server.name] > most:
                        break
        return samples

    def figures(self, server, measure, number):
        output = self.sample(server, measure.load, measure.memory)
        sample = {"server": server.name, "measure": measure.name, "round": number, "noisy": False, "output": output}
        try:
            if "failure" not in output:
                phase = output[measure.phase]
                sample["other_cores"] = max(0, phase["other_cpu"] - TICK * os.cpu_count()) / phase["seconds"]
                sample["noisy"] = sample["other_cores"] > MAX_OTHER_CORES
                sample["figures"] = {figure.name: figure.of(output) for figure in measure.figures}
        except (KeyError, ZeroDivisionError) as error:
            output["failure"] = f"no figures: {error!r}"
        if "failure" in output:
            sample["failure"] = output["failure"]
        main = measure.figures[0]
        value = f"{sample['figures'][main.name]:.{main.digits}f} {main.heading}" if "figures" in sample else "failed"
        say(f"{measure.name} {server.name} round {number + 1}: {value}{' (disturbed)' if sample['noisy'] else ''}")
        return sample


def say(text):
    print(time.strftime("%H:%M:%S"), text, file=sys.stderr, flush=True)


def main(suite=FTP):
    options = parse_arguments(suite)
    scale = measures.QUICK if options.quick else measures.FULL
    candidates = [*suite.servers, *options.ours]
    planned = suite.measures(scale)
    if options.list:
        return show(candidates, planned)
    if os.geteuid() != 0:
        sys.exit("bench/run.py makes network namespaces and cgroups: run it as root")
    planned = chosen(planned, options.measures, lambda measure: (measure.name, measure.name.split(":")[0]))
    candidates = chosen(candidates, options.servers, lambda server: (server.name,))
    for tool in ("wherry-load", "wherry-bare"):
        if not (options.tools / tool).exists():
            sys.exit(f"{options.tools / tool} is not there: cmake --preset bench && cmake --build --preset bench")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sandbox.adopt_orphans()
    bench = Bench(suite, options, scale)
    candidates = [server for server in candidates if available(bench, server)]
    sandbox.raise_descriptor_limit()
    try:
        data.prepare(bench.root, scale)
        suite.prepare(bench.home)
        candidates = [server for server in candidates if bench.verified(server)]
        if not candidates:
            sys.exit("no server is left")
        write(options.json, bench, candidates, run_all(bench, planned, candidates))
    finally:
        data.remove(bench.home)


def run_all(bench, planned, candidates):
    """Yields (measure, samples, summary), and prints each table as soon as it is complete."""
    peer_names = [server.name for server in candidates if server.role == "peer"]
    for measure in planned:
        able = [s for s in candidates if measure.name not in s.lacks and (not s.only or measure.name in s.only)]
        samples = bench.measure(measure, able)
        result = report.summary(measure, samples)
        report.add_ratio_to_peers(measure, result, peer_names)
        print(report.table(measure, result), end="\n\n", flush=True)
        yield measure, samples, result


def available(bench, server):
    """Whether the server's program is there; its packages are fetched on the way."""
    try:
        if server.role == "ours" and not Path(server.program).exists():
            raise peers.Missing(f"no program {server.program}")
        bench.folders[server.name] = peers.fetch(server, bench.options.cache)
    except peers.Missing as reason:
        say(f"{server.name} is left out: {reason}")
        return False
    return True


def write(path, bench, candidates, results):
    """The file is rewritten after each measure, so that an interrupted run leaves what it has."""
    versions = [peers.versions(server, bench.folders[server.name]) for server in candidates]
    whole = {
        "time": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "machine": {"kernel": platform.release(), "cpu": cpu_name(), "cores": os.cpu_count()},
        "options": {"rounds": bench.options.rounds, "quick": bench.options.quick},
        "versions": {name: version for part in versions for name, version in part.items()},
        "measures": {},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    for measure, samples, result in results:
        whole["measures"][measure.name] = {"title": measure.title, "servers": result, "samples": samples}
        path.write_text(json.dumps(whole, indent=1))
    print(f"written: {path}")


def cpu_name():
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line for line in lines if line.startswith("model name")).partition(":")[2].strip()
    return platform.machine()


def chosen(rows, names, keys):
    """The rows that `names` (commas) picks; all of them when it is empty."""
    wanted = [name for name in names.split(",") if name]
    unknown = [name for name in wanted if not any(name in keys(row) for row in rows)]
    if unknown:
        sys.exit(f"not in the list: {', '.join(unknown)}; see --list")
    return [row for row in rows if not wanted or any(name in keys(row) for name in wanted)]


def show(candidates, planned):
    print("servers:")
    for server in candidates:
        print(f"  {server.name:12} {server.note}")
    print("measures:")
    for measure in planned:
        print(f"  {measure.name:12} {measure.title}")


def parse_arguments(suite):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measures", default="", help="comma list of names or families: churn,idle:1000")
    parser.add_argument("--servers", default="", help="comma list")
    parser.add_argument("--rounds", type=int, help="samples for each server and measure (5; --quick: 1)")
    parser.add_argument("--quick", action="store_true", help="small sizes, short windows: does it work, and roughly how")
    parser.add_argument("--list", action="store_true", help="show servers and measures")
    parser.add_argument("--wherry", action="append", metavar="[NAME=]PATH", default=[],
                        help="program under test (build/release/wherry); several with names compare builds")
    parser.add_argument("--json", type=Path, help=f"result file (build/bench/{suite.prefix}-TIME.json)")
    parser.add_argument("--tools", type=Path, default=BUILD / "bench", help="folder of wherry-load and wherry-bare")
    parser.add_argument("--cache", type=Path, default=BUILD / "bench-peers", help="folder for the peers' packages")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.json = options.json or BUILD / "bench" / time.strftime(f"{suite.prefix}-%Y%m%d-%H%M%S.json")
    options.tools, options.cache = options.tools.resolve(), options.cache.resolve()
    named = [text.rpartition("=") for text in options.wherry or [str(BUILD / "release" / "wherry")]]
    options.ours = [suite.ours(name or "wherry", Path(path).resolve()) for name, _, path in named]
    return options


if __name__ == "__main__":
    main()
