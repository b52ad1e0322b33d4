"""A dataset from object storage, or from any URL that can be read."""

from __future__ import annotations

import os
import pathlib
from concurrent.futures import ThreadPoolExecutor, as_completed

from ..errors import DatasetError
from ..storage import LocalFolder, Range, Storage, locate
from ..versions import split_reference
from .inventory import BASE, Inventory, Item, digest_of, is_head, take_inventory
from .push import Progress, Report, pack_folder

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
    _check_room(root, inventory, replace)
    root.mkdir(parents=True, exist_ok=True)
    items = list(inventory.items.values())
    sent = sent_bytes = 0
    with ThreadPoolExecutor(jobs) as pool:
        held = dict(zip(inventory.items, pool.map(lambda item: _holds(root / item.path, item), items)))
        missing = [item for item in items if not held[item.path]]
        if any((root / item.path).exists() for item in missing):
            for name in sorted(path.name for path in root.iterdir() if is_head(path.name)):
                (root / name).unlink()
        running = [pool.submit(_fetch, storage, root, item) for item in missing]
        try:
            for work in as_completed(running):
                item, fetched = work.result()
                sent, sent_bytes = sent + 1, sent_bytes + fetched
                if progress is not None:
                    progress(item.path, fetched)
        except BaseException:
            for work in running:
                work.cancel()
            raise
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


def _check_room(root: pathlib.Path, inventory: Inventory, replace: bool) -> None:
    if (root / BASE).exists() and not replace:
        try:
            here = take_inventory(LocalFolder(str(root))).id
        except DatasetError as error:
            raise DatasetError(f"{error}: pass --replace to write over what is there, or choose another folder") from error
        if here != inventory.id:
            raise DatasetError(
                f"{root} holds another dataset ({here[:16]}; that of the URL is {inventory.id[:16]}): choose another folder, "
                "or pass --replace to overwrite it"
            )
    if (root.parent / "solve").exists() or (root.parent / ".steadyset").exists():
        raise DatasetError(f"{root.parent} is a dataset that was made here: pull into another folder")


def _holds(path: pathlib.Path, item: Item) -> bool:
    try:
        return path.stat().st_size == item.bytes and digest_of(path) == item.sha256
    except FileNotFoundError:
        return False


def _fetch(storage: Storage, root: pathlib.Path, item: Item) -> tuple[Item, int]:
    """Fetches a file; returns how many bytes came."""
    draft, fetched = root / f"{item.path}.part", 0
    for _ in range(_TRIALS):
        fetched += _fetch_pieces(storage, draft, item)
        if _holds(draft, item):
            draft.replace(root / item.path)
            return item, fetched
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
