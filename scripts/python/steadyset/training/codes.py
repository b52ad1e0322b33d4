"""The models of Toledo-Marín, Glazier and Fox (2023, Tables 2 to 8) by their codes.

The first number says the share of the training data, 80 for 1/80; then the prefactor, E exponential, S step, T both in turn, R one
at random; then the loss, 1 MAE, 2 MSE, H Huber, IH inverse Huber. `4R` has MAE; `4T-1` and `4T-5` have MSE (Table 6), and their number
is that of the epochs after which the prefactors change places. The tables name no δ for `80EIH` and the Huber losses: 0.5 and 1
are choices of this program. Where a table gives several rows one code, its hyperparameter is appended: `20EIH_d0.05`.
"""

from __future__ import annotations

from typing import Any

from .description import Draw, Exponential, Loss, Optimiser, Prefactor, Step, Toggle, TrainingDescription, Transform
from .errors import TrainingError

_SHARES = {"80": "S1.25%", "40": "S2.5%", "20": "S5%", "8": "S12.5%", "4": "S25%", "2": "S50%", "1": "S100%"}
_E = Exponential()
_S = Step(4000, 10)
_MAE, _MSE, _HUBER = Loss("mae"), Loss("mse"), Loss("huber", 1)
_SQRT = Transform("sqrt")


def _code(
    share: str,
    prefactor: Prefactor | Toggle | Draw,
    loss: Loss,
    epochs: int = 100,
    transform: Transform | None = None,
    learning_rate: float = 1e-4,
    label_noise: float = 0.0,
) -> TrainingDescription:
    return TrainingDescription(
        selection=_SHARES[share],
        prefactor=prefactor,
        loss=loss,
        epochs=epochs,
        transform=transform or Transform(),
        optimiser=Optimiser(learning_rate=learning_rate),
        label_noise=label_noise,
    )


CODES: dict[str, TrainingDescription] = {
    "80E1": _code("80", _E, _MAE),
    "80E2": _code("80", _E, _MSE),
    "80EIH": _code("80", _E, Loss("inverse-huber", 0.5)),
    "80S1_a4000_b10_sqrt": _code("80", _S, _MAE, transform=_SQRT),
    "80S1_a6000_b1_sqrt": _code("80", Step(6000, 1), _MAE, transform=_SQRT),
    "80S1_a4000_b10": _code("80", _S, _MAE),
    "80S1_a6000_b1": _code("80", Step(6000, 1), _MAE, learning_rate=2e-5),
    "80S1_a8000_b1": _code("80", Step(8000, 1), _MAE),
    "80S1_a6000_b10": _code("80", Step(6000, 10), _MAE),
    "80S2": _code("80", Step(6000, 10), _MSE),
    "80SH": _code("80", Step(6000, 1), _HUBER),
    "80SH_sqrt": _code("80", _S, _HUBER, transform=_SQRT),
    "40E1": _code("40", _E, _MAE),
    "40E2": _code("40", _E, _MSE),
    "40S1": _code("40", _S, _MAE),
    "40S2": _code("40", _S, _MSE),
    "20E1": _code("20", _E, _MAE),
    "20E2": _code("20", _E, _MSE),
    "20EIH_d0.5": _code("20", _E, Loss("inverse-huber", 0.5)),
    "20EIH_d0.05": _code("20", _E, Loss("inverse-huber", 0.05)),
    "20EIH_d0.15": _code("20", _E, Loss("inverse-huber", 0.15)),
    "20S1": _code("20", _S, _MAE),
    "20S2": _code("20", _S, _MSE),
    "8E1": _code("8", _E, _MAE),
    "8E2": _code("8", _E, _MSE),
    "8S1": _code("8", _S, _MAE),
    "8S2": _code("8", _S, _MSE),
    "4E1": _code("4", _E, _MAE),
    "4E2": _code("4", _E, _MSE, 89),
    "4R": _code("4", Draw(0.8, _E, _S), _MAE, 84),
    "4S1": _code("4", _S, _MAE),
    "4SH": _code("4", _S, _HUBER),
    "4T-1": _code("4", Toggle(1, _E, _S), _MSE),
    "4T-5": _code("4", Toggle(5, _E, _S), _MSE),
    "4E2-2": _code("4", _E, _MSE, label_noise=0.01),
    "2E1": _code("2", _E, _MAE, 64),
    "2S1": _code("2", _S, _MAE, 81),
    "1E1": _code("1", _E, _MAE, 56),
    "1S1": _code("1", _S, _MAE, 40),
}


_KEYS = ("selection", "prefactor", "loss", "transform", "label_noise", "epochs")


def without_keys(train: dict[str, Any]) -> dict[str, Any]:
    """Returns what is left of a block `train` where a code takes the place of all that a code sets."""
    left = {key: value for key, value in train.items() if key not in _KEYS}
    if isinstance(left.get("optimiser"), dict):
        left["optimiser"] = {key: value for key, value in left["optimiser"].items() if key != "learning_rate"}
    return left


def describe(code: str) -> TrainingDescription:
    """Returns what a code of the tables says; the rest has its defaults. Raises `TrainingError` for an unknown code."""
    if code not in CODES:
        raise TrainingError(f"there is no model code '{code}'; there are {', '.join(CODES)}")
    return CODES[code]
