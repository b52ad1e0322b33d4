"""A dataset from object storage, or from any URL that can be read."""

from __future__ import annotations

import os
import pathlib
from concurrent.futures import ThreadPoolExecutor

from ..errors import DatasetError
from ..manifest import read_manifest
from ..storage import LocalFolder, Range, Storage, locate
from ..versions import split_reference
from .inventory import BASE, Inventory, Item, Progress, digest_of, each, is_head, take_inventory
from .push import Report, pack_folder

PIECE_BYTES = 8 << 20
"""Bytes of a request."""
_TRIALS = 2
"""How often a file is fetched whose content is wrong."""


def pull(
    url: str, folder: str | os.PathLike[str], *, replace: bool = False, jobs: int = 4, progress: Progress | None = None
) -> Report:
    """Fetches a dataset, or the version that `URL@VERSION` names, into `folder`, whose `pack` it becomes.

    What is there with the right content is not fetched again, and a file of which a part arrived is gone on with; so a pull
    that was interrupted goes on. Each file is checked by its SHA-256 before it gets its name; one with a wrong content is
    fetched once more. Manifests come last. `jobs` files are fetched at a time.

    Raises `DatasetError` where the dataset is damaged or cannot be read, and where `folder` holds another dataset, unless
    `replace` is set.
    """
    if jobs < 1:
        raise ValueError(f"jobs is a number from 1 on, not {jobs}")
    place, version = split_reference(url)
    storage, inventory = published(place, version)
    root = pathlib.Path(pack_folder(os.fspath(folder)))
    former = _former(root, inventory, replace)
    root.mkdir(parents=True, exist_ok=True)
    items = list(inventory.items.values())
    with ThreadPoolExecutor(jobs) as pool:
        held = dict(zip(inventory.items, pool.map(lambda item: _holds(root / item.path, item), items)))
    missing = [item for item in items if not held[item.path]]
    if former not in (None, inventory.id) or any((root / item.path).exists() for item in missing):
        # What manifests here speak of is about to change.
        for name in sorted(path.name for path in root.iterdir() if is_head(path.name)):
            (root / name).unlink()
    sent, sent_bytes = len(missing), each(jobs, lambda item: _fetch(storage, root, item), missing, progress)
    kept = len(items) - len(missing)
    for head in inventory.heads:
        path = root / head.path
        if path.exists() and path.read_bytes() == head.data:
            kept += 1
            continue
        _write(path, head.data)
        sent, sent_bytes = sent + 1, sent_bytes + len(head.data)
    return Report(inventory.id, sent, sent_bytes, kept)


def published(place: str, version: str | None) -> tuple[Storage, Inventory]:
    """The folder that has the manifest: `pack`, or the one that was named."""
    storage = locate(pack_folder(place))
    try:
        return storage, take_inventory(storage, version)
    except DatasetError as failure:
        if place.rstrip("/").endswith("/pack"):
            raise
        other = locate(place)
        try:
            return other, take_inventory(other, version)
        except DatasetError:
            raise failure from None


def _former(root: pathlib.Path, inventory: Inventory, replace: bool) -> str | None:
    """The id of the dataset that is in the folder, which may be written over; empty where what is there is damaged."""
    here = None
    if (root / BASE).exists():
        try:
            here = str(read_manifest(LocalFolder(str(root))).document["id"])
        except DatasetError as error:
            if not replace:
                raise DatasetError(f"{error}: pass --replace to write over what is there, or choose another folder") from error
            here = ""
        if here != inventory.id and not replace:
            raise DatasetError(
                f"{root} holds another dataset ({here[:16]}; that of the URL is {inventory.id[:16]}): choose another folder, "
                "or pass --replace to overwrite it"
            )
    if (root.parent / "solve").exists() or (root.parent / ".steadyset").exists():
        raise DatasetError(f"{root.parent} is a dataset that was made here: pull into another folder")
    return here


def _holds(path: pathlib.Path, item: Item) -> bool:
    try:
        return path.stat().st_size == item.bytes and digest_of(path) == item.sha256
    except FileNotFoundError:
        return False


def _fetch(storage: Storage, root: pathlib.Path, item: Item) -> int:
    """Fetches a file; returns how many bytes came."""
    draft, fetched = root / f"{item.path}.part", 0
    for _ in range(_TRIALS):
        fetched += _fetch_pieces(storage, draft, item)
        if _holds(draft, item):
            draft.replace(root / item.path)
            return fetched
        # What an earlier pull left may be of another file.
        draft.unlink()
    where = f"{storage.root}/{item.path}"
    raise DatasetError(f"{where} is not what the manifest lists (SHA-256 differs), twice: it is damaged there")


def _fetch_pieces(storage: Storage, draft: pathlib.Path, item: Item) -> int:
    try:
        with draft.open("ab") as file:
            start = file.tell()
            if start > item.bytes:
                file.truncate(start := 0)
            done = start
            while done < item.bytes:
                length = min(PIECE_BYTES, item.bytes - done)
                file.write(storage.read([Range(item.path, done, length)])(0).data)
                done += length
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise DatasetError(f"cannot write {draft}: {error.strerror or error}; what arrived is kept") from error
    return done - start


def _write(path: pathlib.Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        raise DatasetError(f"cannot write {path}: {error.strerror or error}") from error
