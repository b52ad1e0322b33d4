"""Makes the wheel: the Python package as setuptools builds it, the program, its licences, and a tag that auditwheel finds."""

import base64
import hashlib
import json
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile
import time
import zipfile

import components
import shared
from static_build import REPOSITORY, Failure

DIST = REPOSITORY / "dist"
ENVIRONMENT = REPOSITORY / ".venv-packaging"
REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements.txt"
LARGEST = 40_000_000


def epoch():
    """Returns the time that files of packages have: $SOURCE_DATE_EPOCH, or that of the commit; 1980 where there is none."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        return int(given)
    commit = subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=REPOSITORY, capture_output=True, text=True)
    return int(commit.stdout) if commit.returncode == 0 and commit.stdout.strip() else 315532800


def version():
    """Returns the version of the Python package, which is that of the wheel."""
    text = (REPOSITORY / "scripts/python/steadyset/__init__.py").read_text()
    return re.search(r'^__version__ = "(.+)"$', text, re.M)[1]


def tools():
    """Returns the Python that has what packaging needs; installs it where it is missing."""
    note = ENVIRONMENT / "requirements.txt"
    if not note.exists() or note.read_bytes() != REQUIREMENTS.read_bytes():
        subprocess.run(["python3", "-m", "venv", "--clear", ENVIRONMENT], check=True)
        pip = [ENVIRONMENT / "bin/python", "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", REQUIREMENTS], check=True)
        shutil.copy(REQUIREMENTS, note)
    return ENVIRONMENT / "bin/python"


def pure(folder):
    """Returns the files of the pure wheel of the Python package, as {path: bytes}."""
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "plugin")
    shutil.copytree(REPOSITORY / "scripts/python", source, ignore=ignored)
    command = [tools(), "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", folder, source]
    subprocess.run(command, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def metadata(text, parts, licences):
    """Returns the package's METADATA with the licences of everything that the wheel has."""
    head, empty, body = text.partition("\n\n")
    lines = [line for line in head.splitlines() if not line.startswith(("Metadata-Version:", "License"))]
    lines = ["Metadata-Version: 2.4", *lines, f"License-Expression: {components.expression(parts)}"]
    return "\n".join([*lines, *(f"License-File: {name}" for name in sorted(licences))]) + empty + body


def contents(binary, parts, native):
    """Returns everything but RECORD and WHEEL, as {path: bytes}; `native` is what was compiled, by its path in the wheel."""
    with tempfile.TemporaryDirectory() as folder:
        found = pure(pathlib.Path(folder))
    notes = f"steadyset-{version()}.dist-info"
    licences = components.files(parts)
    found = {name: data for name, data in found.items() if name not in (f"{notes}/RECORD", f"{notes}/WHEEL")}
    found[f"{notes}/METADATA"] = metadata(found[f"{notes}/METADATA"].decode(), parts, licences).encode()
    found |= {f"{notes}/licenses/{name}": text.encode() for name, text in licences.items()}
    found |= {f"steadyset-{version()}.data/data/{name}": data for name, data in shared.files(binary, version(), epoch()).items()}
    return found | {name: path.read_bytes() for name, path in native.items()}


def write(folder, found, native, tag, level):
    """Writes the wheel with a tag; the same contents give the same bytes. Returns its path."""
    notes = f"steadyset-{version()}.dist-info"
    head = f"Wheel-Version: 1.0\nGenerator: scripts/wheel\nRoot-Is-Purelib: false\nTag: py3-none-{tag}\n"
    found = dict(found) | {f"{notes}/WHEEL": head.encode()}

    # What describes the wheel stands at its end.
    order = sorted(found, key=lambda name: (name.startswith(notes), name))
    record = [f"{name},sha256={digest(found[name])},{len(found[name])}" for name in order]
    found[f"{notes}/RECORD"] = "\n".join([*record, f"{notes}/RECORD,,"]).encode() + b"\n"

    path = folder / f"steadyset-{version()}-py3-none-{tag}.whl"
    when = time.gmtime(max(epoch(), 315532800))[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as wheel:
        for name in [*order, f"{notes}/RECORD"]:
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = (stat.S_IFREG | (0o755 if name in native else 0o644)) << 16
            wheel.writestr(entry, found[name])
    return path


def digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def audited(path):
    """Returns the oldest platform that a wheel runs on, as auditwheel finds it."""
    command = [tools(), "-m", "auditwheel", "show", "--json", path]
    said = subprocess.run(command, capture_output=True, text=True)
    if said.returncode:
        raise Failure(f"auditwheel does not take {path.name}: {said.stdout}{said.stderr}")
    report = json.loads(said.stdout)
    if not report["overall_tag"].startswith("manylinux_") or report["external_libs"]:
        raise Failure(f"the wheel needs libraries that it does not have: {', '.join(report['external_libs']) or said.stdout}")
    return report["overall_tag"]


def make(binary, plugin, parts):
    """Makes the wheel in dist/ of the program and the HDF5 plugin; returns its path."""
    said = subprocess.run([binary, "--version"], capture_output=True, text=True).stdout
    if said.split()[:2] != ["steadyset", version()]:
        raise Failure(f"the program says that it is {said.strip()}, the Python package {version()}: change one of the two")
    native = {f"steadyset-{version()}.data/scripts/steadyset": binary, "steadyset/plugin/libh5steadyset.so": plugin}
    found = contents(binary, parts, native)
    DIST.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DIST) as folder:
        tag = audited(write(pathlib.Path(folder), found, native, "linux_x86_64", 1))
        wheel = write(pathlib.Path(folder), found, native, tag, 9)
        size = wheel.stat().st_size
        if audited(wheel) != tag or size > LARGEST:
            raise Failure(f"{wheel.name} has {size} bytes, {LARGEST} are the most, and auditwheel says {audited(wheel)}")
        for old in DIST.glob("*.whl"):
            old.unlink()
        return wheel.replace(DIST / wheel.name)
