"""The PyTorch trainer; only where PyTorch is installed: scripts/test --torch."""

import importlib.util
import json
import pathlib
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, steadyset, write

torch = pytest.importorskip("torch", reason="PyTorch is not installed: scripts/test --torch")

import steadyset as reader  # noqa: E402
from steadyset.training import __main__ as command  # noqa: E402
from steadyset.training import losses  # noqa: E402
from steadyset.training.architecture import ModelDescription, initial_values  # noqa: E402
from steadyset.training.description import Transform  # noqa: E402
from steadyset.training.errors import TrainingError  # noqa: E402
from steadyset.training.evaluate import Surrogate  # noqa: E402
from steadyset.training.metrics import read_errors  # noqa: E402
from steadyset.training.options import Options  # noqa: E402
from steadyset.training.parsing import parse_training, parse_transform  # noqa: E402
from steadyset.training.processes import Processes  # noqa: E402
from steadyset.training.trainer import Trainer  # noqa: E402
from steadyset.training.weights import read_arrays, read_weights, write_weights  # noqa: E402

GOLDEN = REPOSITORY / "Tests/LearningTests/Golden"
PIPELINE = {
    "format": 1,
    "name": "learn",
    "physics": {"lattice": [32, 32], "decay_rate": 0.02},
    "sampling": {"strata": [1, 2, 4], "samples_per_stratum": 40, "radius": 2, "seed": 5},
    "split": {"test_every": 5, "validation_every": 8, "subsets": [25, 50, 100]},
    "train": {
        "model": {"kind": "u-net", "width": 0.02, "dropout": 0.2},
        "optimiser": {"learning_rate": 1e-3, "clip_norm": 0.5},
        "prefactor": {"toggle": {"every": 2, "step": {"a": 4, "b": 2}}},
        "transform": "sqrt",
        "label_noise": 0.01,
        "schedule": {"cosine": {"final": 0}},
        "warm_up_epochs": 1,
        "batch": 20,
        "epochs": 5,
    },
}


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def golden():
    specification = importlib.util.spec_from_file_location("learning", REPOSITORY / "scripts/golden/learning.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def learnable(tmp_path_factory):
    """(pipeline file with a training, dataset)."""
    folder = tmp_path_factory.mktemp("learn")
    steadyset("run", write(folder, {k: v for k, v in PIPELINE.items() if k != "train"}, "data.yaml"), "-o", folder / "dataset")
    return write(folder, PIPELINE), folder / "dataset"


def test_golden_data_are_current(golden, tmp_path):
    golden.main(tmp_path)
    for name in ("encoder-decoder", "u-net", "losses"):
        made, _ = read_arrays(tmp_path / f"{name}.safetensors")
        kept, _ = read_arrays(GOLDEN / f"{name}.safetensors")
        assert made.keys() == kept.keys()
        for key, value in kept.items():
            assert np.linalg.norm(made[key] - value) <= 1e-7 * np.linalg.norm(value), (name, key)


class Few:
    """Samples that are made, not read, with what a trainer asks of a selection and its dataset."""

    id, physics = "0" * 64, {}

    def __init__(self, fields, lattice):
        self.fields, self.lattice, self.dataset = fields, lattice, self

    def select(self, name=None, part=None):
        return self if part is None else self.judged

    def __and__(self, other):
        return self

    def __len__(self):
        return len(self.fields[0])

    def read(self, indices, pool=None):
        return tuple(field[indices].numpy() for field in self.fields)


@pytest.mark.parametrize("number", [0, 1])
def test_trainer_follows_the_golden_curve(golden, tmp_path, number):
    want = json.loads((GOLDEN / "learning.json").read_text())["curves"][number]
    fields = golden.samples(golden.LEARN + golden.JUDGE)
    data = Few([field[: golden.LEARN] for field in fields], (32, 32))
    data.judged = Few([field[golden.LEARN :] for field in fields], (32, 32))
    with Processes("cpu") as processes:
        Trainer(parse_training(want["train"]), data, tmp_path, processes).run()
    lines = [json.loads(line) for line in (tmp_path / "train/metrics.jsonl").read_text().splitlines()]
    assert len(lines) == len(want["epochs"]) == 8
    for line, expected in zip(lines, want["epochs"], strict=True):
        assert line["prefactor"] == expected["prefactor"]
        for key in ("learning_rate", "train_loss", "judge_loss", "judge_mae"):
            assert line[key] == pytest.approx(expected[key], rel=1e-5), key


def test_gradient_of_the_first_bias_is_zero(golden):
    training = parse_training(golden.NETWORKS["u-net"])
    network = golden.start(training, torch.float64)
    x, _ = golden.samples(2)
    network(x.double()).square().sum().backward()
    assert not network.encoder[0].bias.grad.any() and network.encoder[1].bias.grad.all()


def test_transforms_invert():
    y = torch.linspace(0, 1, 101, dtype=torch.float64)
    for transform in ("none", "sqrt", {"log10": {"floor": 1e-4}}, {"power": {"exponent": 0.3}}):
        form = parse_transform(transform)
        back = losses.inverse(form, losses.forward(form, y))
        assert torch.allclose(back, y.clamp_min(1e-4) if form.kind == "log10" else y, atol=1e-12), transform


class Killed(Exception):
    pass


def test_resumes_to_the_same_weights(learnable, tmp_path):
    """Killed after two epochs and continued, with samples kept in memory and streamed."""
    pipeline, folder = learnable
    dataset = reader.open(folder)
    training = parse_training(PIPELINE["train"])

    def train(output, **options):
        with Processes("cpu") as processes:
            Trainer(training, dataset, output, processes, Options(**options)).run()
        return (output / "train/weights.safetensors").read_bytes(), (output / "train/metrics.jsonl").read_bytes()

    def kill(line):
        if line.startswith("epoch 2"):
            raise Killed

    whole = train(tmp_path / "whole")
    with pytest.raises(Killed):
        train(tmp_path / "parts", report=kill)
    assert not (tmp_path / "parts/train/weights.safetensors").exists()
    assert train(tmp_path / "parts", memory=0) == whole
    assert len(whole[1].splitlines()) == 5
    losses_seen = [json.loads(line)["judge_mae"] for line in whole[1].splitlines()]
    assert read_weights(tmp_path / "whole/train/weights.safetensors")[3]["epoch"] == str(1 + int(np.argmin(losses_seen)))


def test_damaged_checkpoints(learnable, tmp_path):
    """Any changed byte, a missing part, or the best epoch's weights gone: one line that says what to remove."""
    _, folder = learnable
    dataset = reader.open(folder)
    training = parse_training(PIPELINE["train"])

    def train(report=lambda line: None):
        with Processes("cpu") as processes:
            Trainer(training, dataset, tmp_path, processes, Options(report=report)).run()

    def kill(line):
        if line.startswith("epoch 2"):
            raise Killed

    with pytest.raises(Killed):
        train(kill)
    for name in ("torch-checkpoint.pt", "torch-best.safetensors"):
        path = tmp_path / ".steadyset" / name
        good = path.read_bytes()
        places = np.random.default_rng(3).integers(0, len(good), 12).tolist()
        for bad in [good[:-1], b"", *(good[:k] + bytes([good[k] ^ 1]) + good[k + 1 :] for k in places)]:
            path.write_bytes(bad)
            with pytest.raises(TrainingError, match=f"{name} is (missing or )?damaged.* remove"):
                train()
        path.write_bytes(good)
    (tmp_path / ".steadyset/torch-best.safetensors").unlink()
    with pytest.raises(TrainingError, match="missing or damaged"):
        train()
    assert not (tmp_path / "train/weights.safetensors").exists()


def test_weights_that_are_not_finite_are_not_written(learnable, tmp_path, monkeypatch):
    """The losses of an epoch do not tell what its last step made of the weights."""
    _, folder = learnable
    training = parse_training(PIPELINE["train"] | {"judge": "none", "prefactor": "none", "epochs": 1})
    with Processes("cpu") as processes:
        trainer = Trainer(training, reader.open(folder), tmp_path, processes)
        learn = trainer._learn

        def spoilt(*arguments):
            found = learn(*arguments)
            with torch.no_grad():
                trainer.network.decoder[6].bias.fill_(float("nan"))
            return found

        monkeypatch.setattr(trainer, "_learn", spoilt)
        with pytest.raises(TrainingError, match="after epoch 1: 'decoder.6.bias' has values that are not finite"):
            trainer.run()
    assert not list(tmp_path.rglob("*.safetensors"))


def test_predictions_that_are_not_finite(tmp_path):
    model = ModelDescription((32, 32), "u-net", 0.02)
    values = initial_values(model, 1)
    values["decoder.6.weight"][:] = 3e38
    write_weights(tmp_path / "w.safetensors", model, Transform(), values, {})
    surrogate = Surrogate(tmp_path / "w.safetensors", torch.device("cpu"))
    x = np.random.default_rng(1).random((3, 32, 32), np.float32) * 100
    with pytest.raises(TrainingError, match="the prediction of image 0 of 3 is not finite"):
        surrogate.predict(x)
    assert surrogate.fields(x).shape == (3, 32, 32)


def run(*arguments, expect=0):
    result = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert result.returncode == expect, result.stdout + result.stderr
    return result


def test_command(learnable, tmp_path):
    pipeline, dataset = learnable
    on_cpu = ["--device", "cpu"]  # a GPU gives other last bits to batches of another size
    learn = ["-m", "steadyset.training", pipeline, "--data", dataset, "-o", tmp_path, *on_cpu]
    run(*learn, "--epochs", 2, "--selection", "S50%", "--quiet")
    scored = read_errors(tmp_path / "evaluate/errors.csv")
    test = reader.open(dataset).select("test")
    assert [s.id for s in scored] == [f"{int(i):016x}" for i in test.ids] and {s.part for s in scored} == {"test"}
    again = tmp_path / "again"
    command = ["-m", "steadyset.training.evaluate", "--data", dataset, "--selection", "test", *on_cpu]
    run(*command, "--model", tmp_path, "-o", again)
    assert (again / "evaluate/errors.csv").read_bytes() == (tmp_path / "evaluate/errors.csv").read_bytes()
    run(*command, "--model", tmp_path, "--dropout-samples", 3, "-o", again)
    uncertain = read_errors(again / "evaluate/errors.csv")
    assert all(s.variance > 0 for s in uncertain) and [s.errors for s in uncertain] == [s.errors for s in scored]
    run(*command, "--model", tmp_path, "--model", tmp_path, "-o", again)
    assert all(s.variance == 0 for s in read_errors(again / "evaluate/errors.csv"))
    error = run("-m", "steadyset.training", pipeline, "--data", dataset, "-o", tmp_path, "--epochs", 3, expect=1).stderr
    assert "of another training" in error


def test_signs_that_a_terminal_obeys(tmp_path, capsys):
    path = write(tmp_path, 'train: {model: {kind: u-net}, "\\e[31m\\n": 1}')
    assert command.main([str(path), "--data", "none", "--output", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert "no key '\\x1b[31m\\n'" in error and "\x1b" not in error and error.count("\n") == 1


def test_what_the_command_refuses(learnable, tmp_path, capsys):
    """Before any work, on one line."""
    pipeline, dataset = learnable
    out = tmp_path / "out"
    (tmp_path / "file").write_text("mine")
    for options, says in (
        (["--threads", 0], "--threads"), (["--memory", "nan"], "--memory"), (["--memory", -1], "--memory"),
        (["--device", "abacus"], "--device abacus cannot be used"), (["--evaluate", "S3%"], "the selection 'S3%' to judge"),
        (["--selection", "S3%"], "train.selection"), (["--epochs", 0], "train.epochs"), (["--data", tmp_path / "no"], "does not exist"),
        (["--output", tmp_path / "file"], "file"),
    ):  # fmt: skip
        arguments = [pipeline, "--data", dataset, "--output", out, *options]
        assert command.main([str(word) for word in arguments]) == 1, options
        error = capsys.readouterr().err
        assert re.search(says, error) and error.count("\n") == 1 and error.startswith("steadyset.training: error: "), error
        assert not out.exists() or not list(out.rglob("*.safetensors"))


def test_two_processes(learnable, tmp_path):
    """The sums of both processes' shares: every step has the gradient of the whole batch. Batch norm sees shares on a CPU,
    so losses agree but roughly."""
    pipeline, dataset = learnable
    common = ["-m", "steadyset.training", pipeline, "--data", dataset, "--evaluate", "none", "--epochs", 2, "--device", "cpu"]
    run(*common, "-o", tmp_path / "one")
    run("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *common, "-o", tmp_path / "two")
    one, two = ([json.loads(line) for line in (tmp_path / name / "train/metrics.jsonl").open()] for name in ("one", "two"))
    assert [line["steps"] for line in one] == [line["steps"] for line in two]
    for a, b in zip(one, two, strict=True):
        assert b["train_loss"] == pytest.approx(a["train_loss"], rel=0.05)


def test_a_loss_that_is_not_finite(learnable, tmp_path):
    pipeline, dataset = learnable
    block = PIPELINE["train"] | {"optimiser": {"learning_rate": 1000}, "epochs": 40, "label_noise": 0, "schedule": "constant"}
    path = write(tmp_path, PIPELINE | {"train": block | {"warm_up_epochs": 0}})
    error = run("-m", "steadyset.training", path, "--data", dataset, "-o", tmp_path / "out", expect=1).stderr
    assert "is not finite" in error
    assert not list(pathlib.Path(tmp_path / "out").rglob("weights.safetensors"))


@pytest.fixture(scope="module")
def both(learnable, tmp_path_factory):
    """Folders of the same training, without noise and dropout, by `steadyset train` and by PyTorch."""
    _, dataset = learnable
    folder = tmp_path_factory.mktemp("both")
    block = PIPELINE["train"] | {"model": {"kind": "u-net", "width": 0.05}, "label_noise": 0, "epochs": 8}
    pipeline = write(folder, PIPELINE | {"train": block})
    steadyset("train", pipeline, "--data", dataset, "-o", folder / "swift")
    steadyset("evaluate", "--data", dataset, "--model", folder / "swift", "-o", folder / "swift")
    # A GPU adds in another order: that is another test.
    run("-m", "steadyset.training", pipeline, "--data", dataset, "-o", folder / "torch", "--quiet", "--device", "cpu")
    return folder / "swift", folder / "torch", dataset


ENDLESS = {"selection": "endless", "samples_per_epoch": 50, "epochs": 4}
"""The dataset has 84 training samples, so the second epoch is beyond it."""


def metrics(folder):
    return [json.loads(line) for line in (folder / "train/metrics.jsonl").open()]


def test_both_learn_without_an_end(learnable, tmp_path):
    """The same samples in the same batches: losses agree as on a dataset."""
    _, dataset = learnable
    block = PIPELINE["train"] | {"model": {"kind": "u-net", "width": 0.05}, "label_noise": 0} | ENDLESS
    pipeline = write(tmp_path, PIPELINE | {"train": block})
    steadyset("train", pipeline, "--data", dataset, "-o", tmp_path / "swift")
    run("-m", "steadyset.training", pipeline, "--data", dataset, "-o", tmp_path / "torch", "--quiet", "--device", "cpu")
    for a, b in zip(metrics(tmp_path / "swift"), metrics(tmp_path / "torch"), strict=True):
        assert a.keys() == b.keys() and a["steps"] == b["steps"]
        for key in ("learning_rate", "train_loss", "judge_loss", "judge_mae"):
            assert a[key] == pytest.approx(b[key], rel=1e-4), (key, a["epoch"])
    scored = read_errors(tmp_path / "torch/evaluate/errors.csv")
    assert len(scored) == len(reader.open(dataset).select("test"))


def resumes(folder, block, tmp_path, *names):
    """Trains into `whole`; and into `parts`, killed after two epochs and continued: the files have the same bits."""
    dataset, training = reader.open(folder), parse_training(block)

    def train(output, **options):
        with Processes("cpu") as processes:
            Trainer(training, dataset, output, processes, Options(**options)).run()
        return [(output / "train" / name).read_bytes() for name in names]

    def kill(line):
        if line.startswith("epoch 2"):
            raise Killed

    whole = train(tmp_path / "whole", threads=1)
    with pytest.raises(Killed):
        train(tmp_path / "parts", report=kill)
    assert train(tmp_path / "parts", threads=2) == whole


@pytest.mark.parametrize("by", ["kinds", "loss"])
def test_both_curate_alike(learnable, tmp_path, by):
    """As much as the last digits of losses let them: the first windows are the same, and so is what is learnt."""
    _, dataset = learnable
    curation = {"curation": {"by": by, "candidates": 4, "power": 2, "unbiased": True}}
    block = PIPELINE["train"] | {"model": {"kind": "u-net", "width": 0.05}, "label_noise": 0} | ENDLESS | curation
    pipeline = write(tmp_path, PIPELINE | {"train": block})
    steadyset("train", pipeline, "--data", dataset, "-o", tmp_path / "swift")
    run("-m", "steadyset.training", pipeline, "--data", dataset, "-o", tmp_path / "torch", "--quiet", "--device", "cpu")
    for a, b in zip(metrics(tmp_path / "swift"), metrics(tmp_path / "torch"), strict=True):
        assert a.keys() == b.keys() and a["steps"] == b["steps"]
        assert a["design_loss"] == pytest.approx(b["design_loss"], rel=0.02 if a["epoch"] > 2 else 1e-4)
    stream = reader.stream(pipeline)
    logs = [[*reader.replay(stream, tmp_path / name / "train/curation.jsonl").windows] for name in ("swift", "torch")]
    assert np.array_equal(logs[0][0].chosen, logs[1][0].chosen)
    for one, two in zip(*logs, strict=True):
        assert np.mean(one.chosen != two.chosen) < 0.05


@pytest.mark.parametrize("by", ["kinds", "loss"])
def test_a_curated_training_resumes_and_is_shared(learnable, tmp_path, by):
    """Killed after two epochs and continued: the same bits. Two processes decide alike, and make the same steps."""
    _, folder = learnable
    block = PIPELINE["train"] | ENDLESS | {"curation": {"by": by, "candidates": 4, "power": 2}}
    resumes(folder, block, tmp_path, "weights.safetensors", "metrics.jsonl", "curation.jsonl")
    pipeline = write(tmp_path, PIPELINE | {"train": block})
    common = ["-m", "steadyset.training", pipeline, "--data", folder, "--evaluate", "none", "--device", "cpu"]
    run("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *common, "-o", tmp_path / "two")
    stream = reader.stream(pipeline)
    one, two = (reader.replay(stream, tmp_path / name / "train/curation.jsonl").windows for name in ("whole", "two"))
    assert np.array_equal(one[0].chosen, two[0].chosen) or by == "loss"
    for a, b in zip(metrics(tmp_path / "whole"), metrics(tmp_path / "two"), strict=True):
        assert a["steps"] == b["steps"] and b["design_loss"] == pytest.approx(a["design_loss"], rel=0.1)


def test_without_an_end_it_resumes_and_is_shared(learnable, tmp_path):
    """Killed after two epochs and continued, with one thread and with two: the same bits. Two processes make the same steps."""
    _, folder = learnable
    resumes(folder, PIPELINE["train"] | ENDLESS, tmp_path, "weights.safetensors", "metrics.jsonl")
    pipeline = write(tmp_path, PIPELINE | {"train": PIPELINE["train"] | ENDLESS})
    common = ["-m", "steadyset.training", pipeline, "--data", folder, "--evaluate", "none", "--device", "cpu"]
    run("-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *common, "-o", tmp_path / "two")
    for a, b in zip(metrics(tmp_path / "whole"), metrics(tmp_path / "two"), strict=True):
        assert a["steps"] == b["steps"] and b["train_loss"] == pytest.approx(a["train_loss"], rel=0.05)


def test_without_an_end_it_needs_the_stages(learnable, tmp_path, capsys):
    """Shards alone do not say what was drawn; a batch of which nothing is there is an error."""
    _, dataset = learnable
    pipeline = write(tmp_path, PIPELINE | {"train": PIPELINE["train"] | ENDLESS})
    shutil.copytree(dataset / "pack", tmp_path / "shards")
    for data, says in ((tmp_path / "shards", "needs the folder of the dataset"), (dataset, "")):
        status = command.main([str(pipeline), "--data", str(data), "-o", str(tmp_path / "out"), "--device", "cpu", "--quiet"])
        assert status == (1 if says else 0) and says in capsys.readouterr().err
    meeting = {**PIPELINE, "sampling": {"strata": [1], "samples_per_stratum": 300, "radius": {"from": 12, "to": 13}, "seed": 3}}
    block = PIPELINE["train"] | ENDLESS | {"batch": 1, "epochs": 1, "warm_up_epochs": 0}
    path = write(tmp_path, meeting | {"train": block}, "meeting.yaml")
    steadyset("run", path, "-o", tmp_path / "data", "--until", "pack")
    status = command.main([str(path), "--data", str(tmp_path / "data"), "-o", str(tmp_path / "no"), "--device", "cpu", "--quiet"])
    assert status == 1 and "a whole batch of epoch 1 has no sample" in capsys.readouterr().err


def same_errors(one, other, tolerance):
    a, b = (read_errors(folder / "evaluate/errors.csv") for folder in (one, other))
    assert [(s.id, s.n_sources, s.part, s.rank) for s in a] == [(s.id, s.n_sources, s.part, s.rank) for s in b]
    for s, t in zip(a, b, strict=True):
        assert [v is None for v in s.errors.regions] == [v is None for v in t.errors.regions]
        values = [(s.errors.mae, t.errors.mae), (s.errors.mse, t.errors.mse), (s.errors.largest, t.errors.largest)]
        for u, v in [*values, *((u, v) for u, v in zip(s.errors.regions, t.errors.regions) if u is not None)]:
            assert u == pytest.approx(v, rel=tolerance), s.id


def test_both_trainers_make_the_same_model(both):
    one, two, _ = both
    lines = [[json.loads(line) for line in (folder / "train/metrics.jsonl").open()] for folder in (one, two)]
    for a, b in zip(*lines, strict=True):
        assert a.keys() == b.keys()
        assert (a["epoch"], a["steps"], a["prefactor"]) == (b["epoch"], b["steps"], b["prefactor"])
        for key in ("learning_rate", "train_loss", "judge_loss", "judge_mae"):
            assert a[key] == pytest.approx(b[key], rel=1e-4), (key, a["epoch"])
    weights = [read_weights(folder / "train/weights.safetensors") for folder in (one, two)]
    assert weights[0][:2] == weights[1][:2] and weights[0][3] == weights[1][3]
    for name, value in weights[0][2].items():
        assert np.linalg.norm(value - weights[1][2][name]) <= 1e-3 * np.linalg.norm(value), name
    same_errors(one, two, 1e-2)


def test_each_reads_the_other_s_weights(both, tmp_path):
    one, two, dataset = both
    run("-m", "steadyset.training.evaluate", "--data", dataset, "--model", one, "-o", tmp_path / "torch")
    same_errors(one, tmp_path / "torch", 2e-4)
    steadyset("evaluate", "--data", dataset, "--model", two / "train/weights.safetensors", "-o", tmp_path / "swift")
    same_errors(two, tmp_path / "swift", 2e-4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
@pytest.mark.parametrize("precision, close", [("float32", 0.01), ("bfloat16", 0.2), ("float16", 0.2)])
def test_on_a_gpu(both, learnable, tmp_path, precision, close):
    """The same training on a GPU, in each precision: it adds in another order and, below float32, with fewer digits."""
    _, reference, dataset = both
    pipeline = reference.parent / "pipeline.yaml"
    command = ["-m", "steadyset.training", pipeline, "--data", dataset, "--device", "cuda", "--precision", precision]
    run(*command, "-o", tmp_path, "--quiet")
    ours, theirs = ([json.loads(line) for line in (f / "train/metrics.jsonl").open()] for f in (tmp_path, reference))
    assert [line["steps"] for line in ours] == [line["steps"] for line in theirs]
    for a, b in zip(ours, theirs, strict=True):
        assert a["train_loss"] == pytest.approx(b["train_loss"], rel=close), a["epoch"]
    told = json.loads((tmp_path / "train/provenance.json").read_text())
    assert told["device"] == "cuda:0" and told["precision"] == precision


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")
def test_more_processes_than_gpus(learnable, tmp_path):
    pipeline, dataset = learnable
    count = torch.cuda.device_count() + 1
    command = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}", "-m", "steadyset.training"]
    error = run(*command, pipeline, "--data", dataset, "-o", tmp_path, expect=1).stderr
    assert f"process {count - 1} of this machine has no GPU of its own" in error
