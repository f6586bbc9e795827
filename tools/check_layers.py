#!/usr/bin/env python3
"""Fails on an #include that the layers of ARCHITECTURE.md do not allow.

usage: check_layers.py [ROOT]     check the sources below ROOT (default: this repository)
       check_layers.py --self-test
"""
import re
import sys
import tempfile
from pathlib import Path

# layer -> the layers it may include besides itself. A folder of src/ that is not here is an error: a new layer is a
# decision, and this table is where it is made.
BELOW = {
    "core": "",
    "observe": "core",
    "net": "core observe",
    "vfs": "core observe",
    "auth": "core observe",
    "access": "core observe net vfs auth",
    "ftp": "core observe net vfs auth access",
    "tftp": "core observe net vfs auth access",
    "i2ftp": "core observe net vfs auth access",
    "service": "core observe net vfs auth access ftp tftp i2ftp",
    "app": "core observe net vfs auth access ftp tftp i2ftp service",
    "testing": "core observe net vfs auth access ftp tftp i2ftp service",
}
BELOW = {layer: set(below.split()) for layer, below in BELOW.items()}
# Folders outside of src/ and what they may include of it.
ALL = set(BELOW)
OUTSIDE = {"tests": ALL, "fuzz": ALL, "bench": ALL - {"testing"}, "examples": set()}
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


def reason(place, quote, name):
    """Why `name` may not be included from `place` (a layer, "include" or a folder outside src), or None."""
    folder, _, rest = name.partition("/")
    if quote == "<":
        if place == "include" and re.search(r"[./]", name):
            return "public headers need the standard library and nothing else"
        if place == "core" and folder in {"fmt", "spdlog"}:
            return "core formats nothing: values and arithmetic"
        return "files of src/ are included with quotes" if folder in BELOW and rest else None
    if folder == "wherry":
        return None
    if place == "include":
        return "public headers include nothing of src/"
    if folder not in BELOW or not rest:
        beside = place in OUTSIDE and place != "examples"
        return None if beside else 'write it as "layer/file.h" or "wherry/file.h"'
    allowed = OUTSIDE[place] if place in OUTSIDE else BELOW[place] | {place}
    if folder in allowed:
        return None
    if folder == "testing":
        return "test doubles are for tests alone"
    if place == "examples":
        return "an example shows what a user of the installed headers can write"
    return f"{place} may include: {', '.join(sorted(allowed))}"


def check(root):
    """Yields one line per forbidden include."""
    for folder in ["include", "src", *OUTSIDE]:
        for file in sorted((root / folder).rglob("*")):
            if file.suffix not in {".h", ".cpp"}:
                continue
            relative = file.relative_to(root)
            place = relative.parts[1] if folder == "src" else folder
            if folder == "src" and place not in BELOW:
                yield f"{relative}:1: src/{place} is no layer; add it to the table in tools/check_layers.py"
                continue
            for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
                match = INCLUDE.match(line)
                why = match and reason(place, match[1], match[2])
                if why:
                    yield f"{relative}:{number}: {place} includes {match[2]}: {why}"


def self_test():
    cases = [  # file, include, forbidden
        ("src/core/a.cpp", '"core/text.h"', False), ("src/core/a.cpp", '"observe/log.h"', True),
        ("src/core/a.cpp", "<fmt/format.h>", True), ("src/observe/a.h", "<fmt/format.h>", False),
        ("src/net/a.cpp", '"vfs/digest.h"', True), ("src/vfs/a.cpp", '"auth/bans.h"', True),
        ("src/access/a.cpp", '"net/task.h"', False), ("src/access/a.cpp", '"ftp/reply.h"', True),
        ("src/ftp/a.cpp", '"testing/clock.h"', True), ("src/ftp/a.cpp", '"reply.h"', True),
        ("src/ftp/a.cpp", '"../ftp/reply.h"', True), ("src/ftp/a.cpp", "<core/text.h>", True),
        ("src/app/a.cpp", '"service/config.h"', False), ("src/testing/a.cpp", '"service/config.h"', False),
        ("src/gopher/a.cpp", '"core/text.h"', True), ("include/wherry/a.h", '"core/text.h"', True),
        ("include/wherry/a.h", "<fmt/format.h>", True), ("include/wherry/a.h", "<expected>", False),
        ("include/wherry/a.h", '"wherry/path.h"', False), ("tests/unit/ftp/a.cpp", '"testing/clock.h"', False),
        ("bench/a.cpp", '"testing/clock.h"', True), ("bench/a.cpp", '"sampler.h"', False),
        ("examples/a.cpp", '"core/text.h"', True), ("examples/a.cpp", "<wherry/path.h>", False),
    ]
    for file, name, forbidden in cases:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, file)
            path.parent.mkdir(parents=True)
            path.write_text(f"#pragma once\n#  include {name}\n")
            found = list(check(Path(folder)))
            if bool(found) != forbidden or (found and not found[0].startswith(f"{file}:")):
                sys.exit(f"self-test: {file} including {name}: {found or 'not found'}")
    print(f"{len(cases)} cases hold")


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent)
    found = list(check(root))
    print("\n".join(found) or "no arrow points upward")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
