"""How a model is trained: the block `train` of a pipeline file, as values.

The article *Training* of Steadyset's documentation has the table of keys; `parsing` reads it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..order import philox
from ..streams.decisions import Curation

_DRAWS = 20  # the stream of Philox that draws a prefactor for each epoch


@dataclass(frozen=True)
class Loss:
    """A loss of one site; see `losses.per_site`."""

    kind: str = "mae"
    delta: float = 0.0

    KINDS = ("mae", "mse", "huber", "inverse-huber", "inverse-huber-released")

    def document(self) -> Any:
        """Returns it as a pipeline file has it."""
        return {"kind": self.kind} if self.kind in ("mae", "mse") else {"kind": self.kind, "delta": self.delta}


@dataclass(frozen=True)
class Exponential:
    """The prefactor exp(−(1 − y)/scale); `of` is truth or prediction."""

    scale: float = 1.0
    of: str = "truth"


@dataclass(frozen=True)
class Step:
    """The prefactor 1 + a·tanh(b·y)."""

    a: float
    b: float


Prefactor = Exponential | Step | None


@dataclass(frozen=True)
class Toggle:
    """Exponential and step in turn: `every` epochs each, starting with the exponential."""

    every: int
    exponential: Exponential
    step: Step


@dataclass(frozen=True)
class Draw:
    """Exponential or step, drawn for each epoch."""

    step_probability: float
    exponential: Exponential
    step: Step


def prefactor_of_epoch(prefactor: Prefactor | Toggle | Draw, epoch: int, seed: int) -> Prefactor:
    """Returns the prefactor of an epoch, counted from 0.

    A drawn one is the step where word 0 of Philox4x32-10 with the key (seed, 20) and the counter (epoch, 0, 0, 0) is below
    step_probability·2³².
    """
    if isinstance(prefactor, Toggle):
        return prefactor.step if epoch // prefactor.every % 2 else prefactor.exponential
    if isinstance(prefactor, Draw):
        zero = np.zeros(1, np.uint64)
        word = int(philox((seed, _DRAWS), (zero + np.uint64(epoch), zero, zero, zero))[0])
        return prefactor.step if word < prefactor.step_probability * 2.0**32 else prefactor.exponential
    return prefactor


def prefactor_name(prefactor: Prefactor) -> str:
    """Returns `none`, `exponential` or `step`."""
    return "none" if prefactor is None else "step" if isinstance(prefactor, Step) else "exponential"


def prefactor_document(prefactor: Prefactor | Toggle | Draw) -> Any:
    """Returns a prefactor as a pipeline file has it, with all its keys."""
    if prefactor is None:
        return "none"
    if isinstance(prefactor, (Exponential, Step)):
        return {prefactor_name(prefactor): dataclasses.asdict(prefactor)}
    return {type(prefactor).__name__.lower(): dataclasses.asdict(prefactor)}


@dataclass(frozen=True)
class Transform:
    """A transform of the label; see `losses.forward`."""

    kind: str = "none"
    floor: float = 1e-6
    exponent: float = 1.0

    def document(self) -> Any:
        """Returns it as a pipeline file has it."""
        if self.kind == "log10":
            return {"log10": {"floor": self.floor}}
        if self.kind == "power":
            return {"power": {"exponent": self.exponent}}
        return self.kind


@dataclass(frozen=True)
class Optimiser:
    """Adam (Kingma and Ba 2015) with decoupled decay of weights (Loshchilov and Hutter 2019)."""

    learning_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0
    clip_norm: float | None = None


@dataclass(frozen=True)
class Schedule:
    """The learning rate's course; `final` is None where it is constant."""

    final: float | None = None
    warm_up_epochs: float = 0.0

    def learning_rate(self, step: int, start: float, steps: int, steps_per_epoch: int) -> float:
        """Returns the learning rate at a step of the optimiser, counted from 0, of `steps` in all.

        It rises linearly during the warm-up of W steps, start·(step + 1)/W, and then stays, or follows half a cosine down to
        `final` (Loshchilov and Hutter 2017, without restarts).
        """
        warm_up = round_half_up(self.warm_up_epochs * steps_per_epoch)
        if step < warm_up:
            return start * (step + 1) / warm_up
        if self.final is None:
            return start
        done = (step - warm_up) / max(1, steps - warm_up)
        return self.final + (start - self.final) * 0.5 * (1 + math.cos(math.pi * done))


def round_half_up(value: float) -> int:
    """Returns the nearest whole number, the upper one of two equally near."""
    return math.floor(value + 0.5)


ENDLESS = "endless"
"""The selection that stands for the training part without an end."""


@dataclass(frozen=True)
class TrainingDescription:
    """The block `train`: what to learn from, the network, the loss, the optimiser, and how long."""

    kind: str = "encoder-decoder"
    width: float = 1.0
    dropout: float = 0.0
    selection: str = "S100%"
    samples_per_epoch: int | None = None
    curation: Curation | None = None
    judge: str = "validation"
    best_by: str = "loss"
    loss: Loss = field(default_factory=Loss)
    prefactor: Prefactor | Toggle | Draw = None
    transform: Transform = field(default_factory=Transform)
    label_noise: float = 0.0
    optimiser: Optimiser = field(default_factory=Optimiser)
    schedule: Schedule = field(default_factory=Schedule)
    batch: int = 50
    epochs: int = 100
    early_stop: int | None = None
    seed: int = 1

    @property
    def is_endless(self) -> bool:
        """Whether it learns from the training part without an end."""
        return self.selection == ENDLESS

    def document(self) -> dict[str, Any]:
        """Returns the block with every key: what the manifest of `steadyset train` has as its parameters."""
        cosine = self.schedule.final is not None
        endless: dict[str, Any] = {} if self.samples_per_epoch is None else {"samples_per_epoch": self.samples_per_epoch}
        endless |= {} if self.curation is None else {"curation": self.curation.document()}
        return endless | {
            "model": {"kind": self.kind, "width": self.width, "dropout": self.dropout},
            "selection": self.selection, "judge": self.judge, "best_by": self.best_by, "loss": self.loss.document(),
            "prefactor": prefactor_document(self.prefactor), "transform": self.transform.document(),
            "label_noise": self.label_noise, "optimiser": dataclasses.asdict(self.optimiser),
            "schedule": {"cosine": {"final": self.schedule.final}} if cosine else "constant",
            "warm_up_epochs": self.schedule.warm_up_epochs, "batch": self.batch, "epochs": self.epochs,
            "early_stop": self.early_stop, "seed": self.seed,
        }  # fmt: skip
