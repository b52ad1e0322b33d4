"""Judges trained networks sample by sample: errors.csv and summary.csv.

    python -m steadyset.training.evaluate --model WEIGHTS --data DATASET --output DIR
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import time
from collections.abc import Sequence

import numpy as np
import torch

from ..dataset import Dataset
from ..dataset import open as open_dataset
from ..errors import DatasetError
from ..order import Order
from ..samples import Samples
from . import losses
from .description import Transform
from .errors import TrainingError
from .loader import FloatArray, Loader
from .metrics import ScoredSample, field_errors, summarise, write_errors, write_summary
from .network import Network
from .processes import chosen_device, failed
from .weights import read_weights

PARTS = ("train", "validation", "test")


class Surrogate:
    """A trained network that predicts fields: the inverse transform of its outputs."""

    def __init__(self, path: pathlib.Path, device: torch.device) -> None:
        model, self.transform, values, self.metadata = read_weights(weights_in(path))
        self.device = device
        self.network = Network(model)
        self.network.load_values(values)
        self.network.to(device).eval()

    def predict(self, x: FloatArray, *, sampling: bool = False) -> FloatArray:
        """Returns the fields of source images, both (samples, rows, columns); with dropout where `sampling`.

        Raises `TrainingError` where a field is not finite.
        """
        found = self.fields(x, sampling=sampling)
        if not np.isfinite(found).all():
            number = int(np.flatnonzero(~np.isfinite(found).all(axis=(1, 2)))[0])
            raise TrainingError(f"the prediction of image {number} of {len(x)} is not finite")
        return found

    def fields(self, x: FloatArray, *, sampling: bool = False) -> FloatArray:
        """Returns fields as `predict` does, whatever their values are."""
        self.network.sampling = sampling
        with torch.inference_mode():
            output = self.network(torch.from_numpy(x).to(self.device))
            found: FloatArray = losses.inverse(self.transform, output).cpu().numpy()
            return found


def weights_in(path: pathlib.Path) -> pathlib.Path:
    """Returns the file of weights that a path names: itself, or that of a folder in which a model was trained."""
    for found in (path, path / "weights.safetensors", path / "train" / "weights.safetensors"):
        if found.is_file():
            return found
    raise TrainingError(f"{path} is no file of weights, and has none in it or in its folder train")


def parts_of(samples: Samples) -> list[str]:
    """Returns the part that each sample belongs to."""
    dataset = samples.dataset
    members = {part: set(dataset.select(part=part).ids.tolist()) for part in PARTS}
    return [next(part for part in PARTS if found in members[part]) for found in samples.ids.tolist()]


def score(
    samples: Samples, models: Sequence[Surrogate], *, batch: int = 50, dropout_samples: int = 0, threads: int = 2
) -> list[ScoredSample]:
    """Returns the errors of each sample, in the samples' order.

    Several models form an ensemble, whose prediction is the mean of theirs; `variance` is then that of their fields (divided by
    their number), averaged over the sites. One model with `dropout_samples` predicts without dropout, and `variance` is that
    of so many fields with it. Raises `TrainingError` where a model does not fit or predicts what is not finite.
    """
    for model in models:
        if model.network.model.lattice != samples.dataset.lattice:
            raise TrainingError(
                f"the model is for {model.network.model.lattice}, the dataset has {samples.dataset.lattice} sites"
            )
    if dropout_samples and len(models) > 1:
        raise TrainingError(f"dropout samples go with one model, not with {len(models)}")
    if dropout_samples and models[0].network.model.dropout == 0:
        raise TrainingError("a model that was trained without dropout has no dropout samples")
    torch.manual_seed(0)
    found = []
    parts, ids = parts_of(samples), samples.ids
    for loaded in Loader(samples, batch, threads=threads, memory=0).epoch(Order(shuffle=False), 0):
        fields = [model.fields(loaded.x) for model in models]
        # (samples, rows, columns)
        mean = fields[0] if len(fields) == 1 else np.array(fields, np.float64).mean(axis=0).astype(np.float32)
        if dropout_samples:
            fields = [models[0].fields(loaded.x, sampling=True) for _ in range(dropout_samples)]
        several = dropout_samples > 0 or len(models) > 1
        with np.errstate(all="ignore"):
            spread = np.array(fields, np.float64).var(axis=0).mean(axis=(1, 2)) if several else None
        for k, index in enumerate(loaded.index.tolist()):
            if not (np.isfinite(mean[k]).all() and (spread is None or np.isfinite(spread[k]))):
                raise TrainingError(f"the prediction of sample {int(ids[index]):016x} is not finite")
            found.append(
                ScoredSample(
                    f"{int(ids[index]):016x}", int(samples.n_sources[index]), parts[index], int(samples.ranks[index]),
                    field_errors(loaded.x[k], loaded.y[k], mean[k]), None if spread is None else float(spread[k]),
                )
            )  # fmt: skip
    return found


def judged(dataset: Dataset, selection: str) -> Samples:
    """Returns the samples of a selection. Raises `TrainingError` where there are none."""
    try:
        samples = dataset.select(selection)
    except KeyError as error:
        raise TrainingError(f"the selection '{selection}' to judge: {error.args[0]}") from error
    if not len(samples):
        raise TrainingError(f"the selection '{selection}' has no sample")
    return samples


def evaluate(
    dataset: Dataset, models: Sequence[Surrogate], output: pathlib.Path, selection: str, *, dropout_samples: int = 0
) -> str:
    """Writes `errors.csv` and `summary.csv` into the folder `evaluate` of `output`; returns a line about them."""
    samples = judged(dataset, selection)
    began = time.monotonic()
    scored = score(samples, models, dropout_samples=dropout_samples)
    seconds = time.monotonic() - began
    folder = output / "evaluate"
    folder.mkdir(parents=True, exist_ok=True)
    write_errors(folder / "errors.csv", scored)
    lines = summarise(scored)
    write_summary(folder / "summary.csv", lines)
    whole = next(line for line in lines if line.n_sources == "all" and line.measure == "mae")
    return (
        f"{whole.samples} samples of {selection}: mean absolute error {whole.mean:.6g}, 99th percentile {whole.p99:.6g}; "
        f"{whole.samples / seconds:.0f} samples/s"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m steadyset.training.evaluate", description=__doc__)
    parser.add_argument("--data", required=True, metavar="DATASET", help="the dataset's folder or URL")
    parser.add_argument("--model", required=True, action="append", type=pathlib.Path, help="weights; several: an ensemble")
    parser.add_argument("--selection", default="test", help="which samples (default: test)")
    parser.add_argument("--output", "-o", required=True, type=pathlib.Path, metavar="DIR", help="gets a folder evaluate")
    parser.add_argument("--dropout-samples", type=int, default=0, metavar="K", help="predict K times with dropout")
    parser.add_argument("--device", default="auto", help="a device of PyTorch (default: the GPU where there is one)")
    given = parser.parse_args(arguments)
    try:
        if given.dropout_samples < 0:
            raise TrainingError(f"--dropout-samples is a number from 0 on, not {given.dropout_samples}")
        device = chosen_device(given.device)
        models = [Surrogate(path, device) for path in given.model]
        dataset = open_dataset(given.data)
        print(evaluate(dataset, models, given.output, given.selection, dropout_samples=given.dropout_samples))
    except (TrainingError, DatasetError, OSError) as error:
        return failed(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
