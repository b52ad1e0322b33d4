"""The last line of scripts/test, and its status."""

import pytest
import summary

PASSED, FAILED, BROKEN = "<testcase/>", "<testcase><failure/></testcase>", "<testcase><error/></testcase>"
SKIPPED = '<testcase><skipped message="PyTorch is\n not installed"/></testcase>'


@pytest.mark.parametrize(
    "swift, pytest_cases, line, status",
    [
        ([PASSED], [PASSED, PASSED], "3 passed, 0 failed, 0 skipped", 0),
        ([PASSED], [PASSED, SKIPPED, SKIPPED], "2 passed, 0 failed, 2 skipped", 0),
        ([PASSED, FAILED], [PASSED, BROKEN], "2 passed, 2 failed, 0 skipped", 1),
        ([], [PASSED], "1 passed, 0 failed, 0 skipped", 1),
        ([PASSED], [], "1 passed, 0 failed, 0 skipped", 1),
        ([PASSED], [SKIPPED], "1 passed, 0 failed, 1 skipped", 1),
    ],
)
def test_lines(swift, pytest_cases, line, status, tmp_path, capsys):
    (tmp_path / "lint").touch()
    (tmp_path / "swift.xml").write_text("<testsuites/>")
    (tmp_path / "swift-swift-testing.xml").write_text(f"<testsuite>{''.join(swift)}</testsuite>")
    (tmp_path / "pytest.xml").write_text(f"<testsuites><testsuite>{''.join(pytest_cases)}</testsuite></testsuites>")
    assert summary.main(tmp_path) == status
    *before, last = capsys.readouterr().out.splitlines()
    skipped = pytest_cases.count(SKIPPED)
    assert last == line and before == ([f"skipped {skipped}: PyTorch is not installed"] if skipped else [])


def test_faults_of_lint_count(tmp_path, capsys):
    (tmp_path / "lint").write_text("A.swift:1:1: error: line is too long\n")
    for name in ("swift.xml", "pytest.xml"):
        (tmp_path / name).write_text(f"<testsuite>{PASSED}</testsuite>")
    assert summary.main(tmp_path) == 1
    assert capsys.readouterr().out.splitlines() == ["lint: A.swift:1:1: error: line is too long", "2 passed, 1 failed, 0 skipped"]
