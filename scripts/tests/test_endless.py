"""train.selection 'endless': the training part without an end, the same bits whatever interrupts it; and parts in a run's codec."""

import json

import h5py
import pytest
from conftest import REPOSITORY, TAUGHT, changed, manifest, refused, steadyset, write
from test_schemas import check
from test_train import metrics, results

ENDLESS = changed(TAUGHT, train={"selection": "endless", "samples_per_epoch": 50, "epochs": 3})


@pytest.fixture(scope="module")
def endless(tmp_path_factory):
    folder = tmp_path_factory.mktemp("endless")
    steadyset("run", write(folder, ENDLESS), "-o", folder / "data", "--threads", "1")
    return folder / "pipeline.yaml", folder / "data"


def test_what_it_leaves(endless):
    pipeline, dataset = endless
    found = manifest(dataset, "train")
    check("manifest-train", found)
    assert found["content"]["ranks"] == [0, 150] and found["content"]["samples"] == 50
    assert found["parameters"]["samples_per_epoch"] == 50
    # 78 of the design's samples are training samples: the second epoch is beyond the dataset already.
    assert found["content"]["steps"] == 12 and len(metrics(dataset)) == 3
    assert "sound" in steadyset("verify", dataset).stdout
    assert "'endless'" in steadyset("show", dataset).stdout
    assert all(line.endswith("unchanged") for line in steadyset("run", pipeline, "-o", dataset).stdout.splitlines())
    check("plan", json.loads(steadyset("plan", pipeline).stdout))


def test_the_first_epoch_is_that_of_the_nested_subset(endless, tmp_path):
    """78 ranks are all training samples in rank order; only the order of an epoch differs, so one whole batch tells."""
    whole = changed(TAUGHT, train={"selection": "endless", "samples_per_epoch": 78, "epochs": 1, "batch": 78, "judge": "none"})
    known = changed(TAUGHT, train={"epochs": 1, "batch": 78, "judge": "none"})
    losses = []
    for name, pipeline in (("endless", whole), ("known", known)):
        steadyset("train", write(tmp_path, pipeline, f"{name}.yaml"), "--data", endless[1], "-o", tmp_path / name)
        losses.append(metrics(tmp_path / name)[0]["train_loss"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-6)


def test_threads_and_epochs_do_not_change_bits(endless, tmp_path):
    """With two threads, and from a checkpoint after one epoch, which an interrupt leaves."""
    pipeline, dataset = endless
    steadyset("train", pipeline, "--data", dataset, "-o", tmp_path / "two", "--threads", "2")
    assert results(tmp_path / "two") == results(dataset)


def test_a_damaged_range_is_found(endless, tmp_path):
    steadyset("train", endless[0], "--data", endless[1], "-o", tmp_path / "model")
    path = tmp_path / "model/train/manifest.json"
    path.write_text(path.read_text().replace("150", "151"))
    assert "id" in steadyset("verify", tmp_path / "model", expect=1).stdout


def test_refusals(endless, tmp_path):
    pipeline, dataset = endless
    for name, train, says in (
        ("missing", {"selection": "endless", "samples_per_epoch": None}, "samples_per_epoch is said where selection is 'endless'"),
        ("other", {"selection": "S50%"}, "samples_per_epoch is said where selection is 'endless'"),
        ("none", {"samples_per_epoch": 0}, r"none.yaml:\d+: .*samples_per_epoch"),
    ):
        refused("run", write(tmp_path, changed(ENDLESS, train=train), f"{name}.yaml"), "-o", tmp_path / "no", status=65, says=says)
    rounds = {**ENDLESS, "rounds": {"add": 5, "pool": 30}}
    refused("run", write(tmp_path, rounds, "rounds.yaml"), "-o", tmp_path / "no", status=65, says="leave out 'rounds'")
    lines = tmp_path / "own.jsonl"
    lines.write_text('{"sources": [{"row": 9, "column": 9, "radius": 2, "value": 1}]}\n')
    refused("run", pipeline, "--from", lines, "-o", tmp_path / "no", status=65, says="these samples are imported")
    # Shards alone do not say what they were drawn from.
    refused("train", pipeline, "--data", dataset / "pack", "-o", tmp_path / "no", status=66, says="needs the stages 'sample' and 'split'")


@pytest.mark.parametrize("name", ["tiny", "layers", "random-medium"])
def test_parts_have_the_runs_codec(name, tmp_path):
    """No standard parts are written on the way; what others make of them is the same, bit for bit."""
    pipeline = REPOSITORY / f"pipelines/{name}.yaml"
    packs = {}

    def pack(dataset):
        return {p.name: p.read_bytes() for p in (dataset / "pack").iterdir() if p.name != "provenance.json"}

    for codec in ("standard", "compact", "archive", "recipe"):
        dataset = tmp_path / codec
        steadyset("run", pipeline, "-o", dataset, "--codec", codec, "--until", "pack")
        packs[codec] = pack(dataset)
        with h5py.File(dataset / "solve/part-00000.h5") as part:
            assert ("y" in part) == ("x" in part) == (codec != "recipe")
            number = {"standard": 32001, "compact": 32026, "archive": 48217}.get(codec)
            assert number is None or str(number) in part["y"]._filters
        assert "sound" in steadyset("verify", dataset, "--resolve", 2).stdout
        assert manifest(dataset, "solve")["id"] == manifest(tmp_path / "standard", "solve")["id"]
    for made in packs:
        for wanted in packs:
            steadyset("pack", pipeline, "-o", tmp_path / made, "--codec", wanted)
            found = pack(tmp_path / made)
            assert found == packs[wanted], f"{wanted} shards of {made} parts"
    done = steadyset("run", pipeline, "-o", tmp_path / "recipe", "--codec", "recipe", "--until", "solve").stdout
    assert all(line.endswith("unchanged") for line in done.splitlines())
