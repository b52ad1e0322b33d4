"""What the study of curation at equal compute found: errors and seconds of every model, ratios, findings with their verdicts."""

import json
from dataclasses import dataclass

import numpy as np
from steadyset.training.metrics import read_errors

from . import online_runs
from .execute import model_of
from .findings import FAILS, HOLDS, OPEN, Finding
from .online import ENDLESS, FIXED, KINDS, LOSS, ROUNDS, STREAMED
from .results import Ratio, constant_field

STATISTICS = ("mean", "p95", "p99", "max")
PERCENTILES = (1, 2, 5, *range(10, 91, 5), 95, 98, 99, 99.5)  # of the pictures
MEASURES = ("mae", "nrmse")
LEARNT = 5  # times less error than the best constant field: where it is less, the comparison says little


@dataclass(frozen=True)
class Judged:
    """A model on the test part: {measure: {statistic: value over the samples}}, and `PERCENTILES` of the mean absolute errors; seconds of
    a processor that training, scoring and solving took for it; samples that it saw, steps that it took, and labels that were solved."""

    case: object
    way: str
    seed: int
    errors: dict
    percentiles: tuple
    seconds: float
    seen: int
    steps: int
    labels: int


@dataclass(frozen=True)
class Trivial:
    """The best constant field, the median at each site of the labels of `count` training samples: the errors of predicting it for each of
    the `tested` test samples."""

    count: int
    tested: int
    errors: dict


def collect(study, output):
    """Returns the models that are done."""
    return [_judged(study, output, *run) for run in study.runs if online_runs.is_done(study, output, *run)]


def trivial(data):
    """Returns what the best constant field costs on a dataset's test part."""
    count, errors = constant_field(data)
    return Trivial(count, len(errors["mae"]), {measure: _statistics(values) for measure, values in errors.items()})


def _statistics(values):
    p95, p99 = np.percentile(values, [95, 99])
    return {"mean": float(np.mean(values)), "p95": float(p95), "p99": float(p99), "max": float(np.max(values))}


def _judged(study, output, case, way, seed):
    scored = read_errors(online_runs.judged_folder(study, output, case, way, seed) / "evaluate/errors.csv")
    columns = {measure: [value for sample in scored if (value := sample.errors[measure]) is not None] for measure in MEASURES}
    errors = {measure: _statistics(values) for measure, values in columns.items()}
    percentiles = tuple(np.percentile(columns["mae"], PERCENTILES))
    return Judged(case, way, seed, errors, percentiles, *_work(study, output, case, way, seed))


def _work(study, output, case, way, seed):
    """Seconds, samples seen, steps, and labels solved, from the records of a run. Evaluation on the test part is not counted: it is
    how the study judges. The samples of shards were made before, and count with what making them took."""
    model, costs = model_of(online_runs.run_folder(output, case, way, seed)), online_runs.costs_of(output, case)
    steps = [step for step in online_runs.steps_of(output, case, way, seed) if step["stage"] != "evaluate"]
    seconds = sum(step["cpu_seconds"] for step in steps)
    seen = sum(step["samples"] for step in steps if step["stage"] == "train")
    folders = [model / f"rounds/{number}" if number else model for number in range(study.rounds["count"] + 1)] if way == ROUNDS else [model]
    contents = [json.loads((folder / "train/manifest.json").read_text())["content"] for folder in folders]
    taken = sum(content["steps"] for content in contents)
    if way not in STREAMED:
        own = contents[0]["samples"]
        labels = own + sum(step["samples"] for step in steps if step["stage"] in ("resample", "solve"))
        return seconds + own * costs.data, seen, taken, labels
    # Streams solve every sample that they give, those of the dataset too, and with `loss` every candidate.
    return seconds, seen, taken, seen * (study.ways[way]["candidates"] if way == LOSS else 1)


def of(models, case, way):
    """Returns the models of a case and a way by seed; empty where none is done."""
    return {m.seed: m for m in models if m.case == case and m.way == way}


def ratio(models, case, way, other, statistic="mean", measure="mae"):
    """Returns the ratio of a statistic to that of another way, seed by seed; none where no seed has both."""
    ones, others = of(models, case, way), of(models, case, other)
    return Ratio.of(
        [(m.errors[measure][statistic], others[seed].errors[measure][statistic]) for seed, m in ones.items() if seed in others]
    )


def findings(study, models, fields):
    """Returns the findings of every case: whether sources were learnt, what was asked of curation while training, and what rounds and
    training without an end are worth. `fields` are what the best constant field costs, by problem."""
    found = []
    for case in study.cases:
        found += [
            _learnt(models, case, fields[case.problem]) if case.problem in fields else None,
            _below(models, case, KINDS, FIXED, {"mean": 0.6, "p99": 0.5}, clear=0.7),
            _below(models, case, KINDS, ENDLESS, {"mean": 1, "p99": 0.85}),
            _below(models, case, LOSS, ENDLESS, {"mean": 1, "p99": 0.85}),
            _below(models, case, ROUNDS, FIXED, {"mean": 1, "p99": 0.85}),
            _below(models, case, ENDLESS, FIXED, {"mean": 1, "p99": 1}),
        ]
    return [one for one in found if one is not None]


NAMES = {
    FIXED: "the fixed random set", ROUNDS: "the set curated in rounds", ENDLESS: "training without an end",
    KINDS: "curation by kinds", LOSS: "curation by loss",
}  # fmt: skip
_STATISTICS = {"mean": "the mean", "p99": "the 99th percentile"}


def _learnt(models, case, field):
    """Whether a network of this case learns at all, by the way with the least mean error."""
    means = {way: np.mean([m.errors["mae"]["mean"] for m in of(models, case, way).values()]) for way in NAMES if of(models, case, way)}
    if not means:
        return None
    best = min(means, key=means.get)
    times = field.errors["mae"]["mean"] / means[best]
    return Finding(
        f"{case.name}: the best way has at least {LEARNT} times less error than the best constant field.",
        HOLDS if times >= LEARNT else FAILS,
        f"{times:.1f} times less, `{best}`.",
    )


def _below(models, case, way, other, wanted, clear=None):
    """That the ratios of a way to another are at most those wanted, and where `clear` is given their intervals wholly below it."""
    ratios = {statistic: ratio(models, case, way, other, statistic) for statistic in wanted}
    # One seed decides nothing.
    if any(one is None or one.count < 2 for one in ratios.values()):
        return None
    verdicts = [verdict(ratios[statistic], limit, clear) for statistic, limit in wanted.items()]
    asked = ", ".join(
        f"{_STATISTICS[statistic]} " + (f"at least {1 - limit:.0%} lower" if limit < 1 else "lower or equal")
        for statistic, limit in wanted.items()
    )
    asked += f", intervals clear of {1 - clear:.0%}" if clear is not None else ""
    return Finding(
        f"{case.name}: {NAMES[way]} against {NAMES[other]}: {asked}.",
        FAILS if FAILS in verdicts else OPEN if OPEN in verdicts else HOLDS,
        "Ratios: " + ", ".join(f"{_STATISTICS[statistic]} {one}" for statistic, one in ratios.items())
        + f"; {next(iter(ratios.values())).count} seeds.",
    )  # fmt: skip


def verdict(found, limit, clear=None):
    """Whether a ratio is at most `limit`. It holds where the whole interval is; with `clear`, which is larger, where the ratio itself is at
    most `limit` and the interval wholly below `clear`. It does not hold where the whole interval is above `limit`."""
    if found.low > limit:
        return FAILS
    holds = found.high <= limit if clear is None else found.mean <= limit and found.high < clear
    return HOLDS if holds and found.count > 1 else OPEN
