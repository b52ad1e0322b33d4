"""Tables from outside are read strictly: scores, errors and choices by one reader, features and predictions by theirs."""

import pathlib
import re
import shutil

import h5py
import numpy as np
import pytest
from conftest import changed, refused, steadyset, write
from test_evaluate import predictions, rows
from test_rounds import ROUNDS, choices, pool_of


@pytest.fixture(scope="module")
def scored(shards, tmp_path_factory):
    """(pipeline, dataset, pool, ids of the pool) of a round from scores that are there; what is refused leaves folders in it."""
    folder = tmp_path_factory.mktemp("scored")
    pipeline = write(folder, changed(ROUNDS, rounds={"add": 8}))
    return pipeline, pathlib.Path(shutil.copytree(shards, folder / "dataset")), *pool_of(shards, folder)


def table(ids, header="id,mae", end="\n", line=lambda id, k: f"{id},{k + 1}"):
    return end.join([header, *(line(id, k) for k, id in enumerate(ids)), ""])


def resampled(scored, tmp_path, content, *options):
    """The ids that a round chose by a table."""
    pipeline, dataset, pool, _ = scored
    dataset = pathlib.Path(shutil.copytree(dataset, tmp_path / "dataset"))
    (tmp_path / "s.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    steadyset("resample", pipeline, "-o", dataset, "--from", pool, "--scores", tmp_path / "s.csv", "--name", "t", *options)
    return [line for line in choices(dataset, "t") if line["action"] == "added"]


FORMS = {
    "plain": lambda ids: table(ids),
    "byte order mark": lambda ids: "\ufeff" + table(ids),
    "CR LF": lambda ids: table(ids, end="\r\n"),
    "quotes": lambda ids: table(ids, '"id","mae"', line=lambda id, k: f'"{id}","{k + 1}"'),
    "all of them": lambda ids: "\ufeff" + table(ids, '"id","mae"', "\r\n", lambda id, k: f'"{id}","{k + 1}"'),
    "quoted text beside": lambda ids: table(
        ids, 'note,"id",mae', line=lambda id, k: f'"a ""b"", c\nd",{id},{k + 1}'
    ),
    "other columns": lambda ids: table(ids, "x,id,x,mae,", line=lambda id, k: f"nan,{id},,{k + 1},0x1p3"),
    "powers of ten": lambda ids: table(ids, line=lambda id, k: f"{id},+{(k + 1) / 10:.1f}E+01"),
    "empty lines at the end": lambda ids: table(ids) + "\n\r\n\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_one_table(form, scored, tmp_path):
    ids = scored[3]
    lines = resampled(scored, tmp_path, FORMS[form](ids))
    assert [line["id"] for line in lines] == ids[:-9:-1]
    assert [float(line["score"]) for line in lines] == list(range(len(ids), len(ids) - 8, -1))


CELLS = ["", " ", "nan", "NaN", "inf", "-inf", "0x10", "0x1p3", "1e999", "-1e999", "-1", "-1e-300", "1_000", "1,5", "1;5", "1 ", "1\t"]
CELLS += ["1e", "e1", ".", "+", "1e5.0", "one", "١", "1.0.0", "--1", "1\x001", "1\x00", "0." + "1" * 2000]


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: repr(cell[:12]))
def test_a_cell_that_is_no_score(cell, scored, tmp_path):
    """Any of them, plain or in quotes: the file, the line and what is wrong, and nothing is changed."""
    pipeline, dataset, pool, ids = scored
    for quote in ("", '"'):
        lines = table(ids).splitlines(keepends=True)
        lines[7] = f"{ids[6]},{quote}{cell}{quote}\n"
        path = tmp_path / "s.csv"
        path.write_text("".join(lines))
        command = ("resample", pipeline, "-o", dataset, "--from", pool, "--scores", path)
        says = [r"s\.csv:8: "]
        if "\0" in cell:
            says.append("NUL")
        elif quote or "," not in cell:
            says.append(f"{ids[6]} has (the|no) mae")
        error = refused(*command, status=65, says=says)
        assert len(error) < 1000 and "\0" not in error
        assert not (dataset / "pack/tags.json").exists()


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda t, ids: "", r":1: is empty"),
        (lambda t, ids: "\ufeff", r":1: is empty"),
        (lambda t, ids: t.encode("utf-16"), r":1: is UTF-16"),
        (lambda t, ids: t.replace("id,mae", "id,mae,mae").replace("\n", ",1\n").replace("mae,1", "mae"), "columns 2 and 3.*'mae'"),
        (lambda t, ids: t.replace("id,mae", "id,mae,id").replace("\n", ",1\n").replace("id,1", "id"), "columns 1 and 3.*'id'"),
        (lambda t, ids: t.replace(",", ";"), "separated by commas"),
        (lambda t, ids: t.replace(",", "\t"), "separated by commas"),
        (lambda t, ids: t[:-1], r":\d+: does not end with a line feed"),
        (lambda t, ids: t[:-2], r":\d+: does not end with a line feed"),
        (lambda t, ids: t[: t.rindex(ids[-1]) + 5], "does not end with a line feed"),
        (lambda t, ids: t[: t.rindex(ids[-1])], f"lacks scores of"),
        (lambda t, ids: t.replace("\n", "\r"), "carriage return without a line feed"),
        (lambda t, ids: t.replace(f"{ids[4]},5", f'{ids[4]},"5'), ":6: has a quote that is never closed"),
        (lambda t, ids: t.replace(f"{ids[4]},5", f'{ids[4]},5"'), ":6: has a quote inside"),
        (lambda t, ids: t.replace(f"{ids[4]},5", f'{ids[4]},"5"6'), ":6: goes on after a closing quote"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f"{ids[4]},5\n\n"), ":7: is empty"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f"{ids[4]}\n"), ":6: has 1 fields"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f"{ids[4]},5,\n"), ":6: has 3 fields"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f"{ids[4].upper()}x,5\n"), f":6: '.*' is no id"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f"0x{ids[4][2:]},5\n"), f":6: '.*' is no id"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f",5\n"), f":6: '' is no id"),
        (lambda t, ids: t.replace(f"{ids[4]},5\n", f"{ids[4]}\0,5\n"), ":6: has a NUL"),
        (lambda t, ids: t + "\0" * 4096, r":\d+: has a NUL"),
        (lambda t, ids: t + f'"{ids[2]}",3\n', f":32: sample .* is there twice"),
        (lambda t, ids: "\033]0;owned\007\u202e" + "x" * 200_000 + "\n", r":1: .*'id'.*u001b\]0;owned\\u0007\\u202exxx"),
        (lambda t, ids: "," * 20_000 + "\n" + t, "more than 10000 fields"),
        (lambda t, ids: t + "y" * 2_000_000, "more than 1048576 bytes"),
    ],
)
def test_a_table_that_is_none(change, says, scored, tmp_path):
    pipeline, dataset, pool, ids = scored
    content = change(table(ids), ids)
    (tmp_path / "s.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    command = ("resample", pipeline, "-o", dataset, "--from", pool, "--scores", tmp_path / "s.csv")
    error = refused(*command, status=65, says=["s.csv", says])
    assert len(error) < 3000 and not re.search(r"[\x00-\x08\x0b-\x1f\x7f\u202e]", error)
    assert not (dataset / "pack/tags.json").exists()


@pytest.mark.parametrize("options", [(), ("--acquisition", "power"), ("--budget", "by-score")])
def test_scores_whose_sum_is_not_finite(options, scored, tmp_path):
    ids = scored[3]
    lines = resampled(scored, tmp_path, table(ids, line=lambda id, k: f"{id},{1 + k / 100:.2f}e308"), *options)
    assert len(lines) == 8
    if not options:
        assert [line["id"] for line in lines] == ids[:-9:-1]
    assert "mean score" in steadyset("log", tmp_path / "dataset").stdout
    assert "0 findings" in steadyset("verify", tmp_path / "dataset").stdout


def test_a_region_that_a_sample_does_not_have(scored, tmp_path):
    """As `evaluate` writes it: empty beside a number in `mae`; an empty cell in a row without one is no score."""
    pipeline, dataset, pool, ids = scored
    content = table(ids, "id,mae,r2", line=lambda id, k: f"{id},0.5,{'' if k % 2 else k}")
    for name in ("r2", "R2"):
        (tmp_path / name).mkdir()
        lines = resampled(scored, tmp_path / name, content, "--by", name)
        assert [line["id"] for line in lines] == ids[28::-2][:8]
    for header, line in (("id,mae,r2", f"{ids[0]},,"), ("id,r2,x", f"{ids[0]},,0.5")):
        path = tmp_path / "s.csv"
        path.write_text(content.replace("id,mae,r2", header).replace(f"{ids[0]},0.5,0\n", line + "\n"))
        command = ("resample", pipeline, "-o", dataset, "--from", pool, "--scores", path, "--by", "r2")
        refused(*command, status=65, says=r"s\.csv:[23]: sample \w+ has no r2")


@pytest.mark.parametrize("by", ["R1", "r4", "sources", "mse"])
def test_every_column_of_errors(by, tmp_path):
    pipeline = changed(ROUNDS, rounds={"count": 1, "pool": 30, "by": by}, train={"epochs": 1})
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset")
    assert [line for line in choices(tmp_path / "dataset", "round-1") if line["action"] == "added"]


@pytest.mark.parametrize("by", ["loss", "R5", "Mae", "all", "variance"])
def test_a_column_that_errors_do_not_have(by, tmp_path):
    """Refused before anything is made."""
    pipeline = write(tmp_path, changed(ROUNDS, rounds={"count": 1, "by": by}))
    refused("run", pipeline, "-o", tmp_path / "dataset", status=65, says=[f"'by' is '{by}'", "mae, mse, max, nrmse, vrmse, sources, field, r1"])
    assert not (tmp_path / "dataset").exists()


def test_features_that_are_not_finite(taught, scored, tmp_path):
    pipeline, dataset, pool, _ = scored
    steadyset("evaluate", "--from", pool, "--model", taught[1], "-o", tmp_path / "E", "--features")
    path = tmp_path / "E/evaluate/features.npy"
    features = np.load(path)
    ids = [row["id"] for row in rows(tmp_path / "E")]
    scores = tmp_path / "E/evaluate/errors.csv"
    command = ("resample", pipeline, "-o", dataset, "--from", pool, "--scores", scores, "--acquisition", "k-centre")
    # Beside the manifest they must be those that it lists; without it they are anybody's.
    np.save(path, features + 1)
    refused(*command, status=65, says="features.npy: is not what manifest.json beside it lists")
    (tmp_path / "E/evaluate/manifest.json").unlink()
    for value in (np.nan, np.inf, -np.inf):
        bad = features.copy()
        bad[5, 3] = value
        np.save(path, bad)
        refused(*command, status=65, says=[f"features.npy: row 5, of sample {ids[5]}", "column 3"])
    for bad in (features[:-1], features.astype(np.float64), features.T.copy().T, features[0]):
        np.save(path, bad)
        refused(*command, status=65, says="features.npy: ")
    np.save(path, features)
    path.write_bytes(path.read_bytes()[:-4])
    refused(*command, status=65, says="features.npy: ends early")


@pytest.fixture(scope="module")
def fields(shards):
    """(ids, fields) of the test part."""
    import steadyset as reader

    test = reader.open(shards).select("test")
    return test.ids.astype(np.uint64), np.stack([test[k].y for k in range(len(test))]).reshape(len(test), 32, 32)


def judged(shards, path, output):
    return steadyset("evaluate", "--data", shards, "--predictions", path, "-o", output)


@pytest.mark.parametrize(
    "options",
    [
        {"chunks": (1, 32, 32)},
        {"chunks": (7, 20, 32), "compression": "gzip", "shuffle": True, "fletcher32": True},
        {"chunks": (64, 32, 32), "maxshape": (None, 32, 32)},
    ],
)
def test_predictions_half_written(options, shards, fields, tmp_path):
    ids, y = fields
    path = tmp_path / "p.h5"
    with h5py.File(path, "w") as file:
        file["id"] = ids
        whole = file.create_dataset("y", y.shape, np.float32, **options)
        whole[...] = y
    judged(shards, path, tmp_path / "whole")
    with h5py.File(path, "w") as file:
        file["id"] = ids
        half = file.create_dataset("y", y.shape, np.float32, **options)
        if options["chunks"][0] < len(ids):
            half[:7] = y[:7]
    row = 7 if options["chunks"][0] < len(ids) else 0
    command = ("evaluate", "--data", shards, "--predictions", path, "-o", tmp_path / "half")
    refused(*command, status=65, says=f"/y of .*p.h5 is not complete.*never written, row {row} ")
    assert not (tmp_path / "half/evaluate/errors.csv").exists()


def test_predictions_of_which_nothing_was_written(shards, fields, tmp_path):
    ids, y = fields
    for name, shape, dtype in (("y", y.shape, np.float32), ("id", ids.shape, np.uint64)):
        with h5py.File(tmp_path / "p.h5", "w") as file:
            file.create_dataset(name, shape, dtype)
            file["id" if name == "y" else "y"] = ids if name == "y" else y
        command = ("evaluate", "--data", shards, "--predictions", tmp_path / "p.h5", "-o", tmp_path / "R")
        refused(*command, status=65, says=f"/{name} of .* is not complete: it was never written")
    # What was written cannot be told from what was not here, but no field is 0 everywhere.
    with h5py.File(tmp_path / "p.h5", "w") as file:
        file["id"] = ids
        file.create_dataset("y", y.shape, np.float32)[:7] = y[:7]
    said = judged(shards, tmp_path / "p.h5", tmp_path / "R").stderr
    assert f"{len(ids) - 7} of {len(ids)} predictions are 0 everywhere, {ids[7]:016x} the first" in said


def test_forms_of_ids(shards, fields, tmp_path):
    ids, y = fields
    assert (ids > np.uint64(2**63)).any()
    predictions(tmp_path / "plain.h5", ids, y)
    expected = judged(shards, tmp_path / "plain.h5", tmp_path / "plain")
    assert "int64" not in expected.stderr
    for name, data, options in (
        ("signed", ids.view(np.int64), {}),
        ("big", ids.astype(">u8"), {}),
        ("packed", ids, {"compression": "gzip", "shuffle": True, "chunks": (5,)}),
    ):
        with h5py.File(tmp_path / f"{name}.h5", "w") as file:
            file.create_dataset("id", data=data, **options)
            file["y"] = y
        said = judged(shards, tmp_path / f"{name}.h5", tmp_path / name).stderr
        assert ("int64" in said) == (name == "signed")
        assert rows(tmp_path / name) == rows(tmp_path / "plain")
    for data in (ids.astype(np.float64), ids.astype(np.uint32), np.array([f"{id:016x}" for id in ids], "S16")):
        with h5py.File(tmp_path / "bad.h5", "w") as file:
            file["id"], file["y"] = data, y
        command = ("evaluate", "--data", shards, "--predictions", tmp_path / "bad.h5", "-o", tmp_path / "R")
        refused(*command, status=65, says="/id of .*bad.h5 is of .*uint64")


@pytest.mark.parametrize("dataset", ["id", "y"])
def test_filters_that_are_plug_ins(dataset, shards, fields, tmp_path):
    import hdf5plugin

    values = dict(zip(("id", "y"), fields))
    for number, name, options in (
        (32001, "Blosc", dict(hdf5plugin.Blosc())), (32000, "LZF", {"compression": "lzf"}), (32015, "Zstandard", dict(hdf5plugin.Zstd())),
    ):  # fmt: skip
        with h5py.File(tmp_path / "p.h5", "w") as file:
            for key, value in values.items():
                file.create_dataset(key, data=value, **(options if key == dataset else {}))
        command = ("evaluate", "--data", shards, "--predictions", tmp_path / "p.h5", "-o", tmp_path / "R")
        error = refused(*command, status=65, says=f"/{dataset} of .*filter {number} \\({name}\\).*gzip")
        assert "damaged" not in error


def test_names_reach_no_terminal_as_they_are(shards, tmp_path):
    """Names of files, keys of YAML, JSON and HDF5, arguments: whatever a message quotes."""
    odd = "\x1b]0;owned\x07\u202e"
    folder = tmp_path / odd
    folder.mkdir()
    (folder / "p.yaml").write_text("format: 1\nname: x\nphysics: { lattice: [32, 32] }\n" + '"\\e]0;owned\\a": 1\n')
    (folder / "s.csv").write_text("id\n")
    with h5py.File(folder / "p.h5", "w") as file:
        file["id"] = np.zeros(3, np.float32)
    (folder / "m.json").write_text('{"\\u001b[2J": "' + "x" * 100_000 + '"}')
    commands = [
        ("run", folder / "p.yaml", "-o", tmp_path / "D"), ("run", folder / "none.yaml", "-o", tmp_path / "D"),
        ("evaluate", "--data", shards, "--predictions", folder / "p.h5", "-o", tmp_path / "R"),
        ("show", folder), ("verify", folder), ("show", folder / "m.json"), ("sample", odd), (odd,), ("run", "--" + odd),
        ("evaluate", "--data", shards, "--selection", odd, "--predictions", folder / "p.h5", "-o", tmp_path / "R"),
    ]  # fmt: skip
    for command in commands:
        result = steadyset(*command, expect=(1, 64, 65, 66))
        said = result.stdout + result.stderr
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", said), command
        assert len(said) < 8000
    assert "\\u001b]0;owned\\u0007" in steadyset("run", folder / "none.yaml", "-o", tmp_path / "D", expect=66).stderr
