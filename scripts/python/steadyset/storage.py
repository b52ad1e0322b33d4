"""Ranges of bytes of files in a folder, which is local or behind a URL."""

from __future__ import annotations

import os
import stat
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from .errors import DatasetError

Bytes = npt.NDArray[np.uint8]


class Range(NamedTuple):
    """`length` bytes of the file `path`, relative to the folder, from `start` on."""

    path: str
    start: int
    length: int


class Storage(Protocol):
    """A folder of files. Safe for threads, and after a fork; pickles without its open files."""

    @property
    def root(self) -> str:
        """The folder's path or URL, for messages."""

    def read_all(self, path: str, maximum: int) -> bytes:
        """Returns a whole file; one of more than `maximum` bytes is refused."""

    def read(self, ranges: Sequence[Range]) -> Callable[[int], Bytes]:
        """Returns a function that gives the k-th range; any thread may call it.

        What it returns is overwritten by the thread's next call. A file that ends before raises `DatasetError`.
        """

    def open(self, path: str) -> BinaryIO:
        """Returns a binary file that can be read and sought; the caller closes it."""


def locate(location: str | os.PathLike[str]) -> Storage:
    """Returns the folder at `location`: a path, or a URL of fsspec such as `https://…` or `s3://…`."""
    text = os.fspath(location)
    if "://" not in text and "::" not in text:
        return LocalFolder(text)
    return RemoteFolder(text)


class _File:
    """A file descriptor that is closed with its last user."""

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)

    def __del__(self) -> None:
        if hasattr(self, "descriptor"):
            os.close(self.descriptor)


class LocalFolder:
    """A folder on a disk. Symbolic links in it are refused: a stranger's dataset must not lead elsewhere."""

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
        self._files: OrderedDict[str, _File] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        return {"root": self._root}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._root = state["root"]
        self._reset()

    def _path(self, path: str) -> str:
        whole = os.path.join(self._root, path)
        mode = os.lstat(whole).st_mode
        if stat.S_ISLNK(mode):
            raise DatasetError(f"{whole} is a symbolic link, and only files in the dataset's folder are read")
        if not stat.S_ISREG(mode):
            raise DatasetError(f"{whole} is not a regular file")
        return whole

    def _file(self, path: str) -> _File:
        # A lock that another thread held at the fork would never be released in the child.
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            file = self._files.get(path)
            if file is None:
                try:
                    file = _File(self._path(path))
                except OSError as error:
                    raise _failure(f"{self._root}/{path}", error) from error
                self._files[path] = file
                if len(self._files) > self.maximum_open:
                    self._files.popitem(last=False)
            else:
                self._files.move_to_end(path)
            return file

    def read_all(self, path: str, maximum: int) -> bytes:
        try:
            with open(self._path(path), "rb") as file:
                data = file.read(maximum + 1)
        except OSError as error:
            raise _failure(f"{self._root}/{path}", error) from error
        return _bounded(data, maximum, f"{self._root}/{path}")

    def read(self, ranges: Sequence[Range]) -> Callable[[int], Bytes]:
        return lambda k: self._read(*ranges[k])

    def _read(self, path: str, start: int, length: int) -> Bytes:
        file = self._file(path)
        # Fresh memory for each range would cost more than reading it: the system clears every page.
        buffer: Bytes | None = getattr(self._local, "buffer", None)
        if buffer is None or len(buffer) < length:
            buffer = self._local.buffer = np.empty(length + length // 2, np.uint8)
        data = buffer[:length]
        done = 0
        try:
            while done < length:
                count = _read_into(file.descriptor, data[done:], start + done)
                if count == 0:
                    raise _truncated(f"{self._root}/{path}", start, length, done)
                done += count
        except OSError as error:
            raise _failure(f"{self._root}/{path}", error) from error
        return data

    def open(self, path: str) -> BinaryIO:
        try:
            return open(self._path(path), "rb")
        except OSError as error:
            raise _failure(f"{self._root}/{path}", error) from error


class RemoteFolder:
    """A folder behind a URL, by fsspec; ranges of one call are fetched at the same time where the protocol can."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._process = -1
        self._connect()

    @property
    def root(self) -> str:
        return self._url

    def __getstate__(self) -> dict[str, Any]:
        return {"url": self._url}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self._url = state["url"]
        self._process = -1

    def _connect(self) -> tuple[Any, str]:
        # A file system of fsspec has a thread of its own, which a fork does not carry over.
        if self._process != os.getpid():
            try:
                import fsspec
            except ImportError as error:
                raise DatasetError(f"{self._url}: reading URLs needs fsspec: pip install 'fsspec[http]'") from error
            try:
                found = fsspec.core.url_to_fs(self._url, skip_instance_cache=True)
            except (ImportError, ValueError) as error:
                raise DatasetError(f"{self._url}: fsspec cannot open it: {error}") from error
            self._connection: tuple[Any, str] = found
            self._process = os.getpid()
        return self._connection

    def read_all(self, path: str, maximum: int) -> bytes:
        system, root = self._connect()
        try:
            with system.open(f"{root}/{path}", "rb", block_size=1 << 20) as file:
                data: bytes = file.read(maximum + 1)
        except Exception as error:  # each protocol has errors of its own
            raise _failure(f"{self._url}/{path}", error) from error
        return _bounded(data, maximum, f"{self._url}/{path}")

    def read(self, ranges: Sequence[Range]) -> Callable[[int], Bytes]:
        system, root = self._connect()
        paths = [f"{root}/{found.path}" for found in ranges]
        starts = [found.start for found in ranges]
        ends = [found.start + found.length for found in ranges]
        try:
            answers = system.cat_ranges(paths, starts, ends, on_error="raise")
        except Exception as error:
            raise _failure(self._url, error) from error
        for found, data in zip(ranges, answers):
            if len(data) < found.length:
                raise _truncated(f"{self._url}/{found.path}", found.start, found.length, len(data))
            if len(data) > found.length:
                raise DatasetError(f"{self._url}/{found.path}: the server does not answer requests for a range of bytes")
        return lambda k: np.frombuffer(answers[k], np.uint8)

    def open(self, path: str) -> BinaryIO:
        system, root = self._connect()
        try:
            file: BinaryIO = system.open(f"{root}/{path}", "rb", block_size=1 << 18)
        except Exception as error:
            raise _failure(f"{self._url}/{path}", error) from error
        return file


def _read_into(descriptor: int, data: Bytes, start: int) -> int:
    """Reads into `data` and returns how many bytes there were; the place in the file is no state of the descriptor."""
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [data.data], start)
    found = os.pread(descriptor, len(data), start)
    data[: len(found)] = np.frombuffer(found, np.uint8)
    return len(found)


def _bounded(data: bytes, maximum: int, path: str) -> bytes:
    if len(data) > maximum:
        raise DatasetError(f"{path} has more than the {maximum} bytes that are accepted here")
    return data


def _truncated(path: str, start: int, length: int, found: int) -> DatasetError:
    return DatasetError(
        f"{path} ends too early: {length} bytes at {start} were asked for, {found} are there; copy the file again"
    )


def _failure(path: str, error: Exception) -> DatasetError:
    if isinstance(error, DatasetError):
        return error
    if isinstance(error, FileNotFoundError):
        return DatasetError(f"{path} does not exist")
    return DatasetError(f"cannot read {path}: {error or type(error).__name__}")
