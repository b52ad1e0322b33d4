"""The command line: `steadyset look DATASET [SAMPLE]...`, `python -m steadyset.look`."""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import sys
from collections.abc import Sequence

import numpy as np

from ..companion import USAGE, Parser
from ..dataset import Dataset
from ..dataset import open as open_dataset
from ..errors import DatasetError
from ..report.measures import some_of_each_stratum
from ..report.predictions import predict
from ..samples import Samples
from .picture import Panels, compose, png_of
from .terminal import protocol, terminal_picture

_FEW = 3
_MOST = 64
_SIDE = 320
_DATA, _CANNOT_CREATE = 65, 73


def main(arguments: Sequence[str] | None = None) -> int:
    """Shows samples; returns the status, one of those of `steadyset`."""
    parser = Parser(
        prog="steadyset look",
        description="Shows samples: sources, label and, with --model, prediction and difference. In a terminal, or as PNG.",
        examples=["steadyset look quickstart", "steadyset look quickstart 0 17 --selection test -o samples.png"],
    )
    parser.add_argument("dataset", metavar="DATASET", help="the folder, DATASET@VERSION, or a URL")
    parser.add_argument("samples", metavar="SAMPLE", nargs="*", help="an id, or a number from 0 on; some unless given")
    parser.add_argument("--selection", metavar="NAME", help="numbers count in this selection, such as test")
    parser.add_argument("--model", metavar="DIR", help="a trained model: shows what it predicts too")
    parser.add_argument("-o", "--output", metavar="FILE", help="write a PNG instead")
    parser.add_argument("--linear", action="store_true", help="even colours for y, not logarithmic ones")
    given = parser.parse_intermixed_args(arguments)
    way = None if given.output is not None else protocol(os.environ) if sys.stdout.isatty() else None
    if given.output is None and way is None:
        what = "this terminal shows no pictures" if sys.stdout.isatty() else "standard output is no terminal"
        return _fail(f"{what}: name a file with --output FILE.png", USAGE)
    try:
        dataset = open_dataset(given.dataset)
        chosen = _chosen(dataset, given.samples, given.selection)
        predicted = None if given.model is None else predict(given.model, chosen)
    except DatasetError as error:
        return _fail(str(error), _DATA)
    except (KeyError, IndexError, ValueError) as error:
        return _fail(str(error.args[0]), USAGE)
    shown = [Panels(one.x, one.y, None if predicted is None else predicted[k]) for k, one in enumerate(chosen)]
    if given.output is not None:
        try:
            pathlib.Path(given.output).write_bytes(png_of(compose(shown, _SIDE, log=not given.linear)))
        except OSError as error:
            return _fail(str(error), _CANNOT_CREATE)
    for k, (one, panels) in enumerate(zip(chosen, shown)):
        off = "" if panels.prediction is None else f", mean absolute error {np.abs(panels.prediction - one.y).mean():.3g}"
        plural = "" if one.n_sources == 1 else "s"
        print(f"sample {one.id}, {one.n_sources} source{plural}, bound {one.error_bound:.2e}{off}")
        titles = panels.shown(not given.linear)
        print("  " + "; ".join(f"{title} {scale.low:.3g} to {scale.high:.3g}" for title, _, scale, _ in titles))
        if way is not None:
            side = _SIDE if way in ("kitty", "iterm") else max(8, shutil.get_terminal_size().columns // len(titles) - 8)
            print(terminal_picture(compose(shown[k : k + 1], side, log=not given.linear), way), end="")
    return 0


def _chosen(dataset: Dataset, names: Sequence[str], selection: str | None) -> Samples:
    """The samples that are asked for; some of different numbers of sources where none are."""
    every = dataset.all if selection is None else dataset.select(selection)
    if not names:
        return some_of_each_stratum(every, _FEW)
    if len(names) > _MOST:
        raise ValueError(f"{len(names)} samples at once are too many to look at: {_MOST} at most")
    places = []
    for name in names:
        if re.fullmatch("[0-9a-f]{16}", name):
            found = np.flatnonzero(every.ids == int(name, 16))
            if not found.size:
                raise KeyError(f"there is no sample with the id {name}")
            places.append(int(found[0]))
        elif re.fullmatch("[0-9]{1,9}", name) and int(name) < len(every):
            places.append(int(name))
        else:
            raise IndexError(f"{name[:80]!a} is neither an id of 16 hexadecimal digits nor a number below {len(every)}")
    return every[places]


def _fail(words: str, status: int) -> int:
    plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in " ".join(words.split()))
    print(f"steadyset: error: {plain}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
