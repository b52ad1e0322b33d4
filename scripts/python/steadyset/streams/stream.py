"""The training samples of one pipeline, without an end."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import engine
from ..errors import DatasetError, MissingFileError
from ..frame import FloatArray
from ..order import IndexArray
from ..samples import Sample
from ..solving.problem import constant, problem
from ..sources import Rows, given_rows, table
from .ahead import Stop
from .endless import Endless, Made, check_coefficient, compact, parts
from .folder import pipeline_of

_MOST_RANKS = 1 << 40
"""Positions in a stratum, of the engine's arithmetic."""
_DRAWN = 1024
"""Samples of a request that draws them: an answer has all their sources."""


def stream(
    location: str | os.PathLike[str] | None = None, *, pipeline: str | Mapping[str, Any] | None = None
) -> Stream:
    """Returns the training samples of a pipeline, without an end: position p is the sample of training rank p.

    `location` is a pipeline file, or the folder of a dataset that was drawn (`sample/`, `solve/` and `split/` are read, no
    field). Or `pipeline` is the text of one, YAML or JSON, or what such a text says, as a mapping. Every nested subset of the
    dataset is a beginning of the stream; samples that the dataset holds out for validation or test are never in it. See the
    article *Streams*. Raises `DatasetError`, with the file and the line where a pipeline has an error.
    """
    if (location is None) == (pipeline is None):
        raise TypeError("a stream has a location, or else a pipeline=")
    if location is not None:
        path = os.fspath(location)
        return _of_folder(path) if os.path.isdir(path) else Stream(_read(path), path)
    text = pipeline if isinstance(pipeline, str) else json.dumps(pipeline, indent=1, default=_plain)
    return Stream(text, "the pipeline")


def _plain(value: Any) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        return value.tolist()
    raise TypeError(f"a pipeline has no {type(value).__name__} in it: {value!r}")


def _of_folder(path: str) -> Stream:
    pipeline, first = pipeline_of(pathlib.Path(path))
    found = Stream(json.dumps(pipeline, indent=1), path)
    if found.ids(range(1)) != [first]:
        raise DatasetError(
            f"{path}: this release draws other samples than the one that made the dataset: use that one, or make it anew"
        )
    return found


def _read(location: str) -> str:
    try:
        return pathlib.Path(location).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingFileError(f"{location} does not exist: name a pipeline file, or a dataset's folder") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"cannot read {location}: {getattr(error, 'strerror', None) or error}") from error


class Stream(Endless):
    """The training samples of one pipeline. See `steadyset.stream`."""

    def __init__(self, text: str, path: str) -> None:
        self._text, self._path = text, path
        self._define()
        self._strata = len(self._told["strata"])

    def _define(self) -> None:
        self._definition = engine.Definition({"what": "pipeline", "text": self._text, "path": self._path})
        self._told = engine.describe(self._definition)
        self._id = ""

    def __getstate__(self) -> tuple[str, str]:
        return self._text, self._path

    def __setstate__(self, state: tuple[str, str]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def __repr__(self) -> str:
        rows, columns = self.lattice
        return f"<steadyset.Stream {self.name}: {rows} × {columns} sites, {_sources(self.strata)}>"

    def _repr_html_(self) -> str:
        from ..notebook import stream_page
        from ..notebook.page import stream_facts

        accuracy = self.tolerance, self.grid_bits
        facts = stream_facts(self.name, self.id, self.strata, self.limits, self.physics, accuracy)
        return stream_page(self, "Stream", facts)

    @property
    def name(self) -> str:
        return str(self._told["name"])

    @property
    def id(self) -> str:
        if not self._id:
            split = {name: self._told["split"][name] for name in ("test_every", "validation_every")}
            known = {"physics": self.physics, "strata": self.strata, "split": split, "ids": self.ids(range(self._strata))}
            self._id = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:16]
        return self._id

    @property
    def physics(self) -> dict[str, Any]:
        """The equation, with every default."""
        physics: dict[str, Any] = self._told["physics"]
        return physics

    @property
    def lattice(self) -> tuple[int, int]:
        rows, columns = self._told["lattice"]
        return rows, columns

    @property
    def tolerance(self) -> float:
        """The largest error bound of a label; a sample without one that is so small is left out."""
        return float(self._told["tolerance"])

    @property
    def grid_bits(self) -> int | None:
        """Labels are multiples of 2^−grid_bits; None for plain float32."""
        bits: int | None = self._told["grid_bits"]
        return bits

    @property
    def strata(self) -> list[int]:
        """Numbers of sources, which positions take in turn."""
        return list(self._told["strata"])

    @property
    def limits(self) -> list[int | None]:
        """How many different training samples each stratum has, then it begins anew; None where there is no end."""
        return list(self._told["limits"])

    def ids(self, positions: range) -> list[str | None]:
        """Returns the ids of the samples at some positions; drawn and not solved, which takes little time. None where there is
        none; a sample whose label cannot be certified has one."""
        found: list[str | None] = []
        for first in range(0, len(positions), _DRAWN):
            ranks = [self._position(position) for position in positions[first : first + _DRAWN]]
            drawn = engine.call({"do": "draw", "part": "train", "ranks": ranks}, self._definition)
            found += [sample and sample["id"] for sample in drawn["samples"]]
        return found

    @property
    def positions(self) -> int:
        return self._strata * _MOST_RANKS

    def planes(self, name: str) -> int:
        check_coefficient(name)
        for found in (*self._told["drawn"], *self._told["shared"]):
            if found["name"] == name:
                return int(found["planes"])
        return 2 if isinstance(self.physics[name], dict) else 1

    def make(self, positions: IndexArray, into: Mapping[str, FloatArray], stop: Stop) -> Made:
        same = {name: field for name, field in into.items() if name not in "xy" and not self._varies(name)}
        computed = {name: field for name, field in into.items() if name not in same}
        found: list[engine.Members | None] = []
        for part in parts(len(positions), stop):
            request = {
                "do": "stream", "part": "train", "ranks": positions[part].tolist(),
                "into": {name: field[part] for name, field in computed.items()},
            }  # fmt: skip
            try:
                found += engine.call(request, self._definition)["samples"]
            except engine.RequestError as error:
                at = "" if error.sample is None else f", position {positions[part.start + error.sample]}"
                raise DatasetError(f"{self._path}{at}: {error}") from error
        for name, field in same.items():
            field[:] = constant(self.physics[name], self.lattice)
        kept = np.array([answer is not None for answer in found], bool)
        there = [answer for answer in found if answer is not None]
        return Made(positions[kept].tolist(), there, [0] * len(there), compact(into, kept))

    def _varies(self, name: str) -> bool:
        return any(found["name"] == name for found in (*self._told["drawn"], *self._told["shared"]))

    def sample(self, made: Made, number: int) -> Sample:
        answer = made.answers[number]
        # A copy: a view would keep the fields of the others.
        x, y = (made.fields[name][number].copy() if len(made.answers) > 1 else made.fields[name][number] for name in "xy")
        method = self._told.get("method", "auto")
        origin = Drawn(
            table(answer["rows"]), answer["keys"], self.physics, self.tolerance, self.grid_bits, method, answer.get("contrast")
        )
        return Sample(x, y, answer["id"], answer["rank"], answer["n_sources"], answer["error_bound"], origin)


class Drawn:
    """The origin of a sample that was drawn."""

    def __init__(
        self, sources: Rows, keys: list[int], physics: dict[str, Any], tolerance: float, bits: int | None, method: str,
        contrast: float | None,
    ) -> None:  # fmt: skip
        self._sources, self._keys, self._contrast = sources, keys, contrast
        self.physics = physics
        self.accuracy = tolerance, bits
        self.solver_method = method

    def sources(self) -> Rows:
        return self._sources

    def keys(self) -> npt.NDArray[np.uint32]:
        return np.array(self._keys, np.uint32)

    def contrast(self) -> float | None:
        return self._contrast

    def coefficient(self, name: str) -> FloatArray:
        check_coefficient(name)
        return problem(self.physics, *self.accuracy, self.solver_method).coefficient(
            name, {"rows": given_rows(self._sources), "keys": self._keys}
        )


def _sources(strata: list[int]) -> str:
    if strata == list(range(strata[0], strata[-1] + 1)):
        counts = f"{strata[0]} to {strata[-1]}" if len(strata) > 1 else f"{strata[0]}"
    else:
        counts = ", ".join(map(str, strata))
    return f"{counts} source{'s' if strata != [1] else ''}"
