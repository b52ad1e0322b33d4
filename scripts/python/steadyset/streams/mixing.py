"""Several pipelines as one stream: which one a position draws from is a pure function of seed and position."""

from __future__ import annotations

import functools
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from ..frame import FloatArray
from ..order import IndexArray, permute
from ..samples import Sample
from .ahead import Stop
from .endless import Endless, Made, compact
from .stream import Stream

BLOCK = 4096
"""Positions that are shuffled among one another."""
_BLOCKS_KEPT = 64
_PURPOSE = 32
"""Word of the generator's key that is this purpose's alone; see the article *Streams*."""


def mix(streams: Sequence[tuple[Stream, float]], *, seed: int = 0) -> Mix:
    """Returns a stream that draws from several, each in its own order and without a gap, in proportion to its weight.

    Weights are positive numbers; only their ratios count. Of the first p positions a stream has its share of p, but for two
    or three, wherever p is a multiple of 4096; within these 4096 the order is random. All have the same lattice. See the
    article *Streams* for the function.
    """
    return Mix([stream for stream, _ in streams], [weight for _, weight in streams], seed)


class Mix(Endless):
    """Several streams as one; see `steadyset.mix`. A sample's `rank` is its position in its own stream."""

    def __init__(self, streams: Sequence[Stream], weights: Sequence[float], seed: int) -> None:
        self.streams, self.weights = tuple(streams), tuple(weights)
        if not streams:
            raise ValueError("there is nothing to mix")
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 1 << 32:
            raise ValueError(f"a seed is a whole number below 2**32, not {seed!r}")
        self.seed = int(seed)
        for stream, weight in zip(streams, weights):
            if not isinstance(stream, Stream):
                raise TypeError(f"what is mixed are streams, not {type(stream).__name__}")
            if not (isinstance(weight, (int, float, Fraction, np.number)) and 0 < weight < math.inf):
                raise ValueError(f"a weight is a positive number, not {weight!r}")
            if stream.lattice != streams[0].lattice:
                rows, columns = stream.lattice
                raise ValueError(
                    f"{stream.name} has {rows} × {columns} sites, {streams[0].name} has others: what is mixed has one lattice"
                )
        exact = [Fraction(weight) for weight in weights]
        # Of what the streams before it leave, this is each one's share.
        self._shares = [weight / sum(exact[number:]) for number, weight in enumerate(exact)]
        self._prepare()

    def _prepare(self) -> None:
        self._block = functools.lru_cache(_BLOCKS_KEPT)(self._make_block)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_block"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._prepare()

    def __repr__(self) -> str:
        parts = ", ".join(f"{float(weight):g} {stream.name}" for stream, weight in zip(self.streams, self.weights))
        return f"<steadyset.Mix {parts}>"

    def _repr_html_(self) -> str:
        from ..notebook import stream_page

        whole = sum(map(Fraction, self.weights))
        parts = [(stream.name, f"{float(Fraction(weight) / whole):.3%}") for stream, weight in zip(self.streams, self.weights)]
        return stream_page(self, "Mix", [("id", self.id), ("seed", str(self.seed)), *parts])

    @property
    def name(self) -> str:
        return " + ".join(stream.name for stream in self.streams)

    @property
    def id(self) -> str:
        known = [[stream.id, str(share)] for stream, share in zip(self.streams, self._shares)]
        return hashlib.sha256(json.dumps([self.seed, known]).encode()).hexdigest()[:16]

    @property
    def lattice(self) -> tuple[int, int]:
        return self.streams[0].lattice

    @property
    def positions(self) -> int:
        # Whatever the weights, no stream has fewer, nor the permutation of blocks.
        return 1 << 40

    def planes(self, name: str) -> int:
        found = {stream.planes(name) for stream in self.streams}
        if len(found) > 1:
            raise ValueError(f"{name} differs down and across in some of {self.name} only, so it has no common form")
        return found.pop()

    def sources_of(self, positions: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Returns from which stream each position draws, and at which position of that stream."""
        which, where = np.empty(len(positions), np.int64), np.empty(len(positions), np.int64)
        for block in np.unique(positions // BLOCK).tolist():
            chosen = np.flatnonzero(positions // BLOCK == block)
            drawn, own = self._block(block)
            which[chosen], where[chosen] = drawn[positions[chosen] % BLOCK], own[positions[chosen] % BLOCK]
        return which, where

    def counts(self, position: int) -> list[int]:
        """Returns how many of the first positions, a multiple of 4096, each stream has: ⌊position·share⌋ of what the streams
        before it leave."""
        rest, counts = position, []
        for share in self._shares:
            counts.append(rest * share.numerator // share.denominator)
            rest -= counts[-1]
        return counts

    def _make_block(self, number: int) -> tuple[IndexArray, IndexArray]:
        before, after = self.counts(number * BLOCK), self.counts((number + 1) * BLOCK)
        slots = np.repeat(np.arange(len(before)), np.subtract(after, before))
        drawn = slots[permute(np.arange(BLOCK), BLOCK, self.seed, number, _PURPOSE)]
        own = np.empty(BLOCK, np.int64)
        for stream, first in enumerate(before):
            there = drawn == stream
            own[there] = first + np.arange(np.count_nonzero(there))
        return drawn, own

    def make(self, positions: IndexArray, into: Mapping[str, FloatArray], stop: Stop) -> Made:
        which, where = self.sources_of(positions)
        found: list[tuple[dict[str, Any], int] | None] = [None] * len(positions)
        for number, stream in enumerate(self.streams):
            chosen = np.flatnonzero(which == number)
            if not len(chosen):
                continue
            own = stream._arrays(len(chosen), [name for name in into if name not in "xy"])
            made = stream.make(where[chosen], own, stop)
            places = dict(zip(where[chosen].tolist(), chosen.tolist()))
            kept = [places[position] for position in made.positions]
            for name, field in made.fields.items():
                into[name][kept] = field
            for place, answer in zip(kept, made.answers):
                found[place] = answer, number
        there = np.array([one is not None for one in found], bool)
        answers = [one for one in found if one is not None]
        members, numbers = [answer for answer, _ in answers], [number for _, number in answers]
        return Made(positions[there].tolist(), members, numbers, compact(into, there))

    def sample(self, made: Made, number: int) -> Sample:
        return self.streams[made.streams[number]].sample(made, number)
