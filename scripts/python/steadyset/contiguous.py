"""Contiguous frames of blosc 2 with one chunk, in which compact shards store labels; the article *Formats* lays them down."""

from __future__ import annotations

import ctypes
import glob
import os
import struct
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DatasetError
from .storage import Bytes

FLAGS = 0x85
"""Of the chunk: zstd, split, and filters that follow."""
_FILTERS = bytes([1, 35, 0, 0, 0, 0, 5, 0, 0, 4, 0, 0, 0, 0, 0, 0])
_HEAD, _FIRST = 97, 36
_TAIL = (
    struct.pack("<4B3I6B", 5, 1, 7, 8, 8, 8, 40, 0, 0, 0, 0, 0, 1) + bytes(18)
    + bytes.fromhex("940193cd0006de0000dc0000ce00000023d8") + bytes(17)
)  # fmt: skip


def is_one(frame: Bytes) -> bool:
    """Whether it begins as such a frame does."""
    return len(frame) > 0 and int(frame[0]) == 0x9E


def wrapped(chunk: bytes) -> bytes:
    """Returns the frame of a chunk."""
    content, size = struct.unpack_from("<I", chunk, 4)[0], len(chunk)
    head = b"\x9e\xa8b2frame\0" + struct.pack(">BIBQ", 0xD2, _HEAD, 0xCF, _HEAD + size + len(_TAIL))
    head += bytes.fromhex("a412001500") + struct.pack(">BQBQ", 0xD3, content, 0xD3, size)
    head += struct.pack(">BIBIBIBHBHB", 0xD2, 4, 0xD2, content, 0xD2, content, 0xD1, 0, 0xD1, 1, 0xC2)
    return head + b"\xd8\x06" + _FILTERS + bytes.fromhex("93cd0007de0000dc0000") + chunk + _TAIL


def unwrapped(frame: Bytes) -> Bytes:
    """Returns the chunk of a frame, and checks every byte around it and of its own head, but for what its streams say."""
    chunk = frame[_HEAD : len(frame) - len(_TAIL)]
    if len(chunk) <= _FIRST or chunk[16:_FIRST].tobytes() != _FILTERS + struct.pack("<I", _FIRST):
        raise DatasetError("a chunk is not a frame of blosc 2 as Steadyset writes it: its header is damaged")
    if wrapped(chunk[:_FIRST].tobytes() + bytes(len(chunk) - _FIRST))[:_HEAD] != frame[:_HEAD].tobytes():
        raise DatasetError("a chunk is not a frame of blosc 2 as Steadyset writes it: its header is damaged")
    if frame[len(frame) - len(_TAIL) :].tobytes() != _TAIL:
        raise DatasetError("a chunk is not a frame of blosc 2 as Steadyset writes it: its end is damaged")
    return chunk


def summed(planes: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Returns four planes of bytes from their differences, modulo 256."""
    return np.cumsum(planes.reshape(4, -1), axis=1, dtype=np.uint8).reshape(-1)


class _Parameters(ctypes.Structure):
    """`blosc2_dparams`: the number of threads, and nothing else; longer than that of any release."""

    _fields_ = [("threads", ctypes.c_int), ("others", ctypes.c_void_p * 15)]


class Blosc2:
    """c-blosc2 inside the package hdf5plugin, with a context for each thread. The C function is `blosc2_decompress_ctx`."""

    def __init__(self) -> None:
        import hdf5plugin

        paths = glob.glob(os.path.join(hdf5plugin.PLUGIN_PATH, "libh5blosc2.*"))
        if not paths:
            raise ImportError("hdf5plugin has no blosc2 library")
        library = ctypes.CDLL(paths[0])
        library.blosc2_init()
        self._create = library.blosc2_create_dctx
        self._create.argtypes, self._create.restype = [_Parameters], ctypes.c_void_p
        self._free = library.blosc2_free_ctx
        self._free.argtypes, self._free.restype = [ctypes.c_void_p], None
        self._decompress = library.blosc2_decompress_ctx
        self._decompress.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32]
        self._decompress.restype = ctypes.c_int
        self._local = threading.local()

    def __call__(self, chunk: Bytes, out: npt.NDArray[np.float32]) -> None:
        context = getattr(self._local, "context", None)
        if context is None:
            context = self._local.context = Owned(self._create(_Parameters(threads=1)), self._free)
        if self._decompress(context.pointer, chunk.ctypes.data, len(chunk), out.ctypes.data, out.nbytes) != out.nbytes:
            raise DatasetError("a chunk is damaged: blosc2 cannot decode it")


class Owned:
    """What a function of C made, until the function that frees it is called."""

    def __init__(self, pointer: Any, free: Any) -> None:
        self.pointer, self._free = pointer, free

    def __del__(self) -> None:
        self._free(self.pointer)
