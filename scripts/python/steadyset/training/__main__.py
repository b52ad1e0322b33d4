"""Trains with PyTorch what a pipeline file says, and judges the result.

    python -m steadyset.training PIPELINE --data DATASET --output DIR
    torchrun --nproc-per-node 8 -m steadyset.training PIPELINE --data DATASET --output DIR --precision bfloat16

DIR gets train/weights.safetensors, train/metrics.jsonl, train/provenance.json, and of the evaluated samples
evaluate/errors.csv and evaluate/summary.csv. The same command again continues an interrupted training.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence
from typing import Any

import torch

from ..dataset import open as open_dataset
from ..errors import DatasetError
from .errors import TrainingError
from .evaluate import Surrogate, evaluate, judged
from .options import PRECISIONS, Options
from .pipeline import read_training
from .processes import Processes, failed
from .trainer import Trainer


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m steadyset.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pipeline", help="a pipeline file with a block `train`")
    parser.add_argument("--data", required=True, metavar="DATASET", help="the dataset's folder or URL")
    parser.add_argument("--output", "-o", required=True, type=pathlib.Path, metavar="DIR")
    for key, kind in (("code", str), ("selection", str), ("seed", int), ("epochs", int)):
        parser.add_argument(f"--{key}", type=kind, help=f"instead of train.{key}")
    parser.add_argument("--evaluate", default="test", metavar="SELECTION", help="samples to judge at the end, or none")
    parser.add_argument("--device", default="auto", help="a device of PyTorch (default: the GPU where there is one)")
    parser.add_argument("--precision", default="float32", choices=PRECISIONS, help="of the network's arithmetic")
    parser.add_argument("--threads", type=int, default=2, help="threads that decode samples")
    parser.add_argument("--memory", type=float, default=2, metavar="GiB", help="decoded samples that may be kept")
    parser.add_argument("--quiet", action="store_true", help="no line an epoch")
    given = parser.parse_args(arguments)
    overrides: dict[str, Any] = {
        key: value
        for key in ("code", "selection", "seed", "epochs")
        if (value := getattr(given, key)) is not None
    }  # fmt: skip

    def report(line: str) -> None:
        if not given.quiet:
            print(line, file=sys.stderr, flush=True)

    try:
        training = read_training(given.pipeline, overrides)
        if given.threads < 1:
            raise TrainingError(f"--threads is a number from 1 on, not {given.threads}")
        if not 0 <= given.memory < 2**20:
            raise TrainingError(f"--memory is a number of GiB from 0 on, not {given.memory}")
        dataset = open_dataset(given.data)
        if given.evaluate != "none":
            judged(dataset, given.evaluate)
        with Processes(given.device) as processes:
            options = Options(given.precision, given.threads, int(given.memory * 2**30), report)
            best = Trainer(training, dataset, given.output, processes, options).run()
            if processes.first:
                print(f"best epoch {best['epoch']}: {given.output / 'train' / 'weights.safetensors'}")
                if given.evaluate != "none":
                    model = Surrogate(given.output, torch.device(processes.device))
                    print(evaluate(dataset, [model], given.output, given.evaluate))
            processes.wait()
    except (TrainingError, DatasetError, OSError) as error:
        return failed(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
