"""Statistics of the values of x, y and coefficients over samples: those of a manifest, and those that are measured here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .errors import DatasetError

if TYPE_CHECKING:
    from .samples import Samples

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999)
"""Of the quantiles."""
_DROPPED = 18
"""Bits of a binary32's fraction that its class in a histogram does not have: 32 classes for each factor of two."""
_LAST = 255 * 32 - 1
"""The largest class of a finite number."""


@dataclass(frozen=True)
class FieldStatistics:
    """Of the values of one field at all sites of all samples."""

    count: int
    """Number of values: samples times sites, or the sites where all samples share the field."""
    mean: float
    standard_deviation: float
    """Of the population, not estimated from a sample of it."""
    minimum: float
    maximum: float
    quantiles: Mapping[float, float]
    """By share, such as 0.99: less than 1/32 off. They are those of every k-th row and column of a large lattice, see
    the article *Formats*."""
    shared: bool = False
    """Whether all samples have the same field."""


@dataclass(frozen=True)
class Statistics:
    """Of x, y and coefficients over the samples of a part, or of a selection."""

    samples: int
    x: FieldStatistics
    """Of source images, zero outside of sources."""
    y: FieldStatistics
    """Of labels."""
    coefficients: Mapping[str, FieldStatistics]
    """Of coefficients that are not constant: `diffusivity` and `decay_rate`; where D differs down and across,
    `diffusivity_down` and `diffusivity_across`."""


def read_statistics(document: Mapping[str, Any], where: str) -> Statistics | None:
    """Returns what a manifest says of its training samples, None where it says nothing. Raises `DatasetError` where it has
    another form."""
    found = document["layout"].get("statistics")
    if found is None:
        return None
    try:
        fields = {str(one["name"]): _field(one) for one in found["fields"]}
        return Statistics(int(found["samples"]), fields.pop("x"), fields.pop("y"), fields)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DatasetError(f"{where}: its statistics have the wrong form: {error!r}") from error


def _field(one: Mapping[str, Any]) -> FieldStatistics:
    mean, deviation, minimum, maximum = (float(one[name]) for name in ("mean", "standard_deviation", "minimum", "maximum"))
    quantiles = {float(share): float(value) for share, value in one["quantiles"].items()}
    return FieldStatistics(int(one["count"]), mean, deviation, minimum, maximum, quantiles, bool(one["shared"]))


def measure(samples: Samples) -> Statistics:
    """Reads samples and returns their statistics: those of any selection, and of datasets whose manifest has none.

    Of a whole training part they are those of `dataset.statistics` to the last bit. Takes as long as reading all the fields.
    Raises `ValueError` where there are no samples.
    """
    if not len(samples):
        raise ValueError("there are no samples: nothing can be said of their values")
    physics, lattice = samples.dataset.physics, samples.dataset.lattice
    x, y = _Meter(lattice), _Meter(lattice)
    planes = {name: (_Meter(lattice), shared) for name, shared in _coefficients(physics)}
    for number in range(len(samples)):
        sample = samples[number]
        x.add(sample.x)
        y.add(sample.y)
        for name in ("diffusivity", "decay_rate"):
            own = [plane for plane in planes if plane.startswith(name)]
            if own and (number == 0 or not planes[own[0]][1]):
                for plane, values in zip(own, sample.coefficient(name).reshape(len(own), *lattice)):
                    planes[plane][0].add(values)
    coefficients = {name: meter.statistics(shared) for name, (meter, shared) in planes.items()}
    return Statistics(len(samples), x.statistics(), y.statistics(), coefficients)


def _coefficients(physics: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """Names of the planes of coefficients that are not constant, and whether all samples share them."""
    found = []
    for name in ("diffusivity", "decay_rate"):
        value = physics[name]
        axes = [value["down"], value["across"]] if isinstance(value, Mapping) and "down" in value else [value]
        if not any(isinstance(axis, Mapping) for axis in axes):
            continue
        drawn = any(_is_open(axis) for axis in axes if isinstance(axis, Mapping))
        found += [(plane, not drawn) for plane in ([name] if len(axes) == 1 else [f"{name}_down", f"{name}_across"])]
    # Those that each sample has of its own stand first, as in manifests.
    return sorted(found, key=lambda one: one[1])


def _is_open(coefficient: Mapping[str, Any]) -> bool:
    """Whether each sample draws a coefficient anew: it is random, and has no key."""
    ((kind, members),) = coefficient.items()
    return kind not in ("layered", "regions") and "key" not in members


class _Meter:
    """Collects what statistics need. Sums are those of Steadyset: over a sample eight lanes, then exact."""

    def __init__(self, lattice: tuple[int, int]) -> None:
        self._lattice = lattice
        self._stride = max(1, math.isqrt(lattice[0] * lattice[1] >> 14))
        self._count = 0
        self._sums: list[float] = []
        self._squares: list[float] = []
        self._minimum, self._maximum = math.inf, -math.inf
        self._bins = np.zeros(2 * _LAST + 1, np.int64)

    def add(self, field: npt.NDArray[np.float32]) -> None:
        values = np.ascontiguousarray(field, np.float32)
        exact = values.reshape(-1).astype(np.float64)
        self._count += exact.size
        self._sums.append(_lane_sum(exact))
        self._squares.append(_lane_sum(exact * exact))
        self._minimum = min(self._minimum, float(values.min()) + 0.0)
        self._maximum = max(self._maximum, float(values.max()) + 0.0)
        seen = np.ascontiguousarray(values[self._stride // 2 :: self._stride, self._stride // 2 :: self._stride])
        classes = ((seen.view(np.uint32) & 0x7FFFFFFF) >> _DROPPED).astype(np.int64)
        classes = np.where(np.signbit(seen), -classes, classes)
        self._bins += np.bincount((classes + _LAST).reshape(-1), minlength=self._bins.size)

    def statistics(self, shared: bool = False) -> FieldStatistics:
        total, squares = math.fsum(self._sums), math.fsum(self._squares)
        deviation = math.sqrt(max(0.0, (squares - total * total / self._count) / self._count))
        quantiles = {share: self._quantile(share) for share in SHARES}
        return FieldStatistics(
            self._count, total / self._count, deviation, self._minimum, self._maximum, quantiles, shared
        )

    def _quantile(self, share: float) -> float:
        """See `FieldTotals.quantile` of the program."""
        ends = np.cumsum(self._bins)
        rank = min(max(1, math.ceil(share * float(ends[-1]))), int(ends[-1]))
        place = int(np.searchsorted(ends, rank))
        number = place - _LAST
        near, far = (_edge(abs(number)), _edge(abs(number) + 1)) if number else (0.0, 0.0)
        low, high = (-far, -near) if number < 0 else (near, far)
        before = int(ends[place] - self._bins[place])
        part = (float(rank - before) - 0.5) / float(self._bins[place])
        return min(max(low + (high - low) * part, self._minimum), self._maximum)


def _lane_sum(values: npt.NDArray[np.float64]) -> float:
    """The sum of a sample's values: value k in lane k % 8, by ascending k, and then the lanes in order."""
    whole = values.size & ~7
    lanes = [float(lane) for lane in values[:whole].reshape(-1, 8).sum(axis=0)]
    for number, value in enumerate(values[whole:]):
        lanes[number] += float(value)
    total = lanes[0]
    for lane in lanes[1:]:
        total += lane
    return total


def _edge(number: int) -> float:
    """The least magnitude of class `number`."""
    return 2.0**128 if number > _LAST else float(np.array(number << _DROPPED, np.uint32).view(np.float32))
