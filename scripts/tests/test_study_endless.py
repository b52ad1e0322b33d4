"""The study of training without an end: what it consists of, how findings are judged, and the command at the tiny scale."""

import csv
import json
import math
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, tiny_study
from test_schemas import validator

sys.path.insert(0, str(REPOSITORY / "scripts"))

import steadyset  # noqa: E402
from steadyset.training.parsing import parse_training  # noqa: E402
from studies import endless, endless_results  # noqa: E402
from studies.endless import ENDLESS  # noqa: E402
from studies.endless_results import Constant  # noqa: E402
from studies.plan import SCALES, pipeline_text  # noqa: E402
from studies.results import REGIONS, Result  # noqa: E402


@pytest.mark.parametrize("scale", SCALES)
def test_plans(scale):
    """Models of a case take as many steps, of as many warm-up; the first seed's are a whole comparison before others begin."""
    study = endless.load(scale)
    assert len({run.name for run in study.runs}) == len(study.runs)
    first = [run for run in study.runs if run.seed == study.seeds[0]]
    assert study.runs[: len(first)] == first and len(first) * len(study.seeds) == len(study.runs)
    assert len(study.seeds) >= (2 if scale == "tiny" else 3)
    checker = validator("pipeline")
    for run in study.runs:
        training = parse_training(run.train)
        (case,) = (case for case in study.cases if case.name == run.variant)
        epoch = training.samples_per_epoch or case.seen // case.visits[run.selection]
        assert epoch * training.epochs == case.seen
        assert epoch % training.batch == 0
        share = run.train["warm_up_epochs"] / training.epochs
        assert share == pytest.approx(study.runs[0].train["warm_up_epochs"] / study.runs[0].train["epochs"])
        assert (training.judge, training.kind) == ("none", case.network)
        checker.validate(json.loads(pipeline_text(study, run)))


def models(study, ratios, wobble=0.0):
    """Results whose mean error is 1 without an end and `ratios` by visits; `wobble` is the deviation of the ratio over seeds."""
    found = []
    for run in study.runs:
        (case,) = (case for case in study.cases if case.name == run.variant)
        level = 1 + run.seed
        value = level * ratios[case.visits[run.selection]] * (1 + wobble * (run.seed - 2) * (run.selection != ENDLESS))
        found.append(Result(run, {region: value for region in REGIONS}, {}, value, value, value))
    return found


def verdicts(study, results, claim, field):
    found = [one.verdict for one in endless_results.findings(study, results, field) if claim in one.claim]
    assert found
    return set(found)


def test_findings():
    study, field = endless.load("reduced"), Constant(10, 10, 20.0, 30.0)
    costs = models(study, {1: 1, 3: 1.2, 30: 2, 300: 4})
    assert verdicts(study, costs, "every fixed set has more", field) == {"holds"}
    assert verdicts(study, costs, "at least 5 times", field) == {"holds"}
    assert verdicts(study, costs, "longer training", field) == {"undecided"}
    gains = models(study, {1: 1, 3: 0.9, 30: 2, 300: 4})
    assert verdicts(study, gains, "every fixed set has more", field) == {"does not hold"}
    noise = models(study, {1: 1, 3: 1.01, 30: 2, 300: 4}, wobble=0.05)
    assert verdicts(study, noise, "every fixed set has more", field) == {"undecided"}
    # Seeds are at 2, 3 and 4: 5 times below 16 is decided for some of them.
    assert verdicts(study, costs, "at least 5 times", Constant(10, 10, 16.0, 30.0)) == {"undecided"}
    assert verdicts(study, costs, "at least 5 times", Constant(10, 10, 9.0, 30.0)) == {"does not hold"}


def test_one_seed_decides_nothing():
    study = endless.load("reduced", seeds=1)
    results = models(study, {1: 1, 3: 1.2, 30: 2, 300: 4})
    assert verdicts(study, results, "every fixed set has more", Constant(10, 10, 20.0, 30.0)) == {"undecided"}


def test_longer_trainings():
    """At equal visits the ratio is twice as large in the longer training."""
    study = endless.load("reduced")
    longest = max(case.seen for case in study.cases)
    results = models(study, {1: 1, 3: 1.2, 30: 2, 300: 4})
    for result in results:
        if result.run.variant.endswith(f"-{longest}") and result.run.selection != ENDLESS:
            result.mean["all"] *= 2
    field = Constant(10, 10, 20.0, 30.0)
    assert verdicts(study, results, "longer training", field) == {"holds"}


def test_costly_visits():
    """A ratio that is a power of the visits is read off exactly."""
    study = endless.load("reduced")
    power = math.log(1.1) / math.log(10)
    results = models(study, {visits: visits**power for visits in (1, 3, 30, 300)})
    assert endless_results.costly_visits(results, study.cases[0]) == pytest.approx(10)
    flat = models(study, dict.fromkeys((1, 3, 30, 300), 1.05))
    assert endless_results.costly_visits(flat, study.cases[0]) is None


def test_a_tiny_study(tmp_path):
    """The command from the beginning, again with everything done, and the constant field from the samples themselves."""
    first = tiny_study("endless", tmp_path)
    assert "12 of 12 models" in first.stdout and "encoder-decoder-420.endless.1" in first.stderr
    again = tiny_study("endless", tmp_path)
    assert again.stdout == first.stdout and "min left" not in again.stderr
    rows = list(csv.DictReader((tmp_path / "endless/models.csv").open()))
    assert len({(row["variant"], row["selection"]) for row in rows}) == 12
    runs = tmp_path / "streams/runs"
    contents = {path.name: json.loads((path / "model/train/manifest.json").read_text())["content"] for path in runs.iterdir()}
    assert {content["steps"] for name, content in contents.items() if "-105." in name} == {21}
    assert {content["steps"] for name, content in contents.items() if "-420." in name} == {84}
    assert contents["u-net-420.S14.2857.1"]["samples"] == 20

    dataset = steadyset.open(tmp_path / "streams/data")
    train, test = (np.stack([sample.y for sample in dataset.select(part)]) for part in ("train", "test"))
    errors = np.abs(test - np.median(train, axis=0)).mean(axis=(1, 2))
    assert f"| best constant field | | | {errors.mean():.5f} |" in first.stdout
