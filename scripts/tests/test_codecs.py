"""Archives and recipes: the same labels from the binary and from the Python reader, the same files after `unpack`."""

import copy
import json

import h5py
import numpy as np
import pytest
import steadyset as reader
import yaml
from conftest import REPOSITORY, TINY, manifest, refused, steadyset, write
from steadyset import engine

CASES = {
    "tiny": {},
    "no grid": {"solver": {"grid_bits": None}},
    "emitting": {"physics": {"sources": "emitting", "overlap": "sum"}, "sampling": {"values": None}},
}
FILES = ["layers", "random-medium", "shapes"]


def pipeline(name, folder):
    if name in FILES:
        return REPOSITORY / f"pipelines/{name}.yaml"
    changed = copy.deepcopy(TINY)
    for section, members in CASES[name].items():
        for key, value in members.items():
            if value is None and key != "grid_bits":
                changed[section].pop(key, None)
            else:
                changed[section][key] = value
    return write(folder, changed)


def files(dataset):
    return {path.name: path.read_bytes() for path in (dataset / "pack").iterdir() if path.name != "provenance.json"}


@pytest.mark.parametrize("name", [*CASES, *FILES])
def test_archive(name, tmp_path, monkeypatch):
    text = pipeline(name, tmp_path)
    dataset, unpacked = tmp_path / "data", tmp_path / "unpacked"
    steadyset("run", text, "-o", dataset)
    expected, standard = files(dataset), reader.open(dataset)
    x, y = standard.all.read(range(len(standard)))
    bytes_of_y = int(standard._table["y_bytes"].sum())
    steadyset("pack", text, "-o", dataset, "--codec", "archive")
    assert manifest(dataset, "pack")["id"] == json.loads(expected["manifest.json"])["id"]
    assert manifest(dataset, "pack")["layout"]["codec"] == "archive"
    assert "0 findings" in steadyset("verify", dataset, "--resolve", 3).stdout
    assert "codec    archive" in steadyset("show", dataset / "pack/train-00000.h5").stdout
    archive = reader.open(dataset)
    found = archive.all.checked().read(range(len(archive)))
    assert np.array_equal(found[0], x) and found[1].tobytes() == y.tobytes()
    # NumPy gives the same bits as engines, where there are none.
    monkeypatch.setattr(engine, "usable", lambda: False)
    found = archive.all.checked().read(range(len(archive)))
    assert np.array_equal(found[0], x) and found[1].tobytes() == y.tobytes()
    few = archive.all[[7, 2, 30]]
    for k, want in enumerate((7, 2, 30)):
        assert np.array_equal(few[k].y, y[want]) and np.array_equal(few.y(k), y[want])
        assert np.array_equal(few[k].x, x[want]) and np.array_equal(few.x(k), x[want])
    for batch in archive.all.batches(13, order=reader.Order(seed=3), reuse=True, threads=2):
        assert batch.y.tobytes() == y[batch.index].tobytes()
    assert int(archive._table["y_bytes"].sum()) < bytes_of_y / 2
    steadyset("unpack", dataset, "-o", unpacked)
    assert files(unpacked) == expected
    assert "sound" in steadyset("verify", unpacked).stdout
    refused("unpack", dataset, "-o", unpacked, status=73, says="holds shards already")


def test_recipe(tmp_path):
    text = write(tmp_path, TINY)
    dataset, unpacked = tmp_path / "data", tmp_path / "unpacked"
    steadyset("run", text, "-o", dataset)
    expected = files(dataset)
    recipe = copy.deepcopy(TINY)
    recipe["pack"]["codec"] = "recipe"
    steadyset("run", write(tmp_path, recipe, "recipe.yaml"), "-o", dataset)
    assert manifest(dataset, "pack")["id"] == json.loads(expected["manifest.json"])["id"]
    assert "0 findings" in steadyset("verify", dataset, "--resolve", 5).stdout
    # Most of a small shard is what HDF5 writes of itself.
    with h5py.File(dataset / "pack/train-00000.h5") as shard:
        assert {"x", "y"}.isdisjoint(shard)
        assert sum(column.nbytes for column in shard.values()) <= 1000 * len(shard["id"])
    opened = reader.open(dataset)
    steadyset("unpack", dataset, "-o", unpacked)
    assert files(unpacked) == expected
    solved, packed = opened.all.read(range(len(opened))), reader.open(unpacked).all.read(range(len(opened)))
    assert all(np.array_equal(a, b) for a, b in zip(solved, packed))


def test_unpack_checks_digests(tmp_path):
    """A label that does not come out as its digest says is refused, and no manifest is left."""
    text = write(tmp_path, yaml.safe_load(yaml.safe_dump(TINY)))
    dataset = tmp_path / "data"
    steadyset("run", text, "-o", dataset, "--codec", "recipe")
    shard = dataset / "pack/train-00001.h5"
    with h5py.File(shard, "r+") as file:
        file["y_sha256"][3, 0] ^= 1
    refused("unpack", dataset, "-o", tmp_path / "u", status=65, says="train-00001.h5.*not what manifest.json")
    assert not (tmp_path / "u/pack/manifest.json").exists()
    refused("run", text, "-o", dataset, "--codec", "zip", status=64, says="no codec 'zip'")
    refused("unpack", tmp_path / "nothing", "-o", tmp_path / "v", status=66, says="no such folder")


def test_benchmarks(tiny, tmp_path):
    """The table has a row a grid and codec, archives are the smaller ones; reading reports a rate an epoch."""
    said = steadyset("bench", write(tmp_path, TINY), "--codecs", "--samples", 2, "--repeats", 1).stdout
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines() if line.startswith("| ")][1:]
    assert [row[1] for row in rows] == ["standard", "compact", "archive"] * 7
    assert [row[0] for row in rows[::3]] == ["2^-16", "2^-18", "2^-19", "2^-20", "2^-22", "2^-24", "none"]
    for standard, archive in zip(rows[::3], rows[2::3]):
        assert 1 < float(standard[2]) < float(archive[2]) and standard[6] == archive[6]
    found = json.loads(steadyset("bench", "--reading", tiny, "--repeats", 2).stdout)
    assert found["samples"] == 120 and len(found["epochs"]) == len(found["epochs_cpu"]) == 2
    refused("bench", "--reading", tmp_path, status=66, says="holds no finished stage")
