"""Ranges of bytes of files in a folder, which is local or behind a URL."""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .errors import DatasetError, MissingFileError

Bytes = npt.NDArray[np.uint8]
_BLOCK = 1 << 18


class Range(NamedTuple):
    """`length` bytes of the file `path`, relative to the folder, from `start` on."""

    path: str
    start: int
    length: int


Sound = Callable[[int, Bytes], bool]
"""Whether bytes are those that were written as the k-th range, by the checksums that are recorded of it."""


class Storage(Protocol):
    """A folder of files. Safe for threads, and after a fork; pickles without its open files.

    A path is a plain file name in the folder; what is none is refused (`check_name`). A file that is not there raises
    `MissingFileError`, any other failure `DatasetError`.
    """

    @property
    def root(self) -> str:
        """The folder's path or URL, for messages."""

    def read_all(self, path: str, maximum: int) -> bytes:
        """Returns a whole file; one of more than `maximum` bytes is refused."""

    def read(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int], Bytes]:
        """Returns a function that gives the k-th range; any thread may call it.

        What it returns is overwritten by the thread's next call. A file that ends before raises `DatasetError`. What comes
        from elsewhere and is not `sound` is fetched once more, and returned as it is then.
        """

    def reader(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int, Bytes], None]:
        """Returns a function that writes the k-th range into an array of as many bytes; any thread may call it."""

    def forget(self, path: str) -> bool:
        """Forgets what is kept of a file that turned out to be damaged; whether other bytes may come when it is read again."""

    def size(self, path: str) -> int | None:
        """Returns the number of bytes of a file, None where the server does not tell."""


def locate(location: str | os.PathLike[str]) -> Storage:
    """Returns the folder at `location`: a path, or a URL of fsspec such as `https://…` or `s3://…`."""
    text = os.fspath(location)
    if is_url(text):
        from .remote import RemoteFolder

        return RemoteFolder(text)
    return LocalFolder(text)


def is_url(text: str) -> bool:
    """Whether a location is one of fsspec."""
    return "://" in text or "::" in text


def check_name(path: str) -> str:
    """Returns a name that a document gave. Raises `DatasetError` where it could lead out of the folder."""
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}", path):
        raise DatasetError(f"{path!a} is not a plain file name: only files in the dataset's folder are read")
    return path


def open_file(storage: Storage, path: str, size: int) -> BinaryIO:
    """Returns the first `size` bytes of a file as a binary file that can be read and sought; the caller closes it.

    The failure of a read is kept in `failure`: libraries that read through it tend to say something of their own.
    """
    return FileOfRanges(storage, path, size)  # type: ignore[return-value]


class FileOfRanges(io.RawIOBase):
    """A file that reads ranges of a storage, in blocks of which the last is kept."""

    def __init__(self, storage: Storage, path: str, size: int) -> None:
        self._storage, self._path, self._size = storage, path, size
        self._place = 0
        self._first, self._block = 0, b""
        self.failure: DatasetError | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, start + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        done = 0
        while done < len(view) and self._place < self._size:
            inside = self._place - self._first
            if not 0 <= inside < len(self._block):
                self._fetch(len(view) - done)
                inside = 0
            count = min(len(view) - done, len(self._block) - inside)
            view[done : done + count] = self._block[inside : inside + count]
            done += count
            self._place += count
        return done

    def _fetch(self, wanted: int) -> None:
        length = min(max(_BLOCK, wanted), self._size - self._place)
        try:
            block = self._storage.read([Range(self._path, self._place, length)])(0)
        except DatasetError as error:
            self.failure = error
            raise
        self._first, self._block = self._place, block.tobytes()


class OpenFile:
    """A file descriptor that is closed with its last user."""

    def __init__(self, path: str) -> None:
        # Without waiting for a writer, should the name be a pipe's by now.
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(self.descriptor).st_mode):
            raise DatasetError(f"{path} is not a regular file")

    def __del__(self, close: Callable[[int], None] = os.close, failures: type[Exception] = OSError) -> None:
        # At the interpreter's end the module `os` may be gone before the last file.
        descriptor = self.__dict__.pop("descriptor", None)
        if descriptor is not None:
            try:
                close(descriptor)
            except failures:
                pass


class LocalFolder:
    """A folder on a disk. Symbolic links are followed to plain files, as caches of data sets have them; nothing is
    written."""

    maximum_open = 64

    def __init__(self, root: str) -> None:
        self._root = root
        self._reset()

    @property
    def root(self) -> str:
        return self._root

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._local = threading.local()
        self._files: OrderedDict[str, OpenFile] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self._root}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._root = state["root"]
        self._reset()

    def _path(self, path: str) -> str:
        whole = os.path.join(self._root, check_name(path))
        try:
            mode = os.stat(whole).st_mode
        except FileNotFoundError:
            if os.path.islink(whole):
                raise MissingFileError(f"{whole} is a symbolic link to {os.readlink(whole)}, which does not exist") from None
            raise
        if not stat.S_ISREG(mode):
            kind = "is a symbolic link to what is no plain file" if os.path.islink(whole) else "is not a regular file"
            raise DatasetError(f"{whole} {kind}")
        return whole

    def _file(self, path: str) -> OpenFile:
        # A lock that another thread held at the fork would never be released in the child.
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            file = self._files.get(path)
            if file is None:
                with self._failures(path):
                    file = OpenFile(self._path(path))
                self._files[path] = file
                if len(self._files) > self.maximum_open:
                    self._files.popitem(last=False)
            else:
                self._files.move_to_end(path)
            return file

    @contextlib.contextmanager
    def _failures(self, path: str) -> Any:
        try:
            yield
        except OSError as error:
            raise self._failure(path, error) from error

    def _failure(self, path: str, error: OSError) -> DatasetError:
        if isinstance(error, FileNotFoundError):
            return MissingFileError(f"{self._root}/{path} does not exist")
        return DatasetError(f"cannot read {self._root}/{path}: {error.strerror or error}")

    def read_all(self, path: str, maximum: int) -> bytes:
        with self._failures(path):
            whole = self._path(path)
            size = os.stat(whole).st_size
            if size > maximum:
                raise too_long(whole, maximum)
            with open(whole, "rb") as file:
                data = file.read(maximum + 1)
        if len(data) > maximum:
            raise too_long(whole, maximum)
        return data

    def read(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int], Bytes]:
        return lambda k: self._read(*ranges[k])

    def reader(self, ranges: Sequence[Range], sound: Sound | None = None) -> Callable[[int, Bytes], None]:
        files: dict[str, OpenFile] = {}

        def fill(k: int, data: Bytes) -> None:
            path, start, _ = ranges[k]
            file = files.get(path)
            if file is None:
                if len(files) >= self.maximum_open:
                    files.clear()
                file = files[path] = self._file(path)
            self._fill(file, path, start, data)

        return fill

    def _read(self, path: str, start: int, length: int) -> Bytes:
        # Fresh memory for each range would cost more than reading it: the system clears every page.
        buffer: Bytes | None = getattr(self._local, "buffer", None)
        if buffer is None or len(buffer) < length:
            buffer = self._local.buffer = np.empty(length + length // 2, np.uint8)
        data = buffer[:length]
        self._fill(self._file(path), path, start, data)
        return data

    def _fill(self, file: OpenFile, path: str, start: int, data: Bytes) -> None:
        length, done = len(data), 0
        try:
            while done < length:
                count = read_into(file.descriptor, data[done:] if done else data, start + done)
                if count == 0:
                    raise truncated(f"{self._root}/{path}", start, length, done)
                done += count
        except OSError as error:
            raise self._failure(path, error) from error

    def forget(self, path: str) -> bool:
        return False

    def size(self, path: str) -> int | None:
        with self._failures(path):
            return os.stat(self._path(path)).st_size


def read_into(descriptor: int, data: Bytes, start: int) -> int:
    """Reads into `data` and returns how many bytes there were; the place in the file is no state of the descriptor."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [data.data], start)
    found = os.pread(descriptor, len(data), start)
    data[: len(found)] = np.frombuffer(found, np.uint8)
    return len(found)


def too_long(path: str, maximum: int) -> DatasetError:
    """A file that has more bytes than are accepted."""
    return DatasetError(f"{path} has more than the {maximum} bytes that are accepted here")


def truncated(path: str, start: int, length: int, found: int) -> DatasetError:
    """A file that ends before a range does."""
    return DatasetError(
        f"{path} ends too early: {length} bytes at {start} were asked for, {found} are there; copy the file again"
    )
