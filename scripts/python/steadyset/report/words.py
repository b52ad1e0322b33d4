"""Numbers in words."""

from __future__ import annotations

import math


def size(count: float) -> str:
    """Bytes, in the unit that suits them."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}" if count < 1000 * factor else f"{count / factor:,.0f} {unit}"
    return f"{count:.0f} B"


def duration(seconds: float) -> str:
    """A time, – where it is not known."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"


def rate(value: float) -> str:
    """Samples a second, – where that is not known."""
    return f"{value:,.0f} /s" if math.isfinite(value) and value >= 10 else f"{value:.2g} /s" if math.isfinite(value) else "–"


def count(value: int, noun: str, plural: str = "") -> str:
    """A number of things."""
    return f"{value:,} {noun if value == 1 else plural or noun + 's'}"


def short(value: float) -> str:
    """A number with three digits, – where it is none."""
    return f"{value:.3g}" if math.isfinite(value) else "–"
