"""Forged datasets, every digest made right again: what `verify` finds by comparing and by the laws of labels, and what only with
`--resolve`, which solves again."""

import json
import shutil

import forging
import h5py
import numpy as np
import pytest
import versioning
from conftest import REPOSITORY, TINY, changed, manifest, refused, steadyset, write

STEP = 2.0**-20


@pytest.fixture
def pipeline(tmp_path):
    return write(tmp_path, TINY)


def findings(dataset, *options):
    """What `verify` finds."""
    result = steadyset("verify", dataset, "--json", *options, expect=(0, 1))
    found = json.loads(result.stdout)
    assert found["sound"] == (result.returncode == 0) == (not found["findings"])
    return found["findings"]


def everything(dataset):
    return ["--resolve", manifest(dataset, "solve")["content"]["samples"]]


def sites(path, row):
    """The sites without a source, those of a middling value first; those with one."""
    with h5py.File(path) as file:
        x, y = file["x"][row], file["y"][row]
    order = np.argsort(np.abs(y - np.median(y)), axis=None)
    free = [int(k) for k in order if x.flat[k] == 0]
    return free, np.flatnonzero(x)


def moved(site, by):
    def change(y):
        y.flat[site] += np.float32(by)
        return y

    return change


def everywhere(by):
    return lambda y: np.where((y > 0.01) & (y < 0.9), y + np.float32(by), y).astype(np.float32)


PART, ROW = "solve/part-00001.h5", 3


def forge_part(dataset, pipeline, codec="standard"):
    """Signs what a test did to a part, and has shards made of it as anybody would."""
    forging.sign(dataset, "solve")
    for stage in ("split", "pack"):
        steadyset(stage, pipeline, "-o", dataset, *(["--codec", codec] if stage == "pack" else []))


def test_the_forger_can_do_nothing_unseen(damaged):
    """What is signed again without a change is sound: the tests below find what was changed, not how."""
    forging.sign(damaged, "solve")
    forging.sign(damaged, "split")
    forging.sign(damaged, "pack", forging.relocated(damaged))
    assert findings(damaged, *everything(damaged)) == []


@pytest.mark.parametrize("codec", ["standard", "archive"])
@pytest.mark.parametrize("kind", ["free", "pinned", "largest"])
def test_a_wrong_label_everywhere(kind, codec, damaged, pipeline):
    """Parts and shards agree, and no digest is wrong; yet a label breaks a law that is told without solving."""
    free, pinned = sites(damaged / PART, ROW)
    site = {"free": free[0], "pinned": pinned[0], "largest": free[-1]}[kind]
    forging.label(damaged / PART, ROW, moved(site, {"free": 64 * STEP, "pinned": -0.25, "largest": 2}[kind]))
    forge_part(damaged, pipeline, codec)
    says = {"free": "does not solve the equation", "pinned": "which a source holds", "largest": "above"}[kind]
    found = findings(damaged)
    assert len(found) == 2 and all(says in line for line in found), found
    assert any("pack/" in line for line in found) and any("solve/" in line for line in found)


@pytest.mark.parametrize("codec", ["standard", "compact", "archive", "recipe"])
def test_a_label_off_by_a_step(codec, damaged, pipeline):
    """What an error within the bound could be is found by solving again, of every codec."""
    free, _ = sites(damaged / PART, ROW)
    forging.label(damaged / PART, ROW, moved(free[0], STEP))
    forge_part(damaged, pipeline, codec)
    assert findings(damaged) == []
    found = findings(damaged, *everything(damaged))
    assert len(found) == 1 and "solved again it differs" in found[0]


@pytest.mark.parametrize("bound", [STEP / 2, 9e-7])
def test_a_forged_bound(bound, damaged, pipeline):
    forging.column(damaged / PART, "error_bound", ROW, bound)
    forge_part(damaged, pipeline)
    assert findings(damaged) == []
    assert "solved again it differs" in findings(damaged, *everything(damaged))[0]


@pytest.mark.parametrize("bound", [0.0, STEP / 2.1, -1e-9])
def test_a_bound_that_no_label_can_have(bound, damaged, pipeline):
    """Refused wherever it is read, whoever signed it: in parts and in shards."""
    shutil.copytree(damaged, damaged.parent / "shard")
    forging.column(damaged / PART, "error_bound", ROW, bound)
    forging.sign(damaged, "solve")
    steadyset("split", pipeline, "-o", damaged)
    refused("pack", pipeline, "-o", damaged, status=65, says="error bound")
    assert any("error bound" in line for line in findings(damaged / "solve"))
    damaged = damaged.parent / "shard"
    forging.column(damaged / "pack/train-00000.h5", "error_bound", ROW, bound)
    forging.sign(damaged, "pack", forging.relocated(damaged))
    assert any("train-00000.h5" in line and "error bound" in line for line in findings(damaged))
    refused("export", "csv", damaged, "--output", damaged.parent / "all.csv", status=65, says="error bound")


def test_a_part_alone(damaged):
    """A label of a part that differs from the shard's by a step only."""
    free, _ = sites(damaged / PART, ROW)
    forging.label(damaged / PART, ROW, moved(free[0], STEP))
    forging.sign(damaged, "solve")
    forging.sign(damaged, "split")
    forging.sign(damaged, "pack")
    found = findings(damaged)
    assert len(found) == 1 and "1 of its samples" in found[0] and "another label" in found[0], found
    # Which of the two is wrong is known when both are solved again.
    found = findings(damaged, *everything(damaged), "--seed", 1)
    assert any("solve/part-00001.h5" in line and "solved again" in line for line in findings(damaged, "--resolve", 1000))


def test_a_shard_alone(damaged):
    with h5py.File(damaged / "pack/train-00000.h5") as file:
        bound = file["error_bound"][2]
    forging.column(damaged / "pack/train-00000.h5", "error_bound", 2, bound * (1 + 1e-9))
    forging.sign(damaged, "pack", forging.relocated(damaged))
    found = findings(damaged)
    assert len(found) == 1 and "train-00000.h5" in found[0] and "another label, bound or index" in found[0]


@pytest.mark.parametrize("without", [[], ["solve"]])
def test_shards_of_another_seed(without, damaged, tmp_path):
    """A whole pack stage of another dataset, sound by itself."""
    other = write(tmp_path, changed(TINY, sampling={"seed": TINY["sampling"]["seed"] + 1}), "other.yaml")
    steadyset("run", other, "-o", tmp_path / "other")
    shutil.rmtree(damaged / "pack")
    shutil.copytree(tmp_path / "other/pack", damaged / "pack")
    forging.sign(damaged, "pack")
    for stage in without:
        shutil.rmtree(damaged / stage)
    found = findings(damaged)
    if without:
        assert any("none of the configurations of the stage 'sample'" in line for line in found), found
    else:
        assert any("are in no part of the stage 'solve'" in line for line in found), found
        assert any("are in no shard" in line for line in found), found


def test_a_part_less(damaged, pipeline):
    """A part that is gone with its entries; shards still have its samples."""
    forging.sign(damaged, "solve", lambda document: document["files"].pop())
    found = findings(damaged)
    assert any("lists 4 parts of 5" in line for line in found) or any("parts of" in line for line in found), found


MEMBERS = [
    ("sample", ("layout", "samples_per_part"), 27), ("solve", ("layout", "samples_per_part"), 27),
    ("solve", ("layout", "compression_level"), 7), ("solve", ("files", 1, "first"), 57),
    ("pack", ("layout", "samples_per_shard"), 13), ("pack", ("files", 0, "ranks", 1), 13),
    ("solve", ("content", "largest_error_bound"), 9e-7), ("solve", ("content", "samples"), 199),
    ("solve", ("content", "strata", 0, "samples"), 39), ("split", ("content", "parts", 0, "samples"), 159),
    ("pack", ("content", "largest_error_bound"), 9e-7), ("pack", ("content", "selections", 0, "name"), "train/test"),
]  # fmt: skip


@pytest.mark.parametrize("stage,place,value", MEMBERS, ids=lambda v: ".".join(map(str, v)) if isinstance(v, tuple) else None)
def test_members_of_manifests(stage, place, value, damaged):
    """Each is held against the files, whether an id covers it or is made anew with all that follow."""

    def change(document):
        inner = document
        for key in place[:-1]:
            inner = inner[key]
        assert inner[place[-1]] != value
        inner[place[-1]] = value

    document = manifest(damaged, stage)
    change(document)
    import reference

    document["id"] = reference.manifest_id(document)
    forging.write(damaged / stage / "manifest.json", document)
    for later in ("solve", "split", "pack"):
        if later != stage:
            kept = manifest(damaged, later)
            forging.sign(damaged, later, lambda d, kept=kept: d["content"].update(digest=kept["content"]["digest"]) if later == "pack" else None)
    told = json.loads((damaged / stage / "provenance.json").read_text())
    forging.write(damaged / stage / "provenance.json", told | {"manifest": document["id"]})
    found = findings(damaged)
    assert found and any(f"/{stage}" in line for line in found), found


@pytest.mark.parametrize("rank", [2**40, 2**50, 2**53 - 1, 2**53])
@pytest.mark.parametrize("name", ["rank", "index"])
def test_numbers_beyond_all(name, rank, damaged):
    """A finding, whatever the number."""
    path = damaged / "pack/train-00000.h5"
    forging.column(path, name, 11, rank)
    forging.sign(damaged, "pack", forging.relocated(damaged))
    assert any("train-00000.h5" in line for line in findings(damaged))
    assert findings(damaged / "pack")
    steadyset("show", path, expect=(0, 65))
    if name == "index":
        forging.column(damaged / PART, name, 3, rank)
        forging.sign(damaged, "solve")
        assert findings(damaged)
        (damaged / ".steadyset/steps/pack.json").unlink()
        steadyset("pack", write(damaged.parent, TINY), "-o", damaged, expect=(65, 73))


def test_sums_beyond_all(damaged):
    def change(document):
        for entry in document["files"]:
            entry["samples"] = 2**53 - 1

    forging.sign(damaged, "pack", change)
    assert findings(damaged)
    steadyset("show", damaged, expect=65)


def test_versions(tiny, tmp_path):
    """What a version adds is held to the same laws, and its choices to what the round left of them."""
    dataset = shutil.copytree(tiny, tmp_path / "dataset")
    pool = versioning.solve(tmp_path, REPOSITORY / "pipelines/tiny.yaml", 9, 4)
    free, _ = sites(pool / "pack/train-00000.h5", 1)
    good = shutil.copytree(dataset, tmp_path / "good")
    versioning.add(good, pool, "round-1")
    assert findings(good) == []
    for by, options, says in ((64 * STEP, [], "does not solve the equation"), (STEP, ["--resolve", 1000], "solved again")):
        forged = shutil.copytree(dataset, tmp_path / f"forged-{len(options)}")
        other = shutil.copytree(pool, tmp_path / f"pool-{len(options)}")
        forging.label(other / "pack/train-00000.h5", 1, moved(free[0], by))
        versioning.add(forged, other, "round-1")
        found = findings(forged, *options)
        assert len(found) == 1 and says in found[0] and "added-" in found[0], found
