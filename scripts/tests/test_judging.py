"""evaluate on configurations and without labels, features, and certify: against labels, predictions and each other."""

import csv
import json

import h5py
import numpy as np
import pytest
from conftest import TAUGHT, changed, configurations, leftovers, manifest, refused, samples, steadyset, write
from test_evaluate import predictions, rows

# Diffusivity that differs from sample to sample: nothing is known without cycles there.
MEDIUM = changed(
    TAUGHT,
    physics={"diffusivity": {"random": {"length": 6, "from": 0.5, "to": 4}}, "decay_rate": 0.02},
    sampling={"samples_per_stratum": 60, "seed": 9},
)


def spearman(a, b):
    """Rank correlation; no ties among errors."""
    return np.corrcoef(np.argsort(np.argsort(a)), np.argsort(np.argsort(b)))[0, 1]


def column(table, name):
    return np.array([float(row[name]) for row in table])


def lines(dataset):
    return "".join(f"{line}\n" for line in configurations(dataset))


def fields(path):
    with h5py.File(path) as file:
        return {f"{i:016x}": y for i, y in zip(file["id"][:], file["y"][:])}


def answers(path):
    with open(path) as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def labels(taught):
    """Label and its bound by id."""
    return {f"{sample['id']:016x}": (sample["y"].astype(np.float64), sample["error_bound"]) for _, sample in samples(taught[1])}


@pytest.fixture(scope="module")
def medium(tmp_path_factory):
    folder = tmp_path_factory.mktemp("medium")
    steadyset("run", write(folder, MEDIUM), "-o", folder / "dataset")
    return folder / "dataset"


def test_configurations_are_solved_on_the_way(taught, tmp_path):
    """The rows of a packed dataset, whichever way the samples are named."""
    _, dataset = taught
    steadyset("evaluate", "--data", dataset, "--model", dataset, "--selection", "train | validation | test", "-o", tmp_path / "packed")
    (tmp_path / "all.jsonl").write_text(lines(dataset))
    steadyset("evaluate", "--from", dataset, "--model", dataset, "-o", tmp_path / "listed", "--threads", 1)
    steadyset("evaluate", "--from", tmp_path / "all.jsonl", "--model", dataset, "-o", tmp_path / "lines")
    wanted = {row["id"]: row for row in rows(tmp_path / "packed")}
    found = rows(tmp_path / "listed")
    assert [row["id"] for row in found] == [json.loads(line)["id"] for line in lines(dataset).splitlines()]
    for row in found:
        assert (row["part"], row["rank"]) == ("", "")
        assert row == wanted[row["id"]] | {"part": "", "rank": ""}
    assert found == rows(tmp_path / "lines")
    ours = manifest(tmp_path / "listed", "evaluate")
    assert [entry["stage"] for entry in ours["inputs"]] == ["sample", "train"]
    assert ours["parameters"]["labels"] == "solved" and ours["content"]["samples"] == 120
    assert [entry["stage"] for entry in manifest(tmp_path / "lines", "evaluate")["inputs"]] == ["train"]
    for name in ("listed", "lines"):
        assert "sound: evaluate" in steadyset("verify", tmp_path / name).stdout
        assert "unchanged" in steadyset(
            "evaluate", "--from", dataset if name == "listed" else tmp_path / "all.jsonl", "--model", dataset, "-o", tmp_path / name
        ).stdout
    assert "judged" in steadyset("show", tmp_path / "lines").stdout


def test_without_labels(taught, labels, tmp_path):
    """Constant coefficients: the estimate is the error, and the bound as tight."""
    _, dataset = taught
    steadyset("evaluate", "--data", dataset, "--model", dataset, "--no-labels", "-o", tmp_path / "a", "--threads", 1)
    steadyset("evaluate", "--data", dataset, "--model", dataset, "--no-labels", "-o", tmp_path / "b", "--threads", 3)
    found, known = rows(tmp_path / "a"), rows(dataset)
    assert list(found[0]) == ["id", "n_sources", "part", "rank", "bound", "estimate_mae", "estimate_max", "largest_residual"]
    assert found == rows(tmp_path / "b")
    assert manifest(tmp_path / "a", "evaluate")["id"] == manifest(tmp_path / "b", "evaluate")["id"]
    for row, truth in zip(found, known, strict=True):
        assert [row[name] for name in ("id", "n_sources", "part", "rank")] == [truth[name] for name in ("id", "n_sources", "part", "rank")]
        slack = labels[row["id"]][1]
        assert float(truth["max"]) - slack <= float(row["bound"]) <= float(truth["max"]) + slack + 1e-6
        assert float(row["estimate_mae"]) == pytest.approx(float(truth["mae"]), abs=2e-6)
        assert float(row["estimate_max"]) == pytest.approx(float(truth["max"]), abs=2e-6)
        assert float(row["largest_residual"]) > 0
    summary = rows(tmp_path / "a", "summary.csv")
    assert {row["measure"] for row in summary} == {"bound", "estimate_mae", "estimate_max", "largest_residual"}
    last = [row for row in summary if row["n_sources"] == "all" and row["measure"] == "bound"][0]
    assert float(last["max"]) == max(column(found, "bound")) and int(last["samples"]) == len(found)
    content = manifest(tmp_path / "a", "evaluate")["content"]
    assert content["estimate_mae"] == pytest.approx(column(found, "estimate_mae").mean(), rel=1e-8)
    assert content["largest_bound"] == pytest.approx(column(found, "bound").max(), rel=1e-8)
    assert "sound: evaluate" in steadyset("verify", tmp_path / "a").stdout
    assert "estimated" in steadyset("show", tmp_path / "a").stdout


def test_media_without_labels(medium, tmp_path):
    """Two cycles rank predictions as their errors do, and the bound holds."""
    for name, flags in (("truth", []), ("estimate", ["--no-labels"])):
        steadyset("evaluate", "--from", medium, "--model", medium, *flags, "-o", tmp_path / name)
    truth, estimate = rows(tmp_path / "truth"), rows(tmp_path / "estimate")
    assert [row["id"] for row in truth] == [row["id"] for row in estimate] and len(truth) == 180
    assert (column(truth, "max") <= column(estimate, "bound") + 1e-6).all()
    assert np.median(column(estimate, "bound") / column(truth, "max")) < 3
    assert spearman(column(truth, "mae"), column(estimate, "estimate_mae")) >= 0.95
    assert spearman(column(truth, "max"), column(estimate, "estimate_max")) >= 0.95


def test_predictions_of_configurations(taught, medium, tmp_path):
    """A file of predictions on configurations, with and without labels: the rows of the model that made it."""
    for dataset in (taught[1], medium):
        out = tmp_path / dataset.parent.name
        out.mkdir()
        (out / "all.jsonl").write_text(lines(dataset))
        steadyset("predict", "--model", dataset, "--from", out / "all.jsonl", "-o", out / "y.h5")
        for name, flags in (("solved", []), ("none", ["--no-labels"])):
            steadyset("evaluate", "--from", out / "all.jsonl", "--data", dataset, "--predictions", out / "y.h5", *flags, "-o", out / name)
            steadyset("evaluate", "--from", dataset, "--model", dataset, *flags, "-o", out / f"{name}-model")
            assert rows(out / name) == rows(out / f"{name}-model")


def test_features(taught, tmp_path):
    _, dataset = taught
    for name, flags in (("a", ["--threads", 1]), ("b", ["--threads", 2, "--no-labels"])):
        steadyset("evaluate", "--from", dataset, "--model", dataset, "--features", *flags, "-o", tmp_path / name)
    first, second = (np.load(tmp_path / name / "evaluate/features.npy") for name in "ab")
    assert first.dtype == np.float32 and first.shape == (120, 128) and np.isfinite(first).all()
    assert (first == second).all() and len(np.unique(first, axis=0)) == 120
    found = manifest(tmp_path / "a", "evaluate")
    assert found["content"]["features"]["width"] == 128 and len(found["files"]) == 3
    assert "sound: evaluate" in steadyset("verify", tmp_path / "a").stdout
    # Rows are those of errors.csv: a part alone has the rows of its ids.
    steadyset("evaluate", "--data", dataset, "--model", dataset, "--features", "-o", tmp_path / "part")
    place = {row["id"]: number for number, row in enumerate(rows(tmp_path / "a"))}
    wanted = first[[place[row["id"]] for row in rows(tmp_path / "part")]]
    assert (np.load(tmp_path / "part/evaluate/features.npy") == wanted).all()
    # Without --features the file goes.
    steadyset("evaluate", "--data", dataset, "--model", dataset, "-o", tmp_path / "part")
    assert not (tmp_path / "part/evaluate/features.npy").exists()
    data = bytearray((tmp_path / "a/evaluate/features.npy").read_bytes())
    data[-1] ^= 1
    (tmp_path / "a/evaluate/features.npy").write_bytes(data)
    assert "features.npy" in steadyset("verify", tmp_path / "a", expect=1).stdout


@pytest.mark.parametrize("tolerance", [0.9, 3e-2, 1e-5])
def test_certify(taught, labels, tmp_path, tolerance):
    _, dataset = taught
    (tmp_path / "all.jsonl").write_text(lines(dataset))
    steadyset("predict", "--model", dataset, "--from", tmp_path / "all.jsonl", "-o", tmp_path / "y.h5")
    said = steadyset("certify", "--model", dataset, "--from", dataset, "--tolerance", tolerance, "-o", tmp_path / "sure.h5", "--json")
    told, table = json.loads(said.stdout), answers(tmp_path / "sure.csv")
    given, sure = fields(tmp_path / "y.h5"), fields(tmp_path / "sure.h5")
    assert list(sure) == list(given) == [row["id"] for row in table]
    for row in table:
        label, slack = labels[row["id"]]
        bound = float(row["bound"])
        assert bound <= tolerance and np.abs(sure[row["id"]] - label).max() <= bound + slack
        error = np.abs(given[row["id"]] - label).max()
        assert error <= float(row["given_bound"]) + slack
        assert row["answer"] == ("within" if (sure[row["id"]] == given[row["id"]]).all() else "repaired")
        if error < 0.7 * tolerance:
            assert row["answer"] == "within"
        if error > tolerance + slack:
            assert row["answer"] == "repaired" and int(row["cycles"]) > 0
    count = {name: sum(row["answer"] == name for row in table) for name in ("within", "repaired", "failed")}
    assert told["samples"] == 120 and told["failed"] == count["failed"] == 0 and told["repaired"] == count["repaired"]
    assert told["within_at_once"] + told["within_after_cycles"] == count["within"]
    assert told["cycles"] == sum(int(row["cycles"]) for row in table)
    if tolerance == 0.9:
        assert count["within"] == 120
    if tolerance == 1e-5:
        assert count["repaired"] == 120
    # The same from a file, in one thread.
    steadyset(
        "certify", "--predictions", tmp_path / "y.h5", "--from", tmp_path / "all.jsonl", "--data", dataset, "--tolerance", tolerance,
        "-o", tmp_path / "again.h5", "--threads", 1,
    )
    assert answers(tmp_path / "again.csv") == table and (tmp_path / "again.h5").read_bytes() == (tmp_path / "sure.h5").read_bytes()
    assert not leftovers(tmp_path)


def test_certify_media(medium, tmp_path):
    found = {f"{sample['id']:016x}": sample for _, sample in samples(medium)}
    said = steadyset("certify", "--model", medium, "--data", medium, "--selection", "test", "--tolerance", 1e-5, "-o", tmp_path / "y.h5")
    assert "repaired" in said.stdout and "solving from nothing" in said.stdout
    for name, field in fields(tmp_path / "y.h5").items():
        assert np.abs(field - found[name]["y"]).max() <= 1e-5 + found[name]["error_bound"]
    assert len(answers(tmp_path / "y.csv")) == 36


def test_bad_input(taught, tiny, tmp_path):
    _, dataset = taught
    (tmp_path / "all.jsonl").write_text(lines(dataset))
    (tmp_path / "twice.jsonl").write_text(lines(dataset) + lines(dataset).splitlines()[0] + "\n")
    steadyset("predict", "--model", dataset, "--from", tmp_path / "all.jsonl", "-o", tmp_path / "y.h5")
    found = {int(name, 16): y for name, y in fields(tmp_path / "y.h5").items()}
    ids, y = list(found), np.stack(list(found.values()))
    bad = y.copy()
    bad[7, 3, 5] = np.nan
    files = [
        ("missing", ids[1:], y[1:], f"lacks samples of the configurations.*1 samples, {ids[0]:016x}"),
        ("doubled", ids + ids[:1], np.concatenate([y, y[:1]]), f"{ids[0]:016x} is there twice"),
        ("unknown", ids + [12], np.concatenate([y, y[:1]]), "does not have: 1 samples, 000000000000000c"),
        ("nan", ids, bad, f"{ids[7]:016x} is nan at row 3, column 5"), ("lattice", ids, np.zeros((len(ids), 64, 32), np.float32), "64 × 32"),
    ]
    commands = [("evaluate", "--no-labels"), ("certify", "--tolerance", 1e-3)]
    for command in commands:
        out = tmp_path / f"{command[0]}.h5"
        for name, numbers, values, says in files:
            file = predictions(tmp_path / f"{name}.h5", numbers, values)
            refused(*command, "--from", tmp_path / "all.jsonl", "--data", dataset, "--predictions", file, "-o", out, status=65, says=says)
        refused(*command, "--from", tmp_path / "twice.jsonl", "--model", dataset, "-o", out, status=65, says="same configuration as line 1")
        refused(*command, "--from", tmp_path / "none.jsonl", "--model", dataset, "-o", out, status=66, says="none.jsonl")
        refused(*command, "--from", tiny, "--model", dataset, "-o", out, status=65, says="32 × 32 sites.*48 × 40")
        refused(*command, "--from", dataset / "pack", "--model", dataset, "-o", out, status=66, says="no configurations")
        refused(*command, "--model", dataset, "-o", out, status=64, says="either --data or --from")
        refused(*command, "--from", dataset, "-o", out, status=64, says="either --model or --predictions")
        refused(*command, "--from", dataset, "--selection", "test", "--model", dataset, "-o", out, status=64, says="--selection goes with --data")
        refused(*command, "--from", tmp_path / "all.jsonl", "--predictions", tmp_path / "y.h5", "-o", out, status=64, says="--data beside --from")
        assert not out.is_file() and not (out / "evaluate/manifest.json").exists()
    refused(
        "evaluate", "--data", dataset, "--predictions", tmp_path / "y.h5", "--features", "-o", tmp_path / "x", status=64, says="--features goes with --model"
    )
    for tolerance in ("1e-9", "0", "nan", "2", "-1"):
        refused(
            "certify", "--model", dataset, "--data", dataset, f"--tolerance={tolerance}", "-o", tmp_path / "x.h5", status=64, says="--tolerance must be from"
        )
    assert not leftovers(tmp_path)
