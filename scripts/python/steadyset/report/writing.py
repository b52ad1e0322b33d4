"""Puts a report together and writes it."""

from __future__ import annotations

import os
import pathlib
import secrets
from dataclasses import dataclass

from ..dataset import Dataset
from ..dataset import open as open_dataset
from ..errors import DatasetError
from ..storage import LocalFolder, is_url
from ..versions import read_tags, read_version, split_reference
from . import of_dataset, of_rounds, of_training
from .files import STAGES, Errors, StageFiles, mapping, read_errors, read_metrics, read_stage, whole
from .page import Section, page

_REFRESH = 5
"""Seconds after which a page of a run that goes on is loaded again."""


@dataclass(frozen=True)
class _Subject:
    """What a report is about: a folder, and the dataset in it."""

    root: str | None
    name: str
    dataset: Dataset | None
    stages: list[StageFiles]


def write_report(
    location: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    data: str | os.PathLike[str] | None = None,
    live: bool = False,
) -> pathlib.Path:
    """Writes the page of a dataset's folder or URL, of `DATASET@VERSION`, or of the folder of a training. Returns its path.

    `output` is `report.html` in that folder unless given, and in the current folder for a URL. It appears when it is whole.
    `data` is the dataset that a training in a folder of its own learnt from. `live` says that the run goes on, so that
    browsers load the page again. Raises `DatasetError` for what is damaged or not there.
    """
    subject = _subject(os.fspath(location), None if data is None else os.fspath(data))
    if output is None:
        output = pathlib.Path(subject.root or ".") / "report.html"
    path = pathlib.Path(output)
    text = _page(subject, live)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        # Its permissions are those that the umask leaves, as of any other file.
        with open(temporary, "x", encoding="utf-8") as file:
            file.write(text)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def _subject(text: str, data: str | None) -> _Subject:
    place, version = split_reference(text)
    place = place.rstrip("/") or "/"
    if is_url(place):
        return _Subject(None, place.rpartition("/")[2], open_dataset(place, version=version), [])
    if not os.path.isdir(place):
        raise DatasetError(f"{place} is no folder: name the folder of a dataset or of a training")
    if os.path.exists(f"{place}/manifest.json") and not os.path.exists(f"{place}/pack"):
        # The folder `pack` alone, as it is published.
        return _Subject(place, os.path.basename(os.path.abspath(place)), open_dataset(place, version=version), [])
    stages = [found for stage in STAGES if (found := read_stage(place, stage)) is not None]
    packed = any(stage.stage == "pack" for stage in stages)
    dataset: Dataset | None
    if packed or version is not None:
        dataset = open_dataset(f"{place}/pack", version=version)
    else:
        dataset = None if data is None else open_dataset(data)
    if dataset is None and not stages and not os.path.exists(f"{place}/train/metrics.jsonl"):
        raise DatasetError(
            f"{place} has neither a dataset nor a training: a folder that 'steadyset run' made has sample/, pack/ …"
        )
    name = os.path.basename(os.path.abspath(place)) + (f"@{version}" if version is not None else "")
    return _Subject(place, name, dataset, stages)


def _page(subject: _Subject, live: bool) -> str:
    dataset, stages, root = subject.dataset, subject.stages, subject.root
    tags = {}
    if dataset is not None and isinstance(dataset._storage, LocalFolder):
        tags = read_tags(dataset._storage)
    sections: list[Section] = [of_dataset.identity(dataset, stages, tags)]
    if dataset is not None and len(dataset):
        sections += [of_dataset.pictures(dataset), of_dataset.distributions(dataset), of_dataset.bounds(dataset)]
    sections.append(of_dataset.sizes(dataset, stages))
    if root is not None:
        rounds = of_rounds.read_rounds(root)
        version = None if dataset is None else _last_version(dataset, tags)
        sections.append(of_rounds.rounds(rounds))
        if version is not None:
            sections.append(of_rounds.choices(version))
        done = [one for one in rounds if one.number and (one.trained is not None or one.errors is not None)]
        if done:
            sections += _of_training(done[-1].folder, done[-1].errors, dataset, f", round {done[-1].number}")
        else:
            sections += _of_training(root, rounds[0].errors if rounds else read_errors(root), dataset, "")
    lead = "A dataset of steady-state diffusion fields and what was learnt from it, made by Steadyset."
    note = "The run goes on; this page is loaded again every few seconds." if live else ""
    return page(subject.name, f"{lead} {note}".strip(), sections, refresh=_REFRESH if live else None)


def _of_training(folder: str, errors: Errors | None, dataset: Dataset | None, of: str) -> list[Section]:
    """Sections of the model in a folder: that of the base or of a round, or one in a folder of its own."""
    trained, judged = read_stage(folder, "train"), read_stage(folder, "evaluate")
    found = [of_training.training(trained, read_metrics(folder), of)]
    if errors is not None:
        found += [of_training.errors(errors, judged, of), of_training.worst(dataset, errors, trained, judged, of)]
    return found


def _last_version(dataset: Dataset, tags: dict[str, str]) -> Dataset | None:
    """Returns the version that was asked for, else the tagged one of the last round; None where there are no rounds."""
    if mapping(dataset.manifest["content"].get("round")):
        return dataset
    versions = [read_version(dataset._storage, id) for id in sorted(set(tags.values()))]
    numbered = [(whole(mapping(one.document["content"].get("round")).get("number")), one) for one in versions]
    number, last = max(numbered, key=lambda pair: pair[0], default=(0, None))
    return Dataset(dataset._storage, manifest=last) if number else None
