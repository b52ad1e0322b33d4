"""The sections about a dataset: what it is, pictures, distributions, error bounds, sizes and rates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..dataset import Dataset
from ..errors import DatasetError
from ..notebook.page import physics_facts
from ..order import IndexArray
from . import charts
from .files import Document, StageFiles, listed, real, whole
from .measures import (
    MOST_SOURCES, Numbers, fields_at_most, measure_fields, measure_sources, some_of_each_stratum, spread,
)  # fmt: skip
from .page import Section, Spec, plain
from .pictures import Panel, Picture, field_scale, gallery
from .words import count, duration, rate, short, size

_PICTURES = 6


def identity(dataset: Dataset | None, stages: Sequence[StageFiles], tags: dict[str, str]) -> Section:
    """What it is: id, parts, equation, recipe, what it was made from."""
    section = Section("identity", "What it is")
    facts: list[tuple[str, str]] = []
    names = {str(stage.provenance["pipeline"]) for stage in stages if stage.provenance.get("pipeline")}
    if names:
        facts.append(("pipeline", ", ".join(sorted(names))))
    if dataset is not None:
        facts += _facts(dataset)
    releases = {str(stage.provenance["steadyset"]) for stage in stages if stage.provenance.get("steadyset")}
    ends = [str(stage.provenance["finished"]) for stage in stages if stage.provenance.get("finished")]
    if releases:
        facts.append(("made by", f"Steadyset {', '.join(sorted(releases))}"))
    if ends:
        facts.append(("finished", max(ends)))
    section.facts(facts)
    if dataset is not None and dataset._manifest.selections:
        listing = listed(dataset.manifest["content"]["selections"])
        samples = {str(found.get("name")): whole(found.get("samples")) for found in listing}
        rows = [
            (found.name, f"{samples.get(found.name, 0):,}", ", ".join(f"{a:,} to {b - 1:,}" for a, b in found.ranges))
            for found in dataset._manifest.selections
        ]  # fmt: skip
        section.table(count(len(rows), "selection"), ("name", "samples", "ranks"), rows, folded=True)
    if tags:
        section.table("Versions", ("tag", "id"), sorted(tags.items()))
    if stages:
        rows = [(stage.stage, stage.id[:16], _inputs(stage) or "nothing") for stage in stages]
        section.table("Lineage: the first digits of the ids", ("stage", "id", "made from"), rows)
        recipe = {stage.stage: stage.parameters for stage in stages if stage.parameters}
        section.details("The recipe: parameters of all stages", plain(recipe))
    return section


def _facts(dataset: Dataset) -> list[tuple[str, str]]:
    parts = [
        f"{samples:,} {part.get('part')}"
        for part in listed(dataset.manifest["content"].get("parts")) if (samples := whole(part.get("samples")))
    ]  # fmt: skip
    try:
        equation = physics_facts(dataset)
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError, StopIteration) as error:
        raise DatasetError(f"{dataset._storage.root}/manifest.json: the physics has the wrong form: {error!r}") from error
    shards = f"{count(len(dataset._manifest.shards), 'file')}, codec {dataset._manifest.codec}"
    return [("id", dataset.id), ("samples", f"{len(dataset):,}: {', '.join(parts)}"), *equation, ("shards", shards)]


def _inputs(stage: StageFiles) -> str:
    """What a stage was made from."""
    return ", ".join(f"{one.get('stage')} {str(one.get('id'))[:16]}" for one in listed(stage.manifest.get("inputs")))


def pictures(dataset: Dataset) -> Section:
    """Some samples, from few sources to many."""
    section = Section("pictures", "Samples")
    chosen = list(some_of_each_stratum(dataset.all, _PICTURES))
    section.text("From few sources to many. Fields of more than 256 sites a side show the largest value of each block.")
    shown = [
        Picture(
            (Panel("x, the sources", one.x, "x"), Panel("y, the steady state", one.y, "y")), one.x,
            f"sample {one.id}, {count(one.n_sources, 'source')}, error at most {short(one.error_bound)}",
        )
        for one in chosen
    ]  # fmt: skip
    scales = {"x": field_scale("x", [one.x for one in chosen]), "y": field_scale("y", [one.y for one in chosen])}
    section.html(gallery(shown, scales, log=True))
    return section


def distributions(dataset: Dataset) -> Section:
    """Numbers of sources, values, distances, places, values of fields, coverage of regions."""
    section = Section("distributions", "Distributions")
    every = dataset.all
    of_sources, of_fields = spread(every, MOST_SOURCES), spread(every, fields_at_most(dataset))
    sources, fields = measure_sources(of_sources), measure_fields(of_fields)
    section.text(
        f"Numbers of sources and error bounds are of all {count(len(every), 'sample')}; places, distances and values of "
        f"sources of {len(of_sources):,} of them, fields of {len(of_fields):,}: those with the smallest ids, which is as good "
        "as chance and always the same."
    )
    section.chart(
        "Sources in a sample", "How many samples have so many sources, in each part.", _strata(dataset),
    )  # fmt: skip
    section.chart(
        "Values of sources", f"Of {count(len(sources.value), 'source')}.",
        charts.histogram(charts.bins(sources.value, 40), "value", "sources"),
    )  # fmt: skip
    if sources.distance.size:
        section.chart(
            "Distance to the nearest source", "From centre to centre, in sites.",
            charts.histogram(charts.bins(sources.distance, 40), "distance (sites)", "sources"),
        )  # fmt: skip
    if np.nanstd(sources.radius) > 0:
        section.chart(
            "Radii of disks", "In sites; other shapes have none.",
            charts.histogram(charts.bins(sources.radius[np.isfinite(sources.radius)], 30), "radius (sites)", "sources"),
        )  # fmt: skip
    section.chart(
        "Where sources are", "Centres of sources in squares of the lattice.", _places(dataset, sources.row, sources.column)
    )
    rows = [
        {"from": charts.number(10 ** (k / 10 - 8)), "to": charts.number(10 ** ((k + 1) / 10 - 8)), "count": int(found)}
        for k, found in enumerate(fields.logarithms.tolist())
    ]  # fmt: skip
    used = [k for k, row in enumerate(rows) if row["count"]]
    if used:
        section.chart(
            "Values of fields", f"Sites by the value of y, on a logarithmic axis; {100 * fields.zeros:.3g} % are 0 or less.",
            charts.histogram(rows[used[0] : used[-1] + 1], "y", "sites", log=True),
        )  # fmt: skip
    strata = np.unique(fields.n_sources).tolist()
    part = fields.shares
    shares = [
        {"sources": stratum, "region": name, "share": charts.number(float(part[fields.n_sources == stratum, k].mean()))}
        for k, name in enumerate(list(charts.REGION_NAMES.values())[1:])
        for stratum in strata
    ]  # fmt: skip
    section.chart(
        "Coverage of regions",
        "Mean share of the sites in each region; R1 to R4 are outside of sources (as in the paper's Fig. 3h).",
        charts.lines(
            shares, charts.whole_numbers("sources", "sources in a sample", strata),
            charts.axis("share", "share of the sites", axis={"format": "%"}), "region", "region",
        ),
    )  # fmt: skip
    return section


def _strata(dataset: Dataset) -> Spec:
    counts = dataset.all.n_sources
    rows = []
    for part in ("train", "validation", "test"):
        strata, found = np.unique(counts[dataset._part(part)], return_counts=True)
        rows += [{"sources": int(s), "part": part, "samples": int(n)} for s, n in zip(strata, found)]
    rows.sort(key=lambda row: int(row["sources"]))
    x = charts.axis("sources", "sources in a sample")
    return charts.bars(rows, x, charts.axis("samples", "samples"), "part", "part")


def _places(dataset: Dataset, row: Numbers, column: Numbers) -> Spec:
    return charts.heat(
        place_rows(dataset.lattice, row, column), charts.axis("column", "column (site)"), charts.axis("row", "row (site)"),
        "sources", "sources",
    )  # fmt: skip


def place_rows(lattice: tuple[int, int], row: Numbers, column: Numbers, squares: int = 24) -> list[dict[str, int]]:
    """Returns how many centres lie in each rectangle of a lattice, which has at most so many a side, equal if possible."""
    down, across = (_edges(side, squares) for side in lattice)
    counts, *_ = np.histogram2d(row, column, (down, across))
    return [
        {"row": int(down[i]), "column": int(across[j]), "sources": int(counts[i, j])}
        for i in range(len(down) - 1) for j in range(len(across) - 1)
    ]  # fmt: skip


def _edges(side: int, most: int) -> IndexArray:
    """Where parts of a side begin, and its end."""
    number = next((number for number in range(most, most // 2, -1) if side % number == 0), most)
    return np.linspace(0, side, number + 1).round().astype(np.int64)


def bounds(dataset: Dataset) -> Section:
    """Certified error bounds of all labels."""
    section = Section("bounds", "Certified error bounds")
    found = dataset.all.error_bounds
    tolerance = real(dataset.manifest["parameters"].get("tolerance"))
    section.text(
        f"No value of any label is further than {found.max():.3g} from the exact solution of the discrete equation; half of "
        f"the labels are within {np.median(found):.3g}. The recipe allows {tolerance:g}, the line."
    )
    rule = tolerance if np.isfinite(tolerance) and tolerance > 0 else None
    section.chart(
        "Error bounds of labels", "A certified bound for each sample, on a logarithmic axis.",
        charts.histogram(
            charts.bins(found, 40, log=True), "certified bound", "samples", log=True, rule=rule, rule_title="tolerance"
        ),
    )  # fmt: skip
    counts = dataset.all.n_sources
    strata = np.unique(counts).tolist()
    rows = [
        {"sources": int(stratum), "statistic": name, "bound": charts.number(value)}
        for stratum in strata
        for chosen in [found[counts == stratum]]
        for name, value in (("median", float(np.median(chosen))), ("largest", float(chosen.max())))
    ]  # fmt: skip
    section.chart(
        "Error bounds by the number of sources", "The median and the largest bound.",
        charts.lines(
            rows, charts.whole_numbers("sources", "sources in a sample", strata),
            charts.axis("bound", "certified bound", axis={"format": ".1e"}), "statistic", "bound", order=("largest", "median"),
        ),
    )  # fmt: skip
    return section


def sizes(dataset: Dataset | None, stages: Sequence[StageFiles]) -> Section:
    """Bytes, times and rates of stages, and what a sample takes."""
    section = Section("sizes", "Sizes and rates")
    if dataset is not None and len(dataset):
        rows, columns = dataset.lattice
        raw = 8 * rows * columns
        stored = sum(shard.bytes for shard in dataset._manifest.shards)
        section.text(
            f"The shards have {size(stored)}, {size(stored / len(dataset))} a sample: "
            f"{raw * len(dataset) / max(1, stored):.3g} times less than the {size(raw)} of x and y as they are in memory."
        )
    if stages:
        section.table(
            "Stages", ("stage", "samples", "files", "bytes", "work", "rate", "threads"), [_stage(stage) for stage in stages]
        )
    names = [name for name in ("x_bytes", "y_bytes") if dataset is not None and name in dataset._fields]
    if dataset is not None and names:
        counts, table = dataset.all.n_sources, dataset._table
        rows_of = [
            {"sources": stratum, "field": name[0], "bytes": charts.number(float(table[name][counts == stratum].mean()))}
            for stratum in np.unique(counts).tolist()
            for name in names
        ]  # fmt: skip
        section.chart(
            "Bytes of a sample", "Mean of what x and y take in the shards, by the number of sources.",
            charts.bars(rows_of, charts.axis("sources", "sources in a sample"), charts.axis("bytes", "bytes"), "field", "of"),
        )  # fmt: skip
    return section


def _stage(stage: StageFiles) -> tuple[str, ...]:
    told: Document = stage.provenance
    samples = whole(told.get("samples")) or whole(stage.content.get("samples"))
    return (
        stage.stage, f"{samples:,}" if samples else "–", str(len(listed(stage.manifest.get("files")))), size(stage.bytes),
        duration(real(told.get("work_seconds"))), rate(real(told.get("samples_per_second"))), str(told.get("threads", "–")),
    )  # fmt: skip
