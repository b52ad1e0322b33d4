"""train: the same bits for any number of threads and after any interruption; what cannot be trained is refused."""

import json
import os
import random
import shutil
import signal
import struct
import subprocess
import time

import numpy as np
import pytest
from conftest import BINARY, TAUGHT, changed, leftovers, manifest, refused, steadyset, write
from test_schemas import check

SEED = int(os.environ.get("SEED", "20232"))


def tensors(path):
    """Returns (metadata, tensors by name) of a safetensors file."""
    data = path.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    return metadata, {
        name: np.frombuffer(data[8 + length :], "<f4")[entry["data_offsets"][0] // 4 : entry["data_offsets"][1] // 4]
        .reshape(entry["shape"])
        for name, entry in header.items()
    }


def metrics(folder):
    return [json.loads(line) for line in (folder / "train/metrics.jsonl").read_text().splitlines()]


def results(folder):
    """The files of a training that follow from pipeline and shards."""
    return {name: (folder / "train" / name).read_bytes() for name in ("manifest.json", "metrics.jsonl", "weights.safetensors")}


def trained(shards, tmp_path, name="model", **sections):
    """Trains TAUGHT with some members of `train` replaced, on the shards alone; returns the model's folder."""
    pipeline = write(tmp_path, changed(TAUGHT, train=sections), f"{name}.yaml")
    steadyset("train", pipeline, "--data", shards, "-o", tmp_path / name)
    return tmp_path / name


def test_what_a_run_leaves(taught):
    pipeline, dataset = taught
    for stage in ("train", "evaluate"):
        check(f"manifest-{stage}", manifest(dataset, stage))
        check("provenance", json.loads((dataset / stage / "provenance.json").read_text()))
        check("step", json.loads((dataset / ".steadyset/steps" / f"{stage}.json").read_text()))
    content = manifest(dataset, "train")["content"]
    assert (content["samples"], content["judged_samples"], content["steps"]) == (78, 18, 20)
    lines = metrics(dataset)
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert content["judged"] == [line["judge_loss"] for line in lines] == [line["judge_mae"] for line in lines]
    assert content["best_epoch"] == 1 + int(np.argmin(content["judged"]))
    assert lines[-1]["train_loss"] < lines[0]["train_loss"]
    metadata, found = tensors(dataset / "train/weights.safetensors")
    assert (metadata["format"], metadata["version"], metadata["epoch"]) == ("steadyset-model", "1", str(content["best_epoch"]))
    assert metadata["trained_on"] == manifest(dataset, "pack")["id"]
    assert json.loads(metadata["physics"]) == manifest(dataset, "pack")["parameters"]["physics"]
    assert json.loads(metadata["model"]) == {
        "kind": "encoder-decoder", "width": 0.0625, "dropout": 0, "lattice": [32, 32], "transform": "none",
    }
    assert sum(t.size for name, t in found.items() if "running" not in name) == content["parameters"]
    assert found["encoder.0.weight"].shape == (4, 1, 3, 3) and found["decoder.0.weight"].shape == (128, 64, 3, 3)
    assert not (dataset / ".steadyset/train.safetensors").exists() and not leftovers(dataset)
    assert "sound: sample, solve, split, pack, train, evaluate" in steadyset("verify", dataset).stdout
    for words in ("196929 parameters", "4 epochs on 'S100%'", "best     epoch 4", "24 samples of 'test'"):
        assert words in steadyset("show", dataset).stdout
    again = steadyset("run", pipeline, "-o", dataset)
    assert all(line.endswith("unchanged") for line in again.stdout.splitlines())
    done = steadyset("run", pipeline, "-o", dataset, "--dry-run").stdout.splitlines()
    assert done[-2:] == ["done   train", "done   evaluate"]
    check("plan", json.loads(steadyset("plan", pipeline).stdout))


def test_threads_do_not_change_bits(taught, tmp_path):
    """Made with one thread there, with two here, in steps and from the shards of another folder."""
    pipeline, dataset = taught
    steadyset("train", pipeline, "--data", dataset / "pack", "-o", tmp_path / "model", "--threads", "2")
    assert results(tmp_path / "model") == results(dataset)
    assert "sound: train;" in steadyset("verify", tmp_path / "model").stdout


def test_killed_and_resumed(shards, tmp_path):
    """SIGKILL and SIGTERM at random moments; then the weights of an undisturbed training, of a model with everything
    that has a state: dropout, noise, a schedule, prefactors drawn by epoch."""
    train = {
        "model": {"kind": "u-net", "width": 0.0625, "dropout": 0.1}, "label_noise": 0.01, "epochs": 12,
        "warm_up_epochs": 1.5, "schedule": {"cosine": {"final": 1e-5}}, "prefactor": {"draw": {"step_probability": 0.5}},
        "optimiser": {"learning_rate": 1e-4, "weight_decay": 0.01, "clip_norm": 1},
    }
    began = time.monotonic()
    undisturbed = trained(shards, tmp_path, "undisturbed", **train)
    whole = time.monotonic() - began
    assert {line["prefactor"] for line in metrics(undisturbed)} == {"exponential", "step"}
    generator = random.Random(SEED)
    print(f"SEED={SEED}")
    output = tmp_path / "killed"
    interrupted = finished = 0
    # A training that ends before its moment starts over, so that any machine has its interruptions.
    while interrupted < 4:
        assert finished < 20, "every training ends before its signal"
        number = interrupted
        with open(tmp_path / "log", "w+") as log:
            process = subprocess.Popen(
                [BINARY, "train", tmp_path / "undisturbed.yaml", "--data", shards, "-o", output, "--threads", str(1 + number % 2)],
                stdout=subprocess.DEVNULL, stderr=log,
            )
            time.sleep(generator.uniform(0.1, 0.5) * whole / (finished + 1))
            stop = signal.SIGTERM if number == 3 else signal.SIGKILL
            process.send_signal(stop)
            status = process.wait()
        if status == 0:
            finished += 1
            assert results(output) == results(undisturbed)
            output = tmp_path / f"killed{finished}"
            continue
        assert status in (-stop, 143)
        interrupted += 1
        assert not (output / "train/manifest.json").exists()
    steadyset("train", tmp_path / "undisturbed.yaml", "--data", shards, "-o", output)
    assert results(output) == results(undisturbed)
    assert not leftovers(output) and not (output / ".steadyset/train.safetensors").exists()


def test_a_checkpoint_of_another_training_is_not_used(shards, tmp_path):
    first = trained(shards, tmp_path, "first", epochs=2, seed=1)
    output = tmp_path / "second"
    process = subprocess.Popen(
        [BINARY, "train", write(tmp_path, changed(TAUGHT, train={"epochs": 5000})), "--data", shards, "-o", output],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )
    assert any("epoch 2/" in line for line in process.stderr)
    process.kill()
    process.wait()
    process.stderr.close()
    assert (output / ".steadyset/train.safetensors").exists()
    refused("train", tmp_path / "first.yaml", "--data", shards, "-o", output, status=73, says="not finished")
    steadyset("train", tmp_path / "first.yaml", "--data", shards, "-o", output, "--replace")
    assert results(output) == results(first)
    # Nor is one that was damaged.
    (output / ".steadyset/train.safetensors").write_bytes(b"\x10\0\0\0\0\0\0\0{")
    (output / ".steadyset/steps/train.json").unlink()
    steadyset("train", tmp_path / "first.yaml", "--data", shards, "-o", output)
    assert results(output) == results(first)


def test_options_replace_the_pipelines(taught, tmp_path):
    pipeline, dataset = taught
    steadyset(
        "train", pipeline, "--data", dataset, "-o", tmp_path / "model", "--code", "4T-1", "--selection", "S50% & n02",
        "--seed", 7, "--epochs", 3,
    )
    parameters = manifest(tmp_path / "model", "train")["parameters"]
    assert parameters["prefactor"]["toggle"]["every"] == 1 and parameters["best_by"] == "mae"
    assert (parameters["selection"], parameters["seed"], parameters["epochs"]) == ("S50% & n02", 7, 3)
    assert parameters["optimiser"]["learning_rate"] == 1e-4, "the code's keys stand above the pipeline's"
    assert parameters["loss"] == {"kind": "mse"}
    assert [line["prefactor"] for line in metrics(tmp_path / "model")] == ["exponential", "step", "exponential"]
    assert manifest(tmp_path / "model", "train")["content"]["samples"] == 13
    assert json.loads((tmp_path / "model/train/provenance.json").read_text())["code"] == "4T-1"


def test_codes_are_words(shards, tmp_path):
    """80E1 is a number to YAML 1.2, and 8E2 the same one; as codes they differ, with quotes and without."""
    for text in ("80E1", "8E2", "'8E2'"):
        pipeline = write(tmp_path, changed(TAUGHT, train={"optimiser": None, "epochs": 1}))
        pipeline.write_text(pipeline.read_text() + f"  code: {text}\n")
        steadyset("train", pipeline, "--data", shards, "-o", tmp_path / "model", "--replace")
        parameters = manifest(tmp_path / "model", "train")["parameters"]
        expected = ("S1.25%", "mae") if text == "80E1" else ("S12.5%", "mse")
        assert (parameters["selection"], parameters["loss"]["kind"]) == expected
        assert parameters["optimiser"]["learning_rate"] == 1e-4


def test_without_a_judge_the_last_epoch_counts(shards, tmp_path):
    model = trained(shards, tmp_path, judge="none", epochs=3)
    content = manifest(model, "train")["content"]
    assert (content["best_epoch"], content["judged"], content["judged_samples"]) == (3, [None] * 3, 0)
    assert metrics(model)[-1]["judge_loss"] is None


def test_early_stop(shards, tmp_path):
    """At so small a rate nothing gets better after the first steps in Float; 30 epochs are not made."""
    model = trained(shards, tmp_path, epochs=30, early_stop=2, optimiser={"learning_rate": 1e-30})
    content = manifest(model, "train")["content"]
    assert content["epochs"] == content["best_epoch"] + 2 < 30


def test_learning_rates(shards, tmp_path):
    model = trained(shards, tmp_path, epochs=4, warm_up_epochs=1, schedule={"cosine": {"final": 0}})
    expected = [1e-3] + [1e-3 * 0.5 * (1 + np.cos(np.pi * (5 * epoch - 1 - 5) / 15)) for epoch in (2, 3, 4)]
    assert [line["learning_rate"] for line in metrics(model)] == pytest.approx(expected, rel=1e-12)


def test_transformed_labels(shards, tmp_path):
    """The network learns √y, and is judged by the field: both errors are reported."""
    model = trained(shards, tmp_path, transform="sqrt", epochs=2)
    assert metrics(model)[-1]["judge_loss"] != metrics(model)[-1]["judge_mae"]
    assert json.loads(tensors(model / "train/weights.safetensors")[0]["model"])["transform"] == "sqrt"


def test_a_loss_that_is_not_finite(shards, tmp_path):
    """Says where, ends with a status of its own, and leaves what was there."""
    model = trained(shards, tmp_path, "model", epochs=2)
    before = results(model)
    pipeline = write(tmp_path, changed(TAUGHT, train={"optimiser": {"learning_rate": 1e3}}), "wild.yaml")
    error = refused(
        "train", pipeline, "--data", shards, "-o", model, "--replace", status=2,
        says=["epoch [0-9]+, step [0-9]+, of the samples [0-9a-f]{16}", "learning_rate"],
    )
    if "No epoch was finished" in error:
        assert results(model) == before
    assert not leftovers(model)


def test_a_training_that_diverges_later(shards, tmp_path):
    """A decay beyond the stable range makes every weight 1.6 times larger in a step. The epochs before stay, in a checkpoint
    from which the same command comes to the same end."""
    options = {"learning_rate": 0.0026, "weight_decay": 1000}
    pipeline = write(tmp_path, changed(TAUGHT, train={"epochs": 200, "judge": "none", "optimiser": options}))
    model = tmp_path / "model"
    first = refused("train", pipeline, "--data", shards, "-o", model, status=2, says="epoch [2-9], step .* up to epoch [1-8] is kept")
    assert (model / ".steadyset/train.safetensors").exists() and not leftovers(model)
    assert not (model / "train/manifest.json").exists()
    found = len(metrics(model))
    assert f"not finite in epoch {found + 1}," in first and f"up to epoch {found} is kept" in first
    again = refused("train", pipeline, "--data", shards, "-o", model, status=2, says="not finite")
    assert first.splitlines()[-1].split(":")[2:4] == again.splitlines()[-1].split(":")[2:4]


def test_bad_blocks(shards, tmp_path):
    for number, (train, says) in enumerate([
        ({"model": None}, "train: lacks.*'model'|train: .*model"), ({"modle": {}}, "did you mean 'model'|modle"),
        ({"model": {"kind": "transformer"}}, "model.kind"), ({"model": {"kind": "u-net", "width": 0}}, "model.width"),
        ({"loss": {"kind": "huber"}}, "delta"), ({"loss": {"kind": "mae", "delta": 1}}, "delta"),
        ({"code": "80E9"}, "80E9.*80E1, 80E2"), ({"transform": {"power": {"exponent": -1}}}, "exponent"),
        ({"prefactor": {"toggle": {}}}, "every"), ({"batch": 0}, "batch"), ({"epochs": 1.5}, "epochs"),
        ({"judge": "none", "early_stop": 3}, "early_stop"), ({"warm_up_epochs": 5}, "warm_up_epochs"),
        ({"best_by": "loss", "code": "4T-1"}, "best_by"), ({"seed": -1}, "seed"),
    ]):
        pipeline = write(tmp_path, changed(TAUGHT, train=train), f"{number}.yaml")
        refused("train", pipeline, "--data", shards, "-o", tmp_path / "model", status=65, says=[says, rf"{number}\.yaml:"])
    assert not (tmp_path / "model").exists()


def test_what_cannot_be_trained(shards, taught, tiny, tmp_path):
    def says(status, text, *options, **train):
        pipeline = write(tmp_path, changed(TAUGHT, train=train))
        refused("train", pipeline, "-o", tmp_path / "model", *options, status=status, says=text)

    says(65, "no selection 'S7%'", "--data", shards, "--selection", "S7%")
    says(65, "has no sample of the part 'train'", "--data", shards, "--selection", "test & n02")
    says(66, "no such folder", "--data", tmp_path / "nowhere")
    says(66, "no such folder|not finished", )
    # A lattice of 48 × 40 sites cannot be halved five times.
    says(65, "multiples of 32", "--data", tiny)
    assert not (tmp_path / "model/train/manifest.json").exists()
    # No validation part: says what to set.
    pipeline = write(tmp_path, changed(TAUGHT, split={"validation_every": None}), "unsplit.yaml")
    steadyset("run", pipeline, "-o", tmp_path / "unsplit", "--until", "pack")
    refused("train", pipeline, "-o", tmp_path / "unsplit", status=65, says=["split.validation_every", "train.judge"])
    refused("run", write(tmp_path, {**TAUGHT, "physics": {"lattice": [40, 32]}}), "-o", tmp_path / "odd", status=65, says="multiples of 32")
    # No block at all.
    plain = {key: value for key, value in TAUGHT.items() if key != "train"}
    refused("train", write(tmp_path, plain), "-o", shards, status=65, says="has no 'train'")
    refused("run", write(tmp_path, plain), "-o", shards, "--until", "train", status=64, says="has no 'train'")


def test_a_damaged_shard_is_found(shards, tmp_path):
    copied = shutil.copytree(shards, tmp_path / "dataset")
    path = copied / "pack/train-00001.h5"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 64] = bytes(64)
    path.write_bytes(data)
    refused("train", write(tmp_path, TAUGHT), "-o", copied, status=65, says="train-00001.h5")
    assert not (copied / "train/manifest.json").exists()
    path.unlink()
    refused("train", write(tmp_path, TAUGHT), "-o", copied, status=66, says="train-00001.h5 is missing")


def test_weights_that_were_altered(taught, tmp_path):
    copied = shutil.copytree(taught[1], tmp_path / "dataset")
    path = copied / "train/weights.safetensors"
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    assert "weights.safetensors" in steadyset("verify", copied, expect=1).stdout
    refused("evaluate", "--data", copied, "--model", copied, "-o", tmp_path / "out", status=65, says="altered or damaged")
    assert not (tmp_path / "out").exists()


def test_bench_measures_steps(taught):
    """Rates of training steps and the time of all epochs, where the pipeline has a model."""
    pipeline, _ = taught
    report = json.loads(steadyset("bench", pipeline, "--samples", 2, "--repeats", 1, "--json").stdout)
    check("bench", report)
    training = report["training"]
    assert (training["batch"], training["parameters"]) == (16, 196929)
    for name, rate in (("one", "one_thread"), ("all", "all_threads")):
        assert training[rate] == pytest.approx(1000 / training[name]["wall_ms"])
    assert report["estimate"]["stages"]["train"] == pytest.approx(4 * 78 / training["all_threads"])
    assert "train: steps of 16 in memory" in steadyset("bench", pipeline, "--samples", 2, "--repeats", 1).stdout
    assert json.loads(steadyset("bench", pipeline, "--only", "samples", "--json").stdout)["training"] is None


def test_media_that_a_model_does_not_see(tmp_path):
    """Coefficients that differ from sample to sample are no input of a model: training says so, and only then."""
    media = {"lattice": [32, 32], "decay_rate": {"random": {"from": 0.01, "to": 0.05, "length": 8}}, "boundary": "periodic"}
    for name, physics in (("media", media), ("one", {})):
        pipeline = write(tmp_path, changed(TAUGHT, physics=physics, train={"epochs": 1}), f"{name}.yaml")
        said = steadyset("run", pipeline, "-o", tmp_path / name, "--until", "train").stderr
        assert ("given the sources alone" in said) == (name == "media"), said
