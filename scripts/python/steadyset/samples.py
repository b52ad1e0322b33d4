"""Samples of a dataset: a sequence that reads on access, and batches of them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, overload

import numpy as np
import numpy.typing as npt

from .errors import DatasetError
from .frame import FloatArray
from .labels import RecipeLabels
from .manifest import chunk_names
from .order import IndexArray, Order
from .storage import Bytes

if TYPE_CHECKING:
    from .dataset import Dataset
    from .torch import TorchDataset

_GROUP = 16
"""Samples of an archive whose labels are computed at once; their lines of numbers stay in a core's cache."""


class Origin(Protocol):
    """What a sample was made of; it is looked at when it is asked for."""

    @property
    def physics(self) -> dict[str, Any]:
        """The equation; coefficients that are drawn for each sample have no key in it."""

    @property
    def accuracy(self) -> tuple[float, int | None]:
        """Tolerance and bits of the grid."""

    @property
    def solver_method(self) -> str:
        """The method that the solver was limited to, or `auto`."""

    def sources(self) -> npt.NDArray[np.float64]:
        """A row for each source."""

    def keys(self) -> npt.NDArray[np.uint32]:
        """Keys of random coefficients."""

    def contrast(self) -> float | None:
        """The largest diffusivity over the least; None where all samples share one medium."""

    def coefficient(self, name: str) -> FloatArray:
        """A coefficient at each site."""


@dataclass(frozen=True)
class Sample:
    """One sample. Fields are float32 (rows, columns)."""

    x: FloatArray
    """The value of the sources at each site."""
    y: FloatArray
    """The steady state."""
    id: str
    """16 hexadecimal digits, made from the configuration."""
    rank: int
    """The rank within its part."""
    n_sources: int
    """The number of sources, the stratum."""
    error_bound: float
    """A certified upper bound of max |y − exact|."""
    origin: Origin | None = field(default=None, repr=False, compare=False)
    """What it was made of; None in another process than the one that read it from a dataset."""

    @property
    def physics(self) -> dict[str, Any]:
        """The equation, as its dataset or its pipeline has it."""
        return self._origin().physics

    @property
    def sources(self) -> npt.NDArray[np.float64]:
        """The sources, a row each: row, column, radius, value, and further columns where there are other shapes than disks:
        see `/sources` in the article *Formats*."""
        return self._origin().sources()

    @property
    def keys(self) -> npt.NDArray[np.uint32]:
        """The keys of random coefficients; none where nothing is drawn for each sample."""
        return self._origin().keys()

    @property
    def contrast(self) -> float | None:
        """The largest diffusivity of the sample's medium over the least, both directions together; None where it is not drawn
        for each sample."""
        return self._origin().contrast()

    @property
    def accuracy(self) -> tuple[float, int | None]:
        """The tolerance of labels, and the bits of their grid."""
        return self._origin().accuracy

    @property
    def solver_method(self) -> str:
        """The method that labels were limited to, `direct` or `multigrid`, or `auto`."""
        return self._origin().solver_method

    def coefficient(self, name: str) -> FloatArray:
        """Returns the `diffusivity` or the `decay_rate`, (rows, columns), or (2, rows, columns) for one that differs down and
        across; rounded to float32."""
        return self._origin().coefficient(name)

    def _repr_html_(self) -> str:
        from .notebook import sample_page

        return sample_page(self)

    def plot(self, *, log: bool = True) -> Any:
        """Returns a figure of matplotlib with x and y; `log` is for the colours of y."""
        from .plotting import figure

        return figure(self, log=log)

    def _origin(self) -> Origin:
        if self.origin is None:
            raise DatasetError(f"sample {self.id} does not know its dataset any more: ask for it where it was read")
        return self.origin


@dataclass(frozen=True)
class Batch:
    """Several samples. Fields are float32 (samples, rows, columns), columns are (samples)."""

    x: FloatArray
    y: FloatArray
    index: IndexArray
    """Numbers of the samples in what was iterated over."""
    id: npt.NDArray[np.uint64]
    rank: npt.NDArray[np.uint64]
    n_sources: npt.NDArray[np.uint32]
    error_bound: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.index)


class _Stored:
    """The origin of a sample of a dataset. It does not go to other processes, which would need the whole table."""

    def __init__(self, one: Samples) -> None:
        self._one = one

    def __reduce__(self) -> tuple[Any, ...]:
        return _nothing, ()

    @property
    def physics(self) -> dict[str, Any]:
        return self._one.dataset.physics

    @property
    def accuracy(self) -> tuple[float, int | None]:
        parameters = self._one.dataset.manifest["parameters"]
        return parameters["tolerance"], parameters["grid_bits"]

    @property
    def solver_method(self) -> str:
        return str(self._one.dataset.manifest["parameters"].get("method", "auto"))

    def sources(self) -> npt.NDArray[np.float64]:
        return self._one.sources(0)

    def keys(self) -> npt.NDArray[np.uint32]:
        return self._one.keys(0)

    def contrast(self) -> float | None:
        value = self._one.dataset._column(self._one._row(0), "contrast")
        return None if value is None else float(value)

    def coefficient(self, name: str) -> FloatArray:
        return self._one.coefficient(name, 0)


def _nothing() -> None:
    return None


class Samples(Sequence[Sample]):
    """Some samples of a dataset, in a fixed order; nothing is read before it is asked for.

    `samples[i]` reads one; a slice, a list or an array of indices gives other `Samples`. `a | b`, `a & b` and `a - b` are
    sets of samples in rank order. Safe for threads and after a fork; it pickles.
    """

    def __init__(self, dataset: Dataset, rows: npt.ArrayLike, check: bool = False) -> None:
        self.dataset = dataset
        self._rows: IndexArray = np.asarray(rows, np.int64)
        self._check = check

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<steadyset.Samples: {len(self)} of {self.dataset!r}>"

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | npt.NDArray[Any]) -> Samples: ...
    def __getitem__(self, index: int | slice | Sequence[int] | npt.NDArray[Any]) -> Sample | Samples:
        if isinstance(index, (int, np.integer)):
            return self._sample(self._row(int(index)))
        if isinstance(index, slice):
            return Samples(self.dataset, self._rows[index], self._check)
        chosen = np.asarray(index)
        if chosen.size and chosen.dtype.kind not in "iub":
            raise TypeError("an index is a whole number, a slice, or an array of whole numbers or truth values")
        return Samples(self.dataset, self._rows[chosen if chosen.size else []], self._check)

    def __iter__(self) -> Iterator[Sample]:
        return (self._sample(int(row)) for row in self._rows)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Samples) and other.dataset is self.dataset and np.array_equal(self._rows, other._rows)
        )

    __hash__ = None  # type: ignore[assignment]

    def __or__(self, other: Samples) -> Samples:
        return self._set(np.union1d, other)

    def __and__(self, other: Samples) -> Samples:
        return self._set(np.intersect1d, other)

    def __sub__(self, other: Samples) -> Samples:
        return self._set(np.setdiff1d, other)

    def _set(self, operation: Any, other: Samples) -> Samples:
        if other.dataset is not self.dataset:
            raise ValueError("these are samples of different datasets")
        return Samples(self.dataset, operation(self._rows, other._rows), self._check)

    def checked(self) -> Samples:
        """The same samples; each y that is read is compared with its SHA-256, and `DatasetError` raised where it
        differs. A checksum of each chunk is verified always."""
        return Samples(self.dataset, self._rows, True)

    @property
    def ids(self) -> npt.NDArray[np.uint64]:
        """Ids of the samples, 64 bits each."""
        return self._records("id")

    @property
    def ranks(self) -> npt.NDArray[np.uint64]:
        """Ranks within the part."""
        return self._records("rank")

    @property
    def n_sources(self) -> npt.NDArray[np.uint32]:
        """Numbers of sources."""
        return self._records("n_sources")

    @property
    def error_bounds(self) -> npt.NDArray[np.float64]:
        """Certified upper bounds of max |y − exact|."""
        return self._records("error_bound")

    @property
    def contrasts(self) -> npt.NDArray[np.float64]:
        """The largest diffusivity of each sample's medium over the least, both directions together. Raises `DatasetError` where
        the medium is not drawn for each sample, and where an earlier release made the shards."""
        values = np.empty(len(self), np.float64)
        for k, row in enumerate(self._rows.tolist()):
            value = self.dataset._column(row, "contrast")
            if value is None:
                raise self.dataset._without(row, "contrast")
            values[k] = value
        return values

    @property
    def y_sha256(self) -> npt.NDArray[np.uint8]:
        """SHA-256 of the bytes of each y, (samples, 32)."""
        return self._records("y_sha256")

    def _records(self, name: str) -> npt.NDArray[Any]:
        return self.dataset._table[name][self._rows]

    def x(self, index: int) -> FloatArray:
        """Returns the source image of a sample, (rows, columns)."""
        row = self._row(index)
        if isinstance(self.dataset._labels, RecipeLabels):
            return self._one(row)[0]
        return self._fields(row, ["x"])[0]

    def y(self, index: int) -> FloatArray:
        """Returns the steady state of a sample, (rows, columns)."""
        row = self._row(index)
        if self.dataset._labels is not None:
            return self._one(row)[1]
        return self._fields(row, ["y"])[0]

    def sources(self, index: int) -> npt.NDArray[np.float64]:
        """Returns the sources of a sample, a row each: row, column, radius, value, and further columns where there are
        other shapes than disks: see `/sources` in the article *Formats*."""
        row = self._row(index)
        values = self.dataset._column(row, "sources")
        count = int(self.dataset._table["n_sources"][row])
        if values is None or values.ndim != 2 or len(values) < count:
            raise self.dataset._without(row, "sources")
        return values[:count]

    def keys(self, index: int) -> npt.NDArray[np.uint32]:
        """Returns the keys of a sample's random coefficients; none where nothing is drawn for each sample."""
        values = self.dataset._column(self._row(index), "keys")
        return np.empty(0, np.uint32) if values is None else values

    def coefficient(self, name: str, index: int) -> FloatArray:
        """Returns the `diffusivity` or the `decay_rate` of a sample, (rows, columns), or (2, rows, columns) for one that
        differs down and across; rounded to float32. What is constant is filled in from the physics."""
        if name not in ("diffusivity", "decay_rate"):
            raise KeyError(f"there is no coefficient '{name}': there are diffusivity and decay_rate")
        row = self._row(index)
        if name in chunk_names(self.dataset._table):
            data = self.dataset._fetch(np.array([row]), [name])(0)
            planes = self.dataset._planes(row, data)
            out = np.empty((planes, *self.dataset.lattice), np.float32)
            self.dataset._decode(row, data, [name], [out], self._check)
            return out[0] if planes == 1 else out
        if isinstance(self.dataset._labels, RecipeLabels):
            planes = self.dataset._labels.planes(name)
            if planes:
                made: FloatArray = np.empty((1, *([2] if planes == 2 else []), *self.dataset.lattice), np.float32)
                self.dataset._labels.make(np.array([row]), {name: made}, self._check, 1)
                field: FloatArray = made[0]
                return field
        stored = self.dataset._shared(self.dataset._shard_of(row), name)
        if stored is not None:
            return stored
        value = self.dataset.physics[name]
        if isinstance(value, dict) and any(not isinstance(value.get(axis), (int, float)) for axis in ("down", "across")):
            raise self.dataset._without(row, name)
        if isinstance(value, dict):
            planes_of = [np.full(self.dataset.lattice, value[axis], np.float32) for axis in ("down", "across")]
            return np.stack(planes_of)
        return np.full(self.dataset.lattice, value, np.float32)

    def _row(self, index: int) -> int:
        if not -len(self) <= index < len(self):
            raise IndexError(f"sample {index} of {len(self)}")
        return int(self._rows[index])

    def _fields(self, row: int, names: list[str]) -> list[FloatArray]:
        outs = [np.empty(self.dataset.lattice, np.float32) for _ in names]
        self.dataset._decode(row, self.dataset._fetch(np.array([row]), names)(0), names, outs, self._check)
        return outs

    def _one(self, row: int) -> tuple[FloatArray, FloatArray]:
        fields = [self.dataset._empty(1, *self.dataset.lattice) for _ in "xy"]
        self._read(np.array([row]), fields)
        return fields[0][0], fields[1][0]

    def _sample(self, row: int) -> Sample:
        x, y = self._one(row)
        record = self.dataset._table[row]
        return Sample(
            x, y, f"{int(record['id']):016x}", int(record["rank"]), int(record["n_sources"]),
            float(record["error_bound"]), _Stored(Samples(self.dataset, [row], self._check)),
        )  # fmt: skip

    def read(
        self,
        indices: npt.ArrayLike,
        *,
        x: FloatArray | None = None,
        y: FloatArray | None = None,
        pool: ThreadPoolExecutor | None = None,
    ) -> tuple[FloatArray, FloatArray]:
        """Reads x and y of several samples, in the order of `indices`, and returns the arrays.

        `x` and `y` are written into where they are given: C-contiguous float32 (samples, rows, columns). `pool` decodes
        several at a time, as many engines do where they make the fields; ranges of bytes behind a URL are fetched at the same
        time in any case.
        """
        return self._read_chosen(indices, x, y, pool, getattr(pool, "_max_workers", 1))

    def _read_chosen(
        self, indices: npt.ArrayLike, x: FloatArray | None, y: FloatArray | None, pool: ThreadPoolExecutor | None, engines: int
    ) -> tuple[FloatArray, FloatArray]:
        chosen = np.array(indices, np.int64, ndmin=1)
        if chosen.size and not (-len(self) <= int(chosen.min()) and int(chosen.max()) < len(self)):
            raise IndexError(f"samples {int(chosen.min())} to {int(chosen.max())} of {len(self)}")
        rows = self._rows[chosen]
        shape = (len(rows), *self.dataset.lattice)
        fields = []
        for out in (x, y):
            if out is None:
                out = self.dataset._empty(*shape)
            elif out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
                raise ValueError(f"an array to read into is contiguous float32 of the shape {shape}")
            fields.append(out)
        self._read(rows, fields, pool, engines)
        return fields[0], fields[1]

    def _read(
        self, rows: IndexArray, fields: list[FloatArray], pool: ThreadPoolExecutor | None = None, engines: int = 1
    ) -> None:
        """Reads x and y of the records `rows` into `fields`."""
        labels = self.dataset._labels
        if labels is not None and labels.usable():
            labels.make(rows, {"x": fields[0], "y": fields[1]}, self._check, engines)
            return
        archived = self.dataset._predictor is not None
        names = chunk_names(self.dataset._table) if archived else ["x", "y"]
        part = self.dataset._fetch(rows, names)
        varying = self._coefficient_arrays(int(rows[0]), len(rows), part(0)) if len(names) > 2 and len(rows) else []
        factors = np.zeros(len(rows))

        def one(k: int) -> None:
            outs = [field[k] for field in (*fields, *varying)]
            factors[k] = self.dataset._decode(int(rows[k]), part(k), names, outs, self._check)

        def restore(first: int) -> None:
            group = slice(first, first + _GROUP)
            self.dataset._restore(
                rows[group], [field[group] for field in fields], [field[group] for field in varying], factors[group],
                self._check,
            )  # fmt: skip

        def each(work: Callable[[int], None], numbers: range) -> None:
            for _ in map(work, numbers) if pool is None else pool.map(work, numbers):
                pass

        each(one, range(len(rows)))
        if archived:
            each(restore, range(0, len(rows), _GROUP))

    def _coefficient_arrays(self, row: int, count: int, data: Bytes) -> list[FloatArray]:
        """Arrays for the coefficients that each sample of an archive has; `data` are the chunks of one sample, `row`."""
        arrays = []
        place = 0
        for number, name in enumerate(chunk_names(self.dataset._table)):
            size = int(self.dataset._table[f"{name}_bytes"][row])
            if number > 1:
                planes = self.dataset._planes(row, data[place : place + size])
                arrays.append(np.empty((count, *([2] if planes == 2 else []), *self.dataset.lattice), np.float32))
            place += size
        return arrays

    def plot(self, index: int, *, log: bool = True) -> Any:
        """Returns a figure of matplotlib with x and y of a sample; `log` is for the colours of y."""
        return self[index].plot(log=log)

    def to_torch(self, transform: Callable[[Any, Any], tuple[Any, Any]] | None = None) -> TorchDataset:
        """Returns the samples as a data set for PyTorch, see `steadyset.torch.TorchDataset`. `ImportError` says what to install."""
        from .torch import TorchDataset

        return TorchDataset(self, transform)

    def batches(
        self,
        size: int,
        *,
        order: Order | None = None,
        epoch: int = 0,
        start: int = 0,
        indices: Iterable[int] | None = None,
        drop_last: bool = False,
        reuse: bool = False,
        threads: int = 1,
    ) -> Iterator[Batch]:
        """Yields batches of `size` samples; the last may be smaller, or is left out with `drop_last`.

        The samples are those of `order` in `epoch`, from position `start` on; without an order as they stand. `indices`
        gives them instead, such as `Progress.share(…)`. With `reuse` all batches share one pair of arrays, which the
        next batch overwrites. `threads` decode at the same time, or as many engines. Raises `ValueError` where `drop_last`
        would leave out all that there is, so that no loop ends in silence with nothing learnt.
        """
        if size < 1 or threads < 1:
            raise ValueError("size and threads are at least 1")
        walk = indices if indices is not None else (order or Order(shuffle=False)).walk(len(self), epoch, start)
        return self._batches(iter(walk), size, drop_last, reuse, threads)

    def _batches(
        self, walk: Iterator[int], size: int, drop_last: bool, reuse: bool, threads: int
    ) -> Iterator[Batch]:
        buffers = [self.dataset._empty(size, *self.dataset.lattice) for _ in "xy"] if reuse else None
        by_engines = self.dataset._labels is not None and self.dataset._labels.usable()
        pool = ThreadPoolExecutor(threads) if threads > 1 and not by_engines else None
        given = False
        try:
            while chosen := list(itertools.islice(walk, size)):
                if len(chosen) < size and drop_last:
                    if not given:
                        raise ValueError(
                            f"{len(chosen)} samples do not fill a batch of {size}, and drop_last leaves them out: nothing would "
                            "be given. Take smaller batches, or go to the next epoch"
                        )
                    return
                given = True
                index = np.array(chosen, np.int64)
                x, y = (buffer[: len(index)] for buffer in buffers) if buffers else (None, None)
                x, y = self._read_chosen(index, x, y, pool, threads)
                records = self.dataset._table[self._rows[index]]
                yield Batch(
                    x, y, index, records["id"], records["rank"], records["n_sources"], records["error_bound"]
                )  # fmt: skip
        finally:
            if pool is not None:
                pool.shutdown()
