"""Errors of predicted fields by region, and their summary (Toledo-Marín, Glazier and Fox 2023, §3).

Nothing here needs PyTorch. The files are those of `steadyset evaluate`: see the article *Training*.
"""

from __future__ import annotations

import math
import os
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .errors import TrainingError

REGIONS = ("sources", "field", "r1", "r2", "r3", "r4")
MEASURES = ("mae", "mse", "max", "nrmse", "vrmse", *REGIONS)
COLUMNS = ("id", "n_sources", "part", "rank", *MEASURES)
SUMMARY_COLUMNS = ("n_sources", "measure", "samples", "mean", "median", "p95", "p99", "max")
ALL = "all"
_RELATIVE = ("nrmse", "vrmse")


@dataclass(frozen=True)
class FieldErrors:
    """How far a predicted field is from its label.

    `regions` are mean absolute errors in the order of `REGIONS`, none where the region has no site. `nrmse` is the root mean
    squared error over the label's root mean square (the relative L2 error), `vrmse` over its standard deviation; none where that
    is 0, or a table does not have it.
    """

    mae: float
    mse: float
    largest: float
    regions: tuple[float | None, ...]
    nrmse: float | None = None
    vrmse: float | None = None

    def __getitem__(self, measure: str) -> float | None:
        """What a column of errors.csv says: one of `MEASURES`."""
        if measure in REGIONS:
            return self.regions[REGIONS.index(measure)]
        found = {"mae": self.mae, "mse": self.mse, "max": self.largest, "nrmse": self.nrmse, "vrmse": self.vrmse}
        return found[measure]


@dataclass(frozen=True)
class ScoredSample:
    """A row of errors.csv. `variance` is there where a prediction has an uncertainty."""

    id: str
    n_sources: int
    part: str
    rank: int
    errors: FieldErrors
    variance: float | None = None


def region_masks(x: npt.ArrayLike, y: npt.ArrayLike) -> dict[str, npt.NDArray[np.bool_]]:
    """Returns the sites of each region: where x > 0, the rest, and of the rest those with y ≥ 0.2, 0.1 ≤ y < 0.2,
    0.05 ≤ y < 0.1 and y < 0.05."""
    sources = np.asarray(x) > 0
    truth = np.asarray(y, np.float64)
    field = ~sources
    return {
        "sources": sources,
        "field": field,
        "r1": field & (truth >= 0.2),
        "r2": field & (truth >= 0.1) & (truth < 0.2),
        "r3": field & (truth >= 0.05) & (truth < 0.1),
        "r4": field & (truth < 0.05),
    }


def field_errors(x: npt.ArrayLike, y: npt.ArrayLike, prediction: npt.ArrayLike) -> FieldErrors:
    """Returns the errors of a prediction, all of (rows, columns), computed in binary64."""
    error = np.asarray(prediction, np.float64) - np.asarray(y, np.float64)
    size = np.abs(error)
    masks = region_masks(x, y)
    means = (float(size[masks[name]].mean()) if masks[name].any() else None for name in REGIONS)
    mse = float((error * error).mean())
    truth = np.asarray(y, np.float64)
    nrmse, vrmse = ((mse / square) ** 0.5 if square > 0 else None for square in (float((truth * truth).mean()), float(truth.var())))
    return FieldErrors(float(size.mean()), mse, float(size.max()), tuple(means), nrmse, vrmse)


def write_errors(path: str | os.PathLike[str], scored: Sequence[ScoredSample]) -> None:
    """Writes errors.csv: a row a sample, nine significant digits, nothing where a region has no site."""
    uncertain = any(sample.variance is not None for sample in scored)
    with _rows(path, [*COLUMNS, *(["variance"] if uncertain else [])]) as rows:
        for one in scored:
            values = [one.errors[name] for name in MEASURES]
            if uncertain:
                values.append(one.variance)
            rows.write([one.id, one.n_sources, one.part, one.rank, *map(_digits, values)])


def read_errors(path: str | os.PathLike[str]) -> list[ScoredSample]:
    """Returns the rows of an errors.csv, anybody's that has these columns and perhaps others.

    Raises `TrainingError` that names file and line where a column is missing or there twice, a row is short, an id is none or there
    twice, or a cell is no finite number. Only regions, `nrmse`, `vrmse` and `variance` may be empty; the last three need not be there.
    """
    try:
        text = pathlib.Path(path).read_bytes().decode("ascii")
    except OSError as error:
        raise TrainingError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TrainingError(f"{path}: a table of errors is ASCII, there is another byte at {error.start}") from error
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    header = lines[0].split(",")
    for name in COLUMNS:
        if header.count(name) != 1 and (name in header or name not in _RELATIVE):
            raise TrainingError(f"{path}:1: there must be one column {name!r}, there are {header.count(name)}")
    found, seen = [], set()
    for number, line in enumerate(lines[1:], 2):
        cells = line.split(",")
        if len(cells) != len(header):
            raise TrainingError(f"{path}:{number}: the line has {len(cells)} cells, the first one {len(header)}")
        try:
            sample = _scored(dict(zip(header, cells)))
        except ValueError as error:
            raise TrainingError(f"{path}:{number}: {error}") from error
        if sample.id in seen:
            raise TrainingError(f"{path}:{number}: the sample {sample.id} is there twice")
        seen.add(sample.id)
        found.append(sample)
    return found


def _scored(row: Mapping[str, str]) -> ScoredSample:
    if not re.fullmatch("[0-9a-f]{16}", row["id"]):
        raise ValueError(f"{ascii(row['id'])[:40]} is not an id of 16 hexadecimal digits")
    regions = tuple(_real(row, name) if row[name] else None for name in REGIONS)
    relative = (_real(row, name) if row.get(name) else None for name in _RELATIVE)
    errors = FieldErrors(_real(row, "mae"), _real(row, "mse"), _real(row, "max"), regions, *relative)
    variance = _real(row, "variance") if row.get("variance") else None
    return ScoredSample(row["id"], _whole(row, "n_sources"), row["part"], _whole(row, "rank"), errors, variance)


def _real(row: Mapping[str, str], name: str) -> float:
    text = row[name]
    if not re.fullmatch(r"[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]{1,4})?", text) or not math.isfinite(float(text)):
        raise ValueError(f"{name} is a number from 0 on, not {ascii(text)[:40]}")
    return float(text)


def _whole(row: Mapping[str, str], name: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", row[name]):
        raise ValueError(f"{name} is a whole number, not {ascii(row[name])[:40]}")
    return int(row[name])


@dataclass(frozen=True)
class SummaryLine:
    """Statistics of what one of `MEASURES` is for some samples. `n_sources` is a number or `all`."""

    n_sources: str
    measure: str
    samples: int
    mean: float
    median: float
    p95: float
    p99: float
    largest: float


def summarise(scored: Sequence[ScoredSample]) -> list[SummaryLine]:
    """Returns a line for each number of sources, then for all, and in it for each of `MEASURES` that any of the samples has.

    Percentiles are linear between order statistics, as NumPy's default.
    """
    lines = []
    counts = sorted({sample.n_sources for sample in scored})
    for n_sources in [*map(str, counts), ALL]:
        chosen = [sample.errors for sample in scored if n_sources in (ALL, str(sample.n_sources))]
        for measure in MEASURES:
            values = np.array([value for value in (errors[measure] for errors in chosen) if value is not None])
            if values.size:
                median, p95, p99 = np.percentile(values, [50, 95, 99]).tolist()
                mean, largest = float(values.mean()), float(values.max())
                lines.append(SummaryLine(n_sources, measure, len(values), mean, median, p95, p99, largest))
    return lines


def error_in(errors: FieldErrors, region: str) -> float | None:
    """Returns the mean absolute error in a region, or in `all`."""
    return errors["mae" if region == ALL else region]


def write_summary(path: str | os.PathLike[str], lines: Iterable[SummaryLine]) -> None:
    """Writes summary.csv."""
    with _rows(path, SUMMARY_COLUMNS) as rows:
        for line in lines:
            values = (line.mean, line.median, line.p95, line.p99, line.largest)
            rows.write([line.n_sources, line.measure, line.samples, *map(_digits, values)])


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


class _rows:
    """A CSV file that appears under its name when it is whole."""

    def __init__(self, path: str | os.PathLike[str], header: Sequence[str]) -> None:
        self._target = pathlib.Path(path)
        self._temporary = self._target.with_name(self._target.name + ".tmp")
        self._header = header

    def __enter__(self) -> _rows:
        self._file = self._temporary.open("w", newline="")
        self.write(self._header)
        return self

    def write(self, row: Iterable[object]) -> None:
        self._file.write(",".join(map(str, row)) + "\n")

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._temporary.replace(self._target)
