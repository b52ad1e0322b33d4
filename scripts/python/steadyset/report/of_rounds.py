"""The sections about rounds: what each added and by which rule, what it bought, and a map of what it chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..dataset import Dataset
from ..errors import DatasetError
from ..manifest import Manifest
from ..samples import Samples
from ..storage import Storage
from ..versions import read_choices, read_version
from . import charts
from .files import Document, Errors, StageFiles, listed, mapping, read_errors, read_stage, real, round_numbers, whole
from .measures import Numbers, fields_at_most, measure_sources, nearest, spread
from .of_dataset import place_rows
from .of_training import region_errors
from .page import Section
from .pictures import Panel, Picture, field_scale, gallery
from .words import count, short

_POINTS = 600
"""Samples of the map, of each round and of what was there before."""
_MAPS = 4
_HARDEST = 4

AXES = {
    "sources": "number of sources", "nearest": "smallest distance between sources (sites)",
    "edge": "smallest distance to the edge (sites)", "value": "mean value of sources", "mean": "mean of the field",
    "strong": "share of sites with y ≥ 0.2", "score": "score when it was chosen",
}  # fmt: skip


@dataclass(frozen=True)
class Round:
    """A round, as far as it is done; round 0 is the base. Its model is judged in `errors`."""

    number: int
    folder: str
    chosen: StageFiles | None
    trained: StageFiles | None
    errors: Errors | None


def read_rounds(root: str) -> list[Round]:
    """Reads what the rounds of a dataset left, from the base on; none where there were no rounds."""
    numbers = round_numbers(root)
    if not numbers:
        return []
    places = [(0, root), *((number, f"{root}/rounds/{number}") for number in numbers)]
    return [
        Round(number, place, read_stage(place, "resample") if number else None, read_stage(place, "train"), read_errors(place))
        for number, place in places
    ]


def rounds(found: list[Round]) -> Section:
    """What each round added, and what it bought."""
    section = Section("rounds", "Rounds")
    if not found:
        return section
    section.text("Each round has a model learn from more samples, chosen by its rule; round 0 is the model of the base.")
    section.table(
        "What each round added, and the errors of its model",
        ("round", "rule", "added", "taken", "dropped", "score of the chosen", "of all candidates", "learnt from", "mean error",
         "99th percentile"),
        [_row(one) for one in found],
    )  # fmt: skip
    added: list[dict[str, Any]] = [
        {"sources": whole(stratum.get("sources")), "round": f"round {one.number}", "samples": samples}
        for one in found if one.chosen is not None
        for stratum in listed(one.chosen.content.get("strata"))
        if (samples := whole(stratum.get("added")) + whole(stratum.get("taken")))
    ]  # fmt: skip
    added.sort(key=lambda row: int(row["sources"]))
    if added:
        section.chart(
            "Chosen samples by number of sources", "Samples that joined the training set, by the number of sources.",
            charts.bars(added, charts.axis("sources", "sources in a sample"), charts.axis("samples", "samples"), "round"),
        )  # fmt: skip
    judged = [one for one in found if one.errors is not None and len(one.errors)]
    if len(judged) > 1:
        _bought(section, judged)
    return section


def _row(one: Round) -> tuple[str, ...]:
    content: Document = one.chosen.content if one.chosen is not None else {}
    curation = mapping(one.chosen.parameters.get("curation")) if one.chosen is not None else {}
    mae = one.errors.mae if one.errors is not None and len(one.errors) else None
    learnt = whole(one.trained.content.get("samples")) if one.trained is not None else 0
    numbers = [f"{whole(content.get(key)):,}" if content else "" for key in ("added", "taken", "dropped")]
    scores = [short(real(content.get(key))) if content else "" for key in ("mean_score", "mean_candidate_score")]
    return (
        str(one.number), str(curation.get("acquisition", "")), *numbers, *scores, f"{learnt:,}" if learnt else "–",
        "–" if mae is None else short(float(mae.mean())), "–" if mae is None else short(float(np.percentile(mae, 99))),
    )  # fmt: skip


def _bought(section: Section, judged: list[Round]) -> None:
    rows, by_region = [], []
    for one in judged:
        assert one.errors is not None
        mae = one.errors.mae
        samples = whole(one.trained.content.get("samples")) if one.trained is not None else one.number
        for name, value in (("mean", mae.mean()), ("median", np.median(mae)), ("99th percentile", np.percentile(mae, 99))):
            rows.append({"samples": samples, "round": one.number, "statistic": name, "error": charts.number(float(value))})
        for key, values in region_errors(one.errors).items():
            mean = float(np.nanmean(values)) if np.isfinite(values).any() else 0.0
            if mean > 0:
                by_region.append({"round": one.number, "region": charts.REGION_NAMES[key], "error": charts.number(mean)})
    ticks: dict[str, Any] = {"scale": {"zero": False}, "axis": {"tickCount": 6}}
    known = all(one.trained is not None for one in judged)
    section.chart(
        "What rounds bought", "Mean absolute errors, by the number of samples that the model learnt from.",
        charts.lines(rows,
                     charts.axis("samples", "training samples" if known else "round", **ticks),
                     charts.axis("error", "mean absolute error", log=True), "statistic", "over samples",
                     order=("99th percentile", "mean", "median")),
    )  # fmt: skip
    section.chart(
        "What rounds bought, by region", "Mean absolute error in each region after each round.",
        charts.lines(by_region, charts.whole_numbers("round", "round", [one.number for one in judged]),
                     charts.axis("error", "mean absolute error", log=True), "region", "region"),
    )  # fmt: skip


def version_chain(storage: Storage, last: Manifest) -> list[Manifest]:
    """Returns the versions that led to one, the first round first, that one last; none of the base."""
    chain: list[Manifest] = []
    while mapping(last.document["content"].get("round")):
        chain.append(last)
        last = read_version(storage, str(last.document["content"]["parent"]))
        if len(chain) > 1000:
            raise DatasetError(f"{storage.root}: more than 1000 versions lead to {last.document['id'][:16]}")
    return chain[::-1]


def choices(dataset: Dataset) -> Section:
    """A map of what the rounds that led to a version chose, and of where its sources are. `dataset` is that version."""
    section = Section("choices", "A map of what was chosen")
    groups: list[tuple[str, Samples, dict[int, float]]] = []
    joined: set[int] = set()
    for manifest in version_chain(dataset._storage, dataset._manifest):
        table = read_choices(dataset._storage, manifest)
        table = table[table["action"] != "dropped"]
        if not len(table):
            continue
        scores = dict(zip(table["id"].tolist(), table["score"].tolist()))
        joined |= set(scores)
        name = f"round {whole(mapping(manifest.document['content']['round']).get('number'))}"
        groups.append((name, spread(_of_ids(dataset, table["id"]), _POINTS), scores))
    if not groups:
        return section
    train = dataset.select(part="train")
    before = train[np.flatnonzero(~np.isin(train.ids, np.array(sorted(joined), np.uint64)))]
    most = min(_POINTS, fields_at_most(dataset))
    groups = [("before", spread(before, most), {}), *((name, spread(found, most), scores) for name, found, scores in groups)]
    rows = [row for name, found, scores in groups for row in _features(name, found, scores)]
    section.text(
        f"A mark is a sample: of the training part before the rounds, and of what each round chose; of each at most {most:,}. "
        "Choose what stands along the axes."
    )
    section.chart(
        "Samples before and in each round", "Each mark is a sample; colours and shapes are rounds.",
        charts.points(rows, AXES, "round", "round", ("nearest", "mean"), ("id", *AXES)),
    )  # fmt: skip
    last = [groups[0], *groups[1:][-_MAPS + 1 :]]
    places = []
    for name, found, _ in last:
        measured = measure_sources(found)
        squares = place_rows(dataset.lattice, measured.row, measured.column, 12)
        whole_number = max(1, measured.row.size)
        places += [{**row, "sources": charts.number(row["sources"] / whole_number), "round": name} for row in squares]
    section.chart(
        "Where sources of the chosen are", "Share of the centres in squares of the lattice.",
        charts.heat(places, charts.axis("column", "column"), charts.axis("row", "row"), "sources", "share", facet="round"),
    )  # fmt: skip
    name, found, scores = groups[-1]
    order = sorted(range(len(found)), key=lambda k: -scores.get(int(found.ids[k]), 0.0))[:_HARDEST]
    hardest = list(found[order])
    section.heading(f"The highest scores of {name}")
    shown = [
        Picture((Panel("x", one.x, "x"), Panel("y", one.y, "y")), one.x,
                f"sample {one.id}, {count(one.n_sources, 'source')}, score {short(scores.get(int(one.id, 16), np.nan))}")
        for one in hardest
    ]  # fmt: skip
    scales = {"x": field_scale("x", [one.x for one in hardest]), "y": field_scale("y", [one.y for one in hardest])}
    section.html(gallery(shown, scales, log=True))
    return section


def _of_ids(dataset: Dataset, ids: npt.NDArray[np.uint64]) -> Samples:
    every = dataset.all
    return every[np.flatnonzero(np.isin(every.ids, ids))]


def _features(name: str, samples: Samples, scores: dict[int, float]) -> list[dict[str, object]]:
    rows, columns = samples.dataset.lattice
    found: list[dict[str, object]] = []
    for first in range(0, len(samples), 64):
        part = samples[first : first + 64]
        _, y = part.read(range(len(part)))
        for k in range(len(part)):
            places: Numbers = part.sources(k)[:, :4].astype(np.float64)
            id = int(part.ids[k])
            apart = nearest(places[:, :2])
            edge = np.minimum(places[:, :2], np.array([rows - 1, columns - 1]) - places[:, :2]).min()
            values = {
                "sources": float(part.n_sources[k]), "edge": float(edge),
                "nearest": float(apart.min()) if apart.size else np.nan,
                "value": float(places[:, 3].mean()), "mean": float(y[k].mean()), "strong": float((y[k] >= 0.2).mean()),
                "score": scores.get(id, np.nan),
            }  # fmt: skip
            found.append({"id": f"{id:016x}", "round": name, **{key: charts.number(value) for key, value in values.items()}})
    return found
