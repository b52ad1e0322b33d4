"""Adds up JUnit files, and the faults that lint found: prints these and why tests were skipped, then `N passed, N failed,
N skipped`; ends with 1 where anything failed or a kind of tests did not run."""

import collections
import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """Returns (passed, failed, reasons of the skipped) of the test cases in one file; errors are failures."""
    passed = failed = 0
    skipped = []
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif (found := case.find("skipped")) is not None:
            skipped.append(found.get("message") or "no reason given")
        else:
            passed += 1
    return passed, failed, skipped


def main(folder):
    passed = failed = 0
    skipped = collections.Counter()
    complete = True
    # Swift writes one file for XCTest, which may be empty, and one for Swift Testing.
    for kind in ("swift", "pytest"):
        counts = [count(path) for path in sorted(pathlib.Path(folder).glob(f"{kind}*.xml"))]
        complete = complete and sum(found[0] + found[1] for found in counts) > 0
        passed += sum(found[0] for found in counts)
        failed += sum(found[1] for found in counts)
        for found in counts:
            skipped.update(found[2])
    # The lines of lint stand far above: who reads only the end must see them, and not "0 failed".
    faults = pathlib.Path(folder, "lint").read_text().splitlines()
    failed += len(faults)
    for fault in faults:
        print(f"lint: {fault}")
    if not complete:
        print("error: the tests in Swift or those of the binary did not run", file=sys.stderr)
    for reason, number in sorted(skipped.items()):
        print(f"skipped {number}: {' '.join(reason.split())}")
    print(f"{passed} passed, {failed} failed, {sum(skipped.values())} skipped")
    return 0 if complete and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
