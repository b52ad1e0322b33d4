"""The order in which samples are visited: a pure function of seed, epoch and position.

Nothing is stored and nothing depends on how many processes share the work, so training continues exactly where it
stopped, on another number of machines if need be. The article *Reading* specifies the function with test vectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

IndexArray = npt.NDArray[np.int64]
_Words = npt.NDArray[np.uint64]

_STREAM = 16
_ROUNDS = 8
_BLOCK = 4096
_MASK = np.uint64(0xFFFFFFFF)
_WIDTH = np.uint64(32)


def philox_block(
    key: tuple[int, int], counter: tuple[_Words, _Words, _Words, _Words]
) -> tuple[_Words, _Words, _Words, _Words]:
    """Returns the four words of Philox4x32-10 (Salmon et al. 2011, §4.3) at each counter.

    Words are 32 bits in arrays of uint64, all of one shape or scalars.
    """
    a, b, c, d = counter
    k0, k1 = key
    for _ in range(10):
        p, q = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b = (q >> _WIDTH) ^ b ^ np.uint64(k0), q & _MASK
        c, d = (p >> _WIDTH) ^ d ^ np.uint64(k1), p & _MASK
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return a, b, c, d


def philox(key: tuple[int, int], counter: tuple[_Words, _Words, _Words, _Words]) -> _Words:
    """Returns the first word of Philox4x32-10 at each counter, as `philox_block` does all four."""
    return philox_block(key, counter)[0]


def permute(elements: npt.ArrayLike, count: int, seed: int, epoch: int, purpose: int = _STREAM) -> IndexArray:
    """Returns the images of `elements`, integers of 0 … count − 1, under the permutation of (count, seed, epoch); `purpose` is
    the second word of the generator's key.

    A balanced Feistel network of eight rounds (Luby and Rackoff 1988) on the least even number of bits that holds
    `count`, with Philox as its round function; what falls outside is enciphered again (cycle walking, Black and Rogaway
    2002, §3). O(elements), fewer than four passes expected.
    """
    images = np.array(elements, np.uint64, ndmin=1)
    if not 1 <= count <= 1 << 60:
        raise ValueError(f"a permutation needs from 1 to 2**60 elements, not {count}")
    if images.size and int(images.max()) >= count:
        raise IndexError(f"position {int(images.max())} is outside an order of {count}")
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    bits, mask = np.uint64(half), np.uint64((1 << half) - 1)
    zero, number = np.uint64(0), np.uint64(epoch)
    pending = np.arange(images.size)
    while pending.size:
        value = images[pending]
        left, right = value >> bits, value & mask
        for turn in range(_ROUNDS):
            word = philox((seed, purpose), (np.full_like(right, turn), right, number + zero * right, zero * right))
            left, right = right, left ^ (word & mask)
        images[pending] = left << bits | right
        pending = pending[images[pending] >= count]
    return images.astype(np.int64)


@dataclass(frozen=True)
class Position:
    """Where in the order a training stands: samples `0 … position − 1` of `epoch` have been seen, by all processes."""

    epoch: int = 0
    position: int = 0


@dataclass(frozen=True)
class Order:
    """An order of samples in every epoch; `shuffle=False` is the order of ranks in all of them.

    `seed` and epochs are whole numbers below 2**32.
    """

    seed: int = 0
    shuffle: bool = True

    def __post_init__(self) -> None:
        if not _is_below(self.seed, 1 << 32):
            raise ValueError(f"a seed is a whole number below 2**32, not {self.seed!r}")

    def indices(self, positions: npt.ArrayLike, count: int, epoch: int = 0) -> IndexArray:
        """Returns which of `count` samples come at `positions` of an epoch."""
        _check_epoch(epoch)
        if self.shuffle:
            return permute(positions, count, self.seed, epoch)
        return np.array(positions, np.int64, ndmin=1)

    def walk(self, count: int, epoch: int = 0, start: int = 0, stop: int | None = None, step: int = 1) -> Iterator[int]:
        """Yields the samples at the positions start, start + step, … below `stop` (default `count`)."""
        positions = range(start, count if stop is None else stop, step)
        for first in range(0, len(positions), _BLOCK):
            block = positions[first : first + _BLOCK]
            yield from self.indices(np.arange(block.start, block.stop, block.step) % count, count, epoch).tolist()


def _is_below(value: Any, limit: int) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and bool(0 <= value < limit)


def _check_epoch(epoch: Any) -> None:
    if not _is_below(epoch, 1 << 32):
        raise ValueError(f"an epoch is a whole number below 2**32, not {epoch!r}")


class Progress:
    """A position in an order that a training moves forward, saves and restores.

    `count` is the number of samples of an epoch. The state is global: it counts the samples that all processes have
    seen, so any other number of processes can continue from it.
    """

    def __init__(self, count: int, order: Order | None = None) -> None:
        if count < 1:
            raise ValueError("there are no samples to order")
        self.count = count
        self.order = order if order is not None else Order()
        self.at = Position()

    def advance(self, samples: int) -> None:
        """Notes that all processes together have seen `samples` more; the next epoch begins where one is full."""
        if samples < 0:
            raise ValueError("one cannot advance by less than nothing")
        position = self.at.position + samples
        if position >= self.count:
            self.next_epoch()
        else:
            self.at = replace(self.at, position=position)

    def next_epoch(self) -> None:
        """Goes to the beginning of the next epoch."""
        self.at = Position(self.at.epoch + 1)

    def move(self, at: Position) -> None:
        """Goes to a position in an epoch. Raises `ValueError` for one that no epoch has."""
        _check_epoch(at.epoch)
        if not _is_below(at.position, self.count):
            raise ValueError(f"the position {at.position!r} is outside an epoch of {self.count} samples")
        self.at = Position(int(at.epoch), int(at.position))

    def share(self, rank: int = 0, ranks: int = 1, drop_last: bool = False) -> Iterator[int]:
        """Yields the samples that process `rank` of `ranks` sees in the rest of this epoch.

        The process sees the positions p + rank, p + rank + ranks, …. All see equally many: where the rest does not divide
        evenly, `drop_last` leaves the remainder out, otherwise positions from the epoch's beginning fill it up. Raises
        `ValueError` where `drop_last` leaves nothing: the rest of this epoch is smaller than the number of processes.
        """
        if not 0 <= rank < ranks:
            raise ValueError(f"process {rank} of {ranks} does not exist")
        start = self.at.position
        each = self.length(ranks, drop_last)
        if each == 0:
            raise ValueError(
                f"{self.count - start} samples are left of epoch {self.at.epoch}, too few for {ranks} processes with drop_last: "
                "go on with next_epoch()" if start else f"{self.count} samples are too few for {ranks} processes with drop_last"
            )  # fmt: skip
        return self.order.walk(self.count, self.at.epoch, start + rank, start + each * ranks, ranks)

    def length(self, ranks: int = 1, drop_last: bool = False) -> int:
        """Returns how many samples each of `ranks` processes sees in the rest of this epoch."""
        return self.length_from(self.at, ranks, drop_last)

    def length_from(self, at: Position, ranks: int = 1, drop_last: bool = False) -> int:
        """Returns how many samples each of `ranks` processes sees in the rest of the epoch after `at`."""
        rest = self.count - at.position
        return rest // ranks if drop_last else -(-rest // ranks)

    def state_dict(self) -> dict[str, Any]:
        """Returns the state as plain numbers, for JSON or a checkpoint."""
        return {
            "format": "steadyset-order", "version": 1, "count": self.count, "seed": self.order.seed,
            "shuffle": self.order.shuffle, "epoch": self.at.epoch, "position": self.at.position,
        }  # fmt: skip

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores a state. One of another number of samples is refused: its positions mean other samples."""
        try:
            if state["format"] != "steadyset-order" or state["version"] != 1:
                raise ValueError("this is not the state of an order of version 1")
            if state["count"] != self.count:
                raise ValueError(f"the state is of an order of {state['count']} samples, this one has {self.count}")
            if not isinstance(state["shuffle"], bool):
                raise ValueError(f"the state's 'shuffle' is true or false, not {state['shuffle']!r}")
            order, at = Order(state["seed"], state["shuffle"]), Position(state["epoch"], state["position"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is not the state of an order: it lacks {error}") from error
        self.move(at)
        self.order = order
