"""`steadyset export`: every format read back, here by programs that are small enough to install with the tests.

`scripts/check-exports` does the same with the others: datasets, streaming, the_well, PDEBench's loader, PyTorch.
"""

import base64
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import time
import warnings

import h5py
import numpy as np
import pytest
import xxhash
import zstandard
from conftest import BINARY, REPOSITORY, TINY, manifest, refused, steadyset, write
from test_places import limited
from test_reader_remote import server, url  # noqa: F401
from test_schemas import check

sys.path.insert(0, str(REPOSITORY / "scripts/exports"))
import checks  # noqa: E402

import steadyset as reader  # noqa: E402 - the package of scripts/python

SEED = int(os.environ.get("SEED", "20260"))
FORMATS = {
    "kerchunk": "all.json", "vds": "all.h5", "mds": "mds", "the-well": "the-well", "pdebench": "darcy.hdf5",
    "croissant": "croissant", "csv": "samples.csv", "card": "card",
}  # fmt: skip
FOLDERS = {"mds", "the-well", "croissant", "card"}

# A coefficient of each kind: drawn, anisotropic and drawn, by Gaussian fields, the same for all, constant.
MEDIA = {
    "drawn": {"diffusivity": {"random": {"from": 0.5, "to": 2, "length": 8}}, "decay_rate": 0.02},
    "anisotropic": {
        "diffusivity": {"down": {"random": {"from": 0.5, "to": 2, "length": 8}}, "across": 1},
        "decay_rate": {"random": {"from": 0.01, "to": 0.02, "length": 8}},
        "boundary": {"top": "absorbing", "bottom": "reflecting", "left": "periodic", "right": "periodic"},
    },
    "lognormal": {
        "diffusivity": {
            "lognormal": {"median": 1, "variance": 0.5, "covariance": {"cubic": {"length": 6}}, "contrast": {"from": 5, "to": 400}},
        },
        "decay_rate": 0.02,
    },
    "two-valued": {
        "diffusivity": {"two_valued": {"below": 1, "above": 3, "covariance": {"spectral": {"tau": 3, "alpha": 2}}}},
        "decay_rate": {
            "lognormal": {
                "median": 0.02, "variance": 0.1, "covariance": {"exponential": {"length": 4}}, "contrast": {"from": 1, "to": 100},
            },
        },
    },
    "layers": {"diffusivity": {"layered": {"axis": "rows", "edges": [20], "values": [1, 3]}}, "decay_rate": 0.02},
}  # fmt: skip


def export(kind, dataset, output, *options, **more):
    return steadyset("export", kind, dataset, "--output", output, *options, **more)


def bytes_of(path):
    path = pathlib.Path(path)
    return {
        str(p.relative_to(path)): p.read_bytes() for p in sorted([path, *path.rglob("*")]) if p.is_file()
    }  # fmt: skip


@pytest.fixture(scope="session")
def exported(tiny, tmp_path_factory):
    """(what h5py reads in the shards, a folder with the tiny dataset in every format)"""
    folder = tmp_path_factory.mktemp("exports")
    for kind, name in FORMATS.items():
        export(kind, tiny, folder / name)
    export("vds", tiny, folder / "S50.h5", "--selection", "S50%")
    export("the-well", tiny, folder / "the-well-blosc", "--codec", "blosc")
    export("pdebench", tiny, folder / "darcy-blosc.hdf5", "--codec", "blosc")
    return checks.Truth(tiny), folder


@pytest.fixture(scope="session", params=MEDIA)
def medium(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("medium")
    pipeline = {
        "format": 1, "name": "medium", "physics": {"lattice": [40, 32], **MEDIA[request.param]},
        "sampling": {"strata": [1, 2], "samples_per_stratum": 10, "radius": 3, "seed": 5},
    }  # fmt: skip
    steadyset("run", write(folder, pipeline), "-o", folder / "dataset")
    return request.param, folder / "dataset"


@pytest.mark.parametrize("name", ["csv", "vds", "kerchunk", "croissant"])
def test_read_by_others(name, exported):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        said = checks.CHECKS[name][0](*exported)
    assert re.search("[1-9]", said), said


def mds_samples(folder):
    """A reader of MDS as its documentation describes it: checks hashes, yields samples as dicts of bytes."""
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    for shard in index["shards"]:
        assert (shard["format"], shard["compression"], shard["hashes"]) == ("mds", "zstd", ["xxh64"])
        assert ".." not in shard["zip_data"]["basename"]
        assert shard["zip_data"]["basename"] == shard["raw_data"]["basename"] + ".zstd"
        packed = (folder / shard["zip_data"]["basename"]).read_bytes()
        raw = zstandard.ZstdDecompressor().decompress(packed)
        for data, info in ((packed, shard["zip_data"]), (raw, shard["raw_data"])):
            assert (len(data), xxhash.xxh64(data).hexdigest()) == (info["bytes"], info["hashes"]["xxh64"])
        assert shard["column_names"] == sorted(shard["column_names"])
        count = int(np.frombuffer(raw[:4], "<u4")[0])
        offsets = np.frombuffer(raw[4 : 4 * (count + 2)], "<u4")
        assert count == shard["samples"] and offsets[-1] == len(raw)
        for start, end in zip(offsets, offsets[1:]):
            data, place, sizes = raw[start:end], 0, []
            for size in shard["column_sizes"]:
                if size is None:
                    size, place = int.from_bytes(data[place : place + 4], "little"), place + 4
                sizes.append(size)
            sample = {}
            for name, size in zip(shard["column_names"], sizes):
                sample[name], place = data[place : place + size], place + size
            assert place == len(data)
            yield sample


def test_mds(exported):
    truth, exports = exported
    root = exports / "mds"
    seen = 0
    for part in checks.PARTS:
        ids = truth.part(part)
        for i, sample in zip(ids, mds_samples(root / part), strict=True):
            wanted = truth.samples[i]
            assert int(sample["id"].decode(), 16) == i
            assert sample["x"] == wanted["x"].tobytes() and sample["y"] == wanted["y"].tobytes()
            assert np.frombuffer(sample["error_bound"], "<f8")[0] == wanted["error_bound"]
            assert int.from_bytes(sample["rank"], "little") == wanted["rank"]
            sources = [[s[k] for k in ("row", "column", "radius", "value")] for s in json.loads(sample["sources"])]
            assert sources == wanted["sources"].tolist()
            seen += 1
    assert seen == 120
    # Each subset by its own index; no shard twice.
    listed = json.loads((root / "export.json").read_text())
    check("export", listed)
    assert {"train/S12.5%", "train/S12.5%-A", "train/S50%", "train/S100%", "test/S25%"} <= set(listed["folders"])
    for name, folder in listed["folders"].items():
        found = [int(sample["id"].decode(), 16) for sample in mds_samples(root / folder)]
        assert found == truth.selection(name), name
    assert sum(f["samples"] for f in listed["files"] if f["path"].endswith(".zstd")) == 120


def test_the_well(exported):
    """The layout that its loader and its checker ask for; `scripts/check-exports` runs them."""
    truth, exports = exported
    for folder in ("the-well", "the-well-blosc"):
        check("export", json.loads((exports / folder / "export.json").read_text()))
        for part, split in zip(checks.PARTS, ("train", "valid", "test")):
            ids = iter(truth.part(part))
            for path in sorted((exports / folder / "data" / split).glob("*.hdf5")):
                with h5py.File(path) as file:
                    assert isinstance(file.attrs["dataset_name"], str) and file.attrs["grid_type"] == "cartesian"
                    assert list(file.attrs["simulation_parameters"]) == ["diffusivity", "decay_rate"]
                    assert file.attrs["decay_rate"] == 0.02 == file["scalars/decay_rate"][()]
                    field = file["t0_fields/u"]
                    assert field.shape == (file.attrs["n_trajectories"], 2, 48, 40)
                    assert bool(field.chunks) and field.chunks == (1, 1, 48, 40)
                    for flag in ("sample_varying", "time_varying"):
                        assert isinstance(field.attrs[flag], np.bool_) and field.attrs[flag]
                    assert field.attrs["dim_varying"].tolist() == [True, True]
                    assert file["dimensions/time"].attrs["time_varying"] and list(file["dimensions"].attrs["spatial_dims"]) == ["x", "y"]
                    assert set(file["boundary_conditions"]) == {"x_absorbing", "y_absorbing"}
                    mask = file["boundary_conditions/x_absorbing/mask"][:]
                    assert mask.dtype == bool and mask.tolist() == [True] + [False] * 46 + [True]
                    for row, (x, y) in enumerate(field):
                        wanted = truth.samples[next(ids)]
                        checks.same(x, wanted["x"])
                        checks.same(y, wanted["y"])
            assert next(ids, None) is None
    checks.compare_statistics(truth, exports / "the-well/stats.yaml")
    assert (exports / "the-well/stats.yaml").read_text() == (exports / "the-well-blosc/stats.yaml").read_text()


def test_pdebench(exported):
    truth, exports = exported
    wanted = truth.part("test") + truth.part("validation") + truth.part("train")
    for name in ("darcy.hdf5", "darcy-blosc.hdf5"):
        with h5py.File(exports / name) as file:
            assert file["id"][:].tolist() == wanted and file["tensor"].shape == (120, 1, 48, 40)
            assert file["nu"].shape == (120, 48, 40) and file["x-coordinate"].shape == (48,)
            assert int(120 * file.attrs["test_ratio"]) == len(truth.part("test"))
            for row, i in enumerate(wanted):
                checks.same(file["tensor"][row, 0], truth.samples[i]["y"])
                checks.same(file["nu"][row], truth.samples[i]["x"])


def test_media(medium, tmp_path):
    """Coefficients go along: drawn, anisotropic, the same for all, constant; and contrasts where D is drawn."""
    name, dataset = medium
    truth = checks.Truth(dataset)
    for kind in ("kerchunk", "vds", "mds", "the-well"):
        export(kind, dataset, tmp_path / FORMATS[kind])
    export("vds", dataset, tmp_path / "S50.h5", "--selection", "S50%")
    checks.check_vds(truth, tmp_path)
    checks.check_kerchunk(truth, tmp_path)
    for i, sample in zip(truth.part("train"), mds_samples(tmp_path / "mds/train"), strict=True):
        for coefficient in truth.coefficients:
            assert sample[coefficient] == truth.samples[i][coefficient].tobytes()
    with h5py.File(next((tmp_path / "the-well/data/train").glob("*.hdf5"))) as file:
        fields, scalars = list(file["t0_fields"].attrs["field_names"]), list(file["scalars"].attrs["field_names"])
        assert (fields, scalars) == {
            "drawn": (["u", "diffusivity"], ["decay_rate"]),
            "lognormal": (["u", "diffusivity"], ["decay_rate"]),
            "two-valued": (["u", "diffusivity", "decay_rate"], []),
            "anisotropic": (["u", "diffusivity_down", "diffusivity_across", "decay_rate"], []),
            "layers": (["u", "diffusivity"], ["decay_rate"]),
        }[name]
        first = truth.samples[truth.part("train")[0]]
        if name == "anisotropic":
            for plane, field in enumerate(fields[1:3]):
                checks.same(file["t0_fields"][field][0], first["diffusivity"][plane])
            checks.same(file["t0_fields/decay_rate"][0], first["decay_rate"])
            assert set(file["boundary_conditions"]) == {"x_absorbing", "x_reflecting", "y_periodic"}
            assert file["boundary_conditions/x_absorbing/mask"][:].tolist() == [True] + [False] * 39
        else:
            assert bool(file["t0_fields/diffusivity"].attrs["sample_varying"]) == (name != "layers")
    if name == "anisotropic":
        refused("export", "pdebench", dataset, "-o", tmp_path / "d.hdf5", status=65, says="anisotropic")
    else:
        check_pdebench(name, dataset, truth, tmp_path)
    check_contrasts(name, dataset, truth, tmp_path)


def check_contrasts(name, dataset, truth, tmp_path):
    """The contrast of each sample, of `truth` and of each export that has columns; of none where all samples share D."""
    export("csv", dataset, tmp_path / "samples.csv")
    export("croissant", dataset, tmp_path / "croissant")
    fields = json.loads((tmp_path / "croissant/croissant.json").read_text())["recordSet"][0]["field"]
    wanted = {i: sample.get("contrast") for i, sample in truth.samples.items()}
    assert all((contrast is None) == (name == "layers") for contrast in wanted.values())
    assert any(field["name"] == "contrast" for field in fields) == (name != "layers")
    checks.check_csv(truth, tmp_path)
    for path in [tmp_path / "all.h5", tmp_path / "d.hdf5"]:
        if path.exists():
            with h5py.File(path) as file:
                assert ("contrast" in file) == (name != "layers")
                if name != "layers":
                    assert file["contrast"][:].tolist() == [wanted[i] for i in file["id"][:].tolist()]
    refs = json.loads((tmp_path / FORMATS["kerchunk"]).read_text())["refs"]
    columns = {key: base64.b64decode(refs[f"{key}/0"].removeprefix("base64:")) for key in ("id", "contrast") if f"{key}/0" in refs}
    if name != "layers":
        ids, contrasts = np.frombuffer(columns["id"], "<u8"), np.frombuffer(columns["contrast"], "<f8")
        assert contrasts.tolist() == [wanted[i] for i in ids.tolist()]
        for i, sample in zip(truth.part("train"), mds_samples(tmp_path / "mds/train"), strict=True):
            assert np.frombuffer(sample["contrast"], "<f8")[0] == wanted[i]


def check_pdebench(name, dataset, truth, tmp_path):
    """The medium, and where it is drawn the sources."""
    export("pdebench", dataset, tmp_path / "d.hdf5")
    with h5py.File(tmp_path / "d.hdf5") as file:
        for row, i in enumerate(file["id"][:].tolist()):
            checks.same(file["nu"][row], truth.samples[i]["diffusivity" if name != "layers" else "x"])
            if name != "layers":
                checks.same(file["source"][row], truth.samples[i]["x"])


def test_selections_are_those_of_the_reader(tiny, tmp_path):
    """Random expressions name the same samples, in the same order, as in the Python package."""
    generator = random.Random(SEED)
    dataset = reader.open(tiny)
    names = [*dataset.selections, "S25%", "B12.5%", "train", "validation", "test", "n01", "n04"]
    tried = 0
    while tried < 25:
        terms = [" & ".join(generator.sample(names, generator.randint(1, 2))) for _ in range(generator.randint(1, 3))]
        text = " | ".join(terms)
        wanted = [f"{int(i):016x}" for i in dataset.select(text).ids]
        output = tmp_path / f"{tried}.csv"
        if not wanted:
            refused("export", "csv", tiny, "-o", output, "--selection", text, status=65, says="no sample")
            continue
        tried += 1
        export("csv", tiny, output, "--selection", text)
        found = [line.split(",")[0] for line in output.read_text().splitlines()[1:]]
        assert found == wanted, f"SEED={SEED}: {text}"
    # Given twice, samples of either are taken.
    export("csv", tiny, tmp_path / "two.csv", "--selection", "test", "--selection", "S12.5% & n02")
    found = [line.split(",")[0] for line in (tmp_path / "two.csv").read_text().splitlines()[1:]]
    assert found == [f"{int(i):016x}" for i in dataset.select("test | S12.5% & n02").ids]


def test_every_format_is_tried():
    """The tests that run over `FORMATS` run over the program's table of formats."""
    listed = steadyset("export", "--help").stdout.partition("Formats:")[2].partition("Values and ids")[0]
    words = dict(re.findall(r"^  ([a-z-]+) +(\S.*)$", listed, re.M))
    assert list(words) == list(FORMATS)
    assert {kind for kind, text in words.items() if text.endswith("; a folder")} == FOLDERS


@pytest.mark.parametrize("kind", FORMATS)
def test_same_bytes(kind, exported, tiny, tmp_path):
    """From run to run, with other numbers of threads; and of the folder pack alone."""
    _, exports = exported
    # Relative places of the shards are in some formats.
    other = exports / f"again-{FORMATS[kind]}"
    export(kind, tiny / "pack", other, "--threads", "3")
    first, second = bytes_of(exports / FORMATS[kind]), bytes_of(other)
    assert list(first.values()) == list(second.values()) and len(first) == len(second)
    if kind in FOLDERS:
        listed = json.loads((other / "export.json").read_text())
        check("export", listed)
        assert {f["path"] for f in listed["files"]} | {"export.json"} == set(second)
        assert listed["manifest"] == manifest(tiny, "pack")["id"]


@pytest.mark.parametrize("kind", FORMATS)
def test_replaces_nothing(kind, tiny, tmp_path):
    output = tmp_path / FORMATS[kind]
    output.write_text("precious")
    refused("export", kind, tiny, "-o", output, status=73, says="exists")
    assert output.read_text() == "precious" and os.listdir(tmp_path) == [output.name]
    output.unlink()
    output.mkdir()
    refused("export", kind, tiny, "-o", output, status=73, says="exists")
    refused("export", kind, tiny, "-o", tmp_path / "no" / FORMATS[kind], status=73, says="no such folder")
    assert os.listdir(output) == []


def test_foreign_temporary_folder(tiny, tmp_path):
    """A folder of the temporary name that no export left is not touched."""
    (tmp_path / ".mds.tmp").mkdir()
    (tmp_path / ".mds.tmp/notes").write_text("precious")
    refused("export", "mds", tiny, "-o", tmp_path / "mds", status=73, says="no unfinished export")
    assert (tmp_path / ".mds.tmp/notes").read_text() == "precious"


@pytest.mark.parametrize("kind", ["mds", "the-well", "pdebench", "vds", "kerchunk"])
def test_damage(kind, damaged, tmp_path):
    """A chunk that is damaged, or a shard that is another, ends the export; nothing is left of it."""
    shard = damaged / "pack/train-00001.h5"
    good = shard.read_bytes()
    output = tmp_path / "out" / FORMATS[kind]
    output.parent.mkdir()
    if kind not in ("vds", "kerchunk"):  # these read no chunk
        with h5py.File(shard) as file:
            info = file["y"].id.get_chunk_info(3)
        data = bytearray(good)
        data[info.byte_offset + info.size // 2] ^= 4
        shard.write_bytes(data)
        refused("export", kind, damaged, "-o", output, status=65, says=["train-00001.h5", "damaged"])
        assert os.listdir(output.parent) == []
    shard.write_bytes((damaged / "pack/train-00002.h5").read_bytes()[:-5])
    refused("export", kind, damaged, "-o", output, status=65, says="train-00001.h5")
    shard.unlink()
    refused("export", kind, damaged, "-o", output, status=66, says="train-00001.h5")
    assert os.listdir(output.parent) == []
    shard.write_bytes(good)
    export(kind, damaged, output)


def test_label_of_another_sample(damaged, tmp_path):
    """A whole frame in the wrong place is found by y's digest."""
    shard = damaged / "pack/test-00000.h5"
    with h5py.File(shard) as file:
        first, second = (file["y"].id.get_chunk_info(row) for row in (0, 1))
        digests = file["y_sha256"].id.get_offset()
    data = bytearray(shard.read_bytes())
    data[digests : digests + 64] = data[digests + 32 : digests + 64] + data[digests : digests + 32]
    shard.write_bytes(data)
    assert first.size and second.size
    refused("export", "mds", damaged, "-o", tmp_path / "mds", status=65, says=["test-00000.h5", "SHA-256"])


def test_interrupted(slow, tmp_path):
    """Killed on the way, nothing has the export's name; the next one takes over."""
    _, dataset = slow
    killed = 0
    for name, number in (("killed", signal.SIGKILL), ("terminated", signal.SIGTERM)):
        output = tmp_path / name
        process = subprocess.Popen([BINARY, "export", "mds", dataset, "-o", output], stderr=subprocess.PIPE)
        while not list(tmp_path.glob(f".{name}.tmp/*/*")) and process.poll() is None:
            time.sleep(0.001)
        process.send_signal(number)
        status = process.wait()
        process.stderr.close()
        if status != 0:
            assert status == (-signal.SIGKILL if number == signal.SIGKILL else 143)
            assert not output.exists() and (tmp_path / f".{name}.tmp").exists() == (number == signal.SIGKILL)
            killed += 1
            export("mds", dataset, output)
        assert len(list(mds_samples(output / "train"))) == len(checks.Truth(dataset).part("train"))
    assert killed and sorted(os.listdir(tmp_path)) == ["killed", "terminated"]


@pytest.mark.parametrize("kind", FORMATS)
def test_files_that_cannot_grow(kind, tiny, tmp_path):
    """Like a full disk, at several places of the writing; nothing is left, and the same command works afterwards."""
    output = tmp_path / FORMATS[kind]
    for size in (0, 5000, 15_000):
        refused("export", kind, tiny, "-o", output, status=74, says="ulimit -f", **limited(size))
        assert os.listdir(tmp_path) == [], size
    export(kind, tiny, output)


def test_wrong_usage(tiny, tmp_path):
    out = tmp_path / "o"
    refused("export", "zarr", tiny, "-o", out, status=64, says="kerchunk")
    refused("export", "csv", tiny, "-o", out, "--codec", "blosc", status=64, says="the-well and pdebench")
    refused("export", "mds", tiny, "-o", out, "--base-url", "http://x", status=64, says="kerchunk and croissant")
    refused("export", "card", tiny, "-o", out, "--selection", "test", status=64, says="whole dataset")
    refused("export", "croissant", tiny, "-o", out, "--describe", "license", status=64, says="word=text")
    refused("export", "croissant", tiny, "-o", out, "--describe", "licence=x", status=64, says="license")
    refused("export", "croissant", tiny, "-o", out, "--selection", "test", status=64, says="whole dataset")
    refused("export", "pdebench", tiny, "-o", tmp_path / "d.h5", status=64, says="hdf5")
    refused("export", "csv", tiny, "-o", out, "--threads", "0", status=64, says="threads")
    refused("export", "csv", tiny, "-o", out, "--selection", "S30%", status=65, says=["S30%", "train/S25%"])
    refused("export", "csv", tiny / "solve", "-o", out, status=66, says="pack")
    refused("export", "csv", tmp_path, "-o", out, status=66, says="no finished stage")
    assert os.listdir(tmp_path) == []


def test_places(tiny, tmp_path):
    """Names with spaces and percent signs; relative places that hold after a move of both."""
    folder = tmp_path / "100% of it"
    (folder / "data").mkdir(parents=True)
    os.symlink(tiny / "pack", folder / "data/pack")
    export("vds", folder / "data", folder / "all.h5")
    export("vds", folder / "data", folder / "S50.h5", "--selection", "S50%")
    checks.check_vds(checks.Truth(tiny), folder)
    result = export("kerchunk", tiny, tmp_path / "k.json", "--base-url", "https://example.org/d/", "--json")
    assert json.loads(result.stdout) == {"bytes": (tmp_path / "k.json").stat().st_size, "files": 1, "notes": [], "samples": 120}
    assert json.loads((tmp_path / "k.json").read_text())["templates"] == {"u": "https://example.org/d"}
    export(
        "croissant", tiny, tmp_path / "c", "--base-url", "https://example.org/d", "--describe", "license=CC-BY-4.0",
        "--describe", "creator=A. Person")  # fmt: skip
    found = json.loads((tmp_path / "c/croissant.json").read_text())
    assert found["license"] == "https://creativecommons.org/licenses/by/4.0/" and found["creator"]["name"] == "A. Person"
    assert found["distribution"][1]["contentUrl"] == "https://example.org/d/train-00000.h5"
    assert found["distribution"][1]["sha256"] == manifest(tiny, "pack")["files"][0]["sha256"]


@pytest.mark.parametrize("text", ["n02", "S50% & n04 | test & n01", "n01 | n04"])
def test_rows_that_are_apart(text, tiny, tmp_path):
    """Selections that take some rows of each shard: the virtual file, the references and the copies hold those rows."""
    truth = checks.Truth(tiny)
    wanted = [int(i) for i in reader.open(tiny).select(text).ids]
    assert 10 < len(wanted) < 100
    for kind in ("vds", "pdebench", "mds", "the-well", "kerchunk"):
        export(kind, tiny, tmp_path / FORMATS[kind], "--selection", text)
    with h5py.File(tmp_path / "all.h5") as file:
        assert file["id"][:].tolist() == wanted and file.attrs["steadyset_selection"] == text
        for number, i in enumerate(wanted):
            checks.same(file["x"][number], truth.samples[i]["x"])
            checks.same(file["y"][number], truth.samples[i]["y"])
    with h5py.File(tmp_path / "darcy.hdf5") as file:
        assert sorted(file["id"][:].tolist()) == sorted(wanted)
        for number, i in enumerate(file["id"][:].tolist()):
            checks.same(file["tensor"][number, 0], truth.samples[i]["y"])
    found = {int(s["id"].decode(), 16): s["y"] for p in checks.PARTS if (f := tmp_path / "mds" / p).exists() for s in mds_samples(f)}
    assert found == {i: truth.samples[i]["y"].tobytes() for i in wanted}
    fields = []
    for split in ("train", "valid", "test"):
        for path in sorted((tmp_path / "the-well/data" / split).glob("*.hdf5")):
            with h5py.File(path) as file:
                fields += [y.tobytes() for y in file["t0_fields/u"][:, 1]]
    assert fields == [truth.samples[i]["y"].tobytes() for i in wanted]
    refs = json.loads((tmp_path / "all.json").read_text())["refs"]
    for number, i in enumerate(wanted):
        with h5py.File(tiny / "pack" / truth.samples[i]["file"]) as shard:
            info = shard["y"].id.get_chunk_info(truth.samples[i]["row"])
        assert refs[f"y/{number}.0.0"] == ["{{u}}/" + truth.samples[i]["file"], info.byte_offset, info.size]


def test_kerchunk_behind_a_url(server, tiny, tmp_path):  # noqa: F811
    """A sample is one request for exactly the bytes of its chunk."""
    import xarray

    truth = checks.Truth(tiny)
    export("kerchunk", tiny, tmp_path / "k.json", "--base-url", f"{url(server)}/pack")
    data = xarray.open_dataset(str(tmp_path / "k.json"), engine="kerchunk")
    assert data.id.values.tolist() == list(truth.samples) and server.answers == []
    for number in (0, 17, 119):
        i = int(data.id[number])
        checks.same(data.y[number].values, truth.samples[i]["y"])
        # The server notes an answer after it has sent it.
        deadline = time.monotonic() + 10
        while not server.answers and time.monotonic() < deadline:
            time.sleep(0.01)
        ((name, status, size),) = server.answers
        with h5py.File(tiny / "pack" / truth.samples[i]["file"]) as shard:
            stored = shard["y"].id.get_chunk_info(truth.samples[i]["row"]).size
        assert (name, status, size) == (truth.samples[i]["file"], 206, stored)
        server.answers.clear()


def test_missing_shards_of_a_virtual_file_are_nan(tiny, tmp_path):
    """The hazard that the documentation speaks of, and what is made of it: NaN, not zeros."""
    export("vds", tiny, tmp_path / "v.h5")
    moved = tmp_path / "elsewhere/deeper/v.h5"
    moved.parent.mkdir(parents=True)
    (tmp_path / "v.h5").rename(moved)
    with h5py.File(moved) as file:
        assert np.isnan(file["y"][5]).all() and np.isnan(file["x"][5]).all()


def test_the_article_s_program(tiny, tmp_path):
    """The program for xarray runs as it is printed."""
    (tmp_path / "quickstart").symlink_to(tiny)
    export("kerchunk", tmp_path / "quickstart", tmp_path / "quickstart.json")
    text = (REPOSITORY / "Sources/steadyset/Documentation.docc/Exports.md").read_text()
    (program,) = [p for p in re.findall(r"```python\n(.*?)```", text, re.S) if "import xarray" in p]
    result = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert result.stdout == "(24, 48, 40) 1.0\n", result.stderr


def test_the_article_s_formats():
    """Every format has a line in the article's table and is named in --help."""
    text = (REPOSITORY / "Sources/steadyset/Documentation.docc/Exports.md").read_text()
    said = steadyset("export", "--help").stdout
    for kind in FORMATS:
        assert f"| `{kind}` | a f" in text and f"\n### {kind}\n" in text and f"  {kind} " in said


def test_tiny_is_what_it_was(tiny):
    """The tests above count on it."""
    assert TINY["sampling"]["samples_per_stratum"] * len(TINY["sampling"]["strata"]) == 120
