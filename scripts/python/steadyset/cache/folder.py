"""A folder behind a URL, of whose files the ranges that were read are kept on a disk."""

from __future__ import annotations

import hashlib
import os
import pathlib
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import DatasetError
from ..storage import Bytes, Range, Sound, Storage
from .ranges import HEAD_BYTES, MOST, Found, KeptRanges, Piece
from .room import Room

_SMALL = 8 << 20
"""Bytes of a file that is fetched whole where a part of it has no checksum: then the file's own digest says what is right."""
_BLOCK = 1 << 16
"""Bytes of a record of such a file."""
_OPEN = 64


class Listed(NamedTuple):
    """What a manifest says of a file."""

    sha256: str
    bytes: int


class CachedFolder:
    """A folder of which what was read stays on a disk, in `folder`, of at most `limit` bytes.

    `files` are those that a manifest lists; others are read as if nothing were kept. What is kept of a file has the name of
    its digest: another content has another name, whatever the URL. Bytes are kept when they are known to be right: by the
    checksums that `sound` knows; by the digest of a file that is small enough to be fetched whole; else where the file has
    the size that is listed. They are compared with a checksum of their own when they are read again, and fetched anew where
    they differ. A disk that is full or cannot be written to gives one warning, and nothing more is kept.

    Safe for threads and processes, and after a fork; it pickles.
    """

    def __init__(self, origin: Storage, folder: str | os.PathLike[str], limit: int, files: Mapping[str, Listed]) -> None:
        self.origin = origin
        """Where the files are."""
        self._folder, self._limit, self._files = os.path.abspath(folder), limit, dict(files)
        self._reset()

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._kept: dict[str, KeptRanges] = {}
        self._open: OrderedDict[str, KeptRanges] = OrderedDict()
        self._room = Room(self._folder, self._limit)
        self._works = True

    def __getstate__(self) -> dict[str, Any]:
        return {name: self.__dict__[name] for name in ("origin", "_folder", "_limit", "_files")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    @property
    def root(self) -> str:
        return self.origin.root

    def size(self, path: str) -> int | None:
        return self.origin.size(path)

    def forget(self, path: str) -> bool:
        listed = self._files.get(path)
        if listed is not None:
            self._enter()
            with self._lock:
                self._of(listed).discard()
        return self.origin.forget(path)

    def read_all(self, path: str, maximum: int) -> bytes:
        listed = self._files.get(path)
        if listed is None or not 0 < listed.bytes <= maximum:
            return self.origin.read_all(path, maximum)
        self._enter()
        whole = Range(path, 0, listed.bytes)
        with self._lock:
            kept = self._find(whole) is not None
        if kept:
            data = np.empty(listed.bytes, np.uint8)
            if self._recall(whole, data) and _is(data.data, listed):
                return data.tobytes()
        found = self.origin.read_all(path, maximum)
        if _is(found, listed):
            self._keep(path, _blocks(memoryview(found)))
        return found

    def read(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int], Bytes]:
        fetched = self._fetch_missing(ranges, sound)

        def give(k: int) -> Bytes:
            data = fetched.get(k)
            if data is None:
                buffer: Bytes | None = getattr(self._local, "buffer", None)
                if buffer is None or len(buffer) < ranges[k].length:
                    buffer = self._local.buffer = np.empty(ranges[k].length + ranges[k].length // 2, np.uint8)
                data = buffer[: ranges[k].length]
                self._fill(ranges, k, sound, data)
            return data

        return give

    def reader(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int, Bytes], None]:
        fetched = self._fetch_missing(ranges, sound)

        def fill(k: int, data: Bytes) -> None:
            if k in fetched:
                data[:] = fetched[k]
            else:
                self._fill(ranges, k, sound, data)

        return fill

    def _fetch_missing(self, ranges: Sequence[Range], sound: Sound | None) -> dict[int, Bytes]:
        self._enter()
        with self._lock:
            missing = [k for k, found in enumerate(ranges) if found.length and self._find(found) is None]
        return self._fetch(ranges, missing, sound) if missing else {}

    def _fill(self, ranges: Sequence[Range], k: int, sound: Sound | None, data: Bytes) -> None:
        if len(data) and not self._recall(ranges[k], data):
            data[:] = self._fetch(ranges, [k], sound)[k]

    def _recall(self, wanted: Range, data: Bytes) -> bool:
        """Whether a range is kept; it is in `data` then."""
        with self._lock:
            found = self._find(wanted)
        if found is None:
            return False
        if found.copy(wanted.start, data):
            return True
        with self._lock:
            self._of(self._files[wanted.path]).discard()
        return False

    def _fetch(self, ranges: Sequence[Range], numbers: Sequence[int], sound: Sound | None) -> dict[int, Bytes]:
        """Fetches ranges, and keeps what is sound of them."""
        fetched: dict[int, Bytes] = {}
        if sound is None:
            for path in dict.fromkeys(ranges[k].path for k in numbers):
                listed = self._files.get(path)
                if listed is not None and listed.bytes <= _SMALL:
                    data = self._fetch_whole(path, listed)
                    for k in numbers:
                        _, start, length = ranges[k]
                        if ranges[k].path == path and start + length <= listed.bytes:
                            fetched[k] = data[start : start + length].copy()
        others = [k for k in numbers if k not in fetched]
        if not others:
            return fetched
        known = None if sound is None else lambda j, data: sound(others[j], data)
        read = self.origin.read([ranges[k] for k in others], known)
        pieces: dict[str, list[Piece]] = {}
        for j, k in enumerate(others):
            fetched[k] = read(j).copy()
            if known is None or known(j, fetched[k]):
                pieces.setdefault(ranges[k].path, []).append((ranges[k].start, fetched[k].data))
        for path, found in pieces.items():
            listed = self._files.get(path)
            if listed is not None and (sound is not None or self.origin.size(path) in (None, listed.bytes)):
                self._keep(path, found)
        return fetched

    def _fetch_whole(self, path: str, listed: Listed) -> Bytes:
        """Fetches a file, once more where it is not what is listed, and keeps it."""
        whole = Range(path, 0, listed.bytes)
        data = self.origin.read([whole], lambda _, data: _is(data.data, listed))(0)
        if not _is(data.data, listed):
            raise DatasetError(
                f"{self.root}/{path} is not what the manifest lists (SHA-256 differs), twice: it is damaged there, or another "
                "dataset took its place: open it again"
            )
        self._keep(path, _blocks(data.data))
        return data

    def _keep(self, path: str, pieces: Iterable[Piece]) -> None:
        listed = self._files[path]
        found = [(start, data) for start, data in pieces if len(data) <= MOST and start + len(data) <= listed.bytes]
        with self._lock:
            if not self._works:
                return
            try:
                pathlib.Path(self._folder).mkdir(mode=0o700, parents=True, exist_ok=True)
                if self._room.take(sum(len(data) + HEAD_BYTES for _, data in found)):
                    self._of(listed).add(found)
            except OSError as error:
                self._fails(error)

    def _find(self, wanted: Range) -> Found | None:
        """Where a range is kept; the lock is held."""
        listed = self._files.get(wanted.path)
        if listed is None:
            return None
        kept = self._of(listed)
        self._open[listed.sha256] = kept
        self._open.move_to_end(listed.sha256)
        if len(self._open) > _OPEN:
            self._open.popitem(last=False)[1].close()
        self._room.use(os.path.basename(kept.path))
        try:
            return kept.find(wanted.start, wanted.length)
        except (OSError, DatasetError) as error:
            if self._works:
                self._fails(error)
            return None

    def _of(self, listed: Listed) -> KeptRanges:
        kept = self._kept.get(listed.sha256)
        if kept is None:
            path = os.path.join(self._folder, f"{listed.sha256}.ranges")
            kept = self._kept[listed.sha256] = KeptRanges(path, listed.bytes)
        return kept

    def _enter(self) -> None:
        # Another thread may have held the lock at the fork, or have been about to note a record.
        if self._process != os.getpid():
            self._reset()

    def _fails(self, error: Exception) -> None:
        self._works = False
        words = getattr(error, "strerror", None) or error
        text = f"the cache {self._folder} cannot be used ({words}): nothing more of {self.root} is kept in it"
        warnings.warn(text, stacklevel=2)


def _is(data: memoryview | bytes, listed: Listed) -> bool:
    return len(data) == listed.bytes and hashlib.sha256(data).hexdigest() == listed.sha256


def _blocks(data: memoryview) -> Iterable[Piece]:
    return ((start, data[start : start + _BLOCK]) for start in range(0, len(data), _BLOCK))
