"""What the study of curation found: errors of every round's model, ratios to the baseline, findings with their verdicts."""

import json
import math
from dataclasses import dataclass

import numpy as np
from steadyset.training.metrics import error_in, read_errors

from . import curation
from .findings import FAILS, HOLDS, OPEN, Finding
from .results import REGIONS, Spread

STATISTICS = ("mean", "p95", "p99", "max")
WANTED_P99 = 0.7
WANTED_FEWER = 1.5


@dataclass(frozen=True)
class Judged:
    """A model on the test part: by region the mean, 95th and 99th percentile and largest of the samples' mean absolute errors."""

    case: object
    way: str
    seed: int
    round: int
    samples: int
    errors: dict


def collect(study, runs):
    """Returns the models of all rounds that are done, and those of other networks as {(case, network): models}."""
    found, exchanged = [], {}
    for case in study.cases:
        start = _start(study, runs, case)
        for seed in study.seeds:
            for way in case.ways:
                folder = curation.run_folder(runs, case, way, seed)
                for number in range(study.count + 1):
                    at = curation.round_folder(folder, number)
                    if curation.is_judged(at) and curation.is_done(study, runs, case, way, seed):
                        size = start + number * study.rounds["add"]
                        found.append(Judged(case, way, seed, number, size, _errors(at)))
            for network in case.exchange:
                for way in study.exchanged:
                    at = curation.exchange_folder(runs, case, network, way, seed)
                    if curation.is_judged(at):
                        size = start + study.count * study.rounds["add"]
                        model = Judged(case, way, seed, study.count, size, _errors(at))
                        exchanged.setdefault((case.name, network), []).append(model)
    return found, exchanged


def _start(study, runs, case):
    """The samples of the starting selection: lines of a base's training, or 0 where none is done."""
    for seed in study.seeds:
        path = curation.run_folder(runs, case, "base", seed) / "train/manifest.json"
        if path.is_file():
            return json.loads(path.read_text())["content"]["samples"]
    return 0


def _errors(folder):
    scored = read_errors(folder / "evaluate/errors.csv")
    found = {}
    for region in REGIONS:
        values = [value for sample in scored if (value := error_in(sample.errors, region)) is not None]
        if values:
            p95, p99 = np.percentile(values, [95, 99])
            found[region] = {"mean": float(np.mean(values)), "p95": float(p95), "p99": float(p99), "max": float(max(values))}
    return found


def of(models, case, way, number):
    """Returns the models of a case, a way and a round, by seed; empty where none is done."""
    return {m.seed: m for m in models if m.case == case and m.way == way and m.round == number}


def ratio(models, baselines, statistic, region="all"):
    """Returns the spread of the ratios of a statistic to that of the baseline of the same seed; none where no seed has both."""
    ratios = [
        model.errors[region][statistic] / baselines[seed].errors[region][statistic]
        for seed, model in models.items()
        if seed in baselines and region in model.errors and region in baselines[seed].errors
    ]
    return Spread.of(ratios) if ratios else None


def fewer(study, models, case, way):
    """Returns how many times fewer samples a way needs than the baseline for the mean error that the baseline ends with. Sizes are read
    off both curves, straight between rounds in the logarithms, where they first get there; NaN where the way never does."""
    curves = [_curve(study, models, case, which) for which in (study.baseline, way)]
    if None in curves:
        return math.nan
    goal = curves[0][1][-1]
    needed = [_first(sizes, errors, goal) for sizes, errors in curves]
    return needed[0] / needed[1]


def _first(sizes, errors, goal):
    """The size at which a curve first has an error of at most `goal`; NaN for never."""
    for k in range(1, len(sizes)):
        if errors[k] <= goal < errors[k - 1]:
            part = (math.log(errors[k - 1]) - math.log(goal)) / (math.log(errors[k - 1]) - math.log(errors[k]))
            return math.exp(math.log(sizes[k - 1]) + part * (math.log(sizes[k]) - math.log(sizes[k - 1])))
    return math.nan


def _curve(study, models, case, way):
    rounds = [of(models, case, way, number) for number in range(study.count + 1)]
    if not all(rounds):
        return None
    sizes = [next(iter(found.values())).samples for found in rounds]
    return sizes, [float(np.mean([m.errors["all"]["mean"] for m in found.values()])) for found in rounds]


def findings(study, models, exchanged):
    """Returns the findings: the goal in every case, other networks, labels."""
    found = []
    for case in study.cases:
        baselines = of(models, case, study.baseline, study.count)
        if not baselines:
            continue
        for way in case.ways:
            if way == study.best:
                found.append(_goal(study, models, case, way, baselines))
        found.append(_compared(study, models, case, baselines))
        if study.label_free in case.ways:
            found.append(_without_labels(study, models, case, baselines))
    for (case, network), own in exchanged.items():
        found.append(_exchanged(study, case, network, own))
    return [one for one in found if one is not None]


def _goal(study, models, case, way, baselines):
    chosen = of(models, case, way, study.count)
    if not chosen:
        return None
    p99, mean = ratio(chosen, baselines, "p99"), ratio(chosen, baselines, "mean")
    if p99 is None:
        return None
    times = fewer(study, models, case, way)
    tail = p99.mean <= WANTED_P99 and mean.mean <= 1
    saves = not math.isnan(times) and times >= WANTED_FEWER
    return Finding(
        f"{case.name}: `{way}` gives a 99th percentile at least 30% lower than `{study.baseline}` at equal size and effort with a "
        f"mean no worse, or the same mean with {WANTED_FEWER:g} times fewer samples.",
        HOLDS if tail or saves else FAILS,
        f"At {next(iter(chosen.values())).samples} samples the ratio of the 99th percentiles is {_text(p99)}, of the means {_text(mean)}, "
        f"of the 95th percentiles {_text(ratio(chosen, baselines, 'p95'))}, of the maxima {_text(ratio(chosen, baselines, 'max'))} "
        f"({p99.count} seeds; 95% intervals of the first two ± {p99.half_width:.3f} and ± {mean.half_width:.3f}). "
        + (
            f"The mean that `{study.baseline}` ends with is reached with {times:.2f} times fewer samples."
            if not math.isnan(times)
            else f"The mean that `{study.baseline}` ends with is not reached."
        ),
    )


def _compared(study, models, case, baselines):
    """Which ways differ from the baseline beyond the fluctuation, in the 99th percentile and in the mean."""
    words = {}
    for statistic in ("p99", "mean"):
        lower, higher, same = [], [], []
        for way in case.ways:
            spread = ratio(of(models, case, way, study.count), baselines, statistic) if way != study.baseline else None
            if spread is None or spread.count < 2:
                continue
            side = same if abs(spread.mean - 1) <= spread.half_width else lower if spread.mean < 1 else higher
            side.append(f"`{way}`")
        words[statistic] = [(", ".join(side) or "none") for side in (lower, higher, same)]
    if words["p99"] == ["none"] * 3:
        return None
    tail, mean = words["p99"], words["mean"]
    return Finding(
        f"{case.name}: some way of choosing lowers the 99th percentile beyond the fluctuation.",
        HOLDS if tail[0] != "none" else FAILS,
        f"Lower: {tail[0]}; higher: {tail[1]}; 1 inside Student's 95% interval of the ratio: {tail[2]}. The mean is lower with {mean[0]}, "
        f"higher with {mean[1]}, undecided with {mean[2]}.",
    )


def _without_labels(study, models, case, baselines):
    free, oracle = of(models, case, study.label_free, study.count), of(models, case, study.best, study.count)
    if not free or not oracle:
        return None
    of_free, of_oracle = ratio(free, baselines, "p99"), ratio(oracle, baselines, "p99")
    beside = ratio(free, oracle, "p99")
    if of_free is None or of_oracle is None or beside is None:
        return None
    verdict = OPEN if beside.count < 2 else HOLDS if beside.mean - beside.half_width <= 1.05 and of_free.mean < 1 else FAILS
    return Finding(
        f"{case.name}: scores without labels (`{study.label_free}`) serve as well as true errors (`{study.best}`).",
        verdict,
        f"Their ratios of the 99th percentile to `{study.baseline}` are {_text(of_free)} and {_text(of_oracle)}, of the former to the "
        f"latter {_text(beside)}. (Holds: the 95% interval of the last reaches down to 1.05.) {_TAUTOLOGY}",
    )


# The study's problems have constant coefficients.
_TAUTOLOGY = (
    "Where all coefficients are constant and all sides absorbing, as here, the estimate is the error itself, computed by the direct "
    "solver: this is no finding."
)


def _exchanged(study, case, network, models):
    by_way = {way: {m.seed: m for m in models if m.way == way} for way in study.exchanged}
    chosen, baselines = by_way[study.best], by_way[study.baseline]
    if not chosen or not baselines:
        return None
    p99, mean = ratio(chosen, baselines, "p99"), ratio(chosen, baselines, "mean")
    if p99 is None:
        return None
    verdict = OPEN if p99.count < 2 or abs(p99.mean - 1) <= p99.half_width else HOLDS if p99.mean < 1 else FAILS
    return Finding(
        f"The set that the errors of {case} chose helps another network, {network}.",
        verdict,
        f"Trained on it instead of on the random one it has {_text(p99)} of the 99th percentile and {_text(mean)} of the mean.",
    )


def _text(spread):
    return f"{spread.mean:.3f} ± {spread.deviation:.3f}" if spread.count > 1 else f"{spread.mean:.3f}"
