"""Versions of a dataset: `DATASET@VERSION`, tags, and why each sample came into a version or left it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import DatasetError
from .manifest import Manifest, read_manifest
from .storage import LocalFolder, Storage

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
    """Takes `DATASET@VERSION` apart; a local path that exists is meant as it is, whatever signs it has."""
    place, sign, version = text.rpartition("@")
    if not sign or "/" in version:
        return text, None
    if "://" not in text and "::" not in text and os.path.exists(text):
        return text, None
    return place, version


def read_tags(storage: Storage) -> dict[str, str]:
    """Reads the names of versions and their ids; none where there is no such file."""
    where = f"{storage.root}/tags.json"
    try:
        data = storage.read_all("tags.json", _MAXIMUM_TAGS)
    except DatasetError:
        # A server says in many ways that a file is not there.
        if isinstance(storage, LocalFolder) and os.path.lexists(where):
            raise
        return {}
    try:
        tags = json.loads(data)
        if not isinstance(tags, dict) or not all(
            re.fullmatch("[A-Za-z][A-Za-z0-9._-]{0,63}", name) and isinstance(id, str) and re.fullmatch("[0-9a-f]{64}", id)
            for name, id in tags.items()
        ):
            raise ValueError("not an object of names and ids")
        return tags
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{where} does not hold tags: {error}") from error


def read_version(storage: Storage, version: str | None) -> Manifest:
    """Reads the manifest of a version: a tag, `base` (as None is), or the first digits of an id; of URLs 16 at least.

    Raises `DatasetError` where there is no such version, or one that it was made from is missing or was altered.
    """
    if version is None or version == BASE:
        return read_manifest(storage)
    if isinstance(storage, LocalFolder) and not os.path.isdir(storage.root):
        raise DatasetError(f"{storage.root} does not exist")
    tags = read_tags(storage)
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
    except DatasetError as error:
        if isinstance(storage, LocalFolder):
            raise
        raise DatasetError(f"{storage.root} has no version {version!r} ({error}): {_listing(storage, tags)}") from error
    if not str(manifest.document["id"]).startswith(wanted):
        raise DatasetError(f"{storage.root} has no version {version!r}: {_listing(storage, tags)}")
    _check_lineage(storage, manifest, base)
    return manifest


def _check_lineage(storage: Storage, child: Manifest, base: Manifest | None) -> None:
    """Every version that `child` was made from is there, and its shards are the first ones of what came of it."""
    while (wanted := child.document["content"].get("parent")) is not None:
        name = str(child.document["id"])[:16]
        if base is not None and base.document["id"] == wanted:
            parent = base
        else:
            if not isinstance(wanted, str) or not re.fullmatch("[0-9a-f]{64}", wanted):
                raise DatasetError(f"{storage.root}: the parent of version {name} is {str(wanted)[:80]!r}, which is no id")
            try:
                parent = read_manifest(storage, f"version-{wanted[:16]}.json")
            except DatasetError as error:
                raise DatasetError(
                    f"{storage.root}: the parent {str(wanted)[:16]} of version {name} is missing or was altered: {error}"
                ) from error
        files = parent.document["files"]
        if parent.document["id"] != wanted or child.document["files"][: len(files)] != files:
            raise DatasetError(f"{storage.root}: the parent {str(wanted)[:16]} of version {name} was altered")
        child = parent


def _names(storage: Storage, digits: str) -> list[str]:
    """Files of versions whose ids may begin with `digits`."""
    if isinstance(storage, LocalFolder):
        pattern = re.compile(f"version-{digits[:16]}[0-9a-f]{{{16 - len(digits[:16])}}}\\.json")
        return sorted(name for name in os.listdir(storage.root) if pattern.fullmatch(name))
    return [f"version-{digits[:16]}.json"] if len(digits) >= 16 else []


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
    entry = manifest.document["layout"].get("choices")
    if entry is None:
        raise DatasetError(f"{storage.root}: the base was not chosen by a round, so it has no choices")
    try:
        path, size, wanted = str(entry["path"]), int(entry["bytes"]), str(manifest.document["content"]["choices"])
        if not re.fullmatch(r"choices-[0-9a-f]{16}\.csv", path) or not 0 <= size <= _MAXIMUM_CHOICES:
            raise ValueError(f"{path!r} of {size} bytes")
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{storage.root}: the manifest's file of choices is not one: {error!r}") from error
    where = f"{storage.root}/{path}"
    data = storage.read_all(path, size)
    if hashlib.sha256(data).hexdigest() != wanted:
        raise DatasetError(f"{where} is not what the manifest lists (SHA-256 differs): copy it again")
    try:
        lines = data.decode("ascii").splitlines()
        if not lines or lines[0] != _HEADER:
            raise ValueError("another header")
        return np.array([_choice(row) for row in csv.reader(io.StringIO("\n".join(lines[1:])))], CHOICES)
    except (ValueError, OverflowError) as error:
        raise DatasetError(f"{where} is not a file of choices: {error}") from error


def _choice(row: list[str]) -> tuple[Any, ...]:
    id, rank, sources, action, round, origin, parent, acquisition, score, probability = row
    if action not in _ACTIONS or origin not in _ORIGINS:
        raise ValueError(f"the line {row}")
    return (
        int(id, 16), int(rank), int(sources), action, int(round), origin, int(parent, 16) if parent else 0, acquisition,
        float(score) if score else np.nan, float(probability) if probability else np.nan,
    )  # fmt: skip


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
