"""The networks: what tensors they have, and the values that training starts from.

The encoder-decoder of Toledo-Marín, Glazier and Fox (2023, Table 1) with a factor for its numbers of channels, and a
U-Net (Ronneberger, Fischer and Brox 2015) with the same blocks. Both trainers start from the same bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from ..order import philox_block

KINDS = ("encoder-decoder", "u-net")
MULTIPLE = 32
"""Rows and columns of a lattice are multiples of this: five poolings halve them."""
LARGEST = 4096
"""Rows or columns of a lattice."""
ENCODER = (64, 128, 256, 512, 1024, 2048)
DECODER = (1024, 512, 256, 128, 64, 32)
SLOPE = 0.02
"""Of the leaky ReLU for negative values."""
_STREAM = 17


@dataclass(frozen=True)
class ModelTensor:
    """A tensor of a model; statistics are not parameters, they follow the data."""

    name: str
    shape: tuple[int, ...]
    is_parameter: bool = True

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class ModelDescription:
    """A network: its kind, its width (1 is the paper's), the probability of dropout, and the lattice.

    Raises `ValueError` for what there is no network of.
    """

    lattice: tuple[int, int]
    kind: str = "encoder-decoder"
    width: float = 1.0
    dropout: float = 0.0
    tensors: tuple[ModelTensor, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"there is no model {ascii(self.kind)[:40]}: there are {' and '.join(KINDS)}")
        if not 0.001 <= self.width <= 4:
            raise ValueError(f"the width of a model is from 0.001 to 4, not {self.width}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout is a probability below 1, not {self.dropout}")
        if any(side < MULTIPLE or side % MULTIPLE for side in self.lattice):
            rows, columns = self.lattice
            raise ValueError(f"rows and columns must be multiples of {MULTIPLE}, not {rows} × {columns}")
        object.__setattr__(self, "tensors", tuple(self._tensors()))

    @property
    def encoder_channels(self) -> tuple[int, ...]:
        """Channels after each block of the encoder, six numbers."""
        return tuple(self._scaled(channels) for channels in ENCODER)

    @property
    def decoder_channels(self) -> tuple[int, ...]:
        """Channels after each block of the decoder, seven numbers, the last 1."""
        return (*(self._scaled(channels) for channels in DECODER), 1)

    def decoder_inputs(self, block: int) -> int:
        """Channels that a block of the decoder takes, with those of the encoder that a U-Net joins to them."""
        before = self.encoder_channels[-1] if block == 0 else self.decoder_channels[block - 1]
        joined = self.encoder_channels[6 - block] if self.kind == "u-net" and block >= 2 else 0
        return before + joined

    def _scaled(self, channels: int) -> int:
        return max(1, round(self.width * channels))  # ties to even

    def _tensors(self) -> list[ModelTensor]:
        found, before = [], 1
        for k, channels in enumerate(self.encoder_channels):
            found.append(ModelTensor(f"encoder.{k}.weight", (channels, before, 3, 3)))
            found.append(ModelTensor(f"encoder.{k}.bias", (channels,)))
            if k == 0:
                found += [ModelTensor(f"encoder.0.norm.{name}", (channels,)) for name in ("weight", "bias")]
            before = channels
        for k, channels in enumerate(self.decoder_channels):
            found.append(ModelTensor(f"decoder.{k}.weight", (self.decoder_inputs(k), channels, 3, 3)))
            found.append(ModelTensor(f"decoder.{k}.bias", (channels,)))
        normalised = (self.encoder_channels[0],)
        found += [ModelTensor(f"encoder.0.norm.{name}", normalised, False) for name in ("running_mean", "running_var")]
        return found

    @property
    def parameters(self) -> tuple[ModelTensor, ...]:
        """The tensors that are learnt, in their order; in `tensors` they come before the statistics."""
        return tuple(tensor for tensor in self.tensors if tensor.is_parameter)

    def document(self) -> dict[str, Any]:
        """Returns the description as plain values, for JSON."""
        return {
            "kind": self.kind, "width": self.width, "dropout": self.dropout, "lattice": list(self.lattice),
        }  # fmt: skip

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> ModelDescription:
        """Returns the description that `document()` gave. Raises `ValueError` for anything else."""
        try:
            rows, columns = document["lattice"]
            kind, numbers = document["kind"], (document["width"], document["dropout"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"this describes no model: {ascii(document)[:200]}") from error
        if any(isinstance(value, bool) or not isinstance(value, (int, float)) for value in (rows, columns, *numbers)):
            raise ValueError(f"this describes no model: {ascii(document)[:200]}")
        if rows != int(rows) or columns != int(columns) or max(rows, columns) > LARGEST:
            raise ValueError(f"there is no lattice of {rows} × {columns} sites")
        return cls((int(rows), int(columns)), kind, float(numbers[0]), float(numbers[1]))


def initial_values(model: ModelDescription, seed: int) -> dict[str, npt.NDArray[np.float32]]:
    """Returns the values that training starts from, by the name of the tensor.

    Weights and biases of convolutions are uniform in ±1/√fan_in, which is what PyTorch's own initialisation amounts to (He
    et al. 2015 with a = √5); the fan-in of a bias is that of its weight. Element e of parameter number t takes word e mod 4
    of Philox4x32-10 with the key (seed, 17) and the counter (t, ⌊e/4⌋, 0, 0): u is its upper 24 bits over 2²⁴, the value
    b·(2u − 1) in binary32, b being 1/√fan_in rounded once. Scales of the batch norm begin at 1, its shifts at 0, its statistics at 0 and 1.
    """
    if not 0 <= seed < 1 << 32:
        raise ValueError(f"a seed is a whole number below 2**32, not {seed}")
    values: dict[str, npt.NDArray[np.float32]] = {}
    bound = np.float32(0)
    for tensor in model.tensors:
        if ".norm." in tensor.name:
            start = 1 if tensor.name.endswith(("weight", "running_var")) else 0
            values[tensor.name] = np.full(tensor.shape, start, np.float32)
            continue
        if tensor.name.endswith(".weight"):
            # PyTorch counts the second axis of a weight, which for a transposed convolution is that of its outputs.
            bound = np.float32(1 / math.sqrt(tensor.shape[1] * 9))
        number = model.parameters.index(tensor)
        blocks = np.arange((tensor.size + 3) // 4, dtype=np.uint64)
        zero = np.zeros_like(blocks)
        words = np.stack(philox_block((seed, _STREAM), (zero + np.uint64(number), blocks, zero, zero)), axis=1)
        u = (words.reshape(-1)[: tensor.size] >> np.uint64(8)).astype(np.float32) * np.float32(2.0**-24)
        values[tensor.name] = (bound * (np.float32(2) * u - np.float32(1))).reshape(tensor.shape)
    return values
