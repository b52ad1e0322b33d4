"""Reads the block `train` of a pipeline file, as its schema has it: types, ranges and defaults are said there."""

from __future__ import annotations

from typing import Any

from ..schema import complaint, filled
from ..streams.decisions import Curation
from .codes import with_code
from .description import (
    ENDLESS,
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


def parse_training(value: Any) -> TrainingDescription:
    """Returns the description that the block `train` of a pipeline file gives, a code among it resolved.

    Raises `TrainingError` that names the key.
    """
    if said := complaint("training", value, "train"):
        raise TrainingError(said)
    block = filled("training", with_code(value))
    prefactor = _prefactor(block["prefactor"])
    result = TrainingDescription(
        kind=block["model"]["kind"],
        width=float(block["model"]["width"]),
        dropout=float(block["model"]["dropout"]),
        selection=block["selection"],
        samples_per_epoch=None if block.get("samples_per_epoch") is None else int(block["samples_per_epoch"]),
        curation=_curation(block.get("curation")),
        judge=block["judge"],
        best_by=block["best_by"],
        loss=Loss(block["loss"]["kind"], float(block["loss"].get("delta", 0))),
        prefactor=prefactor,
        transform=parse_transform(block["transform"]),
        label_noise=float(block["label_noise"]),
        optimiser=_optimiser(block["optimiser"]),
        schedule=_schedule(block["schedule"], float(block["warm_up_epochs"])),
        batch=int(block["batch"]),
        epochs=int(block["epochs"]),
        early_stop=None if block["early_stop"] is None else int(block["early_stop"]),
        seed=int(block["seed"]),
    )
    if (result.samples_per_epoch is not None) != result.is_endless:
        raise TrainingError(f"train.samples_per_epoch is said where train.selection is '{ENDLESS}', and only there")
    if result.curation is not None and not result.is_endless:
        raise TrainingError(f"train.curation is said where train.selection is '{ENDLESS}', and only there")
    if result.schedule.warm_up_epochs > result.epochs:
        raise TrainingError(f"train.warm_up_epochs is {result.schedule.warm_up_epochs}, of only {result.epochs} epochs")
    if result.early_stop is not None and result.judge == "none":
        raise TrainingError("train.early_stop needs a part that judges: set train.judge to validation or test")
    if isinstance(prefactor, (Toggle, Draw)) and result.best_by == "loss" and result.judge != "none":
        raise TrainingError("train.best_by is loss, but losses of alternating prefactors do not compare: set it to mae")
    return result


def _curation(members: Any) -> Curation | None:
    if members is None:
        return None
    whole = {name: int(members[name]) for name in ("candidates", "power")}
    return Curation(by=members["by"], floor=float(members["floor"]), unbiased=members["unbiased"], **whole)


def parse_transform(value: Any) -> Transform:
    """Returns the transform that a pipeline file, or a file of weights, gives. Raises `TrainingError`."""
    given = {"transform": {"log10": {}} if value == "log10" else value}
    if said := complaint("training", {"model": {"kind": "u-net"}} | given, "train"):
        raise TrainingError(said)
    form = filled("training", given)["transform"]
    if isinstance(form, str):
        return Transform(form)
    [(kind, members)] = form.items()
    return Transform(kind, **{key: float(number) for key, number in members.items()})


def _prefactor(form: Any) -> Prefactor | Toggle | Draw:
    if form == "none":
        return None
    [(name, members)] = form.items()
    if name == "exponential":
        return _exponential(members)
    if name == "step":
        return _step(members)
    exponential, step = _exponential(members["exponential"]), _step(members["step"])
    if name == "toggle":
        return Toggle(int(members["every"]), exponential, step)
    return Draw(float(members["step_probability"]), exponential, step)


def _exponential(members: Any) -> Exponential:
    return Exponential(float(members["scale"]), members["of"])


def _step(members: Any) -> Step:
    return Step(float(members["a"]), float(members["b"]))


def _optimiser(members: Any) -> Optimiser:
    clip_norm = members["clip_norm"]
    numbers = {key: float(number) for key, number in members.items() if key != "clip_norm"}
    return Optimiser(**numbers, clip_norm=None if clip_norm is None else float(clip_norm))


def _schedule(form: Any, warm_up: float) -> Schedule:
    return Schedule(None if form == "constant" else float(form["cosine"]["final"]), warm_up)
