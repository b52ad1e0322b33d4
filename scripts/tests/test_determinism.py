"""The same pipeline gives the same bytes: any threads, any parts, any folder, any way to walk the plan."""

import json
import subprocess

from conftest import BINARY, REPOSITORY, TINY, changed, contents, ids, manifest, steadyset, write


def test_threads_and_folders(tiny, tmp_path):
    """Manifests and shards are byte-identical in another folder with another number of threads."""
    for threads in (1, 2, 7):
        output = tmp_path / f"deep/er/{threads}"
        steadyset("run", write(tmp_path, TINY, f"{threads}.yaml"), "-o", output, "--threads", threads)
        assert contents(output) == contents(tiny)


def test_part_and_shard_sizes(tiny, tmp_path):
    """How a dataset is cut into files is in no id."""
    for number, (part, shard) in enumerate(((1, 1), (7, 1000), (1000, 5))):
        pipeline = changed(TINY, solver={"samples_per_part": part}, pack={"samples_per_shard": shard})
        output = tmp_path / str(number)
        steadyset("run", write(tmp_path, pipeline), "-o", output)
        assert ids(output) == ids(tiny)
        assert "0 findings" in steadyset("verify", output).stdout


def test_compression_is_in_no_id(tiny, tmp_path):
    steadyset("run", write(tmp_path, changed(TINY, solver={"compression_level": 9})), "-o", tmp_path / "dataset")
    assert ids(tmp_path / "dataset") == ids(tiny)


def test_what_matters_is_in_the_ids(tiny, tmp_path):
    """Each of these changes the stages from the one that it belongs to, and no earlier one."""
    changes = {
        "sample": {"sampling": {"seed": 8}},
        "solve": {"solver": {"tolerance": 2e-6}},
        "split": {"split": {"test_every": 4}},
    }
    stages = ["sample", "solve", "split", "pack"]
    for stage, change in changes.items():
        output = tmp_path / stage
        steadyset("run", write(tmp_path, changed(TINY, **change)), "-o", output)
        same = [s for s in stages if ids(output)[s] == ids(tiny)[s]]
        assert same == stages[: stages.index(stage)], stage


def test_run_again_does_nothing(tmp_path):
    """A second run, with comments and the name changed, reports every stage as unchanged and touches no file."""
    output = tmp_path / "dataset"
    text = (REPOSITORY / "pipelines/tiny.yaml").read_text()
    steadyset("run", write(tmp_path, text), "-o", output)
    files = [path for path in output.rglob("*") if path.is_file() and path.suffix != ".lock"]
    before = {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files}
    assert len(before) > 30
    for text in (text, "# another comment\n" + text.replace("name: tiny", "name: other   # renamed") + "\n\n# end"):
        said = steadyset("run", write(tmp_path, text), "-o", output).stdout
        assert said.count("unchanged") == 4, said
        assert {path: (path.stat().st_mtime_ns, path.stat().st_ino) for path in files} == before


def test_stage_commands(tiny, tmp_path):
    """sample, solve, split, pack one by one, then `run --until` likewise."""
    pipeline = write(tmp_path, TINY)
    for stage in ("sample", "solve", "split", "pack"):
        steadyset(stage, pipeline, "-o", tmp_path / "one")
        steadyset("run", pipeline, "-o", tmp_path / "two", "--until", stage)
    assert contents(tmp_path / "one") == contents(tmp_path / "two") == contents(tiny)


def test_plan_step_by_step(tiny, tmp_path):
    """A plan walked by processes of their own, two parts at a time: the same files, and all that it names."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    plan = json.loads(steadyset("plan", pipeline).stdout)
    assert [step["id"] for step in plan["steps"]] == ["sample"] + [f"solve-{n:05}" for n in range(5)] + ["solve", "split", "pack"]
    assert not output.exists()

    def start(step):
        for path in step["inputs"]:
            assert (output / path).is_file(), f"{step['id']} needs {path}"
        command = [BINARY, "step", pipeline, step["id"], "--run", output, "--threads", "1"]
        return step, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    waiting = plan["steps"]
    while waiting:
        # Two at a time where both are parts.
        together = 2 if len(waiting) > 1 and None not in (waiting[0]["part"], waiting[1]["part"]) else 1
        running = [start(step) for step in waiting[:together]]
        waiting = waiting[together:]
        for step, process in running:
            said, _ = process.communicate(timeout=120)
            assert process.returncode == 0, said
            for path in step["outputs"]:
                assert (output / path).is_file(), f"{step['id']} did not write {path}"
    assert contents(output) == contents(tiny)
    said = steadyset("run", pipeline, "-o", output).stdout
    assert said.count("unchanged") == 4, said


def test_steps_record_the_plans_fingerprints(tiny, tmp_path):
    """Whoever compares a plan with the records of finished steps sees what is done."""
    plan = json.loads(steadyset("plan", write(tmp_path, TINY)).stdout)
    for step in plan["steps"]:
        record = json.loads((tiny / f".steadyset/steps/{step['id']}.json").read_text())
        assert record["step"] == step["id"]
        if step["stage"] in ("sample", "solve"):
            assert record["fingerprint"] == step["fingerprint"], step["id"]


def test_dry_run(tiny, tmp_path):
    """Says what would be done, before, half way and after; writes nothing."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    said = steadyset("run", pipeline, "-o", output, "--dry-run").stdout
    assert said.count("to do") == 9 and not output.exists()
    steadyset("run", pipeline, "-o", output, "--until", "solve")
    said = steadyset("run", pipeline, "-o", output, "--dry-run").stdout
    assert said.count("done") == 7 and said.count("to do") == 2
    lines = steadyset("run", pipeline, "-o", tiny, "--dry-run", "--json").stdout.splitlines()
    assert all(json.loads(line)["done"] for line in lines) and len(lines) == 9
    grown = write(tmp_path, changed(TINY, sampling={"samples_per_stratum": 41}))
    said = steadyset("run", grown, "-o", tiny, "--dry-run").stdout
    assert said.count("done") == 4 and "to do  solve-00004" in said


def test_shared_prefix(tmp_path):
    """The order of YAML keys, and integers written as decimals, are in no id."""
    one = write(tmp_path, TINY, "one.yaml")
    reordered = {key: TINY[key] for key in reversed(TINY)}
    reordered["physics"] = dict(reversed(reordered["physics"].items())) | {"diffusivity": 1.0}
    other = write(tmp_path, reordered, "other.yaml")
    for path in (one, other):
        steadyset("run", path, "-o", tmp_path / path.stem, "--until", "sample")
    assert manifest(tmp_path / "one", "sample") == manifest(tmp_path / "other", "sample")
