"""The report of the study of training without an end: tables, findings, a picture."""

import importlib.util
import json
import sys

from . import endless_results, execute, results
from .endless import ENDLESS
from .endless_results import mean_of, of, p99_of, ratio
from .plan import STUDIES
from .report import NoModels, ending, opening, seconds
from .results import Spread

COLUMNS = (
    "learnt from", "samples × visits", "models", "mean", "99th percentile", "ratio of the mean", "ratio of the 99th percentile",
    "times less than constant", "training loss",
)  # fmt: skip


def write(study, data, runs, folder):
    """Writes models.csv, the picture and report.md of the runs that are done; returns the text of the last."""
    done = [run for run in study.runs if execute.is_done(runs / run.name)]
    if not done:
        raise NoModels(f"no model is there in {runs}")
    found, field = results.collect(done, runs), endless_results.constant(data)
    folder.mkdir(parents=True, exist_ok=True)
    results.write_runs(folder / "models.csv", found)
    minutes = sum(time for run in done if (time := seconds(runs / run.name)) is not None) / 60
    losses = {run: _loss(runs / run) for run in (result.run.name for result in found)}
    text = _article(study, found, field, minutes, losses, _pictures(study, found, field, folder))
    (folder / "report.md").write_text(text)
    return text


def _pictures(study, found, field, folder):
    if importlib.util.find_spec("matplotlib") is None:
        print("no pictures: matplotlib is not installed", file=sys.stderr)
        return []
    from . import plots

    return plots.of_endless(study, found, field, folder)


def _loss(target):
    """The mean loss over the samples of the last epoch, as they came."""
    lines = (execute.model_of(target) / "train/metrics.jsonl").read_text().splitlines()
    return json.loads(lines[-1])["train_loss"]


def _article(study, found, field, minutes, losses, pictures):
    command = "scripts/study endless" + (f" --scale {study.scale}" if study.scale != "reduced" else "")
    lines = [
        *opening(study.title, command),
        f"{len(found)} of {len(study.runs)} models of the scale *{study.scale}*, seeds {study.seeds[0]} to {study.seeds[-1]}"
        f"{_missing(study, found)}. Data `{study.data.relative_to(STUDIES.parents[1])}`; {minutes:.0f} minutes of training in all, one thread a model. The clock "
        "includes waits for a core that others had.",
        "",
        "All models of a table take the same number of steps and see as many samples. *Endless* sees each once, "
        "`selection: endless`; its first samples are the dataset's own, and all come in the order of their ranks, the same for every "
        "seed. A fixed set is seen `visits` times, in another order each time and for each seed; "
        "sets are nested subsets of one dataset. No part judges epochs: the model is that of the last. "
        f"All are judged on the same {field.tested:,} test samples, which no training sees. The numbers are of the samples' mean absolute "
        "errors, mean ± standard deviation over seeds. Ratios are to *endless*, seed by seed, the geometric mean and Student's 95% "
        "interval. The best constant field is the median at each site of the labels of the first "
        f"{field.count:,} training samples. The training loss is the mean absolute error over the samples of the last epoch, as they came: "
        "where the test error is well above it, the network knows its samples by heart.",
        "",
    ]
    for case in study.cases:
        if any(r.run.variant == case.name for r in found):
            lines += [f"## {case.network}, {case.seen:,} samples seen", "", _trained(study, case), "", _table(found, case, field, losses), ""]
    lines += ["## Findings", ""]
    return "\n".join(lines + ending(study, endless_results.findings(study, found, field), pictures)).rstrip() + "\n"


def _missing(study, found):
    """Says of which cases which seeds have models that are not trained."""
    there = {(r.run.variant, r.run.selection, r.run.seed) for r in found}
    seeds = {}
    for run in study.runs:
        if (run.variant, run.selection, run.seed) not in there:
            seeds.setdefault(run.variant, {})[run.seed] = True
    names = [f"`{name}` of seed {' and '.join(map(str, own))}" for name, own in seeds.items()]
    return f"; not all are trained of {', '.join(names)}" if names else ""


def _trained(study, case):
    """What the models of a case share."""
    train = next(run.train for run in study.runs if run.variant == case.name)
    return (
        f"Width {train['model']['width']:g}, learning rate {train['optimiser']['learning_rate']:g}, schedule "
        f"{', '.join(train.get('schedule', ['constant']))}, batch {train['batch']}: {case.seen // train['batch']:,} steps."
    )


def _table(found, case, field, losses):
    rows = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    for selection, visits in sorted(case.visits.items(), key=lambda item: item[1]):
        models = list(of(found, case, selection).values())
        cells = [selection, f"{case.seen // visits:,} × {visits}", str(len(models))]
        if models:
            means = Spread.of([mean_of(r) for r in models])
            cells += [str(means), str(Spread.of([p99_of(r) for r in models]))]
            ratios = [ratio(found, case, selection, value) if selection != ENDLESS else None for value in (mean_of, p99_of)]
            cells += ["" if one is None else str(one) for one in ratios] + [f"{field.mean / means.mean:.1f}"]
            cells.append(str(Spread.of([losses[r.run.name] for r in models])))
        else:
            cells += [""] * 6
        rows.append(f"| {' | '.join(cells)} |")
    rows.append(f"| best constant field | | | {field.mean:.5f} | {field.p99:.5f} | | | 1 | |")
    return "\n".join(rows)
