"""What a curated stream has at its positions, window by window: decisions, and the log of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import engine
from ..canonical import canonical
from ..errors import DatasetError
from ..order import IndexArray
from .ahead import worked_ahead
from .stream import Stream

FORMAT, VERSION = "steadyset-curation", 1
DIGITS = "0123456789abcdefghijklmnopqrstuv"
"""One for each candidate; '-' is a position without a sample."""
MOST_POSITIONS = 1 << 24
"""Of a window."""

Losses = Sequence["float | None"]
Score = Callable[["npt.NDArray[np.float32]", "npt.NDArray[np.float32]"], Any]
"""From x and y, each (samples, rows, columns), to a loss of each sample."""


@dataclass(frozen=True)
class Curation:
    """How a stream is curated; the keys of `train.curation`.

    Of `candidates` fresh candidates for each position one is taken, with a chance of
    (1 − floor)·lᵖ/Σlᵖ + floor/candidates. With `by="kinds"` l is the loss that its kinds had so far, and nothing but what is
    taken is solved; with `by="loss"` it is its own loss, for which all candidates are solved.
    """

    by: str = "kinds"
    candidates: int = 8
    floor: float = 0.1
    power: int = 1
    unbiased: bool = False
    """Whether a trainer weights losses and gradients; a loop of one's own does as it likes."""

    def __post_init__(self) -> None:
        if self.by not in ("kinds", "loss"):
            raise ValueError(f"by is 'kinds' or 'loss', not {self.by!r}")
        for name, low, high in (("candidates", 2, len(DIGITS)), ("power", 0, 8)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
                raise ValueError(f"{name} is a whole number from {low} to {high}, not {value!r}")
        if isinstance(self.floor, bool) or not isinstance(self.floor, (int, float)) or not 0.01 <= self.floor <= 1:
            raise ValueError(f"floor is a number from 0.01 to 1, not {self.floor!r}: below it whole kinds might never come again")

    def document(self) -> dict[str, Any]:
        """Returns it as a log and a pipeline file have it."""
        return {
            "by": self.by, "candidates": self.candidates, "floor": self.floor, "power": self.power, "unbiased": self.unbiased,
        }  # fmt: skip


@dataclass(frozen=True)
class Window:
    """What was decided for a window."""

    number: int
    chosen: IndexArray
    """Of each position the candidate, −1 where all are left out."""
    weights: npt.NDArray[np.float32]
    """Of each position: means with these weights are those of the design. 0 where there is no sample."""
    candidates: int

    @property
    def first(self) -> int:
        """Its first position."""
        return self.number * len(self.chosen)

    def ranks(self, positions: range) -> IndexArray:
        """Returns the training ranks at some of its positions, −1 where there is no sample."""
        places = np.arange(positions.start, positions.stop, positions.step)
        chosen = self.chosen[places - self.first]
        return np.where(chosen < 0, -1, places * self.candidates + chosen)


class Log:
    """The lines of a log, each with the digest of itself and of all before it."""

    def __init__(self, lines: Sequence[str] = (), chain: str = "") -> None:
        self.lines, self.chain = list(lines), chain

    def append(self, members: Mapping[str, Any]) -> None:
        self.chain = _chain(self.chain, members)
        self.lines.append(canonical({**members, "chain": self.chain}) + "\n")

    @classmethod
    def parse(cls, text: str, name: str) -> tuple[Log, list[dict[str, Any]]]:
        """Returns a log and the members of its lines. A line without an end, of a writer that was killed, does not count.
        Raises `DatasetError` where a line is damaged, or is not where it was written."""
        log, found = cls(), []
        for number, line in enumerate(text.split("\n")[:-1], 1):
            try:
                members = json.loads(line)
                chain = members.pop("chain")
            except (ValueError, AttributeError, KeyError, TypeError) as error:
                raise DatasetError(f"{name}, line {number}: this is no line of a curation's log") from error
            log.append(members)
            if log.chain != chain:
                raise DatasetError(
                    f"{name}, line {number}: it is not what was written after the line before it; take a copy that is whole"
                )
            found.append(members)
        if not found:
            raise DatasetError(f"{name}: is no log of a curation: it has no whole line")
        if found[0].get("format") != FORMAT or found[0].get("version") != VERSION:
            raise DatasetError(f"{name}: is no log of a curation of version {VERSION}")
        return log, found


def _chain(before: str, members: Mapping[str, Any]) -> str:
    return hashlib.sha256(before.encode() + canonical(dict(members)).encode()).hexdigest()[:16]


def opening(stream: Stream, how: Curation, window: int, seed: int) -> dict[str, Any]:
    """Returns the first line of a log."""
    return {
        "format": FORMAT, "version": VERSION, "curation": how.document(), "seed": seed, "window": window,
        "first": stream.ids(range(len(stream.strata))),
    }  # fmt: skip


def window_of(members: Mapping[str, Any], number: int, size: int, candidates: int, name: str) -> Window:
    """Returns the window that a line of a log tells. Raises `DatasetError` where it tells none."""
    digits, weights = members.get("chosen"), members.get("weights")
    known = DIGITS[:candidates] + "-"
    fits = (
        members.get("number") == number
        and isinstance(digits, str) and len(digits) == size and set(digits) <= set(known)
        and isinstance(weights, list) and len(weights) == size
        and all(isinstance(weight, (int, float)) and 0 <= weight < math.inf for weight in weights)
    )  # fmt: skip
    if not fits:
        raise DatasetError(f"{name}, line {number + 2}: this is not window {number}, of {size} positions")
    assert isinstance(digits, str)
    chosen = np.array([DIGITS.find(digit) for digit in digits], np.int64)
    return Window(number, chosen, np.array(weights, np.float32), candidates)


class Decider:
    """Decides one window after another; each follows from what was learnt from those before, and from nothing else."""

    def __init__(self, stream: Stream, how: Curation, window: int, seed: int) -> None:
        if isinstance(window, bool) or not isinstance(window, (int, np.integer)) or not 1 <= window <= MOST_POSITIONS:
            raise ValueError(f"a window has from 1 to {MOST_POSITIONS} positions, not {window!r}")
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 1 << 32:
            raise ValueError(f"a seed is a whole number below 2**32, not {seed!r}")
        self.stream, self.how, self.size, self.seed = stream, how, int(window), int(seed)
        self.windows = 0
        """How many were decided."""
        self.log = Log()
        self.log.append(opening(stream, how, self.size, self.seed))
        self._proposal: Any = None
        self._kinds: Any = None
        self._weights: Any = None

    def candidates(self) -> range:
        """The training ranks of the candidates of the next window."""
        count = self.size * self.how.candidates
        return range(self.windows * count, (self.windows + 1) * count)

    def scored(self, score: Score, ranks: range, size: int, threads: int) -> dict[int, float]:
        """Solves some of the candidates, `size` at a time, and returns their losses by rank, of those that there are."""
        found: dict[int, float] = {}
        jobs = (self.stream.job(ranks[first : first + size]) for first in range(0, len(ranks), size))
        for made in worked_ahead(jobs, threads, threads + 1):
            if made.positions:
                losses = checked(score(made.fields["x"], made.fields["y"]), len(made.positions), "candidates")
                found.update(zip(made.positions, losses))
        return found

    def decide(self, losses: Losses | None = None) -> Window:
        """Decides the next window; `losses` are those of its candidates, None where there is no sample, with `by="loss"`."""
        request = {
            "do": "choose", "curation": self.how.document(), "seed": self.seed, "window": self.size, "number": self.windows,
        }  # fmt: skip
        if self.how.by == "loss":
            if losses is None:
                raise ValueError("with by='loss' the candidates' losses decide")
            request["losses"] = list(losses)
        elif self._proposal is not None:
            request["proposal"] = self._proposal
        answer = engine.call(request, self.stream._definition)
        self._kinds, self._weights = answer["kinds"], answer["weights"]
        chosen = np.array([-1 if number is None else number for number in answer["chosen"]], np.int64)
        window = Window(self.windows, chosen, np.array(answer["weights"], np.float32), self.how.candidates)
        line: dict[str, Any] = {
            "number": self.windows, "chosen": "".join("-" if number < 0 else DIGITS[number] for number in chosen),
            "weights": [float(str(weight)) for weight in window.weights],
        }  # fmt: skip
        if self.how.by == "kinds":
            line["proposal"] = self._proposal = answer["proposal"]
        self.log.append(line)
        self.windows += 1
        return window

    def learn(self, losses: Losses) -> None:
        """Learns from the losses at all positions of the latest window; None where nothing is known."""
        if self.how.by == "kinds":
            request = {
                "do": "learn", "proposal": self._proposal, "kinds": self._kinds, "weights": self._weights,
                "losses": list(losses),
            }  # fmt: skip
            self._proposal = engine.call(request, self.stream._definition)["proposal"]

    def resume(self, text: str, windows: int, chain: str, name: str) -> Window:
        """Goes on where `windows` windows were decided, after whose last line the log stood at `chain`; what the log has
        beyond is dropped. Returns the last of them, about to be learnt from.

        Raises `DatasetError` where the log is damaged, of something else, or ends before.
        """
        _, lines = Log.parse(text, name)
        if lines[0] != json.loads(canonical(opening(self.stream, self.how, self.size, self.seed))):
            raise DatasetError(f"{name}: is the log of another curation (stream, settings, window or seed)")
        if len(lines) < windows + 1:
            raise DatasetError(
                f"{name}: ends after window {len(lines) - 2}, and the state stands in window {windows - 1}: it was cut, or is an "
                "older copy; take one that is whole, or begin anew"
            )
        self.log = Log()
        for members in lines[: windows + 1]:
            self.log.append(members)
        if self.log.chain != chain:
            raise DatasetError(f"{name}: is the log of another run than the state is of")
        self.windows = windows - 1
        last = lines[windows]
        self._proposal = last.get("proposal")
        # The kinds are not in the log: deciding again finds them, and must find the same.
        window = window_of(last, self.windows, self.size, self.how.candidates, name)
        if self.how.by == "kinds":
            kept, self.log = self.log, Log()
            again = self.decide()
            self.log = kept
            if not np.array_equal(again.chosen, window.chosen):
                raise DatasetError(f"{name}: this release draws other samples than the one that wrote it: use that one")
        self.windows = windows
        return window


def checked(losses: Any, count: int, what: str) -> list[float]:
    """Returns losses as numbers. Raises `ValueError` where they are not `count` finite numbers of at least 0."""
    found = np.asarray(losses, np.float64)
    if found.shape != (count,):
        raise ValueError(f"there is one loss for each of {count} {what}, not an array of {found.shape}")
    bad = np.flatnonzero(~(np.isfinite(found) & (found >= 0)))
    if len(bad):
        raise ValueError(f"the loss of {what[:-1]} {bad[0]} is {found[bad[0]]}: losses are finite, and at least 0")
    return [float(loss) for loss in found]
