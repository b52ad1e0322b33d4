"""Pictures of the study of curation: learning curves with bands over the seeds."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from .curation_results import STATISTICS, of  # noqa: E402
from .results import REGIONS, Spread  # noqa: E402

TITLES = {"mean": "mean", "p95": "95th percentile", "p99": "99th percentile", "max": "maximum"}


def curves(study, models, folder):
    """Writes a picture a case: errors against the number of training samples, a line a way, a panel a statistic, for all sites and
    for each region; returns (file, what it shows) of each."""
    names = []
    for case in study.cases:
        if not of(models, case, study.baseline, study.count):
            continue
        regions = [region for region in REGIONS if any(region in m.errors for m in models if m.case == case)]
        for part, shown in (("", ["all"]), ("-regions", regions[1:])):
            figure, axes = plt.subplots(
                len(shown), len(STATISTICS), figsize=(13, 1.2 + 2.6 * len(shown)), layout="constrained", squeeze=False, sharex=True
            )
            for row, region in zip(axes, shown):
                for axis, statistic in zip(row, STATISTICS):
                    _lines(axis, study, models, case, region, statistic)
                    axis.set_title(f"{region}: {TITLES[statistic]}", fontsize=9)
                row[0].set_ylabel("mean absolute error")
            for axis in axes[-1]:
                axis.set_xlabel("training samples")
            axes[0, 0].legend(fontsize=7)
            figure.suptitle(case.name)
            path = folder / f"curation-{case.name.replace('.', '-')}{part}.png"
            figure.savefig(path, dpi=80 if part else 110)
            plt.close(figure)
            where = "over all sites" if not part else "by region"
            text = f"{case.name}: errors {where} after each round, means over the seeds, bands of one standard deviation."
            names.append((path.name, text))
    return names


def _lines(axis, study, models, case, region, statistic):
    for way in case.ways:
        rounds = [of(models, case, way, number) for number in range(study.count + 1)]
        if not all(rounds):
            continue
        sizes = [next(iter(found.values())).samples for found in rounds]
        spreads = [Spread.of([m.errors[region][statistic] for m in found.values()]) for found in rounds]
        means, deviations = np.array([s.mean for s in spreads]), np.nan_to_num([s.deviation for s in spreads])
        baseline = way == study.baseline
        (line,) = axis.plot(sizes, means, "k--" if baseline else "o-", ms=3, lw=1.5 if baseline else 1, label=way)
        if baseline or way == study.best:
            axis.fill_between(sizes, means - deviations, means + deviations, color=line.get_color(), alpha=0.2, lw=0)
        axis.set_xticks(sizes)
    axis.set(yscale="log")
    axis.tick_params(which="both", labelsize=7)
