"""Rounds of curation: what is chosen and why, the same after any interruption, and never what models are judged by."""

import csv
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

import h5py
import hdf5plugin  # noqa: F401 - registers filter 32001 with h5py
import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, TAUGHT, changed, leftovers, manifest, ran, refused, steadyset, write
from test_schemas import check

ROUNDS = changed(
    TAUGHT,
    train={"epochs": 2, "selection": "S25%", "model": {"kind": "u-net", "width": 0.03125}},
    rounds={"count": 3, "add": 9, "pool": 60},
)
ROUNDS["name"] = "rounds"


def versions(dataset):
    """Returns the manifests of the versions by their tags."""
    tags = json.loads((dataset / "pack/tags.json").read_text())
    return {tag: json.loads((dataset / f"pack/version-{id[:16]}.json").read_text()) for tag, id in tags.items()}


def choices(dataset, tag):
    """Returns the lines of a version's choices."""
    path = versions(dataset)[tag]["layout"]["choices"]["path"]
    with (dataset / "pack" / path).open(newline="") as file:
        return list(csv.DictReader(file))


def lasting(dataset):
    """The bytes of what rounds leave and that follows from the pipeline alone."""
    names = ("manifest.json", "choices.csv", "configurations.jsonl", "errors.csv", "summary.csv", "weights.safetensors")
    return {
        str(path.relative_to(dataset)): path.read_bytes()
        for path in sorted(dataset.rglob("*"))
        if path.is_file() and (path.parent.name == "pack" or path.name in names) and path.name != "provenance.json"
    }


@pytest.fixture(scope="session")
def rounds(once):
    """(pipeline file, dataset after three rounds); not to be altered."""
    folder, _ = once("rounds", ran(ROUNDS, "--threads", "2"))
    return folder / "pipeline.yaml", folder / "dataset"


def test_what_rounds_leave(rounds):
    pipeline, dataset = rounds
    found = versions(dataset)
    assert sorted(found) == ["round-1", "round-2", "round-3"]
    base = manifest(dataset, "pack")
    parent = base
    # a quarter of the training part: of 26 positions 7, of 3 strata; without copies of what models are judged by
    size = 21 - len(copies(dataset, "S25%"))
    for number in (1, 2, 3):
        version = found[f"round-{number}"]
        check("manifest-pack", version)
        content = version["content"]
        assert content["parent"] == parent["id"]
        assert content["samples"] == parent["content"]["samples"] + 9
        assert version["files"][: len(parent["files"])] == parent["files"]
        size += 9
        [selection] = [s for s in content["selections"] if s["name"] == f"train/round-{number}"]
        assert selection["samples"] == size == sum(end - start for start, end in selection["ranges"])
        lines = choices(dataset, f"round-{number}")
        out = {line["id"] for line in lines if line["acquisition"] == "held-out"}
        assert out == (copies(dataset, "S25%") if number == 1 else set())
        lines = [line for line in lines if line["id"] not in out]
        assert len(lines) == 9 and {line["action"] for line in lines} == {"added"}
        assert {(line["origin"], line["acquisition"], line["probability"]) for line in lines} == {("drawn", "top", "")}
        scores = [float(line["score"]) for line in lines]
        assert scores == sorted(scores, reverse=True)
        assert content["round"]["mean_score"] > content["round"]["mean_candidate_score"] > 0
        folder = dataset / f"rounds/{number}"
        check("manifest-resample", manifest(folder, "resample"))
        assert manifest(folder, "resample")["content"]["parent"] == parent["id"]
        assert manifest(folder, "train")["content"]["samples"] == size
        assert manifest(folder, "train")["inputs"][0]["id"] == version["id"]
        assert (folder / "evaluate/errors.csv").is_file() and not (folder / "work").exists()
        parent = version
    assert not leftovers(dataset)
    assert "0 findings" in steadyset("verify", dataset).stdout
    again = steadyset("run", pipeline, "-o", dataset)
    assert all(line.endswith("unchanged") for line in again.stdout.splitlines())
    assert all(line.startswith("done ") for line in steadyset("run", pipeline, "-o", dataset, "--dry-run").stdout.splitlines())
    check("plan", json.loads(steadyset("plan", pipeline).stdout))


def test_a_round_writes_what_it_adds(rounds):
    _, dataset = rounds
    base = sum(entry["bytes"] for entry in manifest(dataset, "pack")["files"])
    samples = manifest(dataset, "pack")["content"]["samples"]
    added = sum(path.stat().st_size for path in (dataset / "pack").glob("added-*.h5"))
    assert added < 1.6 * base * 27 / samples  # shards of 9 samples instead of 20, and the largest fields


def test_the_same_on_any_number_of_threads(rounds, tmp_path):
    pipeline, dataset = rounds
    steadyset("run", pipeline, "-o", tmp_path / "dataset", "--threads", "1")
    assert lasting(tmp_path / "dataset") == lasting(dataset)


@pytest.mark.parametrize(
    "keys",
    [
        {"acquisition": "random", "budget": "equal"},
        {"acquisition": "power", "power": 2, "budget": "by-score"},
        {"acquisition": "k-centre"},
        {"acquisition": "lcmd", "random_share": 0.34},
        {"acquisition": "bait"},
        {"score": "estimate", "by": "max"},
        {"score": "bound"},
        {"score": "variance", "passes": 3},
        {"score": "tod", "drop": 4},
        {"score": "tod", "candidates": "unselected", "pool": None},
        {"by": "sources", "drop": 9},
        {"candidates": "unselected", "pool": None, "drop": 4},
        {"neighbours": {"share": 0.5, "hardest": 5, "moves": 3, "values": 0.5}},
    ],
    ids=lambda keys: "-".join(str(value) for key, value in keys.items() if key in ("acquisition", "score", "by", "candidates"))
    or "neighbours",
)
def test_every_rule(keys, tmp_path):
    pipeline = changed(ROUNDS, rounds={"count": 1, "pool": 30} | keys, train={"epochs": 1})
    if keys.get("score") == "variance":
        pipeline["train"]["model"] = pipeline["train"]["model"] | {"dropout": 0.2}
    dataset = tmp_path / "dataset"
    steadyset("run", write(tmp_path, pipeline), "-o", dataset)
    out = copies(dataset, "S25%")
    lines = [line for line in choices(dataset, "round-1") if line["id"] not in out]
    taken = [line for line in lines if line["action"] != "dropped"]
    dropped = [line for line in lines if line["action"] == "dropped"]
    assert len(taken) == 9 and len(dropped) == keys.get("drop", 0)
    [selection] = [s for s in versions(dataset)["round-1"]["content"]["selections"] if s["name"] == "train/round-1"]
    assert selection["samples"] == 21 + 9 - len(dropped) - len(out)
    if keys.get("candidates") == "unselected":
        assert {line["action"] for line in taken} == {"taken"} and not list((dataset / "pack").glob("added-*"))
    if keys.get("budget") == "equal":
        assert sorted(int(line["n_sources"]) for line in taken) == [1] * 3 + [2] * 3 + [3] * 3
    if keys.get("acquisition") in ("random", "power"):
        assert all(0 < float(line["probability"]) <= 1 for line in taken)
    if "random_share" in keys:
        assert [line["acquisition"] for line in taken] == ["lcmd"] * 6 + ["random"] * 3
    if "neighbours" in keys:
        near = [line for line in taken if line["origin"] == "neighbour"]
        assert all(line["parent_id"] for line in near)
    assert "0 findings" in steadyset("verify", dataset, "--resolve", "5").stdout


def fields(folder, weights, configurations):
    """What the model in a file of weights gives for configurations: fields by id."""
    output = folder / f"{weights.stem}.h5"
    steadyset("predict", "--model", weights, "--from", configurations, "-o", output)
    with h5py.File(output) as file:
        return {f"{id:016x}": y for id, y in zip(file["id"][:].tolist(), file["y"][:].astype("f8"))}


def test_the_distance_from_half_way(tmp_path):
    """Scores by `tod` are how far the model's fields moved since half of its training; nothing else that a training leaves changes
    by being asked for it, and an interruption changes nothing."""
    train = {"epochs": 9, "judge": "none"}
    pipeline = write(tmp_path, changed(ROUNDS, rounds={"count": 1, "score": "tod"}, train=train), "tod.yaml")
    dataset = tmp_path / "tod"
    with subprocess.Popen(
        [BINARY, "run", pipeline, "-o", dataset], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert any("epoch 6/" in line for line in process.stderr)
        process.terminate()
    assert not (dataset / "train/manifest.json").exists()
    steadyset("run", pipeline, "-o", dataset)
    whole = tmp_path / "whole"
    steadyset("run", pipeline, "-o", whole)
    assert lasting(dataset) == lasting(whole)
    assert (dataset / "train/halfway.safetensors").read_bytes() == (whole / "train/halfway.safetensors").read_bytes()
    check("manifest-train", manifest(dataset, "train"))
    content = manifest(dataset, "train")["content"]
    assert (content["best_epoch"], content["halfway"]["epoch"]) == (9, 4)
    chosen = dataset / "rounds/1/resample/configurations.jsonl"
    late, half = (fields(tmp_path, dataset / f"train/{name}.safetensors", chosen) for name in ("weights", "halfway"))
    lines = [line for line in choices(dataset, "round-1") if line["action"] == "added"]
    assert len(lines) == len(late) == 9
    for line in lines:
        distance = np.sqrt(np.mean((late[line["id"]] - half[line["id"]]) ** 2))
        assert float(line["score"]) == pytest.approx(distance, rel=1e-8) and distance > 0
    scores = [float(line["score"]) for line in lines]
    assert scores == sorted(scores, reverse=True)
    assert "0 findings" in steadyset("verify", dataset).stdout
    # The same training without it has the same weights under another id, and keeps no more than them.
    plain = write(tmp_path, changed(ROUNDS, rounds={"count": 1}, train=train), "plain.yaml")
    steadyset("run", plain, "-o", tmp_path / "plain", "--until", "train")
    assert (tmp_path / "plain/train/weights.safetensors").read_bytes() == (dataset / "train/weights.safetensors").read_bytes()
    assert not (tmp_path / "plain/train/halfway.safetensors").exists()
    # Half-way through one epoch is what the training began with.
    short = write(tmp_path, changed(ROUNDS, rounds={"count": 1, "score": "tod"}, train={"epochs": 1}), "short.yaml")
    steadyset("run", short, "-o", tmp_path / "short", "--until", "train")
    assert manifest(tmp_path / "short", "train")["content"]["halfway"]["epoch"] == 0
    # A model that was altered is refused, and found.
    path = whole / "train/halfway.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1]))
    assert "halfway.safetensors" in steadyset("verify", whole, expect=1).stdout


def configurations(samples):
    """The sources of samples, each a list of (row, column, radius, value)."""
    return [[tuple(source[:4]) for source in samples.sources(k).tolist()] for k in range(len(samples))]


def held_out(version):
    """Every view of the samples that models are judged by."""
    return {
        view
        for part in ("test", "validation")
        for sources in configurations(version.select(part))
        for view in orientations(sources, 32)
    }


def copies(dataset, selection):
    """The ids of samples of a base selection that are views of held-out ones."""
    base = reader.open(dataset)
    others, samples = held_out(base), base.select(selection)
    ids = [f"{id:016x}" for id in samples.ids.tolist()]
    return {id for id, sources in zip(ids, configurations(samples)) if frozenset(sources) in others}


def orientations(sources, side):
    """The eight views of a set of disks on a square."""
    for transpose in (False, True):
        for rows in (False, True):
            for columns in (False, True):
                view = []
                for row, column, radius, value in sources:
                    row, column = (column, row) if transpose else (row, column)
                    view.append(
                        (side - 1 - row if rows else row, side - 1 - column if columns else column, radius, value)
                    )
                yield frozenset(view)


def images(samples):
    """The images of samples, each with its eight views, as bytes."""
    found = []
    for k in range(len(samples)):
        x = np.asarray(samples[k].x)
        found.append({np.rot90(view, turn).tobytes() for view in (x, x.T) for turn in range(4)})
    return found


def test_nothing_that_models_are_judged_by_is_chosen(tmp_path):
    """Single disks on a small lattice, of radii that make three images: most candidates are copies of samples or of each other."""
    pipeline = changed(
        ROUNDS,
        sampling={"strata": [1], "samples_per_stratum": 150, "radius": {"from": 2, "to": 2.9}},
        rounds={"count": 2, "add": 30, "pool": 400, "neighbours": {"share": 0.2, "hardest": 20}},
        train={"epochs": 1},
    )
    dataset = tmp_path / "dataset"
    said = steadyset("run", write(tmp_path, pipeline), "-o", dataset).stderr
    assert "candidates left out" in said and "of 150 samples are left out" in said
    version = reader.open(dataset, version="round-2")
    judged = images(version.select("test | validation"))
    forbidden = set.union(*judged)
    assert len(forbidden) > 250
    learnt = images(version.select("train"))
    assert len(learnt) > 60 + 60 and not forbidden & set.union(*learnt)
    # No image is there twice, in whatever part.
    firsts = [min(views) for views in judged + learnt]
    assert len(firsts) == len(set(firsts))
    assert len(version.select("round-2")) >= 60
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_pools_may_repeat_themselves(tmp_path):
    """A pool with more samples than there are images is no error, in no round."""
    pipeline = changed(
        ROUNDS,
        sampling={"strata": [1, 2], "samples_per_stratum": 20},
        rounds={"count": 2, "add": 5, "pool": 500},
        train={"epochs": 1},
    )
    dataset = tmp_path / "dataset"
    steadyset("run", write(tmp_path, pipeline), "-o", dataset)
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_given_copies_are_left_out(shards, tmp_path):
    """Configurations of one's own that are samples of the dataset under other ids, or of one another."""
    dataset = shutil.copytree(shards, tmp_path / "dataset")
    base = reader.open(dataset)

    def disks(sources, radius, turn):
        return {"sources": [
            {"row": 31 - int(s[1]) if turn else int(s[0]), "column": int(s[0]) if turn else int(s[1]), "radius": radius, "value": s[3]}
            for s in sources
        ]}  # fmt: skip

    test, train = base.select("test").sources(0).tolist(), base.select("train").sources(0).tolist()
    fresh = [(5, 9, 2, 1.0), (21, 14, 2, 0.375)]
    lines = [
        disks(test, 2.1, False), disks(test, 2, True), {"sources": disks(test, 2, False)["sources"] * 2}, disks(train, 2.2, True),
        disks(fresh, 2, False), disks(fresh, 2.05, True),
    ]  # fmt: skip
    pool, pipeline = tmp_path / "given.jsonl", changed(ROUNDS, rounds={"add": 1})
    pool.write_text("".join(json.dumps(line) + "\n" for line in lines))
    own = changed(pipeline, split={"test_every": None, "validation_every": None})
    del own["train"], own["rounds"]
    said = steadyset("sample", write(tmp_path, own, "own.yaml"), "-o", tmp_path / "own", "--from", pool).stderr
    # The first and the second test copy are one problem, and so are the fresh ones; what has twice as many sources is listed too.
    assert "of 6 samples are left out" in said
    ids = [json.loads(line)["id"] for path in sorted((tmp_path / "own/sample").glob("*.jsonl")) for line in path.open()]
    scores = tmp_path / "scores.csv"
    scores.write_text("id,mae\n" + "".join(f"{id},{k + 1}\n" for k, id in enumerate(ids)))
    path = write(tmp_path, pipeline, "given.yaml")
    refused(
        "resample", path, "-o", dataset, "--from", pool, "--scores", scores, "--add", "2", status=65, says="there are 1 candidates"
    )
    steadyset("resample", path, "-o", dataset, "--from", pool, "--scores", scores, "--add", "1")
    assert "0 findings" in steadyset("verify", dataset).stdout


def pool_of(dataset, tmp_path, count=30):
    """Writes configurations that the dataset does not have; returns the path and their ids."""
    # Without single sources, many of which are the same problem as one of the dataset.
    other = changed(ROUNDS, sampling={"seed": 99, "strata": [2, 3], "samples_per_stratum": count // 2})
    del other["train"], other["rounds"]
    folder = tmp_path / "pool"
    steadyset("run", write(tmp_path, other, "pool.yaml"), "-o", folder, "--until", "sample")
    lines = [json.loads(line) for path in sorted((folder / "sample").glob("*.jsonl")) for line in path.open()]
    path = tmp_path / "pool.jsonl"
    path.write_text("".join(json.dumps({"sources": line["sources"]}) + "\n" for line in lines))
    return path, [line["id"] for line in lines]


def test_resample_by_scores_of_anybody(shards, tmp_path):
    dataset = shutil.copytree(shards, tmp_path / "dataset")
    pipeline = write(tmp_path, changed(ROUNDS, rounds={"add": 8}))
    pool, ids = pool_of(dataset, tmp_path)
    scores = tmp_path / "scores.csv"
    scores.write_text("model,loss,id\n" + "".join(f"ours,{(7 * k) % 31},{id}\n" for k, id in enumerate(ids)))
    said = steadyset(
        "resample", pipeline, "-o", dataset, "--from", pool, "--scores", scores, "--by", "loss", "--name", "mine"
    ).stdout
    assert "@" in said.splitlines()[-1]
    wanted = sorted(range(len(ids)), key=lambda k: -((7 * k) % 31))[:8]
    lines = choices(dataset, "mine")
    lines = [line for line in lines if line["action"] == "added"]
    assert [line["id"] for line in lines] == [ids[k] for k in wanted]
    assert [float(line["score"]) for line in lines] == [(7 * k) % 31 for k in wanted]
    before = lasting(dataset)
    steadyset("resample", pipeline, "-o", dataset, "--from", pool, "--scores", scores, "--by", "loss", "--name", "mine")
    assert lasting(dataset) == before
    # On from there, by scores of the dataset's own samples: a selection, no shard.
    train = reader.open(dataset, version="mine").select("train")
    scores.write_text("id,mae\n" + "".join(f"{sample.id},{k}\n" for k, sample in enumerate(train)))
    shards_before = set((dataset / "pack").glob("*.h5"))
    steadyset("resample", pipeline, "-o", f"{dataset}@mine", "--scores", scores, "--add", "5", "--drop", "3")
    assert set((dataset / "pack").glob("*.h5")) == shards_before
    assert [line["action"] for line in choices(dataset, "round-2")] == ["taken"] * 5 + ["dropped"] * 3
    size = 21 - len(copies(dataset, "S25%"))
    assert len(reader.open(dataset, version="round-2").select("round-2")) == size + 8 + 2
    assert "0 findings" in steadyset("verify", dataset).stdout


def test_scores_that_are_none(shards, tmp_path):
    dataset = shutil.copytree(shards, tmp_path / "dataset")
    pipeline = write(tmp_path, changed(ROUNDS, rounds={"add": 8}))
    pool, ids = pool_of(dataset, tmp_path)
    scores = tmp_path / "scores.csv"
    good = [f"{id},{k + 1}" for k, id in enumerate(ids)]
    before = lasting(dataset)

    def bad(lines, says, *options, status=65, header="id,mae"):
        scores.write_text("\n".join([header, *lines]) + "\n")
        refused("resample", pipeline, "-o", dataset, "--from", pool, "--scores", scores, *options, status=status, says=says)
        assert lasting(dataset) == before
        assert not (dataset / "pack/tags.json").exists()

    bad(good[1:], f"lacks scores .*1, {ids[0]}")
    bad([*good, "0123456789abcdef,1"], "not among .*0123456789abcdef")
    bad([*good, good[3]], f"scores.csv:32: sample {ids[3]} is there twice")
    bad([*good[1:], f"{ids[0]},nan"], "scores.csv:31: .*'nan'")
    bad([*good[1:], f"{ids[0]},-1"], "scores.csv:31: .*'-1'")
    bad([*good[1:], f"{ids[0]},1e999"], "scores.csv:31: ")
    bad([*good[1:], f"{ids[0]},1,2"], "scores.csv:31: has 3 fields")
    bad([*good[1:], "zebra,1"], "scores.csv:31: 'zebra' is no id")
    bad(good, "there is no column 'mae'; the first line has id, error", header="id,error")
    bad(good, "there are 30 candidates", "--add", "31")
    bad(good, "needs features", "--acquisition", "lcmd")
    bad(good, "there is no acquisition 'best'", "--acquisition", "best")
    bad(good, "'budget' is 'much'", "--budget", "much")
    refused("resample", pipeline, "-o", f"{dataset}@round-7", "--from", pool, "--scores", scores, status=66, says="round-7")
    refused("resample", pipeline, "-o", dataset, "--scores", tmp_path / "none.csv", status=66, says="none.csv")
    pool.write_text(pool.read_text() + pool.read_text().splitlines()[0] + "\n")
    bad(good, "line 1")


TRAINER = '''
import os, pathlib, csv
import steadyset
environment = os.environ
data = steadyset.open(environment["STEADYSET_DATA"])
learnt = len(data.select(environment["STEADYSET_SELECTION"]))
assert pathlib.Path(environment["STEADYSET_MANIFEST"]).is_file()
print("learnt from", learnt, "in round", environment["STEADYSET_ROUND"])
def write(path, samples):
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["id", "mae"])
        for sample in samples:
            table.writerow([sample.id, float(sample.y.mean()) / learnt])
if "STEADYSET_CANDIDATES" in environment:
    candidates = steadyset.open(environment["STEADYSET_CANDIDATES"])
    write(environment["STEADYSET_ERRORS"], candidates.select(environment["STEADYSET_CANDIDATES_SELECTION"]))
write(environment["STEADYSET_TEST_ERRORS"], data.select("test"))
'''


def external(tmp_path, command, **keys):
    pipeline = changed(ROUNDS, rounds={"count": 2, "trainer": {"command": command} | keys})
    del pipeline["train"]
    return write(tmp_path, pipeline)


def test_a_trainer_of_ones_own(tmp_path):
    script = tmp_path / "trainer.py"
    script.write_text(TRAINER)
    dataset = tmp_path / "dataset"
    pipeline = external(tmp_path, f"{shlex.quote(sys.executable)} {script} && echo round $STEADYSET_ROUND >> {tmp_path}/calls")
    steadyset("run", pipeline, "-o", dataset)
    assert (tmp_path / "calls").read_text().split() == ["round", "0", "round", "1", "round", "2"]
    assert not (dataset / "train").exists()
    # The fields with the largest mean are those of most sources.
    out = len(copies(dataset, "S100%"))
    for tag, learnt in (("round-1", 78), ("round-2", 87 - out)):
        lines = [line for line in choices(dataset, tag) if line["action"] == "added"]
        scores = [float(line["score"]) for line in lines]
        assert scores == sorted(scores, reverse=True)
        version = reader.open(dataset, version=tag)
        y = {str(sample.id): sample.y for sample in version.select(f"train/{tag}")}
        assert np.allclose(scores, [y[line["id"]].mean() / learnt for line in lines], rtol=1e-6)
    assert f"learnt from {96 - out} in round 2" in (dataset / "rounds/2/trainer/log.txt").read_text()
    steadyset("run", pipeline, "-o", dataset)
    assert (tmp_path / "calls").read_text().count("round") == 3
    assert "0 findings" in steadyset("verify", dataset).stdout


@pytest.mark.parametrize(
    "command, status, says",
    [
        ("echo no luck; exit 5", 4, "ended with status 5.*no luck"),
        ("kill -9 $$", 4, "killed by signal 9"),
        ("true", 4, "wrote no .*errors.csv"),
        ("sleep 1000 & sleep 1000", 4, "took longer than"),
        ("echo nonsense > $STEADYSET_ERRORS", 65, "no column 'id'"),
        ("printf 'id,mae\\n' > $STEADYSET_ERRORS", 65, "lacks scores"),
        ("head -c 100000 /dev/urandom > $STEADYSET_ERRORS", 65, "errors.csv:"),
        ("ln -s /dev/zero $STEADYSET_ERRORS", (4, 65, 66), "errors.csv"),
    ],
)
def test_a_trainer_that_fails(command, status, says, tmp_path):
    dataset = tmp_path / "dataset"
    result = steadyset("run", external(tmp_path, command, time_limit=1.5), "-o", dataset, expect=status)
    import re

    assert re.search(says, result.stderr, re.S), result.stderr
    assert not (dataset / "pack/tags.json").exists()
    assert "0 findings" in steadyset("verify", dataset).stdout
    # what it started is gone
    assert not [pid for pid in os.listdir("/proc") if pid.isdigit() and str(dataset) in environment_of(pid)]


def environment_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_rounds_that_gain_nothing_end(tmp_path):
    pipeline = changed(ROUNDS, rounds={"count": 5, "stop": {"standard_errors": 100}}, train={"epochs": 1})
    dataset = tmp_path / "dataset"
    said = steadyset("run", write(tmp_path, pipeline), "-o", dataset).stderr
    assert "no round 3" in said
    assert sorted(versions(dataset)) == ["round-1", "round-2"]


@pytest.mark.parametrize(
    "sections, says",
    [
        ({"rounds": {"score": "variance"}}, "train.model.dropout"),
        ({"rounds": {"acquisition": "top", "power": 2}}, "'power' goes with"),
        ({"rounds": {"candidates": "unselected"}}, "'pool' and 'neighbours' go with"),
        ({"rounds": {"trainer": {"command": "true"}, "acquisition": "lcmd"}}, "gives no features"),
        ({"rounds": {"add": 0}}, "add"),
        ({"rounds": {"add": None}}, "add"),
        ({"rounds": {"adds": 3}}, "adds"),
        ({"rounds": {"pool": 2}}, "pool of 2"),
        ({"rounds": {"add": 61}}, "add 61 samples"),
    ],
)
def test_rounds_that_make_no_sense(sections, says, tmp_path):
    refused("run", write(tmp_path, changed(ROUNDS, **sections)), "-o", tmp_path / "dataset", status=65, says=says)
