"""What is measured of a dataset for a report: of all samples what the table has, of some their sources and fields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..dataset import Dataset
from ..errors import DatasetError
from ..samples import Samples

MOST_SOURCES = 4000
"""Samples whose sources are read."""
MOST_FIELDS = 2000
"""Samples whose fields are read at most."""
_MOST_SITES = 1 << 25
"""Sites of fields that are read at most, unless those of a few samples are more."""
_BATCH = 1 << 22
BOUNDS = (0.2, 0.1, 0.05)
"""What divides the regions R1 to R4, outside of sources (Toledo-Marín, Glazier and Fox 2023)."""

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SourceMeasures:
    """Of the sources of some samples, one number a source."""

    samples: int
    row: Numbers
    column: Numbers
    value: Numbers
    radius: Numbers
    """NaN of other shapes than disks."""
    distance: Numbers
    """From a source to the nearest other one of its sample, between centres, in sites; no entry of single sources."""


@dataclass(frozen=True)
class FieldMeasures:
    """Of the fields of some samples."""

    samples: int
    n_sources: npt.NDArray[np.uint32]
    shares: Numbers
    """(samples, 5): which share of the sites is in sources, R1, R2, R3 and R4."""
    logarithms: npt.NDArray[np.int64]
    """Counts of sites with a value above 10^(k/10 − 8), up to 10^((k + 1)/10 − 8)."""
    zeros: float
    """Share of the sites whose value is 0 or less."""


def spread(samples: Samples, most: int) -> Samples:
    """Returns at most so many of the samples, always the same ones, in their order: those of the smallest ids, which are
    digests and hence as good as drawn at random."""
    if len(samples) <= most:
        return samples
    chosen = np.argpartition(samples.ids, most - 1)[:most]
    return samples[np.sort(chosen)]


def measure_sources(samples: Samples) -> SourceMeasures:
    """Reads the sources of samples."""
    dataset = samples.dataset
    rows, distances = [], []
    read = dataset._rows_of(samples._rows, "sources")
    for k, count in enumerate(samples.n_sources.tolist()):
        values = read(k)
        if values is None or values.ndim != 2 or len(values) < count or values.shape[1] < 4:
            raise dataset._without(int(samples._rows[k]), "sources")
        found = values[:count, :4].astype(np.float64)
        rows.append(found)
        distances.append(nearest(found[:, :2]))
    whole = np.concatenate(rows) if rows else np.empty((0, 4))
    return SourceMeasures(
        len(samples), whole[:, 0], whole[:, 1], whole[:, 3], whole[:, 2],
        np.concatenate(distances) if distances else np.empty(0),
    )  # fmt: skip


def nearest(places: Numbers) -> Numbers:
    """Returns the distance from each place, (places, 2), to the nearest other one; none where there is no other."""
    if len(places) < 2:
        return np.empty(0)
    apart = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    nearest: Numbers = apart.min(1)
    return nearest


def fields_at_most(dataset: Dataset) -> int:
    """Returns how many samples of a lattice have their fields read."""
    rows, columns = dataset.lattice
    return max(16, min(MOST_FIELDS, _MOST_SITES // (rows * columns)))


def measure_fields(samples: Samples) -> FieldMeasures:
    """Reads the fields of samples."""
    rows, columns = samples.dataset.lattice
    step = max(1, _BATCH // (rows * columns))
    shares, zeros = [], 0
    logarithms = np.zeros(100, np.int64)
    for first in range(0, len(samples), step):
        x, y = samples.read(range(first, min(first + step, len(samples))))
        sources = x > 0
        counts = [sources.sum((1, 2))]
        rest = ~sources
        for bound in BOUNDS:
            above = rest & (y >= bound)
            counts.append(above.sum((1, 2)))
            rest &= ~above
        counts.append(rest.sum((1, 2)))
        shares.append(np.stack(counts, 1) / (rows * columns))
        positive = y[y > 0]
        zeros += y.size - positive.size
        with np.errstate(divide="ignore"):
            places = np.clip(np.ceil(10 * np.log10(positive) + 80) - 1, 0, 99).astype(np.int64)
        logarithms += np.bincount(places, minlength=100)
    whole = np.concatenate(shares) if shares else np.empty((0, 5))
    return FieldMeasures(len(samples), samples.n_sources, whole, logarithms, zeros / max(1, len(samples) * rows * columns))


def some_of_each_stratum(samples: Samples, most: int) -> Samples:
    """Returns one sample of each of at most so many numbers of sources, from the least to the largest; more of each where
    there are fewer numbers. Always the same ones."""
    if not len(samples):
        raise DatasetError(f"{samples.dataset._storage.root} has no samples: there is nothing to show")
    counts, order = samples.n_sources, np.argsort(samples.ids, kind="stable")
    strata = np.unique(counts)
    wanted = strata[np.unique(np.linspace(0, len(strata) - 1, min(most, len(strata))).round().astype(int))]
    each = max(1, most // len(wanted))
    chosen = [index for stratum in wanted for index in order[counts[order] == stratum][:each].tolist()]
    return samples[chosen[:most]]
