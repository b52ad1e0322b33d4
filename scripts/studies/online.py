"""The study of curation at equal compute: what is compared, from pipelines/studies/online.yaml, and how long each way trains."""

import json
from dataclasses import dataclass

from steadyset.training.pipeline import read_yaml

from .endless import percentage, training_part
from .execute import Failed
from .plan import STUDIES, merged

FIXED, ROUNDS, ENDLESS, KINDS, LOSS = "fixed", "rounds", "endless", "kinds", "loss"
STREAMED = (ENDLESS, KINDS, LOSS)
WINDOWS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"  # of the seeds


@dataclass(frozen=True)
class Case:
    """A problem and a network that learns it within `seconds` of a processor; `document` is the pipeline of the data, without its
    split's windows."""

    problem: str
    data: object
    document: dict
    network: str
    seconds: float
    train: dict

    @property
    def name(self):
        """What the case is called in tables, and in the names of runs."""
        return f"{self.problem}.{self.network}"


@dataclass(frozen=True)
class Online:
    """The study at a scale. `ways` are {name: members of `rounds` or `curation`}; a fixed set is seen `visits` times, a training without
    an end has `epochs`; `rounds` and `probe` are the scale's."""

    name: str
    title: str
    scale: str
    seeds: list
    cases: list
    ways: dict
    visits: int
    epochs: int
    warm_up: float
    rounds: dict
    probe: dict

    @property
    def runs(self):
        """Every (case, way, seed): those of the first seed come first, so that they are a whole comparison while others wait."""
        return [
            (case, way, seed)
            for wave in (self.seeds[:1], self.seeds[1:])
            for case in self.cases
            for seed in wave
            for way in self.ways
        ]


def load(scale, seeds=None, names=None):
    """Returns the study at a scale; `seeds` are how many, from 1 on, where they are not those of the scale; of the cases those called
    `names`, where they are given."""
    study = read_yaml((STUDIES / "online.yaml").read_text())
    shared = study["scales"][scale]
    cases = []
    for case in shared["cases"]:
        problem = dict(shared["problems"][case["problem"]])
        path = (STUDIES / problem.pop("data")).resolve()
        document = read_yaml(path.read_text())
        for key, value in problem.items():
            if key == "split":
                document["split"] = value
            else:
                document["sampling"] = document["sampling"] | {key: value}
        document.pop("train", None)
        own = merged(study["networks"][case["network"]], shared.get("networks", {}).get(case["network"], {}))
        train = merged(shared["train"], own) | {"judge": "none"}
        cases.append(Case(case["problem"], path, document, case["network"], case["seconds"], train))
    if unknown := sorted(set(names or ()) - {case.name for case in cases}):
        raise Failed(f"there is no case '{unknown[0]}': there are {', '.join(sorted(case.name for case in cases))}")
    cases = [case for case in cases if not names or case.name in names]
    numbers = shared["seeds"] if seeds is None else list(range(1, seeds + 1))
    return Online(
        study["study"], study["title"], scale, numbers, cases, study["ways"], shared["visits"], shared["epochs"],
        shared.get("warm_up", 0), shared["rounds"], shared["probe"],
    )  # fmt: skip


@dataclass(frozen=True)
class Costs:
    """Seconds of a processor, of a case: `data` to make and store a sample, and of each way that learns for a sample that it sees."""

    data: float
    ways: dict

    def candidate(self, study):
        """Of a candidate that is solved and predicted."""
        return max(0.0, self.ways[LOSS] - self.ways[FIXED]) / study.ways[LOSS]["candidates"]


@dataclass(frozen=True)
class Lengths:
    """How long the ways of a case train: the positions of each number of sources in the fixed set, its samples, the candidates of
    a round, the epochs of a round's training, and the samples that each streamed way sees."""

    positions: int
    samples: int
    pool: int
    epochs: int
    seen: dict


def lengths(study, case, costs):
    """Returns the lengths with which all ways of a case take its seconds."""
    strata, places = training_part(case.document)
    each = study.visits * costs.ways[FIXED] + costs.data
    # Half of the set is what rounds start from, so its positions are even.
    positions = 2 * max(1, round(case.seconds / (each * strata * 2)))
    if (needed := positions * max(study.seeds)) > places:
        raise Failed(
            f"{case.name}: the sets of {max(study.seeds)} seeds need {needed} training positions of each number of sources, the data "
            f"have {places}: give the case fewer seconds, or the problem more samples_per_stratum in online.yaml"
        )
    samples, count = positions * strata, study.rounds["count"]
    pool = round(study.rounds["pool"] * samples)
    left = case.seconds - samples * costs.data - count * pool * costs.candidate(study)
    sizes = sum(_sizes(samples, count))
    epochs = max(1, round(left / (sizes * costs.ways[FIXED])))
    batch = case.train.get("batch", 1)
    seen = {
        way: study.epochs * batch * max(1, round(case.seconds / (costs.ways[way] * study.epochs * batch))) for way in STREAMED
    }
    return Lengths(positions, samples, pool, epochs, seen)


def _sizes(samples, count):
    """The samples that the models of a run with rounds learn from, round after round."""
    added = _added(samples, count)
    return [samples - (count - k) * added for k in range(count + 1)]


def _added(samples, count):
    return max(1, samples // (2 * count))


def document(study, problem, found):
    """Returns the pipeline of a problem's data: with a window of the training part for the fixed set of each seed, and one of half its
    size to start from, for the `Lengths` of each case in `found`, {case name: lengths}."""
    case = next(case for case in study.cases if case.problem == problem)
    _, places = training_part(case.document)
    windows = {}
    for own in (found[case.name] for case in study.cases if case.problem == problem):
        for positions, step in ((own.positions, 1), (own.positions // 2, 2)):
            for seed in study.seeds:
                windows[_window(positions, places, seed)] = {
                    "name": WINDOWS[seed - 1], "percent": percentage(positions, places), "offset": step * (seed - 1),
                }  # fmt: skip
    return case.document | {"split": case.document["split"] | {"windows": list(windows.values())}}


def _window(positions, places, seed):
    return f"S{percentage(positions, places):g}%-{WINDOWS[seed - 1]}"


def pipeline(study, case, found, way, seed, counts):
    """Returns the pipeline of a run; `found` are the lengths of all cases, `counts` how many samples the data have of each selection: where
    copies are left out they are fewer, and seen more often."""
    own = found[case.name]
    _, places = training_part(case.document)
    text = document(study, case.problem, found)
    train, rounds = dict(case.train), None
    if way in STREAMED:
        epochs = study.epochs
        train |= {"selection": "endless", "samples_per_epoch": own.seen[way] // epochs}
        if study.ways[way]:
            train["curation"] = study.ways[way]
    elif way == ROUNDS:
        train["selection"] = _window(own.positions // 2, places, seed)
        count, missing = study.rounds["count"], own.samples // 2 - counts[train["selection"]]
        sizes = _sizes(own.samples, count)
        epochs = max(1, round(own.epochs * sum(sizes) / sum(size - missing for size in sizes)))
        rounds = {"count": count, "add": _added(own.samples, count), "pool": own.pool} | study.ways[ROUNDS] | {"seed": seed}
    else:
        train["selection"] = _window(own.positions, places, seed)
        epochs = round(study.visits * own.samples / counts[train["selection"]])
    train |= {"epochs": epochs, "warm_up_epochs": round(study.warm_up * epochs, 6), "seed": seed}
    return text | {"train": train} | ({"rounds": rounds} if rounds else {})


def text(document):
    """Returns a pipeline file, JSON being YAML too."""
    return json.dumps(document, indent=2) + "\n"
