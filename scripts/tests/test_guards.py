"""What keeps labels, shards, versions, models and results from being lost without `--replace`: the files themselves, whatever became of
the manifests and records beside them."""

import hashlib
import json
import shutil

import pytest
import versioning
from conftest import TAUGHT, TINY, changed, manifest, refused, steadyset, write
from test_rounds import ROUNDS

SEED = changed(TINY, sampling={"seed": TINY["sampling"]["seed"] + 1})
GROWN = changed(TINY, sampling={"samples_per_stratum": 60})
COARSE = changed(TINY, solver={"tolerance": 2e-6})


def labels(dataset):
    """Digests of every file that holds labels, versions or models."""
    return {
        str(path.relative_to(dataset)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(dataset.rglob("*"))
        if path.is_file() and (path.suffix in (".h5", ".safetensors") or path.name.startswith(("version-", "errors")))
        and ".steadyset" not in path.parts
    }


def truncated(path):
    path.write_bytes(path.read_bytes()[:100])


def without_records(dataset):
    shutil.rmtree(dataset / ".steadyset")


def taken_back(*stages):
    """What a run leaves that ends within these stages: no manifest, no record."""

    def harm(dataset):
        for stage in stages:
            (dataset / stage / "manifest.json").unlink()
            (dataset / f".steadyset/steps/{stage}.json").unlink()

    return harm


HARMS = {
    "none": lambda dataset: None,
    "truncated": lambda dataset: truncated(dataset / "sample/manifest.json"),
    "another version": lambda dataset: (dataset / "sample/manifest.json").write_text('{"format": "steadyset-manifest", "version": 2}'),
    "folder": lambda dataset: ((dataset / "sample/manifest.json").unlink(), (dataset / "sample/manifest.json").mkdir()),
    "sample": taken_back("sample"),
    "solve": taken_back("sample", "solve"),
    "all": taken_back("sample", "solve", "split", "pack"),
    "records": without_records,
    "both": lambda dataset: (taken_back("sample", "solve", "split", "pack")(dataset), without_records(dataset)),
    "shards alone": lambda dataset: [shutil.rmtree(dataset / name) for name in ("sample", "solve", "split", ".steadyset")],
    "parts alone": lambda dataset: [shutil.rmtree(dataset / name) for name in ("sample", "split", "pack", ".steadyset")],
}


@pytest.mark.parametrize("harm", HARMS)
def test_another_seed(harm, damaged, tmp_path):
    """Another pipeline in the folder by mistake: every label is there afterwards, and with --replace it goes on."""
    HARMS[harm](damaged)
    before = labels(damaged)
    refused("run", write(tmp_path, SEED), "-o", damaged, status=73, says=["solved samples", "--replace", "--output"])
    assert labels(damaged) == before
    if harm == "folder":
        (damaged / "sample/manifest.json").rmdir()
    steadyset("run", write(tmp_path, SEED), "-o", damaged, "--replace")
    assert "0 findings" in steadyset("verify", damaged).stdout and not labels(damaged).items() & before.items()


@pytest.mark.parametrize("harm", [name for name in HARMS if name != "folder"])
def test_another_accuracy(harm, damaged, tmp_path):
    HARMS[harm](damaged)
    before = labels(damaged)
    refused("run", write(tmp_path, COARSE), "-o", damaged, status=73, says=["of another 'solver'", "--replace"])
    assert labels(damaged) == before


@pytest.mark.parametrize("harm", [name for name in HARMS if name != "folder"])
def test_growth_goes_on(harm, damaged, tmp_path):
    """What refuses others lets growth, and the same pipeline, pass: nothing of them is lost."""
    HARMS[harm](damaged)
    for pipeline in (TINY, GROWN):
        steadyset("run", write(tmp_path, pipeline), "-o", damaged)
        assert "0 findings" in steadyset("verify", damaged).stdout
    steadyset("run", write(tmp_path, GROWN), "-o", tmp_path / "fresh")
    assert manifest(damaged, "pack")["id"] == manifest(tmp_path / "fresh", "pack")["id"]
    refused("run", write(tmp_path, TINY), "-o", damaged, status=73, says="solved samples")


@pytest.mark.parametrize("name", ["solve/part-00004.h5", "pack/train-00000.h5"])
def test_labels_that_cannot_be_read(name, damaged, tmp_path):
    """Nobody knows what is in such a file, so it is not overwritten by something else."""
    truncated(damaged / name)
    taken_back("sample")(damaged)
    before = labels(damaged)
    refused("run", write(tmp_path, SEED), "-o", damaged, status=73, says=[name, "cannot be read"])
    assert labels(damaged) == before
    without_records(damaged)
    refused("run", write(tmp_path, GROWN), "-o", damaged, status=73, says=[name, "cannot be read"])
    assert labels(damaged) == before
    (damaged / name).unlink()
    steadyset("run", write(tmp_path, TINY), "-o", damaged)
    assert "0 findings" in steadyset("verify", damaged).stdout


def test_steps_are_guarded(damaged, tmp_path):
    before = labels(damaged)
    for harm in ("none", "solve"):
        HARMS[harm](damaged) if harm == "none" else (damaged / "solve/manifest.json").unlink()
        refused("step", write(tmp_path, COARSE), "solve-00001", "-o", damaged, status=73, says="another 'solver'")
        refused("solve", write(tmp_path, COARSE), "-o", damaged, status=73, says="another 'solver'")
        assert labels(damaged) == before


def test_shards_that_parts_lack(damaged, tmp_path):
    """Shards are replaced by what parts have, never by less."""
    steadyset("run", write(tmp_path, changed(TINY, pack={"samples_per_shard": 30})), "-o", damaged)
    assert "0 findings" in steadyset("verify", damaged).stdout
    other = tmp_path / "other"
    steadyset("run", write(tmp_path, SEED), "-o", other)
    shutil.rmtree(other / "pack")
    shutil.copytree(damaged / "pack", other / "pack")
    before = labels(other)
    refused("pack", write(tmp_path, SEED), "-o", other, status=73, says="solved samples")
    assert labels(other) == before


@pytest.fixture
def built(tiny, tmp_path):
    """(dataset with two versions, their ids)"""
    dataset = shutil.copytree(tiny, tmp_path / "dataset")
    pipeline = write(tmp_path, TINY)
    one = versioning.add(dataset, versioning.solve(tmp_path, pipeline, 9, 8), "round-1")
    two = versioning.add(dataset, versioning.solve(tmp_path, pipeline, 10, 4), "round-2", parent=one, before="round-1")
    return dataset, one, two


@pytest.mark.parametrize("change", [{"pack": {"samples_per_shard": 30}}, {"split": {"test_every": 4}}, {"sampling": {"samples_per_stratum": 60}}])
@pytest.mark.parametrize("which", ["none", "first", "second", "both", "sample", "records", "everything"])
def test_shards_that_versions_build_on(which, change, built, tmp_path):
    dataset, *ids = built
    if which in ("first", "second", "both"):
        for id in {"first": ids[:1], "second": ids[1:], "both": ids}[which]:
            truncated(dataset / f"pack/version-{id[:16]}.json")
    if which in ("sample", "everything"):
        for stage in ("sample", "solve", "split") + (("pack",) if which == "everything" else ()):
            truncated(dataset / stage / "manifest.json")
    if which in ("records", "everything"):
        without_records(dataset)
    before = labels(dataset)
    error = refused("run", write(tmp_path, changed(TINY, **change)), "-o", dataset, status=73, says="version")
    assert {k: v for k, v in labels(dataset).items() if k.startswith("pack/")} == {
        k: v for k, v in before.items() if k.startswith("pack/")
    }
    assert "--output" in error
    if which in ("none", "sample", "records", "everything"):
        assert labels(dataset) == before
        steadyset("run", write(tmp_path, TINY), "-o", dataset)
        assert labels(dataset) == before
        assert json.loads(steadyset("verify", dataset, "--json").stdout)["versions"] == 2


# MARK: models and results


@pytest.mark.parametrize("harm", ["none", "truncated", "missing", "records"])
def test_a_model_of_another_training(harm, shards, tmp_path):
    model = tmp_path / "model"
    first = write(tmp_path, changed(TAUGHT, train={"epochs": 1}), "first.yaml")
    other = write(tmp_path, changed(TAUGHT, train={"epochs": 1, "seed": 5}), "other.yaml")
    steadyset("train", first, "--data", shards, "-o", model)
    steadyset("evaluate", "--data", shards, "--model", model, "-o", model)
    if harm == "truncated":
        truncated(model / "train/manifest.json")
    if harm == "missing":
        (model / "train/manifest.json").unlink()
    if harm in ("records", "missing"):
        without_records(model)
    before = labels(model)
    refused("train", other, "--data", shards, "-o", model, status=73, says=["weights.safetensors", "--replace"])
    assert labels(model) == before
    if harm != "missing":
        steadyset("train", first, "--data", shards, "-o", model)
        assert labels(model) == before
    steadyset("train", other, "--data", shards, "-o", model, "--replace")
    assert labels(model)["train/weights.safetensors"] != before["train/weights.safetensors"]
    assert "NOT sound" not in steadyset("verify", model / "train").stdout


def test_a_model_of_fewer_samples(taught, tmp_path):
    """A grown dataset has another model, which takes the place of the old one on request alone."""
    dataset = shutil.copytree(taught[1], tmp_path / "dataset")
    grown = write(tmp_path, changed(TAUGHT, sampling={"samples_per_stratum": 45}))
    before = labels(dataset)
    refused("run", grown, "-o", dataset, status=73, says=["other shards", "--data", "--replace"])
    assert labels(dataset)["train/weights.safetensors"] == before["train/weights.safetensors"]
    steadyset("train", grown, "-o", dataset, "--replace")
    steadyset("run", grown, "-o", dataset)
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_errors_of_another_model(taught, shards, tmp_path):
    other = write(tmp_path, changed(TAUGHT, train={"epochs": 1, "seed": 5}), "other.yaml")
    steadyset("train", other, "--data", shards, "-o", tmp_path / "other")
    output = tmp_path / "out"
    steadyset("evaluate", "--data", shards, "--model", taught[1], "-o", output)
    steadyset("evaluate", "--data", shards, "--model", taught[1], "-o", output, "--selection", "train")
    before = labels(output)
    arguments = ["evaluate", "--data", shards, "--model", tmp_path / "other", "-o", output]
    refused(*arguments, status=73, says=["errors.csv", "another model", "--replace"])
    truncated(output / "evaluate/manifest.json")
    refused(*arguments, status=73, says=["errors.csv", "cannot be read", "--replace"])
    assert labels(output) == before
    steadyset(*arguments, "--replace")
    assert labels(output) != before


def test_files_of_results(taught, tmp_path):
    lines = tmp_path / "some.jsonl"
    lines.write_bytes((taught[1] / "sample/configurations-00000.jsonl").read_bytes())
    predict = ["predict", "--model", taught[1], "--from", lines, "-o", tmp_path / "y.h5"]
    certify = ["certify", "--model", taught[1], "--from", lines, "--tolerance", 1e-3, "-o", tmp_path / "sure.h5"]
    steadyset(*predict)
    steadyset(*certify)
    for command, name in ((predict, "y.h5"), (certify, "sure.h5")):
        before = (tmp_path / name).read_bytes()
        refused(*command, status=73, says=[name, "--replace"])
        assert (tmp_path / name).read_bytes() == before
        steadyset(*command, "--replace")
    (tmp_path / "sure.h5").unlink()
    refused(*certify, status=73, says="sure.csv")
    # A link, be it to nothing, is not replaced either.
    for command in (predict, certify):
        path = command[-1]
        path.unlink(missing_ok=True)
        path.symlink_to(tmp_path / "elsewhere")
        refused(*command, "--replace", status=73, says="no plain file")
        assert path.is_symlink() and not (tmp_path / "elsewhere").exists()
    (tmp_path / "out.csv").symlink_to(tmp_path / "elsewhere")
    refused("export", "csv", taught[1], "-o", tmp_path / "out.csv", status=73, says="exists")
    assert (tmp_path / "out.csv").is_symlink()


def test_unpacking_over_shards(tiny, tmp_path):
    """An unfinished unpacking is gone on with; shards of anything else stay."""
    other = tmp_path / "other"
    steadyset("run", write(tmp_path, SEED), "-o", other)
    (other / "pack/manifest.json").unlink()
    before = labels(other)
    refused("unpack", tiny, "-o", other, status=73, says=["pack/", "other labels"])
    truncated(other / "pack/test-00000.h5")
    before = labels(other)
    refused("unpack", tiny, "-o", other, status=73, says=["pack/", "--output"])
    assert labels(other) == before
    steadyset("unpack", tiny, "-o", tmp_path / "copy")
    whole = labels(tmp_path / "copy")
    (tmp_path / "copy/pack/manifest.json").unlink()
    (tmp_path / "copy/pack/train-00002.h5").unlink()
    steadyset("unpack", tiny, "-o", tmp_path / "copy")
    assert labels(tmp_path / "copy") == whole
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/pack").symlink_to(other / "pack")
    refused("unpack", tiny, "-o", tmp_path / "linked", status=73, says="symbolic link")
    assert labels(other) == before


def test_rounds_that_take_a_name(tmp_path):
    """Other rounds in the same folder would move the name round-1 and train over its model."""
    first = changed(ROUNDS, rounds={"count": 1}, train={"epochs": 1})
    dataset = tmp_path / "dataset"
    steadyset("run", write(tmp_path, first), "-o", dataset)
    before, tags = labels(dataset), (dataset / "pack/tags.json").read_bytes()
    other = write(tmp_path, changed(first, rounds={"acquisition": "random"}), "other.yaml")
    refused("run", other, "-o", dataset, status=73, says=["another version called 'round-1'", "--name"])
    assert labels(dataset) == before and (dataset / "pack/tags.json").read_bytes() == tags
    # The same, without its records, is no other.
    without_records(dataset)
    shutil.rmtree(dataset / "rounds")
    steadyset("run", write(tmp_path, first), "-o", dataset)
    assert labels(dataset) == before and (dataset / "pack/tags.json").read_bytes() == tags
