"""Streams that adapt to what a training finds hard, and the same streams again, from their logs."""

from __future__ import annotations

import os
import pathlib
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import DatasetError, MissingFileError
from ..order import IndexArray
from ..wholefile import write_whole
from .ahead import Job, worked_ahead
from .decisions import MOST_POSITIONS, Curation, Decider, Log, Score, Window, checked, window_of
from .endless import Made, StreamBatch, batch_of, check_coefficient
from .stream import Stream

_SCORED = 64
"""Candidates that are solved and scored at a time."""


def curate(
    stream: Stream, log: str | os.PathLike[str] | None = None, *, window: int = 1024, by: str = "kinds", candidates: int = 8,
    floor: float = 0.1, power: int = 1, seed: int = 0,
) -> Curated:  # fmt: skip
    """Returns a stream that has more of what a training finds hard.

        curated = steadyset.curate(steadyset.stream("pipelines/train.yaml"), "curation.jsonl")
        for batch in curated.batches(32):
            losses = step(batch.x, batch.y, batch.weight)     # one of each sample
            curated.report(batch, losses)

    For each position one of `candidates` fresh candidates is taken, with a chance that follows losses to the power `power`;
    a share of `floor` is by chance alone. With `by="kinds"` the losses are those that their kinds had: number of sources,
    nearest centres, distance to the edge, covered area, mean value, forms. With `by="loss"` they are the candidates' own, which
    `batches(…, score=…)` computes. Decisions are made for `window` positions at a time, from what was reported of the windows
    before; each is a line of `log`, from which `replay` gives the same samples again. Means over samples, weighted by
    `batch.weight`, are those over the stream's own draws. See the article *Streams*.

    Raises `DatasetError` where there is a file `log` already: `load_state_dict` goes on with it.
    """
    if not isinstance(stream, Stream):
        raise TypeError(f"what is curated is a stream of one pipeline, not {type(stream).__name__}")
    return Curated(stream, log, Curation(by, candidates, floor, power), window, seed)


def replay(stream: Stream, log: str | os.PathLike[str]) -> Replay:
    """Returns the samples that a curated stream had, with their weights, from its log: also that of a training of
    `steadyset train`, `train/curation.jsonl`. Raises `DatasetError` where the log is damaged, or of another stream."""
    if not isinstance(stream, Stream):
        raise TypeError(f"what is replayed is a stream of one pipeline, not {type(stream).__name__}")
    return Replay(stream, log)


@dataclass(frozen=True)
class CuratedBatch(StreamBatch):
    """A batch of a curated stream; `index` and `positions` count in that, `rank` in what it draws from."""

    weight: npt.NDArray[np.float32]
    """(samples), above 0: weighted means are those of the stream that it draws from."""


class Windows(ABC):
    """Samples in windows, each decided as a whole."""

    stream: Stream
    size: int
    """Positions of a window."""

    def __init__(self, stream: Stream, size: int) -> None:
        self.stream, self.size = stream, size
        self.position = 0
        """Where the next batch begins."""

    @abstractmethod
    def _window(self, score: Score | None) -> Window | None:
        """Returns the window of `position`; None behind the last one."""

    def _given(self, batch: CuratedBatch) -> None:
        """Hears of each batch that was given."""

    def batches(
        self, size: int, *, threads: int = 1, ahead: int | None = None, coefficients: Sequence[str] = (),
        score: Score | None = None,
    ) -> Iterator[CuratedBatch]:  # fmt: skip
        """Yields batches of `size` positions from `position` on; the last one of a window may be smaller. A position whose
        sample is left out is passed over. `threads` engines compute up to `ahead` batches (threads + 1) of a window before
        they are asked for."""
        if size < 1 or threads < 1 or (ahead is not None and ahead < 1):
            raise ValueError("size, threads and ahead are at least 1")
        for name in coefficients:
            check_coefficient(name)
        while (window := self._window(score)) is not None:
            end = window.first + self.size
            parts = [range(first, min(end, first + size)) for first in range(self.position, end, size)]
            jobs = (self._job(window, positions, tuple(coefficients)) for positions in parts)
            made_ahead = worked_ahead(jobs, threads, threads + 1 if ahead is None else ahead)
            for positions, made in zip(parts, made_ahead):
                if self.position != positions.start:
                    raise RuntimeError("the stream went on elsewhere: ask it for batches anew")
                self.position = positions.stop
                if made.answers:
                    batch = self._batch(window, made, positions, tuple(coefficients))
                    self._given(batch)
                    yield batch

    def _job(self, window: Window, positions: range, coefficients: tuple[str, ...]) -> Job[Made]:
        ranks = window.ranks(positions)
        return self.stream.job_of(ranks[ranks >= 0], coefficients)

    def _batch(self, window: Window, made: Made, positions: range, coefficients: tuple[str, ...]) -> CuratedBatch:
        at = dict(zip(window.ranks(positions).tolist(), positions))
        index = np.array([at[rank] for rank in made.positions], np.int64)
        plain = batch_of(made, positions, coefficients)
        members = {**plain.__dict__, "index": index}
        return CuratedBatch(**members, weight=window.weights[index - window.first])


class Curated(Windows):
    """A stream that adapts; see `curate`. One thread asks it for batches at a time."""

    def __init__(
        self, stream: Stream, log: str | os.PathLike[str] | None, how: Curation, window: int, seed: int
    ) -> None:
        super().__init__(stream, window)
        self.how, self.seed = how, seed
        self._path = None if log is None else pathlib.Path(log)
        self._decider = Decider(stream, how, window, seed)
        self._now: Window | None = None
        self._losses: dict[int, float | None] = {}
        self._asked: set[int] = set()
        self._written = 0

    def __repr__(self) -> str:
        return f"<steadyset.Curated {self.stream.name}: by {self.how.by}, 1 of {self.how.candidates}, windows of {self.size}>"

    def report(self, batch: CuratedBatch | IndexArray, losses: Any) -> None:
        """Says what the losses of a batch were: one for each sample, at least 0; or None where nothing is known.

        `batch` is a batch, or the positions of samples (`batch.index`). Every sample that was given is reported before its
        window ends. Raises `ValueError` for losses that are no such numbers, for positions that were not given, that were
        reported before, or whose window is over.
        """
        index = batch.index if isinstance(batch, StreamBatch) else np.asarray(batch, np.int64).reshape(-1)
        positions = [int(position) for position in index]
        start = 0 if self._now is None else self._now.first
        for position in positions:
            if position < start:
                raise ValueError(
                    f"the loss of position {position} comes too late: window {start // self.size} was decided without it"
                )
            if position not in self._asked:
                raise ValueError(f"position {position} was not given, so that it has no loss")
            if position in self._losses:
                raise ValueError(f"the loss of position {position} was reported before")
        found: Sequence[float | None] = [None] * len(positions)
        if losses is not None:
            found = checked(losses, len(positions), "samples")
        self._losses.update(zip(positions, found))

    def _given(self, batch: CuratedBatch) -> None:
        self._asked.update(int(position) for position in batch.index)

    def _window(self, score: Score | None) -> Window:
        if self._now is not None and self.position < self._now.first + self.size:
            return self._now
        if self._now is not None:
            missing = sorted(self._asked - set(self._losses))
            if missing:
                raise DatasetError(
                    f"window {self._now.number} is over, and the losses of {len(missing)} of its samples, such as that at "
                    f"position {missing[0]}, were not reported: call report(batch, losses) after each batch, or "
                    "report(batch, None) where there are none"
                )
            span = range(self._now.first, self._now.first + self.size)
            self._decider.learn([self._losses.get(position) for position in span])
        scores = None
        if self.how.by == "loss":
            if score is None:
                raise TypeError("with by='loss', batches needs score=, which computes the losses of candidates from x and y")
            scores = self._scores(score)
        self._now, self._losses, self._asked = self._decider.decide(scores), {}, set()
        self._write()
        return self._now

    def _scores(self, score: Score) -> list[float | None]:
        """Solves all candidates of the next window and scores them."""
        ranks = self._decider.candidates()
        found = self._decider.scored(score, ranks, _SCORED, 1)
        return [found.get(rank) for rank in ranks]

    def _write(self) -> None:
        """Appends the lines of the log that are not in the file."""
        if self._path is None:
            return
        new = self._decider.log.lines[self._written :]
        try:
            with open(self._path, "a" if self._written else "x", encoding="utf-8") as file:
                file.write("".join(new))
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError as error:
            raise DatasetError(
                f"{self._path} exists already: load_state_dict goes on with it, replay reads it; or name another file"
            ) from error
        except OSError as error:
            raise DatasetError(f"cannot write {self._path}: {error.strerror}") from error
        self._written = len(self._decider.log.lines)

    def state_dict(self) -> dict[str, Any]:
        """Returns where it stands, as plain numbers: for a checkpoint, beside the log, which it needs."""
        state: dict[str, Any] = {
            "format": "steadyset-curated", "version": 1, "position": self.position, "windows": self._decider.windows,
            "chain": self._decider.log.chain, "losses": [], "unreported": sorted(self._asked - set(self._losses)),
        }  # fmt: skip
        state["losses"] = [[position, loss] for position, loss in sorted(self._losses.items())]
        if self._path is None:
            state["log"] = "".join(self._decider.log.lines)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Goes on where a state stands; what the log has beyond is removed from it, and decided again.

        Raises `ValueError` for what is no state, `DatasetError` where the log was cut, is damaged or of something else.
        """
        wanted = {"format", "version", "position", "windows", "chain", "losses", "unreported"} | (
            {"log"} if self._path is None else set()
        )
        if not isinstance(state, Mapping) or set(state) != wanted or state["format"] != "steadyset-curated" or (
            state["version"] != 1
        ):
            raise ValueError("this is not the state of a curated stream of version 1, with its log in the same place")
        windows, position = state["windows"], state["position"]
        decider = Decider(self.stream, self.how, self.size, self.seed)
        now = None
        if windows:
            text, name = (state["log"], "the state's log") if self._path is None else (_read(self._path), str(self._path))
            now = decider.resume(text, windows, state["chain"], name)
            if not now.first <= position <= now.first + self.size:
                raise ValueError(f"the state's position {position} is not in its window {windows - 1}")
            if self._path is not None:
                write_whole(self._path, [line.encode() for line in decider.log.lines])
        self._decider, self._now, self.position = decider, now, position
        self._losses = {int(at): loss for at, loss in state["losses"]}
        self._asked = set(self._losses) | set(state["unreported"])
        self._written = len(decider.log.lines) if windows else 0


class Replay(Windows):
    """The samples of a log; see `replay`."""

    def __init__(self, stream: Stream, log: str | os.PathLike[str]) -> None:
        self._name = os.fspath(log)
        _, lines = Log.parse(_read(pathlib.Path(log)), self._name)
        head = lines[0]
        try:
            self.how = Curation(**head["curation"])
            self.seed, size = int(head["seed"]), int(head["window"])
            first = list(head["first"])
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"{self._name}, line 1: this is no first line of a curation's log: {error}") from error
        if not 1 <= size <= MOST_POSITIONS:
            raise DatasetError(f"{self._name}, line 1: a window has from 1 to {MOST_POSITIONS} positions, not {size}")
        if stream.ids(range(len(stream.strata))) != first:
            raise DatasetError(f"{self._name}: is the log of another stream than {stream.name}, or of another release")
        super().__init__(stream, size)
        candidates = self.how.candidates
        self.windows = [
            window_of(members, number, size, candidates, self._name) for number, members in enumerate(lines[1:])
        ]
        """All there are."""

    def __repr__(self) -> str:
        return f"<steadyset.Replay of {self._name}: {len(self.windows)} windows of {self.size}>"

    def _window(self, score: Score | None) -> Window | None:
        number = self.position // self.size
        return self.windows[number] if number < len(self.windows) else None


def _read(path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingFileError(f"{path} does not exist: it is the log of a curated stream") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
