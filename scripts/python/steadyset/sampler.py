"""The sampler of `steadyset.torch`, without PyTorch: which samples a process sees in an iteration, and how many."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .order import Order, Position, Progress


class EpochSampler:
    """One process's share of each epoch. Every iteration is an epoch of its own, in an order of its own.

    An iteration begins the next epoch, but for three that begin where the state stands: the first one, the first after
    `load_state_dict`, which sees the rest of its epoch, and one after `set_epoch` or `next_epoch`. `len` is the number of
    samples that the next iteration gives; all processes are given equally many.

    A loader fetches ahead of the training, so the sampler cannot know what was learnt from: call `advance(samples)` with
    what all processes together have learnt from, then `state_dict()` says where to continue.

    `drop_last` leaves out what does not divide among the processes, otherwise samples from the epoch's beginning fill up.
    With `batch_size` it leaves out what fills no batch in every process too, as a loader with `drop_last` will. Raises
    `ValueError` where an epoch would then give nothing.
    """

    def __init__(
        self,
        count: int,
        order: Order | None = None,
        *,
        rank: int = 0,
        ranks: int = 1,
        drop_last: bool = False,
        batch_size: int = 1,
    ) -> None:
        if not 0 <= rank < ranks:
            raise ValueError(f"process {rank} of {ranks} does not exist")
        if batch_size < 1:
            raise ValueError(f"a batch has one sample at least, not {batch_size}")
        self.progress = Progress(count, order)
        self.rank, self.ranks, self.drop_last, self.batch_size = rank, ranks, drop_last, batch_size
        if self._length(Position()) == 0:
            raise ValueError(
                f"{count} samples do not fill a batch of {batch_size} in each of {ranks} processes, and drop_last leaves "
                "out what does not: no epoch would give a sample"
            )
        self._begun: int | None = None  # the epoch of the last iteration, where nothing has set another since

    def __iter__(self) -> Iterator[int]:
        at = self._next()
        self.progress.at = at
        self._begun = at.epoch
        start = at.position + self.rank
        return self.progress.order.walk(
            self.progress.count, at.epoch, start, at.position + self._length(at) * self.ranks, self.ranks
        )

    def __len__(self) -> int:
        return self._length(self._next())

    def _next(self) -> Position:
        """Where the next iteration begins."""
        at = self.progress.at
        if at.epoch == self._begun or self._length(at) == 0:
            return Position(at.epoch + 1)
        return at

    def _length(self, at: Position) -> int:
        """How many samples each process sees in the rest of an epoch."""
        each = self.progress.length_from(at, self.ranks, self.drop_last)
        return each // self.batch_size * self.batch_size if self.drop_last else each

    def set_epoch(self, epoch: int) -> None:
        """Makes the next iteration that of `epoch`, as PyTorch's `DistributedSampler` does.

        A loaded state that stands in this epoch keeps its position, so that a trainer may call this before every epoch.
        """
        position = Position(epoch)
        if self._begun is not None or epoch != self.progress.at.epoch:
            self.progress.move(position)
        self._begun = None

    def next_epoch(self) -> None:
        """Goes to the beginning of the next epoch."""
        self.progress.next_epoch()
        self._begun = None

    def advance(self, samples: int) -> None:
        """Notes that all processes together have learnt from `samples` more; the next epoch begins where one is full."""
        self.progress.advance(samples)

    def state_dict(self) -> dict[str, Any]:
        """Returns where training stands: seed, epoch, position, number of samples."""
        return self.progress.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continues where a state stands, with any number of processes."""
        self.progress.load_state_dict(state)
        self._begun = None
