"""A dataset to object storage."""

from __future__ import annotations

import os
import pathlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ..errors import DatasetError, MissingFileError
from ..manifest import read_manifest
from ..storage import LocalFolder, locate
from ..versions import split_reference
from .card import send_card
from .inventory import BASE, Inventory, Item, Progress, digest_of, each, is_head, take_inventory
from .repository import Repository
from .target import Target


_DAMAGED = "damaged, or of another format"


@dataclass(frozen=True)
class Report:
    """What a transfer did."""

    id: str
    """Of the dataset."""
    sent: int
    """Files that were written."""
    sent_bytes: int
    kept: int
    """Files that were there already, by their digests."""
    card: str = ""
    """What became of the card, in words."""


def pack_folder(place: str) -> str:
    """The folder or URL that has the shards of a dataset."""
    place = place.rstrip("/")
    return place if place.endswith("/pack") else f"{place}/pack"


def push(
    dataset: str | os.PathLike[str],
    url: str,
    *,
    replace: bool = False,
    jobs: int = 8,
    card: bool = True,
    progress: Progress | None = None,
) -> Report:
    """Writes a dataset, or the version that `DATASET@VERSION` names, to the folder `url`.

    What is written is the folder `pack`: shards, tables and the manifests of versions, so that `steadyset.open(url)` reads
    it. Files that are there with the right content are not sent again; so a push that was interrupted goes on. Manifests
    come last: a reader finds the former dataset, none, or this one. On the Hugging Face Hub all becomes visible by one
    commit. `jobs` files are sent at a time.

    Then the card is written beside the folder `pack`, unless `card` is False: see `steadyset.transfer.card`. Where it cannot
    be made, the report says so, and the dataset is published all the same.

    Raises `DatasetError` where the dataset is damaged, before anything is sent of the file that is; where `url` holds another
    dataset, unless `replace` is set; and where the storage refuses, or fails several times in a row.
    """
    if jobs < 1:
        raise ValueError(f"jobs is a number from 1 on, not {jobs}")
    folder, inventory = local_inventory(dataset)
    target = open_target(url)
    there = target.listing()
    former = _former(target) if BASE in there else None
    if former not in (None, inventory.id) and not replace:
        raise DatasetError(
            f"{target.url} holds another dataset ({_short(former)}; this one is {inventory.id[:16]}): choose another place, "
            "or pass --replace to overwrite it"
        )
    items = list(inventory.items.values())
    paths = {item.path: pathlib.Path(folder.root, item.path) for item in items}
    for item in items:
        _check_size(paths[item.path], item)
    with ThreadPoolExecutor(jobs) as pool:
        held = dict(zip(paths, pool.map(lambda item: target.holds(there.get(item.path), item, paths[item.path]), items)))
    missing = [item for item in items if not held[item.path]]
    if former not in (None, inventory.id) or any(item.path in there for item in missing):
        # What manifests there speak of is about to change.
        for name in sorted(filter(is_head, there)):
            target.remove(name)
        there = {name: entry for name, entry in there.items() if not is_head(name)}
    sent, sent_bytes = len(missing), each(jobs, lambda item: _send(target, paths[item.path], item), missing, progress)
    kept = len(items) - len(missing)
    # What was there may have been removed meanwhile, by somebody who did not know that it is needed.
    lost = target.lost(items)
    sent_bytes += each(jobs, lambda item: _send(target, paths[item.path], item), lost, progress)
    if lost and target.lost(items):
        raise DatasetError(f"{target.url}: somebody else removes files there: no manifest was written; push again")
    for head in inventory.heads:
        if head.path in there and target.digest(head.path, len(head.data)) == head.sha256:
            kept += 1
            continue
        target.send_head(head)
        sent, sent_bytes = sent + 1, sent_bytes + len(head.data)
        if progress is not None:
            progress(head.path, len(head.data))
    target.finish(f"steadyset push: {inventory.id}")
    words = send_card(dataset, _opened(target.url.removesuffix("/pack"))) if card else "no card was asked for"
    return Report(inventory.id, sent, sent_bytes, kept, words)


def open_target(url: str) -> Target | Repository:
    """The folder behind a URL that a dataset is written to."""
    return _opened(pack_folder(url))


def _opened(folder: str) -> Target | Repository:
    return Repository(folder) if folder.startswith("hf://") else Target(folder)


def local_inventory(dataset: str | os.PathLike[str]) -> tuple[LocalFolder, Inventory]:
    """The folder with the shards of a dataset on a disk, and what it has of the version that is named."""
    place, version = split_reference(os.fspath(dataset))
    folder = LocalFolder(place if os.path.exists(os.path.join(place, BASE)) else pack_folder(place))
    return folder, take_inventory(folder, version)


def _former(target: Target | Repository) -> str | None:
    """The id of the dataset that is there; words where what is there is none."""
    try:
        return str(read_manifest(locate(target.url)).document["id"])
    except MissingFileError:
        return None
    except DatasetError:
        return _DAMAGED


def _short(former: str) -> str:
    return former if former == _DAMAGED else former[:16]


def _check_size(path: pathlib.Path, item: Item) -> None:
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DatasetError(f"{path}: {error.strerror}: the dataset is not whole, see steadyset verify") from error
    if size != item.bytes:
        raise DatasetError(f"{path} has {size} bytes, the manifest says {item.bytes}: see steadyset verify")


def _send(target: Target | Repository, path: pathlib.Path, item: Item) -> int:
    if digest_of(path) != item.sha256:
        raise DatasetError(f"{path} is damaged: its SHA-256 is not that of the manifest; nothing of it was sent")
    return target.send(path, item.path)
