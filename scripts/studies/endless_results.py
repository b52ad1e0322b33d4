"""What the study of training without an end found: errors beside those of the best constant field, ratios to training without an end."""

import math
from dataclasses import dataclass

import numpy as np

from .endless import ENDLESS
from .findings import FAILS, HOLDS, OPEN, Finding
from .results import Ratio, constant_field

COST = 1.1  # the ratio at which a fixed set counts as worse


@dataclass(frozen=True)
class Constant:
    """The best constant field: the median at each site of the labels of `count` training samples; mean and 99th percentile of the
    test samples' mean absolute errors, of which there are `tested`."""

    count: int
    tested: int
    mean: float
    p99: float


def constant(data):
    """Returns what predicting the same field for every test sample costs."""
    count, errors = constant_field(data)
    mae = errors["mae"]
    return Constant(count, len(mae), float(np.mean(mae)), float(np.percentile(mae, 99)))


def of(results, case, selection):
    """Returns the results of a case and a selection by seed; empty where none is done."""
    return {r.run.seed: r for r in results if r.run.variant == case.name and r.run.selection == selection}


def mean_of(result):
    """The mean over test samples of a model's mean absolute error."""
    return result.mean["all"]


def p99_of(result):
    """Their 99th percentile."""
    return result.p99


def ratio(results, case, selection, value=mean_of):
    """Returns the error of a fixed set over that of training without an end, seed by seed."""
    fresh, fixed = of(results, case, ENDLESS), of(results, case, selection)
    return Ratio.of([(value(found), value(fresh[seed])) for seed, found in fixed.items() if seed in fresh])


def costly_visits(results, case):
    """Returns the number of visits from which a fixed set has 10% more error: between those that were trained, the logarithm of
    the ratio is taken as straight in the logarithm of the visits. None where no set has, or some are missing."""
    before = (1, 1.0)
    for selection, visits in sorted(case.visits.items(), key=lambda item: item[1]):
        if selection == ENDLESS:
            continue
        if (found := ratio(results, case, selection)) is None:
            return None
        if found.mean >= COST:
            part = math.log(COST / before[1]) / math.log(found.mean / before[1])
            return math.exp(math.log(before[0]) + part * math.log(visits / before[0]))
        before = (visits, found.mean)
    return None


def findings(study, results, field):
    """Returns the findings: whether sources were learnt, what fresh samples are worth in every case, and what more steps change."""
    found = []
    for case in study.cases:
        if fresh := of(results, case, ENDLESS):
            found += [_learnt(case, fresh, field), _worth(results, case)]
    for network in dict.fromkeys(case.network for case in study.cases):
        found.append(_with_length(results, [case for case in study.cases if case.network == network]))
    return [one for one in found if one is not None]


def _title(case):
    return f"{case.network}, {case.seen:,} samples seen"


def _learnt(case, fresh, field):
    times = [field.mean / mean_of(result) for result in fresh.values()]
    return Finding(
        f"{_title(case)}: without an end the network has at least 5 times less error than the best constant field.",
        HOLDS if min(times) >= 5 else FAILS if max(times) < 5 else OPEN,
        f"{_several(times, '.1f')} times less.",
    )


def _several(values, form):
    low, high = (format(value, form) for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"


def _worth(results, case):
    worse, better, same = [], [], []
    for selection, visits in sorted(case.visits.items(), key=lambda item: item[1]):
        if selection == ENDLESS or (found := ratio(results, case, selection)) is None:
            continue
        side = worse if found.low > 1 else better if found.high < 1 else same
        side.append(f"{case.seen // visits:,} samples × {visits}: {found}")
    if not worse + better + same:
        return None
    visits = costly_visits(results, case)
    crossing = (
        f"{COST - 1:.0%} more error is at about {_digits(visits)} visits, read off between those trained."
        if visits is not None
        else f"No fixed set has {COST - 1:.0%} more error in the mean."
    )
    return Finding(
        f"{_title(case)}: every fixed set has more error than training without an end.",
        HOLDS if worse and not better + same else FAILS if better else OPEN,
        f"Ratios of the mean errors to it, with 95% intervals over seeds: more, {_listed(worse)}; undecided, {_listed(same)}; less, "
        f"{_listed(better)}. {crossing}",
    )


def _digits(number):
    """Two significant digits, without an exponent."""
    return f"{float(f'{number:.2g}'):g}"


def _listed(texts):
    return ", ".join(texts) or "none"


def _with_length(results, cases):
    """Whether the ratio at the most visits grows from the shortest training to the longest."""
    short, long = min(cases, key=lambda case: case.seen), max(cases, key=lambda case: case.seen)
    texts, verdicts = [], []
    for visits in sorted(set(short.visits.values()) - {1}):
        by_case = []
        for case in (short, long):
            (selection,) = (name for name, number in case.visits.items() if number == visits)
            fresh, fixed = of(results, case, ENDLESS), of(results, case, selection)
            by_case.append({seed: mean_of(fixed[seed]) / mean_of(fresh[seed]) for seed in fixed if seed in fresh})
        found = Ratio.of([(by_case[1][seed], by_case[0][seed]) for seed in by_case[1] if seed in by_case[0]])
        if found is None:
            return None
        texts.append(f"{visits} visits: {found}")
        verdicts.append(HOLDS if found.low > 1 else FAILS if found.high < 1 else OPEN)
    return Finding(
        f"{short.network}: the longer training gains more from fresh samples, {long.seen:,} against {short.seen:,} seen at equal visits.",
        verdicts[0] if len(set(verdicts)) == 1 else OPEN,
        f"Ratios of the ratios, long over short: {', '.join(texts)}. Sets of the longer training are {long.seen / short.seen:g} times larger.",
    )
