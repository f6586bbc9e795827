"""Samples -> medians, ratios and tables.

A sample is {server, measure, round, figures {name: value}, other_cores, noisy [, failure, output]}.
"""

import statistics


def summary(measure, samples):
    """{server: {figures, best, x_bare, x_peer, samples, noisy, failures}} for one measure.

    Samples that were disturbed count only where a server has no others.
    """
    result = {}
    for server in dict.fromkeys(sample["server"] for sample in samples):
        own = [sample for sample in samples if sample["server"] == server]
        good = usable(own)
        main = measure.figures[0].name
        result[server] = {
            "figures": {f.name: statistics.median(s["figures"][f.name] for s in good) for f in measure.figures if good},
            "best": min((s["figures"][main] for s in good), default=None),
            "x_bare": ratio_to_bare(main, good, samples),
            "samples": len(good),
            "noisy": any(s["noisy"] for s in good),
            "failures": [s["failure"] for s in own if "failure" in s],
        }
    return result


def add_ratio_to_peers(measure, result, peers):
    main = measure.figures[0].name
    best = min((result[p]["figures"][main] for p in peers if p in result and result[p]["figures"]), default=0)
    for row in result.values():
        row["x_peer"] = row["figures"][main] / best if row["figures"] and best > 0 else None


def usable(samples):
    whole = [sample for sample in samples if "failure" not in sample]
    return [sample for sample in whole if not sample["noisy"]] or whole


def ratio_to_bare(main, own, samples):
    """Median over the rounds of own / bare of the same round: what slowed one round down slowed both."""
    rounds = {}
    for sample in usable([s for s in samples if s["server"] == "bare"]):
        rounds.setdefault(sample["round"], []).append(sample["figures"][main])
    bare = {number: statistics.median(figures) for number, figures in rounds.items()}
    ratios = [s["figures"][main] / bare[s["round"]] for s in own if bare.get(s["round"], 0) > 0]
    return statistics.median(ratios) if ratios else None


def table(measure, result):
    headings = [f.heading for f in measure.figures]
    rows = [["server", headings[0], "lowest", "x bare", "x best peer", *headings[1:], "n"]]
    for server, row in sorted(result.items(), key=lambda item: item[1]["figures"].get(measure.figures[0].name, 1e99)):
        if not row["figures"]:
            rows.append([server, "failed", *[""] * (len(rows[0]) - 2)])
            continue
        first, *rest = measure.figures
        cell = {f.name: f"{row['figures'][f.name]:.{f.digits}f}" for f in measure.figures}
        rows.append([server, cell[first.name], f"{row['best']:.{first.digits}f}", times(row["x_bare"]),
                     times(row["x_peer"]), *[cell[f.name] for f in rest],
                     f"{row['samples']}{'~' if row['noisy'] else ''}"])  # fmt: skip
    lines = [f"{measure.name}   {measure.title}", *aligned(rows)]
    for server, row in result.items():
        if row["failures"]:
            lines.append(f"  {server}: {len(row['failures'])} failed: {row['failures'][0][:200]}")
    return "\n".join(lines)


def times(ratio):
    return "-" if ratio is None else f"{ratio:.2f}"


def aligned(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(c.ljust(w) if i == 0 else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths)))
