"""Losses, the prefactors that weight them, and transforms of the label, as PyTorch computes them.

e = ŷ′ − y′ at each site, y′ being the transformed label and ŷ′ the network's output. A training loss is the mean of
prefactor · loss over sites and samples. From Toledo-Marín, Glazier and Fox (2023, §2).
"""

from __future__ import annotations

import math

import torch

from .description import Exponential, Loss, Prefactor, Step, Transform


def per_site(loss: Loss, error: torch.Tensor) -> torch.Tensor:
    """Returns the loss of each site from its error.

    `mae` |e|; `mse` e²; `huber` ½e² for |e| ≤ δ, δ(|e| − ½δ) outside; `inverse-huber` (the paper's eq. 4) δ(|e| − ½δ) for
    |e| ≤ δ, ½e² outside, negative near 0; `inverse-huber-released` (the paper's program) |e| for |e| ≤ δ,
    (e² + δ²)/(2δ) outside. The derivative of |e| at 0 is 0.
    """
    size = error.abs()
    if loss.kind == "mae":
        return size
    if loss.kind == "mse":
        return error * error
    delta = loss.delta
    inside = size <= delta
    linear = delta * (size - 0.5 * delta)
    quadratic = 0.5 * error * error
    if loss.kind == "huber":
        return torch.where(inside, quadratic, linear)
    if loss.kind == "inverse-huber":
        return torch.where(inside, linear, quadratic)
    return torch.where(inside, size, (error * error + delta * delta) / (2 * delta))


def weights(prefactor: Prefactor, output: torch.Tensor, label: torch.Tensor) -> torch.Tensor | None:
    """Returns the prefactor of each site, none for 1 everywhere; `output` and `label` are both transformed.

    exponential: exp(−(1 − y′)/scale), of the label, or of the output with its gradient; step: 1 + a·tanh(b·y′).
    """
    if isinstance(prefactor, Exponential):
        of = label if prefactor.of == "truth" else output
        return torch.exp(-(1 - of) / prefactor.scale)
    if isinstance(prefactor, Step):
        return 1 + prefactor.a * torch.tanh(prefactor.b * label)
    return None


def training_loss(loss: Loss, prefactor: Prefactor, output: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Returns the mean over samples and sites of prefactor · loss: what training makes small."""
    return _weighted(loss, prefactor, output, label).mean()


def sample_losses(loss: Loss, prefactor: Prefactor, output: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    """Returns the mean over sites of prefactor · loss, (samples)."""
    return _weighted(loss, prefactor, output, label).flatten(1).mean(1)


def _weighted(loss: Loss, prefactor: Prefactor, output: torch.Tensor, label: torch.Tensor) -> torch.Tensor:
    values = per_site(loss, output - label)
    weight = weights(prefactor, output, label)
    return values if weight is None else weight * values


def forward(transform: Transform, y: torch.Tensor) -> torch.Tensor:
    """Returns the transformed label y′.

    `sqrt` √y; `power` yᵖ; `log10` 1 − log₁₀(max(y, floor))/log₁₀(floor), which is 0 at the floor and below, 1 at 1.
    """
    if transform.kind == "sqrt":
        return torch.sqrt(y)
    if transform.kind == "power":
        return torch.pow(y, transform.exponent)
    if transform.kind == "log10":
        return 1 - torch.log10(y.clamp_min(transform.floor)) / math.log10(transform.floor)
    return y


def inverse(transform: Transform, output: torch.Tensor) -> torch.Tensor:
    """Returns the prediction ŷ of an output; where the transform has no negative values, they count as 0."""
    if transform.kind == "sqrt":
        return output.clamp_min(0) ** 2
    if transform.kind == "power":
        return output.clamp_min(0) ** (1 / transform.exponent)
    if transform.kind == "log10":
        return torch.pow(10.0, (1 - output) * math.log10(transform.floor))
    return output
