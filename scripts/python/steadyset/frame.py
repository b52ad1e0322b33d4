"""Decodes chunks: blosc1 frames with one block that is one zstd frame, as the article *Formats* lays them down.

There are several decoders, as zstd is no part of Python before 3.14; all give the same bytes. In order of preference:

- `blosc`: the C library inside the package hdf5plugin;
- `zstd`: the system's libzstd, called by ctypes;
- `zstandard`: the package of that name, or Python's own `compression.zstd`;
- `hdf5`: the filter pipeline of HDF5, with hdf5plugin; slow, and only there in case nothing else works.

The first two release Python's global lock. zstd verifies its checksum of the content in each.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import glob
import os
import struct
import threading
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .errors import DatasetError
from .storage import Bytes

HEADER = 24
_HEADER = struct.Struct("<BBBBIIIII")
_SHUFFLED = 0x01
_FLAGS = (0x90, 0x91)

FloatArray = npt.NDArray[np.float32]


def content_size(frame: Bytes) -> int:
    """Returns the number of bytes that a frame holds decoded, checking every field of its header.

    A damaged header could switch off the checksum of the content, so only the form that Steadyset writes passes.
    """
    if len(frame) < HEADER:
        raise DatasetError(f"a chunk has {len(frame)} bytes, fewer than its header")
    version, zstd, flags, element, content, block, size, start, length = _HEADER.unpack_from(frame.data)
    if (
        (version, zstd, element, start) != (2, 1, 4, 20)
        or flags not in _FLAGS
        or block != content
        or size != len(frame)
        or length != len(frame) - HEADER
        or content % 4
    ):
        raise DatasetError("a chunk is not a blosc frame as Steadyset writes it: its header is damaged")
    if _zstd_content_size(frame) != content:
        raise DatasetError("a chunk is damaged: its zstd frame is not one with a checksum and the content's size")
    return int(content)


def _zstd_content_size(frame: Bytes) -> int | None:
    """The content size that the zstd frame declares, or None for one without checksum or size (RFC 8878, §3.1.1.1)."""
    start = frame[HEADER : HEADER + 13].tobytes()
    if start[:4] != b"\x28\xb5\x2f\xfd" or len(start) < 13:
        return None
    descriptor = start[4]
    # Single segment and checksum are set; the reserved bit and the dictionary are not.
    if descriptor & 0x2F != 0x24:
        return None
    width = 1 << (descriptor >> 6)
    size = int.from_bytes(start[5 : 5 + width], "little")
    return size + 256 if width == 2 else size


class Decoder(Protocol):
    """One way to decode; any number of threads may use it."""

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        """Decodes a frame whose header has been checked into `out`, contiguous and of the content's size."""


def decode(decoder: Decoder, frame: Bytes, out: FloatArray) -> None:
    """Decodes `frame` into `out`, a C-contiguous array of as many floats as the frame holds."""
    size = content_size(frame)
    if size != out.nbytes:
        raise DatasetError(f"a chunk holds {size} bytes instead of {out.nbytes}")
    decoder(frame, out)


def unshuffle(planes: npt.NDArray[np.uint8], out: FloatArray) -> None:
    """Puts bytes back in order: `planes` holds byte 0 of every float, then byte 1, 2 and 3."""
    count = out.size
    parts = planes.reshape(4, count)
    halves = out.reshape(-1).view("<u2").reshape(count, 2)  # columns: low half, high half
    for half in (0, 1):
        word = parts[2 * half + 1].astype("<u2")
        word <<= 8
        word |= parts[2 * half]
        halves[:, half] = word


class BloscDecoder:
    """c-blosc inside the package hdf5plugin. The C function is `blosc_decompress_ctx`."""

    def __init__(self) -> None:
        import hdf5plugin

        paths = glob.glob(os.path.join(hdf5plugin.PLUGIN_PATH, "libh5blosc.*"))
        if not paths:
            raise ImportError("hdf5plugin has no blosc library")
        library = ctypes.CDLL(paths[0])
        self._decompress = library.blosc_decompress_ctx
        self._decompress.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self._decompress.restype = ctypes.c_int

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        if self._decompress(frame.ctypes.data, out.ctypes.data, out.nbytes, 1) != out.nbytes:
            raise DatasetError("a chunk is damaged: blosc cannot decode it")


class ZstdDecoder:
    """The system's libzstd, with a context for each thread. The C function is `ZSTD_decompressDCtx`."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("zstd")
        if name is None:
            raise ImportError("there is no libzstd")
        library = ctypes.CDLL(name)
        self._create = library.ZSTD_createDCtx
        self._create.restype = ctypes.c_void_p
        self._free = library.ZSTD_freeDCtx
        self._free.argtypes = [ctypes.c_void_p]
        self._decompress = library.ZSTD_decompressDCtx
        self._decompress.argtypes = [
            ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t,
        ]  # fmt: skip
        self._decompress.restype = ctypes.c_size_t
        self._local = threading.local()

    def _context(self) -> ctypes.c_void_p:
        context = getattr(self._local, "context", None)
        if context is None:
            context = self._local.context = _Owned(self._create(), self._free)
        pointer: ctypes.c_void_p = context.pointer
        return pointer

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        shuffled = int(frame[2]) & _SHUFFLED
        target = out
        if shuffled:
            target = getattr(self._local, "scratch", out)
            if target is out or target.size != out.size:
                target = self._local.scratch = np.empty(out.size, np.float32)
        size = self._decompress(
            self._context(), target.ctypes.data, target.nbytes, frame.ctypes.data + HEADER, len(frame) - HEADER
        )  # fmt: skip
        if size != out.nbytes:
            raise DatasetError("a chunk is damaged: zstd cannot decode it")
        if shuffled:
            unshuffle(target.view(np.uint8), out)


class _Owned:
    def __init__(self, pointer: Any, free: Callable[[Any], Any]) -> None:
        self.pointer, self._free = pointer, free

    def __del__(self) -> None:
        self._free(self.pointer)


class ModuleDecoder:
    """A Python module that decompresses zstd."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._make: Callable[[], Callable[[bytes], bytes]]
        try:
            import zstandard

            self._make = lambda: zstandard.ZstdDecompressor().decompress
        except ImportError:
            from compression import zstd

            self._make = lambda: zstd.decompress

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        decompress = getattr(self._local, "decompress", None)
        if decompress is None:
            decompress = self._local.decompress = self._make()
        try:
            content = np.frombuffer(decompress(frame[HEADER:].tobytes()), np.uint8)
        except Exception as error:
            raise DatasetError(f"a chunk is damaged: zstd cannot decode it: {error}") from error
        if content.size != out.nbytes:
            raise DatasetError(f"a chunk is damaged: it holds {content.size} bytes instead of {out.nbytes}")
        if int(frame[2]) & _SHUFFLED:
            unshuffle(content, out)
        else:
            out.reshape(-1).view(np.uint8)[:] = content


class HDF5Decoder:
    """HDF5's own pipeline: a file in memory that holds the one chunk."""

    def __init__(self) -> None:
        import h5py
        import hdf5plugin  # noqa: F401 - registers the filter

        self._h5py = h5py

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        values = (2, 2, 4, out.nbytes, 3, int(frame[2]) & _SHUFFLED, 5)
        try:
            with self._h5py.File("chunk.h5", "w", driver="core", backing_store=False) as file:
                data = file.create_dataset(
                    "y", (out.size,), "<f4", chunks=(out.size,), compression=32001, compression_opts=values
                )
                data.id.write_direct_chunk((0,), frame.tobytes())
                data.read_direct(out.reshape(-1))
        except OSError as error:
            raise DatasetError(f"a chunk is damaged: HDF5 cannot decode it: {error}") from error


DECODERS: dict[str, Callable[[], Decoder]] = {
    "blosc": BloscDecoder, "zstd": ZstdDecoder, "zstandard": ModuleDecoder, "hdf5": HDF5Decoder,
}  # fmt: skip


def make_decoder(name: str | None = None) -> Decoder:
    """Returns the decoder called `name`, or the first one that works here.

    Raises `DatasetError` where none does, `ValueError` for a name that is none.
    """
    if name is not None and name not in DECODERS:
        raise ValueError(f"there is no decoder '{name}'; there are {', '.join(DECODERS)}")
    for key in [name] if name is not None else list(DECODERS):
        try:
            return DECODERS[key]()
        except (ImportError, OSError, AttributeError) as error:
            if name is not None:
                raise DatasetError(f"the decoder '{name}' does not work here: {error}") from error
    raise DatasetError("nothing here decodes zstd: pip install hdf5plugin")
