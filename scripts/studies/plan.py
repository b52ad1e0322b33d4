"""What a study consists of: which models are trained on what, from pipelines/studies/NAME.yaml and scales.yaml there."""

import json
import pathlib
import re
from dataclasses import dataclass

from steadyset.training.codes import CODES
from steadyset.training.pipeline import read_yaml

STUDIES = pathlib.Path(__file__).resolve().parents[2] / "pipelines/studies"
SCALES = ("tiny", "reduced", "paper")


@dataclass(frozen=True)
class Run:
    """A model to train: `variant` names the way, `selection` the data, `train` is the block of the pipeline."""

    variant: str
    selection: str
    seed: int
    train: dict

    @property
    def name(self):
        """The name of the run's folder."""
        return re.sub(r"[^A-Za-z0-9_.-]", "", f"{self.variant}.{self.selection}.{self.seed}")

    @property
    def share(self):
        """The share of the training data in percent; none for one number of sources."""
        found = re.fullmatch(r"S([0-9.]+)%(-[A-Z])?", self.selection)
        return float(found[1]) if found else None

    @property
    def sources(self):
        """The number of sources that it learns from; none for all of them."""
        found = re.fullmatch("n([0-9]+)", self.selection)
        return int(found[1]) if found else None


@dataclass(frozen=True)
class Study:
    """A study at a scale: the data's pipeline file, and what to train."""

    name: str
    title: str
    scale: str
    data: pathlib.Path
    runs: list[Run]

    @property
    def document(self):
        """The pipeline of the data."""
        return read_yaml(self.data.read_text())


def load(name, scale, seeds=None):
    """Returns a study; `seeds` are how many, from 1 on, where they are not those of the scale."""
    study = read_yaml((STUDIES / f"{name}.yaml").read_text())
    shared = read_yaml((STUDIES / "scales.yaml").read_text())[scale]
    chosen = study["scales"][scale]
    numbers = chosen.get("seeds", shared["seeds"]) if seeds is None else list(range(1, seeds + 1))
    if chosen.get("codes") == "all":
        # The codes say everything but what the scale shares; `80E1` is the variant E1 at 1/80 of the data.
        pairs = [(code.lstrip("0123456789"), CODES[code]["selection"], {"code": code}) for code in CODES]
    else:
        pairs = [
            (variant, selection, train | {"selection": selection, "epochs": _epochs(shared["epochs"], selection)})
            for selection in chosen["selections"]
            for variant, train in study["variants"].items()
        ]
    runs = [
        Run(variant, selection, seed, merged(shared["train"], train) | {"seed": seed})
        for seed in numbers
        for variant, selection, train in pairs
    ]
    return Study(name, study["title"], scale, (STUDIES / shared["data"]).resolve(), runs)


def _epochs(epochs, selection):
    return epochs["n" if selection.startswith("n") else selection[1:].split("-")[0]]


def merged(base, train):
    """Returns a block with the members of another over its own, those of their blocks one by one."""
    found = dict(base)
    for key, value in train.items():
        both = isinstance(value, dict) and isinstance(found.get(key), dict)
        found[key] = found[key] | value if both else value
    return found


def pipeline_text(study, run):
    """Returns the pipeline file of a run: that of the data with the block `train`, JSON being YAML too."""
    return json.dumps(study.document | {"train": run.train}, indent=2) + "\n"
