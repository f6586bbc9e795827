#!/usr/bin/env python3
"""Runs other people's FTP clients, and hostile ones, against the program.

usage: run.py [--program PATH] [--boot] [--list] [-k PATTERN]... [MODULE...]

MODULE is the part of a file name here after "test_"; all of them without one. The program is --program, or $WHERRY, or
build/release/wherry. With --boot it is virtual machines that boot from it instead (tests/boot). The last line says how many tests passed and failed; a skipped test is named and is neither.
"""
import argparse
import os
import sys
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def tests_of(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from tests_of(item)
        else:
            yield item


class Result(unittest.TextTestResult):
    """Remembers which tests took long, so that one sees where the minutes go."""
    slow = []

    def startTest(self, test):
        self.begun = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        seconds = time.monotonic() - self.begun
        if seconds > 5:
            self.slow.append(f"{seconds:.0f} s: {test.id()}")
        super().stopTest(test)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program")
    parser.add_argument("--boot", action="store_true", help="virtual machines instead of clients")
    parser.add_argument("--list", action="store_true", help="only name the tests")
    parser.add_argument("-k", action="append", metavar="PATTERN", help="tests whose names contain this")
    parser.add_argument("modules", nargs="*")
    options = parser.parse_args()
    if options.program:
        os.environ["WHERRY"] = options.program
    sys.path.insert(0, str(HERE))

    folder = HERE.parent / "boot" if options.boot else HERE
    sys.path.insert(0, str(folder))
    known = sorted(file.stem for file in folder.glob("test_*.py"))
    wanted = [f"test_{module}" for module in options.modules] or known
    if not set(wanted) <= set(known):
        parser.error(f"there are: {' '.join(name[5:] for name in known)}")
    loader = unittest.TestLoader()
    loader.testNamePatterns = [f"*{pattern}*" for pattern in options.k] if options.k else None
    suite = loader.loadTestsFromNames(wanted)
    names = {test.id() for test in tests_of(suite)}
    if options.list:
        print("\n".join(sorted(names)))
        return 0

    import support
    if not os.access(support.PROGRAM, os.X_OK):
        sys.exit(f"no program {support.PROGRAM}; build it (./dev build) or name it: --program")
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Result).run(suite)
    bad = {getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors}
    passed = result.testsRun - len(result.skipped) - len(bad & names)
    print("\n".join(Result.slow))
    for test, why in result.skipped:
        print(f"skipped: {test.id()}: {why}")
    print(f"{passed} passed, {len(bad)} failed")
    return 1 if bad or result.testsRun == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
