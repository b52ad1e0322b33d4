"""Streams: training samples without an end are those of the dataset, wherever and however they are asked for."""

import copy
import gc
import itertools
import json
import multiprocessing
import os
import pickle
import random
import subprocess
import sys
import threading

import numpy as np
import pytest
import steadyset as reader
import yaml
from conftest import BINARY, REPOSITORY, TINY, changed, steadyset, write
from steadyset.order import permute
from steadyset.streams import ahead
from steadyset.streams.mixing import BLOCK
from steadyset.streams.share import StreamShare

# Radii on a small lattice meet often: some samples are the same problem as others.
MEETING = {
    "format": 1,
    "name": "meeting",
    "physics": {"lattice": [32, 32], "decay_rate": 0.1},
    "sampling": {"strata": [1, 2], "samples_per_stratum": 400, "radius": {"from": 10, "to": 13}, "seed": 3},
    "split": {"test_every": 3, "subsets": [12.5, 50, 100]},
}
PIPELINES = {
    "tiny": TINY,
    "layers": yaml.safe_load((REPOSITORY / "pipelines/layers.yaml").read_text()),
    "random-medium": yaml.safe_load((REPOSITORY / "pipelines/random-medium.yaml").read_text()),
    "shapes": yaml.safe_load((REPOSITORY / "pipelines/shapes.yaml").read_text()),
    "meeting": MEETING,
}


@pytest.fixture(autouse=True)
def program(monkeypatch):
    monkeypatch.setenv("STEADYSET", str(BINARY))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Makes the dataset of a pipeline, once; returns its training samples and the pipeline's file."""
    known = {}

    def make(name):
        if name not in known:
            folder = tmp_path_factory.mktemp(name)
            file = write(folder, PIPELINES[name])
            steadyset("run", file, "-o", folder / "dataset")
            known[name] = reader.open(folder / "dataset"), file
        return known[name]

    return make


@pytest.fixture(scope="module")
def tiny_stream():
    os.environ["STEADYSET"] = str(BINARY)
    return reader.stream(REPOSITORY / "pipelines/tiny.yaml")


def walked(batches):
    """Positions of all samples of some batches."""
    return [position for batch in batches for position in batch.index.tolist()]


# The same samples as the dataset's


@pytest.mark.parametrize("name", PIPELINES)
def test_it_is_the_dataset(name, made):
    """Ids, bytes, bounds and sources of every training sample, at the position that is its rank; each nested subset is a
    beginning, and nothing that is held out comes, as far as one looks."""
    dataset, file = made(name)
    train = dataset.select("train")
    stream = reader.stream(file)
    end = max(int(rank) for rank in train.ranks) + 1
    ids, ranks, bounds, counts, fields = [], [], [], [], []
    for batch in stream.batches(29, stop=end):
        ids += batch.id.tolist()
        ranks += batch.rank.tolist()
        bounds += batch.error_bound.tolist()
        counts += batch.n_sources.tolist()
        fields += list(zip(batch.x, batch.y))
        assert batch.rank.tolist() == batch.index.tolist()
    assert ids == train.ids.tolist() and ranks == train.ranks.tolist()
    assert bounds == train.error_bounds.tolist() and counts == train.n_sources.tolist()
    for k, (x, y) in enumerate(fields):
        assert np.array_equal(x, train.x(k)) and np.array_equal(y, train.y(k))
    for name in [name for name in dataset.selections if name.startswith("train/S") and "-" not in name]:
        chosen = dataset.select(name)
        assert chosen.ids.tolist() == ids[: len(chosen)]
    held_out = {f"{id:016x}" for part in ("validation", "test") for id in dataset.select(part).ids.tolist()}
    known = stream.ids(range(4 * end))
    assert held_out and not held_out & set(known)
    assert [id for id in known[:end] if id is not None] == [f"{id:016x}" for id in ids]


@pytest.mark.parametrize("name", PIPELINES)
def test_one_sample(name, made):
    """A sample is the dataset's in all that it says of itself."""
    dataset, file = made(name)
    train = dataset.select("train")
    stream = reader.stream(file)
    for k in (0, 3, len(train) - 1):
        rank = int(train.ranks[k])
        ours, theirs = stream[rank], train[k]
        assert (ours.id, ours.rank, ours.n_sources, ours.error_bound) == (
            theirs.id, theirs.rank, theirs.n_sources, theirs.error_bound)  # fmt: skip
        assert np.array_equal(ours.x, theirs.x) and np.array_equal(ours.y, theirs.y)
        width = ours.sources.shape[1]
        assert np.array_equal(ours.sources, theirs.sources[:, :width], equal_nan=True)
        assert np.isnan(theirs.sources[:, width:]).all() or width == 4
        assert np.array_equal(ours.keys, theirs.keys) and ours.physics == theirs.physics == dataset.physics
        for coefficient in ("diffusivity", "decay_rate"):
            assert np.array_equal(ours.coefficient(coefficient), theirs.coefficient(coefficient))
        with pytest.raises(KeyError, match="diffusivity"):
            ours.coefficient("colour")


def test_coefficients_in_batches(made):
    for name, planes in (("random-medium", 1), ("layers", 2), ("tiny", 1)):
        dataset, file = made(name)
        train = dataset.select("train")
        with reader.stream(file).batches(5, coefficients=["decay_rate", "diffusivity"]) as batches:
            batch = next(batches)
        assert list(batch.coefficients) == ["decay_rate", "diffusivity"]
        assert batch.coefficients["diffusivity"].shape == (5, *([2] if planes == 2 else []), *dataset.lattice)
        for coefficient, fields in batch.coefficients.items():
            for k in range(5):
                assert np.array_equal(fields[k], train.coefficient(coefficient, k))


def test_of_a_dataset_s_folder(made, tmp_path):
    """The folder tells what the pipeline file does; what is not there, or was imported, is said."""
    for name in PIPELINES:
        dataset, file = made(name)
        stream = reader.stream(file.parent / "dataset")
        assert stream.id == reader.stream(file).id and stream.ids(range(20)) == reader.stream(file).ids(range(20))
    with pytest.raises(reader.DatasetError, match="sample/manifest.json does not exist.*name the pipeline file"):
        reader.stream(file.parent / "dataset/pack")
    lines = [{"sources": [{"row": 20, "column": 20, "radius": 3, "value": 1}]}]
    (tmp_path / "own.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    pipeline = write(tmp_path, {key: value for key, value in TINY.items() if key not in ("sampling", "split")})
    steadyset("run", pipeline, "--from", tmp_path / "own.jsonl", "-o", tmp_path / "dataset")
    with pytest.raises(reader.DatasetError, match="imported"):
        reader.stream(tmp_path / "dataset")


def test_text_and_mapping(tiny_stream):
    text = (REPOSITORY / "pipelines/tiny.yaml").read_text()
    numbers = changed(TINY, sampling={"strata": np.array([1, 2, 4]), "seed": np.int64(7)})
    for pipeline in (text, TINY, json.dumps(TINY), numbers):
        assert reader.stream(pipeline=pipeline).ids(range(9)) == tiny_stream.ids(range(9))
    assert reader.stream(pipeline=changed(TINY, sampling={"seed": 8})).id != tiny_stream.id
    for wrong in ((), ("a.yaml", text)):
        with pytest.raises(TypeError, match="a location, or else a pipeline="):
            reader.stream(*wrong[:1], **({"pipeline": wrong[1]} if wrong else {}))


# What is left out, begins anew, or does not exist


def test_what_is_left_out(made):
    """Copies and what is held out are passed over; asked for alone, the position says so."""
    dataset, file = made("meeting")
    stream = reader.stream(file)
    ids = stream.ids(range(800))
    missing = [position for position, id in enumerate(ids) if id is None]
    assert missing and missing[-1] > 2 * len(dataset.select("train")) // 2
    with pytest.raises(KeyError, match=f"no sample at position {missing[0]}: it is the same problem") as caught:
        stream[missing[0]]
    assert isinstance(caught.value, reader.LeftOutError) and isinstance(caught.value, reader.DatasetError)
    assert [sample.rank for sample in stream[:100]] == [p for p in range(100) if ids[p] is not None]
    assert walked(stream.batches(7, stop=800)) == [p for p in range(800) if ids[p] is not None]
    # A batch of which all is left out.
    alone = [batch.index.tolist() for batch in stream.batches(1, start=missing[0], stop=missing[0] + 8)]
    assert alone == [[p] for p in range(missing[0], missing[0] + 8) if ids[p] is not None]
    with pytest.raises(reader.DatasetError, match=f"from {missing[0]} to {missing[0]} are left out.*larger batches"):
        next(stream.batches(1, start=missing[0], ranks=2))


def test_labels_that_cannot_be_certified(tmp_path):
    """They are left out, as the dataset leaves them out."""
    # Rounding alone costs half of 2^-20; some labels come this close to it, others do not.
    pipeline = changed(TINY, solver={"tolerance": 4.7683755e-7})
    stream = reader.stream(pipeline=pipeline)
    found = walked(stream.batches(30, stop=84))
    assert 0 < len(found) < 84 and None not in stream.ids(range(84))
    missing = next(position for position in range(84) if position not in found)
    with pytest.raises(reader.LeftOutError, match="cannot be certified"):
        stream[missing]
    steadyset("run", write(tmp_path, pipeline), "-o", tmp_path / "dataset")
    assert reader.open(tmp_path / "dataset").select("train").ranks.tolist() == found


def test_a_stratum_that_runs_out(tiny_stream):
    """Single sources of one shape are so many; then the stratum begins anew, and the others go on."""
    limit = tiny_stream.limits[0]
    assert tiny_stream.limits == [limit, None, None] and limit > 28
    first, again = tiny_stream.ids(range(0, 60, 3)), tiny_stream.ids(range(3 * limit, 3 * limit + 60, 3))
    assert first == again and len(set(first)) == 20
    assert tiny_stream.ids(range(1, 61, 3)) != tiny_stream.ids(range(3 * limit + 1, 3 * limit + 61, 3))
    assert np.array_equal(tiny_stream[0].y, tiny_stream[3 * limit].y)


def test_positions(tiny_stream):
    """The last one there is works; none before, none behind, none in between."""
    last = 3 * 2**40 - 1
    assert tiny_stream.positions == last + 1 and tiny_stream[last].rank == last
    for wrong in (-1, last + 1, 2**80):
        with pytest.raises(IndexError, match=f"no position {wrong}: there are those from 0 to {last}"):
            tiny_stream[wrong]
        with pytest.raises(IndexError):
            tiny_stream.batches(4, start=wrong)
    for wrong in (1.0, "3", None, True):
        with pytest.raises(TypeError, match="whole number"):
            tiny_stream[wrong]
    assert [s.rank for s in tiny_stream[np.int64(4) : 10 : 3]] == [4, 7] and list(tiny_stream[5:5]) == []
    with pytest.raises(ValueError, match="forward"):
        tiny_stream[0:5:0]


# Errors


def test_errors_of_pipelines(tmp_path):
    """The file, the line, the key and the nearest one, as everywhere."""
    text = (REPOSITORY / "pipelines/tiny.yaml").read_text().replace("decay_rate:", "decay_rat:")
    file = write(tmp_path, text)
    with pytest.raises(reader.DatasetError, match=rf"{file}:\d+: physics: unknown key 'decay_rat': did you mean 'decay_rate'"):
        reader.stream(file)
    with pytest.raises(reader.DatasetError, match=r"the pipeline:\d+: .*decay_rat"):
        reader.stream(pipeline=text)
    with pytest.raises(reader.DatasetError, match="pipeline.yaml: has no 'sampling'"):
        reader.stream(write(tmp_path, {key: value for key, value in TINY.items() if key != "sampling"}))
    with pytest.raises(reader.DatasetError, match=r"^the pipeline:\d+: solver: rounding .* may exceed the tolerance"):
        reader.stream(pipeline=changed(TINY, solver={"tolerance": 1e-9}))
    with pytest.raises(reader.DatasetError, match="other.yaml does not exist"):
        reader.stream(tmp_path / "other.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(reader.DatasetError, match="cannot read .*bytes.yaml"):
        reader.stream(tmp_path / "bytes.yaml")
    with pytest.raises(TypeError, match="no set in it"):
        reader.stream(pipeline={"format": {1}})


def test_no_binary(monkeypatch, tmp_path):
    code = "import steadyset; steadyset.stream('pipelines/tiny.yaml')"
    environment = dict(os.environ, STEADYSET=str(tmp_path / "none"))
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, env=environment)
    assert result.returncode == 1 and "$STEADYSET names" in result.stderr.splitlines()[-1]


def test_arguments(tiny_stream):
    for wrong in ({"size": 0}, {"size": 4, "threads": 0}, {"size": 4, "ahead": 0}, {"size": 4, "rank": 1},
                  {"size": 4, "worker": -1}, {"size": 4, "stop": 12, "ranks": 2}):  # fmt: skip
        with pytest.raises(ValueError):
            tiny_stream.batches(**wrong)
    with pytest.raises(KeyError, match="there are diffusivity and decay_rate"):
        tiny_stream.batches(4, coefficients=["colour"])


# Shares and states


@pytest.mark.parametrize("seed", range(6))
def test_shares(seed, tiny_stream):
    """Whatever the sizes: all processes and workers together walk through every position once, and step by step, in order."""
    draw = random.Random(seed)
    size, ranks, workers, start = draw.randint(1, 9), draw.randint(1, 4), draw.randint(1, 3), draw.randint(0, 500)
    steps = draw.randint(1, 3) * workers
    shares = [
        [list(itertools.islice(tiny_stream.batches(
            size, start=start, rank=rank, ranks=ranks, worker=worker, workers=workers), steps // workers))
         for worker in range(workers)]
        for rank in range(ranks)
    ]  # fmt: skip
    inturn = [shares[rank][step % workers][step // workers] for step in range(steps) for rank in range(ranks)]
    assert walked(inturn) == list(range(start, start + size * ranks * steps)), seed
    assert [batch.positions for batch in inturn] == [
        range(first, first + size) for first in range(start, start + size * ranks * steps, size)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_states(seed, tiny_stream):
    """Stopped anywhere and continued by others, with other sizes: no position twice, none missing, the same samples."""
    draw = random.Random(seed)
    state, seen = None, []
    for _ in range(4):
        size, ranks, threads = draw.randint(1, 8), draw.randint(1, 3), draw.randint(1, 2)
        parts = [tiny_stream.batches(size, rank=rank, ranks=ranks, threads=threads) for rank in range(ranks)]
        if state is not None:
            for part in parts:
                part.load_state_dict(state)
        for _ in range(draw.randint(0, 4)):
            seen += walked(next(part) for part in parts)
        states = [part.state_dict() for part in parts]
        assert all(other == states[0] for other in states)
        state = json.loads(json.dumps(states[0]))
    assert seen == list(range(state["position"])), seed
    assert state == {"format": "steadyset-stream", "version": 1, "stream": tiny_stream.id, "position": len(seen)}


def test_states_that_are_none(tiny_stream):
    batches = tiny_stream.batches(4, stop=100)
    good = batches.state_dict()
    other = reader.stream(pipeline=changed(TINY, sampling={"seed": 8}))
    for change, message in (
        ({"format": "steadyset-order"}, "not the state of a stream"), ({"version": 2}, "version 1"),
        ({"position": -1}, "position -1 is none"), ({"position": 1.5}, "1.5 is none"), ({"position": True}, "True is none"),
        ({"position": 2**60}, "is none of this stream"), ({"position": 101}, "behind the end"),
        ({"stream": other.id}, "another stream"), ({"more": 1}, "'more'"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            batches.load_state_dict(good | change)
    for wrong in (None, [], {key: value for key, value in good.items() if key != "position"}):
        with pytest.raises(ValueError, match="not the state"):
            batches.load_state_dict(wrong)
    assert walked([next(batches)]) == [0, 1, 2, 3]


def test_a_grown_dataset_goes_on(tiny_stream):
    """More samples for each stratum, other names, blocks and tolerances: the same stream, whose states fit."""
    grown = changed(TINY, sampling={"samples_per_stratum": 80}, solver={"tolerance": 2e-6}, split={"subsets": [50, 100]})
    assert reader.stream(pipeline=grown | {"name": "grown"}).id == tiny_stream.id
    for other in ({"physics": {"decay_rate": 0.03}}, {"split": {"test_every": 4}}, {"sampling": {"strata": [1, 2, 5]}}):
        assert reader.stream(pipeline=changed(TINY, **other)).id != tiny_stream.id


# Work ahead


def test_what_is_made_ahead_is_bounded():
    """While nobody asks, as many jobs are begun as was said; the results come in order however long each takes."""
    gates = [threading.Event() for _ in range(20)]
    begun = []

    def jobs():
        for number in range(20):
            begun.append(number)

            def job(stop, number=number):
                gates[number].wait()
                return number

            yield job

    work = ahead.Ahead(jobs(), 3, 4)
    assert begun == []
    for number in (2, 1, 0):
        gates[number].set()
    assert [next(work), next(work), next(work)] == [0, 1, 2]
    assert begun == list(range(7))
    for gate in gates:
        gate.set()
    assert list(work) == list(range(3, 20))
    work.close()


def test_who_stops_asking_leaves_nothing(tiny_stream):
    """Closed, forgotten, or left in its middle: the threads end, and so does the work."""

    def threads():
        return [thread for thread in threading.enumerate() if thread.name == "steadyset-ahead"]

    def gone(before):
        gc.collect()
        for thread in set(threads()) - before:
            thread.join(60)
            assert not thread.is_alive()

    before = set(threads())
    batches = tiny_stream.batches(64, threads=2)
    next(batches)
    assert len(set(threads()) - before) == 2
    batches.close()
    gone(before)
    assert walked([next(batches)]) == list(range(64, 128))
    del batches
    gone(before)
    for sample in tiny_stream:
        if sample.rank == 20:
            break
    del sample
    gone(before)
    with tiny_stream.batches(8) as batches:
        next(batches)
    gone(before)


def test_a_failure_ahead_comes_in_its_turn():
    def jobs():
        for number in range(5):
            yield lambda stop, number=number: 1 // (2 - number)

    work = ahead.Ahead(jobs(), 2, 4)
    assert [next(work), next(work)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(work)
    assert list(work) == []


def test_an_interruption_loses_nothing(tiny_stream, monkeypatch):
    """Whatever ends a wait, such as Ctrl-C: the next batch is the one that was waited for."""
    batches = tiny_stream.batches(8)
    assert walked([next(batches)]) == list(range(8))
    with monkeypatch.context() as patch:
        patch.setattr(ahead._Task, "result", lambda self: (_ for _ in ()).throw(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            next(batches)
    assert batches.position == 8 and walked([next(batches)]) == list(range(8, 16))


def _in_child(stream, batches, walk, answers):
    went_on = None if batches is None else (next(batches).index.tolist(), [next(walk).rank for _ in range(20)])
    answers.put((stream[5].id, went_on, stream.ids(range(3))))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_other_processes(method, tiny_stream):
    """A forked child goes on where its parent's iterators stood, each by itself; a spawned one gets the stream."""
    context = multiprocessing.get_context(method)
    answers = context.Queue()
    batches, walk = tiny_stream.batches(4, threads=2), iter(tiny_stream)
    next(batches), next(walk)
    given = (batches, walk) if method == "fork" else (None, None)
    child = context.Process(target=_in_child, args=(tiny_stream, *given, answers))
    child.start()
    went_on = ([4, 5, 6, 7], list(range(1, 21))) if method == "fork" else None
    assert answers.get(timeout=120) == (tiny_stream[5].id, went_on, tiny_stream.ids(range(3)))
    child.join()
    assert (walked([next(batches)]), [next(walk).rank for _ in range(20)]) == ([4, 5, 6, 7], list(range(1, 21)))


def test_a_fork_in_the_midst_of_work():
    """What was under way, waiting or done in the parent comes in the child too, in order."""
    gate, begun = threading.Event(), threading.Event()

    def jobs():
        for number in range(6):

            def job(stop, number=number):
                if number == 1:
                    begun.set()
                    gate.wait()
                return number

            yield job

    work = ahead.Ahead(jobs(), 1, 4)
    assert next(work) == 0
    begun.wait()
    child = os.fork()
    if child == 0:
        gate.set()
        os._exit(0 if list(work) == [1, 2, 3, 4, 5] else 1)
    assert os.waitpid(child, 0)[1] == 0
    gate.set()
    assert list(work) == [1, 2, 3, 4, 5]


def test_a_program_ends():
    """With batches and samples under way, at once and without a word."""
    code = (
        "import steadyset; stream = steadyset.stream('pipelines/quickstart.yaml')\n"
        "batches, walk = stream.batches(32, threads=2), iter(stream)\n"
        "print(len(next(batches)), next(walk).rank)"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert (result.returncode, result.stdout, result.stderr) == (0, "32 0\n", "")


def test_pickles(tiny_stream):
    mixed = reader.mix([(tiny_stream, 1), (tiny_stream, 2)], seed=4)
    for stream in (tiny_stream, mixed):
        again = pickle.loads(pickle.dumps(stream))
        assert again.id == stream.id and again[7].id == stream[7].id
    sample = pickle.loads(pickle.dumps(tiny_stream[3]))
    assert np.array_equal(sample.sources, tiny_stream[3].sources)


def test_a_stored_sample_that_went_elsewhere(tiny):
    """It does not take its dataset along, and says so."""
    sample = copy.copy(pickle.loads(pickle.dumps(reader.open(tiny).select("train")[3])))
    assert sample.y.max() == 1 and len(pickle.dumps(sample)) < 20_000
    with pytest.raises(reader.DatasetError, match="does not know its dataset"):
        sample.sources


# Mixtures


@pytest.fixture(scope="module")
def others(tiny_stream):
    return [tiny_stream, *(reader.stream(pipeline=changed(TINY, sampling={"seed": seed})) for seed in (8, 9))]


@pytest.mark.parametrize("weights", [[1], [1, 1, 1], [0.7, 0.3], [5, 1e-4, 2], [3, 2, 1]])
def test_proportions(weights, others):
    """At every 4096 positions each stream has had its share, but for less than one each; each is read in its order, without a
    gap; and another seed gives another order."""
    mixed = reader.mix(list(zip(others, weights)), seed=5)
    which, where = mixed.sources_of(np.arange(5 * BLOCK))
    for stream, weight in enumerate(weights):
        share = weight / sum(weights)
        for blocks in range(1, 6):
            count = np.count_nonzero(which[: blocks * BLOCK] == stream)
            assert abs(count - share * blocks * BLOCK) < len(weights) and mixed.counts(blocks * BLOCK)[stream] == count
        own = where[which == stream]
        assert np.array_equal(own, np.arange(len(own)))
    far = 10**7 * BLOCK
    assert mixed.sources_of(np.arange(far, far + BLOCK))[1].min() >= min(mixed.counts(far))
    if len(weights) > 1:
        assert not np.array_equal(which, reader.mix(list(zip(others, weights)), seed=6).sources_of(np.arange(5 * BLOCK))[0])
        # No order within a block: the first half has about half of the first stream's.
        half, all_of = (np.count_nonzero(which[:count] == 0) for count in (BLOCK // 2, BLOCK))
        assert abs(half - all_of / 2) < 5 * np.sqrt(BLOCK) / 2


def test_equal_weights_are_exact(others):
    mixed = reader.mix([(stream, 1) for stream in others[:2]], seed=1)
    which, _ = mixed.sources_of(np.arange(3 * BLOCK))
    assert [np.count_nonzero(which[k * BLOCK : (k + 1) * BLOCK]) for k in range(3)] == [BLOCK // 2] * 3


def test_the_function_of_a_mixture(others):
    """What the article says: the choice is the image under the permutation of the block, among slots in order."""
    mixed = reader.mix([(others[0], 3), (others[1], 1)], seed=9)
    which, where = mixed.sources_of(np.arange(BLOCK - 3, BLOCK + 3))
    for position, stream, own in zip(range(BLOCK - 3, BLOCK + 3), which, where):
        block, within = divmod(position, BLOCK)
        drawn = permute(np.arange(BLOCK), BLOCK, 9, block, 32) >= BLOCK * 3 // 4
        assert drawn[within] == stream
        assert own == block * BLOCK * (3, 1)[stream] // 4 + np.count_nonzero(drawn[:within] == stream)


def test_batches_of_a_mixture(others):
    """Samples and bytes are the streams' own; states and shares work as of one stream."""
    mixed = reader.mix([(others[0], 2), (others[1], 1)], seed=3)
    with mixed.batches(40, threads=2, coefficients=["diffusivity"]) as batches:
        batch = next(batches)
        state = batches.state_dict()
    which, where = mixed.sources_of(np.arange(40))
    assert batch.stream.tolist() == which.tolist() and batch.rank.tolist() == where.tolist()
    assert set(which.tolist()) == {0, 1} and batch.coefficients["diffusivity"].shape == (40, 48, 40)
    for k in range(40):
        sample = others[which[k]][int(where[k])]
        assert f"{batch.id[k]:016x}" == sample.id == mixed[k].id
        assert np.array_equal(batch.x[k], sample.x) and np.array_equal(batch.y[k], sample.y)
    again = mixed.batches(5, rank=1, ranks=2)
    again.load_state_dict(state)
    assert walked([next(again)]) == [45, 46, 47, 48, 49]
    with pytest.raises(ValueError, match="another stream"):
        reader.mix([(others[0], 1), (others[1], 2)], seed=3).batches(5).load_state_dict(state)
    assert reader.mix([(others[0], 4), (others[1], 2)], seed=3).id == mixed.id


def test_a_mixture_with_left_out_samples(made, others):
    meeting = reader.stream(made("meeting")[1])
    small = reader.stream(pipeline=changed(MEETING, sampling={"seed": 4}))
    mixed = reader.mix([(meeting, 1), (small, 1)], seed=2)
    which, where = mixed.sources_of(np.arange(300))
    ids = [(meeting, small)[stream].ids(range(own, own + 1))[0] for stream, own in zip(which, where.tolist())]
    assert None in ids and walked(mixed.batches(9, stop=300)) == [p for p in range(300) if ids[p] is not None]


def test_what_cannot_be_mixed(others):
    wide = reader.stream(pipeline=changed(TINY, physics={"lattice": [48, 48]}))
    for wrong, message in (([], "nothing to mix"), ([(others[0], 0)], "positive"), ([(others[0], float("nan"))], "positive"),
                           ([(others[0], 1), (wide, 1)], "48 × 48")):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            reader.mix(wrong)
    with pytest.raises(ValueError, match="seed"):
        reader.mix([(others[0], 1)], seed=-1)
    with pytest.raises(TypeError, match="streams, not str"):
        reader.mix([("tiny.yaml", 1)])


# For PyTorch


def test_the_share_of_a_process(tiny_stream):
    """Any number of workers, asked in turn, gives the same batches; states count steps of all processes."""
    expected = [batch.index.tolist() for batch in itertools.islice(tiny_stream.batches(6, rank=1, ranks=2), 6)]
    for workers in (1, 2, 3):
        share = StreamShare(tiny_stream, 6, rank=1, ranks=2)
        parts = [share.share(worker, workers) for worker in range(workers)]
        assert [next(parts[step % workers]).index.tolist() for step in range(6)] == expected
        share.set_epoch(3)
        share.advance()
        share.advance(2)
        state = json.loads(json.dumps(share.state_dict()))
        assert state["position"] == 36
        again = StreamShare(tiny_stream, 5)
        again.load_state_dict(state)
        assert next(again.share()).index.tolist() == [36, 37, 38, 39, 40]
    for wrong in ({"batch_size": 0}, {"batch_size": 2, "rank": 2}):
        with pytest.raises(ValueError):
            StreamShare(tiny_stream, **wrong)
    with pytest.raises(ValueError, match="less than nothing"):
        share.advance(-1)


def test_channels(made):
    """Coefficients are channels of x behind the sources, in the order in which they were named."""
    stream = reader.stream(made("layers")[1])
    share = StreamShare(stream, 3, coefficients=["decay_rate", "diffusivity"])
    batch = next(share.share())
    x = share.channels(batch)
    assert x.shape == (3, 4, 96, 128) and np.array_equal(x[:, 0], batch.x)
    assert np.array_equal(x[1, 1], stream[1].coefficient("decay_rate"))
    assert np.array_equal(x[1, 2:], stream[1].coefficient("diffusivity"))
    assert StreamShare(stream, 3).channels(batch).shape == (3, 1, 96, 128)


def test_a_share_passes_nothing_over(made):
    """A batch of nothing would move the others, so it is an error."""
    stream = reader.stream(made("meeting")[1])
    missing = stream.ids(range(800)).index(None)
    with pytest.raises(reader.DatasetError, match="larger batches"):
        next(StreamShare(stream, 1, start=missing).share())


# Just as much of PyTorch as steadyset.torch names.
STAND_IN = """
import itertools, sys, types
class Generic:
    def __class_getitem__(cls, item): return cls
torch, utils, data = (types.ModuleType(name) for name in ("torch", "torch.utils", "torch.utils.data"))
torch.utils, utils.data, torch.Tensor, torch.from_numpy = utils, data, object, lambda array: array
data.Dataset = data.Sampler = data.IterableDataset = Generic
worker = [None]
data.get_worker_info = lambda: worker[0]
sys.modules.update({"torch": torch, "torch.utils": utils, "torch.utils.data": data})
import steadyset
assert "steadyset.torch" not in sys.modules
from steadyset.torch import TorchStream
stream = steadyset.stream("pipelines/layers.yaml")
data = TorchStream(stream, 3, rank=1, ranks=2, coefficients=["decay_rate"])
two = [types.SimpleNamespace(id=number, num_workers=2) for number in range(2)]
for worker[0], first in ((None, 3), (two[0], 3), (two[1], 9)):
    x, y = next(iter(data))
    sample = stream[first]
    same = (x[0, 0] == sample.x, x[0, 1] == sample.coefficient("decay_rate"), y[0, 0] == sample.y)
    print(x.shape, y.shape, *(one.all() for one in same))
data.advance()
worker[0] = None
print((next(iter(data))[1][0, 0] == stream[9].y).all(), hasattr(data, "__len__"), data.set_epoch(3))
"""


def test_the_class_for_pytorch_is_this_one():
    """Each worker of a process gives its own batches, and an iteration begins where training stands."""
    result = subprocess.run([sys.executable, "-c", STAND_IN], cwd=REPOSITORY, capture_output=True, text=True)
    line = "(3, 2, 96, 128) (3, 1, 96, 128) True True True\n"
    assert result.stdout == 3 * line + "True False None\n", result.stderr


@pytest.mark.parametrize("workers", [0, 2])
def test_with_pytorch(workers, tiny_stream):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed: scripts/test --torch")
    from steadyset.torch import TorchStream

    def loader(**options):
        found = TorchStream(tiny_stream, 8, **options)
        return found, torch.utils.data.DataLoader(found, batch_size=None, num_workers=workers)

    found, batches = loader(coefficients=["diffusivity"])
    taken = 0
    for x, y in batches:
        expected = np.stack([tiny_stream[p].y for p in range(8 * taken, 8 * taken + 8)])
        assert x.shape == (8, 2, 48, 40) and x.dtype == torch.float32 and torch.equal(y[:, 0], torch.from_numpy(expected))
        found.advance()
        taken += 1
        if taken == 5:
            break
    state = json.loads(json.dumps(found.state_dict()))
    assert state["position"] == 40
    again, batches = loader(rank=1, ranks=2)
    again.load_state_dict(state)
    x, y = next(iter(batches))
    assert torch.equal(y[0, 0], torch.from_numpy(tiny_stream[48].y))
