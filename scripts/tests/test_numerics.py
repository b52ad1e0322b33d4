"""Numbers through the binary: media that are hard to solve, units, hopeless predictions, bounds as text, edges of shapes, tiny values."""

import csv
import json
import random
from decimal import Decimal

import h5py
import numpy as np
import pytest
from conftest import manifest, refused, steadyset, write

ONE = {"row": 16, "column": 16, "radius": 3, "value": 1}
FLOAT_MAX = float(np.finfo(np.float32).max)


def solved(folder, physics, *sources, until="solve", solver=None, **options):
    """Solves configurations, one for each list of sources; returns the dataset."""
    lines = "".join(json.dumps({"sources": s if isinstance(s, list) else [s]}) + "\n" for s in sources)
    (folder / "own.jsonl").write_text(lines)
    pipeline = {"format": 1, "name": "t", "physics": physics, "split": {"test_every": None}}
    if solver:
        pipeline["solver"] = solver
    steadyset("run", write(folder, pipeline), "-o", folder / "out", "--from", folder / "own.jsonl", "--until", until, **options)
    return folder / "out"


def part(dataset):
    with h5py.File(dataset / "solve/part-00000.h5") as file:
        return file["x"][:], file["y"][:], file["error_bound"][:]


def spoiled(dataset, path, change):
    """Writes the labels of a packed dataset, changed, as predictions."""
    with h5py.File(dataset / "pack/train-00000.h5") as file:
        ids, y = file["id"][:], file["y"][:]
    exact = y.copy()
    change(y)
    with h5py.File(path, "w") as file:
        file["id"], file["y"] = ids, y
    return np.abs(y.astype(float) - exact).reshape(len(y), -1).max(axis=1)


def test_fibrous_media(tmp_path):
    """Strong couplings in one direction, isotropic inclusions, one absorbing side: labels as of any medium."""
    draw = random.Random(3)
    dots = [(3, 21), (3, 61), (13, 23), (15, 41), (29, 51), (33, 7)]
    few = [{"row": i, "column": j, "radius": 0, "value": 1000} for i, j in dots]
    many = [
        {"row": draw.randrange(128), "column": draw.randrange(160), "radius": draw.randint(1, 4), "value": 100} for _ in range(60)
    ]
    sides = {"top": "periodic", "bottom": "periodic", "left": "absorbing", "right": "reflecting"}
    for number, (lattice, strong, regions) in enumerate([([34, 64], 1000, few), ([128, 160], 100, many)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        across = {"regions": {"background": 1, "regions": regions}}
        physics = {"lattice": lattice, "diffusivity": {"down": strong, "across": across}, "decay_rate": 0}
        dataset = solved(folder, physics | {"boundary": sides, "sources": "emitting"}, ONE | {"radius": 2})
        assert part(dataset)[2][0] <= 1e-6


@pytest.mark.parametrize("boundary", ["periodic", "absorbing"])
@pytest.mark.parametrize("sources", ["pinned", "emitting"])
def test_units_of_time(tmp_path, boundary, sources):
    """Only decay rate / D matters: labels agree within their bounds in every unit, and bounds do not grow."""
    found = []
    for unit in (1, 1e-3, 1e-9, 1e-29, 1e9, 1e30):
        folder = tmp_path / str(unit)
        folder.mkdir()
        physics = {"lattice": [32, 32], "diffusivity": unit, "decay_rate": 1e-6 * unit, "boundary": boundary, "sources": sources}
        found.append(part(solved(folder, physics, ONE))[1:])
    for y, bound in found:
        assert bound[0] <= 1e-6
        assert np.abs(y.astype(float) - found[0][0]).max() <= bound[0] + found[0][1][0]


def test_diffusivities_have_a_range(tmp_path):
    for unit, limit in (("1.0e-160", "least 1e-30"), ("1.0e-31", "least 1e-30"), ("1.0e+31", "most 1e\\+30")):
        pipeline = f"format: 1\nname: t\nphysics: {{lattice: [32, 32], diffusivity: {unit}, decay_rate: {unit}}}\n"
        pipeline += "sampling: {strata: [1], samples_per_stratum: 1, seed: 1}\n"
        error = refused("run", write(tmp_path, pipeline), "-o", tmp_path / "out", status=65, says=f":3: physics.diffusivity: is .*, must be at {limit}")
        assert "positive and finite" not in error


@pytest.mark.parametrize("medium", [{}, {"decay_rate": 0}, {"boundary": "periodic"}])
@pytest.mark.parametrize("sources", ["pinned", "emitting"])
def test_hopeless_predictions(tmp_path, medium, sources):
    """Finite and very wrong: certified fields all the same, and finite bounds."""
    # Of four sizes: on a torus a source that is only elsewhere is the same problem.
    given = [ONE | {"radius": radius} for radius in (3, 2, 4, 5)]
    dataset = solved(tmp_path, {"lattice": [36, 40], "decay_rate": 0.01, "sources": sources} | medium, *given, until="pack")

    def change(y):
        for k, value in enumerate((1e30, -1e30, FLOAT_MAX, 7)):
            y[k, 30, 30] = value

    errors = spoiled(dataset, tmp_path / "p.h5", change)
    picked = ["--data", dataset, "--selection", "train", "--predictions", tmp_path / "p.h5"]
    steadyset("certify", *picked, "--tolerance", "1e-3", "-o", tmp_path / "c.h5")
    with open(tmp_path / "c.csv") as file:
        answers = list(csv.DictReader(file))
    assert [answer["answer"] for answer in answers] == ["repaired"] * 4
    steadyset("evaluate", *picked, "--no-labels", "-o", tmp_path / "e")
    with open(tmp_path / "e/evaluate/errors.csv") as file:
        judged = list(csv.DictReader(file))
    for error, answer, row in zip(errors, answers, judged, strict=True):
        for bound in (float(answer["given_bound"]), float(row["bound"])):
            assert error - 1e-6 <= bound <= 1.0001 * error + 1e-3
        assert float(answer["bound"]) <= 1e-3
        assert all(np.isfinite(float(row[name])) for name in ("estimate_mae", "estimate_max", "largest_residual"))
    with h5py.File(dataset / "pack/train-00000.h5") as file, h5py.File(tmp_path / "c.h5") as fields:
        assert np.abs(file["y"][:].astype(float) - fields["y"][:]).max() <= 1e-3 + 1e-6
    assert manifest(tmp_path / "e", "evaluate")["content"]["largest_bound"] >= FLOAT_MAX


def test_bounds_are_rounded_up(tmp_path):
    """An error on a pinned site is known exactly: no bound that is written is below it."""
    values = [131071.0234375, 1.3000001, 1.0000001, 12345.678, 1.9999999, 7.0123457e22]
    sources = [[{"row": 10 + k, "column": 16, "radius": 0, "value": 1}] for k in range(len(values))]
    dataset = solved(tmp_path, {"lattice": [32, 32], "decay_rate": 0.01}, *sources, until="pack")
    with h5py.File(dataset / "pack/train-00000.h5") as file:
        places = [np.argwhere(x == 1)[0] for x in file["x"][:]]

    def change(y):
        for k, (value, (row, column)) in enumerate(zip(values, places)):
            y[k, row, column] = value

    spoiled(dataset, tmp_path / "p.h5", change)
    picked = ["--data", dataset, "--selection", "train", "--predictions", tmp_path / "p.h5"]
    said = steadyset("evaluate", *picked, "--no-labels", "-o", tmp_path / "e")
    steadyset("certify", *picked, "--tolerance", "1e-6", "-o", tmp_path / "c.h5")
    errors = [Decimal(float(np.float32(value))) - 1 for value in values]
    with open(tmp_path / "e/evaluate/errors.csv") as file:
        bounds = [row["bound"] for row in csv.DictReader(file)]
    with open(tmp_path / "c.csv") as file:
        given = [row["given_bound"] for row in csv.DictReader(file)]
    for error, *texts in zip(errors, bounds, given, strict=True):
        for text in texts:
            assert Decimal(text) >= error and len(text.split("e")[0].replace(".", "").lstrip("0")) <= 9
    with open(tmp_path / "e/evaluate/summary.csv") as file:
        largest = [row["max"] for row in csv.DictReader(file) if row["measure"] == "bound"]
    assert all(Decimal(text) >= max(errors) for text in largest)
    last = [word for word in (said.stdout + said.stderr).replace(";", " ").split() if "e+22" in word]
    assert last and all(Decimal(word) >= max(errors) for word in last)


@pytest.mark.parametrize("angle", [0, 30, 45, 90, 135, 150])
def test_sites_on_edges_of_turned_shapes(tmp_path, angle):
    """Circles are disks at any angle; squares through sites keep these."""
    def circle(radius):
        return {"row": 16, "column": 16, "ellipse": {"radii": [radius, radius], "angle": angle}, "value": 1}

    square = {"row": 16, "column": 16, "rectangle": {"halves": [3 * 0.5**0.5, 3 * 0.5**0.5], "angle": 45}, "value": 1}
    x, _, _ = part(solved(tmp_path, {"lattice": [32, 32]}, circle(1), circle(5), circle(13), square))
    i, j = np.mgrid[-16:16, -16:16]
    for image, radius in zip(x, (1, 5, 13)):
        assert np.array_equal(image != 0, i * i + j * j <= radius * radius)
    assert np.array_equal(x[3] != 0, abs(i) + abs(j) <= 3)


def test_values_that_x_cannot_hold(tmp_path):
    """Values that would be 0 or subnormal in binary32 are refused by name, and nothing is written of them."""
    pipeline = write(tmp_path, {"format": 1, "name": "t", "physics": {"lattice": [32, 32], "sources": "emitting"}})
    for value in (1e-50, 1e-40, 1e-45):
        (tmp_path / "own.jsonl").write_text(json.dumps({"sources": [ONE | {"value": value}]}) + "\n")
        refused(
            "run", pipeline, "-o", tmp_path / "out", "--from", tmp_path / "own.jsonl", status=65, says=[r"own\.jsonl", str(value), "at least 1.175"]
        )
    x, y, _ = part(solved(tmp_path, {"lattice": [32, 32], "sources": "emitting"}, ONE | {"value": 1.2e-38}))
    assert (x[0] != 0).sum() == 29 and y[0].max() == 1
