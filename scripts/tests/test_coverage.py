"""evaluate --coverage: bounds for new samples hold as often as was promised."""

import math

import h5py
import numpy as np
import pytest
from conftest import manifest, refused, samples, steadyset, write
from test_evaluate import predictions, rows

# The test part has 19 samples of each number of sources, the fewest that give a bound of 95 %.
EVEN = {
    "format": 1,
    "name": "even",
    "physics": {"lattice": [32, 32], "decay_rate": 0.02},
    "sampling": {"strata": [1, 2], "samples_per_stratum": 38, "radius": 2},
    "split": {"test_every": 2, "validation_every": 19},
}


def dataset(folder, seed):
    pipeline = {**EVEN, "sampling": {**EVEN["sampling"], "seed": seed}}
    folder.mkdir()
    steadyset("run", write(folder, pipeline), "-o", folder / "d")
    return folder / "d"


def guesses(root, path):
    """Predictions of all samples by a model that knows nothing of training: twice the image, plus a tenth."""
    found = [sample for _, sample in samples(root)]
    return predictions(path, [sample["id"] for sample in found], np.stack([2 * s["x"] + np.float32(0.1) for s in found]))


def test_bounds_hold_as_often_as_promised(tmp_path):
    """Over 50 repetitions: bounds from the 19 test samples of one dataset, and all samples of the next, which are new."""
    repeats, chance = 50, 0.9
    before, covered, seen = None, {1: 0, 2: 0}, {1: 0, 2: 0}
    for seed in range(repeats + 1):
        root = dataset(tmp_path / str(seed), seed)
        file = guesses(root, tmp_path / f"{seed}.h5")
        common = ("evaluate", "--data", root, "--predictions", file)
        if before is not None:
            steadyset(*common, "--selection", "train | test", "-o", root)
            for row in rows(root):
                stratum = int(row["n_sources"])
                seen[stratum] += 1
                covered[stratum] += float(row["mae"]) <= before[stratum]
        steadyset(*common, "--coverage", chance, "-o", tmp_path / f"e{seed}")
        lines = [row for row in rows(tmp_path / f"e{seed}", "summary.csv") if row["measure"] == "mae"]
        assert [line["samples"] for line in lines] == ["19", "19", "38"] and lines[2]["covered"] == ""
        before = {int(line["n_sources"]): float(line["covered"]) for line in lines[:2]}
    # The 18th of 19: what is covered of new samples follows a beta distribution with parameters 18 and 2, anew each time.
    mean = 18 / 20
    deviation = math.sqrt(mean * (1 - mean) / 21 / repeats + mean * (1 - mean) / seen[1])
    for stratum in (1, 2):
        assert seen[stratum] == repeats * 37
        assert abs(covered[stratum] / seen[stratum] - mean) < 4 * deviation


def test_bounds_are_order_statistics(tmp_path):
    root = dataset(tmp_path / "a", 5)
    file = guesses(root, tmp_path / "guess.h5")
    steadyset("evaluate", "--data", root, "--predictions", file, "--coverage", 0.7, "-o", tmp_path / "e")
    table = rows(tmp_path / "e")
    for line in rows(tmp_path / "e", "summary.csv"):
        if line["n_sources"] == "all":
            assert line["covered"] == ""
            continue
        values = sorted(
            float(row[line["measure"]]) for row in table if row["n_sources"] == line["n_sources"] and row[line["measure"]]
        )
        place = math.ceil(0.7 * (len(values) + 1) - 1e-9)
        assert (line["covered"] == "") == (place > len(values))
        if line["covered"]:
            assert float(line["covered"]) == pytest.approx(values[place - 1], rel=1e-8)
            assert float(line["covered"]) >= values[place - 1] * (1 - 1e-8)
    assert manifest(tmp_path / "e", "evaluate")["parameters"]["coverage"] == 0.7
    assert "sound: evaluate" in steadyset("verify", tmp_path / "e").stdout
    # Without it, the table is as ever.
    steadyset("evaluate", "--data", root, "--predictions", file, "-o", tmp_path / "plain")
    assert "covered" not in rows(tmp_path / "plain", "summary.csv")[0]
    assert "coverage" not in manifest(tmp_path / "plain", "evaluate")["parameters"]


def test_what_gives_no_bound(tmp_path):
    root = dataset(tmp_path / "a", 6)
    file = guesses(root, tmp_path / "guess.h5")
    common = ("evaluate", "--data", root, "--predictions", file, "-o", tmp_path / "e")
    said = steadyset(*common, "--coverage", 0.99)
    assert "no bound for 1, 2 sources: a chance of 0.99 needs at least 99 samples" in said.stdout + said.stderr
    assert {line["covered"] for line in rows(tmp_path / "e", "summary.csv")} == {""}
    refused(*common, "--coverage", 0.9, "--selection", "train | test", status=64, says="--coverage is for samples of the test part")
    refused(*common, "--coverage", 0.9, "--no-labels", status=64, says="--coverage needs labels")
    for chance in (0, 1, 1.5, -0.1, "nan", 0.1234567):
        refused(*common, f"--coverage={chance}", status=64, says="between 0 and 1")


def test_one_label_more_or_less(tmp_path):
    """19 samples are enough for 95 %, and the bound is the largest."""
    root = dataset(tmp_path / "a", 7)
    file = guesses(root, tmp_path / "guess.h5")
    steadyset("evaluate", "--data", root, "--predictions", file, "--coverage", 0.95, "-o", tmp_path / "e")
    for line in rows(tmp_path / "e", "summary.csv"):
        if line["measure"] == "mae" and line["n_sources"] != "all":
            assert line["covered"] >= line["max"] and float(line["covered"]) == pytest.approx(float(line["max"]), rel=1e-8)
    with h5py.File(file) as values:
        assert len(values["id"]) == 76
