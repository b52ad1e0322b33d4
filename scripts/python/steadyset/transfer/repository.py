"""A repository of a dataset on the Hugging Face Hub that is written to: all of it becomes visible at once, by one commit."""

from __future__ import annotations

import hashlib
import pathlib
import threading
from typing import Any

from .. import hub
from ..answers import words
from ..errors import DatasetError, MissingFileError
from ..storage import locate
from .inventory import Head, Item
from .target import Upload


class Repository:
    """A folder in a repository. What is sent waits there, unseen, until `finish` commits it. Safe for threads."""

    def __init__(self, url: str) -> None:
        place = hub.place_of(url)
        if place is None:
            raise DatasetError(f"{url}: a dataset on the Hub is hf://datasets/OWNER/NAME[@REVISION][/FOLDER]")
        self.url, self._place = url.rstrip("/"), place
        try:
            import huggingface_hub
        except ImportError as error:
            raise DatasetError(f"{url}: writing to the Hub needs the package huggingface_hub: {error}") from error
        self._library = huggingface_hub
        self._api = huggingface_hub.HfApi(endpoint=hub.endpoint(), token=hub.token() or False)
        self._where = {"repo_id": place.repository, "repo_type": "dataset", "revision": place.revision}
        self._operations: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._parent: str | None = None

    def listing(self) -> dict[str, dict[str, Any]]:
        """The files there, by name, with size and, of large files, SHA-256."""
        found: dict[str, dict[str, Any]] = {}
        try:
            self._parent = self._api.repo_info(**self._where).sha
            for entry in self._api.list_repo_tree(**self._where, path_in_repo=self._place.folder or None):
                lfs = getattr(entry, "lfs", None)
                if hasattr(entry, "size"):
                    # A commit is whole or not there: nothing in it is of a push that is under way.
                    sha256 = getattr(lfs, "sha256", None)
                    found[entry.path.rpartition("/")[2]] = {"size": entry.size, "sha256": sha256, "mtime": 0.0}
        except Exception as error:
            if type(error).__name__ in ("EntryNotFoundError", "RemoteEntryNotFoundError"):
                return found
            raise self._meaning("list", error) from error
        return found

    def holds(self, entry: dict[str, Any] | None, item: Item, local: pathlib.Path) -> bool:
        """Whether a file there, as the listing has it, is the item: by the digest that the Hub keeps, or by reading it."""
        if entry is None or entry["size"] != item.bytes:
            return False
        known = entry["sha256"] or self.digest(item.path, item.bytes)
        return bool(known == item.sha256)

    def digest(self, name: str, maximum: int) -> str | None:
        """The SHA-256 of a file there; None where it is not there, or is longer."""
        found = self.content(name, maximum)
        return None if found is None else hashlib.sha256(found).hexdigest()

    def content(self, name: str, maximum: int) -> bytes | None:
        """The bytes of a small file there; None where it is not there, or is longer."""
        try:
            return locate(self.url).read_all(name, maximum)
        except MissingFileError:
            return None
        except DatasetError as error:
            if "bytes that are accepted" in str(error):
                return None
            raise

    def lost(self, items: list[Item]) -> list[Item]:
        """None: nobody can remove what waits for a commit."""
        return []

    def send(self, local: pathlib.Path, name: str) -> int:
        """Sends a file, which the Hub keeps for the commit; returns how many bytes."""
        operation = self._library.CommitOperationAdd(self._path(name), str(local))
        try:
            self._api.preupload_lfs_files(additions=[operation], **self._where)
        except Exception as error:
            raise self._meaning("write", error, name) from error
        self._note(name, operation)
        return local.stat().st_size

    def send_head(self, head: Head) -> None:
        """Has a small file be part of the commit."""
        self._note(head.path, self._library.CommitOperationAdd(self._path(head.path), head.data))

    def remove(self, name: str) -> None:
        """Has a file be removed by the commit."""
        self._note(name, self._library.CommitOperationDelete(self._path(name)))

    def uploads(self) -> list[Upload]:
        """None: the Hub keeps parts of files to itself."""
        return []

    def abandon(self, upload: Upload) -> None:
        """Nothing: there are no uploads."""

    def finish(self, message: str) -> None:
        """Commits all at once. Raises `DatasetError` where somebody else has committed since the listing."""
        if not self._operations:
            return
        options = {**self._where, "commit_message": message, "parent_commit": self._parent}
        try:
            self._api.create_commit(operations=list(self._operations.values()), **options)
        except Exception as error:
            raise self._meaning("write", error) from error
        self._operations = {}

    def _path(self, name: str) -> str:
        return f"{self._place.folder}/{name}".lstrip("/")

    def _note(self, name: str, operation: Any) -> None:
        with self._lock:
            self._operations[name] = operation

    def _meaning(self, verb: str, error: Exception, name: str = "") -> DatasetError:
        if isinstance(error, DatasetError):
            return error
        where = f"{self.url}/{name}".rstrip("/")
        status = getattr(getattr(error, "response", None), "status_code", None)
        hints = {
            401: "give a token that may write, in HF_TOKEN",
            403: "give a token that may write, in HF_TOKEN",
            404: "make the repository first: hf repo create --repo-type dataset",
            412: "somebody else wrote there meanwhile: push again",
        }
        hint = f": {hints[status]}" if status in hints else ""
        return DatasetError(f"cannot {verb} {where}: {words(error)}{hint}")
