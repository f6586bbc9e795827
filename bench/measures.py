"""What is measured: how wherry-load is called, and which figures are made of what it prints.

The first figure of a measure is the one servers are compared by, smaller is better: the server's CPU time for a unit
of work, except where memory (idle) or waiting (noop) is the question.
"""

from dataclasses import dataclass
from typing import Callable

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    large: int  # RETR by one stream
    large_count: int
    upload: int  # STOR by one stream
    medium: int
    medium_upload: int
    listed: int
    window: float  # seconds of flow and noop
    churn_seconds: float
    churn: tuple  # sessions at a time
    idle: tuple
    flow: tuple
    small: int = 4 * KIB
    small_count: int = 1000


FULL = Scale(large=2 * GIB, large_count=3, upload=GIB, medium=64 * MIB, medium_upload=16 * MIB, listed=100_000,
             window=4, churn_seconds=2, churn=(1, 16, 64), idle=(1000, 10_000), flow=(1, 10, 100, 1000))  # fmt: skip
QUICK = Scale(large=512 * MIB, large_count=2, upload=256 * MIB, medium=64 * MIB, medium_upload=16 * MIB, listed=10_000,
              window=1, churn_seconds=0.5, churn=(1, 16), idle=(500,), flow=(1, 100), small_count=300)  # fmt: skip


@dataclass(frozen=True)
class Figure:
    name: str
    heading: str
    digits: int
    of: Callable[[dict], float]  # of the load generator's output


@dataclass(frozen=True)
class Measure:
    name: str  # family, or family:variant
    title: str
    load: list  # arguments of wherry-load
    figures: list
    phase: str  # the one whose disturbances count
    memory: int = 256 * MIB  # what server and kernel may need meanwhile; see sandbox.warm_memory()


def measures(scale):
    """All of them. A new one is a row here, and in the load generator if it is a new kind of load."""
    return [
        Measure("retr", f"RETR, one stream, {scale.large_count} x {scale.large // MIB} MiB",
                ["transfer", "--file", "large", "--size", scale.large, "--count", scale.large_count],
                throughput("transfer"), "transfer"),
        Measure("stor", f"STOR, one stream, {scale.upload // MIB} MiB to memory",
                ["transfer", "--op", "stor", "--file", "up/%f", "--size", scale.upload],
                throughput("transfer"), "transfer", memory=scale.upload + 256 * MIB),
        *[Measure(f"churn:{n}", f"whole sessions, {n} at a time: login, RETR {scale.small // KIB} KiB, QUIT",
                  ["churn", "--file", "tiny", "--size", scale.small, "--sessions", n, "--seconds", scale.churn_seconds],
                  per_piece("churn", "session"), "churn") for n in scale.churn],
        Measure("small:retr", f"RETR of {scale.small_count} files of {scale.small // KIB} KiB in one session",
                ["transfer", "--file", "small/%f", "--size", scale.small, "--count", scale.small_count],
                per_piece("transfer", "file"), "transfer"),
        Measure("small:stor", f"STOR of {scale.small_count} files of {scale.small // KIB} KiB in one session",
                ["transfer", "--op", "stor", "--file", "up/%f", "--size", scale.small, "--count", scale.small_count],
                per_piece("transfer", "file"), "transfer"),
        *[Measure(f"idle:{n}", f"{n} sessions logged in and idle",
                  ["idle", "--sessions", n, "--seconds", 2, "--timeout", 300], IDLE, "login", memory=1024 * MIB)
          for n in scale.idle],
        *[Measure(f"list:{verb.lower()}", f"{verb} of a folder of {scale.listed} files",
                  ["list", "--command", f"{verb} list"], LIST, "list") for verb in ("LIST", "MLSD")],
        *[Measure(f"flow:{n}", f"{n} sessions fetch files of {scale.medium // MIB} MiB in a loop, {scale.window} s",
                  ["flow", "--file", "medium", "--size", scale.medium, "--sessions", n, "--seconds", scale.window,
                   "--ramp", 0.5 if n < 1000 else 1.5], FLOW, "flow") for n in scale.flow],
        Measure("noop:retr", f"NOOP while 50 sessions fetch files of {scale.medium // MIB} MiB",
                ["noop", "--file", "medium", "--size", scale.medium, "--sessions", 50, "--seconds", scale.window],
                NOOP, "load"),
        Measure("noop:stor", f"NOOP while 50 sessions store files of {scale.medium_upload // MIB} MiB",
                ["noop", "--op", "stor", "--file", "up/%s-%f", "--size", scale.medium_upload, "--sessions", 50,
                 "--seconds", scale.window], NOOP, "load", memory=50 * scale.medium_upload + 256 * MIB),
    ]  # fmt: skip


def verification(root):
    """Run once for each server before it is measured: content, byte by byte."""
    return ["verify", "--file", "medium", "--against", root / "medium", "--put", "up/verified", "--size", 40 * MIB]


# --- figures ------------------------------------------------------------------------------------------------------------


def per_gib(phase, key):
    return lambda out: out[phase][key] / (out[phase]["bytes"] / GIB)


def rate(phase):
    return lambda out: out[phase]["bytes"] / GIB / out[phase]["seconds"]


def throughput(phase):
    return [
        Figure("cpu_s_per_gib", "CPU s/GiB", 3, per_gib(phase, "server_cpu")),
        Figure("gib_per_s", "GiB/s", 2, rate(phase)),
        Figure("client_cpu_s_per_gib", "client s/GiB", 3, per_gib(phase, "client_cpu")),
    ]


def per_piece(phase, piece):
    """Of sessions or files, each counted and timed by the load generator."""

    def each(key):
        return lambda out: out[phase][key] * 1e3 / out[phase]["succeeded"]

    return [
        Figure(f"cpu_ms_per_{piece}", f"CPU ms/{piece}", 3, each("server_cpu")),
        Figure("per_s", f"{piece}s/s", 0, lambda out: out[phase]["succeeded"] / out[phase]["seconds"]),
        Figure("p50_ms", "p50 ms", 2, lambda out: out[piece]["p50_ms"]),
        Figure("p99_ms", "p99 ms", 2, lambda out: out[piece]["p99_ms"]),
        Figure(f"client_cpu_ms_per_{piece}", "client ms", 3, each("client_cpu")),
    ]


def per_login(key, unit):
    return lambda out: out["login"][key] * unit / out["login"]["succeeded"]


def grown(key):
    return lambda out: (out["login"][key] - out["base"][key]) / out["login"]["succeeded"]


IDLE = [
    Figure("pss_kib_per_session", "PSS KiB/session", 1, grown("pss_kib")),
    Figure("private_kib_per_session", "private", 1, grown("private_kib")),
    Figure("system_kib_per_session", "with kernel", 1, lambda out: -grown("available_kib")(out)),
    Figure("cpu_ms_per_login", "CPU ms/login", 3, per_login("server_cpu", 1e3)),
    Figure("login_seconds", "all in, s", 2, lambda out: out["login"]["seconds"]),
    Figure("processes", "processes", 0, lambda out: out["login"]["processes"]),
    Figure("idle_cpu_ms_per_s", "idle CPU ms/s", 1, lambda out: out["idle"]["server_cpu"] * 1e3 / out["idle"]["seconds"]),
]
LIST = [
    Figure("cpu_s", "CPU s", 3, lambda out: out["list"]["server_cpu"]),
    Figure("first_byte_s", "first byte s", 3, lambda out: out["first_byte_seconds"]),
    Figure("seconds", "all, s", 3, lambda out: out["list"]["seconds"]),
    Figure("peak_mib", "peak RSS MiB", 1, lambda out: out["list"]["peak_rss_kib"] / 1024),
    Figure("lines", "lines", 0, lambda out: out["lines"]),
]
FLOW = [
    *throughput("flow"),
    Figure("fairness", "fairness", 3, lambda out: out["fairness"]),
    Figure("starved", "starved", 0, lambda out: out["starved"]),
    Figure("pss_mib", "PSS MiB", 1, lambda out: out["flow"]["pss_kib"] / 1024),
]
NOOP = [
    Figure("p99_ms", "p99 ms", 2, lambda out: out["busy"]["p99_ms"]),
    Figure("p50_ms", "p50 ms", 3, lambda out: out["busy"]["p50_ms"]),
    Figure("max_ms", "max ms", 1, lambda out: out["busy"]["max_ms"]),
    Figure("quiet_p50_ms", "quiet p50", 3, lambda out: out["quiet"]["p50_ms"]),
    Figure("cpu_s_per_gib", "CPU s/GiB", 3, per_gib("load", "server_cpu")),
    Figure("gib_per_s", "GiB/s", 2, rate("load")),
]
