"""Reads the block `train` of a pipeline file. Unknown keys are refused with the nearest one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from .architecture import KINDS
from .codes import with_code
from .description import (
    Draw,
    Exponential,
    Loss,
    Optimiser,
    Prefactor,
    Schedule,
    Step,
    Toggle,
    TrainingDescription,
    Transform,
)
from .errors import TrainingError


@dataclass(frozen=True)
class Interval:
    """Numbers from `low` to `high`, or without one of them."""

    low: float
    high: float
    without_low: bool = False
    without_high: bool = False

    def __contains__(self, value: float) -> bool:
        above = value > self.low if self.without_low else value >= self.low
        return above and (value < self.high if self.without_high else value <= self.high)

    def __str__(self) -> str:
        start = f"{'above' if self.without_low else 'from'} {self.low:g}"
        return f"{start} {'to below' if self.without_high else 'to'} {self.high:g}"


_SHARE = Interval(0, 1, without_high=True)


def _positive(high: float) -> Interval:
    return Interval(0, high, without_low=True)


class Block:
    """A mapping of a pipeline file that is read key by key; what is left over at the end is refused."""

    def __init__(self, value: Any, place: str) -> None:
        if not isinstance(value, dict):
            raise TrainingError(f"{place} is a mapping, not {value!r}")
        self._members = dict(value)
        self._asked: list[str] = []
        self._place = place

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def take(self, key: str, default: Any = None) -> Any:
        """Returns the value of a key and notes that it was asked for."""
        self._asked.append(key)
        return self._members.pop(key, default)

    def number(self, key: str, default: float | None, allowed: Interval) -> float:
        """Returns a number of an interval; a key without a default is required."""
        value = self.take(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TrainingError(f"{self._place}.{key} is a number, not {value!r}")
        if value not in allowed:
            raise TrainingError(f"{self._place}.{key} is {allowed}, not {value}")
        return float(value)

    def whole(self, key: str, default: int | None, low: int, high: int) -> int:
        """Returns a whole number from low to high."""
        value = self.number(key, default, Interval(low, high))
        if value != int(value):
            raise TrainingError(f"{self._place}.{key} is a whole number, not {value}")
        return int(value)

    def word(self, key: str, default: str | None, words: Iterable[str]) -> str:
        """Returns one of some words."""
        value = self.take(key, default)
        if value not in list(words):
            raise TrainingError(f"{self._place}.{key} is one of {', '.join(words)}, not {value!r}")
        return str(value)

    def end(self) -> None:
        """Refuses keys that nobody asked for."""
        for key in self._members:
            near = difflib.get_close_matches(str(key), self._asked, 1, 0)
            raise TrainingError(f"{self._place} has no key '{key}'" + (f"; did you mean '{near[0]}'?" if near else ""))


def parse_training(value: Any) -> TrainingDescription:
    """Returns the description that the block `train` of a pipeline file gives, a code among it resolved.

    Raises `TrainingError` that names the key.
    """
    block = Block(with_code(value) if isinstance(value, dict) else value, "train")
    base = TrainingDescription()
    model = Block(block.take("model"), "train.model")
    base = replace(
        base,
        kind=model.word("kind", None, KINDS),
        width=model.number("width", base.width, Interval(0.001, 4)),
        dropout=model.number("dropout", base.dropout, _SHARE),
    )
    model.end()
    if "loss" in block:
        base = replace(base, loss=_loss(block.take("loss")))
    if "prefactor" in block:
        base = replace(base, prefactor=_prefactor(block.take("prefactor")))
    if "transform" in block:
        base = replace(base, transform=parse_transform(block.take("transform")))
    if "optimiser" in block:
        base = replace(base, optimiser=_optimiser(Block(block.take("optimiser"), "train.optimiser"), base.optimiser))
    schedule = _schedule(block.take("schedule", "constant"), block.number("warm_up_epochs", 0, Interval(0, 10_000)))
    alternates = isinstance(base.prefactor, (Toggle, Draw))
    stop = block.take("early_stop")
    if stop is not None:
        if isinstance(stop, bool) or not isinstance(stop, (int, float)) or not 1 <= stop <= 10_000 or stop != int(stop):
            raise TrainingError(f"train.early_stop is a number of epochs or null, not {stop!r}")
        stop = int(stop)
    selection = block.take("selection", base.selection)
    if not isinstance(selection, str) or not selection:
        raise TrainingError(f"train.selection is an expression of selections, not {selection!r}")
    result = replace(
        base,
        selection=selection,
        judge=block.word("judge", base.judge, ("validation", "test", "none")),
        best_by=block.word("best_by", "mae" if alternates else "loss", ("loss", "mae")),
        label_noise=block.number("label_noise", base.label_noise, Interval(0, 1e6)),
        schedule=schedule,
        batch=block.whole("batch", base.batch, 1, 100_000),
        epochs=block.whole("epochs", base.epochs, 1, 10_000),
        early_stop=stop,
        seed=block.whole("seed", base.seed, 0, 2**32 - 1),
    )
    for key in ("code", "loss", "prefactor", "transform", "optimiser"):
        block.take(key)  # so that a misspelt key may be compared with these too
    block.end()
    if result.schedule.warm_up_epochs > result.epochs:
        raise TrainingError(f"train.warm_up_epochs is {result.schedule.warm_up_epochs}, of only {result.epochs} epochs")
    if result.early_stop is not None and result.judge == "none":
        raise TrainingError("train.early_stop needs a part that judges: set train.judge to validation or test")
    if alternates and result.best_by == "loss" and result.judge != "none":
        raise TrainingError("train.best_by is loss, but losses of alternating prefactors do not compare: set it to mae")
    return result


def _loss(value: Any) -> Loss:
    block = Block(value, "train.loss")
    kind = block.word("kind", None, Loss.KINDS)
    delta = 0.0 if kind in ("mae", "mse") else block.number("delta", None, _positive(1e6))
    block.end()
    return Loss(kind, delta)


def _exponential(value: Any, place: str) -> Exponential:
    block = Block(value, place)
    found = Exponential(
        block.number("scale", 1, _positive(1e6)), block.word("of", "truth", ("truth", "prediction"))
    )
    block.end()
    return found


def _step(value: Any, place: str) -> Step:
    block = Block(value, place)
    found = Step(block.number("a", 4000, Interval(-1e9, 1e9)), block.number("b", 10, Interval(-1e6, 1e6)))
    block.end()
    return found


def _prefactor(value: Any) -> Prefactor | Toggle | Draw:
    if value == "none":
        return None
    block = Block(value, "train.prefactor")
    found: Prefactor | Toggle | Draw
    if "exponential" in block:
        found = _exponential(block.take("exponential"), "train.prefactor.exponential")
    elif "step" in block:
        found = _step(block.take("step"), "train.prefactor.step")
    elif "toggle" in block or "draw" in block:
        name = "toggle" if "toggle" in block else "draw"
        inner = Block(block.take(name), f"train.prefactor.{name}")
        exponential = _exponential(inner.take("exponential", {}), f"train.prefactor.{name}.exponential")
        step = _step(inner.take("step", {}), f"train.prefactor.{name}.step")
        if name == "toggle":
            found = Toggle(inner.whole("every", None, 1, 10_000), exponential, step)
        else:
            found = Draw(inner.number("step_probability", 0.8, Interval(0, 1)), exponential, step)
        inner.end()
    else:
        for key in ("exponential", "step", "toggle", "draw"):
            block.take(key)
        block.end()
        raise TrainingError("train.prefactor is none, or one of exponential, step, toggle, draw")
    block.end()
    return found


def parse_transform(value: Any) -> Transform:
    """Returns the transform that a pipeline file gives."""
    if value in ("none", "sqrt", "log10"):
        return Transform(str(value))
    block = Block(value, "train.transform")
    if "log10" in block:
        inner = Block(block.take("log10"), "train.transform.log10")
        found = Transform("log10", floor=inner.number("floor", 1e-6, Interval(1e-300, 1, without_high=True)))
    else:
        inner = Block(block.take("power", {}), "train.transform.power")
        found = Transform("power", exponent=inner.number("exponent", None, _positive(100)))
    inner.end()
    block.end()
    return found


def _optimiser(block: Block, base: Optimiser) -> Optimiser:
    clip = block.take("clip_norm", base.clip_norm)
    if clip is not None and (isinstance(clip, bool) or not isinstance(clip, (int, float)) or not clip > 0):
        raise TrainingError(f"train.optimiser.clip_norm is a number above 0 or null, not {clip!r}")
    found = Optimiser(
        block.number("learning_rate", base.learning_rate, _positive(1e3)),
        block.number("beta1", base.beta1, _SHARE),
        block.number("beta2", base.beta2, _SHARE),
        block.number("epsilon", base.epsilon, _positive(1)),
        block.number("weight_decay", base.weight_decay, Interval(0, 1e3)),
        None if clip is None else float(clip),
    )
    block.end()
    return found


def _schedule(value: Any, warm_up: float) -> Schedule:
    if value == "constant":
        return Schedule(None, warm_up)
    block = Block(value, "train.schedule")
    inner = Block(block.take("cosine"), "train.schedule.cosine")
    found = Schedule(inner.number("final", 0, Interval(0, 1e3)), warm_up)
    inner.end()
    block.end()
    return found
