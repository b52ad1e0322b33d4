"""Results of a study: the errors of every trained model, their means and fluctuation over seeds, as tables."""

import math
from dataclasses import dataclass

import numpy as np
import steadyset
from steadyset.training.metrics import error_in, read_errors

from .execute import model_of

REGIONS = ("all", "sources", "field", "r1", "r2", "r3", "r4")

# Student's t for 95%, two-sided, by degrees of freedom.
_STUDENT = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


@dataclass(frozen=True)
class Result:
    """A trained model on the test part: mean absolute error by region, and by number of sources and region, each the mean
    over samples; percentiles of the samples' errors."""

    run: object
    mean: dict
    by_sources: dict
    p95: float
    p99: float
    largest: float


def collect(runs, folder):
    """Returns the results of all runs. The samples of the test part are the same in each."""
    return [_result(run, read_errors(model_of(folder / run.name) / "evaluate/errors.csv")) for run in runs]


def _result(run, scored):
    def mean(samples, region):
        values = [value for s in samples if (value := error_in(s.errors, region)) is not None]
        return float(np.mean(values)) if values else math.nan

    counts = sorted({sample.n_sources for sample in scored})
    strata = {n: [sample for sample in scored if sample.n_sources == n] for n in counts}
    every = [sample.errors.mae for sample in scored]
    p95, p99 = np.percentile(every, [95, 99])
    return Result(
        run,
        {region: mean(scored, region) for region in REGIONS},
        {n: {region: mean(samples, region) for region in REGIONS} for n, samples in strata.items()},
        float(p95), float(p99), float(max(every)),
    )  # fmt: skip


@dataclass(frozen=True)
class Spread:
    """Several numbers: their mean, standard deviation (n − 1), and the half width of the mean's 95% interval."""

    mean: float
    deviation: float
    half_width: float
    count: int

    @classmethod
    def of(cls, values):
        values = np.asarray(values, float)
        count = len(values)
        deviation = float(values.std(ddof=1)) if count > 1 else math.nan
        student = _STUDENT.get(count - 1, 1.96 if count > 1 else math.nan)
        return cls(float(values.mean()), deviation, student * deviation / math.sqrt(count), count)

    def __str__(self):
        return f"{self.mean:.5f} ± {self.deviation:.5f}" if self.count > 1 else f"{self.mean:.5f}"


@dataclass(frozen=True)
class Ratio:
    """The geometric mean over seeds of ratios of errors, and Student's 95% interval of it; infinite with one seed."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, pairs):
        """Of (numerator, denominator) of every seed; none where there is none."""
        logs = [math.log(one / other) for one, other in pairs]
        if not logs:
            return None
        spread = Spread.of(logs)
        half = spread.half_width if spread.count > 1 else math.inf
        return cls(*(math.exp(value) for value in (spread.mean, spread.mean - half, spread.mean + half)), spread.count)

    def __str__(self):
        return f"{self.mean:.2f} ({self.low:.2f} to {self.high:.2f})" if self.count > 1 else f"{self.mean:.2f}"


def constant_field(data, at_most=4000, bytes_at_most=1 << 28):
    """Returns how many training samples the best constant field is of, the median of their labels at each site, and its errors on
    the test samples, {measure: values}. The training samples are the first of that part."""
    dataset = steadyset.open(data)
    train, test = dataset.select("train"), dataset.select("test")
    rows, columns = train[0].y.shape
    count = max(1, min(len(train), at_most, bytes_at_most // (4 * rows * columns)))
    field = np.median(np.stack([train.y(k) for k in range(count)]), axis=0)  # (rows, columns)
    errors = {"mae": [], "nrmse": []}
    for k in range(len(test)):
        label = test.y(k)
        errors["mae"].append(float(np.abs(label - field).mean(dtype=np.float64)))
        if square := float((label.astype(np.float64) ** 2).mean()):
            errors["nrmse"].append((float(((label.astype(np.float64) - field) ** 2).mean()) / square) ** 0.5)
    return count, errors


def groups(results, key):
    """Returns the results by `key(run)`, in the order in which the keys come."""
    found = {}
    for result in results:
        found.setdefault(key(result.run), []).append(result)
    return found


def paired(one, other, value):
    """Returns the spread of the differences `value(one) − value(other)` over the seeds that both have: equal seeds start from equal
    weights and see the samples in the same order."""
    by_seed = {result.run.seed: value(result) for result in other}
    return Spread.of([value(result) - by_seed[result.run.seed] for result in one if result.run.seed in by_seed])


def write_runs(path, results):
    """Writes a row for each model and number of sources (`all` first): the complete numbers of the study."""
    with path.open("w") as file:
        file.write("variant,selection,seed,n_sources," + ",".join(REGIONS) + ",p95,p99,max\n")
        for result in results:
            run = result.run
            start = f"{run.variant},{run.selection},{run.seed}"
            rest = ",".join(f"{value:.9g}" for value in (result.p95, result.p99, result.largest))
            file.write(f"{start},all,{_digits(result.mean)},{rest}\n")
            for n, means in result.by_sources.items():
                file.write(f"{start},{n},{_digits(means)},,,\n")


def _digits(means):
    return ",".join("" if math.isnan(means[region]) else f"{means[region]:.9g}" for region in REGIONS)


def table(results, key, header):
    """Returns a Markdown table, a row a group: mean ± standard deviation of the mean absolute error by region."""
    columns = (header, "models", "all", "99th percentile", "sources", "field", "R1", "R2", "R3", "R4")
    rows = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for name, found in groups(results, key).items():
        cells = [str(name), str(len(found)), Spread.of([r.mean["all"] for r in found]), Spread.of([r.p99 for r in found])]
        cells += [Spread.of([r.mean[region] for r in found]) for region in REGIONS[1:]]
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)
