"""A folder in object storage, or on any file system of fsspec, that is written to."""

from __future__ import annotations

import hashlib
import pathlib
import time
from collections.abc import Callable
from typing import Any

from ..answers import Momentary, meaning
from ..errors import DatasetError, MissingFileError
from .inventory import Head, Item

PART_BYTES = 64 << 20
"""Of a file that is sent in several requests; what S3 says of its content depends on it."""
_ATTEMPTS = 5
_BLOCK = 1 << 20
_IN_PLACE = ("file", "local", "sftp", "ssh", "smb", "ftp", "dir")
"""Protocols on which half a file can be seen: there a file is written under another name first."""


class Target:
    """A folder that is written to. Safe for threads."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        try:
            import fsspec

            self._system, root = fsspec.core.url_to_fs(self.url, skip_instance_cache=True)
        except ImportError as error:
            raise DatasetError(f"{url}: writing there needs fsspec and a package for the protocol: {error}") from error
        except ValueError as error:
            raise DatasetError(f"{url}: fsspec cannot open it: {error}") from error
        self._root = root.rstrip("/")
        protocols = self._system.protocol
        protocol = protocols if isinstance(protocols, str) else protocols[0]
        if protocol in ("http", "https"):
            raise DatasetError(f"{url}: HTTP is for reading: name the storage itself, such as s3://…")
        self._in_place = protocol in _IN_PLACE

    def listing(self) -> dict[str, dict[str, Any]]:
        """The files there, by name, with what the storage says of them."""
        self._system.invalidate_cache()
        entries = self._retried("", lambda: self._list())
        return {name: entry for name, entry in entries.items() if "/" not in name}

    def _list(self) -> dict[str, dict[str, Any]]:
        try:
            found = self._system.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        return {path[len(self._root) + 1 :]: entry for path, entry in found.items()}

    def holds(self, entry: dict[str, Any] | None, item: Item, local: pathlib.Path) -> bool:
        """Whether a file there, as the listing has it, is the item: by the digest that the storage keeps, or by reading it."""
        if entry is None or entry.get("size") != item.bytes:
            return False
        tag = str(entry.get("ETag", "")).strip('"')
        if len(tag) == 32 or tag[33:].isdecimal():
            # S3: the MD5 of the file, or of the MD5s of its parts; unless it is encrypted, when this says nothing.
            if tag in _etags(local):
                return True
        return self.digest(item.path, item.bytes) == item.sha256

    def digest(self, name: str, maximum: int) -> str | None:
        """The SHA-256 of a file there; None where it is not there, or is longer."""

        def read() -> str | None:
            total, found = 0, hashlib.sha256()
            with self._system.open(f"{self._root}/{name}", "rb", block_size=8 * _BLOCK, cache_type="readahead") as file:
                while block := file.read(_BLOCK):
                    total += len(block)
                    if total > maximum:
                        return None
                    found.update(block)
            return found.hexdigest()

        try:
            found: str | None = self._retried(name, read)
            return found
        except MissingFileError:
            return None

    def content(self, name: str, maximum: int) -> bytes | None:
        """The bytes of a small file there; None where it is not there, or is longer."""

        def read() -> bytes | None:
            with self._system.open(f"{self._root}/{name}", "rb") as file:
                data: bytes = file.read(maximum + 1)
                return data if len(data) <= maximum else None

        try:
            found: bytes | None = self._retried(name, read)
            return found
        except MissingFileError:
            return None

    def send(self, local: pathlib.Path, name: str) -> None:
        """Writes a file; nobody sees half of it."""
        options = {"chunksize": PART_BYTES} if "s3" in self._system.protocol else {}
        self._write(name, lambda path: self._system.put_file(str(local), path, **options))

    def send_head(self, head: Head) -> None:
        """Writes a small file."""
        self._write(head.path, lambda path: self._system.pipe_file(path, head.data))

    def remove(self, name: str) -> None:
        """Removes a file; none there is as good."""
        try:
            self._retried(name, lambda: self._system.rm_file(f"{self._root}/{name}"))
        except MissingFileError:
            pass

    def _write(self, name: str, write: Callable[[str], Any]) -> None:
        path = f"{self._root}/{name}"
        draft = f"{path}.tmp" if self._in_place else path

        def attempt() -> None:
            if self._in_place:
                self._system.makedirs(self._root, exist_ok=True)
            write(draft)
            if draft != path:
                self._system.mv(draft, path)

        self._retried(name, attempt)

    def _retried(self, name: str, work: Callable[[], Any]) -> Any:
        """Does what may fail for a moment up to five times, after longer and longer pauses."""
        where = f"{self.url}/{name}"
        for attempt in range(_ATTEMPTS):
            try:
                return work()
            except Exception as error:
                found = meaning(where, error)
                if not isinstance(found, Momentary):
                    raise found from error
                if attempt == _ATTEMPTS - 1:
                    words = f"{where}: {found}, {_ATTEMPTS} times: try again later; what arrived is kept"
                    raise DatasetError(words) from error
                time.sleep(found.pause * 2**attempt)
        raise AssertionError


def _etags(local: pathlib.Path) -> set[str]:
    """What S3 says of a file that was sent whole, or in parts."""
    whole, parts = hashlib.md5(usedforsecurity=False), []
    with local.open("rb") as file:
        while block := file.read(PART_BYTES):
            whole.update(block)
            parts.append(hashlib.md5(block, usedforsecurity=False).digest())
    joined = hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()
    return {whole.hexdigest(), f"{joined}-{len(parts)}"}
