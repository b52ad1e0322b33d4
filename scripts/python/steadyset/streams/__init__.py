"""The training samples of pipelines without an end, computed when they are asked for.

    stream = steadyset.stream("pipelines/paper.yaml")
    for batch in stream.batches(32, threads=2):
        ...
"""

from .curated import Curated, CuratedBatch, Replay, curate, replay
from .endless import Batches, Endless, LeftOutError, StreamBatch, Stretch
from .mixing import Mix, mix
from .stream import Stream, stream

__all__ = [
    "Batches", "Curated", "CuratedBatch", "Endless", "LeftOutError", "Mix", "Replay", "Stream", "StreamBatch", "Stretch",
    "curate", "mix", "replay", "stream",
]  # fmt: skip
