"""The study of curation: what is compared, and the runs that `steadyset run` makes with a pipeline's `rounds`.

A base is a dataset with the model of its starting selection; every way of choosing goes on from a copy of it, so that all start
from the same samples and the same model.
"""

import copy
import json
import pathlib
from dataclasses import dataclass, replace

from steadyset.training.pipeline import read_yaml

from .execute import Failed, call, copy_dataset, log_of, make, parallel
from .plan import STUDIES

WINDOWS = "ABCDE"  # of the first five seeds


@dataclass(frozen=True)
class Case:
    """A problem, a network that learns it, and the ways of choosing that are compared: {name: members of `rounds`}. `start` is the
    percentage of the training part that they start from; `exchange` names the networks that are trained on the sets which this
    one's errors chose."""

    problem: str
    data: pathlib.Path
    network: str
    start: float
    ways: dict
    exchange: tuple

    @property
    def name(self):
        """What the case is called in tables, and its folder."""
        return f"{self.problem}.{self.network}"

    @property
    def document(self):
        """The pipeline of the data: that of the file, with a window of the training part for each seed."""
        document = read_yaml(self.data.read_text())
        windows = [{"name": name, "percent": self.start, "offset": offset} for offset, name in enumerate(WINDOWS)]
        return document | {"split": document["split"] | {"windows": windows}}


@dataclass(frozen=True)
class Curation:
    """The study at a scale. `train` and `rounds` are what all runs share; `networks` has the blocks that networks add to the former."""

    name: str
    title: str
    scale: str
    seeds: list
    cases: list
    train: dict
    rounds: dict
    networks: dict
    baseline: str
    best: str
    label_free: str

    @property
    def count(self):
        """Rounds."""
        return self.rounds["count"]

    @property
    def exchanged(self):
        """The ways whose sets other networks learn from."""
        return [self.baseline, self.best]


def load(scale, seeds=None, names=None, ways=None):
    """Returns the study at a scale; `seeds` are how many, from 1 on, where they are not those of the scale. Of the cases those called
    `names`, and of the ways `ways` beside the baseline, where they are given; networks that are not among the cases then learn from
    no one's set."""
    study = read_yaml((STUDIES / "curation.yaml").read_text())
    shared = study["scales"][scale]
    cases = [
        Case(
            case["problem"], (STUDIES / shared["problems"][case["problem"]]).resolve(), case["network"],
            case.get("start", shared["start"]),
            {name: study["ways"][name] for name in case["ways"]}, tuple(case.get("exchange", ())),
        )
        for case in shared["cases"]
    ]  # fmt: skip
    for what, asked, known in (("case", names, {case.name for case in cases}), ("way", ways, set(study["ways"]))):
        if unknown := sorted(set(asked or ()) - known):
            raise Failed(f"there is no {what} '{unknown[0]}': there are {', '.join(sorted(known))}")
    if names:
        networks = {case.network for case in cases if case.name in names}
        cases = [
            replace(case, exchange=tuple(network for network in case.exchange if network in networks))
            for case in cases
            if case.name in names
        ]
    if ways:
        wanted = {study["baseline"], *ways}
        cases = [replace(case, ways={name: keys for name, keys in case.ways.items() if name in wanted}) for case in cases]
    numbers = shared["seeds"] if seeds is None else list(range(1, seeds + 1))
    return Curation(
        study["study"], study["title"], scale, numbers, cases, shared["train"], shared["rounds"], study["networks"],
        study["baseline"], study["best"], study["label_free"],
    )  # fmt: skip


def pipeline(study, case, seed, way=None, network=None, selection=None):
    """Returns the text of a pipeline file: the base's model, or with `way` the rounds after it; with `network` and `selection` another
    network on a set that is there."""
    document = case.document
    train = copy.deepcopy(study.train)
    for key, value in study.networks[network or case.network].items():
        train[key] = train.get(key, {}) | value if isinstance(value, dict) else value
    train |= {"seed": seed, "selection": selection or f"S{case.start:g}%-{WINDOWS[seed - 1]}"}
    document["train"] = train
    if way is not None:
        document["rounds"] = study.rounds | case.ways[way] | {"seed": seed}
    return json.dumps(document, indent=2) + "\n"


def round_folder(dataset, number):
    """Returns the folder with the model of a round and its errors on the test part; round 0 is the base."""
    return dataset / f"rounds/{number}" if number else dataset


def run_folder(runs, case, way, seed):
    """Returns the dataset of a run."""
    return runs / f"{case.name}.{way}.{seed}"


def exchange_folder(runs, case, network, way, seed):
    """Returns the folder of a network that learnt from the last round of another's run."""
    return runs / f"{case.name}.{way}.{seed}.{network}"


def is_judged(folder):
    """Whether the model of a folder was judged on the test part."""
    return (folder / "evaluate/errors.csv").is_file()


def is_done(study, runs, case, way, seed):
    """Whether all rounds of a run are done."""
    return is_judged(round_folder(run_folder(runs, case, way, seed), study.count))


def execute(study, binary, output, jobs, report):
    """Makes what is not there yet below `output`, a run a thread: data, bases, rounds, and what learns from them."""
    runs = output / "runs"
    for problem in {case.problem: case for case in study.cases}.values():
        make(binary, json.dumps(problem.document, indent=2) + "\n", _data(output, problem), "run")
    every = [(case, seed) for case in study.cases for seed in study.seeds]
    parallel(jobs, [(_base, (study, binary, output, *pair)) for pair in every], "bases", report)
    parallel(
        jobs, [(_rounds, (study, binary, runs, case, way, seed)) for case, seed in every for way in case.ways], "runs", report
    )
    parallel(
        jobs,
        [
            (_exchange, (study, binary, runs, case, network, way, seed))
            for case, seed in every
            for network in case.exchange
            for way in study.exchanged
        ],
        "models on another's set",
        report,
    )


def _data(output, case):
    return output / f"data-{case.problem}"


def _base(study, binary, output, case, seed):
    """The model that every way starts from, beside a copy of the data."""
    folder = run_folder(output / "runs", case, "base", seed)
    if not is_judged(folder):
        copy_dataset(_data(output, case), folder)
        make(binary, pipeline(study, case, seed), folder, "run")


def _rounds(study, binary, runs, case, way, seed):
    folder = run_folder(runs, case, way, seed)
    if not is_done(study, runs, case, way, seed):
        copy_dataset(run_folder(runs, case, "base", seed), folder)
        make(binary, pipeline(study, case, seed, way), folder, "run")


def _exchange(study, binary, runs, case, network, way, seed):
    folder, last = exchange_folder(runs, case, network, way, seed), f"round-{study.count}"
    if is_judged(folder):
        return
    source = run_folder(runs, case, way, seed)
    text = pipeline(study, case, seed, network=network, selection=last)
    make(binary, text, folder, "train", "--data", f"{source}@{last}")
    call(
        [binary, "evaluate", "--data", source, "--selection", "test", "--model", folder, "--output", folder, "--threads", "1"],
        log_of(folder),
    )
