"""Ranges of bytes of one file that are kept in another, record after record.

A record is a head and the bytes: magic, start, length, CRC-32 of the bytes, CRC-32 of the head up to here, little-endian. One
process at a time appends (flock). What lies behind the last whole record, as a crash leaves it, the next writer cuts off.
"""

from __future__ import annotations

import fcntl
import os
import struct
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from ..storage import Bytes, OpenFile, read_into

_HEAD = struct.Struct("<4sQII")
_SUM = struct.Struct("<I")
_MAGIC = b"SSR1"
HEAD_BYTES = _HEAD.size + _SUM.size
MOST = 1 << 30
"""Bytes of a record."""


Piece = tuple[int, memoryview]
"""Where bytes begin, and the bytes."""


class Record(NamedTuple):
    """`length` bytes from `start` of the file that is read; `place` is where they are kept."""

    start: int
    length: int
    place: int
    checksum: int


class Found(NamedTuple):
    """Records that together have a range, one behind the other, and the open file that they are in."""

    file: OpenFile
    records: list[Record]

    def copy(self, start: int, out: Bytes) -> bool:
        """Writes the bytes from `start` on into `out`; False where they are not those that were kept."""
        try:
            return all(self._copy_one(record, start, out) for record in self.records)
        except OSError:
            return False

    def _copy_one(self, record: Record, start: int, out: Bytes) -> bool:
        first, end = max(record.start, start), min(record.start + record.length, start + len(out))
        whole = end - first == record.length
        data = out[first - start : end - start] if whole else np.empty(record.length, np.uint8)
        done = 0
        while done < len(data):
            count = read_into(self.file.descriptor, data[done:], record.place + done)
            if count == 0:
                return False
            done += count
        if zlib.crc32(data.data) != record.checksum:
            return False
        if not whole:
            out[first - start : end - start] = data[first - record.start : end - record.start]
        return True


class KeptRanges:
    """What is kept of one file, 24 bytes of memory a record. Not safe for threads, but for what `find` returned."""

    def __init__(self, path: str, size: int) -> None:
        self.path = path
        self._size = size
        self.forget()

    def forget(self) -> None:
        """Forgets where records are; the next call looks anew."""
        self._starts, self._lengths, self._places, self._sums = array("Q"), array("I"), array("Q"), array("I")
        self._last: Record | None = None
        self._identity = (-1, -1)
        self._file: OpenFile | None = None

    def discard(self) -> None:
        """Removes the file, which is damaged, unless another process has put a new one in its place."""
        try:
            status = os.stat(self.path, follow_symlinks=False)
            if (status.st_dev, status.st_ino) == self._identity:
                os.unlink(self.path)
        except OSError:
            pass
        self.forget()

    def close(self) -> None:
        """Closes the file, until it is needed again."""
        self._file = None

    def find(self, start: int, length: int) -> Found | None:
        """Returns where a range of at least one byte is kept, None where not all of it is. Raises `OSError`."""
        records = self._records(start, length)
        if records is None and self._open() and os.fstat(self._opened.descriptor).st_size > self._end:
            self._scan(self._opened.descriptor)
            records = self._records(start, length)
        return Found(self._opened, records) if records is not None and self._open() else None

    def add(self, pieces: Iterable[Piece]) -> int:
        """Appends what is not there yet of (start, bytes); returns how many bytes the file grew by. Raises `OSError`."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            try:
                return self._append(descriptor, pieces)
            finally:
                # A child of a fork has this descriptor too; it must not go on holding the lock.
                fcntl.flock(descriptor, fcntl.LOCK_UN)
        finally:
            os.close(descriptor)

    def _append(self, descriptor: int, pieces: Iterable[Piece]) -> int:
        self._follow(descriptor)
        if self._last is not None and os.pread(descriptor, HEAD_BYTES, self._last.place - HEAD_BYTES) != _head(self._last):
            # Somebody cut off what was damaged before it, and went on from there.
            self.forget()
            self._follow(descriptor)
        self._scan(descriptor)
        before = self._end
        if os.fstat(descriptor).st_size > before:
            os.ftruncate(descriptor, before)
        try:
            for start, data in pieces:
                if self._records(start, len(data)) is None:
                    record = Record(start, len(data), self._end + HEAD_BYTES, zlib.crc32(data))
                    _write(descriptor, _head(record), self._end)
                    _write(descriptor, data, record.place)
                    self._insert(record)
        except OSError:
            os.ftruncate(descriptor, self._end)
            raise
        return self._end - before

    @property
    def _end(self) -> int:
        """Where the last record that is known ends."""
        return 0 if self._last is None else self._last.place + self._last.length

    @property
    def _opened(self) -> OpenFile:
        assert self._file is not None
        return self._file

    def _open(self) -> bool:
        if self._file is None:
            try:
                file = OpenFile(self.path)
            except FileNotFoundError:
                self.forget()
                return False
            self._follow(file.descriptor)
            self._file = file
        return True

    def _follow(self, descriptor: int) -> None:
        """Forgets what is known of another file: one that another process removed, as room was needed."""
        status = os.fstat(descriptor)
        if self._identity != (status.st_dev, status.st_ino):
            self.forget()
            self._identity = (status.st_dev, status.st_ino)

    def _records(self, start: int, length: int) -> list[Record] | None:
        found, place = [], start
        while place < start + length:
            k = bisect_right(self._starts, place) - 1
            if k < 0 or self._starts[k] + self._lengths[k] <= place:
                return None
            found.append(Record(self._starts[k], self._lengths[k], self._places[k], self._sums[k]))
            place = found[-1].start + found[-1].length
        return found

    def _scan(self, descriptor: int) -> None:
        """Takes in the records behind those that are known."""
        for record in _read_records(descriptor, self._end, self._size):
            self._insert(record)

    def _insert(self, record: Record) -> None:
        """Takes in a record, unless another has all of it, and drops those that it has all of: of those that are left, the last to
        begin before a place is the last to end, too."""
        self._last = record
        k, end = bisect_right(self._starts, record.start), record.start + record.length
        if k > 0 and self._starts[k - 1] + self._lengths[k - 1] >= end:
            return
        if k > 0 and self._starts[k - 1] == record.start:
            k -= 1
        first = k
        while k < len(self._starts) and self._starts[k] + self._lengths[k] <= end:
            k += 1
        for column, value in zip((self._starts, self._lengths, self._places, self._sums), record):
            column[first:k] = array(column.typecode, [value])


def _head(record: Record) -> bytes:
    head = _HEAD.pack(_MAGIC, record.start, record.length, record.checksum)
    return head + _SUM.pack(zlib.crc32(head))


def _read_records(descriptor: int, place: int, size: int) -> Iterator[Record]:
    """Yields the whole records from `place` on, of a file of `size` bytes."""
    end = os.fstat(descriptor).st_size
    while place + HEAD_BYTES <= end:
        head = os.pread(descriptor, HEAD_BYTES, place)
        if len(head) < HEAD_BYTES or _SUM.unpack_from(head, _HEAD.size)[0] != zlib.crc32(head[: _HEAD.size]):
            return
        magic, start, length, checksum = _HEAD.unpack_from(head)
        place += HEAD_BYTES
        if magic != _MAGIC or not 0 < length <= MOST or start + length > size or place + length > end:
            return
        yield Record(start, length, place, checksum)
        place += length


def _write(descriptor: int, data: memoryview | bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(descriptor, view, place)
        view, place = view[count:], place + count
