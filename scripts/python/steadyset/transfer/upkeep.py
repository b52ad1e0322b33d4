"""What is in object storage: whether it is whole, and what nobody needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import DatasetError
from ..storage import Range, Storage, locate
from ..manifest import read_manifest
from ..versions import BASE as BASE_TAG
from ..versions import read_tags, split_reference
from .inventory import BASE, PROVENANCE, TAGS, Inventory, Item, Progress, take_inventory
from .pull import PIECE_BYTES, published
from .push import pack_folder
from .target import Target


@dataclass(frozen=True)
class Version:
    """A version of a dataset."""

    id: str
    samples: int
    tags: tuple[str, ...]


@dataclass(frozen=True)
class Stray:
    """A file that no manifest lists."""

    name: str
    bytes: int


def check(url: str, *, jobs: int = 4, progress: Progress | None = None) -> str:
    """Reads every file of a dataset behind a URL, and compares it with its manifests; returns the dataset's id.

    What files hold is not looked into: `steadyset verify` does it with a copy. Raises `DatasetError` with everything that is
    wrong.
    """
    place, version = split_reference(url)
    storage, inventory = published(place, version)

    wrong = []
    with ThreadPoolExecutor(jobs) as pool:
        items = list(inventory.items.values())
        for item, words in zip(items, pool.map(lambda item: _fault(storage, item), items)):
            if words is not None:
                wrong.append(words)
            elif progress is not None:
                progress(item.path, item.bytes)
    if wrong:
        raise DatasetError("\n".join(wrong))
    return inventory.id


def _fault(storage: Storage, item: Item) -> str | None:
    """What is wrong with a file, or None."""
    where = f"{storage.root}/{item.path}"
    found = hashlib.sha256()
    try:
        for start in range(0, item.bytes, PIECE_BYTES):
            found.update(storage.read([Range(item.path, start, min(PIECE_BYTES, item.bytes - start))])(0).data)
        size = storage.size(item.path)
    except DatasetError as error:
        return str(error)
    if size not in (None, item.bytes):
        return f"{where} has {size} bytes, the manifest says {item.bytes}"
    return None if found.hexdigest() == item.sha256 else f"{where} is damaged: its SHA-256 differs"


def listed(url: str) -> list[Version]:
    """The versions of a dataset behind a URL, those that others were made from first; the base has the tag `base`."""
    storage, inventory = published(url, None)
    tags = read_tags(storage)
    found = []
    for head in inventory.heads:
        if head.path in (PROVENANCE, TAGS):
            continue
        manifest = read_manifest(storage, head.path)
        id = manifest.document["id"]
        names = [BASE_TAG] if head.path == BASE else [name for name, tagged in sorted(tags.items()) if tagged == id]
        found.append(Version(id, manifest.samples, tuple(names)))
    # The base's manifest is the last that is written.
    return found[-1:] + found[:-1]


def strays(url: str, inventory: Inventory | None = None) -> list[Stray]:
    """Files beside a dataset's own that no version lists: left by an interrupted push, or by one that was replaced.
    `inventory` is what is to be there, all versions that manifests there tell of unless given.

    Raises `DatasetError` where a manifest cannot be read: what it lists is not known then.
    """
    target = Target(pack_folder(url))
    there = target.listing()
    kept = (inventory or take_inventory(locate(target.url))).names
    hidden = [name for name in there if name.startswith("version-") and name not in kept]
    if hidden and inventory is None:
        raise DatasetError(f"{target.url}/{hidden[0]} is of a version without a tag: push it again, or remove it by hand")
    return [Stray(name, int(entry.get("size") or 0)) for name, entry in sorted(there.items()) if name not in kept]


def remove_strays(url: str, found: Sequence[Stray]) -> None:
    """Removes files that `strays` found."""
    target = Target(pack_folder(url))
    for stray in found:
        target.remove(stray.name)
