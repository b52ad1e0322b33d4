"""Every label against sparse LU in float64: the certified bound holds, and it is within the tolerance."""

import json

import numpy as np
import pytest
from conftest import changed, manifest, samples, steadyset, write

import reference

BASE = {
    "format": 1,
    "name": "labels",
    "physics": {"lattice": [48, 40], "decay_rate": 0.02},
    "sampling": {"strata": [1, 3, 6], "samples_per_stratum": 12, "radius": 3, "seed": 5},
}
PIPELINES = {
    "emitting": changed(BASE, physics={"sources": "emitting"}, sampling={"values": {"rule": "rescaled", "from": 0.01, "up_to": 1}}),
    "emitting-max": changed(BASE, physics={"sources": "emitting", "overlap": "max"}),
    "emitting-last": changed(BASE, physics={"sources": "emitting", "overlap": "last"}, sampling={"strata": [9]}),
    "pinned-sum": changed(BASE, physics={"overlap": "sum"}, sampling={"strata": [2, 12]}),
    "pinned-last": changed(BASE, physics={"overlap": "last"}, sampling={"strata": [2, 12]}),
    "pinned-forbid": changed(BASE, physics={"overlap": "forbid"}, sampling={"strata": [2, 12]}),
    "odd": changed(BASE, physics={"lattice": [33, 57]}),
    "wide": changed(BASE, physics={"lattice": [32, 131]}, sampling={"radius": 5}),
    "tall-emitting": changed(BASE, physics={"lattice": [127, 37], "sources": "emitting"}),
    "diffusivity": changed(BASE, physics={"diffusivity": 2.5, "decay_rate": 0.3}),
    "slow-decay": changed(BASE, physics={"diffusivity": 7, "decay_rate": 1e-5}),
    "fast-decay": changed(BASE, physics={"diffusivity": 0.1, "decay_rate": 0.9, "sources": "emitting"}),
    "points": changed(BASE, sampling={"radius": 0, "strata": [1, 8]}),
    "fractional-radius": changed(BASE, sampling={"radius": 2.3}),
    "crowded": changed(BASE, sampling={"strata": [60], "radius": 1}),
    "plain-float": changed(BASE, solver={"tolerance": 3e-7}) | {"solver": {"tolerance": 3e-7, "grid_bits": 24}},
    "coarse": changed(BASE, solver={"tolerance": 1e-3, "grid_bits": 10}),
}


def check(dataset, physics, tolerance, step, only=None):
    """Compares labels with the reference; returns how many, and the worst error."""
    exact = reference.SteadyState(physics)
    worst, count = 0.0, 0
    for _, sample in samples(dataset):
        if only is not None and sample["id"] not in only:
            continue
        count += 1
        assert sample["id"] == reference.sample_id(physics, sample["sources"])
        np.testing.assert_array_equal(sample["x"], reference.image(physics, sample["sources"])[0].astype(np.float32))
        error = np.abs(sample["y"].astype(float) - exact.solve(sample["sources"])).max()
        # The reference itself is exact to about 1e-15.
        assert error <= sample["error_bound"] + 1e-13
        assert sample["error_bound"] <= tolerance
        steps = sample["y"].astype(float) / step
        assert (steps == np.round(steps)).all()
        worst = max(worst, error)
    return count, worst


def test_tiny(tiny):
    physics = manifest(tiny, "pack")["parameters"]["physics"]
    count, worst = check(tiny, physics, 1e-6, 2**-20)
    # Rounding alone costs nearly half a step: less would mean that nothing was compared.
    assert count == 120 and worst > 4e-7


@pytest.mark.parametrize("name", PIPELINES)
def test_pipeline(name, tmp_path):
    pipeline = PIPELINES[name]
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset")
    solver = pipeline.get("solver", {})
    bits = solver.get("grid_bits", 20)
    count, worst = check(
        tmp_path / "dataset", reference.physics_of(pipeline), solver.get("tolerance", 1e-6), 2**-bits
    )
    assert count == 12 * len(pipeline["sampling"]["strata"])
    assert worst > 0.4 * 2 ** -(bits + 1)


def test_overlaps_occur(tmp_path):
    """The pipelines above that are about overlap do have overlapping disks, and `forbid` has none."""
    for name, some in (("pinned-sum", True), ("pinned-last", True), ("pinned-forbid", False)):
        output = tmp_path / name
        steadyset("run", write(tmp_path, PIPELINES[name]), "-o", output, "--until", "sample")
        found = False
        for path in sorted((output / "sample").glob("*.jsonl")):
            for line in path.read_text().splitlines():
                sources = [(s["row"], s["column"], s["radius"], s["value"]) for s in json.loads(line)["sources"]]
                found = found or reference.overlapping(sources, (48, 40))
        assert found == some, name


def peer_configurations(count, per_count, seed):
    """Configurations with integer centres anywhere on 512², the first of value 1, as scripts/peers draws them."""
    generator = np.random.default_rng(seed)
    for number in range(per_count):
        sources = []
        for k in range(count):
            i, j = (int(5 + v) for v in generator.integers(0, 502, 2))
            sources.append({"i": i, "j": j, "c": 1.0 if k == 0 else float(1 - generator.random())})
        yield {"radius": 5, "sources": sources}


@pytest.mark.parametrize("model, overlap", [("pinned", "last"), ("pinned", "max"), ("emitting", "sum")])
def test_imported_512(model, overlap, tmp_path):
    """Configurations of the peers' benchmark, imported; some are solved by LU too."""
    physics = {
        "lattice": [512, 512], "diffusivity": 1, "decay_rate": 0.0025, "boundary": "absorbing", "sources": model,
        "overlap": overlap,
    }
    # A factorisation at 512² takes seconds; those that emit share one.
    judged = {"last": [20], "max": [5], "sum": [1, 20]}[overlap]
    lines, chosen = [], set()
    for count in (1, 5, 10, 20):
        for number, drawn in enumerate(peer_configurations(count, 2, seed=[2023, count])):
            sources = [
                {"row": s["i"], "column": s["j"], "radius": drawn["radius"], "value": s["c"]} for s in drawn["sources"]
            ]
            lines.append(json.dumps({"sources": sources}))
            if number == 0 and count in judged:
                rows = [(s["row"], s["column"], s["radius"], s["value"]) for s in sources]
                chosen.add(reference.sample_id(physics, rows))
    (tmp_path / "own.jsonl").write_text("\n".join(lines) + "\n")
    pipeline = write(tmp_path, {"format": 1, "name": "own", "physics": {"lattice": [512, 512]}})
    output = tmp_path / "dataset"
    own = ("--from", tmp_path / "own.jsonl", "--sources", model, "--overlap", overlap)
    steadyset("run", pipeline, "-o", output, *own)
    count, _ = check(output, physics, 1e-6, 2**-20, only=chosen)
    assert count == len(chosen)
    content = manifest(output, "pack")["content"]
    assert content["strata"] == [{"sources": n, "samples": 2} for n in (1, 5, 10, 20)]
    assert not manifest(output, "solve")["content"]["left_out"]
    assert "0 findings" in steadyset("verify", output, "--resolve", "3").stdout
