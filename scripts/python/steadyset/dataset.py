"""A dataset: its manifest, the table of its samples, and selections of them."""

from __future__ import annotations

import hashlib
import math
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import engine
from .archive import Doubles, Predictor, read_head
from .cache import cached, uncached
from .columns import Layout, read_dataset, read_layout
from .errors import DatasetError, MissingFileError
from .frame import Checksum, Decoder, FloatArray, content_size, decode, make_checksum, make_decoder
from .labels import ArchiveLabels, Labels, RecipeLabels
from .manifest import Manifest, Shard, chunk_names, read_locations, read_manifest
from .order import IndexArray
from .samples import Samples
from .statistics import Statistics, read_statistics
from .storage import Bytes, LocalFolder, Range, Sound, Storage, locate
from .versions import read_choices, read_version, split_reference, unbiased_mean

if TYPE_CHECKING:
    from .torch import TorchDataset

_COLUMNS_KEPT = 8
_BLOCK = 8 << 20


def open(
    location: str | os.PathLike[str],
    *,
    version: str | None = None,
    decoder: str | None = None,
    checked: bool = True,
    cache: str | os.PathLike[str] | bool | None = None,
    cache_bytes: int | None = None,
) -> Dataset:
    """Opens a dataset: the folder that `steadyset run` made, its folder `pack`, or its `pack/manifest.json`.

    `location` is a path, or a URL that fsspec knows (`https://…`, `s3://…`). `DATASET@VERSION` is a version of it, as
    `version` is: a tag such as `round-1`, `base`, or the first digits of an id (of a URL, 16 at least); where `version` is
    given, signs in `location` mean nothing. `decoder` names one of `steadyset.frame.DECODERS`; the fastest that works here
    is taken otherwise. Fields of a recipe are solved when they are read, and compared with what was recorded of them, unless
    `checked` is False. Reads the manifest, those of the versions that it was made from, and the table of
    locations, 92 bytes a sample, no field. Raises `DatasetError` for what is no dataset or of another format.

    What is read behind a URL is kept in the folder `cache`, of at most `cache_bytes` bytes, so that it is fetched once. None
    is the folder that the environment variable `STEADYSET_CACHE` names, or none at all where that is `off`, else `steadyset`
    in the user's caches; the limit is `STEADYSET_CACHE_BYTES`, else 32 GiB. False keeps nothing.
    """
    manifest, storage = _locate(location, version)
    if not isinstance(storage, LocalFolder):
        storage = cached(storage, manifest, cache, cache_bytes)
    return Dataset(storage, decoder, manifest, checked)


def _locate(location: str | os.PathLike[str], version: str | None) -> tuple[Manifest, Storage]:
    """Returns the manifest of a version, and the folder that it is in."""
    text = os.fspath(location)
    if version is None:
        text, version = split_reference(text)
    text = text.rstrip("/")
    storage: Storage
    if text.endswith("/manifest.json") or text == "manifest.json":
        storage = locate(text[: -len("manifest.json")].rstrip("/") or ".")
    else:
        storage = locate(text)
        if isinstance(storage, LocalFolder):
            below = f"{text}/pack/manifest.json" if version is None else f"{text}/pack"
            if not os.path.exists(f"{text}/manifest.json") and os.path.exists(below):
                storage = locate(f"{text}/pack")
        elif not text.endswith("/pack"):
            # The folder `pack` is tried, then the folder itself: a server may answer what is missing in many ways.
            folder = locate(f"{text}/pack")
            try:
                manifest = read_manifest(folder)
            except DatasetError as failure:
                try:
                    read_manifest(storage)
                except DatasetError as other:
                    # Of both, what says more than that a file is not there.
                    raise (other if isinstance(failure, MissingFileError) else failure) from other
            else:
                return manifest if version is None else read_version(folder, version), folder
    return read_version(storage, version), storage


class Dataset:
    """An opened dataset. Safe for threads and after a fork, and it pickles: files are opened again in each process."""

    def __init__(
        self, storage: Storage, decoder: str | None = None, manifest: Manifest | None = None, checked: bool = True
    ) -> None:
        self._storage = storage
        self._decoder_name, self._checked = decoder, checked
        self._manifest: Manifest = read_manifest(storage) if manifest is None else manifest
        self._table = read_locations(storage, self._manifest)
        starts = [shard.first for shard in self._manifest.shards]
        self._starts = np.array(starts, np.int64)
        self._fields = frozenset(self._table.dtype.names or ())
        self._predictor = self._make_predictor()
        self._reset()

    def _make_predictor(self) -> Predictor | None:
        if self._manifest.codec != "archive":
            return None
        try:
            return Predictor(self.physics, self._manifest.grid_bits)
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise DatasetError(f"{self._storage.root}: the physics has the wrong form: {error!r}") from error

    def _make_decoder(self) -> Decoder:
        try:
            return make_decoder(self._decoder_name)
        except DatasetError as error:
            if self._decoder_name is not None or self._manifest.codec in ("standard", "compact") or not engine.usable():
                raise
            failure = error

        def refuse(frame: Bytes, out: FloatArray) -> None:
            # Engines decode themselves; what they do not is refused when it is asked for.
            raise failure

        return refuse

    def _reset(self) -> None:
        self._decoder = self._make_decoder()
        self._checksum: Checksum | None = make_checksum()
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._columns: OrderedDict[tuple[int, str], npt.NDArray[Any]] = OrderedDict()
        self._layouts: dict[tuple[int, str], Layout | None] = {}
        self._labels: Labels | None = None
        if self._predictor is not None:
            self._labels = ArchiveLabels(self)
        elif self._manifest.codec == "recipe":
            self._labels = RecipeLabels(self, self._checked)

    def __getstate__(self) -> dict[str, Any]:
        kept = ("_storage", "_decoder_name", "_checked", "_manifest", "_table", "_starts", "_fields", "_predictor")
        return {name: self.__dict__[name] for name in kept}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._reset()

    def __len__(self) -> int:
        return self._manifest.samples

    def __repr__(self) -> str:
        rows, columns = self.lattice
        return f"<steadyset.Dataset {self._storage.root}: {len(self)} samples of {rows} × {columns} sites>"

    def _repr_html_(self) -> str:
        from .notebook import dataset_page

        return dataset_page(self)

    def plot(self, index: int, *, log: bool = True) -> Any:
        """Returns a figure of matplotlib with x and y of a sample; `log` is for the colours of y. Sample `index` is that of `all`."""
        return self.all.plot(index, log=log)

    def to_torch(self, transform: Callable[[Any, Any], tuple[Any, Any]] | None = None, *, part: str = "train") -> TorchDataset:
        """Returns a part as a data set for PyTorch, see `steadyset.torch.TorchDataset`. `ImportError` says what to install."""
        return self.select(part=part).to_torch(transform)

    @property
    def id(self) -> str:
        """The manifest's id, which names this data wherever it is stored; cite it."""
        return str(self.manifest["id"])

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest as it was read."""
        return self._manifest.document

    @property
    def physics(self) -> dict[str, Any]:
        """The equation, as the manifest has it."""
        physics: dict[str, Any] = self.manifest["parameters"]["physics"]
        return physics

    @property
    def lattice(self) -> tuple[int, int]:
        """Rows and columns of the fields."""
        return self._manifest.lattice

    @property
    def statistics(self) -> Statistics:
        """Of the training part, as the manifest has them; nothing is read. `DatasetError` where it has none:
        `steadyset.measure` takes them from the fields."""
        found = read_statistics(self.manifest, self._storage.root)
        if found is None:
            raise DatasetError(
                f"{self._storage.root}: the manifest has no statistics, like those of earlier releases and those without training "
                "samples; steadyset.measure(dataset.select(part='train')) takes them from the fields"
            )
        return found

    @property
    def selections(self) -> list[str]:
        """Names of the manifest's selections, such as `train/S5%`."""
        return [selection.name for selection in self._manifest.selections]

    @property
    def all(self) -> Samples:
        """Every sample: training, then validation, then test, each by rank; then what versions added to training."""
        return Samples(self, np.arange(len(self)))

    def select(
        self,
        name: str | None = None,
        *,
        part: str | None = None,
        stratum: int | None = None,
        ranks: Iterable[int] | None = None,
        ids: Iterable[int | str] | None = None,
    ) -> Samples:
        """Returns the samples that fulfil every condition, in rank order.

        `name` is a selection of the manifest, `train/S5%`; without a part it is of training, `S5%`. A window is
        `S1.25%-A`, or `A1.25%`. `train`, `validation` and `test` are whole parts, `n07` one number of sources. `a | b`
        is what is in either, `a & b` what is in both, which binds tighter. `stratum` is a number of sources; `ranks`
        are ranks within a part, `train` where no other is named. `ids` are integers or 16 hexadecimal digits; one that
        is not there raises `KeyError`, as an unknown name does.
        """
        wanted = np.ones(len(self), bool)
        if name is not None:
            wanted &= self._named(name)
        if part is not None:
            wanted &= self._part(part)
        if stratum is not None:
            wanted &= self._table["n_sources"] == stratum
        if ranks is not None:
            if name is None and part is None:
                wanted &= self._part("train")
            asked = np.array(ranks if isinstance(ranks, range) else list(ranks), np.int64)
            wanted &= np.isin(self._table["rank"], asked)
        if ids is not None:
            wanted &= self._with_ids(ids)
        return Samples(self, np.flatnonzero(wanted))

    def choices(self) -> npt.NDArray[np.void]:
        """Returns why each sample came into this version's training set or left it, in the order of choice.

        A structured array: id, rank, n_sources, action (added, dropped, taken), round, origin (drawn, neighbour, given,
        pool), parent_id (of a neighbour; 0 otherwise), acquisition, score and probability (NaN where there is none). Only
        what this version changed; its parent has choices of its own. Raises `DatasetError` for the base.
        """
        return read_choices(self._storage, self._manifest)

    def unbiased_mean(self, values: Mapping[int | str, float]) -> float:
        """Estimates the mean of a quantity over all candidates of this version's round.

        `values` has the quantity, such as a model's error, of every sample that the round added or took, by id (an
        integer or 16 hexadecimal digits); others are not looked at. Raises `KeyError` where one is missing, `ValueError` where samples
        were not chosen by chance. See `steadyset.unbiased_mean`.
        """
        choices = self.choices()
        joined = choices[choices["action"] != "dropped"]
        known = {int(id, 16) if isinstance(id, str) else int(id): value for id, value in values.items()}
        missing = [id for id in joined["id"].tolist() if id not in known]
        if missing:
            raise KeyError(f"there is no value for {len(missing)} of the chosen samples, {missing[0]:016x} the first")
        candidates = self.manifest["content"]["round"].get("candidates")
        found = [known[id] for id in joined["id"].tolist()]
        return unbiased_mean(found, joined["probability"], candidates)

    def _named(self, text: str) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(self), bool)
        for term in text.split("|"):
            both = np.ones(len(self), bool)
            for name in term.split("&"):
                both &= self._one(name.strip())
            found |= both
        return found

    def _one(self, name: str) -> npt.NDArray[np.bool_]:
        if name in ("train", "validation", "test"):
            return self._part(name)
        if match := re.fullmatch("n([0-9]+)", name):
            return np.asarray(self._table["n_sources"] == int(match[1]))
        full = name if "/" in name else f"train/{name}"
        part, _, short = full.partition("/")
        if match := re.fullmatch("([A-Z])([0-9.]+%)", short):
            if match[1] != "S":
                full = f"{part}/S{match[2]}-{match[1]}"
        for selection in self._manifest.selections:
            if selection.name == full:
                rank = self._table["rank"]
                ranges = np.array(selection.ranges, np.uint64)
                number = np.searchsorted(ranges[:, 0], rank, side="right") - 1
                wanted = self._part(selection.part) & (number >= 0) & (rank < ranges[number, 1])
                if selection.stratum is not None:
                    wanted &= self._table["n_sources"] == selection.stratum
                return np.asarray(wanted)
        raise KeyError(f"there is no selection '{name}'; there are {', '.join(self.selections)}")

    def _part(self, part: str) -> npt.NDArray[np.bool_]:
        if part not in ("train", "validation", "test"):
            raise KeyError(f"there is no part '{part}': a part is train, validation or test")
        wanted = np.zeros(len(self), bool)
        for shard in self._manifest.shards:
            if shard.part == part:
                wanted[shard.first : shard.first + shard.samples] = True
        return wanted

    def _with_ids(self, ids: Iterable[int | str]) -> npt.NDArray[np.bool_]:
        numbers = [int(found, 16) if isinstance(found, str) else int(found) for found in ids]
        asked = np.array(numbers, np.uint64)
        missing = asked[~np.isin(asked, self._table["id"])]
        if missing.size:
            raise KeyError(f"there is no sample with the id {int(missing[0]):016x}")
        return np.isin(self._table["id"], asked)

    # What follows serves Samples: rows are numbers of records in the table.

    def _shard_of(self, row: int) -> int:
        return int(np.searchsorted(self._starts, row, side="right")) - 1

    def _path_of(self, row: int) -> str:
        return self._manifest.shards[self._shard_of(row)].path

    def _ranges(self, rows: IndexArray, names: list[str]) -> list[Range]:
        """One range a row, from the first of `names` to the last; they are neighbours in the file."""
        order = chunk_names(self._table)
        first, last = order.index(names[0]), order.index(names[-1])
        shards = np.searchsorted(self._starts, rows, side="right") - 1
        records = self._table[rows]
        start = records["offset"].astype(np.int64)
        for name in order[:first]:
            start += records[f"{name}_bytes"]
        length = np.zeros(len(rows), np.int64)
        for name in order[first : last + 1]:
            length += records[f"{name}_bytes"]
        paths = [self._manifest.shards[shard].path for shard in shards.tolist()]
        return [Range(*found) for found in zip(paths, start.tolist(), length.tolist())]

    def _fetch(self, rows: IndexArray, names: list[str]) -> Callable[[int], Bytes]:
        return self._storage.read(self._ranges(rows, names), self._sound(rows, names))

    def _sound(self, rows: IndexArray, names: list[str]) -> Sound | None:
        """Returns what compares the chunks `names` of the k-th of `rows` with their checksums, None where nothing here can."""
        checksum = self._checksum
        if checksum is None or not all(f"{name}_checksum" in self._fields for name in names):
            return None

        def sound(k: int, data: Bytes) -> bool:
            record, place = self._table[int(rows[k])], 0
            for name in names:
                size = int(record[f"{name}_bytes"])
                if checksum(data[place : place + size]) != int(record[f"{name}_checksum"]):
                    return False
                place += size
            return True

        return sound

    def _decode(self, row: int, data: Bytes, names: list[str], outs: list[FloatArray], check: bool) -> float:
        """Decodes the chunks `names` of `row`, which `data` holds one after another, into `outs`.

        Of an archive y are the bits of residuals then, and the source factor is returned; 0 otherwise.
        """
        try:
            return self._decode_once(row, data, names, outs, check)
        except DatasetError as error:
            # With checksums, `read` has fetched once more what did not have them.
            rows = np.array([row])
            if self._sound(rows, names) is not None or not self._storage.forget(self._path_of(row)):
                raise self._damaged(row, error) from error
        try:
            return self._decode_once(row, self._fetch(rows, names)(0), names, outs, check)
        except DatasetError as error:
            raise self._damaged(row, error) from error

    def _decode_once(self, row: int, data: Bytes, names: list[str], outs: list[FloatArray], check: bool) -> float:
        record = self._table[row]
        place, factor = 0, 0.0
        for name, out in zip(names, outs):
            size = int(record[f"{name}_bytes"])
            recorded = int(record[f"{name}_checksum"]) if f"{name}_checksum" in self._fields else None
            chunk, start = data[place : place + size], 0
            if name == "y" and self._predictor is not None:
                factor, start = read_head(chunk)
            decode(self._decoder, chunk, out, recorded, self._checksum, start)
            place += size
            if check and name == "y" and self._predictor is None:
                self._check_digest(row, out)
        return factor

    def _damaged(self, row: int, error: DatasetError) -> DatasetError:
        shard = self._manifest.shards[self._shard_of(row)]
        number = int(self._table["id"][row])
        where = f"sample {number:016x} of {self._storage.root}/{shard.path}"
        if self._manifest.codec == "recipe":
            unless = ", or open it with checked=False" if self._checked else ""
            return DatasetError(
                f"{where} cannot be made again: {error}. Its file is damaged, or another release of Steadyset made it: unpack it "
                f"with that release{unless}"
            )
        return DatasetError(f"{where} is damaged: {error}")

    def _check_digest(self, row: int, y: FloatArray) -> None:
        digest = hashlib.sha256(np.ascontiguousarray(y, "<f4").tobytes()).digest()
        if digest != self._table["y_sha256"][row].tobytes():
            raise DatasetError("y does not have the digest that was recorded for it")

    def _restore(
        self, rows: IndexArray, fields: list[FloatArray], varying: list[FloatArray], factors: Doubles, check: bool
    ) -> None:
        """Makes labels of an archive's residuals: `fields` are x and y, which holds the residuals' bits."""
        assert self._predictor is not None
        x, y = fields
        drawn = dict(zip(chunk_names(self._table)[2:], varying))
        # Coefficients that all samples of a shard share are the same in all shards.
        shared = {}
        for name in self._predictor.coefficients:
            if name not in drawn:
                field = self._shared(self._shard_of(int(rows[0])), name)
                if field is None:
                    raise DatasetError(f"{self._storage.root} is damaged: its shards do not have '{name}', which labels need")
                shared[name] = field[None]
        self._predictor.restore(y, x, factors, {**drawn, **shared})
        # Where nothing here computes checksums of chunks, what a head says is not known to be as it was written.
        if check or self._checksum is None:
            for k, row in enumerate(rows.tolist()):
                try:
                    self._check_digest(row, y[k])
                except DatasetError as error:
                    raise self._damaged(row, error) from error

    def _planes(self, row: int, data: Bytes) -> int:
        """The fields that a coefficient's chunk holds: one, or two where it differs down and across."""
        size, plane = content_size(data), 4 * self.lattice[0] * self.lattice[1]
        if size not in (plane, 2 * plane):
            raise self._damaged(row, DatasetError(f"a coefficient of {size} bytes is of another lattice"))
        return size // plane

    def _column(self, row: int, name: str) -> npt.NDArray[Any] | None:
        """The row of a column of the HDF5 file, or None where there is no such column; a column is kept in memory."""
        number = self._shard_of(row)
        values, shard = self._whole(number, name), self._manifest.shards[number]
        if values is None:
            return None
        if values.shape[:1] != (shard.samples,):
            raise self._misshapen(shard.path, f"'{name}' is not of {shard.samples} samples")
        row_of: npt.NDArray[Any] = values[row - shard.first]
        return row_of

    def _rows_of(self, rows: IndexArray, name: str) -> Callable[[int], npt.NDArray[Any] | None]:
        """Returns a function that gives the k-th of the `rows` of a column, None where there is no such column. It reads
        those rows alone: columns of many shards would not fit into memory."""
        ranges, layouts = [], []
        for row in rows.tolist():
            number = self._shard_of(row)
            layout, shard = self._layout(number, name), self._manifest.shards[number]
            if layout is None:
                ranges.append(Range(shard.path, 0, 0))
            else:
                length = layout.dtype.itemsize * math.prod(layout.shape[1:])
                ranges.append(Range(shard.path, layout.offset + length * (row - shard.first), length))
            layouts.append(layout)
        if not any(layouts):
            return lambda k: None
        read = self._storage.read(ranges)

        def row_of(k: int) -> npt.NDArray[Any] | None:
            layout = layouts[k]
            return None if layout is None else np.frombuffer(read(k), layout.dtype).reshape(layout.shape[1:]).copy()

        return row_of

    def _layout(self, number: int, name: str) -> Layout | None:
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            if (number, name) not in self._layouts:
                shard = self._manifest.shards[number]
                layout = read_layout(self._storage, shard.path, shard.bytes, name)
                if layout is not None and (not layout.shape or layout.shape[0] != shard.samples):
                    raise self._misshapen(shard.path, f"'{name}' is not of {shard.samples} samples")
                self._layouts[number, name] = layout
            return self._layouts[number, name]

    def _misshapen(self, path: str, words: str) -> DatasetError:
        self._storage.forget(path)
        return DatasetError(f"{self._storage.root}/{path} is damaged: {words}")

    def _without(self, row: int, name: str) -> DatasetError:
        path = self._path_of(row)
        return DatasetError(f"sample {int(self._table['id'][row]):016x} has no {name} in its shard, {self._storage.root}/{path}")

    def _empty(self, *shape: int) -> FloatArray:
        """An array for fields, which an engine can write itself where one makes them."""
        return np.empty(shape, np.float32) if self._labels is None or not self._labels.usable() else engine.empty(shape)

    def _shared(self, number: int, name: str) -> FloatArray | None:
        """A coefficient that all samples of shard `number` share, None where it is constant or each has its own."""
        values = self._whole(number, name)
        if values is not None and values.shape not in (self.lattice, (2, *self.lattice)):
            raise self._misshapen(self._manifest.shards[number].path, f"'{name}' is not of the dataset's lattice")
        return None if values is None else np.array(values, np.float32)

    def _whole(self, number: int, name: str) -> npt.NDArray[Any] | None:
        """A dataset of shard `number` as a whole, one that is not compressed."""
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            if (number, name) not in self._columns:
                shard = self._manifest.shards[number]
                values = read_dataset(self._storage, shard.path, shard.bytes, name)
                self._columns[number, name] = values
                if len(self._columns) > _COLUMNS_KEPT:
                    self._columns.popitem(last=False)
            else:
                self._columns.move_to_end((number, name))
            values = self._columns[number, name]
        return values if values.size else None

    def check_files(self) -> None:
        """Compares size and SHA-256 of every file with the manifest, reading all; raises `DatasetError` at the first
        that differs. What a cache has is not looked at."""
        storage = uncached(self._storage)
        for shard in self._manifest.shards:
            where = f"{storage.root}/{shard.path}"
            size = storage.size(shard.path)
            if size is not None and size != shard.bytes:
                raise DatasetError(f"{where} has {size} bytes, {shard.bytes} are listed: copy it again")
            hasher = hashlib.sha256()
            for start in range(0, shard.bytes, _BLOCK):
                part = Range(shard.path, start, min(_BLOCK, shard.bytes - start))
                hasher.update(storage.read([part])(0).data)
            if hasher.hexdigest() != shard.sha256:
                raise DatasetError(f"{where} is not what the manifest lists: its SHA-256 differs; copy it again")
