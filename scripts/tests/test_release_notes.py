"""`scripts/release-notes`: what the changelog says of a version."""

import importlib.machinery
import importlib.util
import subprocess
import sys

import pytest
from conftest import REPOSITORY

SCRIPT = REPOSITORY / "scripts/release-notes"
TEXT = """# Changelog

All notable changes.

## [Unreleased]

## [0.2.0] - 2026-12-01

Two.

### Added

#### Small things
- A line with ## in it.

## [0.1.0]
- One.

[0.2.0]: somewhere
"""


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("release_notes", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("release_notes", loader))
    loader.exec_module(module)
    return module


def test_notes_of_a_version(script):
    assert script.notes(TEXT, "0.2.0") == "Two.\n\n## Added\n\n### Small things\n- A line with ## in it.\n"
    assert script.notes(TEXT, "v0.1.0") == "- One.\n"


@pytest.mark.parametrize("version, says", [("0.3.0", "has no version 0.3.0; it has Unreleased, 0.2.0, 0.1.0"), ("unreleased", "says nothing of Unreleased")])
def test_versions_without_notes(script, version, says):
    with pytest.raises(ValueError, match=says):
        script.notes(TEXT, version)


def test_the_changelog_itself():
    """What is not released yet has notes, which the changelog has line by line; a version that is none is refused."""
    said = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=True).stdout
    changelog = (REPOSITORY / "CHANGELOG.md").read_text().splitlines()
    lines = [line for line in said.splitlines() if line and not line.startswith("#")]
    assert lines and set(lines) <= set(changelog)
    result = subprocess.run([sys.executable, SCRIPT, "9.9.9"], capture_output=True, text=True)
    assert result.returncode == 1 and "no version 9.9.9" in result.stderr
