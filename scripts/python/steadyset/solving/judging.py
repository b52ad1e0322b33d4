"""Judges predictions of steady states, and brings them within a tolerance."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import engine
from ..frame import FloatArray
from .problem import Physics, Problem, Sources, asked, given, problem_of


@dataclass(frozen=True)
class Judgement:
    """How far a prediction is from the exact solution of the discrete equations. Fields are float32 (rows, columns)."""

    error_bound: float
    """A certified upper bound of max |prediction − exact|; infinite where there is none."""
    largest_residual: float
    """The largest |residual|."""
    residual: FloatArray
    """How much the prediction violates the equation at each site."""
    estimated_error: FloatArray
    """About prediction − exact at each site: signed, and certified nowhere."""


@dataclass(frozen=True)
class Certificate:
    """What came of bringing a prediction within a tolerance."""

    outcome: str
    """`within`: it was already; `repaired`: it is now; `failed`: it could not be."""
    field: FloatArray
    """The field, float32 (rows, columns): the prediction itself unless it was repaired."""
    error_bound: float
    """A certified upper bound of max |field − exact|; infinite where there is none."""
    given_bound: float
    """That of the prediction."""
    cycles: int
    """The cycles of multigrid that it took."""

    @property
    def is_certified(self) -> bool:
        """Whether the field is within the tolerance."""
        return self.outcome != "failed"


def bound(
    prediction: npt.ArrayLike, sources: Sources, *, physics: Physics | None = None, keys: Sequence[int] | None = None,
    cycles: int = 4,
) -> Judgement:  # fmt: skip
    """Returns a certified bound of a prediction's error, without its exact solution, and where the error is.

    `prediction` is (rows, columns), in units of y; it is rounded to float32. `sources`, `physics` and `keys` are as in
    `steadyset.solve`. The estimate is what `cycles` of multigrid change; with fewer the bound is looser, with 0 it is what the
    residual alone certifies. Where coefficients are constant and sides absorb, the field itself takes less and is compared.
    See the article *Judging*. Raises `DatasetError` for a prediction with a number that is not finite.
    """
    problem, sample, field = _asked(prediction, sources, physics, keys)
    residual, error = (engine.empty(problem.lattice) for _ in range(2))
    into = {"residual": residual, "error": error}
    answer = asked(problem, {"do": "judge", "sample": sample, "field": field, "cycles": cycles, "into": into})
    return Judgement(_number(answer["error_bound"]), _number(answer["largest_residual"]), residual, error)


def certify(
    prediction: npt.ArrayLike, sources: Sources, *, physics: Physics | None = None, tolerance: float = 1e-3,
    keys: Sequence[int] | None = None,
) -> Certificate:  # fmt: skip
    """Brings a prediction within `tolerance` of the exact solution, from 2⁻²³ to 1 in units of y, unless it is, and proves it.

    The better the prediction, the fewer cycles of multigrid it takes. `prediction` is (rows, columns) and is not changed;
    `sources`, `physics` and `keys` are as in `steadyset.solve`. See the article *Judging*. Raises `DatasetError` for a
    prediction with a number that is not finite.
    """
    problem, sample, field = _asked(prediction, sources, physics, keys)
    answer = asked(problem, {"do": "repair", "sample": sample, "field": field, "tolerance": float(tolerance)})
    return Certificate(
        answer["outcome"], field, _number(answer["error_bound"]), _number(answer["given_bound"]), answer["cycles"]
    )  # fmt: skip


def _asked(
    prediction: npt.ArrayLike, sources: Any, physics: Physics | None, keys: Sequence[int] | None
) -> tuple[Problem, engine.Members, FloatArray]:
    problem = problem_of(sources, physics)
    # A copy: it may be replaced.
    field = np.array(prediction, "<f4", order="C")
    if field.shape != problem.lattice:
        raise ValueError(f"a prediction has the shape {problem.lattice} here, not {field.shape}")
    return problem, given(sources, keys, ""), field


def _number(value: float | None) -> float:
    return math.inf if value is None else value
