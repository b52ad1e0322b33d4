"""Versions of a dataset: `DATASET@VERSION`, tags, and why each sample came into a version or left it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .document import parse_json
from .errors import DatasetError, MissingFileError
from .manifest import Manifest, read_manifest
from .storage import LocalFolder, Storage, is_url

BASE = "base"
_MAXIMUM_TAGS = 16 << 20
_MAXIMUM_CHOICES = 1 << 30
_HEADER = "id,rank,n_sources,action,round,origin,parent_id,acquisition,score,probability"
_ACTIONS = ("added", "dropped", "taken")
_ORIGINS = ("drawn", "neighbour", "given", "pool")

CHOICES = np.dtype(
    [
        ("id", "<u8"), ("rank", "<u8"), ("n_sources", "<u4"), ("action", "U7"), ("round", "<u4"), ("origin", "U9"),
        ("parent_id", "<u8"), ("acquisition", "U64"), ("score", "<f8"), ("probability", "<f8"),
    ]
)  # fmt: skip
"""A choice: `parent_id` is 0 where there is none, `score` and `probability` are NaN."""


def split_reference(text: str) -> tuple[str, str | None]:
    """Takes `DATASET@VERSION` apart; a local path that exists is meant as it is, whatever signs it has. Of the Hub the first
    `@` is its revision's: `hf://datasets/OWNER/NAME@REVISION@VERSION`."""
    place, sign, version = text.rpartition("@")
    if re.fullmatch("hf://datasets/[^/@]+/[^/@]+", place):
        return text, None
    if not sign or "/" in version:
        return text, None
    if not is_url(text) and os.path.exists(text):
        return text, None
    return place, version


def read_tags(storage: Storage) -> dict[str, str]:
    """Reads the names of versions and their ids; none where there is no such file."""
    where = f"{storage.root}/tags.json"
    try:
        data = storage.read_all("tags.json", _MAXIMUM_TAGS)
    except MissingFileError:
        if isinstance(storage, LocalFolder) and os.path.lexists(where):
            raise
        return {}
    return parse_tags(data, where)


def parse_tags(data: bytes, where: str) -> dict[str, str]:
    """Returns what a file of tags says; `where` is for messages."""
    try:
        tags = parse_json(data)
        if not isinstance(tags, dict) or not all(
            re.fullmatch("[A-Za-z][A-Za-z0-9._-]{0,63}", name) and isinstance(id, str) and _is_id(id)
            for name, id in tags.items()
        ):
            raise ValueError("not an object of names and ids")
        return tags
    except ValueError as error:
        raise DatasetError(f"{where} does not hold tags: {error}") from error


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def read_version(storage: Storage, version: str | None) -> Manifest:
    """Reads the manifest of a version: a tag, `base` (as None is), or the first digits of an id; of URLs 16 at least.

    Raises `DatasetError` where there is no such version, or one that it was made from is missing or was altered.
    """
    if version is None or version == BASE:
        return read_manifest(storage)
    if isinstance(storage, LocalFolder) and not os.path.isdir(storage.root):
        raise DatasetError(f"{storage.root} does not exist")
    try:
        tags = read_tags(storage)
    except DatasetError:
        # Some servers say of what is missing that they refuse it; an id needs no tags.
        if isinstance(storage, LocalFolder) or not re.fullmatch("[0-9a-f]{16,64}", version):
            raise
        tags = {}
    wanted = tags.get(version, version)
    if not re.fullmatch("[0-9a-f]{4,64}", wanted):
        raise DatasetError(f"{storage.root} has no version {version!r}: {_listing(storage, tags)}")
    base = None
    try:
        base = read_manifest(storage)
    except DatasetError:
        # Some version may be there all the same; whether it can be read turns out below.
        pass
    if base is not None and str(base.document["id"]).startswith(wanted):
        found = _names(storage, wanted)
        if found:
            raise DatasetError(f"{storage.root}: {version!r} is the beginning of several versions: write more digits")
        return base
    names = _names(storage, wanted)
    if len(names) > 1:
        raise DatasetError(f"{storage.root}: {version!r} is the beginning of several versions: write more digits")
    if not names:
        raise DatasetError(f"{storage.root} has no version {version!r}: {_listing(storage, tags)}")
    try:
        manifest = read_manifest(storage, names[0])
    except MissingFileError as error:
        if isinstance(storage, LocalFolder):
            raise
        raise DatasetError(f"{storage.root} has no version {version!r} ({error}): {_listing(storage, tags)}") from error
    if not str(manifest.document["id"]).startswith(wanted):
        raise DatasetError(f"{storage.root} has no version {version!r}: {_listing(storage, tags)}")
    _check_lineage(storage, manifest, base)
    return manifest


def _check_lineage(storage: Storage, child: Manifest, base: Manifest | None) -> None:
    """Every version that `child` was made from is there, and its shards are the first ones of what came of it."""
    seen = {child.document["id"]}
    while (wanted := child.document["content"].get("parent")) is not None:
        name = str(child.document["id"])[:16]
        # The parent's id becomes the name of a file.
        if not _is_id(wanted) or wanted in seen:
            raise DatasetError(f"{storage.root}: the manifest of version {name} names no parent that it could have")
        seen.add(wanted)
        if base is not None and base.document["id"] == wanted:
            parent = base
        else:
            try:
                parent = read_manifest(storage, file_of_version(wanted))
            except DatasetError as error:
                raise DatasetError(
                    f"{storage.root}: the parent {wanted[:16]} of version {name} is missing or was altered, or cannot be read: "
                    f"{error}"
                ) from error
        files = parent.document["files"]
        if parent.document["id"] != wanted or child.document["files"][: len(files)] != files:
            raise DatasetError(f"{storage.root}: the parent {wanted[:16]} of version {name} was altered")
        child = parent


def file_of_version(id: str) -> str:
    """The name of a version's manifest."""
    return f"version-{id[:16]}.json"


def names_of_versions(storage: Storage) -> list[str]:
    """The manifests of all versions but the base, where the storage can be listed, as a folder on a disk can; else none."""
    return _names(storage, "") if isinstance(storage, LocalFolder) else []


def _names(storage: Storage, digits: str) -> list[str]:
    """Files of versions whose ids may begin with `digits`."""
    if isinstance(storage, LocalFolder):
        pattern = re.compile(f"version-{digits[:16]}[0-9a-f]{{{16 - len(digits[:16])}}}\\.json")
        return sorted(name for name in os.listdir(storage.root) if pattern.fullmatch(name))
    return [file_of_version(digits)] if len(digits) >= 16 else []


def _listing(storage: Storage, tags: Mapping[str, str]) -> str:
    known = [f"{name} ({id[:16]})" for name, id in sorted(tags.items())]
    if isinstance(storage, LocalFolder):
        tagged = {id[:16] for id in tags.values()}
        shorts = [name[len("version-") :][:16] for name in _names(storage, "")]
        known += [short for short in shorts if short not in tagged]
    words = f"there are {', '.join([BASE, *known])}" if known else "there is only 'base'"
    return words if isinstance(storage, LocalFolder) else f"{words}; of a URL, an id needs 16 digits"


def read_choices(storage: Storage, manifest: Manifest) -> npt.NDArray[np.void]:
    """Reads why samples came into a version or left it, a record (`CHOICES`) a sample, and checks the file's digest."""
    try:
        entry = manifest.document["layout"].get("choices")
        if entry is None:
            raise DatasetError(f"{storage.root}: the base was not chosen by a round, so it has no choices")
        path, size, wanted = entry["path"], entry["bytes"], manifest.document["content"]["choices"]
        if not isinstance(path, str) or not re.fullmatch(r"choices-[0-9a-f]{16}\.csv", path) or not _is_id(wanted):
            raise ValueError("its name or its digest is none")
        if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= _MAXIMUM_CHOICES:
            raise ValueError("its size is none")
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{storage.root}: the manifest's file of choices is not one: {error!r}") from error
    where = f"{storage.root}/{path}"
    data = storage.read_all(path, size)
    if hashlib.sha256(data).hexdigest() != wanted:
        raise DatasetError(f"{where} is not what the manifest lists (SHA-256 differs): copy it again")
    header, *lines = data.decode("latin-1").removesuffix("\n").split("\n")
    if header != _HEADER:
        raise DatasetError(f"{where} is not a file of choices: its first line is not {_HEADER}")
    rows = np.empty(len(lines), CHOICES)
    for number, line in enumerate(lines):
        try:
            rows[number] = _choice(line)
        except (ValueError, OverflowError) as error:
            raise DatasetError(f"{where}:{number + 2}: {error}") from error
    return rows


_CHOICE = re.compile(
    r"(?P<id>[0-9a-f]{16}),(?P<rank>[0-9]{1,19}),(?P<sources>[0-9]{1,9}),(?P<action>[a-z]+),(?P<round>[0-9]{1,9}),"
    r"(?P<origin>[a-z]+),(?P<parent>[0-9a-f]{16})?,(?P<acquisition>[!-+\--~]{0,64}),(?P<score>[-+.0-9eE]{1,40})?,"
    r"(?P<probability>[-+.0-9eE]{1,40})?"
)


def _choice(line: str) -> tuple[Any, ...]:
    found = _CHOICE.fullmatch(line)
    if found is None or found["action"] not in _ACTIONS or found["origin"] not in _ORIGINS:
        raise ValueError(f"no choice: {ascii(line[:80])}")
    return (
        int(found["id"], 16), int(found["rank"]), int(found["sources"]), found["action"], int(found["round"]), found["origin"],
        int(found["parent"] or "0", 16), found["acquisition"], _real(found["score"]), _real(found["probability"]),
    )  # fmt: skip


def _real(text: str | None) -> float:
    """A number, NaN where there is none."""
    if text is None:
        return np.nan
    value = float(text)
    if not np.isfinite(value):
        raise ValueError(f"the number {text} is too large")
    return value


def unbiased_mean(values: npt.ArrayLike, probability: npt.ArrayLike, candidates: int | None = None) -> float:
    """Estimates the mean of a quantity over all candidates from its values for those that were chosen at random.

    `probability` is the chance that each had of being chosen (Horvitz and Thompson 1952; for the chances of a race, Duffield,
    Lund and Thorup 2007): the expectation of Σ value/probability is the sum over all candidates. Divided by their number
    `candidates` it has no bias. Where the number is not known, Σ 1/probability takes its place, whose bias vanishes with the number of choices.
    Raises `ValueError` where a probability is missing (NaN), 0 or above 1.
    """
    value = np.asarray(values, np.float64)
    chance = np.asarray(probability, np.float64)
    if value.shape != chance.shape or value.ndim != 1 or value.size == 0:
        raise ValueError("there must be one probability for each value, and one value at least")
    if not np.all((chance > 0) & (chance <= 1)):
        raise ValueError("some of the samples were not chosen by chance: their mean says nothing of the others")
    total = float(np.sum(value / chance))
    return total / (float(np.sum(1 / chance)) if candidates is None else candidates)
