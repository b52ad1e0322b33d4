"""The report of the study of curation: tables, findings, pictures."""

import csv
import importlib.util
import json
import sys

from . import curation
from .curation_results import STATISTICS, collect, findings, of, ratio
from .plan import STUDIES
from .report import NoModels, ending, opening
from .results import REGIONS, Spread

NAMES = {"mean": "mean", "p95": "95th percentile", "p99": "99th percentile", "max": "maximum"}


def write(study, output, folder):
    """Writes models.csv, pictures and report.md of the runs that are done; returns the text of the last."""
    models, exchanged = collect(study, output / "runs")
    if not models:
        raise NoModels(f"no run is done in {output / 'runs'}")
    folder.mkdir(parents=True, exist_ok=True)
    _write_models(folder / "models.csv", models, exchanged)
    text = _article(study, output / "runs", models, exchanged, _pictures(study, models, folder))
    (folder / "report.md").write_text(text)
    return text


def _write_models(path, models, exchanged):
    """A row for each model and region; `learner` is the network, that of the case or another on the case's set."""
    with path.open("w") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case", "learner", "way", "seed", "round", "samples", "region", *STATISTICS])
        every = [(model.case.network, model) for model in models]
        every += [(network, model) for (_, network), own in exchanged.items() for model in own]
        for learner, m in every:
            for region, errors in m.errors.items():
                digits = [f"{errors[statistic]:.9g}" for statistic in STATISTICS]
                writer.writerow([m.case.name, learner, m.way, m.seed, m.round, m.samples, region, *digits])


def _pictures(study, models, folder):
    if importlib.util.find_spec("matplotlib") is None:
        print("no pictures: matplotlib is not installed", file=sys.stderr)
        return []
    from . import curation_plots

    return curation_plots.curves(study, models, folder)


def _article(study, runs, models, exchanged, pictures):
    command = "scripts/study curation" + (f" --scale {study.scale}" if study.scale != "reduced" else "")
    done = {(m.case.name, m.way, m.seed) for m in models}
    wanted = sum(len(case.ways) for case in study.cases) * len(study.seeds)
    data = ", ".join(f"`{path.relative_to(STUDIES.parents[1])}`" for path in sorted({case.data for case in study.cases}))
    lines = [
        *opening(study.title, command),
        f"{len(done)} of {wanted} runs of the scale *{study.scale}*, seeds {study.seeds[0]} to {study.seeds[-1]}, data {data}; "
        f"{_minutes(study, runs, models):.0f} minutes of training in all, one thread a model. In a run a model learns from a stratified "
        f"random start; then {study.count} times {study.rounds['add']} of {study.rounds['pool']} new candidates are chosen by what the "
        "last model makes of them, and a new model learns from all. All ways of choosing start from the same samples and model, and "
        f"train as many steps on as many samples as `{study.baseline}`, the stratified random choice. Scores are true errors unless a "
        "way's name says otherwise. The numbers are of the samples' mean absolute errors over the test part, which has no part in any "
        "choice; ratios are to the baseline of the same seed, mean ± standard deviation over the seeds.",
        "",
        "The ways, as members of a pipeline's `rounds`:",
        "",
        *_ways(study),
        "",
    ]
    for case in study.cases:
        if of(models, case, study.baseline, study.count):
            lines += [f"## {case.name}", "", _table(study, models, case), "", _regions(study, models, case), ""]
    lines += ["## Findings", ""]
    return "\n".join(lines + ending(study, findings(study, models, exchanged), pictures)).rstrip() + "\n"


def _ways(study):
    ways = {name: way for case in study.cases for name, way in case.ways.items()}
    return [f"- `{name}`: `{json.dumps(way)[1:-1].replace(chr(34), '')}`" for name, way in ways.items()]


def _minutes(study, runs, models):
    folders = {curation.run_folder(runs, m.case, "base", m.seed) for m in models}
    folders |= {curation.round_folder(curation.run_folder(runs, m.case, m.way, m.seed), m.round) for m in models if m.round}
    paths = [folder / "train/provenance.json" for folder in folders]
    return sum(json.loads(path.read_text())["seconds"] for path in paths if path.is_file()) / 60


def _table(study, models, case):
    """A row a way: the last round's errors, and their ratios to the baseline's."""
    columns = ["way", "seeds", *NAMES.values(), *(f"ratio of the {NAMES[key]}" for key in ("mean", "p95", "p99"))]
    rows = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    baselines = of(models, case, study.baseline, study.count)
    start = of(models, case, study.baseline, 0)
    rows.append(_row("(the start)", start, None))
    for way in case.ways:
        if found := of(models, case, way, study.count):
            rows.append(_row(f"`{way}`", found, None if way == study.baseline else baselines))
    return "\n".join(rows)


def _row(name, found, baselines):
    cells = [name, str(len(found))]
    cells += [str(Spread.of([m.errors["all"][statistic] for m in found.values()])) for statistic in STATISTICS]
    for statistic in ("mean", "p95", "p99"):
        spread = ratio(found, baselines, statistic) if baselines else None
        cells.append("" if spread is None else f"{spread.mean:.3f} ± {spread.deviation:.3f}")
    return f"| {' | '.join(cells)} |"


def _regions(study, models, case):
    """Ratios to the baseline by region: mean, 95th and 99th percentile, maximum."""
    columns = ["way", *(("R" + r[1:] if r[0] == "r" else r) for r in REGIONS)]
    rows = ["The same ratios by region: mean / 95th / 99th percentile / maximum.", ""]
    rows += [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    baselines = of(models, case, study.baseline, study.count)
    for way in case.ways:
        found = of(models, case, way, study.count)
        if way == study.baseline or not found:
            continue
        ratios = [[ratio(found, baselines, statistic, region) for statistic in STATISTICS] for region in REGIONS]
        cells = [" / ".join("–" if spread is None else f"{spread.mean:.2f}" for spread in row) for row in ratios]
        rows.append(f"| `{way}` | {' | '.join(cells)} |")
    return "\n".join(rows)
