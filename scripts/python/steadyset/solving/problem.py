"""An equation with the accuracy that labels need, as engines know it, and sources in every form that they may be given."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeGuard, get_args

import numpy as np
import numpy.typing as npt

from .. import engine
from ..errors import DatasetError
from ..frame import FloatArray
from ..sources import Rows, given_rows

TOLERANCE = 1e-6
GRID_BITS = 20
Physics: TypeAlias = Mapping[str, Any]
Sources: TypeAlias = "Given | npt.NDArray[Any] | Sequence[Mapping[str, Any]] | Sequence[Sequence[float]]"
"""A sample or a solution, rows of numbers, or a mapping for each source."""
Bits: TypeAlias = "int | None | Literal['default']"
Method: TypeAlias = Literal["auto", "direct", "multigrid"]


class Given(Protocol):
    """What knows its own sources: a `Sample`, a `Solution`."""

    @property
    def physics(self) -> dict[str, Any]: ...
    @property
    def sources(self) -> Rows: ...
    @property
    def keys(self) -> npt.NDArray[np.uint32]: ...
    @property
    def accuracy(self) -> tuple[float, int | None]: ...
    @property
    def solver_method(self) -> str: ...


_KINDS = "a list of mappings, an array (sources, 4) of row, column, radius, value, a Sample or a Solution"


class Problem:
    """An equation, the tolerance of labels, the bits of their grid, and the ways that may be taken to them. It pickles."""

    def __init__(self, physics: str, tolerance: float, grid_bits: int | None, method: str = "auto") -> None:
        self._arguments = physics, tolerance, grid_bits, method
        self.tolerance, self.grid_bits, self.method = tolerance, grid_bits, method
        self.definition = engine.Definition({
            "what": "problem", "physics": json.loads(physics), "tolerance": tolerance, "grid_bits": grid_bits,
            **chosen(method),
        })  # fmt: skip
        self._told = engine.describe(self.definition)

    def __reduce__(self) -> tuple[Any, ...]:
        return Problem, self._arguments

    @property
    def physics(self) -> dict[str, Any]:
        """The equation, with every default."""
        physics: dict[str, Any] = self._told["physics"]
        return physics

    @property
    def lattice(self) -> tuple[int, int]:
        """Rows and columns of the fields."""
        rows, columns = self._told["lattice"]
        return rows, columns

    def coefficient(self, name: str, given: engine.Members) -> FloatArray:
        """Returns the `diffusivity` or the `decay_rate` of a sample as a request has it, (rows, columns), or (2, rows,
        columns) for one that differs down and across."""
        for found in (*self._told["drawn"], *self._told["shared"]):
            if found["name"] == name:
                field = engine.empty((1, *([2] if found["planes"] == 2 else []), *self.lattice))
                engine.call({"do": "solve", "samples": [given], "into": {name: field}}, self.definition)
                one: FloatArray = field[0]
                return one
        return constant(self.physics[name], self.lattice)


def constant(value: float | Mapping[str, float], lattice: tuple[int, int]) -> FloatArray:
    """Returns a coefficient that is the same everywhere at each site, (rows, columns), or (2, rows, columns)."""
    planes = [value["down"], value["across"]] if isinstance(value, Mapping) else [value]
    field = np.empty((len(planes), *lattice), np.float32)
    field[:] = np.array(planes, np.float64)[:, None, None]
    return field if len(planes) == 2 else np.asarray(field[0])


def chosen(method: str) -> engine.Members:
    """Returns what a definition says of a method: nothing where the configuration decides."""
    return {} if method == "auto" else {"method": method}


def problem(physics: Physics, tolerance: float, grid_bits: int | None, method: str = "auto") -> Problem:
    """Returns a problem; the same one again, where it was asked for before, as engines need not be told of it again."""
    text = json.dumps(plain(physics, "physics"), sort_keys=True)
    return _problem(text, tolerance, grid_bits, method)


@functools.lru_cache(64)
def _problem(physics: str, tolerance: float, grid_bits: int | None, method: str) -> Problem:
    return Problem(physics, tolerance, grid_bits, method)


def problem_of(
    sources: Any, physics: Physics | None, tolerance: float | None = None, grid_bits: Bits = "default",
    method: Method | None = None,
) -> Problem:  # fmt: skip
    """Returns the problem that is meant: what is not said is that of the sample, where one is given."""
    bits: int | None = GRID_BITS
    way: str = "auto" if method is None else method
    if way not in get_args(Method):
        raise ValueError(f"method is one of {', '.join(get_args(Method))}, not {way!r}")
    if knows(sources):
        own, (own_tolerance, bits) = sources.physics, sources.accuracy
        physics = own if physics is None else physics
        tolerance = own_tolerance if tolerance is None else tolerance
        way = sources.solver_method if method is None else way
    if physics is None:
        raise TypeError("sources need a physics=, such as {'lattice': [512, 512]}; only a Sample or a Solution brings its own")
    if not isinstance(physics, Mapping):
        raise TypeError(f"physics is a mapping, as in a pipeline file, not {type(physics).__name__}")
    bits = bits if grid_bits == "default" else grid_bits
    if bits is not None and (isinstance(bits, bool) or not isinstance(bits, (int, np.integer))):
        raise TypeError(f"grid_bits is a whole number or None, not {bits!r}")
    return problem(physics, TOLERANCE if tolerance is None else float(tolerance), None if bits is None else int(bits), way)


def is_one(sources: Any) -> bool:
    """Whether these are the sources of one configuration, not a list of such."""
    if knows(sources) or hasattr(sources, "__array__"):
        return True
    if isinstance(sources, (str, bytes, Mapping)) or not isinstance(sources, Iterable):
        raise TypeError(f"sources are {_KINDS}, not {type(sources).__name__}")
    if not isinstance(sources, Sequence):
        raise TypeError(f"sources are {_KINDS}: make a list of what {type(sources).__name__} yields")
    if not sources:
        raise ValueError("there are no sources: at least one is needed")
    first = sources[0]
    if isinstance(first, Mapping):
        return True
    return isinstance(first, (int, float, np.number)) or (isinstance(first, (Sequence, np.ndarray)) and _is_row(first))


def _is_row(first: Sequence[Any] | npt.NDArray[Any]) -> bool:
    return len(first) > 0 and isinstance(first[0], (int, float, np.number))


def knows(sources: Any) -> TypeGuard[Given]:
    """Whether it brings its own sources and physics."""
    return hasattr(sources, "accuracy") and hasattr(sources, "physics")


def given(sources: Any, keys: Sequence[int] | None, where: str) -> engine.Members:
    """Returns a sample as a request has it. Raises `TypeError` or `ValueError`, with `where`, for what is none."""
    sample: engine.Members = {}
    if knows(sources):
        sample["rows"] = given_rows(sources.sources)
        keys = sources.keys.tolist() if keys is None else keys
    elif isinstance(sources, Sequence) and sources and isinstance(sources[0], Mapping):
        sample["sources"] = plain(sources, f"{where}sources")
    else:
        sample["rows"] = given_rows(_rows(sources, where))
    if keys is not None and len(keys):
        sample["keys"] = [int(key) for key in keys]
    return sample


def _rows(sources: Any, where: str) -> npt.NDArray[np.float64]:
    try:
        rows = np.asarray(sources, np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"{where}sources are {_KINDS}") from error
    if rows.ndim == 1 and rows.shape == (4,):
        rows = rows[None]
    if rows.ndim != 2 or rows.shape[1] not in (4, 8, 40):
        raise ValueError(f"{where}an array of sources has the shape (sources, 4), not {rows.shape}")
    if not len(rows):
        raise ValueError(f"{where}there are no sources: at least one is needed")
    for number, row in enumerate(rows):
        for name, value in zip(("row", "column"), row):
            if value != np.floor(value):
                raise ValueError(f"{where}source {number}: its {name} is a whole number, not {value:g}")
        if not np.isfinite(row[3]):
            raise ValueError(f"{where}source {number}: its value is {row[3]:g}")
    return rows


def plain(value: Any, where: str) -> Any:
    """Returns the value with Python's own numbers and lists, for JSON."""
    if isinstance(value, Mapping):
        return {str(key): plain(one, f"{where}.{key}") for key, one in value.items()}
    if isinstance(value, (np.generic, np.ndarray)):
        return plain(value.tolist(), where)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [plain(one, f"{where}[{number}]") for number, one in enumerate(value)]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}: a finite number is needed")
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"{where} is a {type(value).__name__}, which is nothing that a configuration has")


def asked(problem: Problem, request: engine.Members, where: str = "") -> engine.Members:
    """Has one request answered. Raises `DatasetError` where what is given is impossible."""
    try:
        return engine.call(request, problem.definition)
    except engine.RequestError as error:
        raise DatasetError(f"{where}{error}") from error
