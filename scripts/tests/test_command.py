"""steadyset.command(): which program it finds, and what it says where there is none."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from conftest import REPOSITORY


def program(path):
    """Writes a file that can be executed; returns its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def installed(prefix, record):
    """Installs a copy of the package below `prefix`, with a note of the installer that lists `record`; returns its folder."""
    site = prefix / "lib/python3/site-packages"
    # Without what Python writes there while others import the package.
    shutil.copytree(REPOSITORY / "scripts/python/steadyset", site / "steadyset", ignore=shutil.ignore_patterns("__pycache__"))
    notes = site / "steadyset-0.1.0.dist-info"
    notes.mkdir()
    (notes / "METADATA").write_text("Metadata-Version: 2.1\nName: steadyset\nVersion: 0.1.0\n")
    (notes / "RECORD").write_text("".join(f"{path},,\n" for path in ["steadyset/__init__.py", *record]))
    return site


def found(site=REPOSITORY / "scripts/python", folder=None, **environment):
    """Returns what a process prints that asks the package in `site`, as (path or None, error)."""
    code = """if True:
        import steadyset
        try:
            print(steadyset.command(), end="")
        except steadyset.DatasetError as error:
            raise SystemExit(str(error))"""
    inherited = {name: value for name, value in os.environ.items() if name not in ("STEADYSET", "PYTHONPATH", "PATH")}
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=inherited | {"PYTHONPATH": str(site), "PATH": "/nowhere"} | environment,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return (pathlib.Path(result.stdout) if result.returncode == 0 else None), result.stderr


def test_the_variable_comes_first(tmp_path):
    site = installed(tmp_path / "env", ["../../../bin/steadyset"])
    program(tmp_path / "env/bin/steadyset")
    named = program(tmp_path / "mine")
    assert found(site, STEADYSET=str(named))[0] == named
    assert found(site, folder=tmp_path, STEADYSET="mine")[0] == named, "a relative path is made absolute"


@pytest.mark.parametrize("kind", ["missing", "folder", "not executable"])
def test_a_variable_that_names_no_program_is_refused(tmp_path, kind):
    named = tmp_path / "named"
    if kind == "folder":
        named.mkdir()
    elif kind == "not executable":
        program(named).chmod(0o644)
    program(tmp_path / "bin/steadyset")
    path, error = found(STEADYSET=str(named), PATH=str(tmp_path / "bin"))
    assert path is None and str(named) in error and "$STEADYSET" in error and "can be executed" in error


def test_the_wheel_s_own_comes_before_the_path(tmp_path):
    site = installed(tmp_path / "env", ["../../../bin/steadyset"])
    own = program(tmp_path / "env/bin/steadyset")
    other = program(tmp_path / "bin/steadyset")
    assert found(site, PATH=str(other.parent))[0] == own
    assert found(site, PATH=str(other.parent), STEADYSET="")[0] == own
    own.unlink()
    assert found(site, PATH=str(other.parent))[0] == other


def test_a_folder_of_packages_has_its_own_scripts(tmp_path):
    # `pip install --target` notes a place relative to another folder.
    site = installed(tmp_path / "env", ["../../bin/steadyset"])
    own = program(site / "bin/steadyset")
    assert found(site)[0] == own


def test_the_program_of_another_installation_is_not_taken(tmp_path):
    installation = installed(tmp_path / "env", ["../../../bin/steadyset"])
    program(tmp_path / "env/bin/steadyset")
    source = tmp_path / "source"
    shutil.copytree(installation / "steadyset", source / "steadyset")
    path, error = found(source, PYTHONPATH=f"{source}{os.pathsep}{installation}")
    assert path is None and "scripts/build" in error and "$STEADYSET" in error and "wheel" in error
