"""The sections about a training: curves, errors by number of sources and region, and the samples that it predicts worst."""

from __future__ import annotations

import numpy as np

from ..dataset import Dataset
from ..errors import DatasetError
from . import charts
from .files import Document, Errors, StageFiles, mapping, real, whole
from .measures import Numbers
from .page import Section, plain
from .pictures import Panel, Picture, difference_scale, field_scale, gallery
from .predictions import predict
from .words import count, duration, rate, short

_WORST = 6
_MOST_LINES = 500
_STATISTICS = ("mean", "median", "95th percentile", "99th percentile")


def training(stage: StageFiles | None, metrics: list[Document], of: str) -> Section:
    """What was trained, and how its loss went; `of` says of which round, or nothing."""
    section = Section("training", f"Training{of}")
    if stage is not None:
        said, told = stage.parameters, stage.provenance
        model, content = mapping(said.get("model")), stage.content
        best = whole(content.get("best_epoch"))
        facts = [
            ("id", stage.id),
            ("model", f"{model.get('kind')}, width {model.get('width')}"),
            ("parameters", f"{whole(content.get('parameters')):,}"),
            ("learnt from", f"{count(whole(content.get('samples')), 'sample')}, selection {said.get('selection')}"),
            ("loss", _form(said.get("loss"))), ("prefactor", _form(said.get("prefactor"))),
            ("epochs", f"{whole(content.get('epochs'))}, the best is {best}" if best else str(whole(content.get("epochs")))),
            ("time", f"{duration(real(told.get('work_seconds')))}, {rate(real(told.get('samples_per_second')))}"),
        ]  # fmt: skip
        code = told.get("code")
        section.facts([*facts, ("code", str(code))] if code else facts)
    if metrics:
        _curves(section, metrics)
    if stage is not None:
        section.details("All parameters of the training", plain(stage.parameters))
    return section


def _form(value: object) -> str:
    """A loss or a prefactor in one line."""
    found = mapping(value)
    return ", ".join(f"{key} {_form(part)}" for key, part in found.items()) if found else str(value)


def _curves(section: Section, metrics: list[Document]) -> None:
    shown = metrics[:: -(-len(metrics) // _MOST_LINES)]
    if shown[-1] is not metrics[-1]:
        shown.append(metrics[-1])
    names = {"train_loss": "training", "judge_loss": "judging part"}
    rows = [
        {"epoch": whole(line["epoch"]), "part": name, "loss": charts.number(real(line[key]))}
        for key, name in names.items() for line in shown if np.isfinite(real(line.get(key)))
    ]  # fmt: skip
    positive = all(row["loss"] is not None and float(str(row["loss"])) > 0 for row in rows)
    epoch = charts.whole_numbers("epoch", "epoch", [whole(line["epoch"]) for line in shown])
    if rows:
        words = "on a logarithmic axis" if positive else "which may be negative"
        section.chart(
            "Loss", f"Mean over the samples of an epoch, {words}.",
            charts.lines(rows, epoch, charts.axis("loss", "loss", log=positive), "part", "of"),
        )  # fmt: skip
    mae = [
        {"epoch": whole(line["epoch"]), "part": "judging part", "mae": charts.number(real(line["judge_mae"]))}
        for line in shown if real(line.get("judge_mae")) > 0
    ]  # fmt: skip
    if mae:
        section.chart(
            "Mean absolute error", "Of the part that judges epochs.",
            charts.lines(mae, epoch, charts.axis("mae", "mean absolute error", log=True), "part", "of"),
        )  # fmt: skip
    rates = [
        {"epoch": whole(line["epoch"]), "what": "learning rate", "rate": charts.number(real(line["learning_rate"]))}
        for line in shown if np.isfinite(real(line.get("learning_rate")))
    ]  # fmt: skip
    if len({row["rate"] for row in rates}) > 1:
        section.chart(
            "Learning rate", "Of the last step of each epoch.",
            charts.lines(rates, epoch, charts.axis("rate", "learning rate", axis={"format": ".1e"}), "what", ""),
        )  # fmt: skip


def region_errors(errors: Errors) -> dict[str, Numbers]:
    """Returns the mean absolute errors of samples in the regions that are shown, by their keys; NaN where there is no site."""
    found = {"all": errors.mae, **errors.regions}
    return {key: found[key] for key in charts.REGION_NAMES if key in found}


def errors(table: Errors, stage: StageFiles | None, of: str) -> Section:
    """Errors by number of sources and region, and their distribution."""
    section = Section("errors", f"Errors{of}")
    if not len(table):
        return section
    selection = stage.parameters.get("selection") if stage is not None else None
    section.text(
        f"Mean absolute errors of {count(len(table), 'sample')}{f' of {selection}' if selection else ''}: the mean is "
        f"{table.mae.mean():.4g}, the 99th percentile {np.percentile(table.mae, 99):.4g}, the largest error of any site "
        f"{table.largest.max():.4g}. R1 to R4 are sites outside of sources, by the true value."
    )
    regions = region_errors(table)
    strata = np.unique(table.n_sources)
    number = charts.whole_numbers("sources", "sources in a sample", strata.tolist())
    rows = [
        {"sources": int(stratum), "region": charts.REGION_NAMES[key], "error": charts.number(value)}
        for key, values in regions.items() for stratum in strata
        if (value := _mean(values[table.n_sources == stratum])) > 0
    ]  # fmt: skip
    section.chart(
        "Error by number of sources and region", "Mean absolute error in a region, mean over samples, on a logarithmic axis.",
        charts.lines(rows, number, charts.axis("error", "mean absolute error", log=True), "region", "region",
                     order=[charts.REGION_NAMES[key] for key in regions]),
    )  # fmt: skip
    spread_of = [
        {"sources": int(stratum), "statistic": name, "error": charts.number(value)}
        for stratum in strata
        for name, value in zip(_STATISTICS, _statistics(table.mae[table.n_sources == stratum]))
    ]  # fmt: skip
    section.chart(
        "Spread by number of sources", "The mean absolute error of the whole field: how it differs among samples.",
        charts.lines(spread_of, number, charts.axis("error", "mean absolute error"), "statistic", "over samples",
                     order=_STATISTICS[::-1]),
    )  # fmt: skip
    section.chart(
        "Errors of samples", "Samples by the mean absolute error of the whole field, on a logarithmic axis.",
        charts.histogram(charts.bins(table.mae, 40, log=True), "mean absolute error", "samples", log=True),
    )  # fmt: skip
    section.chart(
        "Largest errors", "Samples by the largest absolute error of any site.",
        charts.histogram(charts.bins(table.largest, 40), "largest absolute error", "samples"),
    )  # fmt: skip
    section.table(
        "Errors by region, over samples", ("region", "samples", *_STATISTICS, "largest"),
        [
            (charts.REGION_NAMES[key], f"{found.size:,}", *map(short, _statistics(found)), short(float(found.max())))
            for key, values in regions.items() if (found := values[np.isfinite(values)]).size
        ],
    )  # fmt: skip
    return section


def _mean(values: Numbers) -> float:
    found = values[np.isfinite(values)]
    return float(found.mean()) if found.size else 0.0


def _statistics(values: Numbers) -> list[float]:
    return [float(values.mean()), *(float(found) for found in np.percentile(values, [50, 95, 99]))]


def worst(dataset: Dataset | None, table: Errors, trained: StageFiles | None, judged: StageFiles | None, of: str) -> Section:
    """The samples of the largest errors: prediction, truth and difference."""
    section = Section("worst", f"The worst predictions{of}")
    order = np.lexsort((table.id, -table.mae))[:_WORST]
    if not order.size:
        return section
    section.table(
        "Samples with the largest mean absolute error", ("id", "sources", "mean absolute error", "largest error"),
        [
            (f"{int(table.id[k]):016x}", str(table.n_sources[k]), short(table.mae[k]), short(table.largest[k]))
            for k in order.tolist()
        ],
    )  # fmt: skip
    section.text("Colours are those of the truth's values; a prediction beyond them has the colour of the nearest one.")
    try:
        section.html(_pictures(dataset, table, order.tolist(), trained, judged))
    except DatasetError as error:
        section.text(f"There are no pictures of them: {error}.")
    return section


def _pictures(
    dataset: Dataset | None, table: Errors, order: list[int], trained: StageFiles | None, judged: StageFiles | None
) -> str:
    if dataset is None:
        raise DatasetError("the dataset is elsewhere; name it with --data")
    if trained is None:
        raise DatasetError("there is no model here")
    models = judged.parameters.get("models") if judged is not None else None
    if models is not None and models != [trained.content.get("digest")]:
        raise DatasetError("the errors are of other predictions than those of the model that is here")
    try:
        found = dataset.select(ids=[int(table.id[k]) for k in order])
    except KeyError as error:
        raise DatasetError(f"the errors are of another dataset: {error.args[0]}") from error
    places = {id: k for k, id in enumerate(found.ids.tolist())}
    chosen = found[[places[int(table.id[k])] for k in order]]
    predicted = predict(trained.folder, chosen)
    truth = [one.y for one in chosen]
    differences = [ours - y for ours, y in zip(predicted, truth)]
    shown = [
        Picture(
            (
                Panel("prediction", predicted[k], "y"), Panel("truth", one.y, "y"),
                Panel("difference", differences[k], "difference"),
            ),
            one.x, f"sample {one.id}, {count(one.n_sources, 'source')}, mean absolute error {short(table.mae[row])}",
        )
        for k, (row, one) in enumerate(zip(order, chosen))
    ]  # fmt: skip
    scales = {
        "y": field_scale("prediction and truth", truth),
        "difference": difference_scale("difference, prediction less truth", differences),
    }
    return gallery(shown, scales, log=False)
