"""Pictures of a study: each function writes them and returns (file, what it shows) of each."""

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
import matplotlib.ticker  # noqa: E402
import numpy as np  # noqa: E402

from .online import ENDLESS  # noqa: E402
from .online_results import PERCENTILES, of, ratio  # noqa: E402
from .results import REGIONS, Spread, groups  # noqa: E402

LABELS = {"all": "all sites", "sources": "sources", "field": "field", "r1": "R1", "r2": "R2", "r3": "R3", "r4": "R4"}


def _save(figure, path, text):
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path.name, text


def of_size(results, folder):
    """Error and its fluctuation against the share of training data; error against the number of sources."""
    by_share = groups(results, lambda run: run.share)
    shares = sorted(by_share)
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for region in REGIONS:
        spreads = [Spread.of([r.mean[region] for r in by_share[share]]) for share in shares]
        means, deviations = np.array([s.mean for s in spreads]), np.nan_to_num([s.deviation for s in spreads])
        (line,) = left.plot(shares, means, marker="o", ms=3, label=LABELS[region])
        left.fill_between(shares, means - deviations, means + deviations, color=line.get_color(), alpha=0.2, lw=0)
        right.plot(shares, deviations, marker="o", ms=3, color=line.get_color())
    left.set(xscale="log", yscale="log", xlabel="training data, %", ylabel="mean absolute error")
    right.set(xscale="log", yscale="log", xlabel="training data, %", ylabel="standard deviation over sets and seeds")
    left.legend(fontsize=8)
    names = [_save(figure, folder / "size.png", "Error and its standard deviation against the share of training data, a line a region.")]

    figure, axes = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    for axis, region in zip(axes, ("all", "sources", "field")):
        for share in shares:
            _band(axis, by_share[share], region, f"{share:g}%")
        axis.set(xlabel="number of sources", ylabel="mean absolute error", title=LABELS[region])
    axes[0].legend(fontsize=8, title="training data")
    names.append(_save(figure, folder / "size-by-sources.png", "Error against the number of sources, a line a share."))
    return names


def _band(axis, results, region, label):
    counts = sorted(results[0].by_sources)
    spreads = [Spread.of([r.by_sources[n][region] for r in results]) for n in counts]
    means, deviations = np.array([s.mean for s in spreads]), np.nan_to_num([s.deviation for s in spreads])
    (line,) = axis.plot(counts, means, marker="o", ms=3, label=label)
    axis.fill_between(counts, means - deviations, means + deviations, color=line.get_color(), alpha=0.2, lw=0)


def of_losses(results, folder):
    """For each size the error of every loss and prefactor, by region; a dot a model."""
    names = []
    for selection, found in groups(results, lambda run: run.selection).items():
        variants = groups(found, lambda run: run.variant)
        figure, axes = plt.subplots(2, 4, figsize=(14, 6), layout="constrained", sharex=True)
        for axis, region in zip(axes.flat, (*REGIONS, "p99")):
            for place, runs in enumerate(variants.values()):
                values = [r.p99 if region == "p99" else r.mean[region] for r in runs]
                axis.plot([place] * len(values), values, "o", ms=4, alpha=0.6)
                axis.plot([place - 0.3, place + 0.3], [np.mean(values)] * 2, "k-", lw=1)
            axis.set(title=LABELS.get(region, "99th percentile of samples"))
            axis.set_xticks(range(len(variants)), variants, rotation=90, fontsize=8)
        figure.supylabel("mean absolute error")
        figure.suptitle(f"trained on {selection}")
        text = f"Errors of every way of training on {selection}, a panel a region, a dot a model, a bar their mean."
        names.append(_save(figure, folder / f"losses-{selection.replace('%', '').replace('.', '_')}.png", text))
    return names


def of_sources(results, folder):
    """Error on every number of sources of models that were trained on one; mean over all against that one."""
    by_number = groups(results, lambda run: run.sources)
    trained = sorted(by_number)
    tested = sorted(results[0].by_sources)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    grid = np.array([[np.mean([r.by_sources[n]["all"] for r in by_number[p]]) for n in tested] for p in trained])
    image = left.imshow(np.log10(grid), origin="lower", aspect="auto", cmap="viridis")
    left.set_xticks(range(len(tested)), tested, fontsize=7)
    left.set_yticks(range(len(trained)), trained, fontsize=7)
    left.set(xlabel="sources, tested", ylabel="sources, trained")
    figure.colorbar(image, ax=left, label="log₁₀ of the mean absolute error")
    for region in ("all", "sources", "field"):
        spreads = [Spread.of([r.mean[region] for r in by_number[p]]) for p in trained]
        right.errorbar(
            trained, [s.mean for s in spreads], yerr=np.nan_to_num([s.deviation for s in spreads]), marker="o", ms=3, capsize=2,
            label=LABELS[region],
        )  # fmt: skip
    right.set(xlabel="sources, trained", ylabel="mean absolute error over all tests", yscale="log")
    right.legend(fontsize=8)
    text = "Left, error by number of sources trained on and tested on; right, error over all tests by that trained on."
    return [_save(figure, folder / "sources.png", text)]


def of_endless(study, results, field, folder):
    """Error against the share of samples that are new, a panel a network, a line a number of samples seen, a dot a model."""
    networks = list(dict.fromkeys(case.network for case in study.cases))
    figure, axes = plt.subplots(1, len(networks), figsize=(10, 4), layout="constrained", sharey=True)
    for axis, network in zip(axes, networks):
        # Of Okabe and Ito's colours, told apart with any sight; lines and markers differ too.
        for case, style in zip((c for c in study.cases if c.network == network), (("#0072B2", "o", "-"), ("#D55E00", "s", "--"))):
            colour, marker, dash = style
            found = {}
            for result in results:
                if result.run.variant == case.name:
                    found.setdefault(1 / case.visits[result.run.selection], []).append(result.mean["all"])
            shares = sorted(found)
            for share in shares:
                axis.plot([share] * len(found[share]), found[share], marker, color=colour, ms=3, mew=0)
            means = [np.mean(found[share]) for share in shares]
            axis.plot(shares, means, dash, color=colour, marker=marker, ms=9, mfc="none", label=f"{case.seen:,} seen")
        axis.axhline(field.mean, color="black", lw=1, ls=":", label="best constant field")
        axis.set(xscale="log", yscale="log", xlabel="share of the samples seen that are new", title=network)
        axis.set_xticks(ticks := sorted({1 / visits for case in study.cases for visits in case.visits.values()}))
        axis.set_xticklabels([f"1/{1 / share:.0f}" if share < 1 else "all" for share in ticks])
        axis.xaxis.set_minor_locator(matplotlib.ticker.NullLocator())
        _plain(axis)
    axes[0].set_ylabel("mean absolute error")
    axes[0].legend(fontsize=8)
    text = "Error on the test part against the share of samples that are new: small marks are models, lines their means."
    return [_save(figure, folder / "endless.png", text)]


# Of Okabe and Ito's colours, told apart with any sight; markers and lines differ too.
_WAYS = {
    "fixed": ("#000000", "s", ":"), "rounds": ("#E69F00", "D", "--"), "endless": ("#0072B2", "o", "-"),
    "kinds": ("#009E73", "^", "-."), "loss": ("#D55E00", "v", (0, (5, 1, 1, 1, 1, 1))),
}  # fmt: skip


def of_online(study, models, folder):
    """Ratios to training without an end: of the mean and the 99th percentile with intervals, and of every percentile."""
    cases = [case for case in study.cases if of(models, case, ENDLESS)]
    if not cases:
        return []
    names = []
    figure, axes = plt.subplots(2, len(cases), figsize=(1 + 2.6 * len(cases), 6), layout="constrained", squeeze=False, sharey="row")
    for column, case in enumerate(cases):
        for axis, statistic in zip(axes[:, column], ("mean", "p99")):
            for place, way in enumerate(way for way in study.ways if way != ENDLESS):
                colour, marker, _ = _WAYS[way]
                ones, others = of(models, case, way), of(models, case, ENDLESS)
                values = [m.errors["mae"][statistic] / others[s].errors["mae"][statistic] for s, m in ones.items() if s in others]
                axis.plot([place] * len(values), values, marker, color=colour, ms=4, alpha=0.5, mew=0)
                found = ratio(models, case, way, ENDLESS, statistic)
                if found is not None and found.count > 1:
                    axis.errorbar(place + 0.2, found.mean, [[found.mean - found.low], [found.high - found.mean]], color=colour, capsize=3, fmt="_")
            axis.axhline(1, color="black", lw=0.8, ls=":")
            axis.set_xticks(range(len(study.ways) - 1), [way for way in study.ways if way != ENDLESS], rotation=45, fontsize=8)
            axis.set(yscale="log", xlim=(-0.5, len(study.ways) - 1.5))
            _plain(axis)
        axes[0, column].set_title(case.name, fontsize=9)
    for axis, what in zip(axes[:, 0], ("mean", "99th percentile")):
        axis.set_ylabel(f"{what}, ratio to endless")
    text = "Ratios of the mean and of the 99th percentile to training without an end: a mark a model, bars Student's 95% intervals."
    names.append(_save(figure, folder / "online.png", text))

    figure, axes = plt.subplots(1, len(cases), figsize=(1 + 2.6 * len(cases), 3.6), layout="constrained", squeeze=False, sharey=True)
    for axis, case in zip(axes[0], cases):
        others = of(models, case, ENDLESS)
        for way in study.ways:
            colour, _, dash = _WAYS[way]
            logs = [np.log(np.divide(m.percentiles, others[s].percentiles)) for s, m in of(models, case, way).items() if s in others]
            if logs:
                axis.plot(PERCENTILES, np.exp(np.mean(logs, axis=0)), ls=dash, color=colour, lw=1.4, label=way)
        axis.set(yscale="log", xlabel="percentile")
        axis.set_title(case.name, fontsize=9)
        _plain(axis)
    axes[0, 0].set_ylabel("error, ratio to endless")
    figure.legend(*axes[0, -1].get_legend_handles_labels(), loc="outside lower center", ncols=len(study.ways), fontsize=8)
    text = "Every percentile of the samples' errors over that of training without an end, geometric means over the seeds."
    names.append(_save(figure, folder / "online-percentiles.png", text))
    return names


def _plain(axis):
    """Numbers on a logarithmic axis as they are read."""
    axis.yaxis.set_major_locator(matplotlib.ticker.LogLocator(subs=(1, 1.5, 2, 3, 5, 7)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(matplotlib.ticker.NullLocator())
