"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterable
from typing import Any


def write_whole(path: str | os.PathLike[str], parts: Iterable[Any]) -> None:
    """Writes a file of some bytes, one part after another, in place of what was there. A killed writer leaves `PATH.tmp`, which the
    next one replaces."""
    target = pathlib.Path(path)
    temporary = target.with_name(target.name + ".tmp")
    with temporary.open("wb") as file:
        for part in parts:
            file.write(part)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(target)
