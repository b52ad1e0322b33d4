"""JSON of strangers: read strictly, in bounded memory."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

MAXIMUM_DEPTH = 64
MAXIMUM_VALUES = 8_000_000
"""Values and members of one document; Python takes about a hundred bytes for each."""
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_json(data: bytes) -> Any:
    """Returns the value of a JSON text in UTF-8. Raises `ValueError`, which says on one line what is wrong.

    Refused are, beside what is no JSON: a key that is there twice, NaN and infinities, numbers beyond binary64, halves of
    surrogate pairs, what is nested deeper than 64 levels, and more than 8 million values.
    """
    # What stands in texts is counted too; no document that Steadyset writes comes near the limit.
    if sum(map(data.count, (b",", b"[", b"{"))) > MAXIMUM_VALUES:
        raise ValueError(f"it has more than {MAXIMUM_VALUES} values")
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_object, parse_constant=_refuse, parse_int=_whole, parse_float=_number
        )
    except RecursionError:
        raise ValueError(f"it is nested deeper than {MAXIMUM_DEPTH} levels") from None
    _check_depth(value)
    if _SURROGATE.search(data):
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        # Each is looked at once: a stranger may write millions.
        seen: set[str] = set()
        for name, _ in members:
            if name in seen:
                raise ValueError(f"the key {name!a} is there twice")
            seen.add(name)
    return found


def _refuse(text: str) -> NoReturn:
    raise ValueError(f"JSON has no number {text}")


def _whole(text: str) -> int:
    if len(text) > 309 or not math.isfinite(float(text)):
        raise ValueError(f"a number of {len(text)} digits is too large")
    return int(text)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"the number {text[:40]} is too large")
    return value


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAXIMUM_DEPTH):
        level = [inner for outer in level for inner in _members(outer)]
        if not level:
            return
    raise ValueError(f"it is nested deeper than {MAXIMUM_DEPTH} levels")


def _members(value: Any) -> list[Any]:
    """The objects and arrays in one."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for found in inner if isinstance(found, (dict, list))]
