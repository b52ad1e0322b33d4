"""What a dataset's folder holds beside its shards: manifests, provenance, metrics, errors. All may come from a stranger."""

from __future__ import annotations

import hashlib
import io
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..canonical import canonical
from ..document import parse_json
from ..errors import DatasetError, MissingFileError
from ..storage import LocalFolder

STAGES = ("sample", "solve", "split", "pack", "train", "evaluate", "resample")
REGIONS = ("sources", "field", "r1", "r2", "r3", "r4")
_MAXIMUM_DOCUMENT = 64 << 20
_MAXIMUM_TABLE = 256 << 20
_MAXIMUM_ROUNDS = 1000

Document = dict[str, Any]


@dataclass(frozen=True)
class StageFiles:
    """A stage that is done: its manifest, and its provenance where that is there."""

    stage: str
    folder: str
    manifest: Document
    provenance: Document

    @property
    def id(self) -> str:
        """The id of the manifest."""
        return str(self.manifest["id"])

    @property
    def bytes(self) -> int:
        """Bytes of all files that the manifest lists."""
        return sum(whole(file.get("bytes")) for file in listed(self.manifest.get("files")))

    @property
    def content(self) -> Document:
        """What the manifest says of the result."""
        return mapping(self.manifest.get("content"))

    @property
    def parameters(self) -> Document:
        """What the manifest says of how it was made."""
        return mapping(self.manifest.get("parameters"))


@dataclass(frozen=True)
class Errors:
    """A table of errors by columns; `regions` has NaN where a sample has no site of a region."""

    path: str
    id: npt.NDArray[np.uint64]
    n_sources: npt.NDArray[np.int64]
    mae: npt.NDArray[np.float64]
    largest: npt.NDArray[np.float64]
    regions: Mapping[str, npt.NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.id)


def mapping(value: Any) -> Document:
    """A stranger's value as a mapping, empty where it is none."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Document]:
    """A stranger's value as a list of mappings; what is none in it is left out."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def whole(value: Any) -> int:
    """A stranger's value as a whole number from 0 on, 0 where it is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else 0


def real(value: Any) -> float:
    """A stranger's value as a number, NaN where it is none."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else np.nan


def read_stage(root: str, stage: str) -> StageFiles | None:
    """Reads the manifest of a stage below `root`; None where there is none. Raises `DatasetError` for one that is damaged."""
    folder = f"{root}/{stage}"
    data = _read(folder, "manifest.json", _MAXIMUM_DOCUMENT)
    if data is None:
        return None
    where = f"{folder}/manifest.json"
    document = _object(data, where)
    kept = {key: value for key, value in document.items() if key not in ("id", "layout", "files")}
    found = hashlib.sha256(canonical(kept).encode()).hexdigest()
    if document.get("format") != "steadyset-manifest" or document.get("stage") != stage:
        raise DatasetError(f"{where} is not the manifest of a stage '{stage}'")
    if document.get("id") != found:
        raise DatasetError(f"{where} was altered: its content has another id than it says")
    provenance = _read(folder, "provenance.json", _MAXIMUM_DOCUMENT)
    return StageFiles(stage, folder, document, {} if provenance is None else _object(provenance, f"{folder}/provenance.json"))


def round_numbers(root: str) -> list[int]:
    """Returns the numbers of the rounds that left a folder, ascending."""
    try:
        names = os.listdir(f"{root}/rounds")
    except OSError:
        return []
    found = sorted(int(name) for name in names if re.fullmatch("[1-9][0-9]{0,5}", name))
    if len(found) > _MAXIMUM_ROUNDS:
        raise DatasetError(f"{root}/rounds has {len(found)} rounds, {_MAXIMUM_ROUNDS} at most are shown")
    return found


def read_metrics(root: str) -> list[Document]:
    """Returns the lines of a training's metrics below `root`, none where there are none."""
    data = _read(f"{root}/train", "metrics.jsonl", _MAXIMUM_DOCUMENT)
    where = f"{root}/train/metrics.jsonl"
    lines = [] if data is None else [_object(line, where) for line in data.splitlines() if line.strip()]
    return [line for line in lines if whole(line.get("epoch"))]


def read_errors(root: str) -> Errors | None:
    """Returns the table of errors below `root`: of a model that was compared with labels. None where there is none.

    Raises `DatasetError` that names file and line where it is damaged.
    """
    folder = f"{root}/evaluate"
    data = _read(folder, "errors.csv", _MAXIMUM_TABLE)
    if data is None:
        return None
    where = f"{folder}/errors.csv"
    header, _, body = data.partition(b"\n")
    names = header.decode("latin-1").rstrip("\r").split(",")
    if "mae" not in names or "id" not in names:
        return None
    if body and not body.endswith(b"\n"):
        body += b"\n"
    codes = np.frombuffer(body, np.uint8)
    commas = np.diff(np.searchsorted(np.flatnonzero(codes == ord(",")), np.flatnonzero(codes == ord("\n"))), prepend=0)
    if np.any(commas != len(names) - 1):
        raise DatasetError(
            f"{where}:{int(np.argmax(commas != len(names) - 1)) + 2}: the line has not as many cells as the first one"
        )
    try:
        regions = [name for name in REGIONS if name in names]
        columns = _columns(body, names, ["n_sources", "mae", "max", *regions])
        return Errors(
            where, _ids(columns["id"]), _counts(columns["n_sources"]), _errors(columns["mae"]), _errors(columns["max"]),
            {name: _errors(columns[name], empty=True) for name in regions},
        )  # fmt: skip
    except (ValueError, OverflowError) as error:
        raise DatasetError(f"{where} is no table of errors: {error}") from error


def _columns(body: bytes, names: list[str], numbers: list[str]) -> npt.NDArray[np.void]:
    """Returns columns of a table by their names: `id` as text, and `numbers`, which are NaN where a cell is empty."""
    kinds = np.dtype([("id", "U17"), *((name, "f8") for name in numbers)])
    if not body:
        return np.empty(0, kinds)
    if re.search(rb",\s*[+-]?nan", body, re.IGNORECASE):
        raise ValueError("an error is a number from 0 on")
    # Cells that are empty are the only ones that NumPy does not read; those at a line's end as well.
    text = re.sub(rb",(?=[,\r\n])", b",nan", body).decode("latin-1")
    places = [names.index(name) for name in kinds.names or ()]
    return np.loadtxt(io.StringIO(text), kinds, comments=None, delimiter=",", usecols=places, ndmin=1)


def _errors(values: npt.NDArray[np.float64], empty: bool = False) -> npt.NDArray[np.float64]:
    if not np.all(np.isfinite(values) & (values >= 0) | empty & np.isnan(values)):
        raise ValueError("an error is a number from 0 on")
    return np.ascontiguousarray(values)


def _counts(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    if not np.all((values >= 0) & (values < 1 << 31) & (values == np.floor(values))):
        raise ValueError("a number of sources is a whole number")
    return values.astype(np.int64)


def _ids(cells: npt.NDArray[np.str_]) -> npt.NDArray[np.uint64]:
    """Returns ids of 16 hexadecimal digits as numbers."""
    cells = np.ascontiguousarray(cells)
    codes = cells.view(np.uint32).reshape(len(cells), 17)
    table = np.full(128, 16, np.uint64)
    for value, digit in enumerate("0123456789abcdef"):
        table[ord(digit)] = value
    digits = table[np.minimum(codes, 127)]
    wrong = (codes[:, 16] != 0) | np.any(digits[:, :16] > 15, axis=1)
    if np.any(wrong):
        raise ValueError(f"{str(cells[np.argmax(wrong)])[:40]!a} is not an id of 16 hexadecimal digits")
    shifts = np.arange(60, -4, -4, dtype=np.uint64)
    numbers: npt.NDArray[np.uint64] = np.bitwise_or.reduce(digits[:, :16] << shifts, axis=1)
    return numbers


def _read(folder: str, name: str, maximum: int) -> bytes | None:
    try:
        return LocalFolder(folder).read_all(name, maximum)
    except MissingFileError:
        return None


def _object(data: bytes, where: str) -> Document:
    try:
        document = parse_json(data)
    except (ValueError, MemoryError) as error:
        raise DatasetError(f"{where} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise DatasetError(f"{where} is no JSON object")
    return document
