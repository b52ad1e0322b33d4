"""Reads datasets that Steadyset made: choose samples, decode them fast, visit them in an order that can be resumed.

    import steadyset

    train = steadyset.open("quickstart/pack").select("S50%")
    print(len(train), train[0].x.shape, train[0].y.max())
    for batch in train.batches(32, order=steadyset.Order(seed=1)):
        ...                                  # batch.x and batch.y are (samples, rows, columns) float32

`steadyset.torch` has a data set and a sampler for PyTorch; it is imported on request only.
"""

from .command import command
from .dataset import Dataset, open
from .errors import DatasetError, EngineError
from .order import Order, Position, Progress
from .samples import Batch, Sample, Samples
from .solving import Certificate, Judgement, Solution, UncertifiedError, bound, certify, solve
from .streams import Batches, LeftOutError, Mix, Stream, StreamBatch, Stretch, mix, stream
from .versions import unbiased_mean

__all__ = [
    "Batch",
    "Batches",
    "Certificate",
    "Dataset",
    "DatasetError",
    "EngineError",
    "Judgement",
    "LeftOutError",
    "Mix",
    "Order",
    "Position",
    "Progress",
    "Sample",
    "Samples",
    "Solution",
    "Stream",
    "StreamBatch",
    "Stretch",
    "UncertifiedError",
    "bound",
    "certify",
    "command",
    "mix",
    "open",
    "solve",
    "stream",
    "unbiased_mean",
]
__version__ = "0.1.0"
