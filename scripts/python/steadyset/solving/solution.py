"""The steady state that sources produce, with a bound of its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from .. import engine
from ..errors import DatasetError
from ..frame import FloatArray
from ..sources import Rows, table
from .problem import Bits, Method, Physics, Problem, Sources, given, is_one, problem, problem_of

_MOST = 16
"""Problems of a request."""


class UncertifiedError(DatasetError):
    """A solution's error bound is larger than the tolerance."""


@dataclass(frozen=True)
class Solution:
    """What sources produce. Fields are float32 (rows, columns)."""

    x: FloatArray
    """The value of the sources at each site."""
    y: FloatArray
    """The steady state."""
    error_bound: float
    """A certified upper bound of max |y − exact|; infinite where there is none."""
    is_certified: bool
    """Whether the bound is within the tolerance."""
    method: str
    """How it was solved: `direct`, or by multigrid, `uniform` or `general`."""
    id: str
    """16 hexadecimal digits, made from the configuration."""
    physics: dict[str, Any] = field(repr=False)
    """The equation, with every default."""
    given: engine.Members = field(repr=False, compare=False)
    """The sources, as rows, and keys, as an engine is given them."""
    accuracy: tuple[float, int | None] = field(repr=False)
    """The tolerance, and the bits of the grid."""
    solver_method: str = field(default="auto", repr=False, compare=False)
    """The method that was asked for: `auto`, `direct` or `multigrid`."""
    contrast: float | None = field(default=None, repr=False, compare=False)
    """The largest diffusivity over the least, both directions together, of a medium that `keys` drew; None of another."""

    def _repr_html_(self) -> str:
        from ..notebook import solution_page

        return solution_page(self)

    @property
    def sources(self) -> Rows:
        """The sources, a row each: row, column, radius, value, and further columns where there are other shapes than disks:
        see `/sources` in the article *Formats*."""
        return table(self.given["rows"])

    @property
    def keys(self) -> npt.NDArray[np.uint32]:
        """The keys of random coefficients."""
        return np.array(self.given["keys"], np.uint32)

    def coefficient(self, name: str) -> FloatArray:
        """Returns the `diffusivity` or the `decay_rate`, (rows, columns), or (2, rows, columns) for one that differs down and
        across; rounded to float32."""
        if name not in ("diffusivity", "decay_rate"):
            raise KeyError(f"there is no coefficient '{name}': there are diffusivity and decay_rate")
        return problem(self.physics, *self.accuracy, self.solver_method).coefficient(name, self.given)


@overload
def solve(
    sources: Sources, *, physics: Physics | None = None, tolerance: float | None = None, grid_bits: Bits = "default",
    method: Method | None = None, keys: Sequence[int] | None = None, allow_uncertified: bool = False, threads: int = 1,
) -> Solution: ...  # fmt: skip
@overload
def solve(
    sources: Sequence[Sources], *, physics: Physics | None = None, tolerance: float | None = None,
    grid_bits: Bits = "default", method: Method | None = None, keys: Sequence[Sequence[int]] | None = None,
    allow_uncertified: bool = False, threads: int = 1,
) -> list[Solution]: ...  # fmt: skip
def solve(
    sources: Any,
    *,
    physics: Physics | None = None,
    tolerance: float | None = None,
    grid_bits: Bits = "default",
    method: Method | None = None,
    keys: Any = None,
    allow_uncertified: bool = False,
    threads: int = 1,
) -> Solution | list[Solution]:
    """Returns the steady state y of −∇·(D∇y) + γy = s on a lattice of unit spacing, with a certified bound of its error.

    `sources` are the sources of one configuration: an array (sources, 4) of row, column, radius and value, rows and columns
    counted from 0 and in sites as the radius is; or a mapping for each, as in a file of configurations, such as
    `{"row": 9, "column": 20, "value": 1, "ellipse": {"radii": [6, 3], "angle": 30}}`; or a `Sample` or `Solution`. A list of
    such configurations gives a list of solutions, made by up to `threads` engines at a time.

    `physics` is the block of that name of a pipeline file; only its `lattice`, [rows, columns], must be there:

    - `diffusivity` D, in sites² per time, 1 by default; `decay_rate` γ, per time, 0.0025 by default, so that a free field
      falls by a factor of e over √(D/γ) = 20 sites. Each is a number, layers, regions, or a random field; a random field
      without a key needs `keys`, whole numbers below 2³², one for each of them (a list of such lists for several
      configurations).
    - `boundary`: `absorbing` by default, `reflecting`, `periodic`, or one for each of `top`, `bottom`, `left`, `right`.
    - `sources`: `pinned` by default, y has a source's value on its sites; or `emitting`, s is in proportion to the value, and
      y is divided by its maximum.
    - `overlap` of sources: `max` by default, `sum` where they emit; `last`, `forbid`.

    Labels are within `tolerance` of the exact solution of the discrete equations, 10⁻⁶ by default in units of y, and multiples
    of 2^−`grid_bits`, 20 by default; None is plain float32. Of a `Sample` the defaults are those of its dataset or pipeline: y
    is then the dataset's, bit for bit.

    `method` is `direct`, `multigrid`, or by default the fastest that certifies the label: see *Which way is taken* in the
    article *Solver*. The direct one alone raises `DatasetError` where it is not for the physics, and has no label, so no
    finite bound, where too many sites are pinned.

    A solution whose bound is larger than the tolerance raises `UncertifiedError`, or is returned with `is_certified` False
    where uncertified ones are allowed. Raises `DatasetError` for sources that are impossible, such as one outside the lattice.
    """
    if threads < 1:
        raise ValueError("threads are at least 1")
    if is_one(sources):
        return _solve([sources], [keys], physics, tolerance, grid_bits, method, allow_uncertified, 1)[0]
    if keys is not None and len(keys) != len(sources):
        raise ValueError(f"there are keys for {len(keys)} of {len(sources)} configurations: keys is a list of lists")
    own = [None] * len(sources) if keys is None else list(keys)
    return _solve(list(sources), own, physics, tolerance, grid_bits, method, allow_uncertified, threads)


def _solve(
    configurations: list[Any], keys: list[Any], physics: Physics | None, tolerance: float | None, grid_bits: Bits,
    method: Method | None, allow_uncertified: bool, threads: int,
) -> list[Solution]:  # fmt: skip
    names = [f"configuration {number}: " if len(configurations) > 1 else "" for number in range(len(configurations))]
    problems = [problem_of(one, physics, tolerance, grid_bits, method) for one in configurations]
    samples = [given(one, own, name) for one, own, name in zip(configurations, keys, names)]
    found: dict[int, Solution] = {}
    for each in dict.fromkeys(problems):
        chosen = [number for number, own in enumerate(problems) if own is each]
        for number, solution in zip(chosen, _of_one(each, [samples[k] for k in chosen], [names[k] for k in chosen], threads)):
            if not solution.is_certified and not allow_uncertified:
                raise UncertifiedError(
                    f"{names[number]}the error is within {solution.error_bound:.3g}, and not certified to be within the "
                    f"tolerance of {each.tolerance:g}: raise the tolerance, or take it as it is with allow_uncertified=True"
                )
            found[number] = solution
    return [found[number] for number in range(len(configurations))]


def _of_one(problem: Problem, samples: list[engine.Members], names: list[str], threads: int) -> list[Solution]:
    size = min(_MOST, -(-len(samples) // (2 * threads))) if threads > 1 else _MOST
    starts = range(0, len(samples), size)
    fields: list[tuple[FloatArray, FloatArray]] = []

    def request(first: int) -> engine.Members:
        part = samples[first : first + size]
        x, y = (engine.empty((len(part), *problem.lattice)) for _ in "xy")
        fields.append((x, y))
        return {"do": "solve", "samples": part, "into": {"x": x, "y": y}}

    try:
        answers = engine.run(map(request, starts), problem.definition, threads)
    except engine.RequestError as error:
        where = "" if error.sample is None else names[starts[error.request] + error.sample]
        raise DatasetError(f"{where}{error}") from error
    return [
        Solution(
            x[k], y[k], math.inf if one["error_bound"] is None else one["error_bound"], one["is_certified"], one["method"],
            one["id"], problem.physics, {"rows": one["rows"], "keys": samples[first + k].get("keys", [])},
            (problem.tolerance, problem.grid_bits), problem.method, one.get("contrast"),
        )
        for first, answer, (x, y) in zip(starts, answers, fields)
        for k, one in enumerate(answer["samples"])
    ]  # fmt: skip
