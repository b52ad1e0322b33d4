"""What is in object storage: its versions, whether it is whole, and what nobody needs."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DatasetError
from ..frame import Checksum, make_checksum
from ..manifest import Table, chunk_names, read_locations
from ..storage import Range, Storage, locate
from ..versions import BASE as BASE_TAG
from ..versions import read_choices, split_reference
from .inventory import Inventory, Item, Progress, take_inventory
from .pull import PIECE_BYTES, published
from .push import open_target
from .target import Upload, age_of

HOURS = 24.0
"""What is younger may belong to a push that is under way."""
_MOST_NAMED = 3


@dataclass(frozen=True)
class Version:
    """A version of a dataset."""

    id: str
    samples: int
    tags: tuple[str, ...]
    parent: str | None
    """The id of the one that it was made from; None of the base."""
    round: dict[str, Any]
    """What its manifest says of the round that made it; nothing of the base."""


@dataclass(frozen=True)
class Stray:
    """A file that no manifest lists, or the parts of one that did not arrive (`upload`)."""

    name: str
    bytes: int
    young: bool = False
    """Whether it is so young that a push may be under way that will list it."""
    upload: Upload | None = None


def verify(url: str, *, jobs: int = 4, progress: Progress | None = None) -> str:
    """Reads every file of a dataset behind a URL, and compares it with its manifests; returns the dataset's id.

    Compared are: each manifest with its own id and with the one that it was made from; tags with versions; the table of each
    version with its digest, its samples with the manifest's, and with what other versions say of the same shards; files of
    choices; the SHA-256 of every file; and, where something here computes it, the checksum of every chunk, which tells what
    samples are damaged. Whether labels are right is not looked at: `steadyset verify` does it with a copy. Nothing is kept.
    `jobs` files are read at a time, in pieces of 8 MiB. Raises `DatasetError` with everything that is wrong.
    """
    place, version = split_reference(url)
    storage, inventory = published(place, version)
    wrong = [
        f"{storage.root}/tags.json: {name} is the name of version {id[:16]}, which is not there"
        for name, id in sorted(inventory.tags.items())
        if id not in {manifest.document["id"] for manifest in inventory.manifests}
    ]
    tables = _tables(storage, inventory, wrong)
    checksum = make_checksum()

    def fault(item: Item) -> str | None:
        return _fault(storage, item, tables.get(item.path), checksum)

    with ThreadPoolExecutor(jobs) as pool:
        items = list(inventory.items.values())
        for item, words in zip(items, pool.map(fault, items)):
            if words is not None:
                wrong.append(words)
            elif progress is not None:
                progress(item.path, item.bytes)
    if wrong:
        raise DatasetError("\n".join(dict.fromkeys(wrong)))
    return inventory.id


def _tables(storage: Storage, inventory: Inventory, wrong: list[str]) -> dict[str, Table]:
    """The records of each shard, by its name."""
    found: dict[str, Table] = {}
    for manifest in inventory.manifests:
        try:
            table = read_locations(storage, manifest)
            if "choices" in manifest.document["layout"]:
                read_choices(storage, manifest)
        except DatasetError as error:
            wrong.append(str(error))
            continue
        for shard in manifest.shards:
            rows = table[shard.first : shard.first + shard.samples]
            if shard.path not in found:
                found[shard.path] = rows.copy()  # not a view, which would keep the whole table
            elif found[shard.path].tobytes() != rows.tobytes():
                where = f"{storage.root}/{manifest.locations[0]}"
                wrong.append(f"{where} tells of other samples in {shard.path} than other versions do")
    return found


def _fault(storage: Storage, item: Item, rows: Table | None, checksum: Checksum | None) -> str | None:
    """What is wrong with a file, or None."""
    where = f"{storage.root}/{item.path}"
    digest = hashlib.sha256()
    chunks = None if rows is None or checksum is None else _Chunks(rows, checksum)
    try:
        for start in range(0, item.bytes, PIECE_BYTES):
            data = storage.read([Range(item.path, start, min(PIECE_BYTES, item.bytes - start))])(0)
            digest.update(data.data)
            if chunks is not None:
                chunks.feed(data.tobytes())
        size = storage.size(item.path)
    except DatasetError as error:
        return str(error)
    if size not in (None, item.bytes):
        return f"{where} has {size} bytes, the manifest says {item.bytes}"
    bad = [] if chunks is None else chunks.wrong
    named = ", ".join(bad[:_MOST_NAMED]) + (", …" if len(bad) > _MOST_NAMED else "")
    if digest.hexdigest() != item.sha256:
        what = f", in {len(bad)} samples: {named}" if bad else ", outside of what is known of its samples" if chunks else ""
        return f"{where} is damaged: its SHA-256 differs{what}; push it again"
    return f"{where}: the table of locations has other checksums for {len(bad)} samples: {named}" if bad else None


class _Chunks:
    """Compares chunks with their checksums while a shard goes by."""

    def __init__(self, rows: Table, checksum: Checksum) -> None:
        self._checksum = checksum
        names = [name for name in chunk_names(rows) if f"{name}_checksum" in (rows.dtype.names or ())]
        self._wanted: list[tuple[int, int, int, int]] = []
        for record in rows if names else ():
            place = int(record["offset"])
            for name in chunk_names(rows):
                size = int(record[f"{name}_bytes"])
                if name in names:
                    self._wanted.append((place, size, int(record[f"{name}_checksum"]), int(record["id"])))
                place += size
        self._wanted.sort(reverse=True)
        self._first, self._window = 0, bytearray()
        self._bad: dict[int, None] = {}

    @property
    def wrong(self) -> list[str]:
        """The ids of samples with a chunk that has not its checksum, in the order of the file."""
        return [f"{id:016x}" for id in self._bad]

    def feed(self, data: bytes) -> None:
        """Takes the bytes that follow in the file."""
        self._window += data
        end = self._first + len(self._window)
        while self._wanted and sum(self._wanted[-1][:2]) <= end:
            place, size, recorded, id = self._wanted.pop()
            chunk = np.frombuffer(self._window, np.uint8, size, place - self._first).copy()
            if self._checksum(chunk) != recorded:
                self._bad[id] = None
        start = min(end, self._wanted[-1][0] if self._wanted else end)
        del self._window[: start - self._first]
        self._first = start


def listed(url: str) -> list[Version]:
    """The versions of a dataset behind a URL, each after the one that it was made from; the base has the tag `base`."""
    _, inventory = published(url, None)
    found = []
    for manifest in inventory.manifests:
        content, id = manifest.document["content"], str(manifest.document["id"])
        names = [name for name, tagged in sorted(inventory.tags.items()) if tagged == id]
        parent = content.get("parent")
        found.append(
            Version(id, manifest.samples, tuple(names if parent else [BASE_TAG, *names]), parent, content.get("round") or {})
        )
    return found


def lineage(versions: Sequence[Version]) -> list[str]:
    """The versions as a tree, a line each."""
    lines: list[str] = []

    def add(version: Version, first: str, rest: str) -> None:
        lines.append(f"{first}{'  '.join([*version.tags, version.id[:16]])}  {version.samples} samples{_said(version.round)}")
        children = [other for other in versions if other.parent == version.id]
        for number, child in enumerate(children, 1):
            last = number == len(children)
            add(child, rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))

    for version in versions:
        if version.parent is None:
            add(version, "", "")
    return lines


def _said(round: dict[str, Any]) -> str:
    """What a round did, as far as the manifest tells."""
    try:
        counts = [f"{sum(int(one['samples']) for one in round[what])} {what}" for what in ("added", "taken", "dropped")]
        return f"; round {int(round['number'])}: {', '.join(counts)}"
    except (KeyError, TypeError, ValueError):
        return ""


def strays(url: str, inventory: Inventory | None = None, *, hours: float = HOURS) -> list[Stray]:
    """Files beside a dataset's own that no version lists: left by an interrupted push, or by one that was replaced; and the
    parts of files that S3 keeps for a push to go on with. `inventory` is what is to be there, all versions that manifests
    there tell of unless given; with it, such parts are left out. What is younger than `hours`, or of unknown age, is `young`.

    Raises `DatasetError` where a manifest cannot be read: what it lists is not known then.
    """
    target = open_target(url)
    # Before the manifests: what a push that ends in between has sent, they list.
    there, uploads = target.listing(), [] if inventory else target.uploads()
    kept = (inventory or take_inventory(locate(target.url))).names
    hidden = [name for name in there if name.startswith("version-") and name not in kept]
    if hidden and inventory is None:
        raise DatasetError(f"{target.url}/{hidden[0]} is of a version without a tag: push it again, or remove it by hand")

    def young(age: float | None) -> bool:
        return hours > 0 and (age is None or age < 3600 * hours)

    beside = [(name, entry) for name, entry in sorted(there.items()) if name not in kept]
    found = [Stray(name, int(entry.get("size") or 0), young(age_of(entry))) for name, entry in beside]
    now = time.time()
    return found + [Stray(upload.name, 0, young(now - upload.begun), upload) for upload in sorted(uploads)]


def remove_strays(url: str, found: Sequence[Stray]) -> None:
    """Removes files that `strays` found."""
    target = open_target(url)
    if found:
        target.listing()
    for stray in found:
        if stray.upload is None:
            target.remove(stray.name)
        else:
            target.abandon(stray.upload)
    target.finish(f"steadyset: {len(found)} files that no version needs removed")
