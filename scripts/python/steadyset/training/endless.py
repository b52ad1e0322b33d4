"""Batches of the training part without an end, which are drawn and solved ahead of the training."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator

import numpy as np

from ..dataset import Dataset
from ..order import Order
from ..storage import LocalFolder
from ..streams import Stream, stream
from ..streams.ahead import Ahead
from ..streams.endless import Made
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
        jobs = (self.stream.job(share) for share in shares)
        ahead: Ahead[Made] = Ahead(jobs, self.threads, self.threads + 1)
        try:
            for made in ahead:
                index = np.array(made.positions, np.int64)
                yield LoadedBatch(made.fields["x"], made.fields["y"], index, len(index) if ranks == 1 else None)
        finally:
            ahead.close()

    def _positions(self, epoch: int, number: int) -> range:
        first = epoch * self.count
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
