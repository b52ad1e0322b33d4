"""scripts/peers: its equations are those of another program and steadyset's own, and what is wrong is said."""

import argparse
import json
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, steadyset, write

import family

sys.path.insert(0, str(REPOSITORY / "scripts"))

from peers import beside, disks, equations, green, kernels, media, problems, sines  # noqa: E402
from peers import command as peers_command  # noqa: E402
from peers.factorisations import SuperLU  # noqa: E402
from peers.judging import judge  # noqa: E402
from peers.measuring import measure  # noqa: E402
from peers.solver import Solver  # noqa: E402

SIDE = 36
SIDES = (None, *media.SIDES)
# Each medium with its own sides, and each of the sides with some medium; both models.
CASES = [
    (name, SIDES[number % 5] if model == "emitting" else None, model)
    for number, name in enumerate(media.MEDIA, 1) for model in ("pinned", "emitting")
]  # fmt: skip


def drawn(medium=None, sides=None, model="pinned", unchanged=False, side=SIDE, counts=(1, 3), samples=1):
    options = argparse.Namespace(
        family="general" if medium else "constant", medium=medium, sides=sides, model=model, unchanged=unchanged,
        n=side, sources=list(counts), samples=samples, seed=5,
    )  # fmt: skip
    return problems.draw(options)


@pytest.mark.parametrize("medium, sides, model", CASES)
def test_media_and_references(medium, sides, model, tmp_path):
    """D and γ, the references, and steadyset's labels are those of an independent program."""
    problem = drawn(medium, sides, model)
    problems.write(problem, tmp_path / "problem")
    problem, references = problems.read(tmp_path / "problem")
    keys = problem.configurations[0].get("keys", [])
    assert len(keys) == media.keys(problem.physics)
    for configuration, reference in zip(problem.configurations, references):
        physics = json.loads(json.dumps(problem.physics))
        for place, key in zip(family.open_places(physics), configuration.get("keys", [])):
            place["key"] = key
        own = media.coefficients(problem.physics, configuration.get("keys", []))
        for mine, other in zip(own, family.medium(physics)):
            assert np.allclose(mine, other, rtol=1e-13, atol=0)
        exact = family.field(physics, configuration["sources"])
        assert np.abs(reference / (reference.max() if model == "emitting" else 1) - exact).max() < 1e-10
    pipeline = write(tmp_path, {"format": 1, "name": "peers", "physics": problem.physics})
    labels = tmp_path / "labels"
    steadyset("bench", pipeline, "--only", "samples", "--repeats", 1, "--fields", labels,
              "--from", tmp_path / "problem/configurations.jsonl")  # fmt: skip
    assert judge(problem, references, labels, 1e-6)["met"]

    wrong = np.load(labels / "field_00001.npy")
    wrong[SIDE // 2, 3] += 2e-6
    np.save(labels / "field_00001.npy", wrong)
    verdict = judge(problem, references, labels, 1e-6)
    assert not verdict["met"] and verdict["error"] > 1e-6 and "NOT within 1e-06" in verdict["said"]
    (labels / "field_00000.npy").unlink()
    verdict = judge(problem, references, labels, 1)
    assert not verdict["met"] and verdict["error"] is None and "1 missing" in verdict["said"]


def test_a_field_of_another_medium_is_refused(tmp_path):
    """Keys matter: the field of another sample's medium is not within the tolerance."""
    problem = drawn("random-32", counts=[2])
    problems.write(problem, tmp_path / "problem")
    _, references = problems.read(tmp_path / "problem")
    configuration = problem.configurations[0]
    matrix, right = problem.system(configuration | {"keys": [configuration["keys"][0] + 1]})
    (tmp_path / "labels").mkdir()
    other = equations.sparse.linalg.spsolve(matrix.tocsc(), right).reshape(SIDE, SIDE)
    np.save(tmp_path / "labels/field_00000.npy", other)
    assert not judge(problem, references, tmp_path / "labels", 1e-4)["met"]


def test_references_that_are_not_solved_are_refused(monkeypatch):
    problem = drawn(counts=[2])
    references = problems.References(problem)
    monkeypatch.setattr(references, "_factorise", lambda matrix: lambda right: 0.9 * right)
    with pytest.raises(ArithmeticError, match="leaves the residual"):
        references.solve(problem.configurations[0])


def test_the_compiled_assembly_is_the_general_one():
    mask, image = disks.rasterise(disks.draw(0, SIDE, 4, 7)["sources"], SIDE, "last")
    general, right = equations.constant(SIDE, problems.DECAY).pinned(mask, image)
    compiled, other = kernels.eliminated(mask, image, problems.DECAY)
    assert abs(general - compiled).max() < 1e-15 and np.allclose(right, other, rtol=1e-15, atol=0)
    assert general.nnz == compiled.nnz and (general.data != 0).all()


CONSTANT = [
    (green.TunedCapacitance, "pinned", 1e-6), (green.Capacitance, "pinned", 1e-11), (SuperLU, "pinned", 1e-12),
    (sines.PreconditionedBySines, "pinned", 1e-6), (sines.FullTransform, "emitting", 1e-12),
    (sines.FullTransform32, "emitting", 1e-6), (sines.ChargeTransform, "emitting", 1e-6), (SuperLU, "emitting", 1e-12),
]  # fmt: skip


@pytest.mark.parametrize("solver, model, error", CONSTANT, ids=lambda value: getattr(value, "__name__", str(value)))
def test_solvers_without_packages(solver, model, error, tmp_path):
    """Those that SciPy suffices for solve the problem; overlapping disks are in it."""
    problem = drawn(model=model, side=20, counts=[2], samples=2)
    assert solver.suits(problem)
    problems.write(problem, tmp_path / "problem")
    problem, references = problems.read(tmp_path / "problem")
    (row,) = measure(solver(problem), problem, references, error, 1, "cpu")
    assert row["meets_tol"] and row["max_err"] <= error and row["samples"] == 2 and row["total_ms"] > 0


def test_the_loosest_tolerance_is_found_and_kept(tmp_path):
    """An iterative solver stops where all samples are good enough, and a given tolerance is taken as it is."""

    class Rough(Solver):
        """The reference, off by a hundredth of the tolerance."""

        iterative = True

        def build(self, _):
            self.now = next(k for k, c in enumerate(problem.configurations) if c is self.at)

        def setup(self, configuration):
            self.at = configuration
            super().setup(configuration)

        def solve(self):
            return references[self.now] + self.tolerance / 100, 1

    problem = drawn(side=20, counts=[1], samples=2)
    problems.write(problem, tmp_path / "problem")
    problem, references = problems.read(tmp_path / "problem")
    (row,) = measure(Rough(problem), problem, references, 2e-6, 1, "cpu")
    assert row["rtol"] == pytest.approx(1e-4) and row["max_err"] == pytest.approx(1e-6)
    (row,) = measure(Rough(problem), problem, references, 2e-6, 1, "cpu", {1: 1e-3})
    assert row["rtol"] == 1e-3 and not row["meets_tol"]


def test_what_is_missing_is_skipped(tmp_path, monkeypatch, capsys):
    """One line that names the module, or says that the problem is another's."""
    problem, large = tmp_path / "problem", tmp_path / "large"

    def command(*arguments):
        monkeypatch.setattr(sys, "argv", ["peers", *map(str, arguments)])
        status = peers_command.main()
        return status, *capsys.readouterr()

    assert command("make", problem, "--family", "general", "--medium", "regions", "--model", "pinned", "--n", 36) == (0, "", "")
    for solver, why in (("pyamg-sa", "No module named 'pyamg'"), ("cholmod", "No module named 'sksparse'"),
                        ("dst-pcg", "it is not for this problem")):  # fmt: skip
        assert command("measure", problem, "--solver", solver) == (69, "", f"{solver}: skipped: {why}\n")
    assert command("make", large, "--model", "emitting", "--n", 65, "--sources", 1, "--samples", 1) == (0, "", "")
    for solver in ("superpose", "dst-f32"):
        status, _, said = command("measure", large, "--solver", solver)
        assert (status, said) == (69, f"{solver}: skipped: No module named 'numba'\n")


def test_list():
    listed = subprocess.run([sys.executable, REPOSITORY / "scripts/peers", "list"], capture_output=True, text=True, timeout=300)
    assert listed.returncode == 0, listed.stderr
    assert all(f"{name} " in listed.stdout for name in (*media.MEDIA, "petsc-pfmg", "superlu"))


def test_every_sample_of_ours_has_a_new_medium(tmp_path):
    """A first configuration of another medium is solved and not counted; an unchanged medium needs none."""
    options = argparse.Namespace(tolerance=1e-6, repeats=2, core=None, clock="cpu")
    for unchanged, model in ((False, "pinned"), (True, "emitting")):
        problem = drawn("random-1000", model=model, unchanged=unchanged, samples=2)
        assert problem.fixed is unchanged
        folder = tmp_path / model
        problems.write(problem, folder)
        ours = beside.Ours("steadyset", options, folder, tmp_path, unchanged)
        own = [json.loads(line) for line in ours.own.read_text().splitlines()]
        assert own[-4:] == problem.configurations and len(own) == (4 if unchanged else 5)
        changes = sum(one["keys"] != other["keys"] for one, other in zip(own, own[1:]))
        assert changes == (0 if unchanged else 4)
