"""The machine's part of a training: what does not determine its result, or not by much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Options:
    """How a machine trains."""

    precision: str = "float32"
    """Of the network's arithmetic; parameters, losses and the optimiser stay in float32."""
    threads: int = 2
    """That decode."""
    memory: int = 1 << 31
    """Bytes that the decoded samples of a part may take to be kept."""
    report: Callable[[str], None] = field(default=lambda line: None)
