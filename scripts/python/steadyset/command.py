"""Finds the program `steadyset`, which wheels of this package bring along."""

from __future__ import annotations

import os
import pathlib
import shutil
from collections.abc import Iterator

from .errors import DatasetError


def command() -> pathlib.Path:
    """Returns the absolute path of the program `steadyset`.

    It is the first of: the one that the environment variable STEADYSET names, unless it is empty; the one of the wheel that
    this package was installed from; and the one on the PATH. A `DatasetError` says what to do where there is none, or where
    STEADYSET names no executable file.
    """
    named = os.environ.get("STEADYSET")
    if named:
        if not _runs(named):
            raise DatasetError(
                f"$STEADYSET names {named!r}, which is no file that can be executed: name the program steadyset, or unset it"
            )
        return pathlib.Path(os.path.abspath(named))
    for path in _own():
        if _runs(path):
            return pathlib.Path(os.path.abspath(path))
    found = shutil.which("steadyset")
    if found:
        return pathlib.Path(os.path.abspath(found))
    raise DatasetError(
        "there is no program steadyset: this package was not installed from a wheel that has it, and it is not on the PATH; "
        "install the wheel for Linux on x86-64, or build the program with scripts/build and name it in $STEADYSET"
    )


def _runs(path: str | pathlib.Path) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _own() -> Iterator[pathlib.Path]:
    """Yields where the program of this package's own wheel may be: where an installer noted that it put it, and where
    `pip install --target` puts it."""
    from importlib import metadata

    package = pathlib.Path(__file__).resolve().parent
    for distribution in metadata.distributions(name="steadyset", path=[str(package.parent)]):
        for file in distribution.files or ():
            if file.name == "steadyset" and file.parent.name == "bin":
                yield pathlib.Path(str(distribution.locate_file(file)))
        yield package.parent / "bin/steadyset"
