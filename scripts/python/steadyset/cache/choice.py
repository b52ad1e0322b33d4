"""Whether what is read is kept, and where: by argument, environment, or default."""

from __future__ import annotations

import os
import re

from ..manifest import Manifest
from ..storage import Storage
from .folder import CachedFolder, Listed

_FOLDER, _LIMIT = "STEADYSET_CACHE", "STEADYSET_CACHE_BYTES"
_DEFAULT_LIMIT = 32 << 30
_NEAR = ("file:", "local:", "memory:")
"""URLs of what is here already: nothing of it is kept unless somebody says so."""


def cached(storage: Storage, manifest: Manifest, cache: str | os.PathLike[str] | bool | None, limit: int | None) -> Storage:
    """Returns the storage with what `cache` says before it. Raises `ValueError` for a limit that is no number of bytes."""
    named = os.environ.get(_FOLDER, "")
    if cache is False or (cache is None and (named == "off" or storage.root.startswith(_NEAR))):
        return storage
    if cache is None or cache is True:
        cache = named if named not in ("", "off") else default_folder()
    files = {shard.path: Listed(shard.sha256, shard.bytes) for shard in manifest.shards}
    path, size, sha256 = manifest.locations
    files[path] = Listed(sha256, size)
    return CachedFolder(storage, cache, _limit() if limit is None else _whole("cache_bytes", f"{limit}"), files)


def uncached(storage: Storage) -> Storage:
    """Returns the storage that is read in the end."""
    return storage.origin if isinstance(storage, CachedFolder) else storage


def default_folder() -> str:
    """The folder `steadyset` of the user's caches (XDG Base Directory Specification: `XDG_CACHE_HOME`, else `~/.cache`)."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "steadyset")


def _limit() -> int:
    text = os.environ.get(_LIMIT, "")
    return _whole(_LIMIT, text) if text else _DEFAULT_LIMIT


def _whole(name: str, text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text):
        raise ValueError(f"{name} is a number of bytes such as {_DEFAULT_LIMIT}, not {text!r}")
    return int(text)
