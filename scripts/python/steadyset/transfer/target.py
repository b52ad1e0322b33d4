"""A folder in object storage, or on any file system of fsspec, that is written to."""

from __future__ import annotations

import datetime
import hashlib
import pathlib
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from ..answers import Momentary, meaning
from ..errors import DatasetError, MissingFileError
from .inventory import Head, Item
from .parts import send_in_parts, unfinished

PART_BYTES = 64 << 20
"""Of a file that is sent in several requests; what S3 says of its content depends on it. At most 10,000 parts: 625 GiB."""
_ATTEMPTS = 5
_BLOCK = 1 << 20
_IN_PLACE = ("file", "local", "sftp", "ssh", "smb", "ftp", "dir")
"""Protocols on which half a file can be seen: there a file is written under another name first."""


class Upload(NamedTuple):
    """A file that was begun to be sent to S3 and did not arrive: its parts are kept, and paid for."""

    name: str
    id: str
    begun: float


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
        self._is_s3 = protocol in ("s3", "s3a")

    def listing(self) -> dict[str, dict[str, Any]]:
        """The files there, by name, with what the storage says of them."""
        self._system.invalidate_cache()
        entries = self._retried("", self._list, "list")
        return {name: entry for name, entry in entries.items() if "/" not in name}

    def _list(self) -> dict[str, dict[str, Any]]:
        try:
            found = self._system.find(self._root, detail=True)
        except FileNotFoundError:
            return {}
        return {path[len(self._root) + 1 :]: entry for path, entry in found.items()}

    def lost(self, items: list[Item]) -> list[Item]:
        """Which of the items are not there any more: somebody removed them who did not know that they are needed."""
        there = self.listing()
        return [item for item in items if there.get(item.path, {}).get("size") != item.bytes]

    def holds(self, entry: dict[str, Any] | None, item: Item, local: pathlib.Path) -> bool:
        """Whether a file there, as the listing has it, is the item: by the digest that the storage keeps, or by reading it."""
        if entry is None or entry.get("size") != item.bytes:
            return False
        tag = str(entry.get("ETag", "")).strip('"')
        if len(tag) == 32 or tag[33:].isdecimal():
            # S3: the MD5 of the file, or of the MD5s of its parts; unless it is encrypted, when this says nothing.
            sha256, tags = _digests(local)
            if sha256 == item.sha256 and tag in tags:
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

    def send(self, local: pathlib.Path, name: str) -> int:
        """Writes a file; nobody sees half of it. Returns how many bytes were sent: of a large file to S3, parts that were
        there already are not."""
        size = local.stat().st_size
        if self._is_s3 and size > PART_BYTES:
            path = f"{self._root}/{name}"
            return send_in_parts(self._system, local, path, PART_BYTES, lambda work: self._retried(name, work, "write"))
        self._write(name, lambda path: self._system.put_file(str(local), path))
        return size

    def send_head(self, head: Head) -> None:
        """Writes a small file."""
        self._write(head.path, lambda path: self._system.pipe_file(path, head.data))

    def remove(self, name: str) -> None:
        """Removes a file; none there is as good."""
        try:
            self._retried(name, lambda: self._system.rm_file(f"{self._root}/{name}"), "remove")
        except MissingFileError:
            pass

    def finish(self, message: str) -> None:
        """Nothing: each file is there when it is sent."""

    def uploads(self) -> list[Upload]:
        """The files that were begun to be sent in parts and did not arrive; only S3 has such."""
        if not self._is_s3:
            return []
        bucket, prefix, _ = self._system.split_path(f"{self._root}/")
        prefix = f"{prefix.rstrip('/')}/"
        found = unfinished(self._system, bucket, prefix, lambda work: self._retried("", work, "list"))
        uploads = [Upload(one["Key"][len(prefix) :], one["UploadId"], one["Initiated"].timestamp()) for one in found]
        return [one for one in uploads if "/" not in one.name]

    def abandon(self, upload: Upload) -> None:
        """Has the storage forget the parts of a file that did not arrive; none there is as good."""
        bucket, key, _ = self._system.split_path(f"{self._root}/{upload.name}")
        place = {"Bucket": bucket, "Key": key, "UploadId": upload.id}
        try:
            self._retried(upload.name, lambda: self._system.call_s3("abort_multipart_upload", **place), "remove")
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

        self._retried(name, attempt, "write")

    def _retried(self, name: str, work: Callable[[], Any], verb: str = "read") -> Any:
        """Does what may fail for a moment up to five times, after longer and longer pauses."""
        where = f"{self.url}/{name}".rstrip("/")
        for attempt in range(_ATTEMPTS):
            try:
                return work()
            except Exception as error:
                found = meaning(where, error, verb)
                if not isinstance(found, Momentary):
                    raise found from error
                if attempt == _ATTEMPTS - 1:
                    text = f"cannot {verb} {where}: {found}, {_ATTEMPTS} times: try again later; what arrived is kept"
                    raise DatasetError(text) from error
                time.sleep(found.pause * 2**attempt)
        raise AssertionError


def age_of(entry: dict[str, Any]) -> float | None:
    """How many seconds ago a file of a listing was written; None where the storage does not tell."""
    for key in ("LastModified", "last_modified", "mtime", "updated", "created"):
        value = entry.get(key)
        if isinstance(value, datetime.datetime):
            return time.time() - value.timestamp()
        if isinstance(value, (int, float)):
            return time.time() - value
    return None


def _digests(local: pathlib.Path) -> tuple[str, set[str]]:
    """The SHA-256 of a file, and what S3 says of one that was sent whole, or in parts."""
    sha256, whole, parts = hashlib.sha256(), hashlib.md5(usedforsecurity=False), []
    with local.open("rb") as file:
        while block := file.read(PART_BYTES):
            sha256.update(block)
            whole.update(block)
            parts.append(hashlib.md5(block, usedforsecurity=False).digest())
    joined = hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()
    return sha256.hexdigest(), {whole.hexdigest(), f"{joined}-{len(parts)}"}
