"""Files from strangers: nothing is written outside of the output, and neither time nor memory grows beyond what a file's size
explains."""

import json
import os
import random

import h5py
import hdf5plugin
import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, REPOSITORY, TINY, changed, refused, samples, steadyset, write
from steadyset import document
from test_damage import rewrite

import changes
import mutations


def measured(*arguments, folder):
    """Runs the binary; returns its status, kilobytes and what it said."""
    outcome = mutations.Outcome([BINARY, *arguments], folder)
    assert outcome.wrong is None, f"{arguments}: {outcome.wrong}: {outcome.said[-300:]}"
    return outcome


NAMES = ["train/..", "train/../../x", "train/a/..", "/etc", "train//", "train/.", "train/~", "test/S50%", "train/a\\b", "train/a\nb"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_selections(name, damaged, tmp_path):
    """A selection's name becomes a folder of an export: one that is none is refused where it is read."""
    beside = tmp_path / "out/index.json"
    beside.parent.mkdir()
    beside.write_text("precious")

    def change(found):
        next(s for s in found["content"]["selections"] if s["name"] == "train/S50%")["name"] = name

    rewrite(damaged, "pack", change)
    steadyset("verify", damaged / "pack", expect=(1, 65))
    refused("export", "mds", damaged, "--output", tmp_path / "out/ex", status=65, says="manifest.json")
    assert beside.read_text() == "precious" and os.listdir(beside.parent) == ["index.json"]
    
    with pytest.raises(reader.DatasetError):
        reader.open(damaged)


@pytest.mark.parametrize("name", ["sub/train-00000.h5", "manifest.json", "TRAIN-00001.H5", "tags.json", "..h5", "train 0.h5"])
def test_names_of_files(name, damaged, tmp_path):
    def change(found):
        found["files"][0]["path"] = name

    rewrite(damaged, "pack", change)
    steadyset("verify", damaged / "pack", expect=(1, 65))
    for command in (["unpack", damaged, "-o", tmp_path / "out"], ["export", "the-well", damaged, "--output", tmp_path / "out"]):
        refused(*command, status=(65, 66), says="manifest.json|missing")


def test_a_folder_called_tilde(tmp_path):
    """`~` is a name like any other, here and to those who read what names it."""
    steadyset("run", REPOSITORY / "pipelines/tiny.yaml", "-o", "~", cwd=tmp_path)
    assert (tmp_path / "~/pack/manifest.json").exists()
    for format, output in (("vds", "v.h5"), ("kerchunk", "k.json"), ("croissant", "c")):
        steadyset("export", format, "~", "--output", output, cwd=tmp_path)
    with h5py.File(tmp_path / "v.h5") as file:
        assert not np.isnan(file["y"][0]).any()
    assert json.loads((tmp_path / "k.json").read_text())["templates"]["u"] == "./~/pack"
    steadyset("export", "csv", "~", "--output", "~/table.csv", cwd=tmp_path)
    assert (tmp_path / "~/table.csv").exists()


def test_memory_of_documents(damaged, tmp_path):
    """12 MiB of what takes most memory a byte stay below a gigabyte, wherever they are read."""
    path = damaged / "pack/manifest.json"
    good = path.read_bytes()
    for piece in (b"{}", b'{"":0}', b"[[[[[0]]]]]"):
        path.write_bytes(good.rstrip()[:-1] + b',"zz":[' + (piece + b",") * (12_000_000 // (len(piece) + 1)) + piece + b"]}\n")
        assert measured("show", "dataset", folder=tmp_path).status == 65
    # Millions of findings of a schema.
    document = json.loads(good)
    document["files"] = [{}] * 1_000_000
    path.write_text(json.dumps(document))
    assert measured("show", "dataset", folder=tmp_path).status == 65
    path.write_bytes(good)
    (damaged / "pack/tags.json").write_text('{"a":"' + "\\n" * 1_500_000 + '"}')
    assert measured("log", "dataset", folder=tmp_path).status == 65
    (damaged / "pack/tags.json").write_text('{"' + "k" * 5_000_000 + '":[' + "1," * 500_000 + "1]}")
    assert measured("log", "dataset", folder=tmp_path).status == 65


def test_a_key_that_is_there_twice_among_many():
    """Each key is compared with a few, not with all: a stranger may write millions."""
    compared = []

    class Key(str):
        def __eq__(self, other):
            compared.append(1)
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    members = [(Key(number), 0) for number in range(1000)]
    with pytest.raises(ValueError, match="the key '999' is there twice"):
        document._object([*members, (Key(999), 1)])
    assert len(compared) < 20 * len(members)


def test_documents_that_stand_for_more(tmp_path):
    """Aliases that double sixty times, as values and as keys; depth; long keys above much; a design of billions of samples."""
    bomb = "x0: &a0 [1, 1]\n" + "".join(f"x{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    for text in (bomb, bomb + "? *a59\n: 1\n? [*a59]\n: 2\n", "[" * 400_000, "a: " + "{b: " * 100_000, "- " * 200_000,
                 "? " + "k" * 100_000 + "\n: [" + "a," * 15_000 + "a]\n", "{" + f"{'k' * 1000}: {{" * 900 + "}" * 901):
        write(tmp_path, text)
        assert measured("plan", "pipeline.yaml", folder=tmp_path).status == 65
    for count in (2**31, 2**40, 10**9):
        write(tmp_path, changed(TINY, sampling={"samples_per_stratum": count}))
        for command in (["plan", "pipeline.yaml"], ["run", "pipeline.yaml", "-o", "d"], ["sample", "pipeline.yaml", "-o", "d"]):
            outcome = measured(*command, folder=tmp_path)
            assert outcome.status == 65 and "samples" in outcome.said
    assert not (tmp_path / "d/sample").exists()


def test_forged_shards(damaged, tmp_path):
    """Records of HDF5 with right checksums: a shard is read without the library, so it is refused or read, and no more."""
    path = damaged / "pack/train-00000.h5"
    good = path.read_bytes()
    known = changes.records(good)
    assert {good[start : start + 4] for start, _ in known} >= {b"\x89HDF", b"OHDR", b"OCHK", b"FAHD", b"FADB"}
    generator = random.Random(11)
    for _ in range(25):
        path.write_bytes(changes.forge(good, known, generator))
        assert measured("show", "dataset/pack/train-00000.h5", folder=tmp_path).status in (0, 65)


def test_copies_of_other_programs(tiny, tmp_path):
    """Datasets that H5Ocopy copies can be read: the filter's entry has its name, as in files of h5py."""
    steadyset("export", "pdebench", tiny, "--output", tmp_path / "p.hdf5", "--codec", "blosc")
    for source, names in ((tiny / "pack/train-00000.h5", "xy"), (tmp_path / "p.hdf5", ["tensor", "nu"])):
        with h5py.File(source) as file, h5py.File(tmp_path / "copy.h5", "w") as copy:
            for name in names:
                file.copy(name, copy)
                assert file[name].id.get_create_plist().get_filter(0)[3] == b"blosc"
        with h5py.File(source) as file, h5py.File(tmp_path / "copy.h5") as copy:
            for name in names:
                assert np.array_equal(file[name][:], copy[name][:])


def test_names_of_filters_equal_h5pys(tmp_path):
    with h5py.File(tmp_path / "own.h5", "w", libver="v110") as file:
        own = file.create_dataset("x", data=np.zeros((2, 32, 32), "f4"), chunks=(1, 32, 32), **hdf5plugin.Blosc("zstd"))
        assert own.id.get_create_plist().get_filter(0)[3] == b"blosc"


def test_predictions_that_crash_the_library(tmp_path):
    """Whatever the library does with a forged file of predictions happens in a process of its own."""
    steadyset("run", REPOSITORY / "pipelines/tiny.yaml", "-o", tmp_path / "d", "--until", "pack")
    ids = [sample["id"] for entry, sample in samples(tmp_path / "d") if entry["part"] == "test"]
    with h5py.File(tmp_path / "good.h5", "w", libver=("v110", "v110")) as file:
        file["id"] = np.array(ids, "u8")
        file.create_dataset("y", data=np.ones((len(ids), 48, 40)), chunks=(1, 48, 40), compression="gzip")
    good = (tmp_path / "good.h5").read_bytes()
    known = changes.records(good)
    generator = random.Random(12)
    for number in range(12):
        (tmp_path / "bad.h5").write_bytes(changes.forge(good, known, generator) if number else good)
        outcome = measured("evaluate", "--data", "d", "--predictions", "bad.h5", "-o", f"out{number}", folder=tmp_path)
        assert outcome.status == 0 if number == 0 else outcome.status in (0, 65), outcome.said
