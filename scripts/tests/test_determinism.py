"""The same pipeline gives the same bytes: any threads, any parts, any folder, any way to walk the plan."""

import json
import subprocess

from conftest import BINARY, REPOSITORY, TAUGHT, TINY, changed, contents, ids, manifest, steadyset, write


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
    """A second run, with comments and the name changed, reports every stage as unchanged and touches no file but what tells of the run."""
    output = tmp_path / "dataset"
    text = (REPOSITORY / "pipelines/tiny.yaml").read_text()
    steadyset("run", write(tmp_path, text), "-o", output)
    own = {".lock", "progress"}  # of a run, not of the dataset
    files = [path for path in output.rglob("*") if path.is_file() and path.suffix not in own and path.parent.name not in own]
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


def walk(pipeline, output, together=1):
    """Walks a plan by processes of their own, `together` parts at a time; returns the plan and what the steps said, by their ids.

    Every step finds its inputs and writes its outputs, unless it says that its round does not take place.
    """
    plan = json.loads(steadyset("plan", pipeline).stdout)
    said = {}

    def start(step):
        if not any("no round" in text for text in said.values()):
            for path in step["inputs"]:
                assert (output / path).is_file(), f"{step['id']} needs {path}"
        command = [BINARY, "step", pipeline, step["id"], "--run", output, "--threads", "1"]
        return step, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    waiting = plan["steps"]
    while waiting:
        count = together if len(waiting) > 1 and None not in (waiting[0]["part"], waiting[1]["part"]) else 1
        running = [start(step) for step in waiting[:count]]
        waiting = waiting[count:]
        for step, process in running:
            said[step["id"]], _ = process.communicate(timeout=120)
            assert process.returncode == 0, said
            if "no round" not in said[step["id"]]:
                for path in step["outputs"]:
                    assert (output / path).is_file(), f"{step['id']} did not write {path}"
    return plan, said


def record(output, step):
    """The record of a step of a plan."""
    if step["round"] and step["stage"] != "pack":
        return json.loads((output / f"rounds/{step['round']}/.steadyset/steps/{step['stage']}.json").read_text())
    return json.loads((output / f".steadyset/steps/{step['id']}.json").read_text())


def recorded(output, plan):
    """Checks that the records have the fingerprints of the plan."""
    for step in plan["steps"]:
        found = record(output, step)
        assert found["step"] in (step["id"], step["stage"])
        assert found["fingerprint"] == step["fingerprint"], step["id"]


def test_plan_step_by_step(tiny, tmp_path):
    """A plan walked by processes of their own, two parts at a time: the same files, and all that it names."""
    pipeline, output = write(tmp_path, TINY), tmp_path / "dataset"
    plan, _ = walk(pipeline, output, together=2)
    assert [step["id"] for step in plan["steps"]] == ["sample"] + [f"solve-{n:05}" for n in range(5)] + ["solve", "split", "pack"]
    assert contents(output) == contents(tiny)
    recorded(output, plan)
    recorded(tiny, plan)
    said = steadyset("run", pipeline, "-o", output).stdout
    assert said.count("unchanged") == 4, said


def everything(output):
    """Whatever is in a dataset and its rounds and does not tell when it was made."""
    return {
        str(path.relative_to(output)): path.read_bytes()
        for path in output.rglob("*")
        if path.is_file() and ".steadyset" not in path.parts and path.name not in ("provenance.json", "log.txt", "ended.json")
    }


ROUNDS = changed(TAUGHT, train={"epochs": 1, "selection": "S25%"}, rounds={"count": 2, "add": 9, "pool": 60})


def test_rounds_step_by_step(tmp_path):
    """A pipeline with two rounds, walked step by step and run: the same files, and records with the fingerprints of the plan."""
    pipeline, walked, ran = write(tmp_path, ROUNDS), tmp_path / "walked", tmp_path / "ran"
    plan, _ = walk(pipeline, walked)
    rounds = [[step["id"] for step in plan["steps"] if step["round"] == number] for number in (1, 2)]
    assert rounds == [[f"round-0000{n}-{stage}" for stage in ("resample", "solve", "pack", "train", "evaluate")] for n in (1, 2)]
    steadyset("run", pipeline, "-o", ran)
    assert everything(walked) == everything(ran)
    for output in (walked, ran):
        recorded(output, plan)
        said = steadyset("run", pipeline, "-o", output, "--dry-run").stdout
        assert "to do" not in said and said.count("done") == len(plan["steps"])
        assert "0 findings" in steadyset("verify", output).stdout


def test_rounds_that_end_step_by_step(tmp_path):
    """57 samples are not selected, 20 a round: the steps from the third round on say that there is none, and end well."""
    pipeline = changed(ROUNDS, rounds={"count": 5, "add": 20, "candidates": "unselected", "pool": None})
    path, walked, ran = write(tmp_path, pipeline), tmp_path / "walked", tmp_path / "ran"
    plan, said = walk(path, walked)
    steadyset("run", path, "-o", ran)
    assert everything(walked) == everything(ran)
    ended = {step["round"] for step in plan["steps"] if "no round" in said[step["id"]]}
    assert ended and ended == set(range(min(ended), 6))
    assert all("no round" in said[step["id"]] for step in plan["steps"] if step["round"] in ended)
    for output in (walked, ran):
        assert "to do" not in steadyset("run", path, "-o", output, "--dry-run").stdout


def test_rounds_of_a_trainer_step_by_step(tmp_path):
    """Its own calls are those of `run`: one for each version, the last of them without candidates."""
    (tmp_path / "train.sh").write_text(
        f"echo $STEADYSET_ROUND $STEADYSET_SELECTION $STEADYSET_CANDIDATES_SELECTION >> {tmp_path}/calls\n"
        '[ -n "$STEADYSET_ERRORS" ] || exit 0\n'
        '{ echo id,mae; cat "$STEADYSET_CANDIDATES"/sample/*.jsonl | grep -o \'"id":"[0-9a-f]*"\' | cut -d\'"\' -f4 |'
        " awk '{print $1\",\"NR}'; } > \"$STEADYSET_ERRORS\"\n"
    )
    pipeline = changed(ROUNDS, rounds={"trainer": {"command": f"sh {tmp_path}/train.sh"}})
    path, walked, ran = write(tmp_path, pipeline), tmp_path / "walked", tmp_path / "ran"
    plan, _ = walk(path, walked)
    assert [step["id"] for step in plan["steps"] if step["stage"] == "train"] == ["round-00002-train"]
    calls = (tmp_path / "calls").read_text()
    steadyset("run", path, "-o", ran)
    assert (tmp_path / "calls").read_text() == calls * 2 and calls.count("\n") == 3
    assert everything(walked) == everything(ran)
    for output in (walked, ran):
        recorded(output, plan)
        assert "to do" not in steadyset("run", path, "-o", output, "--dry-run").stdout


def test_a_model_outlives_what_is_in_no_id(tmp_path):
    """Other sizes of files, and the fingerprints of an earlier release: the model stays, its record gets the plan's fingerprint."""
    pipeline = changed(ROUNDS, train={"epochs": 2})
    del pipeline["rounds"]
    path, output = write(tmp_path, pipeline), tmp_path / "dataset"
    steadyset("run", path, "-o", output)
    weights = output / "train/weights.safetensors"
    before = (weights.stat().st_mtime_ns, weights.stat().st_ino)
    smaller = write(tmp_path, changed(pipeline, pack={"samples_per_shard": 7}), "smaller.yaml")
    said = steadyset("run", smaller, "-o", output).stdout
    assert "train" in said and (weights.stat().st_mtime_ns, weights.stat().st_ino) == before
    plan = json.loads(steadyset("plan", smaller, "-o", output).stdout)
    recorded(output, plan)
    # Records of earlier releases have other fingerprints, and no digest.
    for step in ("split", "pack", "train", "evaluate"):
        path = output / f".steadyset/steps/{step}.json"
        old = json.loads(path.read_text()) | {"fingerprint": "0" * 64}
        path.write_text(json.dumps({key: value for key, value in old.items() if key != "digest"}))
    steadyset("run", smaller, "-o", output)
    assert (weights.stat().st_mtime_ns, weights.stat().st_ino) == before
    recorded(output, plan)
    other = write(tmp_path, changed(pipeline, train={"epochs": 3}), "other.yaml")
    steadyset("run", other, "-o", output, "--replace")
    assert (weights.stat().st_mtime_ns, weights.stat().st_ino) != before


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
