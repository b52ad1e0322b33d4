"""Draws one sample of a shard: the source image x beside the steady state y.

    pip install h5py hdf5plugin matplotlib
    python3 scripts/figure.py DATASET/pack/train-00000.h5 --sources 10 --output sample.png

y has a logarithmic colour scale; contour lines mark the limits 0.2, 0.1 and 0.05 by which errors are reported in
regions (Toledo-Marín, Glazier and Fox 2023).
"""

import argparse
import json
import sys
from decimal import ROUND_CEILING, Context, Decimal
from typing import NamedTuple

import h5py
import hdf5plugin  # noqa: F401  registers the blosc filter with HDF5
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.ticker import NullLocator

REGION_LIMITS = (0.05, 0.1, 0.2)
LINE_STYLES = ("dotted", "dashed", "solid")
COLOURS = "inferno"
BACKGROUND = "#000004"  # the lowest of these colours
MOST_VALUES = 20  # above that, numbers beside the disks would cover one another


class Sample(NamedTuple):
    """What the figure shows of one sample."""

    id: str
    x: np.ndarray  # (rows, columns)
    y: np.ndarray  # (rows, columns)
    sources: np.ndarray  # (sources, 4): row, column, radius, value
    error_bound: float
    physics: dict


def read(path, row, sample_id, sources):
    """Returns the sample at `row`, or the first with the id `sample_id`, or the first with `sources` sources."""
    with h5py.File(path) as shard:
        counts = shard["n_sources"][:]
        ids = shard["id"][:]
        if sample_id is not None:
            rows = np.flatnonzero(ids == np.uint64(int(sample_id, 16)))
            wanted = f"no sample with the id {sample_id}"
        elif sources is not None:
            rows = np.flatnonzero(counts == sources)
            wanted = f"no sample of {sources} sources"
        else:
            rows = np.arange(len(ids))[row : row + 1]
            wanted = f"no row {row}: it has {len(ids)}"
        if len(rows) == 0:
            sys.exit(f"{path} holds {wanted}")
        row = int(rows[0])
        return Sample(
            id=f"{int(ids[row]):016x}",
            x=shard["x"][row],
            y=shard["y"][row],
            sources=shard["sources"][row][: counts[row]],
            error_bound=float(shard["error_bound"][row]),
            physics=json.loads(shard.attrs["physics"]),
        )


def draw(sample, lowest):
    """Returns the figure of `sample`, with the colours of y from `lowest` to its largest value."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 5.15), layout="constrained", sharex=True, sharey=True)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.06, wspace=0.02)
    colours = matplotlib.colormaps[COLOURS].with_extremes(bad=BACKGROUND, under=BACKGROUND)

    # The darkest colours are left out, so that weak sources stand out from the background, which is no source at all.
    bright = ListedColormap(colours(np.linspace(0.28, 1, 256))).with_extremes(bad=BACKGROUND)
    # Nearest: a pixel of x is a site, and disks keep their edges.
    image = left.imshow(
        np.ma.masked_equal(sample.x, 0), cmap=bright, vmin=0, vmax=float(sample.x.max()), interpolation="nearest"
    )
    left.set_facecolor(BACKGROUND)
    figure.colorbar(image, ax=left, shrink=0.88, pad=0.02, label="value of the source")
    left.set_title("configuration $x$: disks and their values", fontsize=12)
    if len(sample.sources) <= MOST_VALUES:
        columns = sample.x.shape[1]
        for row, column, radius, value in sample.sources:
            is_far_right = column > 0.85 * columns
            left.annotate(
                f"{value:.2f}",
                (column - radius if is_far_right else column + radius, row),
                xytext=(-4 if is_far_right else 4, 0),
                textcoords="offset points",
                color="white",
                fontsize=8.5,
                ha="right" if is_far_right else "left",
                va="center",
            )

    norm = LogNorm(vmin=lowest, vmax=float(sample.y.max()))
    image = right.imshow(sample.y, cmap=colours, norm=norm, interpolation="nearest")
    bar = figure.colorbar(image, ax=right, shrink=0.88, pad=0.02, extend="min", label="field (logarithmic)")
    largest = 1.001 * float(sample.y.max())
    limits = [limit for limit in REGION_LIMITS if lowest < limit < largest]
    decades = [10.0**power for power in range(-12, 2) if lowest <= 10.0**power <= largest]
    ticks = {value: f"$10^{{{round(np.log10(value))}}}$" for value in decades}
    ticks |= {limit: f"{limit:g}" for limit in limits}
    bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.ax.set_yticks(sorted(ticks), [ticks[value] for value in sorted(ticks)])
    for limit, style in zip(limits, LINE_STYLES):
        bar.ax.axhline(limit, color="white", linewidth=1.4, linestyle=style)
    if limits:
        right.contour(sample.y, levels=limits, colors="white", linewidths=1.0, linestyles=LINE_STYLES[: len(limits)])
    right.set_title("steady state $y$, lines at 0.2, 0.1 and 0.05", fontsize=12)

    for axes in (left, right):
        axes.set_xlabel("column")
        axes.set_xticks([round(k * (sample.x.shape[1] - 1) / 4) for k in range(5)])
        axes.set_yticks([round(k * (sample.x.shape[0] - 1) / 4) for k in range(5)])
    left.set_ylabel("row")

    rows, columns = sample.x.shape
    count = len(sample.sources)
    figure.suptitle(
        f"sample {sample.id}   ·   {rows} × {columns} sites, {count} {sample.physics['sources']} "
        f"source{'s' if count != 1 else ''}   ·   certified |y − exact| ≤ {rounded_up(sample.error_bound)}",
        fontsize=12.5,
    )
    return figure


def rounded_up(bound):
    """Returns a bound with two digits, no smaller than it is: one that is rounded down is none."""
    return str(Decimal(bound).normalize(Context(prec=2, rounding=ROUND_CEILING)))


def main():
    parser = argparse.ArgumentParser(description="Draw one sample of a shard: its sources x and its field y.")
    parser.add_argument("shard", help="an HDF5 shard or part file")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--row", type=int, default=0, help="the sample at this position of the file (default: 0)")
    which.add_argument("--id", help="the sample with this id, 16 hexadecimal digits")
    which.add_argument("--sources", type=int, help="the first sample with this many sources")
    parser.add_argument("--lowest", type=float, default=1e-5, help="lower end of y's colours (default: 1e-5)")
    parser.add_argument("--dpi", type=int, default=130, help="pixels per inch (default: 130)")
    parser.add_argument("--output", default="sample.png", help="the picture (default: sample.png)")
    options = parser.parse_args()
    figure = draw(read(options.shard, options.row, options.id, options.sources), options.lowest)
    figure.savefig(options.output, dpi=options.dpi)
    print(options.output)


if __name__ == "__main__":
    main()
