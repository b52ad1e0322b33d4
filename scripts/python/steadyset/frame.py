"""Decodes chunks: frames of blosc 1 and 2 with one block of one or four zstd frames, as the article *Formats* has them.

There are several decoders, as zstd is no part of Python before 3.14; all give the same bytes. In order of preference:

- `blosc`: the C libraries inside the package hdf5plugin;
- `zstd`: the system's libzstd, called by ctypes;
- `zstandard`: the package of that name, or Python's own `compression.zstd`;
- `hdf5`: the filter pipeline of HDF5, with hdf5plugin; slow, and only there in case nothing else works.

The first two release Python's global lock. What is verified is the chunk's own checksum, XXH64 of the bytes that are stored,
where something here computes it: the library inside hdf5plugin, or the package xxhash. zstd's checksum of the content, which has
many times more bytes, is then taken out of the frame; otherwise zstd verifies that one.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import glob
import os
import struct
import threading
from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt

from . import contiguous
from .errors import DatasetError
from .storage import Bytes

HEADER = 24
_HEADER = struct.Struct("<BBBBIIII")
_LENGTH = struct.Struct("<I")
_ZSTD = struct.Struct("<IB")
_SIZES = [struct.Struct(form) for form in ("<B", "<H", "<I", "<Q")]
_SHUFFLED = 0x01
_STREAMS = {0x90: (1, 20), 0x91: (1, 20), 0x81: (4, 20), contiguous.FLAGS: (4, 36)}
"""Number of streams and the place of the first by the flags: as they are, shuffled, shuffled with a stream for each byte of
the floats, and the same of their differences."""
_SKIPPABLE = 8
"""Bytes of the empty frame behind a zstd frame as long as its content."""

FloatArray = npt.NDArray[np.float32]


def content_size(frame: Bytes) -> int:
    """Returns the number of bytes that a frame holds decoded, checking every field of its header.

    A damaged header could switch off the checksum of the content, so only the form that Steadyset writes passes.
    """
    return _checked(contiguous.unwrapped(frame) if contiguous.is_one(frame) else frame)[0]


def _checked(frame: Bytes) -> tuple[int, list[tuple[int, int]]]:
    """Returns the size of the content and the streams of a chunk whose header is as Steadyset writes it."""
    if len(frame) < HEADER:
        raise DatasetError(f"a chunk has {len(frame)} bytes, fewer than its header")
    data = frame.data
    version, zstd, flags, element, content, block, size, start = _HEADER.unpack_from(data)
    number = 5 if flags == contiguous.FLAGS else 2
    if (
        flags not in _STREAMS
        or (version, zstd, element) != (number, 1, 4)
        or (flags != contiguous.FLAGS and start != _STREAMS[flags][1])
        or block != content
        or size != len(frame)
        or content % 4
    ):
        raise DatasetError("a chunk is not a blosc frame as Steadyset writes it: its header is damaged")
    found = streams(frame)
    part = content // len(found)
    for first, length in found:
        if length < 1 or first + length > size or _zstd_content_size(data, first) != part:
            raise DatasetError("a chunk is damaged: its zstd frame is not one with a checksum and the content's size")
    if first + length != size:
        raise DatasetError("a chunk is not a blosc frame as Steadyset writes it: its header is damaged")
    return content, found


def streams(frame: Bytes) -> list[tuple[int, int]]:
    """Returns where each stream of a frame begins, and its length, as the frame says."""
    data, found = frame.data, []
    count, place = _STREAMS[data[2]]
    for _ in range(count):
        length = _LENGTH.unpack_from(data, place)[0] if place + 4 <= len(data) else 0
        found.append((place + 4, length))
        place += 4 + length
    return found


def _zstd_content_size(data: memoryview, first: int) -> int | None:
    """The content size that the zstd frame at `first` declares, or None for one without checksum or size (RFC 8878,
    §3.1.1.1)."""
    if len(data) < first + 13:
        return None
    magic, descriptor = _ZSTD.unpack_from(data, first)
    # Single segment and checksum are set; the reserved bit and the dictionary are not.
    if magic != 0xFD2FB528 or descriptor & 0x2F != 0x24:
        return None
    width = descriptor >> 6
    size: int = _SIZES[width].unpack_from(data, first + 5)[0]
    return size + 256 if width == 1 else size


Checksum = Callable[[Bytes], int]


def make_checksum() -> Checksum | None:
    """Returns the function XXH64 with seed 0, or None where nothing here computes it in little time."""
    try:
        function = _blosc_library().ZSTD_XXH64
        function.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_uint64]
        function.restype = ctypes.c_uint64
        return lambda data: int(function(data.ctypes.data, len(data), 0))
    except (ImportError, OSError, AttributeError):
        pass
    try:
        import xxhash

        return lambda data: int(xxhash.xxh64_intdigest(data.data))
    except ImportError:
        return None


def _without_checksums(frame: Bytes, content: int, found: list[tuple[int, int]]) -> Bytes:
    """Takes the checksums of the content out of a frame of known bytes, in its own memory, and returns what is left.

    A bit of a zstd frame's descriptor says that its last four bytes are one (RFC 8878, §3.1.1). They become a block of no
    bytes, the last one of that frame; those of the last stream are cut off.
    """
    part = content // len(found)
    if not frame.flags.writeable or any(length == part + _SKIPPABLE for _, length in found):
        return frame
    data = frame.data
    try:
        for first, length in found[:-1]:
            _remove(data, first, first + length - 4)
    except IndexError as error:
        raise DatasetError("a chunk is damaged: its blocks lead beyond its end") from error
    first, length = found[-1]
    data[first + 4] &= 0xFB
    _LENGTH.pack_into(data, first - 4, length - 4)
    _LENGTH.pack_into(data, 12, len(frame) - 4)
    return frame[:-4]


def _remove(data: memoryview, first: int, end: int) -> None:
    """Puts an empty block in the place of the checksum at `end` of the zstd frame at `first`."""
    data[first + 4] &= 0xFB
    block = first + 5 + (1 << (data[first + 4] >> 6))
    head: int = _LENGTH.unpack_from(data, block)[0]
    while not head & 1:
        block += 4 if head & 6 == 2 else 3 + (head >> 3 & 0x1FFFFF)
        if block > end:
            raise IndexError
        head = _LENGTH.unpack_from(data, block)[0]
    data[block] &= 0xFE
    _LENGTH.pack_into(data, end, 3)  # the last block: one byte, repeated 0 times


class Decoder(Protocol):
    """One way to decode; any number of threads may use it."""

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        """Decodes a frame whose header has been checked, of blosc 2 its chunk alone, into `out`, contiguous and of the
        content's size."""


def decode(
    decoder: Decoder, chunk: Bytes, out: FloatArray, recorded: int | None = None, checksum: Checksum | None = None,
    start: int = 0,
) -> None:  # fmt: skip
    """Decodes the frame that `chunk` has from `start` on into `out`, a C-contiguous array of as many floats as it holds.

    `recorded` is what `checksum` must give for the chunk; where both are there, `chunk` may be overwritten.
    """
    frame = contiguous.unwrapped(chunk[start:]) if contiguous.is_one(chunk[start:]) else chunk[start:]
    size, found = _checked(frame)
    if size != out.nbytes:
        raise DatasetError(f"a chunk holds {size} bytes instead of {out.nbytes}")
    if recorded is not None and checksum is not None:
        if checksum(chunk) != recorded:
            raise DatasetError("a chunk is damaged: it does not have the checksum that was recorded for it")
        frame = _without_checksums(frame, size, found)
    decoder(frame, out)


def _restore(frame: Bytes, planes: npt.NDArray[np.uint8], out: FloatArray) -> None:
    """Puts bytes back in order as the flags of the frame say."""
    unshuffle(contiguous.summed(planes) if int(frame[2]) == contiguous.FLAGS else planes, out)


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


def _blosc_library() -> ctypes.CDLL:
    import hdf5plugin

    paths = glob.glob(os.path.join(hdf5plugin.PLUGIN_PATH, "libh5blosc.*"))
    if not paths:
        raise ImportError("hdf5plugin has no blosc library")
    return ctypes.CDLL(paths[0])


class BloscDecoder:
    """c-blosc and c-blosc2 inside the package hdf5plugin. The C function is `blosc_decompress_ctx`."""

    def __init__(self) -> None:
        self._decompress = _blosc_library().blosc_decompress_ctx
        self._decompress.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self._decompress.restype = ctypes.c_int
        self._second: contiguous.Blosc2 | None = None

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        if int(frame[2]) == contiguous.FLAGS:
            # Loaded for the first such frame: others must be read where there is no such library.
            try:
                self._second = self._second or contiguous.Blosc2()
            except (ImportError, OSError, AttributeError) as error:
                raise DatasetError(
                    f"the library blosc2 of hdf5plugin does not work here ({error}): install a newer hdf5plugin, or open the "
                    "dataset with decoder='zstd'"
                ) from error
            return self._second(frame, out)
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
            context = self._local.context = contiguous.Owned(self._create(), self._free)
        pointer: ctypes.c_void_p = context.pointer
        return pointer

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        shuffled = int(frame[2]) & _SHUFFLED
        target = out
        if shuffled:
            target = getattr(self._local, "scratch", out)
            if target is out or target.size != out.size:
                target = self._local.scratch = np.empty(out.size, np.float32)
        found, source, place = streams(frame), frame.ctypes.data, target.ctypes.data
        part = out.nbytes // len(found)
        for first, length in found:
            if self._decompress(self._context(), place, part, source + first, length) != part:
                raise DatasetError("a chunk is damaged: zstd cannot decode it")
            place += part
        if shuffled:
            _restore(frame, target.view(np.uint8), out)


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
            parts = [decompress(bytes(frame.data[first : first + length])) for first, length in streams(frame)]
            content = np.frombuffer(b"".join(parts), np.uint8)
        except Exception as error:
            raise DatasetError(f"a chunk is damaged: zstd cannot decode it: {error}") from error
        if content.size != out.nbytes:
            raise DatasetError(f"a chunk is damaged: it holds {content.size} bytes instead of {out.nbytes}")
        if int(frame[2]) & _SHUFFLED:
            _restore(frame, content, out)
        else:
            out.reshape(-1).view(np.uint8)[:] = content


class HDF5Decoder:
    """HDF5's own pipeline: a file in memory that holds the one chunk."""

    def __init__(self) -> None:
        import h5py
        import hdf5plugin  # noqa: F401 - registers the filter

        self._h5py = h5py

    def __call__(self, frame: Bytes, out: FloatArray) -> None:
        number, values, stored = 32001, (2, 2, 4, out.nbytes, 3, int(frame[2]) & _SHUFFLED, 5), frame.tobytes()
        if int(frame[2]) == contiguous.FLAGS:
            number, values, stored = 32026, (1, 0, 4, out.nbytes, 3, 1, 5), contiguous.wrapped(stored)
        try:
            # Threads may not have files of one name open at a time.
            name = f"chunk-{threading.get_ident()}.h5"
            with self._h5py.File(name, "w", driver="core", backing_store=False) as file:
                data = file.create_dataset(
                    "y", (out.size,), "<f4", chunks=(out.size,), compression=number, compression_opts=values
                )
                data.id.write_direct_chunk((0,), stored)
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
