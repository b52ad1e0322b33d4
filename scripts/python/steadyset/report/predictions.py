"""Fields that a model predicts for samples of a dataset: the program `steadyset predict` computes them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import tempfile
from typing import Any

import numpy as np

from ..columns import read_dataset
from ..command import command
from ..errors import DatasetError
from ..frame import FloatArray
from ..samples import Samples
from ..storage import LocalFolder

_PATIENCE = 300.0
_SHAPES = ("disk", "ellipse", "rectangle", "ring", "polygon", "capsule")


def predict(model: str | os.PathLike[str], samples: Samples) -> FloatArray:
    """Returns the fields that a model predicts for samples, (samples, rows, columns).

    `model` is a folder or a file of weights, as `steadyset predict --model` takes it. Raises `DatasetError` where there is no
    program, and where it cannot predict.
    """
    with tempfile.TemporaryDirectory(prefix="steadyset-") as folder:
        lines, fields = pathlib.Path(folder, "samples.jsonl"), pathlib.Path(folder, "fields.h5")
        lines.write_text("".join(json.dumps(configuration(samples, k)) + "\n" for k in range(len(samples))))
        words = [str(command()), "predict", "--model", os.path.abspath(model), "--from", str(lines), "--output", str(fields)]
        try:
            done = subprocess.run(
                words, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=_PATIENCE
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DatasetError(f"{words[0]} cannot predict: {error}") from error
        if done.returncode:
            said = done.stderr.strip().splitlines() or [f"it ended with status {done.returncode}"]
            raise DatasetError(f"the model {os.fspath(model)} does not predict: {said[-1].removeprefix('steadyset: error: ')}")
        found = read_dataset(LocalFolder(folder), fields.name, fields.stat().st_size, "y")
    if found.shape != (len(samples), *samples.dataset.lattice):
        raise DatasetError(f"the model {os.fspath(model)} predicts fields of another lattice than the dataset's")
    return found.astype(np.float32)


def configuration(samples: Samples, index: int) -> dict[str, Any]:
    """Returns a sample as a line of configurations has it; see the article *Formats*."""
    line: dict[str, Any] = {"sources": [_source(row) for row in samples.sources(index).tolist()]}
    keys = samples.keys(index)
    return {**line, "keys": keys.tolist()} if keys.size else line


def _source(row: list[float]) -> dict[str, Any]:
    source: dict[str, Any] = {"row": int(row[0]), "column": int(row[1]), "value": row[3]}
    shape = _SHAPES[int(row[4])] if len(row) > 4 else "disk"
    if shape == "disk":
        return {**source, "radius": row[2]}
    a, b, angle = row[5:8]
    forms: dict[str, Any] = {
        "ellipse": {"radii": [a, b], "angle": angle}, "rectangle": {"halves": [a, b], "angle": angle},
        "ring": {"outer": a, "inner": b}, "capsule": {"half_length": a, "radius": b, "angle": angle},
        "polygon": [[i, j] for i, j in zip(row[8::2], row[9::2]) if i == i],
    }  # fmt: skip
    return {**source, shape: forms[shape]}
