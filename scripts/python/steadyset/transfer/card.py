"""The card of a dataset that is published: README.md, metadata, citation, licence and recipe, beside its folder `pack`."""

from __future__ import annotations

import os
import pathlib
import subprocess
import tempfile
from collections.abc import Mapping

from ..command import command
from ..errors import DatasetError
from .inventory import digest_of
from .repository import Repository
from .target import Target

MARK = b"<!-- Written by Steadyset"
"""A README.md with this was written by the program; another is somebody's own."""
_README = "README.md"
_SUMMARY = "export.json"
_MAXIMUM = 16 << 20


def send_card(dataset: str | os.PathLike[str], target: Target | Repository) -> str:
    """Writes the card of `dataset`, or of `DATASET@VERSION`, into a folder, and returns in words what was done.

    The program makes it. Where there is none, or where the folder has a README.md of somebody's own, nothing is written; files of
    these names beside no README.md are left as they are.
    """
    try:
        program = command()
    except DatasetError:
        return "no card was written: the program steadyset, which makes it, is not here"
    there = target.listing()
    if _README in there and MARK not in (target.content(_README, _MAXIMUM) or b""):
        return f"no card was written: {target.url}/{_README} is not one of Steadyset's"
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch, "card")
        made = subprocess.run(
            [program, "export", "card", os.fspath(dataset), "--output", folder], capture_output=True, text=True, check=False
        )
        if made.returncode:
            return f"no card was written: {made.stderr.strip().removeprefix('steadyset: error: ') or program}"
        # README.md comes last: it says that all are the program's.
        paths = sorted(folder.iterdir(), key=lambda path: (path.name == _README, path.name))
        written = sum(_send(target, path, there, _README in there) for path in paths if path.name != _SUMMARY)
        target.finish("steadyset push: the card")
    return f"{written} files of the card written" if written else "the card was there"


def _send(target: Target | Repository, path: pathlib.Path, there: Mapping[str, object], ours: bool) -> bool:
    size = path.stat().st_size
    if path.name in there:
        if not ours or target.digest(path.name, size) == digest_of(path):
            return False
    target.send(path, path.name)
    return True
