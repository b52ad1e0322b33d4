"""The report of a study: a table, the paper's findings with their verdicts, pictures; as an article of the documentation."""

import importlib.util
import json
import shutil
import sys

from . import execute, findings, results
from .plan import STUDIES

FINDINGS = {"losses": findings.of_losses, "size": findings.of_size, "sources": findings.of_sources}
KEYS = {
    "losses": ("trained on, way", lambda run: f"{run.selection} {run.variant}"),
    "size": ("share", lambda run: f"{run.share:g}%"),
    "sources": ("trained on", lambda run: run.sources),
}


class NoModels(Exception):
    """There is nothing to report."""


def write(study, trainer, runs, folder):
    """Writes models.csv, the pictures and report.md of the runs that are done; returns the text of the last."""
    done = [run for run in study.runs if execute.is_done(runs / run.name)]
    if not done:
        raise NoModels(f"no model is there in {runs}")
    found = results.collect(done, runs)
    folder.mkdir(parents=True, exist_ok=True)
    results.write_runs(folder / "models.csv", found)
    text = _article(study, trainer, done, runs, found, _pictures(study, found, folder))
    (folder / "report.md").write_text(text)
    return text


def _pictures(study, found, folder):
    if importlib.util.find_spec("matplotlib") is None:
        print("no pictures: matplotlib is not installed", file=sys.stderr)
        return []
    from . import plots

    return {"losses": plots.of_losses, "size": plots.of_size, "sources": plots.of_sources}[study.name](found, folder)


def opening(title, command):
    """Returns the first lines of a study's article."""
    return [f"# {title}", "", "What `scripts/study` found.", "", "## Overview", "", "```text", command, "```", ""]


def _article(study, trainer, done, runs, found, pictures):
    header, key = KEYS[study.name]
    times = [time for run in done if (time := seconds(runs / run.name)) is not None]
    command = f"scripts/study {study.name}" + (f" --scale {study.scale}" if study.scale != "reduced" else "")
    command += f" --trainer {trainer}" if trainer != "swift" else ""
    seeds = sorted({run.seed for run in done})
    lines = [
        *opening(study.title, command),
        f"{len(done)} of {len(study.runs)} models of the scale *{study.scale}*, seeds {seeds[0]} to {seeds[-1]}, data "
        f"`{study.data.relative_to(STUDIES.parents[1])}`; {sum(times) / 60:.0f} minutes of training in all, one thread a model. "
        "The numbers are mean absolute errors over the test part, mean ± standard deviation over the models; R1 to R4 are the "
        "regions of the field with y ≥ 0.2, 0.1 to 0.2, 0.05 to 0.1, and below. [Studies](Studies.md) says how the verdicts are reached.",
        "",
        results.table(found, key, header),
        "",
        "## Findings",
        "",
    ]
    return "\n".join(lines + ending(study, FINDINGS[study.name](found), pictures)).rstrip() + "\n"


def ending(study, findings, pictures):
    """Returns the last lines of a study's article: what was found, and the pictures."""
    lines = [f"- {one.claim} **{one.verdict[0].upper()}{one.verdict[1:]}.** {one.numbers}" for one in findings]
    if study.scale == "tiny":
        lines += ["", "The tiny scale only tries the programs: what holds here means nothing."]
    if pictures:
        lines += ["", "## Pictures", ""]
        lines += [f"![{text}](Resources/{published(name)})\n" for name, text in pictures]
    return lines


def seconds(target):
    """Returns how long the training of a run took; none where the trainer does not say."""
    path = execute.model_of(target) / "train/provenance.json"
    return json.loads(path.read_text())["seconds"] if path.is_file() else None


def published(name):
    """Returns what a picture is called in the documentation."""
    return f"study-{name}"


def table_of(name):
    """Returns where the table of all models of a study is in the documentation."""
    return f"Resources/study-{name}.csv"


def publish(study, folder, catalog):
    """Makes report.md and the pictures an article of the documentation, with the table of models where the article links it; returns what
    is left to do."""
    article = catalog / f"Study-{study.name}.md"
    shutil.copy(folder / "report.md", article)
    if table_of(study.name) in article.read_text():
        shutil.copy(folder / "models.csv", catalog / table_of(study.name))
    for picture in folder.glob("*.png"):
        shutil.copy(picture, catalog / "Resources" / published(picture.name))
    return f"{article}: link it as [{article.stem}]({article.name}) from Studies.md"
