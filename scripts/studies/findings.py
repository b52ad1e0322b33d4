"""Which findings of the paper a study's numbers show, and which not.

Each function returns findings: what the paper says, whether the numbers here say so too, and the numbers. A finding "holds" or
"does not hold" only where the numbers decide: differences between means are judged by Student's 95% interval over the seeds;
where that contains 0 the finding is "undecided".
"""

import math
from dataclasses import dataclass

import numpy as np

from .results import REGIONS, Spread, groups, paired

CLAIM = "At small sizes the differences between losses are within the fluctuation"
BESIDE = "The differences between losses against the fluctuation"
HOLDS, FAILS, OPEN = "holds", "does not hold", "undecided"


@dataclass(frozen=True)
class Finding:
    """What the paper found, the verdict here, and why."""

    claim: str
    verdict: str
    numbers: str


def of_size(results):
    """Error against the share of training data: Figures 6, 9, 14, and those by region and number of sources."""
    by_share = groups(results, lambda run: run.share)
    shares = sorted(by_share)
    error = {share: Spread.of([r.mean["all"] for r in by_share[share]]) for share in shares}
    return [
        _falls_with_size(by_share, shares, error),
        _fluctuation_shrinks(shares, error),
        *_by_sources(by_share[shares[-1]], f"S{shares[-1]:g}%"),
    ]


def _falls_with_size(by_share, shares, error):
    means = np.array([error[share].mean for share in shares])
    logs = np.log10(shares)
    slope, start = np.polyfit(logs, means, 1)
    fit = 1 - ((means - start - slope * logs) ** 2).sum() / ((means - means.mean()) ** 2).sum()
    power, scale = np.polyfit(logs, np.log(means), 1)
    fit_power = 1 - ((np.log(means) - scale - power * logs) ** 2).sum() / ((np.log(means) - np.log(means).mean()) ** 2).sum()
    rises = sum(b >= a for a, b in zip(means, means[1:]))
    ends = paired(by_share[shares[0]], by_share[shares[-1]], lambda r: r.mean["all"])
    decided = ends.count < 2 or abs(ends.mean) > ends.half_width
    verdict = OPEN if not decided else HOLDS if slope < 0 and fit >= 0.9 and rises == 0 else FAILS
    return Finding(
        "Data size matters most: the error falls about logarithmically with the share of training data (Fig. 14).",
        verdict,
        f"From {shares[0]:g}% to {shares[-1]:g}% the mean absolute error goes from {error[shares[0]]} to {error[shares[-1]]}, a factor "
        f"{means[0] / means[-1]:.2f}; it rises in {rises} of {len(shares) - 1} steps. Against log₁₀(share): slope {slope:.5f} a decade, "
        f"R² {fit:.3f}; a power law has the exponent {power / math.log(10):.3f}, R² {fit_power:.3f}. (Holds: R² of the logarithm at "
        f"least 0.9, no step up.)",
    )


def _fluctuation_shrinks(shares, error):
    deviations = [error[share].deviation for share in shares]
    text = ", ".join(f"{share:g}%: {error[share].deviation:.5f} of {error[share].count}" for share in shares)
    correlation = _rank_correlation(shares, deviations)
    few = min(error[share].count for share in shares)
    # The ratio of two variances of three models each is within a factor of 39 in 95% of all cases (F(2, 2)).
    ratio = deviations[0] / deviations[-1] if deviations[-1] > 0 else math.inf
    verdict = HOLDS if correlation <= -0.7 and ratio > 1 else FAILS if correlation >= 0 or ratio < 1 else OPEN
    return Finding(
        "Fluctuation from run to run shrinks with the size of the data (Figs 6 and 9).",
        OPEN if math.isnan(correlation) else verdict,
        f"Standard deviations over sets and seeds: {text}. Rank correlation with the share {correlation:.2f}, first over last {ratio:.2f}. "
        f"(Holds: correlation at most −0.7. Deviations of {few} models are themselves rough.)",
    )


def _by_sources(results, label):
    counts = sorted(results[0].by_sources)

    def curve(region):
        return np.array([np.nanmean([r.by_sources[n][region] for r in results]) for n in counts])

    means = {region: float(np.nanmean([r.mean[region] for r in results])) for region in REGIONS}
    largest = max(("sources", "r1", "r2", "r3", "r4"), key=lambda region: means[region])
    growth = _rank_correlation(counts, curve("all"))
    at_sources = curve("sources")
    best = int(np.argmin(at_sources))
    first = paired_within(results, counts[0], counts[best], "sources")
    last = paired_within(results, counts[-1], counts[best], "sources")
    inside = 0 < best < len(counts) - 1
    clear = first.mean > first.half_width and last.mean > last.half_width
    return [
        Finding(
            "The largest absolute error is at the sources.",
            HOLDS if largest == "sources" else FAILS,
            f"Mean absolute errors at {label}: " + ", ".join(f"{name} {means[name]:.5f}" for name in REGIONS[1:]) + ".",
        ),
        Finding(
            "The error grows with the number of sources.",
            HOLDS if growth >= 0.9 else FAILS if growth < 0.5 else OPEN,
            f"At {label}: {curve('all')[0]:.5f} for {counts[0]}, {curve('all')[-1]:.5f} for {counts[-1]}; rank correlation {growth:.2f}.",
        ),
        Finding(
            "At the sources the error first falls with their number, with a minimum near 5, and then grows.",
            (HOLDS if 3 <= counts[best] <= 8 else FAILS) if inside and clear else OPEN if inside else FAILS,
            f"At {label} it is least for {counts[best]} sources, {at_sources[best]:.5f}; {at_sources[0]:.5f} for {counts[0]} and "
            f"{at_sources[-1]:.5f} for {counts[-1]}. (Holds: the minimum is at 3 to 8, and both ends are above it beyond the fluctuation.)",
        ),
    ]  # fmt: skip


def paired_within(results, one, other, region):
    """The spread over models of the error's difference between two numbers of sources."""
    return Spread.of([r.by_sources[one][region] - r.by_sources[other][region] for r in results])


def of_losses(results):
    """Losses and prefactors at each size: Figures 5 to 13."""
    findings = []
    least = min(result.run.share for result in results)
    for selection, found in groups(results, lambda run: run.selection).items():
        variants = groups(found, lambda run: run.variant)
        if len(variants) < 2:
            continue
        means = {name: Spread.of([r.mean["all"] for r in runs]) for name, runs in variants.items()}
        ranked = sorted(means, key=lambda name: means[name].mean)
        order = ", ".join(f"{name} {means[name]}" for name in ranked)
        if "E1" in variants:
            findings.append(_among_the_best(variants, ranked, selection, order))
        findings += [_beats(variants, name, selection) for name in ("R", "T-5") if name in variants and "E1" in variants]
        share = found[0].run.share
        findings.append(_within_fluctuation(variants, ranked, selection, share <= 5 or share == least))
    return findings


def _difference(variants, one, other):
    return paired(variants[one], variants[other], lambda r: r.mean["all"])


def _among_the_best(variants, ranked, selection, order):
    place = ranked.index("E1") + 1
    worse = [name for name in ranked if name != "E1" and (d := _difference(variants, "E1", name)).mean > d.half_width]
    third = place <= max(1, math.ceil(len(ranked) / 3))
    return Finding(
        f"The exponential prefactor with MAE (E1) is among the best ({selection}).",
        HOLDS if third and not worse else FAILS if worse and not third else OPEN,
        f"E1 has place {place} of {len(ranked)}; better than it beyond the fluctuation: {', '.join(worse) or 'none'}. In order: {order}.",
    )


def _beats(variants, name, selection):
    found = _difference(variants, name, "E1")
    decided = found.count > 1 and abs(found.mean) > found.half_width
    return Finding(
        f"{name} beats E1 ({selection}).",
        OPEN if not decided else HOLDS if found.mean < 0 else FAILS,
        f"{name} − E1 over seeds: {found.mean:+.5f}, 95% interval ± {found.half_width:.5f}.",
    )


def _within_fluctuation(variants, ranked, selection, small):
    best = ranked[0]
    same = [name for name in ranked[1:] if not (d := _difference(variants, name, best)).mean > d.half_width]
    half = len(same) >= (len(ranked) - 1) / 2
    return Finding(
        f"{CLAIM if small else BESIDE} ({selection}).",
        (HOLDS if half else FAILS) if small else "not claimed at this size",
        f"Of {len(ranked) - 1} others, {len(same)} do not differ from the best ({best}) beyond the fluctuation: {', '.join(same) or 'none'}.",
    )


def of_sources(results):
    """Trained on one number of sources: Figures 16 and 17."""
    by_number = groups(results, lambda run: run.sources)
    error = {n: Spread.of([r.mean["all"] for r in found]) for n, found in by_number.items()}
    best = min(error, key=lambda n: error[n].mean)
    same = [
        n for n, found in by_number.items()
        if n != best and not (d := paired(found, by_number[best], lambda r: r.mean["all"])).mean > d.half_width
    ]  # fmt: skip
    verdict = HOLDS if 10 <= best <= 13 else OPEN if any(10 <= n <= 13 for n in same) else FAILS
    return [
        Finding(
            "Trained on one number of sources and tested on all, the best number is about 10 to 13 (Figs 16 and 17).",
            verdict,
            f"The best is {best}, {error[best]}; not worse beyond the fluctuation: {', '.join(map(str, same)) or 'none'}. All: "
            + ", ".join(f"{n}: {error[n]}" for n in sorted(error)) + ".",
        )
    ]  # fmt: skip


def _rank_correlation(a, b):
    """Spearman's; not a number where one does not vary."""
    ranks = [np.argsort(np.argsort(values)).astype(float) for values in (a, b)]
    if np.isnan(np.asarray(b, float)).any():
        return math.nan
    return float(np.corrcoef(*ranks)[0, 1])
