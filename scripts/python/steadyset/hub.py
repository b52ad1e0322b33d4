"""Datasets on the Hugging Face Hub: `hf://datasets/OWNER/NAME[@REVISION][/FOLDER]`.

Files are read by HTTP from where the Hub resolves their names, `/datasets/OWNER/NAME/resolve/REVISION/FILE`, which is what its
own library does; so each answer is checked as those of any other server.
"""

from __future__ import annotations

import os
import re
import urllib.parse
from typing import NamedTuple

_FORM = re.compile(r"hf://datasets/(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[^/@]+))?(/(?P<folder>[^@]*))?")
_ENDPOINT = "https://huggingface.co"


class Place(NamedTuple):
    """A folder in a repository of a dataset."""

    repository: str
    revision: str
    folder: str
    """Relative to the repository; empty for its top."""


def place_of(url: str) -> Place | None:
    """Takes a URL apart; None for one of another kind."""
    found = _FORM.fullmatch(url)
    if found is None:
        return None
    revision = urllib.parse.unquote(found["revision"] or "main")
    return Place(found["repository"], revision, (found["folder"] or "").strip("/"))


def address_of(place: Place) -> str:
    """Returns the folder's address of HTTP. `HF_ENDPOINT` names another Hub."""
    revision = urllib.parse.quote(place.revision, safe="")
    return f"{endpoint()}/datasets/{place.repository}/resolve/{revision}/{place.folder}".rstrip("/")


def endpoint() -> str:
    """Returns the Hub's address."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or _ENDPOINT


def token() -> str | None:
    """Returns the user's token: `HF_TOKEN`, else what the package huggingface_hub has kept where it is installed."""
    named = os.environ.get("HF_TOKEN", "").strip()
    if named:
        return named
    try:
        import huggingface_hub

        found: str | None = huggingface_hub.get_token()
        return found
    except ImportError:
        return None
