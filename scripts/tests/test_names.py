"""Names that would mean two things are refused before any work; what a file is, where it is not what was asked for, is said."""

import os
import shutil

import pytest
from conftest import TAUGHT, TINY, changed, manifest, refused, steadyset, write
from test_rounds import ROUNDS, pool_of, versions


@pytest.mark.parametrize("name", ["train", "test", "validation"])
def test_windows_named_like_parts(name, tmp_path):
    windows = [{"name": name, "percent": 12.5, "offset": 0}]
    pipeline = write(tmp_path, changed(TINY, split={"windows": windows}))
    refused("run", pipeline, "-o", tmp_path / "dataset", status=65, says=[rf"pipeline.yaml:\d+", f"'{name}'", "part"])
    assert not (tmp_path / "dataset").exists()


@pytest.fixture
def scored(shards, tmp_path):
    """(arguments of a resample, its dataset, pool, ids)"""
    dataset = shutil.copytree(shards, tmp_path / "dataset")
    pipeline = write(tmp_path, changed(ROUNDS, rounds={"add": 8}))
    pool, ids = pool_of(dataset, tmp_path)
    scores = tmp_path / "scores.csv"
    scores.write_text("id,mae\n" + "".join(f"{id},{(7 * k) % 31}\n" for k, id in enumerate(ids)))
    return ["resample", pipeline, "-o", dataset, "--from", pool, "--scores", scores], dataset, pool, ids


@pytest.mark.parametrize("name", ["train", "test", "validation", "n02", "n7", "base", "a/b", "", "abcd"])
def test_rounds_named_like_something_else(name, scored):
    arguments, dataset, *_ = scored
    refused(*arguments, "--name", name, status=64, says=[f"'{name}'", "cannot be"])
    assert not (dataset / "pack/tags.json").exists() and not (dataset / "rounds").exists()


def test_a_second_round_of_the_same_name(scored, tmp_path):
    arguments, dataset, pool, ids = scored
    said = steadyset(*arguments)
    assert "goes on from the training selection 'S25%'" in said.stderr
    before = versions(dataset)
    # The same again is no other.
    steadyset(*arguments)
    assert versions(dataset) == before
    arguments[-1].write_text("id,mae\n" + "".join(f"{id},{k}\n" for k, id in enumerate(ids)))
    refused(*arguments, status=73, says=["another version called 'round-1'", "@round-1", "--name"])
    assert versions(dataset) == before
    steadyset(*arguments, "--name", "second", "--selection", "S50%")
    assert versions(dataset).keys() == {"round-1", "second"} and versions(dataset)["round-1"] == before["round-1"]
    assert versions(dataset)["second"]["content"]["round"]["from"] == "S50%"


def test_a_dataset_of_configurations(scored, tmp_path):
    """--from takes a dataset's sample stage, as `evaluate` does."""
    arguments, dataset, pool, ids = scored
    by_lines = shutil.copytree(dataset, tmp_path / "lines")
    refused(*[dataset.parent / "scores.csv" if a == pool else a for a in arguments], status=65, says="scores.csv")
    steadyset(*[by_lines if a == dataset else a for a in arguments])
    steadyset(*[tmp_path / "pool" if a == pool else a for a in arguments])
    assert versions(dataset) == versions(by_lines)
    other = write(tmp_path, changed(TAUGHT, physics={"decay_rate": 0.03}), "other.yaml")
    steadyset("sample", other, "-o", tmp_path / "other")
    refused(*[tmp_path / "other" if a == pool else a for a in arguments], "--name", "x", status=65, says="another physics")


URLS = ["s3://bucket/data", "https://example.org/data", "hf://datasets/x", "file:///tmp/x"]
VERSIONS = ["D@round-1", "D@base", "D@1a2b3c4d", "new@one", "D@round-1/"]


@pytest.mark.parametrize("name", URLS + VERSIONS)
def test_outputs_named_like_something_else(name, taught, tmp_path):
    """Nothing is done, and no folder comes into being."""
    (tmp_path / "D").symlink_to(taught[1])
    here = {"cwd": tmp_path}
    says = "is a URL" if name in URLS else "named like the version"
    lines = tmp_path / "some.jsonl"
    lines.write_bytes((taught[1] / "sample/configurations-00000.jsonl").read_bytes())
    before = sorted(os.listdir(tmp_path))
    for arguments in (
        ["run", taught[0]], ["sample", taught[0]], ["train", taught[0], "--data", "D"],
        ["evaluate", "--data", "D", "--model", "D"], ["unpack", "D"], ["export", "mds", "D"], ["export", "croissant", "D"],
    ):  # fmt: skip
        refused(*arguments, "-o", name, status=64, says=says, **here)
    if name in URLS:
        for arguments in (
            ["predict", "--model", "D", "--from", lines], ["export", "csv", "D"],
            ["certify", "--model", "D", "--from", lines, "--tolerance", 1e-3],
        ):  # fmt: skip
            refused(*arguments, "-o", name, status=64, says="is a URL", **here)
    assert sorted(os.listdir(tmp_path)) == before


def test_an_empty_folder_of_such_a_name(tmp_path):
    """A folder that is no dataset would hide a version as well."""
    (tmp_path / "D@one").mkdir()
    refused("run", write(tmp_path, TINY), "-o", tmp_path / "D@one", status=64, says="named like the version")
    assert not list((tmp_path / "D@one").iterdir())


KINDS = {
    "p.yaml": "is a pipeline file.*steadyset plan", "sample/configurations-00000.jsonl": "lines of JSON",
    "train/weights.safetensors": "weights of a model", "pack/manifest.json": "JSON document",
    "evaluate/errors.csv": "table", "pack/locations.npy": "NumPy",
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_show_says_what_a_file_is(name, taught, tmp_path):
    """It is not damaged, it is something else."""
    path = taught[1] / name
    if name == "p.yaml":
        path = shutil.copy(taught[0], tmp_path / "p.yaml")
    error = refused("show", path, status=65, says=[KINDS[name], "takes a dataset's folder"])
    assert "damaged" not in error
