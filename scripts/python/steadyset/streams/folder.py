"""The pipeline that a dataset was drawn by, out of its manifests."""

from __future__ import annotations

import json
import pathlib
from typing import Any

from ..errors import DatasetError, MissingFileError


def pipeline_of(folder: pathlib.Path) -> tuple[dict[str, Any], str]:
    """Returns as much of the pipeline as a stream needs, and the id of the dataset's first sample, of training rank 0.

    Raises `DatasetError` where the folder does not tell it: it has not all stages, as one that was published may not, or its
    configurations were imported.
    """
    sample, solve, split = (_manifest(folder, stage) for stage in ("sample", "solve", "split"))
    try:
        design = sample["parameters"].get("design")
        if design is None:
            raise DatasetError(f"{folder}: its configurations were imported, so nothing can be drawn: a stream needs a design")
        sampling = {name: design[name] for name in ("strata", "radius", "shapes", "values", "seed") if name in design}
        accuracy = {name: solve["parameters"][name] for name in ("tolerance", "grid_bits")}
        accuracy["method"] = solve["parameters"].get("method", "auto")
        parts = {name: split["parameters"][name] for name in ("test_every", "validation_every", "subsets", "windows")}
        pipeline = {
            "format": 1, "name": "dataset", "physics": design["physics"],
            "sampling": {**sampling, "samples_per_stratum": design["counts"]}, "solver": accuracy, "split": parts,
        }  # fmt: skip
        with _text(folder / "sample" / sample["files"][0]["path"]) as lines:
            return pipeline, str(json.loads(next(lines))["id"])
    except (KeyError, IndexError, TypeError, ValueError, StopIteration) as error:
        raise DatasetError(f"{folder}: the stage sample is damaged, or of another release: {error!r}") from error


def _manifest(folder: pathlib.Path, stage: str) -> dict[str, Any]:
    path = folder / stage / "manifest.json"
    with _text(path) as file:
        try:
            manifest: dict[str, Any] = json.load(file)
            if manifest["format"] == "steadyset-manifest" and manifest["stage"] == stage:
                return manifest
        except (KeyError, TypeError, ValueError):
            pass
    raise DatasetError(f"{path} is not the manifest of the stage {stage}")


def _text(path: pathlib.Path) -> Any:
    try:
        return path.open(encoding="utf-8")
    except FileNotFoundError as error:
        raise MissingFileError(
            f"{path} does not exist, and a stream of a dataset's folder needs the stages sample, solve and split: name the "
            "pipeline file instead"
        ) from error
    except OSError as error:
        raise DatasetError(f"cannot read {path}: {error.strerror or error}") from error
