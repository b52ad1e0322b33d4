"""Judges labels of another program: by the references, whatever made them."""

import pathlib

import numpy as np

from .references import errors


def judge(problem, references, folder, largest_error):
    """Returns a dict: `met`, the largest `error` (None where a field is missing or no number), and a sentence, `said`.

    `folder` holds `field_00000.npy` and so on, labels by line; an emitting label is the field divided by its maximum.
    """
    worst, missing = 0.0, 0
    for number, reference in enumerate(references):
        path = pathlib.Path(folder) / f"field_{number:05d}.npy"
        if not path.exists():
            missing += 1
            continue
        label = np.load(path).astype(float)
        if label.shape != reference.shape:
            return {"met": False, "error": None, "said": f"{path.name} is {label.shape}, not {reference.shape}"}
        scale = reference.max() if problem.model == "emitting" else 1
        error, _ = errors(scale * label, reference, problem.model)
        worst = max(worst, error if np.isfinite(error) else np.inf)
    met = bool(worst <= largest_error and not missing)
    said = f"{len(references) - missing} fields, {missing} missing, largest error {worst:.3e}"
    said += f", {'within' if met else 'NOT within'} {largest_error:g}"
    return {"met": met, "error": worst if np.isfinite(worst) and not missing else None, "said": said}
