"""`steadyset bench`: what it says holds, what it times is right, and it leaves nothing behind; and scripts/bench."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import h5py
import numpy as np
import pytest
from conftest import BINARY, REPOSITORY, SLOW, TINY, changed, manifest, refused, samples, steadyset, write
from test_schemas import check

import reference

TINY_FILE = REPOSITORY / "pipelines/tiny.yaml"
SCRIPT = REPOSITORY / "scripts/bench"
WORK = ("sample", "solve", "compress", "write", "digest", "read", "chain")


def bench(*arguments, **options):
    """Runs the benchmark and returns its report, which must be canonical and as the schema says."""
    said = steadyset("bench", *arguments, "--json", **options).stdout
    report = json.loads(said)
    assert said == reference.canonical(report) + "\n"
    check("bench", report)
    return report


def elapsed(value):
    """Yields every pair of clocks in a report."""
    if isinstance(value, dict):
        if set(value) == {"cpu_ms", "wall_ms"}:
            yield value
        for member in value.values():
            yield from elapsed(member)
    elif isinstance(value, list):
        for member in value:
            yield from elapsed(member)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """Of pipelines/tiny.yaml."""
    scratch = tmp_path_factory.mktemp("scratch")
    report = bench(TINY_FILE, "--threads", 2, "--scratch", scratch)
    assert not list(scratch.iterdir())
    return report


def test_methods_are_counted(report, tiny, tmp_path):
    """What made each label, of a benchmark, of a dataset and of its parts; nothing where a part does not tell it."""
    for stratum in report["strata"]:
        found = [sample["method"] for sample in report["samples"] if sample["sources"] == stratum["sources"]]
        assert stratum["methods"] == {name: found.count(name) for name in ("direct", "multigrid", "conjugate-gradients")}
    told = json.loads((tiny / "solve/provenance.json").read_text())["methods"]
    assert sum(told.values()) == manifest(tiny, "solve")["content"]["samples"] and told["direct"] and told["multigrid"]
    assert json.loads(steadyset("show", tiny, "--json").stdout)["methods"] == told
    assert f"methods  {told['direct']} direct, {told['multigrid']} by multigrid\n" in steadyset("show", tiny).stdout
    lines = {"axis": "rows", "edges": [20], "values": [1, 1000]}
    stiff = changed(TINY, physics={"diffusivity": {"down": {"layered": lines}, "across": 1}, "decay_rate": 1e-3})
    steadyset("run", write(tmp_path, stiff), "-o", tmp_path / "d")
    told = json.loads((tmp_path / "d/solve/provenance.json").read_text())["methods"]
    assert told["direct"] == 0 and told["conjugate-gradients"] > 0
    for record in sorted((tmp_path / "d/.steadyset/steps").glob("solve-*.json"))[:1]:
        members = {key: value for key, value in json.loads(record.read_text()).items() if key not in ("methods", "digest")}
        record.write_text(json.dumps(members))
    (tmp_path / "d/solve/manifest.json").unlink()
    steadyset("run", tmp_path / "pipeline.yaml", "-o", tmp_path / "d")
    assert "methods" not in json.loads((tmp_path / "d/solve/provenance.json").read_text())


def test_convergence_factors():
    """The article's table: every factor of the paper's problem is below a tenth, and the same each time."""
    report = json.loads(steadyset("bench", "--factors", "--samples", 1, "--json").stdout)
    assert [row["sources"] for row in report["factors"]] == [1, 5, 10, 20]
    assert all(0.01 < row[model] < 0.1 for row in report["factors"] for model in ("pinned", "emitting"))
    text = steadyset("bench", "--factors", "--samples", 1).stdout
    for row in report["factors"]:
        assert f"| {row['sources']} | {row['pinned']:.3f} | {row['emitting']:.3f} |" in text
    for option in ("--factors", "--sides"):
        refused("bench", TINY_FILE, option, status=64, says="paper's problem")


def test_sides():
    """Every combination of sides once, each with a ratio for each number of sources."""
    report = json.loads(steadyset("bench", "--sides", "--samples", 1, "--repeats", 1, "--json").stdout)
    rows = {(row["sources"], *row["top_bottom_left_right"]) for row in report["rows"]}
    assert len(rows) == len(report["rows"]) == 2 * 25
    assert all(len(row["ratios"]) == len(report["strata"]) == 4 and min(row["ratios"]) > 0 for row in report["rows"])


def test_choosing():
    """Each rule on features of each kind; what it chooses depends neither on threads nor on OpenBLAS's kernels."""
    reports = []
    for threads, core in ((1, "Haswell"), (2, "Haswell"), (2, "Prescott")):
        environment = {**os.environ, "OPENBLAS_CORETYPE": core}
        command = ("bench", "--choosing", 1500, "--threads", threads, "--json")
        reports.append(json.loads(steadyset(*command, env=environment).stdout))
    rows = reports[0]["rows"]
    assert [(row["acquisition"], row["features"]) for row in rows] == [
        (rule, kind) for kind in ("independent", "of 16 numbers") for rule in ("k-centre", "lcmd", "bait")
    ]
    assert all(row["seconds"] > 0 for row in rows)
    assert all(row["plain_seconds"] is None if row["acquisition"] == "bait" else row["plain_seconds"] > 0 for row in rows)
    chosen = [[row["chosen_sha256"] for row in report["rows"]] for report in reports]
    assert chosen[0] == chosen[1] == chosen[2] and len(set(chosen[0])) == 6
    assert "| `lcmd` | of 16 numbers |" in steadyset("bench", "--choosing", 200).stdout
    refused("bench", "--choosing", 99, status=64, says="--choosing must be from 100")


def test_every_rate_is_positive(report):
    assert all(time["cpu_ms"] > 0 and time["wall_ms"] > 0 for time in elapsed(report))
    rates = report["rates"]
    for work in WORK:
        one, everything = rates[work]["one"], rates[work]["all"]
        assert rates[work]["one_thread"] == pytest.approx(1000 / one["wall_ms"])
        if work == "digest":  # a file is digested by one thread
            assert everything is None and rates[work]["all_threads"] is None
        else:
            assert rates[work]["all_threads"] == pytest.approx(report["threads"] * 1000 / everything["wall_ms"])
    chain = sum(rates[work]["one"]["cpu_ms"] for work in ("sample", "solve", "compress"))
    assert rates["chain"]["one"]["cpu_ms"] == pytest.approx(chain)


def test_samples_are_the_pipelines_own(report, tiny):
    """Ids, bounds and sizes of what was timed are those of the dataset."""
    known = {}
    for entry in manifest(tiny, "solve")["files"]:
        with h5py.File(tiny / "solve" / entry["path"]) as part:
            for row in range(entry["samples"]):
                bound = part["error_bound"][row]
                sizes = [part[name].id.get_chunk_info(row).size for name in "xy"]
                known[f"{part['id'][row]:016x}"] = (int(part["n_sources"][row]), int(part["index"][row]), bound, *sizes)
    assert len(report["samples"]) == 2 * 15
    for sample in report["samples"]:
        assert sample["certified"] and sample["line"] is None and sample["field"] is None
        found = tuple(sample[key] for key in ("sources", "index", "error_bound", "bytes_x", "bytes_y"))
        assert found == known[sample["id"]]
        assert sample["total"]["cpu_ms"] == pytest.approx(sample["image"]["cpu_ms"] + sample["solve"]["cpu_ms"])
    # The rates went through all of a dataset that is so small, so that the estimate of its size is exact.
    stored = sum(x + y for *_, x, y in known.values())
    assert report["estimate"]["samples"] == 120 and report["rates"]["samples"] % 120 == 0
    assert report["estimate"]["bytes_parts"] == report["estimate"]["bytes_shards"] == stored
    assert report["estimate"]["bytes"] == 2 * stored


def test_strata_are_medians(report):
    assert [stratum["sources"] for stratum in report["strata"]] == [1, 4]
    for stratum in report["strata"]:
        own = [sample for sample in report["samples"] if sample["sources"] == stratum["sources"]]
        assert stratum["samples"] == stratum["certified"] == len(own) == 15
        for key in ("solve", "total", "compress", "decode"):
            for clock in ("cpu_ms", "wall_ms"):
                assert stratum[key][clock] == pytest.approx(np.median([sample[key][clock] for sample in own]))
        for key in ("cycles", "bytes_x", "bytes_y"):
            assert stratum[key] == np.median([sample[key] for sample in own])
        assert stratum["largest_error_bound"] == max(sample["error_bound"] for sample in own) <= 1e-6
        factors = [sample["convergence_factor"] for sample in own]
        assert all((factor is None) == (sample["cycles"] == 0) for factor, sample in zip(factors, own))


def test_estimate_is_the_sum_of_its_stages(report):
    estimate, rates = report["estimate"], report["rates"]
    stages = estimate["stages"]
    write_one, digest = 120 / rates["write"]["one_thread"], 120 / rates["digest"]["one_thread"]
    assert stages["sample"] == pytest.approx(120 / rates["sample"]["all_threads"])
    assert stages["solve"] == pytest.approx(120 / rates["chain"]["all_threads"] + write_one)
    assert stages["pack"] == pytest.approx(write_one + digest)
    assert estimate["seconds"] == pytest.approx(sum(stages.values()))


def test_only_solving():
    report = bench(TINY_FILE, "--only", "solving", "--samples", 2, "--repeats", 1, "--threads", 1, "--scratch", "/nowhere")
    assert report["estimate"] is None and report["rates"]["bytes_per_sample"] is None
    for work in ("compress", "write", "digest", "read"):
        assert report["rates"][work] is None
    for sample in report["samples"]:
        assert all(sample[key] is None for key in ("compress", "decode", "bytes_x", "bytes_y"))
    assert report["rates"]["solve"]["one"] == report["rates"]["solve"]["all"]  # measured once
    report = bench(TINY_FILE, "--only", "samples", "--samples", 2, "--scratch", "/nowhere")
    assert report["rates"] is None and report["estimate"] is None and len(report["samples"]) == 4


def test_parts_that_are_shards(tmp_path):
    """They are on the disk once, and packing them takes no time to speak of."""
    pipeline = write(tmp_path, changed(TINY, solver={"samples_per_part": TINY["pack"]["samples_per_shard"]}))
    estimate = bench(pipeline, "--samples", 2, "--repeats", 1)["estimate"]
    assert estimate["bytes"] == estimate["bytes_parts"] == estimate["bytes_shards"] and estimate["stages"]["pack"] == 0
    said = steadyset("bench", pipeline, "--samples", 2, "--repeats", 1).stdout
    assert re.search(r"^disk: \S+ kB of parts \(solve/\), which are the shards \(pack/\) too$", said, re.M)


def test_text():
    said = steadyset("bench", TINY_FILE, "--samples", 2, "--threads", 2)
    assert not said.stderr and "\x1b" not in said.stdout
    lines = said.stdout.splitlines()
    assert lines[0] == "tiny: 48 × 40 sites, pinned, overlap max, certified to 1e-06, method auto"
    for word in ("sample", "solve", "compress", "write", "digest", "read"):
        assert re.search(rf"^{word}: [a-z ]+ +\d+ ", said.stdout, re.M), word
    assert re.search(r"^the whole pipeline, 120 samples: about .* \(sample .*, solve .*, pack .*\)$", said.stdout, re.M)
    assert re.search(r"^disk: (\S+ kB) of parts \(solve/\) and \1 of shards \(pack/\), \S+ MB in all$", said.stdout, re.M)
    assert max(map(len, lines)) <= 110


def test_the_standard_pipeline_is_the_papers():
    """Without a pipeline it is pipelines/paper.yaml that is measured."""
    arguments = ("--only", "samples", "--samples", 1, "--repeats", 1)
    standard, paper = bench(*arguments), bench(REPOSITORY / "pipelines/paper.yaml", *arguments)
    for key in ("pipeline", "lattice", "sources", "overlap", "tolerance", "grid_bits"):
        assert standard[key] == paper[key]
    assert [s["id"] for s in standard["samples"]] == [s["id"] for s in paper["samples"]]
    assert [stratum["sources"] for stratum in standard["strata"]] == [1, 5, 10, 20]
    said = steadyset("bench", "--samples", 1, "--repeats", 1, "--threads", 1).stdout
    assert "the whole pipeline, 400000 samples" in said


@pytest.mark.parametrize("model, overlap", [("pinned", "last"), ("emitting", "sum")])
def test_fields_of_given_configurations(model, overlap, tmp_path):
    """--from and --fields: each label, named by its line, is the steady state of that line."""
    seed = [14, len(model)]
    generator = np.random.default_rng(seed)
    lattice, counts = [48, 40], [3, 1, 7, 3, 1]  # the lines of a stratum are not beside each other
    lines = []
    for count in counts:
        values = [1.0, *(1 - generator.random(count - 1))]
        lines.append([(*map(int, generator.integers(4, 36, 2)), 3, float(value)) for value in values])
    own = tmp_path / "own.jsonl"
    names = ("row", "column", "radius", "value")
    own.write_text("".join(json.dumps({"sources": [dict(zip(names, s)) for s in line]}) + "\n" for line in lines))
    pipeline = write(tmp_path, {key: TINY[key] for key in ("format", "name", "physics", "solver")})
    fields = tmp_path / "fields"
    options = ("--from", own, "--sources", model, "--overlap", overlap, "--fields", fields)
    report = bench(pipeline, *options, "--only", "samples", "--repeats", 2)
    assert report["imported"] and report["overlap"] == overlap and report["sources"] == model
    assert sorted(path.name for path in fields.iterdir()) == [f"field_0000{k}.npy" for k in range(5)]

    physics = reference.physics_of(changed(TINY, physics={"sources": model, "overlap": overlap}))
    exact = reference.SteadyState(physics)
    assert sorted(sample["line"] for sample in report["samples"]) == [1, 2, 3, 4, 5]
    for sample in report["samples"]:
        sources = lines[sample["line"] - 1]
        assert sample["sources"] == len(sources)
        assert int(sample["id"], 16) == reference.sample_id(physics, sources)
        assert sample["field"] == f"field_{sample['line'] - 1:05d}.npy"
        field = np.load(fields / sample["field"])
        assert field.shape == tuple(lattice) and field.dtype == np.float32 and field.flags.c_contiguous
        error = np.abs(field - exact.solve(sources)).max()
        assert error <= sample["error_bound"] <= 1e-6, f"seed {seed}, line {sample['line']}"
    limited = bench(pipeline, "--from", own, "--samples", 1, "--only", "samples")
    assert [sample["line"] for sample in limited["samples"]] == [2, 1, 3]


def test_what_is_not_certified_is_said(tmp_path):
    """Where disks add up to 20, float32 is too coarse for the tolerance: no field, and no silence."""
    disk = {"row": 20, "column": 20, "radius": 3, "value": 1}
    own, fields = tmp_path / "own.jsonl", tmp_path / "fields"
    own.write_text(json.dumps({"sources": [disk] * 20}) + "\n" + json.dumps({"sources": [disk]}) + "\n")
    options = (TINY_FILE, "--from", own, "--overlap", "sum", "--only", "samples")
    report = bench(*options, "--fields", fields)
    good, bad = report["samples"]
    assert good["certified"] and good["field"] == "field_00001.npy" and good["line"] == 2
    assert not bad["certified"] and bad["field"] is None and bad["error_bound"] > 1e-6
    assert [path.name for path in fields.iterdir()] == [good["field"]]
    one, twenty = report["strata"]
    assert one["certified"] == 1 and twenty["certified"] == 0 and twenty["largest_error_bound"] is None
    assert "NOT certified, so that the pipeline would leave them out: 1 samples" in steadyset("bench", *options).stdout


USAGE = [
    (["--samples", "0"], 64, "--samples must be from 1 to 10000, not 0"),
    (["--repeats", "0"], 64, "--repeats must be from 1 to 1000, not 0"),
    (["--threads", "1025"], 64, "--threads must be from 1 to 1024"),
    (["--samples", "many"], 64, "samples"),
    (["--only", "sleeping"], 64, "only"),
    (["--colour"], 64, "colour"),
    (["--sources", "emitting"], 64, "go with --from"),
    (["--overlap", "sum"], 64, "go with --from"),
    (["--fields", "NEW"], 64, "go with --from"),
    (["--from", "/nowhere.jsonl"], 66, "nowhere.jsonl: there is no such file"),
    (["--from", "OWN", "--fields", "FULL"], 73, "not empty"),
    (["--from", "OWN", "--fields", "OWN"], 73, "own.jsonl"),
    (["--from", "BAD"], 65, "bad.jsonl:1: "),
    (["--scratch", "/nowhere", "--samples", "1"], 73, "/nowhere: there is no such folder"),
]


@pytest.mark.parametrize("arguments, status, says", USAGE, ids=lambda v: " ".join(v) if isinstance(v, list) else "")
def test_usage(arguments, status, says, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/field_00000.npy").write_text("mine")
    (tmp_path / "own.jsonl").write_text('{"sources": [{"row": 20, "column": 20, "radius": 3, "value": 1}]}\n')
    (tmp_path / "bad.jsonl").write_text('{"sources": []}\n')
    names = {"OWN": "own.jsonl", "BAD": "bad.jsonl", "FULL": "full", "NEW": "new"}
    arguments = [tmp_path / names[argument] if argument in names else argument for argument in arguments]
    refused("bench", TINY_FILE, *arguments, status=status, says=says)
    assert (tmp_path / "full/field_00000.npy").read_text() == "mine" and not (tmp_path / "new").exists()


def test_pipelines_that_cannot_be_measured(tmp_path):
    refused("bench", tmp_path / "none.yaml", status=66, says="none.yaml")
    pipeline = write(tmp_path, {key: TINY[key] for key in ("format", "name", "physics")})
    refused("bench", pipeline, status=65, says="no 'sampling'")


def test_interrupted(tmp_path):
    """What is left of an interrupted run is nothing."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    pipeline = write(tmp_path, changed(SLOW, physics={"lattice": [64, 64]}))
    command = [BINARY, "bench", pipeline, "--samples", "1", "--repeats", "200", "--scratch", scratch]
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not any(scratch.rglob("*.h5*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert process.returncode == 130 and not out and "interrupted: nothing was measured to its end" in error, error
    assert not list(scratch.iterdir())


# ------------------------------------------------------------------------------------------------ scripts/bench

# Stands for a Python that runs scripts/peers: its own, but two more solvers, whose times and errors are made up.
PEERS = """#!/usr/bin/env python3
import json, pathlib, subprocess, sys
action, given = sys.argv[2], sys.argv[3:]
if action == "list":
    print("slow    constant/general  pinned/emitting  a note\\nabsent  constant  pinned  another\\nsalt  medium  mixed  a third")
    sys.exit()
if action == "measure":
    if "absent" in given:
        print("absent: skipped: No module named 'absent'", file=sys.stderr)
        sys.exit(69)
    lines = (pathlib.Path(given[0]) / "configurations.jsonl").read_text().splitlines()
    counts = sorted({len(json.loads(line)["sources"]) for line in lines})
    again = "--calibrated" in given  # as in every round but the first
    print(json.dumps([{"sources": k, "total_ms": 1000.0 * k, "once_ms": 5.0, "max_err": 1e-5, "meets_tol": False,
                       "rtol": 0.5 if again else 0.25} for k in counts]))
    sys.exit()
if action == "judge":
    given[-1] = str(float(given[-1]) - SHIFT)
sys.exit(subprocess.run([PYTHON, sys.argv[1], action, *given]).returncode)
"""


def script(*arguments, expect=0):
    result = subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)], capture_output=True, text=True, timeout=300,
        env={**os.environ, "STEADYSET": str(BINARY)},
    )  # fmt: skip
    assert result.returncode == expect, f"{result.returncode}\n{result.stdout}{result.stderr}"
    return result


def test_script_help_and_usage():
    said = script("--help").stdout
    for option in ("--family", "--media", "--solvers", "--n", "--scaling", "--install", "--json", "--rounds"):
        assert option in said
    assert "--rounds must be 1 or more" in script("--rounds", 0, expect=2).stderr
    assert "not glowing" in script("--variants", "glowing", expect=2).stderr
    assert "not jelly" in script("--family", "general", "--media", "jelly", expect=2).stderr
    assert "--alone is of the constant family" in script("--family", "general", "--alone", expect=2).stderr
    assert "32 to 4096" in script("--n", 16, expect=2).stderr


def test_script_without_peers(tmp_path):
    """It says what is missing, and measures ours alone."""
    out = tmp_path / "out.json"
    small = ("--n", 40, "--samples", 2, "--rounds", 2, "--repeats", 1, "--sources", "1,3", "--json", out)
    result = script("--python", tmp_path / "none", *small)
    assert f"no peers: there is no {tmp_path / 'none'}: run scripts/bench --install" in result.stderr
    assert re.search(r"^steadyset( +[\d.]+){3} +-$", result.stdout, re.M), result.stdout
    assert "nobody judged them" in result.stdout
    lattices = json.loads(out.read_text())["lattices"]
    assert [lattice["variant"] for lattice in lattices] == ["pinned", "emitting"]
    for lattice in lattices:
        assert set(lattice["ms"]) == {"steadyset"} and all(ms > 0 for ms in lattice["ms"]["steadyset"].values())
        assert lattice["certified"] and lattice["judged"] is None and len(lattice["rounds"]) == 2
    assert not script("--python", sys.executable, "--alone", *small).stderr
    general = script("--family", "general", "--python", tmp_path / "none", "--n", 40, expect=1)
    assert "run scripts/bench --install" in general.stderr


def stand_in(folder, shift):
    path = folder / "python"
    path.write_text(PEERS.replace("SHIFT", str(shift)).replace("PYTHON", repr(sys.executable)))
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("sound", [True, False])
def test_script_with_peers(sound, tmp_path):
    """Interleaving, ratios, what is skipped, and the judge, with a stand-in for the solvers."""
    out = tmp_path / "out.json"
    sizes, variants = ([40, 48], ["pinned"]) if sound else ([40], ["pinned", "emitting"])
    result = script(
        "--python", stand_in(tmp_path, 0 if sound else 1), "--solvers", "slow,absent",
        "--n", ",".join(map(str, sizes)), "--variants", ",".join(variants), "--samples", 2,
        "--rounds", 2, "--repeats", 1, "--sources", "1,2", "--json", out, expect=0 if sound else 1,
    )  # fmt: skip
    lattices = json.loads(out.read_text())["lattices"]
    assert [(lattice["n"], lattice["variant"]) for lattice in lattices] == [
        (n, variant) for n in sizes for variant in variants
    ]
    for lattice in lattices:
        assert lattice["judged"]["met"] is sound
        assert 1e-8 < lattice["error"]["steadyset"] <= 1e-6 and lattice["error"]["slow"] == 1e-5
        assert lattice["inexact"] == ["slow"] and len(lattice["rounds"]) == 2
        assert lattice["rtol"]["slow"] == [0.5, 0.5]
        assert set(lattice["skipped"]) == ({"absent"} if lattice["variant"] == "pinned" else set())
        ratios = {"1": [], "2": []}
        for turn in lattice["rounds"]:
            before, after = turn["steadyset"]
            for count, values in ratios.items():
                assert turn["peers"]["slow"]["ms"][count] == 1000 * int(count)
                values.append(1000 * int(count) / ((before[count] + after[count]) / 2))
                assert turn["peers"]["slow"]["ratio"][count] == pytest.approx(values[-1])
        for count, values in ratios.items():
            assert lattice["ratio"]["slow"][count] == pytest.approx(np.median(values))
    assert "absent: skipped: No module named 'absent'" in result.stdout
    assert "above the tolerance" in result.stdout
    assert re.search("^" + "".join(f" +{variant} {count}" for variant in variants for count in (1, 2)) + "$", result.stdout, re.M)
    assert re.search(rf"^slow( +\d+){{{2 * len(variants)}}}$", result.stdout, re.M)
    assert bool(re.search(r"^nanoseconds a site, pinned", result.stdout, re.M)) == (len(sizes) > 1)


def test_script_refuses_unknown_solvers(tmp_path):
    result = script("--python", stand_in(tmp_path, 0), "--solvers", "fast,salt", expect=1)
    assert "there is no solver fast, salt; there are slow, absent" in result.stderr


def test_script_general(tmp_path):
    """Media of their own, with the peers that are here: SciPy's; others are skipped in a line each."""
    out = tmp_path / "out.json"
    result = script(
        "--family", "general", "--python", sys.executable, "--solvers", "superlu,pyamg-rs,dst-f32", "--n", 48,
        "--media", "layers", "--variants", "emitting", "--samples", 2, "--rounds", 1, "--sources", "1,3",
        "--json", out,
    )  # fmt: skip
    lattices = json.loads(out.read_text())["lattices"]
    assert [lattice["title"] for lattice in lattices] == ["layers, emitting", "layers, emitting, unchanged"]
    for lattice in lattices:
        assert lattice["certified"] and lattice["judged"]["met"] and "4 fields, 0 missing" in lattice["judged"]["said"]
        assert lattice["error"]["steadyset"] <= 1e-6 and lattice["error"]["superlu"] < 1e-12
        assert set(lattice["skipped"]) == {"pyamg-rs"}
        assert lattice["skipped"]["pyamg-rs"] == "pyamg-rs: skipped: No module named 'pyamg'"
        assert set(lattice["ms"]["steadyset"]) == {"1", "3"} and set(lattice["ratio"]) == {"superlu"}
    assert re.search(r"^layers, emitting, unchanged 3( +[\d.]+)$", result.stdout, re.M), result.stdout


def test_compression_usage():
    def compression(*arguments):
        command = [sys.executable, REPOSITORY / "scripts/bench-compression", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert "--install" in compression("--help").stdout
    for arguments in ((), ("DATASET", "--samples", "0"), ("DATASET", "--rounds", "0")):
        found = compression(*arguments)
        assert found.returncode == 2 and "name a dataset, and at least one sample and one round" in found.stderr


def test_script_scaling(tmp_path):
    out = tmp_path / "out.json"
    small = ("--n", "32,64", "--samples", 1, "--repeats", 1, "--sources", "1,4", "--json", out)
    said = script("--scaling", *small).stdout
    rows = json.loads(out.read_text())["scaling"]
    assert [(row["variant"], row["n"]) for row in rows] == [(v, n) for v in ("pinned", "emitting") for n in (32, 64)]
    for row in rows:
        assert row["ns_per_site"] == pytest.approx(row["ms"] * 1e6 / row["n"] ** 2) and row["ms"] > 0
        assert row["ratio"] == pytest.approx(row["per_second_all_threads"] / row["per_second_one_thread"])
        assert row["threads"] == row["report"]["threads"] == 2
    assert said.count("ns a site") == 2


def test_training_steps():
    tiny = ("--train", "--side", 32, "--width", 0.03125, "--batch", 3, "--repeats", 2, "--threads", 2)
    for kind in ("encoder-decoder", "u-net"):
        report = json.loads(steadyset("bench", *tiny, "--kind", kind, "--json").stdout)
        assert (report["kind"], report["side"], report["width"], report["batch"]) == (kind, 32, 0.03125, 3)
        assert len(report["step_ms"]) == 2 and min(report["step_ms"]) > 0
        assert report["samples_per_second"] == pytest.approx(3000 / min(report["step_ms"]))
    assert re.search(r"^[\d.]+ ms a step of 3 samples on 2 threads", steadyset("bench", *tiny).stdout, re.M)


def test_training_steps_refuse_what_makes_no_sense():
    for arguments, word in (
        (("--side", 70), "multiples of 32"), (("--kind", "resnet"), "resnet"), (("--width", 9), "width"),
        (("--batch", 0), "--batch"), ((TINY_FILE,), "no pipeline"),
    ):
        assert word in steadyset("bench", "--train", *arguments, expect=64).stderr
