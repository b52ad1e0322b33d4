"""Measures what samples cost, makes the data and trains the models of the study of curation at equal compute."""

import json
import shutil
import statistics

from . import online
from .endless import training_part
from .execute import Failed, call, copy_dataset, log_of, model_of, parallel
from .online import FIXED, ROUNDS, STREAMED, Costs


def execute(study, binary, output, jobs, report):
    """Makes what is not there yet below `output`: data, costs, and every run in a folder of its own, `jobs` at a time."""
    costs = measure(study, binary, output, report)
    found = {case.name: online.lengths(study, case, costs[case.name]) for case in study.cases}
    for problem in _problems(study):
        _write(data_of(output, problem), online.document(study, problem, found))
        _steadyset(binary, "run", data_of(output, problem))
    parallel(jobs, [(_run, (study, binary, output, found, *run)) for run in study.runs], "models", report)


def run_folder(output, case, way, seed):
    """Returns the folder of a run: its pipeline, the record of its seconds, and the model or dataset that it made."""
    return output / "runs" / f"{case.name}.{way}.{seed}"


def judged_folder(study, output, case, way, seed):
    """Returns the folder with the last model of a run and its errors on the test part."""
    model = model_of(run_folder(output, case, way, seed))
    return model / f"rounds/{study.rounds['count']}" if way == ROUNDS else model


def is_done(study, output, case, way, seed):
    """Whether the last model of a run was judged, and the record of its seconds is there."""
    judged = judged_folder(study, output, case, way, seed) / "evaluate/errors.csv"
    return judged.is_file() and (run_folder(output, case, way, seed) / "metrics.json").is_file()


def steps_of(output, case, way, seed):
    """Returns the steps of a run with their seconds of a processor, as `--metrics` wrote them."""
    return _steps(run_folder(output, case, way, seed) / "metrics.json")


def data_of(output, problem):
    """Returns the dataset that all models of a problem are judged on."""
    return output / f"data-{problem}"


def costs_of(output, case):
    """Returns what was measured for a case; none where it was not."""
    path = output / "costs.json"
    found = json.loads(path.read_text()).get(case.name) if path.is_file() else None
    return Costs(found["data"], found["ways"]) if found else None


def measure(study, binary, output, report):
    """Returns the costs of every case. They are measured once and kept in `costs.json`, as lengths follow from them."""
    path = output / "costs.json"
    kept = json.loads(path.read_text()) if path.is_file() else {}
    for case in study.cases:
        if case.name in kept:
            continue
        data, probe = data_of(output, case.problem), output / "probe" / f"data-{case.problem}"
        record = _beside(data, "json")
        if not record.is_file():
            _write(data, case.document)
            shutil.rmtree(data, ignore_errors=True)
            _steadyset(binary, "run", data, "--metrics", record)
        if not (probe / "pack/manifest.json").is_file():
            _write(probe, _small(study, case))
            _steadyset(binary, "run", probe)
        made = {step["stage"]: step for step in _steps(record)}
        seconds = sum(made[stage]["cpu_seconds"] for stage in ("sample", "solve", "pack"))
        found = [
            {way: _probe(study, binary, probe, case, way, number) for way in (FIXED, *STREAMED)}
            for number in range(study.probe["repeats"])
        ]
        kept[case.name] = {
            "data": seconds / made["solve"]["samples"],
            "ways": {way: statistics.median(one[way] for one in found) for way in found[0]},
        }
        path.write_text(json.dumps(kept, indent=2) + "\n")
        report(f"{case.name}: " + ", ".join(f"{way} {1e3 * cost:.3g} ms a sample" for way, cost in kept[case.name]["ways"].items()))
    return {name: Costs(one["data"], one["ways"]) for name, one in kept.items()}


def _small(study, case):
    """The pipeline of a probe's data: with half as many samples as a probe sees, or a few more, so that it is of two epochs."""
    strata, _ = training_part(case.document)
    every = case.document["split"]["test_every"]
    each = -(-study.probe["samples"] * every // (2 * strata * (every - 1)))
    return case.document | {"sampling": case.document["sampling"] | {"samples_per_stratum": each}}


def _probe(study, binary, data, case, way, number):
    """Seconds of a processor a sample, of a short training."""
    folder = data.parent / f"{case.name}.{way}.{number}"
    shutil.rmtree(folder, ignore_errors=True)
    samples, batch = study.probe["samples"], case.train.get("batch", 1)
    if way == FIXED:
        count = json.loads((data / "split/manifest.json").read_text())["content"]["parts"][0]["samples"]
        train = {"epochs": max(1, round(samples / count))}
    else:
        train = {"selection": "endless", "samples_per_epoch": batch * max(1, samples // (2 * batch)), "epochs": 2}
        if study.ways[way]:
            train["curation"] = study.ways[way]
    _write(folder, case.document | {"train": case.train | train})
    record = _beside(folder, "json")
    _steadyset(binary, "train", folder, "--data", data, "--metrics", record)
    (step,) = _steps(record)
    shutil.rmtree(folder)
    return step["cpu_seconds"] / step["samples"]


def _run(study, binary, output, found, case, way, seed):
    target = run_folder(output, case, way, seed)
    document = online.pipeline(study, case, found, way, seed, _counts(output, case.problem))
    pipeline, model = target / "pipeline.yaml", model_of(target)
    if is_done(study, output, case, way, seed):
        if _compared(json.loads(pipeline.read_text())) != _compared(document):
            raise Failed(f"{target} is of another study: take another --output, or remove it")
        return
    # What was interrupted begins again, so that the record has all its seconds.
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    pipeline.write_text(online.text(document))
    data, log = data_of(output, case.problem), target / "log.txt"
    common, record = ("--output", model, "--threads", "1"), ("--metrics", target / "metrics.json")
    if way == ROUNDS:
        copy_dataset(data, model)
        call([binary, "run", pipeline, *common, *record], log)
    else:
        call([binary, "train", pipeline, "--data", data, *common, *record], log)
        call([binary, "evaluate", "--data", data, "--selection", "test", "--model", model, *common], log)


def _counts(output, problem):
    """The samples of each selection of the training part."""
    content = json.loads((data_of(output, problem) / "split/manifest.json").read_text())["content"]
    return {one["name"].removeprefix("train/"): one["samples"] for one in content["selections"] if one["part"] == "train"}


def _compared(document):
    """What makes a run another one: all but the windows, which other cases have a part in."""
    return {key: value for key, value in document.items() if key != "split"}


def _problems(study):
    return list(dict.fromkeys(case.problem for case in study.cases))


def _beside(folder, ending):
    return folder.parent / f"{folder.name}.{ending}"


def _write(folder, document):
    folder.parent.mkdir(parents=True, exist_ok=True)
    _beside(folder, "yaml").write_text(online.text(document))


def _steadyset(binary, verb, folder, *options):
    """Runs `steadyset VERB` with the pipeline beside the folder."""
    call([binary, verb, _beside(folder, "yaml"), "--output", folder, *options, "--threads", "1"], log_of(folder))


def _steps(path):
    return json.loads(path.read_text())["steps"]
