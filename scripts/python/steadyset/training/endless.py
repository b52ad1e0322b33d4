"""Batches of the training part without an end, which are drawn and solved ahead of the training."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dataset import Dataset
from ..order import Order
from ..storage import LocalFolder
from ..streams import Stream, stream
from ..streams.ahead import worked_ahead
from ..streams.decisions import Curation, Decider, Score, Window
from .errors import TrainingError
from .loader import LoadedBatch


class EndlessLoader:
    """Epoch e has the training ranks e·count … (e + 1)·count − 1, in their order, as in `steadyset train`."""

    def __init__(self, stream: Stream, count: int, batch: int, *, threads: int = 2) -> None:
        self.stream, self.count, self.batch, self.threads = stream, count, batch, threads

    @property
    def batches(self) -> int:
        return -(-self.count // self.batch)

    def names(self, order: Order, epoch: int, number: int) -> list[str]:
        return [id for id in self.stream.ids(self._positions(epoch, number)) if id is not None]

    def epoch(self, order: Order, epoch: int, rank: int = 0, ranks: int = 1) -> Iterator[LoadedBatch]:
        shares = [self._positions(epoch, number)[rank::ranks] for number in range(self.batches)]
        for made in worked_ahead(map(self.stream.job, shares), self.threads, self.threads + 1):
            index = np.array(made.positions, np.int64)
            yield LoadedBatch(made.fields["x"], made.fields["y"], index, len(index) if ranks == 1 else None)

    def _positions(self, epoch: int, number: int) -> range:
        first = epoch * self.count
        return range(first + number * self.batch, first + min(self.count, (number + 1) * self.batch))


def _known(losses: npt.NDArray[np.float64]) -> list[float | None]:
    """Losses, with whether they are known below each, as a list with None for those that are not."""
    return [float(loss) if known else None for loss, known in losses.T.tolist()]


class CuratedLoader:
    """Epoch e has what was decided for window e of a curated stream, as in `steadyset train`; `index` counts in the window.

    `gather` sums an array of float64 over all processes, each of which decides by itself, and the same.
    """

    def __init__(
        self, stream: Stream, how: Curation, count: int, batch: int, seed: int, *, threads: int = 2,
        gather: Callable[[Any], Any] = lambda values: values,
    ) -> None:  # fmt: skip
        self.stream, self.count, self.batch, self.threads, self.gather = stream, count, batch, threads, gather
        self.score: Score | None = None
        """What gives candidates' losses; set by the trainer."""
        self._decider = Decider(stream, how, count, seed)
        self._window: Window | None = None
        self._losses = np.empty(0)

    @property
    def batches(self) -> int:
        return -(-self.count // self.batch)

    @property
    def log(self) -> str:
        """The log so far."""
        return "".join(self._decider.log.lines)

    def names(self, order: Order, epoch: int, number: int) -> list[str]:
        assert self._window is not None
        ranks = self._window.ranks(self._positions(number))
        return [id for rank in ranks[ranks >= 0].tolist() for id in self.stream.ids(range(rank, rank + 1)) if id is not None]

    def epoch(self, order: Order, epoch: int, rank: int = 0, ranks: int = 1) -> Iterator[LoadedBatch]:
        scores = self._scores(rank, ranks) if self._decider.how.by == "loss" else None
        window = self._window = self._decider.decide(scores)
        self._losses = np.zeros((2, self.count))
        shares = [self._positions(number)[rank::ranks] for number in range(self.batches)]
        wanted = [window.ranks(share) for share in shares]
        jobs = (self.stream.job_of(one[one >= 0]) for one in wanted)
        for share, drawn, made in zip(shares, wanted, worked_ahead(jobs, self.threads, self.threads + 1)):
            at = dict(zip(drawn.tolist(), share))
            index = np.array([at[place] for place in made.positions], np.int64) - window.first
            whole = len(index) if ranks == 1 else None
            yield LoadedBatch(made.fields["x"], made.fields["y"], index, whole, window.weights[index])

    def report(self, batch: LoadedBatch, losses: Any) -> None:
        """Notes the losses of a batch of this process, (samples)."""
        self._losses[0, batch.index] = losses
        self._losses[1, batch.index] = 1

    def learn(self) -> float:
        """Learns from the losses of all processes; returns what the mean loss of the design would be."""
        assert self._window is not None
        self._losses = self.gather(self._losses)
        self._decider.learn(_known(self._losses))
        weights = self._window.weights * self._losses[1]
        return float((weights * self._losses[0]).sum() / weights.sum())

    def _scores(self, rank: int, ranks: int) -> list[float | None]:
        """The losses of all candidates of the next window, of which each process computes a share."""
        assert self.score is not None
        candidates = self._decider.candidates()
        own = self._decider.scored(self.score, candidates[rank::ranks], self.batch, self.threads)
        found = np.zeros((2, len(candidates)))
        for place, loss in own.items():
            found[:, place - candidates.start] = loss, 1
        return _known(self.gather(found))

    def state(self) -> dict[str, Any]:
        """Returns what a checkpoint keeps, as plain numbers and text."""
        return {"log": self.log, "chain": self._decider.log.chain, "losses": _known(self._losses)}

    def resume(self, state: dict[str, Any], epochs: int) -> None:
        """Goes on after `epochs` epochs."""
        self._window = self._decider.resume(state["log"], epochs, state["chain"], "the checkpoint's log")
        self._decider.learn(state["losses"])

    def _positions(self, number: int) -> range:
        first = self._decider.windows * self.count - self.count
        return range(first + number * self.batch, first + min(self.count, (number + 1) * self.batch))


def stream_of(dataset: Dataset) -> Stream:
    """Returns the stream of which the dataset is a beginning. Raises `TrainingError` where nobody knows what was drawn."""
    storage = dataset._storage
    if not isinstance(storage, LocalFolder) or pathlib.Path(storage.root).name != "pack":
        raise TrainingError(
            f"train.selection 'endless' draws on, so it needs the folder of the dataset with its stages, not {storage.root}"
        )
    found = stream(pathlib.Path(storage.root).parent)
    if found.physics != dataset.physics:
        raise TrainingError(f"{storage.root} has another physics than the stages beside it: run 'steadyset run' again")
    return found
