#!/usr/bin/env python3
"""Measures I2FTP, `wherry i2ftp` against `wherry serve`: `./dev bench i2ftp`. README.md says how, and how to read it.

Needs root (network namespaces, cgroups), python3 and openssl.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

sys.dont_write_bytecode = True

import data  # noqa: E402
import sandbox  # noqa: E402
from report import aligned, usable  # noqa: E402
from run import BUILD, MAX_OTHER_CORES, MEMORY, TICK, chosen, say  # noqa: E402

MIB = 1 << 20
GIB = 1 << 30
MB = 1e6
PORT = 26842
TLS_PORT = 26843
KEY = "5f" * 32

# `verb`: get or put. `clients` move a file each, at the same time, over `connections` each.
Measure = namedtuple("Measure", "name title mode verb clients connections checked", defaults=[1, 1, False])
# `environment`: what server and clients are given besides their own.
Variant = namedtuple("Variant", "name program environment note")


def measures():
    out = []
    for mode in ("plain", "secured", "tls"):
        for verb, what in (("get", "download"), ("put", "upload")):
            out.append(Measure(f"{verb}:{mode}:1", f"one {what}, one connection, {mode}", mode, verb))
            out.append(Measure(f"{verb}:{mode}:4", f"one {what}, four connections, {mode}", mode, verb, connections=4))
    for clients in (2, 4):
        out.append(Measure(f"each:plain:{clients}", f"{clients} clients download a file each, plain", "plain", "get",
                           clients))  # fmt: skip
    for verb, what in (("get", "download"), ("put", "upload")):
        out.append(Measure(f"checked:{verb}", f"one {what}, plain, with the MD5 of both sides compared at its end",
                           "plain", verb, checked=True))  # fmt: skip
    return out


# --- one sample: a fresh server, one load
class RunningServer(sandbox.RunningServer):
    def wait_until_it_listens(self, patience=20):
        """Its listeners are told on its output, in lines of their own."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"it ended with {self.process.returncode}: {self.last_words()}")
            if self.log.read_text(errors="replace").count("listening i2ftp") == 2:
                return
            time.sleep(0.02)
        raise RuntimeError(f"it does not listen after {patience} s: {self.last_words()}")


class Clients:
    """Programs that run at the same time, and what they took together."""

    def __init__(self, commands, environment, meter):
        begin = time.monotonic()
        running = [subprocess.Popen([str(word) for word in command], env=environment, stdin=subprocess.DEVNULL,
                                    stderr=subprocess.PIPE, preexec_fn=meter.join_as_load) for command in commands]
        self.cpu, self.failure = 0.0, ""
        for process in running:
            words = process.stderr.read().decode(errors="replace")
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            self.cpu += usage.ru_utime + usage.ru_stime
            if process.returncode != 0:
                self.failure = f"a client ended with {process.returncode}: {words.strip()[-300:]}"
        self.seconds = time.monotonic() - begin


def server_cpu(meter, pid):
    """Seconds, of all that the server's processes did so far."""
    if not meter.cpu_file:
        fields = sandbox.stat_fields(pid)
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    text = Path(meter.cpu_file).read_text()
    if "usage_usec" in text:
        return int(text.partition("usage_usec")[2].split()[0]) / 1e6
    return int(text) / 1e9


def machine_cpu():
    """Seconds that all processors together were busy or taken by the host."""
    user, nice, system, _, _, *rest = (int(x) for x in Path("/proc/stat").read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options):
        self.options, self.number = options, 0
        self.size = (256 if options.quick else 1024) * MIB
        self.home = MEMORY / f"wherry-bench-i2ftp-{os.getpid()}"
        self.root, self.run, self.here = self.home / "root", self.home / "run", self.home / "here"

    def prepare(self, most_clients):
        self.root.mkdir(parents=True)
        block = os.urandom(16 * MIB)
        for name, size in [("empty", 0), *((f"f{i}", self.size) for i in range(most_clients))]:
            with (self.root / name).open("wb") as file:
                for _ in range(size // len(block)):
                    file.write(block)
            data.settle(self.root / name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout",
                        self.home / "key.pem", "-out", self.home / "cert.pem"], check=True, capture_output=True)
        (self.home / "i2ftp.key").write_text(KEY)
        (self.home / "i2ftp.key").chmod(0o600)
        time.sleep(3)  # the server remembers the digest of what was not changed just now

    def server(self, variant, mode):
        config = self.run / "wherry.toml"
        config.write_text(f'ftp.listen = []\nlog.level = "error"\n[tls]\ncertificate = "{self.home}/cert.pem"\n'
                          f'key = "{self.home}/key.pem"\n[i2ftp]\nlisten = ["127.0.0.1:{PORT}"]\n'
                          f'tls_listen = ["127.0.0.1:{TLS_PORT}"]\nkey_file = "{self.home}/i2ftp.key"\n'
                          f'folder = "{self.root}"\npermissions = "elradfmw"\n'
                          f'secured = {"true" if mode == "secured" else "false"}\n')
        return [str(variant.program), "serve", "--config", str(config)]

    def client(self, variant, measure, number, name):
        where = f"i2ftps://127.0.0.1:{TLS_PORT}" if measure.mode == "tls" else f"i2ftp://127.0.0.1:{PORT}"
        options = ["-q", "--fresh", "-k", self.home / "i2ftp.key", "-j", measure.connections]
        options += [] if measure.checked else ["--no-verify"]
        options += ["--ca", self.home / "cert.pem"] if measure.mode == "tls" else []
        command = [variant.program, "i2ftp", measure.verb, *options]
        if measure.verb == "get":
            return [*command, f"{where}/{name}", self.here / f"{name}-{number}"]
        return [*command, self.root / name, f"{where}/up/{name}-{number}"]

    def sample(self, variant, measure):
        self.number += 1
        sandbox.fresh_network()
        for folder in (self.root / "up", self.run, self.here):
            sandbox.empty(folder, 0o755)
        environment = {"PATH": os.environ["PATH"], **variant.environment}
        place = namedtuple("Run", "run")(self.run)
        try:
            with (sandbox.Meter(f"wherry-bench-i2ftp-{os.getpid()}-{self.number}") as meter,
                  RunningServer(self.server(variant, measure.mode), environment, place, meter) as running):
                return self.load(variant, measure, environment, meter, running)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            return {"failure": f"{variant.name}: {error}"}

    def load(self, variant, measure, environment, meter, running):
        """Everything for an empty file first, which takes what logging in takes; then for the files."""
        names = [f"f{i}" for i in range(measure.clients)]
        if measure.verb == "get":  # from here on the server knows their digests
            once = measure._replace(checked=True, mode="tls")
            self.checked(Clients([self.client(variant, once, "warm", name) for name in names], environment, meter))
            sandbox.empty(self.here, 0o755)
        sandbox.warm_memory(self.home, measure.clients * self.size + self.size // 4)
        rates = json.loads(subprocess.run([str(self.options.tools / "wherry-i2ftp-rates")], capture_output=True,
                                          check=True, preexec_fn=meter.join_as_load).stdout)
        total = {}
        for what, files in (("login", ["empty"] * measure.clients), ("all", names)):
            before, machine = server_cpu(meter, running.pid), machine_cpu()
            clients = self.checked(Clients([self.client(variant, measure, i, name) for i, name in enumerate(files)],
                                           environment, meter))
            server = server_cpu(meter, running.pid) - before
            total[what] = {"seconds": clients.seconds, "client": clients.cpu, "server": server,
                           "other": max(0, machine_cpu() - machine - clients.cpu - server - TICK * os.cpu_count())}
        self.compare(measure, names)
        return {"bytes": measure.clients * self.size, "rates": rates, **total}

    def checked(self, clients):
        if clients.failure:
            raise RuntimeError(clients.failure)
        return clients

    def compare(self, measure, names):
        folder = self.here if measure.verb == "get" else self.root / "up"
        for number, name in enumerate(names):
            subprocess.run(["cmp", folder / f"{name}-{number}", self.root / name], check=True, capture_output=True)

    def figures(self, variant, measure, number):
        output = self.sample(variant, measure)
        sample = {"server": variant.name, "measure": measure.name, "round": number, "noisy": False, "output": output}
        if "failure" in output:
            sample["failure"] = output["failure"]
        else:
            took = {name: output["all"][name] - output["login"][name] for name in ("seconds", "client", "server")}
            gib = output["bytes"] / GIB
            rate = output["bytes"] / MB / took["seconds"]
            sample["noisy"] = output["all"]["other"] / output["all"]["seconds"] > MAX_OTHER_CORES
            sample["figures"] = {"rate": rate, "server": took["server"] / gib, "client": took["client"] / gib,
                                 "x_md5": rate / output["rates"]["md5_libcrypto"], **output["rates"]}
        say(f"{measure.name} {variant.name} round {number + 1}: {sample.get('failure') or sample['figures']}")
        return sample

    def measure(self, planned, variants):
        results = {}
        for measure in planned:
            samples = [self.figures(variant, measure, number) for number in range(self.options.rounds)
                       for variant in variants]  # fmt: skip
            results[measure.name] = {"title": measure.title, "rows": summary(samples), "samples": samples}
            print(table(measure, results), end="\n\n", flush=True)
        return results


# --- figures
def summary(samples):
    rows = {}
    for name in dict.fromkeys(sample["server"] for sample in samples):
        own = [sample for sample in samples if sample["server"] == name]
        good = usable(own)
        keys = good[0]["figures"] if good else ()
        rows[name] = {
            "figures": {key: statistics.median(sample["figures"][key] for sample in good) for key in keys},
            "best": max((s["figures"]["rate"] for s in good), default=None),
            "samples": len(good),
            "noisy": any(sample["noisy"] for sample in good),
            "failures": [sample["failure"] for sample in own if "failure" in sample],
        }
    return rows


def table(measure, results):
    """`x plain`: the same load without the cipher, or the TLS, is 1."""
    plain = results.get(measure.name.replace(f":{measure.mode}:", ":plain:"), {}).get("rows", {})
    rows = [["", "MB/s", "highest", "x MD5", "x plain", "server s/GiB", "client s/GiB", "MD5 MB/s", "lanes MB/s", "n"]]
    for name, row in results[measure.name]["rows"].items():
        if not row["figures"]:
            rows.append([name, "failed", *[""] * 8])
            continue
        of = row["figures"]
        beside = plain.get(name, {}).get("figures", {}).get("rate")
        lanes = of["md5_portable_lanes" if name.endswith("portable") else "md5_lanes"]
        rows.append([name, f"{of['rate']:.0f}", f"{row['best']:.0f}", f"{of['x_md5']:.2f}",
                     f"{of['rate'] / beside:.2f}" if beside else "-", f"{of['server']:.2f}", f"{of['client']:.2f}",
                     f"{of['md5_libcrypto']:.0f}", f"{lanes:.0f}",
                     f"{row['samples']}{'~' if row['noisy'] else ''}"])  # fmt: skip
    lines = [f"{measure.name}   {measure.title}", *aligned(rows)]
    for name, row in results[measure.name]["rows"].items():
        lines += [f"  {name}: {len(row['failures'])} failed: {row['failures'][0]}"] if row["failures"] else []
    return "\n".join(lines)


# --- the program
def variants_of(options):
    named = [text.rpartition("=") for text in options.wherry or [str(BUILD / "release" / "wherry")]]
    out = []
    for name, _, path in named:
        begin = f"{name}-" if name else ""
        program = Path(path).resolve()
        out.append(Variant(f"{begin}portable", program, {"WHERRY_INSTRUCTIONS": "portable"}, "no special instructions"))
        out.append(Variant(f"{begin}lanes", program, {}, "the instructions that this processor has"))
    return out


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measures", default="", help="comma list of names or families: get,each:plain:2")
    parser.add_argument("--variants", default="", help="comma list: portable,lanes")
    parser.add_argument("--rounds", type=int, help="samples for each variant and measure (5; --quick: 1)")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it work, and roughly how")
    parser.add_argument("--list", action="store_true", help="show variants and measures")
    parser.add_argument("--wherry", action="append", metavar="[NAME=]PATH", default=[],
                        help="program under test (build/release/wherry); several with names compare builds")
    parser.add_argument("--json", type=Path, help="result file (build/bench/i2ftp-TIME.json)")
    parser.add_argument("--tools", type=Path, default=BUILD / "bench", help="folder of wherry-i2ftp-rates")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.json = options.json or BUILD / "bench" / time.strftime("i2ftp-%Y%m%d-%H%M%S.json")
    options.tools = options.tools.resolve()
    return options


def main():
    options = parse_arguments()
    variants, planned = variants_of(options), measures()
    if options.list:
        rows = [(v.name, v.note) for v in variants] + [(m.name, m.title) for m in planned]
        return print("\n".join(f"{name:14} {words}" for name, words in rows))
    if os.geteuid() != 0:
        sys.exit("bench/i2ftp.py makes network namespaces and cgroups: run it as root")
    planned = chosen(planned, options.measures, lambda m: (m.name, m.name.split(":")[0], m.name.rpartition(":")[0]))
    variants = chosen(variants, options.variants, lambda v: (v.name,))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sandbox.adopt_orphans()
    bench = Bench(options)
    try:
        bench.prepare(max(measure.clients for measure in planned))
        results = bench.measure(planned, variants)
    finally:
        data.remove(bench.home)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps({"time": time.strftime("%Y-%m-%dT%H:%M:%S%z"), "measures": results}, indent=1))
    print(f"written: {options.json}")


if __name__ == "__main__":
    main()
