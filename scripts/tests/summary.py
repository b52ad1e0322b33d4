"""Adds up JUnit files: prints `N passed, N failed`; ends with 1 where a test failed or a kind of tests did not run."""

import pathlib
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    """Returns (passed, failed) of the test cases in one file; errors are failures, skipped tests are neither."""
    passed = failed = 0
    for case in ElementTree.parse(path).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif case.find("skipped") is None:
            passed += 1
    return passed, failed


def main(folder):
    passed = failed = 0
    complete = True
    # Swift writes one file for XCTest, which may be empty, and one for Swift Testing.
    for kind in ("swift", "pytest"):
        counts = [count(path) for path in sorted(pathlib.Path(folder).glob(f"{kind}*.xml"))]
        complete = complete and sum(map(sum, counts)) > 0
        passed += sum(c[0] for c in counts)
        failed += sum(c[1] for c in counts)
    if not complete:
        print("error: the tests in Swift or those of the binary did not run", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 0 if complete and failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
