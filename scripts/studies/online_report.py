"""The report of the study of curation at equal compute: tables of errors and of seconds, findings, pictures."""

import csv
import importlib.util
import json
import sys

from . import online, online_results, online_runs
from .online import ENDLESS, FIXED, ROUNDS
from .online_results import MEASURES, STATISTICS, of, ratio
from .plan import STUDIES
from .report import NoModels, ending, opening, table_of
from .results import Spread

COLUMNS = (
    "way", "models", "mean", "95th percentile", "99th percentile", "maximum", "nRMSE", "its 99th percentile", "ratio of the mean",
    "ratio of the 99th percentile",
)  # fmt: skip
COSTS = ("case", "way", "ms a sample", "samples seen", "steps", "labels solved", "seconds")


def write(study, output, folder):
    """Writes models.csv, the pictures and report.md of the runs that are done; returns the text of the last."""
    models = online_results.collect(study, output)
    if not models:
        raise NoModels(f"no model is there in {output / 'runs'}")
    problems = dict.fromkeys(m.case.problem for m in models)
    fields = {problem: online_results.trivial(online_runs.data_of(output, problem)) for problem in problems}
    folder.mkdir(parents=True, exist_ok=True)
    write_models(folder / "models.csv", models)
    text = _article(study, output, models, fields, _pictures(study, models, folder))
    (folder / "report.md").write_text(text)
    return text


def write_models(path, models):
    """Writes a row for each model: what it took, and its errors on the test part."""
    with path.open("w") as file:
        writer = csv.writer(file, lineterminator="\n")
        names = [f"{measure}_{statistic}" for measure in MEASURES for statistic in STATISTICS]
        writer.writerow(["problem", "network", "way", "seed", "seconds", "seen", "steps", "labels", *names])
        for m in models:
            digits = [f"{m.errors[measure][statistic]:.6g}" for measure in MEASURES for statistic in STATISTICS]
            writer.writerow([m.case.problem, m.case.network, m.way, m.seed, f"{m.seconds:.2f}", m.seen, m.steps, m.labels, *digits])


def _pictures(study, models, folder):
    if importlib.util.find_spec("matplotlib") is None:
        print("no pictures: matplotlib is not installed", file=sys.stderr)
        return []
    from . import plots

    return plots.of_online(study, models, folder)


def _article(study, output, models, fields, pictures):
    command = "scripts/study online" + (f" --scale {study.scale}" if study.scale != "reduced" else "")
    data = ", ".join(f"`{path.relative_to(STUDIES.parents[1])}`" for path in dict.fromkeys(case.data for case in study.cases))
    probe = study.probe
    lines = [
        *opening(study.title, command),
        f"{len(models)} of {len(study.runs)} models of the scale *{study.scale}*, seeds {study.seeds[0]} to {study.seeds[-1]}"
        f"{_missing(study, models)}. Data {data}, with what `pipelines/studies/online.yaml` says otherwise.",
        "",
        "All ways of a case may take the same seconds of a processor: training, scoring and solving are counted, judging on the test "
        f"part is not. Before, short trainings measure what a sample costs each way: the median of {probe['repeats']} of about "
        f"{probe['samples']} samples, one thread. How many samples a way sees follows from that. What it took in the end is in the table of seconds.",
        "",
        f"- `{FIXED}`: a stratified random set of 1/{study.visits} of the samples that its training sees; another set for each seed. Where the "
        "data leave out copies, as of single small sources, it is smaller and seen more often.",
        f"- `{ROUNDS}`: half of that set, then as much again in {study.rounds['count']} rounds, each of the hardest of "
        f"{study.rounds['pool']:g} times the set of candidates, `{_members(study.ways[ROUNDS])}`. The model of each round begins anew.",
        f"- `{ENDLESS}`: every sample is seen once. All streams draw the same candidates in the same order, for every seed.",
        *(f"- `{way}`: the same with `train.curation`, `{_members(study.ways[way])}`." for way in (online.KINDS, online.LOSS)),
        "",
        "Errors are of the samples of the test part: mean absolute errors, and nRMSE, the root mean squared error over the label's root mean "
        "square (relative L2). Mean ± standard deviation over seeds. Ratios are to "
        f"`{ENDLESS}`, seed by seed, the geometric mean and Student's 95% interval. The best constant field is the median at each site of the "
        f"labels of training samples. [The table of all models]({table_of('online')}) has every number.",
        "",
    ]
    for case in study.cases:
        if any(m.case == case for m in models):
            lines += [f"## {case.name}", "", _setting(study, case, fields[case.problem]), "", _table(study, models, case, fields[case.problem]), ""]
    lines += ["## Seconds", "", *_costs(study, output, models), "", "## Findings", ""]
    return "\n".join(lines + ending(study, online_results.findings(study, models, fields), pictures)).rstrip() + "\n"


def _members(way):
    return json.dumps(way)[1:-1].replace('"', "")


def _missing(study, models):
    """Says how many models of a case are trained, where not all are."""
    wanted = len(study.ways) * len(study.seeds)
    counts = {case.name: sum(m.case == case for m in models) for case in study.cases}
    names = [f"{count} of `{name}`" for name, count in counts.items() if count < wanted]
    return f"; of {wanted} a case there are {', '.join(names)}" if names else ""


def _setting(study, case, field):
    train, lattice = case.train, case.document["physics"]["lattice"]
    schedule = train.get("schedule", "constant")
    return (
        f"{lattice[0]} × {lattice[1]} sites, {case.seconds:g} seconds; width {train['model']['width']:g}, learning rate "
        f"{train['optimiser']['learning_rate']:g}, schedule {', '.join(schedule) if isinstance(schedule, dict) else schedule}, batch "
        f"{train.get('batch', 1)}; {field.tested:,} test samples."
    )


def _table(study, models, case, field):
    rows = [f"| {' | '.join(COLUMNS)} |", "|" + "---|" * len(COLUMNS)]
    for way in study.ways:
        found = list(of(models, case, way).values())
        if not found:
            continue
        cells = [f"`{way}`", str(len(found))]
        cells += [_spread(found, "mae", statistic, 5) for statistic in STATISTICS]
        cells += [_spread(found, "nrmse", statistic, 4) for statistic in ("mean", "p99")]
        ratios = [ratio(models, case, way, ENDLESS, statistic) if way != ENDLESS else None for statistic in ("mean", "p99")]
        cells += ["" if one is None else str(one) for one in ratios]
        rows.append(f"| {' | '.join(cells)} |")
    constant = [f"{field.errors['mae'][statistic]:.5f}" for statistic in STATISTICS]
    constant += [f"{field.errors['nrmse'][statistic]:.4f}" for statistic in ("mean", "p99")]
    rows.append(f"| best constant field | | {' | '.join(constant)} | | |")
    return "\n".join(rows)


def _spread(found, measure, statistic, digits):
    spread = Spread.of([m.errors[measure][statistic] for m in found])
    return f"{spread.mean:.{digits}f} ± {spread.deviation:.{digits}f}" if spread.count > 1 else f"{spread.mean:.{digits}f}"


def _costs(study, output, models):
    lines = [
        "Seconds of a processor, mean ± standard deviation over seeds, as `--metrics` recorded them. A sample of a dataset's shards counts with "
        "what it took to make it. Other programs had the machine as well, and a processor that is shared is slower: the same work took "
        "different seconds at different times. A way that took less than the others is at a disadvantage, one that took more has an advantage. Milliseconds a sample are those of the probe; of "
        f"`{ROUNDS}` they are as of `{FIXED}`, and its scoring and solving come on top.",
        "",
        f"| {' | '.join(COSTS)} |",
        "|" + "---|" * len(COSTS),
    ]
    for case in study.cases:
        costs = online_runs.costs_of(output, case)
        for way in study.ways:
            found = list(of(models, case, way).values())
            if not found:
                continue
            seconds = Spread.of([m.seconds for m in found])
            cells = [case.name, f"`{way}`", f"{1e3 * costs.ways[way]:.2f}" if way in costs.ways else ""]
            cells += [f"{round(sum(values) / len(found)):,}" for values in zip(*((m.seen, m.steps, m.labels) for m in found))]
            cells.append(f"{seconds.mean:.1f} ± {seconds.deviation:.1f}" if seconds.count > 1 else f"{seconds.mean:.1f}")
            lines.append(f"| {' | '.join(cells)} |")
    return lines
