"""Reads datasets that Steadyset made, makes samples without an end, and solves: from Python, for notebooks and trainers.

    import steadyset

    train = steadyset.open("quickstart/pack").select("S50%")
    print(len(train), train[0].x.shape, train[0].y.max())
    for batch in train.batches(32, order=steadyset.Order(seed=1)):
        ...                                  # batch.x and batch.y are (samples, rows, columns) float32

    stream = steadyset.stream("paper.yaml")  # the training part of a pipeline without an end; batches are as above
    solution = steadyset.solve([[100, 80, 5, 1.0]], physics={"lattice": [256, 256]})

Importing it also lets h5py, PyTables and other readers of HDF5 read archives (`plugin_path`), and Zarr by numcodecs.

`steadyset.torch` has data sets and a sampler for PyTorch; it is imported on request only.
"""

import contextlib
import sys

from . import hdf5
from .command import command
from .dataset import Dataset, open
from .errors import DatasetError, EngineError
from .hdf5 import plugin_path
from .order import Order, Position, Progress
from .samples import Batch, Sample, Samples
from .solving import Certificate, Judgement, Solution, UncertifiedError, bound, certify, solve
from .statistics import FieldStatistics, Statistics, measure
from .streams import (
    Batches,
    Curated,
    CuratedBatch,
    LeftOutError,
    Mix,
    Replay,
    Stream,
    StreamBatch,
    Stretch,
    curate,
    mix,
    replay,
    stream,
)
from .versions import unbiased_mean

__all__ = [
    "Batch",
    "Batches",
    "Certificate",
    "Curated",
    "CuratedBatch",
    "Dataset",
    "DatasetError",
    "EngineError",
    "FieldStatistics",
    "Judgement",
    "LeftOutError",
    "Mix",
    "Order",
    "Position",
    "Progress",
    "Replay",
    "Sample",
    "Samples",
    "Solution",
    "Statistics",
    "Stream",
    "StreamBatch",
    "Stretch",
    "UncertifiedError",
    "bound",
    "certify",
    "command",
    "curate",
    "measure",
    "mix",
    "open",
    "plugin_path",
    "replay",
    "solve",
    "stream",
    "unbiased_mean",
]
__version__ = "0.1.0"

hdf5.register()
if "numcodecs" in sys.modules:
    # Otherwise it finds the codec itself when one of that name is asked for.
    with contextlib.suppress(ImportError):  # of a release that lacks something
        from . import codec as _codec  # noqa: F401
