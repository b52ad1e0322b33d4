"""The study of curation at equal compute: what it consists of, how lengths follow from costs, how findings are judged, and the command
at the tiny scale."""

import csv
import json
import math
import shutil
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, tiny_study
from test_schemas import validator

sys.path.insert(0, str(REPOSITORY / "scripts"))

import steadyset  # noqa: E402
from steadyset.training.parsing import parse_training  # noqa: E402
from studies import online, online_results, online_runs  # noqa: E402
from studies.endless import training_part  # noqa: E402
from studies.execute import Failed  # noqa: E402
from studies.findings import FAILS, HOLDS, OPEN  # noqa: E402
from studies.online import ENDLESS, FIXED, KINDS, LOSS, ROUNDS, STREAMED, Costs  # noqa: E402
from studies.online_results import MEASURES, STATISTICS, Judged, Trivial  # noqa: E402
from studies.plan import SCALES  # noqa: E402
from studies.results import Ratio  # noqa: E402

COSTS = Costs(data=1e-3, ways={FIXED: 1e-3, ENDLESS: 1.5e-3, KINDS: 2e-3, LOSS: 5e-3})


def costs(study, case):
    """Costs with which a fixed set has about 40 positions of each number of sources, which the data have at every scale."""
    strata, _ = training_part(case.document)
    factor = case.seconds / (40 * strata * study.visits * COSTS.ways[FIXED])
    return Costs(COSTS.data * factor, {way: cost * factor for way, cost in COSTS.ways.items()})


def windows(study, case, found):
    """The positions of each window of a case's data."""
    _, places = training_part(case.document)
    ranges = {}
    for window in online.document(study, case.problem, found)["split"]["windows"]:
        size = math.ceil(window["percent"] * places / 100)
        ranges[f"S{window['percent']:g}%-{window['name']}"] = range(window["offset"] * size, (window["offset"] + 1) * size)
    return ranges


def counts(study, case, found):
    """The samples of each, where none is left out."""
    strata, _ = training_part(case.document)
    return {name: strata * len(positions) for name, positions in windows(study, case, found).items()}


@pytest.mark.parametrize("scale", SCALES)
def test_plans(scale):
    study = online.load(scale)
    assert len(study.seeds) >= (2 if scale == "tiny" else 5) and len({case.name for case in study.cases}) == len(study.cases)
    if scale != "tiny":
        assert len({case.problem for case in study.cases}) == 3 and len({case.network for case in study.cases}) == 2
    first = [run for run in study.runs if run[2] == study.seeds[0]]
    assert study.runs[: len(first)] == first and len(first) * len(study.seeds) == len(study.runs)
    found = {case.name: online.lengths(study, case, costs(study, case)) for case in study.cases}
    checker = validator("pipeline")
    for case, way, seed in first:
        document = online.pipeline(study, case, found, way, seed, counts(study, case, found))
        checker.validate(document)
        training = parse_training(document["train"])
        assert (training.judge, training.kind, training.seed) == ("none", case.network, seed)
        assert ("rounds" in document) == (way == ROUNDS) and ("curation" in document["train"]) == (way in (KINDS, LOSS))
        if way in STREAMED:
            assert training.samples_per_epoch % training.batch == 0


def test_lengths():
    """Every way takes the seconds of its case."""
    study = online.load("reduced")
    for case in study.cases:
        own = costs(study, case)
        found = online.lengths(study, case, own)
        strata, _ = training_part(case.document)
        assert found.samples == found.positions * strata and found.positions % 2 == 0
        grain = 2 * strata / found.samples
        assert found.samples * (own.data + study.visits * own.ways[FIXED]) == pytest.approx(case.seconds, rel=grain)
        for way, seen in found.seen.items():
            assert abs(seen - case.seconds / own.ways[way]) <= study.epochs * case.train["batch"] / 2
        # Models of half of the set, three quarters and all; each candidate of both pools solved and predicted.
        learning = 2.25 * found.samples * found.epochs * own.ways[FIXED]
        assert found.pool == study.rounds["pool"] * found.samples
        assert own.candidate(study) == pytest.approx(own.ways[FIXED])
        total = found.samples * own.data + learning + 2 * found.pool * own.candidate(study)
        assert total == pytest.approx(case.seconds, rel=0.06)


def test_sets_are_disjoint():
    """Fixed sets of different seeds share no position, and rounds start within the set of their seed."""
    study = online.load("reduced")
    found = {case.name: online.lengths(study, case, costs(study, case)) for case in study.cases}
    for case in study.cases:
        ranges, samples = windows(study, case, found), counts(study, case, found)
        _, places = training_part(case.document)
        taken = set()
        for seed in study.seeds:
            whole = ranges[online.pipeline(study, case, found, FIXED, seed, samples)["train"]["selection"]]
            start = ranges[online.pipeline(study, case, found, ROUNDS, seed, samples)["train"]["selection"]]
            assert len(whole) == found[case.name].positions and whole.stop <= places
            assert start.start == whole.start and 2 * len(start) == len(whole)
            assert not taken & set(whole)
            taken |= set(whole)


def test_sets_without_copies():
    """Where samples of a set are left out, the others are seen more often, so that training takes as long."""
    study = online.load("reduced")
    case = study.cases[0]
    found = {case.name: online.lengths(study, case, costs(study, case)) for case in study.cases}
    all_there = counts(study, case, found)
    some = {name: 3 * count // 4 for name, count in all_there.items()}
    for way, sizes in ((FIXED, [1]), (ROUNDS, [0.5, 0.75, 1])):
        few, many = (online.pipeline(study, case, found, way, 2, each)["train"] for each in (some, all_there))
        missing = all_there[few["selection"]] - some[few["selection"]]
        seen = [
            train["epochs"] * sum(size * found[case.name].samples - less for size in sizes)
            for train, less in ((few, missing), (many, 0))
        ]
        assert few["epochs"] > many["epochs"] and seen[0] == pytest.approx(seen[1], rel=0.5 / many["epochs"] + 0.02)


def test_too_few_samples():
    """Sets that the data do not have are an error, not smaller sets."""
    study = online.load("reduced")
    cheap = Costs(1e-9, dict.fromkeys(COSTS.ways, 1e-9))
    with pytest.raises(Failed, match="training positions of each number of sources"):
        online.lengths(study, study.cases[0], cheap)
    with pytest.raises(Failed, match="there is no case 'nothing'"):
        online.load("reduced", names=["nothing"])


def test_verdicts():
    def ratio(mean, low, high, count=5):
        return Ratio(mean, low, high, count)

    assert online_results.verdict(ratio(0.8, 0.75, 0.84), 0.85) == HOLDS
    assert online_results.verdict(ratio(0.8, 0.7, 0.9), 0.85) == OPEN
    assert online_results.verdict(ratio(0.95, 0.9, 1), 0.85) == FAILS
    # At least 40% lower with an interval clear of 30%.
    assert online_results.verdict(ratio(0.58, 0.5, 0.69), 0.6, 0.7) == HOLDS
    assert online_results.verdict(ratio(0.58, 0.5, 0.71), 0.6, 0.7) == OPEN
    assert online_results.verdict(ratio(0.62, 0.58, 0.66), 0.6, 0.7) == OPEN
    assert online_results.verdict(ratio(0.9, 0.7, 1.1), 0.6, 0.7) == FAILS
    assert online_results.verdict(ratio(0.5, 0, float("inf"), count=1), 0.85) == OPEN


def test_findings():
    """Errors that are half without an end, and another half with curation: what was asked holds; other ways have none yet."""
    study = online.load("reduced")
    case, level = study.cases[0], {FIXED: 1.0, ENDLESS: 0.5, KINDS: 0.25}
    models = [
        Judged(case, way, seed, {measure: dict.fromkeys(STATISTICS, seed * value) for measure in MEASURES}, (), 1, 1, 1, 1)
        for way, value in level.items()
        for seed in study.seeds
    ]
    field = Trivial(1, 1, {measure: dict.fromkeys(STATISTICS, 4.0) for measure in MEASURES})
    found = online_results.findings(study, models, {case.problem: field})
    assert [one.verdict for one in found] == [HOLDS] * 4
    assert "5.3 times less, `kinds`" in found[0].numbers
    assert "curation by kinds against the fixed random set" in found[1].claim and "0.25 (0.25 to 0.25)" in found[1].numbers
    field.errors["mae"]["mean"] = 3.0
    assert online_results.findings(study, models, {case.problem: field})[0].verdict == FAILS
    assert online_results.ratio(models, case, KINDS, FIXED, "p99", "nrmse").mean == pytest.approx(0.25)


def test_a_tiny_study(tmp_path):
    """The command from the beginning, again with everything done, and after a run that was cut off."""
    first = tiny_study("online", tmp_path)
    assert "5 of 5 models" in first.stdout
    costs_before = (tmp_path / "compute/costs.json").read_text()
    rows = {row["way"]: row for row in csv.DictReader((tmp_path / "online/models.csv").open())}
    assert list(rows) == [FIXED, ROUNDS, ENDLESS, KINDS, LOSS]
    study = online.load("tiny", 1)
    (case,) = study.cases
    for way, row in rows.items():
        folder = online_runs.run_folder(tmp_path / "compute", case, way, 1)
        steps = json.loads((folder / "metrics.json").read_text())["steps"]
        counted = sum(step["cpu_seconds"] for step in steps if step["stage"] != "evaluate")
        assert counted <= float(row["seconds"]) + 0.01
        assert float(row["mae_mean"]) <= float(row["mae_p95"]) <= float(row["mae_p99"]) <= float(row["mae_max"])
        assert (way == ROUNDS) == ("resample" in {step["stage"] for step in steps})
    assert int(rows[LOSS]["labels"]) == 4 * int(rows[LOSS]["seen"]) and rows[KINDS]["labels"] == rows[KINDS]["seen"]

    dataset = steadyset.open(tmp_path / "compute/data-rings")
    train, test = (np.stack([sample.y for sample in dataset.select(part)]).astype(float) for part in ("train", "test"))
    error = test - np.median(train, axis=0)
    sizes, relative = np.abs(error).mean(axis=(1, 2)), np.sqrt((error**2).mean(axis=(1, 2)) / (test**2).mean(axis=(1, 2)))
    assert f"| best constant field | | {sizes.mean():.5f} | {np.percentile(sizes, 95):.5f} |" in first.stdout
    assert f"| {sizes.max():.5f} | {relative.mean():.4f} |" in first.stdout

    cut = online_runs.run_folder(tmp_path / "compute", case, ENDLESS, 1)
    (cut / "metrics.json").unlink()
    shutil.rmtree(cut / "model/evaluate")
    again = tiny_study("online", tmp_path)
    assert (tmp_path / "compute/costs.json").read_text() == costs_before
    after = {row["way"]: row for row in csv.DictReader((tmp_path / "online/models.csv").open())}
    assert {way: row for way, row in after.items() if way != ENDLESS} == {way: row for way, row in rows.items() if way != ENDLESS}
    assert all(after[ENDLESS][key] == rows[ENDLESS][key] for key in rows[ENDLESS] if key != "seconds")
    assert "5 of 5 models" in again.stdout
