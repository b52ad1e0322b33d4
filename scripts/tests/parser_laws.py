"""What must hold of the Python package's parsers of data from outside, whatever bytes they are given: they refuse them with
an error of their own, or what they read is the same after it was written. `scripts/fuzz` looks for bytes for which it does
not; test_parsers.py has the corpora."""

import hashlib
import json
import os
import pathlib
import tempfile

from steadyset import document, errors, manifest, versions
from steadyset.canonical import canonical
from steadyset.training import weights
from steadyset.training.errors import TrainingError

PLACE = tempfile.TemporaryDirectory(dir="/dev/shm" if os.path.isdir("/dev/shm") else None)


def read_json(data):
    try:
        value = document.parse_json(data)
    except ValueError as error:
        raise errors.DatasetError(str(error)) from error
    assert document.parse_json(json.dumps(value).encode()) == value, "a written document is another one"


def read_locations(data):
    refused = None
    for codec in ("standard", "archive", "recipe"):
        try:
            table = manifest.parse_table(data, "f", codec)
        except errors.DatasetError as error:
            refused = error
            continue
        assert table.nbytes <= len(data) and set(manifest.chunk_names(table)) <= {"x", "y", "diffusivity", "decay_rate"}
        return
    raise refused


def read_manifest(data):
    found = manifest.parse_manifest(data, "f")
    assert found.samples == sum(shard.samples for shard in found.shards)
    for shard in found.shards:
        assert "/" not in shard.path and not shard.path.startswith("."), "a name with places"


def mend_manifest(data):
    """The same with the id that its content has."""
    try:
        members = document.parse_json(data)
        kept = {key: value for key, value in members.items() if key not in ("id", "layout", "files")}
        members["id"] = hashlib.sha256(canonical(kept).encode()).hexdigest()
        return json.dumps(members).encode()
    except (ValueError, AttributeError, TypeError, RecursionError):
        return data


def read_tags(data):
    tags = versions.parse_tags(data, "f")
    assert versions.parse_tags(json.dumps(tags).encode(), "again") == tags, "tags are others after they were written"


def read_weights(data):
    path = pathlib.Path(PLACE.name, f"{os.getpid()}.safetensors")
    path.write_bytes(data)
    arrays, metadata = weights.read_arrays(path)
    weights.write_arrays(path, arrays, metadata)
    again, same = weights.read_arrays(path)
    assert same == metadata and set(again) == set(arrays), "a file is another after it was written"
    assert all(again[name].tobytes() == arrays[name].tobytes() for name in arrays), "an array is another after it was written"


# What reads, the folder of the corpus, and what makes digests right.
LAWS = {
    "python-json": (read_json, "json", None),
    "python-locations": (read_locations, "locations", None),
    "python-manifest": (read_manifest, "manifest", mend_manifest),
    "python-tags": (read_tags, "tags", None),
    "python-weights": (read_weights, "weights", None),
}


def accepts(name, data):
    """Whether a parser accepts `data`; any error but its own is raised."""
    try:
        LAWS[name][0](data)
        return True
    except (errors.DatasetError, TrainingError):
        return False
