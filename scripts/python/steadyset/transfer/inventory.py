"""What a published dataset consists of: the files that the manifests of its versions list, and those manifests."""

from __future__ import annotations

import hashlib
import os
import pathlib
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from ..errors import DatasetError, MissingFileError
from ..manifest import MAXIMUM_MANIFEST, Manifest, parse_manifest
from ..storage import LocalFolder, Storage, check_name
from ..versions import file_of_version, names_of_versions, parse_tags, read_version

Progress = Callable[[str, int], None]
"""Called with the name of a file that arrived, and its bytes; from the thread that asked."""

TAGS = "tags.json"
BASE = "manifest.json"
PROVENANCE = "provenance.json"
DRAFTS = (".part", ".tmp")
"""Endings of files half written, here and in storage."""


@dataclass(frozen=True)
class Item:
    """A file of data as a manifest lists it."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Head:
    """A file that says what the others are; it is written after them."""

    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass
class Inventory:
    """The files of a dataset's folder `pack`."""

    id: str
    """That of the base, or of the only version."""
    items: dict[str, Item] = field(default_factory=dict)
    heads: list[Head] = field(default_factory=list)
    """In the order in which they are to be written: whoever sees one finds what it speaks of."""
    manifests: list[Manifest] = field(default_factory=list)
    """The base first, and each after the one that it was made from."""
    tags: dict[str, str] = field(default_factory=dict)
    """Ids by name; those that name no version here too."""

    @property
    def names(self) -> set[str]:
        return {*self.items, *(head.path for head in self.heads)}


def is_head(name: str) -> bool:
    """Whether a file of that name says what others are."""
    return name in (BASE, TAGS, PROVENANCE) or (name.startswith("version-") and name.endswith(".json"))


def digest_of(path: pathlib.Path) -> str:
    """The SHA-256 of a file."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    return found.hexdigest()


def take_inventory(storage: Storage, version: str | None = None) -> Inventory:
    """Reads the manifests of all versions, or of one and those that it was made from. Of a URL, versions without a tag are
    known only where another one was made from them.

    Raises `DatasetError` where a manifest is damaged or does not suit the one that it was made from, or two of them say
    different things of one file.
    """
    base = _read(storage, BASE)
    if version is None:
        named = _read_optional(storage, TAGS)
        tags = parse_tags(named.data, f"{storage.root}/{TAGS}") if named else {}
        wanted = {*map(file_of_version, tags.values()), *names_of_versions(storage)}
    else:
        named, tags = None, {}
        chosen = read_version(storage, version)
        wanted = set() if chosen.document["id"] == base.id else {file_of_version(chosen.document["id"])}
    found = Inventory(base.id, tags=tags)
    versions = _with_parents(storage, wanted - {file_of_version(found.id)}, base)
    found.manifests = [one.manifest for one in (base, *versions)]
    for manifest in found.manifests:
        for item in _items(manifest):
            if item.path.endswith(DRAFTS):
                raise DatasetError(f"{storage.root}: the name {item.path} is that of a file half written: give it another one")
            if found.items.setdefault(item.path, item) != item:
                raise DatasetError(f"{storage.root}: two versions say different things of {item.path}")
    ids = {one.id for one in (base, *versions)}
    found.heads = [one.head for one in (*versions, base)]
    provenance = _read_optional(storage, PROVENANCE)
    found.heads[:0] = [provenance] if provenance else []
    if named and tags and set(tags.values()) <= ids:
        found.heads.append(named)
    clash = found.items.keys() & {head.path for head in found.heads}
    if clash:
        raise DatasetError(f"{storage.root}: {min(clash)} is a file of data and a manifest")
    return found


@dataclass(frozen=True)
class _Described:
    """A manifest, and the file that it was read from."""

    head: Head
    manifest: Manifest

    @property
    def id(self) -> str:
        return str(self.manifest.document["id"])


def _read(storage: Storage, name: str) -> _Described:
    head = Head(name, storage.read_all(name, MAXIMUM_MANIFEST))
    return _Described(head, parse_manifest(head.data, f"{storage.root}/{name}"))


def _with_parents(storage: Storage, wanted: Iterable[str], base: _Described) -> list[_Described]:
    """The manifests of versions and of all that they were made from, parents first."""
    found: dict[str, _Described] = {}
    for name in sorted(wanted):
        chain: dict[str, _Described] = {}
        while name not in found:
            chain[name] = one = _read(storage, name)
            if file_of_version(one.id) != name:
                raise DatasetError(f"{storage.root}/{name} is the manifest of another version")
            parent = one.manifest.document["content"].get("parent")
            if parent is None or parent == base.id:
                break
            name = file_of_version(parent)
            if name in chain:
                raise DatasetError(f"{storage.root}/{name} comes from itself")
        found.update(reversed(chain.items()))
    known = {one.id: one for one in (base, *found.values())}
    for one in found.values():
        parent = one.manifest.document["content"].get("parent")
        if parent is None:
            continue
        files = known[parent].manifest.document["files"] if parent in known else None
        if files is None or one.manifest.document["files"][: len(files)] != files:
            raise DatasetError(f"{storage.root}: the parent {parent[:16]} of version {one.id[:16]} was altered")
    return list(found.values())


def each(jobs: int, work: Callable[[Item], int], items: Sequence[Item], progress: Progress | None) -> int:
    """Does something with every item, `jobs` of them at a time; returns the sum of the bytes that `work` says it moved.

    What has not begun when one fails is left undone.
    """
    total = 0
    with ThreadPoolExecutor(jobs) as pool:
        running = {pool.submit(work, item): item for item in items}
        try:
            for done in as_completed(running):
                total += done.result()
                if progress is not None:
                    progress(running[done].path, done.result())
        except BaseException:
            for other in running:
                other.cancel()
            raise
    return total


def _items(manifest: Manifest) -> Iterable[Item]:
    for shard in manifest.shards:
        yield Item(check_name(shard.path), shard.bytes, shard.sha256)
    path, size, sha256 = manifest.locations
    yield Item(check_name(path), size, sha256)
    choices = manifest.document["layout"].get("choices")
    if choices is not None:
        try:
            yield Item(check_name(choices["path"]), int(choices["bytes"]), str(manifest.document["content"]["choices"]))
        except (KeyError, TypeError, ValueError) as error:
            raise DatasetError(f"the manifest's file of choices is not one: {error!r}") from error


def _read_optional(storage: Storage, name: str) -> Head | None:
    try:
        return Head(name, storage.read_all(name, MAXIMUM_MANIFEST))
    except MissingFileError:
        if isinstance(storage, LocalFolder) and os.path.lexists(os.path.join(storage.root, name)):
            raise  # a link to nothing
        return None
