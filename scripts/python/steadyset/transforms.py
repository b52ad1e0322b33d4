"""Transforms of samples: augmentation by symmetry (a turned or mirrored configuration has the turned or mirrored field, so
labels follow for free), and normalisation."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np

from .statistics import FieldStatistics, Statistics

Field = TypeVar("Field")
"""An array of NumPy or a tensor of PyTorch, (…, rows, columns)."""


class Symmetry(NamedTuple):
    """A reflection or a turn of the lattice: rows and columns change places first, then each may be reversed."""

    transposed: bool
    flips_rows: bool
    flips_columns: bool

    def __call__(self, field: Any) -> Any:
        """Returns a field as it is seen after the symmetry; of NumPy a view, of PyTorch perhaps a copy."""
        moved = field.swapaxes(-1, -2) if self.transposed else field
        axes = tuple(axis for axis, flips in ((-2, self.flips_rows), (-1, self.flips_columns)) if flips)
        if not axes:
            return moved
        # Tensors cannot be strided backwards.
        return np.flip(moved, axes) if isinstance(moved, np.ndarray) else moved.flip(axes)


def symmetries(physics: Mapping[str, Any]) -> list[Symmetry]:
    """Returns the reflections and turns that leave an equation as it is, the identity first: 8 of a square with the same on
    all sides, down to 1.

    The label's error bound holds after each of them. Raises `ValueError` where D or γ differ from site to site: their fields
    would have to follow too.
    """
    diffusivity, decay = physics["diffusivity"], physics["decay_rate"]
    differs = isinstance(diffusivity, Mapping) and "down" in diffusivity
    axes = [diffusivity[axis] for axis in ("down", "across")] if differs else [diffusivity] * 2
    if any(isinstance(value, Mapping) for value in (*axes, decay)):
        raise ValueError("symmetries are for constant coefficients: a field that D or γ depend on would have to follow")
    rows, columns = physics["lattice"]
    given = physics["boundary"]
    sides = [given] * 4 if isinstance(given, str) else [given[side] for side in ("top", "bottom", "left", "right")]
    found = []
    for one in itertools.starmap(Symmetry, itertools.product((False, True), repeat=3)):
        top, bottom, left, right = sides
        if one.transposed:
            if rows != columns or axes[0] != axes[1]:
                continue
            top, bottom, left, right = left, right, top, bottom
        if one.flips_rows:
            top, bottom = bottom, top
        if one.flips_columns:
            left, right = right, left
        if [top, bottom, left, right] == sides:
            found.append(one)
    return found


class RandomSymmetry:
    """Turns and mirrors samples at random, x and y alike: a transform for `to_torch`, or for batches.

    `physics` is that of the dataset; see `symmetries`, whose errors it has. What is drawn follows from `seed`, from how often
    the transform was called, and in a worker of PyTorch's loaders from the worker's seed, which each epoch has anew.
    """

    def __init__(self, physics: Mapping[str, Any], seed: int = 1) -> None:
        self.symmetries = symmetries(physics)
        self.seed = seed
        self._worker: int | None = None
        self._draws = np.random.Generator(np.random.Philox(seed))

    def __call__(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Returns x and y, (rows, columns), or (samples, …, rows, columns) with a symmetry of its own for each sample."""
        return self._apply(x, y)

    def _apply(self, x: Any, y: Any) -> tuple[Any, Any]:
        draws = self._generator()
        if x.ndim == 2:
            one = self.symmetries[int(draws.integers(len(self.symmetries)))]
            moved = one(x), one(y)
            if isinstance(x, np.ndarray):
                return np.ascontiguousarray(moved[0]), np.ascontiguousarray(moved[1])
            return moved[0].contiguous(), moved[1].contiguous()
        chosen = draws.integers(len(self.symmetries), size=len(x))
        copies = (x.copy(), y.copy()) if isinstance(x, np.ndarray) else (x.clone(), y.clone())
        for k, one in enumerate(self.symmetries):
            places = np.flatnonzero(chosen == k).tolist()
            if places and k:
                for copy, field in zip(copies, (x, y)):
                    copy[places] = one(field[places])
        return copies

    def _generator(self) -> np.random.Generator:
        """The generator of this process; of a loader's worker, one of its own."""
        torch_data = sys.modules.get("torch.utils.data")
        info = None if torch_data is None else torch_data.get_worker_info()
        if info is not None and info.seed != self._worker:
            self._worker = info.seed
            self._draws = np.random.Generator(np.random.Philox([self.seed, info.seed]))
        return self._draws


class Normalise:
    """Shifts and scales x and y by statistics: a transform for `to_torch`, or for batches. `restore` takes y back.

        normalise = Normalise(dataset.statistics)
        x, y = normalise(batch.x, batch.y)

    With `by="deviation"` fields have mean 0 and standard deviation 1 over the samples that the statistics are of; with
    `by="maximum"` they are divided by their largest magnitude, so that 0 stays 0. One transform serves all subsets of a
    dataset, so that losses of models that were trained on them can be compared. Raises `ValueError` where a field has one
    value everywhere and cannot be scaled.
    """

    def __init__(self, statistics: Statistics, by: Literal["deviation", "maximum"] = "deviation") -> None:
        if by not in ("deviation", "maximum"):
            raise ValueError(f"fields are normalised by 'deviation' or by 'maximum', not by {by!r}")
        self.x = _scaling("x", statistics.x, by)
        self.y = _scaling("y", statistics.y, by)

    def __call__(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Returns x and y of any shape, normalised, in the precision that they have."""
        return _scaled(x, self.x), _scaled(y, self.y)

    def restore(self, y: Field) -> Field:
        """Returns labels, or predictions of them, in their own units."""
        restored: Any = y
        return restored * self.y[1] + self.y[0]  # type: ignore[no-any-return]


def _scaling(name: str, field: FieldStatistics, by: str) -> tuple[float, float]:
    """What is taken away, and what the rest is divided by."""
    if by == "maximum":
        shift, scale = 0.0, max(abs(field.minimum), abs(field.maximum))
    else:
        shift, scale = field.mean, field.standard_deviation
    if not scale > 0:
        raise ValueError(f"{name} has the value {field.mean} at all sites: it cannot be normalised by its {by}")
    return shift, scale


def _scaled(field: Any, scaling: tuple[float, float]) -> Any:
    return (field - scaling[0]) / scaling[1]
