"""Curated streams: what is hard comes more often, weights undo that, and a log gives the same samples again."""

import hashlib
import json
import math
import shutil
import signal
import subprocess

import forging
import numpy as np
import pytest
from conftest import BINARY, REPOSITORY, TAUGHT, changed, manifest, refused, steadyset, write
from test_schemas import check
from test_train import metrics

import steadyset as reader
from steadyset.canonical import canonical
from steadyset.streams.decisions import Curation, Decider, Log

TINY = REPOSITORY / "pipelines/tiny.yaml"
CURATED = changed(TAUGHT, train={"selection": "endless", "samples_per_epoch": 48, "epochs": 4, "curation": {"candidates": 4}})


@pytest.fixture(scope="module")
def stream():
    return reader.stream(TINY)


def hard(n_sources):
    """A loss that grows with the number of sources."""
    return np.asarray(n_sources, float) ** 2


def walk(curated, batches, size=16, **options):
    """Takes some batches and reports losses; returns ids, weights and numbers of sources."""
    found = []
    for _, batch in zip(range(batches), curated.batches(size, **options)):
        curated.report(batch, hard(batch.n_sources))
        found.append((batch.id, batch.weight, batch.n_sources))
    return [np.concatenate(column) for column in zip(*found)]


def test_it_turns_to_what_is_hard(stream):
    curated = reader.curate(stream, window=64, candidates=8, power=2)
    counts = [walk(curated, 4)[2].mean() for _ in range(4)]
    # The first window is by chance, the others are not.
    assert counts[0] < 1.2 * np.mean(stream.strata) and min(counts[1:]) > 1.3 * np.mean(stream.strata)


def test_every_kind_keeps_its_chance(stream):
    """Losses of one kind alone: the others still come, and no weight is above 1/floor."""
    floor = 0.25
    curated = reader.curate(stream, window=128, candidates=8, power=8, floor=floor)
    for _ in range(6):
        seen = set()
        for _, batch in zip(range(4), curated.batches(32)):
            curated.report(batch, np.where(batch.n_sources == stream.strata[-1], 1.0, 0.0))
            seen |= set(batch.n_sources.tolist())
            assert batch.weight.max() <= 1 / floor * (1 + 1e-6) and batch.weight.min() > 0
    assert seen == set(stream.strata)


@pytest.mark.parametrize("by", ["kinds", "loss"])
def test_weighted_means_are_unbiased(stream, by):
    """Over 200 seeds: means are those of all candidates within four standard errors, and as many 95% intervals hold the truth
    as they say, within the binomial's 99.99%."""
    window, how = 96, Curation(by=by, candidates=4, floor=0.2, power=2)
    plain = Decider(stream, how, window, 0)
    count = how.candidates * window
    sources = [stream.strata[rank % len(stream.strata)] for rank in range(2 * count)]
    drawn = {rank: id is not None for rank, id in enumerate(stream.ids(range(2 * count)))}
    losses = [float(hard(n)) if drawn[rank] else None for rank, n in enumerate(sources)]
    # What is estimated differs from what chances go by.
    value = np.array([math.sin(7 * rank) + n for rank, n in enumerate(sources)])
    truth = np.mean([
        np.mean([value[rank] for rank in range(first, first + 4) if drawn[rank]]) for first in range(count, 2 * count, 4)
    ])  # fmt: skip
    means, held, hardest = [], 0, []
    for seed in range(200):
        decider = Decider(stream, how, window, seed)
        for number in range(2):
            part = losses[number * count : (number + 1) * count]
            decided = decider.decide(part if by == "loss" else None)
            ranks = decided.ranks(range(decided.first, decided.first + window))
            decider.learn([losses[rank] if rank >= 0 else None for rank in ranks])
        terms = decided.weights * value[ranks]
        means.append(terms.mean())
        hardest.append(np.mean([sources[rank] for rank in ranks]))
        held += abs(terms.mean() - truth) <= 1.96 * terms.std(ddof=1) / math.sqrt(window)
    assert plain.windows == 0 and np.mean(hardest) > 1.2 * np.mean(sources)
    assert abs(np.mean(means) - truth) < 4 * np.std(means, ddof=1) / math.sqrt(200)
    # Candidates of one position are alike in their strata, so that intervals are rather too wide.
    assert held >= 0.95 * 200 - 3.9 * math.sqrt(200 * 0.95 * 0.05)


def test_a_log_gives_the_same_again(stream, tmp_path):
    curated = reader.curate(stream, tmp_path / "log.jsonl", window=48, candidates=4, power=2, seed=9)
    ids, weights, _ = walk(curated, 9, threads=2)
    again = reader.replay(reader.stream(TINY), tmp_path / "log.jsonl")
    batches = list(again.batches(7, threads=2, coefficients=["diffusivity"]))
    assert np.array_equal(np.concatenate([batch.id for batch in batches]), ids)
    assert np.array_equal(np.concatenate([batch.weight for batch in batches]), weights)
    assert [len(batch) for batch in batches] == 3 * [7, 7, 7, 7, 7, 7, 6]
    assert batches[0].coefficients["diffusivity"].shape == (7, *stream.lattice)
    sample = stream[int(batches[3].rank[2])]
    assert sample.id == f"{int(batches[3].id[2]):016x}" and np.array_equal(sample.y, batches[3].y[2])
    # And so does the same program, told the same.
    other = reader.curate(stream, window=48, candidates=4, power=2, seed=9)
    assert np.array_equal(walk(other, 9)[0], ids)
    assert not np.array_equal(walk(reader.curate(stream, window=48, candidates=4, power=2, seed=8), 9)[0], ids)


@pytest.mark.parametrize("by, log", [("kinds", True), ("kinds", False), ("loss", True)])
@pytest.mark.parametrize("after", [0, 2, 3, 7])
def test_it_goes_on_from_a_state(stream, tmp_path, by, log, after):
    """Within a window, at its end, and from the beginning; what the log has beyond the state is written anew."""
    options = {"score": lambda x, y: y.mean((1, 2))} if by == "loss" else {}
    path = tmp_path / "log.jsonl" if log else None

    def fresh():
        return reader.curate(stream, path, window=48, candidates=4, power=2, by=by)

    first = fresh()
    before = walk(first, after, **options) if after else None
    state = json.loads(json.dumps(first.state_dict()))
    rest = walk(first, 9 - after, **options)
    whole = path.read_bytes() if log else None
    second = fresh()
    if log and not after:
        path.unlink()
    second.load_state_dict(state)
    found = walk(second, 9 - after, **options)
    assert all(np.array_equal(a, b) for a, b in zip(found, rest, strict=True))
    assert (path.read_bytes() if log else None) == whole
    assert after == 0 or len(before[0]) == 16 * after


def test_bad_losses(stream):
    curated = reader.curate(stream, window=32, candidates=2)
    batches = curated.batches(16)
    one = next(batches)
    for losses, says in (
        (np.full(16, np.nan), "the loss of sample 0 is nan"),
        (np.where(np.arange(16) == 5, np.inf, 1.0), "the loss of sample 5 is inf"),
        (-np.ones(16), "at least 0"),
        (np.ones(15), "one loss for each of 16 samples"),
        (np.ones((16, 1)), "one loss for each"),
    ):
        with pytest.raises(ValueError, match=says):
            curated.report(one, losses)
    with pytest.raises(ValueError, match="position 16 was not given"):
        curated.report(np.arange(16, 32), np.ones(16))
    curated.report(one, np.ones(16))
    with pytest.raises(ValueError, match="position 0 was reported before"):
        curated.report(one, np.ones(16))
    two = next(batches)
    with pytest.raises(reader.DatasetError, match="losses of 16 of its samples, such as that at position 16, were not reported"):
        next(batches)
    curated.report(two, None)
    three = next(curated.batches(16))
    assert three.positions == range(32, 48)
    with pytest.raises(ValueError, match="position 16 comes too late: window 1 was decided without it"):
        curated.report(two.index, np.ones(16))


def test_bad_settings(stream, tmp_path):
    for options, says in (
        ({"by": "luck"}, "by is"),
        ({"candidates": 1}, "candidates is a whole number from 2 to 32"),
        ({"candidates": True}, "candidates is"),
        ({"floor": 0}, "whole kinds might never come again"),
        ({"floor": math.nan}, "floor is"),
        ({"power": 9}, "power is"),
        ({"window": 0}, "a window has"),
        ({"seed": -1}, "a seed is"),
    ):
        with pytest.raises(ValueError, match=says):
            reader.curate(stream, **options)
    with pytest.raises(TypeError, match="a stream of one pipeline"):
        reader.curate(reader.mix([(stream, 1)]))
    with pytest.raises(TypeError, match="needs score="):
        next(reader.curate(stream, by="loss").batches(8))
    for score, says in ((lambda x, y: y, "one loss for each of"), (lambda x, y: np.full(len(x), np.nan), "is nan")):
        with pytest.raises(ValueError, match=says):
            next(reader.curate(stream, by="loss", window=8, candidates=2).batches(8, score=score))
    (tmp_path / "log.jsonl").write_text("")
    with pytest.raises(reader.DatasetError, match="exists already"):
        next(reader.curate(stream, tmp_path / "log.jsonl").batches(8))
    with pytest.raises(reader.DatasetError, match="cannot write"):
        next(reader.curate(stream, tmp_path / "no/log.jsonl").batches(8))


def test_damaged_logs(stream, tmp_path):
    path = tmp_path / "log.jsonl"
    curated = reader.curate(stream, path, window=16, candidates=2)
    walk(curated, 4)
    state, lines = curated.state_dict(), path.read_text().splitlines(keepends=True)

    def loads(text):
        path.write_text(text)
        reader.curate(stream, path, window=16, candidates=2).load_state_dict(state)

    loads("".join(lines))
    # Half a line, of a writer that was killed, is no line.
    loads("".join(lines) + lines[-1][:40])
    assert path.read_text() == "".join(lines)
    number = '"number":1'
    for text, says in (
        ("".join(lines[:-1]), "ends after window 2, and the state stands in window 3: it was cut"),
        ("".join(lines)[:-3], "it was cut"),
        ("", "it has no whole line"),
        ("".join(lines).replace(number, '"number":2'), "line 3: it is not what was written"),
        ("".join([lines[0], *lines[2:]]), "line 2: it is not what was written"),
        ("".join(lines).replace('"seed":0', '"seed":1'), "line 1: it is not what was written"),
        ("no log\n", "line 1: this is no line of a curation's log"),
    ):
        with pytest.raises(reader.DatasetError, match=says):
            loads(text)
        assert path.read_text() == text, "what cannot be read is left alone"
    path.write_text("".join(lines))
    with pytest.raises(reader.DatasetError, match="another curation"):
        reader.curate(stream, path, window=16, candidates=4).load_state_dict(state)
    with pytest.raises(reader.DatasetError, match="of another stream"):
        reader.replay(reader.stream(pipeline=TAUGHT), path)
    with pytest.raises(reader.DatasetError, match="does not exist"):
        reader.replay(stream, tmp_path / "none.jsonl")
    with pytest.raises(ValueError, match="not the state of a curated stream"):
        curated.load_state_dict({"position": 0})


@pytest.fixture(scope="module", params=["kinds", "loss"])
def curated(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"by-{request.param}")
    pipeline = write(folder, changed(CURATED, train={"curation": {"candidates": 4, "by": request.param, "power": 2}}))
    steadyset("run", pipeline, "-o", folder / "data", "--threads", "1")
    return pipeline, folder / "data"


FILES = ("manifest.json", "metrics.jsonl", "weights.safetensors", "curation.jsonl")


def results(folder):
    return {name: (folder / "train" / name).read_bytes() for name in FILES}


def test_what_a_curated_training_leaves(curated):
    pipeline, dataset = curated
    found = manifest(dataset, "train")
    check("manifest-train", found)
    assert found["content"]["ranks"] == [0, 4 * 4 * 48] and found["content"]["samples"] == 48
    assert [file["path"] for file in found["files"]] == ["weights.safetensors", "metrics.jsonl", "curation.jsonl"]
    assert all(line["design_loss"] > 0 for line in metrics(dataset))
    assert "sound" in steadyset("verify", dataset).stdout
    assert all(line.endswith("unchanged") for line in steadyset("run", pipeline, "-o", dataset).stdout.splitlines())
    lines = [json.loads(line) for line in (dataset / "train/curation.jsonl").read_text().splitlines()]
    for line in lines:
        check("curation-log", line)
    assert len(lines) == 5 and ("proposal" in lines[1]) == (found["parameters"]["curation"]["by"] == "kinds")
    check("plan", json.loads(steadyset("plan", pipeline).stdout))


def test_it_is_replayed_in_python(curated):
    """What the training saw, from its log: the losses' means with the weights are those that it wrote."""
    pipeline, dataset = curated
    again = reader.replay(reader.stream(pipeline), dataset / "train/curation.jsonl")
    batches = list(again.batches(48))
    assert len(batches) == 4 and sum(map(len, batches)) == 4 * 48
    assert batches[1].weight.std() > 0 and (batches[0].weight.std() > 0) == (again.how.by == "loss")


def test_threads_do_not_change_it(curated, tmp_path):
    pipeline, dataset = curated
    steadyset("train", pipeline, "--data", dataset, "-o", tmp_path / "two", "--threads", "2")
    assert results(tmp_path / "two") == results(dataset)


def test_killed_it_goes_on(curated, tmp_path):
    """Killed in each epoch; then the same bytes. A checkpoint is there when the weights are."""
    pipeline, dataset = curated
    output, killed = tmp_path / "killed", 0
    for epochs in (1, 2, 3):
        process = subprocess.Popen(
            [BINARY, "train", pipeline, "--data", dataset, "-o", output], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for line in process.stderr:
            if line.startswith(f"epoch {epochs}/"):
                process.send_signal(signal.SIGKILL if epochs != 2 else signal.SIGTERM)
                break
        process.communicate()
        killed += process.returncode != 0
    steadyset("train", pipeline, "--data", dataset, "-o", output)
    assert results(output) == results(dataset) and killed > 0


def test_another_curation_is_another_training(curated, tmp_path):
    pipeline, dataset = curated
    steadyset("train", pipeline, "--data", dataset, "-o", tmp_path / "model")
    for curation in ({"candidates": 4, "floor": 0.3}, {"candidates": 4, "unbiased": True}, None):
        other = write(tmp_path, changed(CURATED, train={"curation": curation}), "other.yaml")
        steadyset("train", other, "--data", dataset, "-o", tmp_path / "model", "--replace")
        parameters = manifest(tmp_path / "model", "train")["parameters"]
        assert parameters.get("curation", {}).get("floor") == (None if curation is None else curation.get("floor", 0.1))
        assert (tmp_path / "model/train/curation.jsonl").exists() == (curation is not None)


def test_refusals(tmp_path):
    for name, train, says in (
        ("selection", {"selection": "S50%", "samples_per_epoch": None}, "curation is said where selection is 'endless'"),
        ("one", {"curation": {"candidates": 1}}, r"one.yaml:\d+: .*candidates"),
        ("floor", {"curation": {"floor": 0}}, r"floor.yaml:\d+: .*floor"),
        ("by", {"curation": {"by": "luck"}}, r"by.yaml:\d+: .*by"),
        ("key", {"curation": {"chance": 1}}, r"key.yaml:\d+: .*chance"),
    ):
        refused("run", write(tmp_path, changed(CURATED, train=train), f"{name}.yaml"), "-o", tmp_path / "no", status=65, says=says)
    assert not (tmp_path / "no").exists()


def test_a_changed_log_is_found(curated, tmp_path):
    """By its digest in the manifest; where that is made anew by its chain, and where that is, too, by what it says."""
    pipeline, dataset = curated
    root = shutil.copytree(dataset, tmp_path / "data")
    log, listed = root / "train/curation.jsonl", root / "train/manifest.json"
    whole, kinds = log.read_text(), '"proposal"' in log.read_text()

    def forge(change, chained):
        """Alters the members of the third line; with a new chain where that is wanted, and the digest of the file."""
        _, lines = Log.parse(whole, "log")
        change(lines[2])
        made = Log()
        for line in lines:
            made.append(line)
        texts = made.lines if chained else whole.splitlines(keepends=True)
        if not chained:
            texts[2] = canonical({**lines[2], "chain": json.loads(texts[2])["chain"]}) + "\n"
        log.write_text("".join(texts))
        found = json.loads(listed.read_text())
        data = log.read_bytes()
        entry = next(file for file in found["files"] if file["path"] == log.name)
        entry |= {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        forging.write(listed, found)

    def other(line):
        line["chosen"] = ("1" if line["chosen"][0] == "0" else "0") + line["chosen"][1:]

    def heavier(line):
        line["weights"] = [line["weights"][0] * 1.5, *line["weights"][1:]]

    def beyond(line):
        line["weights"] = [11, *line["weights"][1:]]

    def fifth(line):
        line["chosen"] = "4" + line["chosen"][1:]

    log.write_text(whole.replace('"number":2', '"number":3'))
    assert "curation.jsonl" in steadyset("verify", root, expect=1).stdout
    for change, chained, says in (
        (other, False, "line 3: it is not what was written after the line before it"),
        (beyond, True, "line 3: is not window 1"),
        (fifth, True, "line 3: is not window 1"),
        (lambda line: line.update(number=2), True, "line 3: is not window 1"),
        *([(other, True, "window 1 does not follow"), (heavier, True, "window 1 does not follow")] if kinds else []),
    ):
        forge(change, chained)
        assert says in steadyset("verify", root, expect=1).stdout
    forge(lambda line: None, True)
    assert "sound" in steadyset("verify", root).stdout
