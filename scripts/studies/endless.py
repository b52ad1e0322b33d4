"""The study of training without an end: what is compared, from pipelines/studies/endless.yaml."""

import math
from dataclasses import dataclass

from steadyset.training.pipeline import read_yaml

from .plan import STUDIES, Run, merged

ENDLESS = "endless"


@dataclass(frozen=True)
class Case:
    """A network that sees so many samples: `visits` says how often it sees each, by selection, 1 for training without an end."""

    network: str
    seen: int
    visits: dict

    @property
    def name(self):
        """What the case is called in the names of runs."""
        return f"{self.network}-{self.seen}"


@dataclass(frozen=True)
class Endless:
    """The study at a scale: the data's pipeline file and document, whose subsets are the fixed sets, and what to train. The runs of the
    first seed come first, so that they are a whole comparison while others wait; then case by case those of all other seeds."""

    name: str
    title: str
    scale: str
    data: object
    document: dict
    seeds: list
    cases: list
    runs: list


def load(scale, seeds=None):
    """Returns the study at a scale; `seeds` are how many, from 1 on, where they are not those of the scale."""
    study = read_yaml((STUDIES / "endless.yaml").read_text())
    shared = study["scales"][scale]
    data = (STUDIES / shared["data"]).resolve()
    document = read_yaml(data.read_text())
    strata, places = training_part(document)
    percents = {seen: {visits: _percent(seen, visits, strata, places) for visits in shared["visits"]} for seen in shared["seen"]}
    cases = [
        Case(network, seen, {f"S{percents[seen][visits]:g}%": visits for visits in shared["visits"]} | {ENDLESS: 1})
        for network in study["networks"]
        for seen in shared["seen"]
    ]
    numbers = shared["seeds"] if seeds is None else list(range(1, seeds + 1))
    runs = [
        Run(case.name, selection, seed, _train(study, shared, case, selection, seed))
        for wave in (numbers[:1], numbers[1:])
        for case in cases
        for seed in wave
        for selection in reversed(case.visits)
    ]
    subsets = sorted({percent for found in percents.values() for percent in found.values()} | {100})
    split = document.get("split", {}) | {"subsets": subsets}
    document = {key: value for key, value in document.items() if key != "train"} | {"split": split}
    return Endless(study["study"], study["title"], scale, data, document, numbers, cases, runs)


def training_part(document):
    """Returns the strata, and the positions of the training part in each."""
    strata, samples = document["sampling"]["strata"], document["sampling"]["samples_per_stratum"]
    count = len(strata) if isinstance(strata, list) else strata["to"] - strata["from"] + 1
    samples = max(samples) if isinstance(samples, list) else samples
    for key in ("test_every", "validation_every"):
        if every := document["split"].get(key):
            samples -= samples // every
    return count, samples


def _percent(seen, visits, strata, places):
    """Returns the percentage of the training part, of at most four decimals, that is the subset of seen/visits samples."""
    positions, rest = divmod(seen, visits * strata)
    if rest or positions > places:
        raise ValueError(f"no subset is {seen}/{visits} samples of {strata} strata with {places} positions")
    return percentage(positions, places)


def percentage(positions, places):
    """Returns the percentage, of at most four decimals, that is so many positions: the split rounds sizes up."""
    return math.floor(positions * 10**6 / places) / 10**4


def _train(study, shared, case, selection, seed):
    # An epoch without an end is as long as that of the largest fixed set.
    epochs = case.visits[selection] if selection != ENDLESS else min(shared["visits"])
    length = {"samples_per_epoch": case.seen // epochs} if selection == ENDLESS else {}
    own = merged(study["networks"][case.network], shared.get("networks", {}).get(case.network, {}))
    train = merged(shared["train"], own) | {"selection": selection, "judge": "none", "seed": seed}
    return train | length | {"epochs": epochs, "warm_up_epochs": round(shared.get("warm_up", 0) * epochs, 6)}
