"""Memory that this process shares with its engines: an anonymous file, blocks of which are lent out as arrays.

A block goes back with the last array over it and is lent again, as fresh pages cost more than decoding into them. Nothing is
left of the file when the last process that has it ends, however it ends.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import mmap
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import EngineError, NoEngineError

FloatArray = npt.NDArray[np.float32]
Shape = tuple[int, ...]

_KEPT = 256 << 20
"""Bytes of free blocks that stay filled; more do where more is lent."""
_LEAST = 1 << 16
_MAP_POPULATE = 0x8000
_MAP_NORESERVE = 0x4000
_MAP_FIXED = 0x10
_MADV_REMOVE = 9

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
_libc.mmap.restype = ctypes.c_void_p
_libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]


class Retired(Exception):
    """The memory was given up for a fork; there is a new one."""


class _Block:
    """Some pages of the file, and where they are mapped here."""

    __slots__ = ("address", "at", "filled", "size")

    def __init__(self, address: int, at: int, size: int) -> None:
        self.address, self.at, self.size, self.filled = address, at, size, True


class Lease:
    """A block that is lent: the base of all arrays over it."""

    def __init__(self, memory: Memory, block: _Block, shape: Shape) -> None:
        self.memory, self.block = memory, block
        self.__array_interface__ = {"version": 3, "typestr": "<f4", "shape": shape, "data": (block.address, False)}

    def __del__(self, ends: Callable[[], bool] = sys.is_finalizing) -> None:
        if not ends():
            self.memory.take_back(self.block)


class Memory:
    """One file and its blocks. Safe for threads.

    Before a fork all that is lent becomes private to each process, at the same addresses, and the memory is `retired`:
    nobody writes to the file any more, so that what is lent stays as it was in both. Mapping the file's own pages anew
    does that at once; a copy could lose what another thread writes meanwhile.
    """

    def __init__(self) -> None:
        self.retired = False
        self._gone = False  # retired, and each block that comes back is unmapped
        self.descriptor = -1
        self._end = 0
        self._lock = threading.RLock()
        self._tidying = False
        # Arrays end wherever Python happens to be, also within a lock; `append` needs none.
        self._returned: deque[_Block] = deque()
        self._free: dict[int, list[_Block]] = {}
        self._spare = 0  # bytes of free blocks that are filled
        self._lent: dict[int, _Block] = {}
        if not hasattr(os, "memfd_create"):
            raise NoEngineError("engines need Linux")
        try:
            self.descriptor = os.memfd_create("steadyset", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
        except OSError as error:
            kind = NoEngineError if error.errno in (errno.ENOSYS, errno.EPERM) else EngineError
            raise kind(f"cannot make memory for engines: {error.strerror}") from error

    def empty(self, shape: Shape, most: int | None = None) -> FloatArray | None:
        """Returns an array over a block, None where `most` are lent already. Raises `Retired`, and `EngineError` where there
        is not enough memory."""
        size = _class(4 * int(np.prod(shape, dtype=np.int64)))
        with self._lock:
            if self.retired:
                raise Retired
            if most is not None and len(self._lent) - len(self._returned) >= most:
                return None
            self._tidying = True
            try:
                self._tidy()
                block = self._take(size)
                self._lent[block.at] = block
                lease = Lease(self, block, shape)
            finally:
                self._tidying = False
            if not lease.block.filled:
                self._fill(lease.block.at, size)
                lease.block.filled = True
        return np.asarray(lease)

    def place(self, array: npt.NDArray[Any]) -> int | None:
        """Returns where an array's first byte is in the file, None where that is no multiple of 64 or it is not there."""
        base: Any = array
        while isinstance(base, np.ndarray):
            base = base.base
        if not isinstance(base, Lease) or base.memory is not self:
            return None
        inside = int(array.__array_interface__["data"][0]) - base.block.address
        return None if inside % 64 else base.block.at + inside

    def take_back(self, block: _Block) -> None:
        """Makes a block free that nobody uses any more."""
        self._returned.append(block)
        if self._gone:
            # Without the lock: of a memory that was retired long ago another thread may have held it at a fork.
            self._unmap()
        elif self._lock.acquire(blocking=False):
            try:
                # This may be within another call of this thread, which does the same soon.
                if not self._tidying:
                    self._tidying = True
                    try:
                        self._tidy()
                    finally:
                        self._tidying = False
            finally:
                self._lock.release()

    def _unmap(self) -> None:
        while self._returned:
            try:
                block = self._returned.popleft()
            except IndexError:  # another thread was first
                return
            _libc.munmap(block.address, block.size)

    def _tidy(self) -> None:
        while self._returned:
            block = self._returned.popleft()
            del self._lent[block.at]
            self._free.setdefault(block.size, []).append(block)
            self._spare += block.size if block.filled else 0
        if self._spare > _KEPT:
            kept = max(_KEPT, 2 * sum(block.size for block in self._lent.values()))
            for block in [block for blocks in self._free.values() for block in blocks if block.filled]:
                if self._spare <= kept:
                    break
                # Its pages go back to the system, the place in the file stays.
                if _libc.madvise(block.address, block.size, _MADV_REMOVE) == 0:
                    block.filled = False
                    self._spare -= block.size

    def _take(self, size: int) -> _Block:
        blocks = self._free.get(size)
        if not blocks:
            return self._grow(size)
        block = blocks.pop()
        self._spare -= block.size if block.filled else 0
        return block

    def _grow(self, size: int) -> _Block:
        self._fill(self._end, size)
        at, self._end = self._end, self._end + size
        address = _map(None, size, mmap.MAP_SHARED | _MAP_POPULATE, self.descriptor, at)
        return _Block(address, at, size)

    def _fill(self, at: int, size: int) -> None:
        # Without pages a write would end the process where there are none left.
        try:
            os.posix_fallocate(self.descriptor, at, size)
        except OSError as error:
            raise EngineError(f"there is no memory for {size} bytes more of fields: {error.strerror}") from error

    def before_fork(self) -> None:
        """Waits until no other thread is in the midst of a change, and retires the memory where something is lent."""
        self._lock.acquire()
        self._tidying = True  # until after the fork, whatever ends meanwhile
        self._tidy()
        if self._lent:
            # First of all: who finds it False after its last write knows that the write is in the file.
            self.retired = True
        for block in list(self._lent.values()):
            _map(block.address, block.size, mmap.MAP_PRIVATE | _MAP_FIXED | _MAP_NORESERVE, self.descriptor, block.at)

    def after_fork_in_parent(self) -> None:
        """Goes on."""
        if self.retired:
            self._give_up()
        self._tidying = False
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Lets go of the file, which is the parent's."""
        self._lock = threading.RLock()
        self._tidying = False
        self.retired = True
        self._give_up()

    def _give_up(self) -> None:
        self._gone = True
        for blocks in self._free.values():
            self._returned.extend(blocks)
        self._free.clear()
        self._unmap()
        self._close()

    def _close(self, close: Callable[[int], None] = os.close) -> None:
        descriptor, self.descriptor = self.descriptor, -1
        if descriptor >= 0:
            close(descriptor)

    def __del__(self, ends: Callable[[], bool] = sys.is_finalizing) -> None:
        # No lease is left, as each has its memory.
        if not ends():
            self._give_up()


def _map(address: int | None, size: int, flags: int, descriptor: int, at: int) -> int:
    found = _libc.mmap(address, size, mmap.PROT_READ | mmap.PROT_WRITE, flags, descriptor, at)
    if found is None or found == ctypes.c_void_p(-1).value:
        raise EngineError(f"cannot map {size} bytes of fields: {os.strerror(ctypes.get_errno())}")
    return int(found)


def _class(size: int) -> int:
    """Sizes of blocks are few, so that a free one fits soon: four between a power of two and the next."""
    step = 1 << max(0, size.bit_length() - 3)
    return max(_LEAST, -(-size // step) * step)
