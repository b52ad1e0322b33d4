"""Samples without an end: one sample, ranges of them, batches and their shares, for one pipeline or for several mixed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from .. import engine
from ..errors import DatasetError
from ..frame import FloatArray
from ..order import IndexArray
from ..samples import Batch, Sample
from .ahead import Ahead, Job, Stop, Stopped, worked_ahead

COEFFICIENTS = ("diffusivity", "decay_rate")
_MOST = 16
"""Samples of a request: few enough that work which nobody wants any more ends soon."""


class LeftOutError(DatasetError, KeyError):
    """There is no sample at this position: it is the same problem as another one, or its label cannot be certified."""

    __str__ = Exception.__str__


@dataclass(frozen=True)
class StreamBatch(Batch):
    """A batch of a stream; `index` holds the positions of its samples, `rank` their ranks in their pipelines."""

    positions: range
    """What it is made of; fewer samples than that where some are left out."""
    stream: IndexArray
    """The number of the pipeline in a mix, (samples)."""
    coefficients: Mapping[str, FloatArray]
    """Those that were asked for, (samples, rows, columns), or (samples, 2, rows, columns) for one that differs down and
    across."""


@dataclass
class Made:
    """What was made of some positions: an answer for each that has a sample, and the fields of these."""

    positions: list[int]
    answers: list[engine.Members]
    streams: list[int]
    fields: dict[str, FloatArray]


class Endless(ABC):
    """Samples at positions 0, 1, 2, … without an end. What is at a position never changes.

    `stream[p]` is the sample at a position, `stream[a:b]` those of a range, one after another; iterating goes on for ever. A
    position without a sample is passed over, and raises `LeftOutError` (a `KeyError`) where it is asked for alone. Nothing is
    kept: a sample is computed whenever it is asked for. Safe for threads and after a fork; it pickles.
    """

    @property
    @abstractmethod
    def name(self) -> str:
        """What it is called."""

    @property
    @abstractmethod
    def id(self) -> str:
        """16 hexadecimal digits, which differ where other samples come: states have them."""

    @property
    @abstractmethod
    def lattice(self) -> tuple[int, int]:
        """Rows and columns of the fields."""

    @property
    @abstractmethod
    def positions(self) -> int:
        """How many positions there are: no training comes to their end."""

    @abstractmethod
    def planes(self, name: str) -> int:
        """Returns how many fields a coefficient has: 1, or 2 where it differs down and across."""

    @abstractmethod
    def make(self, positions: IndexArray, into: Mapping[str, FloatArray], stop: Stop) -> Made:
        """Computes the samples at `positions`; their fields are put into the first places of the arrays `into`."""

    @abstractmethod
    def sample(self, made: Made, number: int) -> Sample:
        """Returns one of the samples that were made."""

    @overload
    def __getitem__(self, position: int) -> Sample: ...
    @overload
    def __getitem__(self, position: slice) -> Stretch: ...
    def __getitem__(self, position: int | slice) -> Sample | Stretch:
        if isinstance(position, slice):
            return Stretch(self, self._range(position.start, position.stop, position.step))
        at = self._position(position)
        made = self.make(np.array([at]), self._arrays(1, ()), _never)
        if not made.answers:
            raise LeftOutError(
                f"{self.name}: there is no sample at position {at}: it is the same problem as one that is held out or that "
                "came before, or its label cannot be certified. Take another position; iterating passes over it"
            )
        return self.sample(made, 0)

    def __iter__(self) -> Iterator[Sample]:
        return iter(self[0:])

    def batches(
        self,
        size: int,
        *,
        start: int = 0,
        stop: int | None = None,
        rank: int = 0,
        ranks: int = 1,
        worker: int = 0,
        workers: int = 1,
        threads: int = 1,
        ahead: int | None = None,
        coefficients: Sequence[str] = (),
    ) -> Batches:
        """Returns an iterator over batches of `size` positions each, from `start` on, without an end or up to `stop`.

        Batch k has the positions start + k·size … start + (k + 1)·size − 1, and one sample less for each that is left out.
        Process `rank` of `ranks` takes the batches rank, rank + ranks, …, so that the processes together walk through the
        positions without a gap; worker `worker` of `workers` takes every workers-th of these. A batch of which all is left
        out is passed over, or raises `DatasetError` where work is shared, as each would then be at another place.

        `threads` engines compute, up to `ahead` batches (threads + 1) before they are asked for. `coefficients` names fields
        to be computed too: `diffusivity`, `decay_rate`. See `Batches` for states.
        """
        for what, number, of in (("process", rank, ranks), ("worker", worker, workers)):
            if not 0 <= number < of:
                raise ValueError(f"{what} {number} of {of} does not exist")
        if size < 1 or threads < 1 or (ahead is not None and ahead < 1):
            raise ValueError("size, threads and ahead are at least 1")
        for name in coefficients:
            check_coefficient(name)
        span = self._range(start, stop, None)
        if stop is not None and ranks > 1 and len(span) % (size * ranks):
            raise ValueError(
                f"{len(span)} positions are no whole number of steps of {size * ranks}, and every process must take as many: "
                f"stop at {span.start + len(span) // (size * ranks) * size * ranks}"
            )
        share = Share(size, rank, ranks, worker, workers, ranks * workers == 1)
        return Batches(self, span, share, threads, threads + 1 if ahead is None else ahead, tuple(coefficients))

    def _position(self, position: Any) -> int:
        if isinstance(position, bool) or not isinstance(position, (int, np.integer)):
            raise TypeError(f"a position is a whole number, not {position!r}")
        if not 0 <= position < self.positions:
            raise IndexError(f"there is no position {position}: there are those from 0 to {self.positions - 1}")
        return int(position)

    def _range(self, start: Any, stop: Any, step: Any) -> range:
        first = 0 if start is None else self._position(start)
        end = self.positions if stop is None else max(first, self._position(stop))
        width = 1 if step is None else self._position(step)
        if width < 1:
            raise ValueError("a step goes forward: at least 1")
        return range(first, end, width)

    def _arrays(self, count: int, coefficients: Sequence[str]) -> dict[str, FloatArray]:
        fields = {name: engine.empty((count, *self.lattice)) for name in "xy"}
        for name in coefficients:
            planes = self.planes(name)
            fields[name] = engine.empty((count, *([2] if planes == 2 else []), *self.lattice))
        return fields

    def job(self, positions: range, coefficients: Sequence[str] = ()) -> Job[Made]:
        """Returns the work that makes the samples at some positions."""
        return self.job_of(np.arange(positions.start, positions.stop, positions.step), coefficients)

    def job_of(self, positions: IndexArray, coefficients: Sequence[str] = ()) -> Job[Made]:
        """Returns the work that makes the samples at any positions."""

        def work(stop: Stop) -> Made:
            return self.make(positions, self._arrays(len(positions), coefficients), stop)

        return work


class Stretch:
    """The samples of a range of positions, computed while one iterates, a few ahead."""

    def __init__(self, stream: Endless, positions: range) -> None:
        self.stream = stream
        self.positions = positions

    def __repr__(self) -> str:
        return f"<steadyset.Stretch: {self.positions} of {self.stream!r}>"

    def __iter__(self) -> Iterator[Sample]:
        for made in worked_ahead(self._jobs(), 1, 2):
            for number in range(len(made.answers)):
                yield self.stream.sample(made, number)

    def _jobs(self) -> Iterator[Job[Made]]:
        # The first sample is there soon, the others come in good company.
        first, size = 0, 1
        while part := self.positions[first : first + size]:
            yield self.stream.job(part, ())
            first, size = first + size, min(2 * size, _MOST)


@dataclass(frozen=True)
class Share:
    """Which batches are whose."""

    size: int
    rank: int
    ranks: int
    worker: int
    workers: int
    skips: bool
    """Whether a batch without samples is passed over; nobody else's place depends on it then."""

    def place(self, start: int, number: int) -> int:
        """Where the batch with this number of one worker begins."""
        return start + self.size * (self.rank + self.ranks * (self.worker + self.workers * number))


class Batches(Iterator[StreamBatch]):
    """An iterator over batches, which computes ahead and whose state can be saved and restored.

    `position` is where the next step begins: all that comes before was given by now, where all processes (and workers) have
    given as many batches as this one. Its `state_dict()` continues anywhere: with other sizes of batches, shares and threads
    too. What was computed ahead counts for nothing. `close()` ends what is under way; so does forgetting the iterator. One
    thread asks for batches at a time.
    """

    def __init__(
        self, stream: Endless, span: range, share: Share, threads: int, most: int, coefficients: tuple[str, ...]
    ) -> None:
        self._stream, self._span, self._share = stream, span, share
        self._threads, self._most, self._coefficients = threads, most, coefficients
        self._given = 0
        self._ahead: Ahead[Made] | None = None

    def __next__(self) -> StreamBatch:
        while True:
            positions = self._positions(self._given)
            if not positions:
                self.close()
                raise StopIteration
            made = self._next()
            self._given += 1
            if made.answers:
                return batch_of(made, positions, self._coefficients)
            if not self._share.skips:
                raise DatasetError(
                    f"{self._stream.name}: all positions from {positions.start} to {positions.stop - 1} are left out, and a "
                    "share needs something in every batch: take larger batches"
                )

    def _next(self) -> Made:
        if self._ahead is None:
            self._ahead = Ahead(self._jobs(self._given), self._threads, self._most)
        try:
            return next(self._ahead)
        except BaseException:
            # Whatever it was, such as Ctrl-C: the next call begins where this one did.
            self.close()
            raise

    def _jobs(self, number: int) -> Iterator[Job[Made]]:
        return jobs(self._stream, self._span, self._share, number, self._coefficients)

    def _positions(self, number: int) -> range:
        return _positions(self._span, self._share, number)

    @property
    def position(self) -> int:
        """Where the next step of all processes begins."""
        share = self._share
        return min(self._span.stop, self._span.start + share.size * share.ranks * share.workers * self._given)

    def close(self) -> None:
        """Ends what is under way. Going on is possible, and begins it anew."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.close()

    def __enter__(self) -> Batches:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as plain numbers, for JSON or a checkpoint."""
        return state_of(self._stream, self.position)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continues at a state's position. Raises `ValueError` for what is no state, or one of another stream."""
        position = position_in(self._stream, state)
        if position > self._span.stop:
            raise ValueError(f"the state's position {position} is behind the end of these batches, {self._span.stop}")
        self.close()
        self._span, self._given = range(position, self._span.stop), 0


def jobs(stream: Endless, span: range, share: Share, number: int, coefficients: tuple[str, ...]) -> Iterator[Job[Made]]:
    """Yields the work for the batches of a share from `number` on. It keeps no iterator alive that was forgotten."""
    while positions := _positions(span, share, number):
        yield stream.job(positions, coefficients)
        number += 1


def _positions(span: range, share: Share, number: int) -> range:
    first = share.place(span.start, number)
    return range(first, max(first, min(first + share.size, span.stop)))


def batch_of(made: Made, positions: range, coefficients: tuple[str, ...]) -> StreamBatch:
    """Returns what was made as a batch."""
    answers = made.answers
    return StreamBatch(
        made.fields["x"], made.fields["y"], np.array(made.positions, np.int64),
        np.array([int(answer["id"], 16) for answer in answers], np.uint64),
        np.array([answer["rank"] for answer in answers], np.uint64),
        np.array([answer["n_sources"] for answer in answers], np.uint32),
        np.array([answer["error_bound"] for answer in answers], np.float64),
        positions, np.array(made.streams, np.int64), {name: made.fields[name] for name in coefficients},
    )  # fmt: skip


def state_of(stream: Endless, position: int) -> dict[str, Any]:
    """Returns the state of who has seen all before `position`."""
    return {"format": "steadyset-stream", "version": 1, "stream": stream.id, "position": position}


def position_in(stream: Endless, state: Mapping[str, Any]) -> int:
    """Returns the position of a state. Raises `ValueError` for what is no state, or one of another stream."""
    if not isinstance(state, Mapping) or state.get("format") != "steadyset-stream" or state.get("version") != 1:
        raise ValueError("this is not the state of a stream of version 1")
    unknown = set(state) ^ {"format", "version", "stream", "position"}
    if unknown:
        names = ", ".join(map(repr, sorted(unknown)))
        raise ValueError(f"this is not the state of a stream: it lacks, or has too much, {names}")
    if state["stream"] != stream.id:
        raise ValueError(f"the state is of another stream: {state['stream']!r}, this one is {stream.id!r}")
    position = state["position"]
    if isinstance(position, bool) or not isinstance(position, int) or not 0 <= position <= stream.positions:
        raise ValueError(f"the state's position {position!r} is none of this stream")
    return position


def check_coefficient(name: str) -> None:
    """Raises `KeyError` for what is no coefficient."""
    if name not in COEFFICIENTS:
        raise KeyError(f"there is no coefficient '{name}': there are diffusivity and decay_rate")


def parts(count: int, stop: Stop) -> Iterator[slice]:
    """Yields ranges of at most 16 samples. Raises `Stopped` where nobody waits for them any more."""
    for first in range(0, count, _MOST):
        if stop():
            raise Stopped
        yield slice(first, min(first + _MOST, count))


def compact(fields: Mapping[str, FloatArray], kept: npt.NDArray[np.bool_]) -> dict[str, FloatArray]:
    """Returns the fields of the samples that are there."""
    return dict(fields) if kept.all() else {name: field[kept] for name, field in fields.items()}


def _never() -> bool:
    return False
