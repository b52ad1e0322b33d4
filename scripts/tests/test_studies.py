"""Studies: what they consist of, how findings are judged, and one of them at the tiny scale."""

import csv
import json
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, steadyset, tiny_study
from test_schemas import validator

sys.path.insert(0, str(REPOSITORY / "scripts"))

from steadyset.training.parsing import parse_training  # noqa: E402
from studies import findings  # noqa: E402
from studies.plan import SCALES, STUDIES, Run, load, pipeline_text  # noqa: E402
from studies.results import REGIONS, Result, Spread, table  # noqa: E402

NAMES = ("losses", "size", "sources")


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("name", NAMES)
def test_plans(name, scale):
    """Every run has a folder of its own and a training that is understood; at least two seeds, three where it counts."""
    study = load(name, scale)
    assert len({run.name for run in study.runs}) == len(study.runs)
    assert len({run.seed for run in study.runs}) >= (2 if scale == "tiny" else 3)
    for run in study.runs:
        training = parse_training(run.train)
        assert (training.seed, training.selection) == (run.seed, run.selection)
        assert (run.share is None) == (run.sources is not None)
    checker = validator("pipeline")
    for run in study.runs:
        checker.validate(json.loads(pipeline_text(study, run)))


def test_pipelines_of_the_data():
    for path in sorted(STUDIES.glob("data-*.yaml")):
        steadyset("run", path, "--output", "unused", "--dry-run")


def result(run, mean, by_sources=None, sources=None):
    means = {region: mean for region in REGIONS} | ({} if sources is None else {"sources": sources})
    strata = {n: {region: value for region in REGIONS} for n, value in (by_sources or {1: mean}).items()}
    return Result(run, means, strata, mean, mean, mean)


def verdicts(found):
    return [finding.verdict for finding in found]


def test_size_findings():
    shares = (1.25, 5, 25, 100)
    course = {n: abs(n - 5) + 1 for n in range(1, 21)}

    def results(mean, spread):
        return [
            result(Run("E1", f"S{share:g}%", seed, {}), mean(share) + spread(share) * (seed - 2), course, 9)
            for share in shares
            for seed in (1, 2, 3)
        ]

    falls = results(lambda share: 1 - 0.2 * np.log10(share), lambda share: 0.01 / share)
    assert verdicts(findings.of_size(falls)) == ["holds"] * 5
    course |= {n: abs(n - 12) + 1 for n in course}
    assert verdicts(findings.of_size(results(lambda share: 1 / share, lambda share: 0)))[3:] == ["does not hold"] * 2
    rises = results(lambda share: 1 + 0.2 * np.log10(share), lambda share: 0.0001 * share)
    assert verdicts(findings.of_size(rises))[:2] == ["does not hold", "does not hold"]
    noise = results(lambda share: 1 - 0.001 * np.log10(share), lambda share: 0.3 if share > 2 else -0.3)
    assert verdicts(findings.of_size(noise))[0] == "undecided"


def test_losses_findings():
    def results(means, spread, selection="S25%"):
        return [
            result(Run(name, selection, seed, {}), mean + spread * np.sin(seed * (k + 1)))
            for k, (name, mean) in enumerate(means.items())
            for seed in (1, 2, 3)
        ]

    clear = findings.of_losses(results({"E1": 2, "E2": 3, "R": 1, "T-5": 4}, 1e-3))
    assert verdicts(clear) == ["undecided", "holds", "does not hold", "does not hold"]
    both = results({"E1": 2, "E2": 3}, 1e-3, "S5%") + results({"E1": 2, "E2": 3}, 1e-3)
    assert verdicts(findings.of_losses(both)) == ["holds", "does not hold", "holds", "not claimed at this size"]
    rough = findings.of_losses(results({"E1": 2, "E2": 2.01, "R": 2.02, "T-5": 2.03}, 1))
    assert verdicts(rough)[1:3] == ["undecided", "undecided"]


def test_sources_findings():
    def results(best):
        return [result(Run("E1", f"n{n:02}", seed, {}), abs(n - best) + seed / 100) for n in (1, 5, 11, 20) for seed in (1, 2, 3)]

    assert verdicts(findings.of_sources(results(11))) == ["holds"]
    assert verdicts(findings.of_sources(results(5))) == ["does not hold"]


def test_spread():
    found = Spread.of([1, 2, 3])
    assert (found.mean, found.deviation, found.count) == (2, 1, 3)
    assert found.half_width == pytest.approx(4.303 / 3**0.5)
    runs = [result(Run("E1", "S5%", seed, {}), seed) for seed in (1, 2, 3)]
    assert "| S5% | 3 | 2.00000 ± 1.00000 |" in table(runs, lambda run: run.selection, "data")


def test_a_tiny_study(tmp_path):
    """The command from the beginning, again with everything done, and with another study in the same folder."""

    def study(name, *options, expect=0):
        return tiny_study(name, tmp_path, *options, expect=expect)

    first = study("sources")
    assert "3 of 3 models" in first.stdout and "E1.n12.1" in first.stderr
    again = study("sources")
    assert again.stdout == first.stdout and "min left" not in again.stderr
    assert "3 of 3: " not in study("sources", "--only-report").stderr
    rows = list(csv.DictReader((tmp_path / "sources/models.csv").open()))
    assert {(row["selection"], row["n_sources"]) for row in rows} == {
        (selection, n) for selection in ("n01", "n04", "n12") for n in ("all", "1", "2", "4", "8", "12")
    }
    assert all(float(row["all"]) > 0 for row in rows)
    assert "no model is there" in study("size", "--only-report", expect=1).stderr
