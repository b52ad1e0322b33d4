"""Fields that engines make: labels of archives out of residuals, and all fields of recipes, which are solved again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from . import engine
from .errors import DatasetError, NoEngineError
from .frame import FloatArray
from .manifest import chunk_names
from .order import IndexArray
from .sources import given_rows
from .storage import Bytes

if TYPE_CHECKING:
    from .dataset import Dataset

_MOST = 16
"""Samples of a request: enough that asking costs nothing, few enough that several engines share a batch."""

Fields = Mapping[str, FloatArray]
"""Arrays (samples, rows, columns) by what they are of, or (samples, 2, rows, columns) of a coefficient with two planes."""


class Labels(Protocol):
    """What makes the fields of one dataset."""

    def usable(self) -> bool:
        """Whether it works here; what does not is done without engines, or not at all."""

    def make(self, rows: IndexArray, into: Fields, check: bool, engines: int) -> None:
        """Makes fields of the records `rows`, by up to `engines` engines at a time. Raises `DatasetError`."""


class ArchiveLabels:
    """x and y of an archive."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._definition = engine.Definition({
            "what": "archive", "physics": dataset.physics, "grid_bits": dataset._manifest.grid_bits,
        })  # fmt: skip

    def usable(self) -> bool:
        return engine.usable()

    def make(self, rows: IndexArray, into: Fields, check: bool, engines: int) -> None:
        names = chunk_names(self._dataset._table)
        records = self._dataset._table[rows]
        sizes = np.stack([records[f"{name}_bytes"] for name in names], 1).astype(np.int64)
        known = all(f"{name}_checksum" in self._dataset._fields for name in names)
        sums = np.stack([records[f"{name}_checksum"] for name in names], 1) if known else None
        sound = self._dataset._sound(rows, names)

        def prepare() -> _Request:
            read = self._dataset._storage.reader(self._dataset._ranges(rows, names), sound)
            return lambda part: request(part, read)

        def request(part: slice, read: Callable[[int, Bytes], None]) -> engine.Members:
            length = sizes[part].sum(1)
            room = (length + 63) // 64 * 64
            starts = np.cumsum(room) - room
            block = engine.empty((int(room.sum()) // 4,), always=True).view(np.uint8)
            places = starts.tolist()
            for k, start, end in zip(range(part.start, part.stop), places, (starts + length).tolist()):
                read(k, block[start:end])
            samples: list[engine.Members] = [{"at": at, "chunks": c} for at, c in zip(places, sizes[part].tolist())]
            if sums is not None:
                for sample, found in zip(samples, sums[part].tolist()):
                    sample["checksums"] = [f"{value:016x}" for value in found]
            if check:
                for sample, digest in zip(samples, records["y_sha256"][part]):
                    sample["sha256"] = digest.tobytes().hex()
            return {"do": "decode", "block": block, "samples": samples}

        _run(self._dataset, rows, prepare, into, self._definition, engines, sound is not None)


class RecipeLabels:
    """All fields of a recipe. With `compare`, labels that are not those that were recorded raise `DatasetError`."""

    def __init__(self, dataset: Dataset, compare: bool) -> None:
        self._dataset, self._compare = dataset, compare
        parameters = dataset.manifest["parameters"]
        self._definition = engine.Definition({
            "what": "problem", "physics": dataset.physics, "tolerance": parameters["tolerance"],
            "grid_bits": parameters["grid_bits"], **{key: parameters[key] for key in ("method",) if key in parameters},
        })  # fmt: skip

    def usable(self) -> bool:
        return True

    def planes(self, name: str) -> int:
        """Returns how many fields a coefficient has, 0 where it is constant."""
        answer = engine.describe(self._definition)
        found = [one["planes"] for kind in ("drawn", "shared") for one in answer[kind] if one["name"] == name]
        return int(found[0]) if found else 0

    def make(self, rows: IndexArray, into: Fields, check: bool, engines: int) -> None:
        records = self._dataset._table[rows]
        compare = (self._compare or check) and "y" in into

        def prepare() -> _Request:
            sources, keys = (self._dataset._rows_of(rows, name) for name in ("sources", "keys"))
            return lambda part: request(part, sources, keys)

        def request(part: slice, sources: _Rows, keys: _Rows) -> engine.Members:
            found = []
            for k in range(part.start, part.stop):
                record, values = records[k], sources(k)
                count = int(record["n_sources"])
                if values is None or values.ndim != 2 or len(values) < count:
                    raise self._dataset._without(int(rows[k]), "sources")
                sample: engine.Members = {
                    "id": f"{int(record['id']):016x}",
                    "rows": given_rows(values[:count]),
                }
                drawn = keys(k)
                if drawn is not None:
                    sample["keys"] = drawn.tolist()
                if compare:
                    sample["sha256"] = record["y_sha256"].tobytes().hex()
                    sample["error_bound"] = float(record["error_bound"])
                found.append(sample)
            return {"do": "solve", "samples": found}

        try:
            _run(self._dataset, rows, prepare, into, self._definition, engines, False)
        except NoEngineError as error:
            raise NoEngineError(
                f"{self._dataset._storage.root} is a recipe, whose fields are solved when they are read: {error}"
            ) from error


_Request = Callable[[slice], engine.Members]
_Rows = Callable[[int], "npt.NDArray[Any] | None"]


def _run(
    dataset: Dataset, rows: IndexArray, prepare: Callable[[], _Request], into: Fields, definition: engine.Definition,
    engines: int, sound: bool,
) -> None:  # fmt: skip
    """Has engines do requests. What was not known to be `sound` and turns out to be damaged is read once more."""
    parts = list(_parts(len(rows), dataset.lattice, engines))
    forgotten: set[str] = set()
    while True:
        request = prepare()
        requests = ({**request(part), "into": {name: field[part] for name, field in into.items()}} for part in parts)
        try:
            engine.run(requests, definition, engines)
            return
        except engine.RequestError as error:
            if error.sample is None or not error.sample < len(rows):
                raise DatasetError(f"{dataset._storage.root}: {error}") from error
            row = int(rows[parts[error.request].start + error.sample])
            path = dataset._path_of(row)
            if sound or path in forgotten or not dataset._storage.forget(path):
                raise dataset._damaged(row, error) from error
            forgotten.add(path)


def _parts(count: int, lattice: tuple[int, int], engines: int) -> Iterator[slice]:
    """Yields ranges of samples, two for each engine where there are as many; their arrays begin at multiples of 64 bytes."""
    unit = 16 // math.gcd(16, lattice[0] * lattice[1])
    size = min(_MOST, -(-count // (2 * engines))) if engines > 1 else _MOST
    size = -(-size // unit) * unit
    for first in range(0, count, size):
        yield slice(first, min(first + size, count))
