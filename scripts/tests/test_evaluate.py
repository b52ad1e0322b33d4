"""evaluate and predict: regions and summaries against NumPy on real shards; predictions of anybody, good and bad."""

import csv
import json
import pathlib
import re
import shutil
import struct
import subprocess
import zlib

import h5py
import numpy as np
import pytest
from conftest import REPOSITORY, TAUGHT, changed, leftovers, manifest, refused, samples, steadyset, write
from test_train import tensors, trained

REGIONS = ["sources", "field", "r1", "r2", "r3", "r4"]


def masks(x, y):
    """The regions of the paper, by the definition."""
    outside = ~(x > 0)
    return {
        "sources": x > 0, "field": outside, "r1": outside & (y >= 0.2), "r2": outside & (y >= 0.1) & (y < 0.2),
        "r3": outside & (y >= 0.05) & (y < 0.1), "r4": outside & (y < 0.05),
    }


def rows(folder, name="errors.csv"):
    with open(pathlib.Path(folder) / "evaluate" / name) as file:
        return list(csv.DictReader(file))


def predictions(path, ids, y, **options):
    with h5py.File(path, "w") as file:
        file.create_dataset("id", data=np.asarray(ids, np.uint64))
        file.create_dataset("y", data=np.asarray(y), **options)
    return path


@pytest.fixture(scope="module")
def fields(shards):
    """(part, sample) of every sample of the dataset."""
    return [(entry["part"], sample) for entry, sample in samples(shards)]


@pytest.fixture(scope="module")
def guess(fields, tmp_path_factory):
    """(file, fields by id) of predictions of all samples: y with noise, some below zero; rows in another order."""
    generator = np.random.default_rng(8)
    found = {
        int(sample["id"]): (sample["y"] + generator.normal(0, 0.05, sample["y"].shape)).astype(np.float32)
        for _, sample in fields
    }
    ids = list(found)
    generator.shuffle(ids)
    path = tmp_path_factory.mktemp("guess") / "guess.h5"
    return predictions(path, ids, np.stack([found[i] for i in ids])), found


def test_regions_equal_numpys(shards, fields, guess, tmp_path):
    path, found = guess
    steadyset("evaluate", "--data", shards, "--predictions", path, "--selection", "test | train", "-o", tmp_path)
    wanted = [(part, sample) for part, sample in fields if part in ("train", "test")]
    errors = rows(tmp_path)
    assert [row["id"] for row in errors] == [f"{sample['id']:016x}" for _, sample in wanted]
    everything = {}
    for row, (part, sample) in zip(errors, wanted):
        assert (row["part"], int(row["rank"]), int(row["n_sources"])) == (part, sample["rank"], sample["n_sources"])
        x, y = sample["x"], sample["y"]
        error = np.abs(found[int(sample["id"])].astype(np.float64) - y.astype(np.float64))
        expected = {"mae": error.mean(), "mse": (error**2).mean(), "max": error.max()}
        squares = (error**2).mean() / np.array([(y.astype(np.float64) ** 2).mean(), y.astype(np.float64).var()])
        expected |= dict(zip(("nrmse", "vrmse"), np.sqrt(squares)))
        expected |= {name: error[mask].mean() if mask.any() else None for name, mask in masks(x, y).items()}
        for name, value in expected.items():
            assert (row[name] == "") == (value is None)
            if value is not None:
                assert float(row[name]) == pytest.approx(value, rel=5.1e-9), (row["id"], name)
                assert len(row[name].split("e")[0].replace(".", "").lstrip("0")) <= 9
                for group in (str(sample["n_sources"]), "all"):
                    everything.setdefault((group, name), []).append(value)
    summary = {(row["n_sources"], row["measure"]): row for row in rows(tmp_path, "summary.csv")}
    assert set(summary) == {(group, name) for group, name in everything}
    assert list(summary)[:2] == [("1", "mae"), ("1", "mse")] and list(summary)[-1] == ("all", "r4")
    for key, row in summary.items():
        values = np.array(everything[key])
        assert int(row["samples"]) == len(values)
        statistics = [values.mean(), *np.percentile(values, [50, 95, 99]), values.max()]
        got = [float(row[name]) for name in ("mean", "median", "p95", "p99", "max")]
        assert got == pytest.approx(statistics, rel=1e-8), key
    content = manifest(tmp_path, "evaluate")["content"]
    assert content["samples"] == len(wanted)
    assert content["mae"] == pytest.approx(np.mean(everything[("all", "mae")]), rel=1e-12)
    assert "sound: evaluate" in steadyset("verify", tmp_path).stdout


def test_other_forms_of_predictions(shards, fields, guess, tmp_path):
    """Doubles, chunks, gzip, other datasets beside: the same errors."""
    path, found = guess
    steadyset("evaluate", "--data", shards, "--predictions", path, "-o", tmp_path / "plain")
    ids = list(found)
    other = predictions(
        tmp_path / "other.h5", ids, np.stack([found[i] for i in ids]).astype(">f8"), chunks=(7, 32, 16), compression="gzip"
    )
    with h5py.File(other, "a") as file:
        file["notes"] = "anything"
    steadyset("evaluate", "--data", shards, "--predictions", other, "-o", tmp_path / "packed")
    assert rows(tmp_path / "plain") == rows(tmp_path / "packed")
    ours, theirs = (manifest(tmp_path / name, "evaluate") for name in ("plain", "packed"))
    assert ours["id"] == theirs["id"]


def test_bad_predictions(shards, fields, guess, tmp_path):
    path, found = guess
    ids = list(found)
    y = np.stack([found[i] for i in ids])
    test = next(int(sample["id"]) for part, sample in fields if part == "test")
    at = ids.index(test)
    bad = y.copy()
    bad[at, 3, 5] = np.nan
    tests = [
        ("missing", ids[:at] + ids[at + 1 :], np.delete(y, at, 0), 65, f"lacks samples.*1 samples, {test:016x}"),
        ("doubled", ids + [test], np.concatenate([y, y[at : at + 1]]), 65, f"{test:016x} is there twice"),
        ("unknown", ids + [12], np.concatenate([y, y[:1]]), 65, "does not have: 1 samples, 000000000000000c"),
        ("nan", ids, bad, 65, f"{test:016x} is nan at row 3, column 5"),
        ("short", ids, y[:-1], 65, "/y .*shape"), ("flat", ids, y.reshape(len(ids), -1), 65, "/y .*shape"),
        ("lattice", ids, np.zeros((len(ids), 64, 32), np.float32), 65, "64 × 32"),
        ("whole", ids, np.zeros((len(ids), 32, 32), np.int32), 65, "floating-point"),
    ]
    for name, numbers, values, status, says in tests:
        file = predictions(tmp_path / f"{name}.h5", numbers, values)
        refused("evaluate", "--data", shards, "--predictions", file, "-o", tmp_path / name, status=status, says=[says, f"{name}.h5"])
        assert not (tmp_path / name / "evaluate/manifest.json").exists(), name
    (tmp_path / "text.h5").write_text("no HDF5")
    refused("evaluate", "--data", shards, "--predictions", tmp_path / "text.h5", "-o", tmp_path / "x", status=65, says="text.h5")
    refused("evaluate", "--data", shards, "--predictions", tmp_path / "none.h5", "-o", tmp_path / "x", status=66, says="none.h5")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["id"] = np.asarray(ids, np.uint64)
        file["y"] = h5py.ExternalLink(str(path), "y")
    refused("evaluate", "--data", shards, "--predictions", tmp_path / "link.h5", "-o", tmp_path / "x", status=65, says="link to another place")
    assert not leftovers(tmp_path)


def test_a_failed_evaluation_leaves_the_one_before(shards, fields, guess, tmp_path):
    path, found = guess
    steadyset("evaluate", "--data", shards, "--predictions", path, "-o", tmp_path)
    before = {p.name: p.read_bytes() for p in (tmp_path / "evaluate").iterdir()}
    ids = list(found)
    y = np.stack([found[i] for i in ids])
    y[:, 0, 0] = np.inf
    bad = predictions(tmp_path.parent / "inf.h5", ids, y)
    refused("evaluate", "--data", shards, "--predictions", bad, "-o", tmp_path, status=65, says="is inf at row 0")
    assert {p.name: p.read_bytes() for p in (tmp_path / "evaluate").iterdir()} == before


def test_the_models_own_predictions_give_its_errors(taught, tmp_path):
    """predict for the dataset's own configurations, then evaluate that file: the rows of the model itself."""
    _, dataset = taught
    lines = "".join(path.read_text() for path in sorted((dataset / "sample").glob("*.jsonl")))
    (tmp_path / "all.jsonl").write_text(lines)
    output = tmp_path / "y.h5"
    steadyset("predict", "--model", dataset, "--from", tmp_path / "all.jsonl", "-o", output)
    with h5py.File(output) as file:
        assert [f"{i:016x}" for i in file["id"][:]] == [json.loads(line)["id"] for line in lines.splitlines()]
        assert file["y"].dtype == np.float32 and file["y"].shape == (120, 32, 32)
    steadyset("evaluate", "--data", dataset, "--predictions", output, "-o", tmp_path / "file")
    steadyset("evaluate", "--data", dataset / "pack", "--model", dataset / "train/weights.safetensors", "-o", tmp_path / "weights")
    assert rows(tmp_path / "file") == rows(tmp_path / "weights") == rows(dataset)
    assert len(rows(dataset)) == 24
    again = steadyset("predict", "--model", dataset / "train", "--from", tmp_path / "all.jsonl", "-o", tmp_path / "again.h5")
    assert (tmp_path / "again.h5").read_bytes() == output.read_bytes()
    assert "120 samples" in again.stderr


def test_ensembles(taught, shards, tmp_path):
    """Two models: the mean of their fields, and the variance between them."""
    pipeline, dataset = taught
    other = trained(shards, tmp_path, "other", seed=9, transform="sqrt")
    lines = tmp_path / "all.jsonl"
    lines.write_text("".join(path.read_text() for path in sorted((dataset / "sample").glob("*.jsonl"))))
    both = {}
    for name, models in (("first", [dataset]), ("second", [other]), ("both", [dataset, other])):
        arguments = [word for model in models for word in ("--model", model)]
        steadyset("predict", *arguments, "--from", lines, "-o", tmp_path / f"{name}.h5")
        with h5py.File(tmp_path / f"{name}.h5") as file:
            both[name] = dict(zip(map(int, file["id"][:]), file["y"][:].astype(np.float64)))
    steadyset("evaluate", "--data", shards, "--model", dataset, "--model", other, "-o", tmp_path / "out")
    for row in rows(tmp_path / "out"):
        pair = [both[name][int(row["id"], 16)] for name in ("first", "second")]
        assert np.allclose(both["both"][int(row["id"], 16)], np.mean(pair, axis=0), atol=1e-7)
        assert float(row["variance"]) == pytest.approx(np.var(pair, axis=0).mean(), rel=1e-6)
    parameters = manifest(tmp_path / "out", "evaluate")["parameters"]
    assert len(parameters["models"]) == 2 and len(manifest(tmp_path / "out", "evaluate")["inputs"]) == 3


def test_dropout_variance(taught, shards, tmp_path):
    model = trained(shards, tmp_path, "dropped", model={"kind": "encoder-decoder", "width": 0.0625, "dropout": 0.3}, epochs=1)
    for name in ("first", "second"):
        steadyset("evaluate", "--data", shards, "--model", model, "--dropout-samples", 4, "-o", tmp_path / name)
    found = rows(tmp_path / "first")
    assert found == rows(tmp_path / "second") and all(float(row["variance"]) > 0 for row in found)
    steadyset("evaluate", "--data", shards, "--model", model, "-o", tmp_path / "plain")
    assert [row["mae"] for row in rows(tmp_path / "plain")] == [row["mae"] for row in found]
    refused("evaluate", "--data", shards, "--model", taught[1], "--dropout-samples", 4, "-o", tmp_path / "x", status=65, says="without dropout")
    refused("evaluate", "--data", shards, "--model", model, "--model", taught[1], "--dropout-samples", 4, "-o", tmp_path / "x", status=64, says="one --model")


def test_models_that_do_not_fit(taught, tiny, tmp_path):
    _, dataset = taught
    refused("evaluate", "--data", tiny, "--model", dataset, "-o", tmp_path / "x", status=65, says="32 × 32 sites.*48 × 40")
    refused("evaluate", "--data", dataset, "--model", tiny, "-o", tmp_path / "x", status=66, says="no trained model")
    refused("evaluate", "--data", dataset, "-o", tmp_path / "x", status=64, says="either --model or --predictions")
    refused("evaluate", "--data", dataset, "--model", dataset, "--selection", "S7%", "-o", tmp_path / "x", status=65, says="no selection 'S7%'")
    refused("evaluate", "--data", dataset, "--model", tmp_path / "none", "-o", tmp_path / "x", status=66, says="none")
    assert not (tmp_path / "x").exists()


def rewritten(source, target, change=lambda header, values: None):
    """Copies a safetensors file, with its header and its values changed."""
    data = source.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header, values = json.loads(data[8 : 8 + length]), bytearray(data[8 + length :])
    change(header, values)
    text = json.dumps(header).encode()
    target.write_bytes(struct.pack("<Q", len(text)) + text + values)
    return target


def test_corrupt_and_foreign_weights(taught, tmp_path):
    _, dataset = taught
    good = dataset / "train/weights.safetensors"
    data = good.read_bytes()
    first = "encoder.0.weight"

    def metadata(**members):
        return lambda header, values: header["__metadata__"].update(members)

    def model(**members):
        def change(header, values):
            header["__metadata__"]["model"] = json.dumps(json.loads(header["__metadata__"]["model"]) | members)
        return change

    def nan(header, values):
        start = header[first]["data_offsets"][0]
        values[start : start + 4] = struct.pack("<f", float("nan"))

    changes = {
        "plain": (lambda header, values: header.pop("__metadata__"), "does not say of which model"),
        "version": (metadata(version="2"), "version 2"), "foreign": (metadata(format="other"), "of which model"),
        "json": (metadata(model="{"), "model"), "lattice": (model(lattice=[64, 32]), "64 × 32"),
        "width": (model(width=0.125), "has the shape"), "kind": (model(kind="u-net"), "shape|lacks"),
        "transform": (model(transform="cube"), "cube"),
        "type": (lambda header, values: header[first].update(dtype="F16"), "F16"),
        "shape": (lambda header, values: header[first].update(shape=[1, 4, 3, 3]), r"\[1, 4, 3, 3\]"),
        "overlap": (lambda header, values: header[first].update(data_offsets=header["encoder.0.bias"]["data_offsets"]), first),
        "missing": (lambda header, values: header.update(other=header.pop(first)), f"lacks the tensor '{first}'"),
        "nan": (nan, "not a finite number"), "tail": (lambda header, values: values.extend(bytes(4)), "bytes of values"),
        "huge": (lambda header, values: header[first].update(shape=[1 << 40, 1 << 40]), "cannot hold"),
    }
    files = [(rewritten(good, tmp_path / f"{name}.safetensors", change), says) for name, (change, says) in changes.items()]
    for name, content, says in [
        ("empty", b"", "too few"), ("short", data[:200], "truncated"), ("cut", data[:-4], "bytes of values|outside"),
        ("long", struct.pack("<Q", 1 << 60) + data[8:], "announce"), ("text", b"hello there, world", "not a file of weights"),
    ]:
        (tmp_path / f"{name}.safetensors").write_bytes(content)
        files.append((tmp_path / f"{name}.safetensors", says))
    for path, says in files:
        refused("evaluate", "--data", dataset, "--model", path, "-o", tmp_path / "x", status=65, says=says)
    assert not (tmp_path / "x").exists()
    # Another writer's order of members and white space are fine.
    steadyset("evaluate", "--data", dataset, "--model", rewritten(good, tmp_path / "same.safetensors"), "-o", tmp_path / "same")
    assert rows(tmp_path / "same") == rows(dataset)


def test_images(taught, tmp_path):
    """A PNG a line: sources on the left, prediction on the right, in a scale from 0 to 1."""
    _, dataset = taught
    lines = (dataset / "sample/configurations-00000.jsonl").read_text().splitlines()[:2]
    (tmp_path / "two.jsonl").write_text("\n".join(lines) + "\n")
    steadyset("predict", "--model", dataset, "--from", tmp_path / "two.jsonl", "-o", tmp_path / "y.h5", "--png", tmp_path / "png")
    assert sorted(p.name for p in (tmp_path / "png").iterdir()) == ["prediction_00000.png", "prediction_00001.png"]
    data = (tmp_path / "png/prediction_00000.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, place = {}, 8
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        assert struct.unpack_from(">I", data, place + 8 + length)[0] == zlib.crc32(name + body)
        chunks[name], place = body, place + 12 + length
    assert struct.unpack(">IIBBBBB", chunks[b"IHDR"]) == (68, 32, 8, 2, 0, 0, 0)
    pixels = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(32, 1 + 68 * 3)
    assert not pixels[:, 0].any()
    image = pixels[:, 1:].reshape(32, 68, 3)
    assert (image[:, 32:36] == 255).all()
    source = json.loads(lines[0])["sources"][0]
    assert (image[source["row"], source["column"]] == [252, 246, 176]).all(), "a value of 1 has the lightest colour"
    assert (image[0, 0] == [8, 10, 48]).all() or source["row"] < 3


def test_bad_configurations(taught, tmp_path):
    _, dataset = taught
    (tmp_path / "bad.jsonl").write_text('{"sources":[{"row":1,"column":40,"value":1,"radius":2}]}\n')
    refused("predict", "--model", dataset, "--from", tmp_path / "bad.jsonl", "-o", tmp_path / "y.h5", status=65, says=r"bad.jsonl:1")
    refused("predict", "--model", dataset, "--from", tmp_path / "none.jsonl", "-o", tmp_path / "y.h5", status=66, says="none.jsonl")
    assert not (tmp_path / "y.h5").exists() and not leftovers(tmp_path)


def test_a_shard_without_its_test_part(tmp_path):
    """run judges on validation where there is no test part."""
    pipeline = changed(TAUGHT, train={"epochs": 1})
    pipeline["split"]["test_every"] = None
    pipeline = write(tmp_path, pipeline)
    steadyset("run", pipeline, "-o", tmp_path / "dataset")
    assert manifest(tmp_path / "dataset", "evaluate")["parameters"]["selection"] == "validation"
    assert {row["part"] for row in rows(tmp_path / "dataset")} == {"validation"}


def test_the_last_table_of_the_quickstart(taught, tmp_path):
    """What scripts/quickstart takes from a summary is there; where it is not, the script ends."""
    [program] = re.findall(r"awk -F, -v name=\S+ '(.*?)'", (REPOSITORY / "scripts/quickstart").read_text(), re.S)

    def said(summary):
        return subprocess.run(["awk", "-F,", "-v", "name=base", program, summary], capture_output=True, text=True)

    summary = taught[1] / "evaluate/summary.csv"
    [line] = [row for row in rows(taught[1], "summary.csv") if (row["n_sources"], row["measure"]) == ("all", "mae")]
    found = said(summary)
    assert found.returncode == 0
    assert found.stdout.split() == ["base", *(f"{float(line[name]):.5f}" for name in ("mean", "p95", "p99"))]
    (tmp_path / "summary.csv").write_text(summary.read_text().replace(",mae,", ",all,"))
    missing = said(tmp_path / "summary.csv")
    assert missing.returncode == 1 and "no mean absolute error in" in missing.stderr
