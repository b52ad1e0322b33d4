"""Datasets behind symbolic links, as caches of downloads, git-annex and DVC lay them out: read, and not written to."""

import os
import pathlib
import shutil

import pytest
from conftest import TINY, changed, contents, manifest, refused, steadyset, write


def cached(dataset, folder):
    """Every file a link into a store of blobs, as in the Hugging Face cache; folders are folders."""
    store = folder / "blobs"
    store.mkdir()
    for number, path in enumerate(sorted(p for p in dataset.rglob("*") if p.is_file() and ".steadyset" not in p.parts)):
        target = folder / "snapshots" / path.relative_to(dataset)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, store / f"{number:04}")
        target.symlink_to(os.path.relpath(store / f"{number:04}", target.parent))
    return folder / "snapshots"


@pytest.fixture
def linked(tiny, tmp_path):
    return cached(tiny, tmp_path)


def stored(linked):
    return {path.name: path.read_bytes() for path in (linked.parent / "blobs").iterdir()}


def test_reading(linked, tiny, tmp_path):
    assert "0 findings" in steadyset("verify", linked, "--resolve", 3).stdout
    for stage in ("sample", "solve", "split", "pack"):
        assert "sound" in steadyset("verify", linked / stage).stdout
    assert manifest(tiny, "pack")["id"] in steadyset("show", linked).stdout
    assert "ranks    0 to 11" in steadyset("show", linked / "pack/train-00000.h5").stdout
    steadyset("log", linked)
    steadyset("unpack", linked, "-o", tmp_path / "copy")
    assert (tmp_path / "copy/pack/train-00000.h5").read_bytes() == (tiny / "pack/train-00000.h5").read_bytes()
    for name, form in (("all.csv", "csv"), ("all.h5", "vds"), ("mds", "mds")):
        steadyset("export", form, linked, "-o", tmp_path / name)
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 1 + 120


def test_learning_from_it(taught, tmp_path):
    linked = cached(taught[1], tmp_path)
    steadyset("train", taught[0], "--data", linked, "-o", tmp_path / "model")
    steadyset("evaluate", "--data", linked, "--model", linked, "-o", tmp_path / "out")
    steadyset("evaluate", "--from", linked, "--model", linked / "train/weights.safetensors", "-o", tmp_path / "listed")


def test_writing(linked, tmp_path):
    """Nothing is written, neither through a link nor in its place; the message says what to do."""
    before = stored(linked)
    pipeline = write(tmp_path, TINY)
    grown = write(tmp_path, changed(TINY, sampling={"samples_per_stratum": 60}), "grown.yaml")
    for arguments in (
        ["run", pipeline, "-o", linked], ["run", grown, "-o", linked], ["run", grown, "-o", linked, "--replace"],
        ["pack", pipeline, "-o", linked], ["step", pipeline, "solve-00000", "-o", linked], ["gc", linked, "--apply"],
        ["tag", linked, "mine"],
    ):  # fmt: skip
        refused(*arguments, status=73, says=["symbolic link", "cp -rL"])
    assert stored(linked) == before and not (linked / ".steadyset").exists()
    assert all(path.is_symlink() for path in linked.rglob("*") if not path.is_dir())
    # A copy as files is a dataset like any other.
    copy = tmp_path / "copy"
    shutil.copytree(linked, copy, symlinks=False)
    steadyset("run", pipeline, "-o", copy)
    assert contents(copy).keys()


@pytest.mark.parametrize("name", ["solve", "pack", ".steadyset", "rounds", "rounds/1", "rounds/1/work", "train"])
def test_folders_that_lead_elsewhere(name, damaged, tmp_path):
    """A stranger's dataset must not make us write, or remove, somewhere else."""
    outside = tmp_path / "outside"
    outside.mkdir()
    path = damaged / name
    if path.exists():
        shutil.rmtree(outside)
        shutil.move(path, outside)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside)
    (outside / "precious").write_text("mine")
    before = {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()}
    grown = write(tmp_path, changed(TINY, sampling={"samples_per_stratum": 60}))
    refused("run", grown, "-o", damaged, status=73, says=["symbolic link", str(path)])
    refused("gc", damaged, "--apply", status=73, says="symbolic link")
    assert {p: p.read_bytes() for p in outside.rglob("*") if p.is_file()} == before


def test_what_is_no_plain_file(damaged, tmp_path):
    """Links to pipes, devices, folders and to nothing are refused at once, and nothing waits."""
    path = damaged / "pack/train-00000.h5"
    os.mkfifo(tmp_path / "pipe")
    targets = {tmp_path / "pipe": "regular file", pathlib.Path("/dev/zero"): "regular file", tmp_path: "regular file"}
    for target, says in targets.items():
        path.unlink()
        path.symlink_to(target)
        result = steadyset("verify", damaged, expect=1, timeout=60)
        assert any("train-00000.h5" in line and says in line for line in result.stdout.splitlines()), result.stdout
        refused("export", "csv", damaged, "-o", tmp_path / "x.csv", status=66, says="train-00000.h5", timeout=60)
    path.unlink()
    path.symlink_to(tmp_path / "not-fetched")
    result = steadyset("verify", damaged, expect=1)
    assert "symbolic link to a file that is not here" in result.stdout and "git annex" in result.stdout
    listed = damaged / "split/manifest.json"
    listed.unlink()
    listed.symlink_to(tmp_path / "pipe")
    steadyset("verify", damaged, expect=1, timeout=60)
