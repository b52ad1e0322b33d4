"""The networks as PyTorch modules. Names and shapes of the tensors are those of `ModelDescription`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from .architecture import SLOPE, ModelDescription


class EncoderBlock(nn.Conv2d):
    """A 3×3 convolution, in the first block a batch norm, leaky ReLU. The size stays; `Network` pools."""

    def __init__(self, inputs: int, outputs: int, normalised: bool) -> None:
        super().__init__(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2d(outputs, eps=1e-5, momentum=0.1) if normalised else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = super().forward(x)
        return functional.leaky_relu(y if self.norm is None else self.norm(y), SLOPE)


class DecoderBlock(nn.ConvTranspose2d):
    """A transposed 3×3 convolution of stride 1, leaky ReLU."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, padding=1)

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        return functional.leaky_relu(super().forward(x), SLOPE)


class Network(nn.Module):
    """Either network. Takes and returns (samples, rows, columns); the output is the transformed label.

    In training, and in `eval()` with `sampling` set, dropout acts after the first two blocks of the decoder.
    """

    def __init__(self, model: ModelDescription) -> None:
        super().__init__()
        self.model = model
        self.sampling = False
        channels = (1, *model.encoder_channels)
        self.encoder = nn.ModuleList(EncoderBlock(channels[k], channels[k + 1], k == 0) for k in range(6))
        # The batch norm takes away what this bias adds, so its gradient is 0. Rounding makes it 1e-9 or so, which Adam would
        # divide by its own size: the bias would wander by the learning rate, and the running mean lag behind it.
        self.encoder[0].bias.register_hook(torch.zeros_like)
        outputs = model.decoder_channels
        self.decoder = nn.ModuleList(DecoderBlock(model.decoder_inputs(k), outputs[k]) for k in range(7))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x[:, None]  # (samples, 1, rows, columns)
        skipped = []
        for k, block in enumerate(self.encoder):
            y = block(y)
            skipped.append(y)
            if k < 5:
                y = functional.avg_pool2d(y, 2)
        for k, block in enumerate(self.decoder):
            if k >= 2:
                y = functional.interpolate(y, scale_factor=2, mode="nearest")
                if self.model.kind == "u-net":
                    y = torch.cat((y, skipped[6 - k]), dim=1)
            y = block(y)
            if k < 2 and self.model.dropout > 0:
                y = functional.dropout(y, self.model.dropout, self.training or self.sampling)
        return y[:, 0]

    def load_values(self, values: Mapping[str, npt.NDArray[np.float32]]) -> None:
        """Takes the values of all tensors. Raises `ValueError` where a name or a shape is not the model's."""
        expected = {tensor.name: tensor.shape for tensor in self.model.tensors}
        found = {name: tuple(value.shape) for name, value in values.items()}
        if found != expected:
            wrong = sorted(set(found.items()) ^ set(expected.items()))[0]
            raise ValueError(f"these are not the weights of this model: see {wrong[0]} of the shape {wrong[1]}")
        own = self._named()
        with torch.no_grad():
            for name, value in values.items():
                own[name].copy_(torch.from_numpy(np.array(value)))

    def values(self) -> dict[str, npt.NDArray[np.float32]]:
        """Returns the values of all tensors, in the model's order."""
        own = self._named()
        return {t.name: own[t.name].detach().float().cpu().numpy().copy() for t in self.model.tensors}

    def ordered_parameters(self) -> list[nn.Parameter]:
        """Returns the parameters in the model's order."""
        own = self._named()
        return [own[tensor.name] for tensor in self.model.parameters]

    def _named(self) -> dict[str, torch.Tensor]:
        return {**dict(self.named_parameters()), **dict(self.named_buffers())}
