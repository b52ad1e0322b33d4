"""Every shipped pipeline, rule, codec and export gives the ids and bytes that golden/ids.json lists. golden/ids.py makes the list."""

import json

import pytest
from golden import ids as golden

LISTED = json.loads(golden.LIST.read_text())


def test_all_is_listed():
    assert list(LISTED["made"]) == sorted(golden.MAKERS)


@pytest.mark.parametrize("name", golden.MAKERS)
def test_ids_and_bytes(name, listed):
    _, entry, libraries = listed(name)
    different = golden.differences(entry, LISTED["made"][name], libraries == LISTED["libraries"])
    assert not different, f"{len(different)} differ:\n" + "\n".join(different[:40])


def test_a_difference_is_named():
    """A list that differs in one id, lacks a file and has another says so; other libraries excuse bytes, and no ids."""
    name = "tiny"
    entry = json.loads(json.dumps(LISTED["made"][name]))
    assert golden.differences(entry, LISTED["made"][name]) == []
    entry["manifests"]["pack/manifest.json"]["id"] = "0" * 64
    shard = entry["files"].pop("pack/test-00000.h5")
    entry["files"]["pack/test-1.h5"] = shard
    entry["files"]["sample/configurations-00000.jsonl"] = shard
    said = golden.differences(entry, LISTED["made"][name])
    assert [line.rpartition(": listed")[0] for line in said] == [
        "files: pack/test-00000.h5",
        "files: pack/test-1.h5",
        "files: sample/configurations-00000.jsonl",
        "manifests: pack/manifest.json: id",
    ]
    said = golden.differences(entry, LISTED["made"][name], same_libraries=False)
    assert [line.partition(": listed")[0] for line in said] == ["files: sample/configurations-00000.jsonl", "manifests: pack/manifest.json: id"]
