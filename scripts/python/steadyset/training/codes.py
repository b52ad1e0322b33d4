"""The models of Toledo-Marín, Glazier and Fox (2023, Tables 2 to 8) by their codes, as `codes.json` lists them.

The file is that of the Swift trainer; its article Training says what the parts of a code mean.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

from .errors import TrainingError

_ENTRIES: list[dict[str, Any]] = json.loads(pathlib.Path(__file__).with_name("codes.json").read_text())

# What each code says, as members of a block `train`.
CODES: dict[str, dict[str, Any]] = {entry.pop("code"): entry for entry in _ENTRIES}


def without_keys(train: dict[str, Any]) -> dict[str, Any]:
    """Returns what is left of a block `train` where a code takes the place of all that a code sets."""
    sets = next(iter(CODES.values()))
    left = {key: value for key, value in train.items() if key not in sets or key == "optimiser"}
    if isinstance(left.get("optimiser"), dict):
        left["optimiser"] = {key: value for key, value in left["optimiser"].items() if key not in sets["optimiser"]}
    return left


def with_code(train: dict[str, Any]) -> dict[str, Any]:
    """Returns a block `train` whose code, if it has one, is replaced by what it says; other keys of the block stand above that.

    Raises `TrainingError` for an unknown code.
    """
    own = {key: value for key, value in train.items() if key != "code"}
    if train.get("code") is None:
        return own
    code = str(train["code"])
    if code not in CODES:
        raise TrainingError(f"there is no model code '{code}'; there are {', '.join(CODES)}")
    said = CODES[code]
    if isinstance(own.get("optimiser"), dict):
        own["optimiser"] = said["optimiser"] | own["optimiser"]
    return said | own
