"""Datasets of a shard's HDF5 file, read through a storage: whole, or where they lie.

To read such a file, and to forget how it was opened, the HDF5 library calls back into Python. What is open at the end of the
process it closes itself, when no interpreter is left to be called: a crash. So nothing of h5py outlives a read here, neither
in the frames of a failure that somebody keeps nor in a thread that the end stops in the midst of one.
"""

from __future__ import annotations

import atexit
import functools
import math
import os
import sys
import threading
import traceback
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from .errors import DatasetError
from .storage import Storage, open_file

T = TypeVar("T")

_PATIENCE = 60.0
"""Seconds that the interpreter's end waits for a read under way; a server that does not answer takes 40."""


class _Reading:
    """Held while a file is read. h5py reads one file at a time anyway. The interpreter's end waits for it, and lets no other in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended = False

    def __enter__(self) -> None:
        self._lock.acquire()
        if self._ended:
            self._lock.release()
            raise DatasetError("the interpreter is at its end: nothing can be read any more")

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def end(self) -> None:
        # Not the lock first: a thread that waits for it may be the next to get it.
        self._ended = True
        if self._lock.acquire(timeout=_PATIENCE):
            self._lock.release()


_reading = _Reading()
# Daemon threads run until here, and are stopped wherever they are soon after.
atexit.register(_reading.end)
if hasattr(os, "register_at_fork"):
    # A thread that held the lock at the fork is not there in the child to release it.
    os.register_at_fork(after_in_child=_reading.__init__)  # type: ignore[misc]


class Layout(NamedTuple):
    """Where a dataset lies in its file: one range of bytes from `offset` on."""

    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


def read_dataset(storage: Storage, path: str, size: int, name: str) -> npt.NDArray[Any]:
    """Returns the dataset `name` of the HDF5 file `path`, of `size` bytes; empty where there is none.

    The file may be a stranger's: what it says is bounded by its size. Raises `DatasetError`.
    """
    values: npt.NDArray[Any] | None = _look(storage, path, size, name, lambda found: found[...])
    return np.empty(0) if values is None else values


def read_layout(storage: Storage, path: str, size: int, name: str) -> Layout | None:
    """Returns where the dataset `name` of the HDF5 file `path` lies, None where there is none.

    Raises `DatasetError`, also for one that is not stored as a plain range of bytes within the file.
    """
    layout = _look(
        storage, path, size, name,
        lambda found: Layout(found.id.get_offset(), np.dtype(found.dtype.str), tuple(found.shape)),
    )  # fmt: skip
    if layout is not None:
        length = math.prod(layout.shape) * layout.dtype.itemsize
        if layout.offset is None or not 0 <= layout.offset <= size - length:
            raise DatasetError(f"{storage.root}/{path} is damaged: '{name}' is not a plain range of bytes of it")
    return layout


def _look(storage: Storage, path: str, size: int, name: str, take: Callable[[Any], T]) -> T | None:
    damage: list[str] = []
    try:
        return _look_once(storage, path, size, name, take, damage)
    except DatasetError:
        if not damage or not storage.forget(path):
            raise
    return _look_once(storage, path, size, name, take, damage)


def _look_once(
    storage: Storage, path: str, size: int, name: str, take: Callable[[Any], T], damage: list[str]
) -> T | None:
    """`damage` is told what is wrong with a file that could be read."""
    before = sys.exc_info()[1]
    stream = open_file(storage, path, size)
    with _reading:
        try:
            return _take(stream, size, name, take)
        except BaseException as error:
            _empty_frames(error, before)
            if isinstance(error, DatasetError) or not isinstance(error, _FAILURES):
                raise
            # h5py says something of its own where a read failed.
            failure: DatasetError | None = getattr(stream, "failure", None)
            if failure is not None:
                _empty_frames(failure, before)
                raise failure from error
            damage.append(f"{error}")
            raise DatasetError(f"{storage.root}/{path} is damaged: {error}") from error


_FAILURES = (OSError, LookupError, RuntimeError, TypeError, ValueError, MemoryError)


@functools.cache
def _library() -> Any:
    """Returns h5py, which at its own end takes its conversions back from the HDF5 library, with no lock held.

    What is registered last is called first: so reading ends before that.
    """
    import h5py

    atexit.register(_reading.end)
    return h5py


def _take(stream: Any, size: int, name: str, take: Callable[[Any], T]) -> T | None:
    h5py = _library()
    with h5py.File(stream, "r") as file:
        link = file.get(name, getlink=True)
        if link is None:
            return None
        if not isinstance(link, h5py.HardLink) or not isinstance(found := file[name], h5py.Dataset):
            raise ValueError(f"'{name}' is no dataset of this file")
        if found.external or found.is_virtual:
            raise ValueError(f"'{name}' has its values in other files")
        if found.dtype.kind not in "fiu" or found.nbytes > size:
            raise ValueError(f"'{name}' has more than the file can hold, or values that are no numbers")
        return take(found)


def _empty_frames(error: BaseException, before: BaseException | None) -> None:
    """Forgets the variables of the frames that a failure came through, and those of what it came from, as far as `before`."""
    waiting, seen = [error], {id(before)}
    while waiting:
        found = waiting.pop()
        if id(found) not in seen:
            seen.add(id(found))
            traceback.clear_frames(found.__traceback__)
            waiting += [other for other in (found.__cause__, found.__context__) if other is not None]
