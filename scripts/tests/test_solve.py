"""Solutions, judgements and certificates from Python, against a dense solution of the equation and against the dataset."""

import csv
import pickle

import h5py
import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, REPOSITORY, TINY, changed, ids, manifest, refused, steadyset, write

PHYSICS = {"lattice": [40, 33], "decay_rate": 0.02}
# A lattice with a cheap transform.
EVEN = PHYSICS | {"lattice": [96, 96]}
SOURCES = [[10, 12, 3, 1.0], [25, 20, 4.5, 0.25]]
MAPPINGS = [dict(zip(("row", "column", "radius", "value"), source)) for source in SOURCES]


@pytest.fixture(autouse=True)
def program(monkeypatch):
    monkeypatch.setenv("STEADYSET", str(BINARY))


def image(sources, lattice):
    """The value of the largest source at each site; disks alone."""
    i, j = np.mgrid[: lattice[0], : lattice[1]]
    x = np.zeros(lattice)
    for row, column, radius, value in sources:
        x = np.maximum(x, value * ((i - row) ** 2 + (j - column) ** 2 <= radius**2))
    return x


def operator(physics):
    """The matrix of −∇·(D∇u) + γu between absorbing sides, for constant D and γ, (sites, sites)."""
    rows, columns = physics["lattice"]
    number = np.arange(rows * columns).reshape(rows, columns)
    matrix = np.diag(np.full(rows * columns, 4.0 * physics.get("diffusivity", 1) + physics["decay_rate"]))
    for a, b in ((number[1:], number[:-1]), (number[:, 1:], number[:, :-1])):
        matrix[a.ravel(), b.ravel()] = matrix[b.ravel(), a.ravel()] = -physics.get("diffusivity", 1)
    return matrix


def exact(sources, physics):
    """The steady state of the discrete equations, by dense linear algebra in float64."""
    x = image(sources, physics["lattice"])
    matrix = operator(physics)
    if physics.get("sources") == "emitting":
        u = np.linalg.solve(matrix, x.ravel())
        return (u / u.max()).reshape(x.shape)
    pinned = x.ravel() != 0
    u = x.ravel().copy()
    u[~pinned] = np.linalg.solve(matrix[~pinned][:, ~pinned], -matrix[~pinned][:, pinned] @ u[pinned])
    return u.reshape(x.shape)


@pytest.mark.parametrize("physics", [PHYSICS, PHYSICS | {"sources": "emitting", "overlap": "max", "diffusivity": 2.5}])
def test_against_dense_algebra(physics):
    """The field is the equation's, the bound holds, and is within the tolerance."""
    truth = exact(SOURCES, physics)
    for tolerance, bits in ((1e-6, 20), (1e-4, 16), (1e-7, None)):
        solution = reader.solve(SOURCES, physics=physics, tolerance=tolerance, grid_bits=bits)
        error = np.abs(solution.y.astype(float) - truth).max()
        assert error <= solution.error_bound <= tolerance and solution.is_certified
        assert np.array_equal(solution.x, image(SOURCES, physics["lattice"]).astype(np.float32))
        if bits is not None:
            assert np.array_equal(solution.y * 2.0**bits, np.rint(solution.y * 2.0**bits))
    assert solution.physics["boundary"] == "absorbing" and solution.physics["lattice"] == [40, 33]
    assert solution.method in ("direct", "uniform", "general")


def test_every_form_of_sources():
    """An array, nested lists, mappings, one row alone, numbers of NumPy, a solution: one problem, one field."""
    first = reader.solve(SOURCES, physics=PHYSICS)
    numbers = [{key: np.float64(value) if key in ("radius", "value") else np.int64(value) for key, value in one.items()}
               for one in MAPPINGS]  # fmt: skip
    for form in (np.array(SOURCES), tuple(map(tuple, SOURCES)), list(map(np.array, SOURCES)), MAPPINGS, numbers, first):
        again = reader.solve(form, physics=None if form is first else PHYSICS)
        assert again.id == first.id and np.array_equal(again.y, first.y)
        assert np.array_equal(again.sources, SOURCES) and again.keys.size == 0
    table = type("Table", (), {"__array__": lambda self, dtype=None, copy=None: np.array(SOURCES, dtype)})()
    assert reader.solve(table, physics=PHYSICS).id == first.id  # what other libraries have for tables
    one = [reader.solve(form, physics=PHYSICS).id for form in (SOURCES[0], SOURCES[:1], MAPPINGS[:1])]
    assert len(set(one)) == 1 and one[0] != first.id
    coarse = reader.solve(SOURCES, physics=PHYSICS, tolerance=1e-4, grid_bits=16)
    again = reader.solve(coarse)
    assert again.accuracy == coarse.accuracy == (1e-4, 16) and np.array_equal(again.y, coarse.y)
    assert not np.array_equal(coarse.y, first.y)
    assert reader.solve(SOURCES, physics={"lattice": np.array([40, 33]), "decay_rate": np.float32(0.25)}).is_certified


def test_shapes():
    """Sources of other shapes, by mappings, and by the rows that come of them."""
    mixed = [
        {"row": 20, "column": 16, "value": 1, "ellipse": {"radii": [6, 3], "angle": 30}},
        {"row": 8, "column": 8, "value": 0.5, "radius": 2},
        {"row": 30, "column": 10, "value": 0.7, "ring": {"outer": 5, "inner": 2.5}},
    ]
    corners = {"row": 20, "column": 16, "value": 1, "polygon": [[-4, -4], [-4, 4], [5, 0]]}
    capsule = {"row": 9, "column": 9, "value": 1, "capsule": {"half_length": 3, "radius": 2}}
    rectangle = {"row": 9, "column": 9, "value": 1, "rectangle": {"halves": [3, 2], "angle": 45}}
    for sources in (mixed, [*mixed, corners], [capsule], [rectangle]):
        solution = reader.solve(sources, physics=PHYSICS)
        again = reader.solve(solution.sources, physics=PHYSICS)
        assert again.id == solution.id and np.array_equal(again.y, solution.y)


@pytest.mark.parametrize("threads", [1, 2])
def test_many(threads):
    """A list of configurations gives a list of solutions, in its order, each as it is alone."""
    draw = np.random.default_rng(4)
    many = [
        [[*draw.integers(6, 26, 2).tolist(), 3, 1.0] for _ in range(draw.integers(1, 4))] for _ in range(37)
    ]
    found = reader.solve([np.array(one) for one in many], physics=PHYSICS, threads=threads)
    assert [solution.id for solution in found] == [reader.solve(one, physics=PHYSICS).id for one in many]
    for form in (many, [[dict(zip(("row", "column", "radius", "value"), s)) for s in one] for one in many]):
        again = reader.solve(form, physics=PHYSICS, threads=threads)
        assert all(np.array_equal(a.y, b.y) for a, b in zip(found, again))


def test_samples_of_datasets(tiny):
    """A sample brings its physics and its accuracy, so its label comes out again, bit for bit."""
    train = reader.open(tiny).select("train")
    chosen = [train[k] for k in (0, 1, 2, 50)]
    for sample, solution in zip(chosen, reader.solve(chosen)):
        assert solution.id == sample.id and solution.error_bound == sample.error_bound
        assert np.array_equal(solution.x, sample.x) and np.array_equal(solution.y, sample.y)
    finer = reader.solve(chosen[1], tolerance=1e-7, grid_bits=None)
    assert finer.error_bound < 1e-7 and not np.array_equal(finer.y, chosen[1].y)
    assert reader.solve(chosen[1], physics=chosen[1].physics | {"decay_rate": 0.5}).id != chosen[1].id


@pytest.mark.parametrize("name", ["random-medium", "layers"])
def test_samples_of_streams(name):
    """Of random media, their keys too: the solution has the sample's field and coefficients."""
    stream = reader.stream(REPOSITORY / f"pipelines/{name}.yaml")
    samples = list(stream[:3])
    for sample, solution in zip(samples, reader.solve(samples, threads=2)):
        assert solution.id == sample.id and np.array_equal(solution.y, sample.y)
        assert np.array_equal(solution.keys, sample.keys)
        for coefficient in ("diffusivity", "decay_rate"):
            assert np.array_equal(solution.coefficient(coefficient), sample.coefficient(coefficient))
    if name == "random-medium":
        keys = samples[0].keys.tolist()
        rows = samples[0].sources
        assert reader.solve(rows, physics=stream.physics, keys=keys).id == samples[0].id
        assert reader.solve([rows], physics=stream.physics, keys=[keys])[0].id == samples[0].id
        assert reader.solve(rows, physics=stream.physics, keys=[1, 2]).id != samples[0].id
        with pytest.raises(reader.DatasetError, match="key"):
            reader.solve(rows, physics=stream.physics)
        with pytest.raises(ValueError, match="list of lists"):
            reader.solve([rows, rows], physics=stream.physics, keys=[keys])


def test_uncertified():
    """What cannot be certified is an error, unless it is asked for."""
    impossible = {"physics": PHYSICS, "tolerance": 4.76837159e-7}
    with pytest.raises(reader.UncertifiedError, match="within 4.77e-07, and not certified.*allow_uncertified=True") as caught:
        reader.solve(SOURCES, **impossible)
    assert isinstance(caught.value, reader.DatasetError)
    with pytest.raises(reader.UncertifiedError, match="configuration 0: "):
        reader.solve([SOURCES, SOURCES[:1]], **impossible)
    solution = reader.solve(SOURCES, **impossible, allow_uncertified=True)
    assert not solution.is_certified and solution.error_bound > 4.76837159e-7
    assert np.abs(solution.y - exact(SOURCES, PHYSICS)).max() <= solution.error_bound


@pytest.mark.parametrize(
    "sources, error, message",
    [
        ([], ValueError, "no sources"),
        (np.empty((0, 4)), ValueError, "no sources"),
        ("row", TypeError, "a list of mappings, an array"),
        (MAPPINGS[0], TypeError, "a list of mappings"),
        (iter(MAPPINGS), TypeError, "make a list"),
        (np.ones((2, 3)), ValueError, r"shape \(sources, 4\), not \(2, 3\)"),
        (np.ones((2, 2, 4)), ValueError, "shape"),
        ([[10.5, 12, 3, 1]], ValueError, "source 0: its row is a whole number, not 10.5"),
        ([[10, 12, 3, 1], [10, 12, 3, np.inf]], ValueError, "source 1: its value is inf"),
        ([["a", 12, 3, 1]], TypeError, "sources are"),
        ([{"row": 10, "column": 12, "radius": 3, "value": float("nan")}], ValueError, r"sources\[0\].value is nan"),
        ([{"row": 10, "column": 12, "radius": {1}, "value": 1}], TypeError, r"sources\[0\].radius is a set"),
        ([{"row": 10, "column": 12, "radus": 3, "value": 1}], reader.DatasetError, "radus"),
        ([[10, 12, -3, 1]], reader.DatasetError, "radius"),
        ([[10, 33, 3, 1]], reader.DatasetError, "source"),
        ([[1, 12, 3, 1]], reader.DatasetError, "row 1, column 12"),
        ([[10, 12, 3, 0]], reader.DatasetError, "value"),
        ([SOURCES, [[1, 12, 3, 1]]], reader.DatasetError, "configuration 1: .*row 1, column 12"),
        ([SOURCES, [[1.5, 12, 3, 1]]], ValueError, "configuration 1: source 0: its row"),
    ],
)
def test_impossible_sources(sources, error, message):
    with pytest.raises(error, match=message):
        reader.solve(sources, physics=PHYSICS)


def test_impossible_problems():
    for physics, error, message in (
        (None, TypeError, r"physics=, such as \{'lattice'"), ("absorbing", TypeError, "a mapping"),
        ({}, reader.DatasetError, "lattice"), ({"lattice": [40, 33], "decay": 1}, reader.DatasetError, "decay"),
        ({"lattice": [4, 33]}, reader.DatasetError, "lattice|32"),
        ({"lattice": [40, 33], "decay_rate": float("inf")}, ValueError, "physics.decay_rate is inf"),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            reader.solve(SOURCES, physics=physics)
    for options, error in (({"tolerance": 1e-9}, reader.DatasetError), ({"grid_bits": 3}, reader.DatasetError),
                           ({"tolerance": 0}, reader.DatasetError), ({"grid_bits": 2.5}, TypeError),
                           ({"threads": 0}, ValueError), ({"keys": [3]}, reader.DatasetError)):  # fmt: skip
        with pytest.raises(error):
            reader.solve(SOURCES, physics=PHYSICS, **options)


# Judgements and certificates


@pytest.mark.parametrize("cycles", [0, 4])
@pytest.mark.parametrize("size", [1e-5, 1e-2, 0.5])
def test_bounds(cycles, size):
    """The bound holds for any prediction, and the estimate is near the true error."""
    truth = exact(SOURCES, PHYSICS)
    prediction = (truth + np.random.default_rng(7).normal(0, size, truth.shape)).astype(np.float32)
    judgement = reader.bound(prediction, SOURCES, physics=PHYSICS, cycles=cycles)
    error = prediction.astype(float) - truth
    assert np.abs(error).max() <= judgement.error_bound < np.inf
    assert judgement.largest_residual == pytest.approx(np.abs(judgement.residual).max(), rel=1e-6)
    assert np.abs(judgement.estimated_error - error).max() < 0.01 * np.abs(error).max() + 5e-7


def test_bounds_in_a_random_medium():
    """Where cycles estimate the error; without any the residual alone bounds it, less well."""
    sample = reader.stream(REPOSITORY / "pipelines/random-medium.yaml")[7]
    wrong = np.random.default_rng(8).normal(0, 0.01, sample.y.shape)
    prediction = (sample.y + wrong).astype(np.float32)
    error = prediction.astype(float) - sample.y
    loose, close = (reader.bound(prediction, sample, cycles=cycles) for cycles in (0, 4))
    assert np.abs(error).max() - sample.error_bound <= close.error_bound <= loose.error_bound
    assert np.abs(loose.estimated_error).max() < 0.1 * np.abs(error).max() and np.array_equal(loose.residual, close.residual)
    assert np.abs(close.estimated_error - error).max() < 0.2 * np.abs(error).max()


def test_the_residual():
    """It is the equation's, on free sites, up to a factor; none where the prediction is exact."""
    solution = reader.solve(SOURCES, physics=PHYSICS, tolerance=1e-7, grid_bits=None)
    judgement = reader.bound(solution.y, solution)
    assert judgement.error_bound < 1e-5 and judgement.largest_residual < 1e-5
    prediction = solution.y.copy()
    prediction[35, 5] += 0.25
    changed_residual = reader.bound(prediction, SOURCES, physics=PHYSICS).residual
    assert np.unravel_index(np.abs(changed_residual).argmax(), prediction.shape) == (35, 5)
    assert np.count_nonzero(np.abs(changed_residual) > 1e-3) == 5


def test_certificates(tiny):
    """A good prediction stays as it is, a worse one is repaired, and what comes out is within the tolerance."""
    sample = reader.open(tiny).select("train")[10]
    truth = exact(sample.sources, TINY["physics"])
    for wrong, outcome in ((0, "within"), (1e-2, "repaired")):
        prediction = (truth + wrong * np.random.default_rng(3).normal(0, 1, truth.shape)).astype(np.float32)
        kept = prediction.copy()
        certificate = reader.certify(prediction, sample, tolerance=1e-4)
        assert np.array_equal(prediction, kept)
        assert certificate.outcome == outcome and certificate.is_certified
        assert np.abs(certificate.field - truth).max() <= certificate.error_bound <= 1e-4
        assert np.abs(prediction - truth).max() <= certificate.given_bound
        assert (certificate.cycles == 0) == np.array_equal(certificate.field, prediction) == (outcome == "within")


def test_impossible_predictions():
    for prediction, error, message in (
        (np.zeros((40, 32)), ValueError, r"\(40, 33\) here, not \(40, 32\)"),
        (np.full((40, 33), np.nan), reader.DatasetError, "row 0, column 0"),
    ):  # fmt: skip
        for function in (reader.bound, reader.certify):
            with pytest.raises(error, match=message):
                function(prediction, SOURCES, physics=PHYSICS)
    for options in ({"cycles": -1}, {"cycles": 10_000}):
        with pytest.raises(reader.DatasetError, match="cycles are not possible"):
            reader.bound(np.zeros((40, 33)), SOURCES, physics=PHYSICS, **options)
    with pytest.raises(reader.DatasetError, match="tolerance"):
        reader.certify(np.zeros((40, 33)), SOURCES, physics=PHYSICS, tolerance=2)


def test_the_command_line_agrees(tiny, tmp_path):
    """`steadyset certify` and `evaluate --no-labels` say the same of the same predictions."""
    test = reader.open(tiny).select("test")
    predictions = test.read(range(len(test)))[1] * np.float32(0.97)
    with h5py.File(tmp_path / "predictions.h5", "w") as file:
        file["id"], file["y"] = test.ids, predictions
    given = ("--data", tiny, "--predictions", tmp_path / "predictions.h5", "-o")
    steadyset("certify", *given, tmp_path / "fields.h5", "--tolerance", 1e-3)
    steadyset("evaluate", *given, tmp_path / "judged", "--no-labels")

    def table(path):
        with open(path, newline="") as file:
            return {row["id"]: row for row in csv.DictReader(file)}

    answers, errors = table(tmp_path / "fields.csv"), table(tmp_path / "judged/evaluate/errors.csv")
    with h5py.File(tmp_path / "fields.h5") as file:
        fields = dict(zip(file["id"][:].tolist(), file["y"][:]))
    for k, sample in enumerate(test):
        ours = reader.certify(predictions[k], sample, tolerance=1e-3)
        theirs = answers[sample.id]
        assert (ours.outcome, str(ours.cycles)) == (theirs["answer"], theirs["cycles"])
        assert float(theirs["bound"]) == pytest.approx(ours.error_bound, rel=1e-8)
        assert float(theirs["given_bound"]) == pytest.approx(ours.given_bound, rel=1e-8)
        assert np.array_equal(fields[int(sample.id, 16)], ours.field)
        judgement = reader.bound(predictions[k], sample)
        assert float(errors[sample.id]["bound"]) == pytest.approx(judgement.error_bound, rel=1e-8)
        assert float(errors[sample.id]["largest_residual"]) == pytest.approx(judgement.largest_residual, rel=1e-8)


def test_pickles():
    solution = pickle.loads(pickle.dumps(reader.solve(SOURCES, physics=PHYSICS)))
    assert reader.solve(solution).id == solution.id
    assert np.array_equal(solution.coefficient("diffusivity"), np.ones((40, 33), np.float32))
    with pytest.raises(KeyError, match="there are diffusivity and decay_rate"):
        solution.coefficient("colour")


def test_methods():
    """Each method that may be chosen is the one that is taken; labels agree within both bounds; a solution keeps its method."""
    direct, multigrid = (reader.solve(SOURCES, physics=EVEN, method=method) for method in ("direct", "multigrid"))
    assert (direct.method, multigrid.method, direct.id) == ("direct", "uniform", multigrid.id)
    assert np.abs(direct.y.astype(float) - multigrid.y).max() <= direct.error_bound + multigrid.error_bound
    assert reader.solve(multigrid).method == "uniform" and reader.solve(multigrid, method="auto").method == "direct"
    with pytest.raises(reader.DatasetError, match="'direct' cannot solve this: .* no absorbing side"):
        reader.solve(SOURCES, physics=EVEN | {"decay_rate": 0, "boundary": "reflecting"}, method="direct")
    with pytest.raises(ValueError, match="auto, direct, multigrid"):
        reader.solve(SOURCES, physics=EVEN, method="general")


def test_methods_of_pipelines(tmp_path):
    """Manifests, shards and what is read know the method; ids of samples do not; 'auto' is as if it were left out."""
    base = changed(TINY, solver={"method": None})
    made = {}
    for name in (None, "auto", "direct", "multigrid"):
        path = write(tmp_path, changed(base, solver={"method": name}), f"{name}.yaml")
        steadyset("run", path, "-o", tmp_path / str(name), "--until", "pack")
        made[name] = reader.open(tmp_path / str(name))
    assert ids(tmp_path / "None") == ids(tmp_path / "auto")
    for name in ("direct", "multigrid"):
        parameters = manifest(tmp_path / name, "solve")["parameters"]
        assert parameters["method"] == name == made[name].all[0].solver_method
        assert f"method {name}" in steadyset("show", tmp_path / name).stdout
        steadyset("verify", tmp_path / name, "--resolve", 20)
    left_out = manifest(tmp_path / "direct", "solve")["content"]["left_out"]
    assert left_out and all(one["sources"] > 1 and one["error_bound"] is None for one in left_out)
    others = {one.id: one for one in made["multigrid"].all}
    assert {one.id for one in made["direct"].all} | {one["id"] for one in left_out} == set(others)
    for one in made["direct"].all:
        other = others[one.id]
        assert np.abs(one.y.astype(float) - other.y).max() <= one.error_bound + other.error_bound
    closed = changed(base, physics={"decay_rate": 0, "boundary": "reflecting"}, solver={"method": "direct"})
    says = [r"closed.yaml:\d+: solver.method", "no absorbing side"]
    refused("run", write(tmp_path, closed, "closed.yaml"), "-o", tmp_path / "closed", status=65, says=says)
    assert not (tmp_path / "closed").exists()
