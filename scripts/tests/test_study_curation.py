"""The study of curation: what it consists of, how its findings are judged, and its command at the tiny scale."""

import json
import math
import sys

import pytest
from conftest import REPOSITORY, steadyset, tiny_study
from test_schemas import SCHEMAS, validator

sys.path.insert(0, str(REPOSITORY / "scripts"))

from steadyset.training.parsing import parse_training  # noqa: E402
from studies import curation, curation_results  # noqa: E402
from studies.curation_results import Judged  # noqa: E402
from studies.plan import SCALES  # noqa: E402
from studies.results import REGIONS  # noqa: E402


@pytest.mark.parametrize("scale", SCALES)
def test_plans(scale):
    """Pipelines that the schema accepts; every case has the baseline, and data with a start of its own for each seed."""
    study = curation.load(scale)
    schema = SCHEMAS["pipeline"]
    assert len(study.seeds) >= (2 if scale == "tiny" else 5)
    for case in study.cases:
        assert study.baseline in case.ways and study.best in case.ways
        for seed in study.seeds:
            base = json.loads(curation.pipeline(study, case, seed))
            assert "rounds" not in base
            name, percent = base["train"]["selection"][-1], float(base["train"]["selection"][1:].split("%")[0])
            assert percent * len(study.seeds) <= 100
            assert {"name": name, "percent": percent, "offset": seed - 1} in base["split"]["windows"]
            for way in case.ways:
                document = json.loads(curation.pipeline(study, case, seed, way))
                assert parse_training(document["train"]).seed == document["rounds"]["seed"] == seed
                if "rounds" in schema["properties"]:
                    validator("pipeline").validate(document)
        for network in case.exchange:
            document = json.loads(curation.pipeline(study, case, 1, network=network, selection="round-2"))
            assert document["train"]["model"]["kind"] == network != case.network
            assert document["train"]["selection"] == "round-2"


def test_a_part_of_the_study():
    """Some cases and ways, with the baseline whether it is named or not; unknown names are refused."""
    study = curation.load("reduced", 2, ["rings.u-net"], ["power"])
    (case,) = study.cases
    assert list(case.ways) == ["random", "power"] and case.exchange == () and study.seeds == [1, 2]
    for names, ways in ((["rings.unet"], None), (None, ["strength"])):
        with pytest.raises(curation.Failed, match="there is no (case|way)"):
            curation.load("reduced", names=names, ways=ways)


def models(study, case, way, mean, p99, wobble=0.0):
    """Models of all rounds: from a common start (mean 2, percentile 4) straight to the given end in the logarithms."""
    found = []
    for seed in study.seeds:
        for number in range(study.count + 1):
            samples = 10 * 2**number
            part = number / study.count
            scale = 1 + wobble * (seed - 1.5) * part
            errors = {"mean": 2 * (mean / 2) ** part * scale, "p99": 4 * (p99 / 4) ** part * scale, "p95": 1.0, "max": 5.0}
            found.append(Judged(case, way, seed, number, samples, {region: errors for region in REGIONS}))
    return found


@pytest.mark.parametrize(
    ("mean", "p99", "verdict"),
    [(1, 1.3, "holds"), (1, 1.5, "does not hold"), (1.01, 1.3, "does not hold"), (0.5, 2, "holds"), (0.9, 1.9, "does not hold")],
)
def test_the_goal(mean, p99, verdict):
    """The baseline ends at mean 1 and percentile 2: 30% off the latter at no worse a mean, or the mean with 1.5 times fewer."""
    study = curation.load("tiny")
    case = study.cases[0]
    found = models(study, case, study.baseline, 1, 2) + models(study, case, study.best, mean, p99)
    finding, compared = curation_results.findings(study, found, {})
    assert finding.verdict == verdict, finding
    assert compared.verdict == ("holds" if p99 < 2 else "does not hold"), compared


def test_fewer_samples():
    """A curve that falls twice as fast in the logarithm is at the baseline's end after half the doublings: 20 of 40 samples."""
    study = curation.load("tiny")
    case = study.cases[0]
    found = models(study, case, study.baseline, 1, 2) + models(study, case, study.best, 0.5, 1)
    sizes = sorted({model.samples for model in found})
    assert sizes == [10, 20, 40]
    assert curation_results.fewer(study, found, case, study.best) == pytest.approx(2)
    assert curation_results.fewer(study, found, case, study.baseline) == pytest.approx(1)
    worse = models(study, case, study.baseline, 1, 2) + models(study, case, study.best, 1.1, 1)
    assert math.isnan(curation_results.fewer(study, worse, case, study.best))


def test_other_networks():
    study = curation.load("tiny")
    case = study.cases[0]

    def verdict(ratio, wobble):
        last = [m for m in models(study, case, study.baseline, 1, 2) if m.round == study.count]
        last += [m for m in models(study, case, study.best, 1, 2 * ratio, wobble) if m.round == study.count]
        (finding,) = curation_results.findings(study, [], {(case.name, "encoder-decoder"): last})
        return finding.verdict

    assert [verdict(0.5, 0), verdict(1.5, 0), verdict(0.9, 0.5)] == ["holds", "does not hold", "undecided"]


def test_a_tiny_study(tmp_path):
    """The command from the beginning, and again with everything done."""
    first = tiny_study("curation", tmp_path)
    assert "3 of 3 runs" in first.stdout and "models on another's set" in first.stderr
    assert tiny_study("curation", tmp_path).stdout == first.stdout
    rows = (tmp_path / "curation/models.csv").read_text().splitlines()
    # Three ways with the start and two rounds, two sets that another network learnt from; seven regions.
    assert len(rows) == 1 + (3 * 3 + 2) * len(REGIONS)
