"""The parts of the PyTorch trainer that need no PyTorch: descriptions, codes, initial values, weights, errors by region."""

import json
import math
import random
import re
import struct

import numpy as np
import pytest
import yaml
from conftest import REPOSITORY, refused, steadyset, write
from steadyset.training import metrics
from steadyset.training.architecture import ModelDescription, initial_values
from steadyset.schema import complaint, filled
from steadyset.training.codes import CODES
from steadyset.training.description import Draw, Exponential, Step, Toggle, TrainingDescription, Transform, prefactor_of_epoch
from steadyset.training.errors import TrainingError
from steadyset.training.parsing import parse_training
from steadyset.training.pipeline import read_training, read_yaml
from steadyset.training.weights import read_arrays, read_weights, write_arrays, write_weights

from test_order import philox
from test_schemas import validator

MODEL = {"model": {"kind": "u-net"}}
GOLDEN = REPOSITORY / "Tests/LearningTests/Golden"


def test_the_paper_s_network():
    """Width 1 is Table 1: channels, and so the number of parameters."""
    model = ModelDescription((512, 512))
    assert model.encoder_channels == (64, 128, 256, 512, 1024, 2048)
    assert model.decoder_channels == (1024, 512, 256, 128, 64, 32, 1)
    pairs = [(1, 64), (64, 128), (128, 256), (256, 512), (512, 1024), (1024, 2048)]
    pairs += [(2048, 1024), (1024, 512), (512, 256), (256, 128), (128, 64), (64, 32), (32, 1)]
    assert sum(t.size for t in model.parameters) == sum(9 * a * b + b for a, b in pairs) + 2 * 64
    joined = ModelDescription((64, 32), "u-net", 0.25)
    assert [joined.decoder_inputs(k) for k in range(7)] == [512, 256, 128 + 256, 64 + 128, 32 + 64, 16 + 32, 8 + 16]


@pytest.mark.parametrize("arguments", [((48, 64),), ((64, 64), "v-net"), ((64, 64), "u-net", 0), ((64, 64), "u-net", 1, 1)])
def test_no_such_network(arguments):
    with pytest.raises(ValueError):
        ModelDescription(*arguments)


def test_initial_values():
    """Against the rule in whole numbers; the committed golden values are these too."""
    model = ModelDescription((32, 32), "u-net", 0.0235)
    values = initial_values(model, 11)
    assert list(values) == [tensor.name for tensor in model.tensors]
    golden, _ = read_arrays(GOLDEN / "u-net.safetensors")
    bound = None
    for number, tensor in enumerate(model.parameters):
        found = values[tensor.name].reshape(-1)
        kept = golden[f"initial.{tensor.name}"]
        assert np.array_equal(found[:: 1 if found.size <= 256 else 7], kept), tensor.name
        if ".norm." in tensor.name:
            continue
        if tensor.name.endswith("weight"):
            bound = np.float32(1 / math.sqrt(9 * tensor.shape[1]))
        for element in {0, 1, 2, 3, found.size // 2, found.size - 1} & set(range(found.size)):
            word = philox((11, 17), (number, element // 4, 0, 0))[element % 4]
            want = bound * (np.float32(2) * np.float32((word >> 8) / 2**24) - np.float32(1))
            assert found[element] == want, (tensor.name, element)


def test_yaml_is_1_2(tmp_path):
    found = read_yaml("{a: 1e-4, b: 1, c: no, d: true, e: null, f: 1.5, g: 010, h: 1_0, i: '2'}")
    assert found == {"a": 1e-4, "b": 1, "c": "no", "d": True, "e": None, "f": 1.5, "g": 10, "h": "1_0", "i": "2"}
    path = tmp_path / "p.yaml"
    path.write_text("train: {epochs: 1, epochs: 2}")
    with pytest.raises(TrainingError, match="twice"):
        read_training(path)
    path.write_text("train: &t {epochs: 1}\nx: *t")
    with pytest.raises(TrainingError, match="p.yaml:2: there are no aliases"):
        read_training(path)
    path.write_text("name: x")
    with pytest.raises(TrainingError, match="no block 'train'"):
        read_training(path)
    path.write_text("train: {model: {kind: u-net}, code: 4E2}")
    found = read_training(path, {"epochs": 3, "seed": 9})
    assert (found.epochs, found.seed, found.selection, found.loss.kind) == (3, 9, "S25%", "mse")


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ({"epoch": 3}, "'epoch'; did you mean 'epochs'"),
        ({"code": "80E9"}, "no model code '80E9'"),
        ({"model": {"kind": "v-net"}}, "train.model.kind is one of"),
        ({"model": None}, "train.model is a mapping"),
        ({"loss": "mae"}, "train.loss is a mapping"),
        ({"schedule": "cosine"}, "train.schedule has none of the forms"),
        ({"optimiser": {"beta2": 1}}, "train.optimiser.beta2 is below 1"),
        ({"model": {"kind": "u-net", "widht": 1}}, "did you mean 'width'"),
        ({"loss": {"kind": "huber"}}, "train.loss lacks the key 'delta'"),
        ({"loss": {"kind": "mae", "delta": 1}}, "train.loss.delta is not allowed here"),
        ({"batch": 2.5}, "train.batch is a whole number"),
        ({"batch": True}, "train.batch is a whole number"),
        ({"prefactor": {"exponential": {}, "step": {}}}, "train.prefactor: .* too many"),
        ({"prefactor": {"toggel": {}}}, "did you mean 'toggle'"),
        ({"transform": {"power": {}}}, "train.transform.power lacks the key 'exponent'"),
        ({"schedule": {"cosine": {"finally": 0}}}, "did you mean 'final'"),
        ({"optimiser": {"clip_norm": 0}}, "train.optimiser.clip_norm"),
        ({"early_stop": 3, "judge": "none"}, "early_stop needs a part"),
        ({"prefactor": {"toggle": {"every": 1}}, "best_by": "loss"}, "best_by is loss"),
        ({"warm_up_epochs": 5, "epochs": 4}, "warm_up_epochs"),
        ({"selection": "endless"}, "samples_per_epoch is said where train.selection is 'endless', and only there"),
        ({"samples_per_epoch": 5}, "samples_per_epoch is said where"),
        ({"curation": {}}, "curation is said where train.selection is 'endless', and only there"),
        ("mae", "train is a mapping"),
    ],
)
def test_refused(block, says):
    with pytest.raises(TrainingError, match=says):
        parse_training(block if isinstance(block, str) else MODEL | block)


def test_defaults_are_those_of_the_schemas():
    """What Python code gets without saying anything is what the schema says, and what is filled stays so."""
    assert parse_training({"model": {"kind": "encoder-decoder"}}) == TrainingDescription()
    assert parse_training(MODEL | {"transform": "log10"}).transform == Transform("log10")
    least = {"format": 1, "name": "a", "physics": {"lattice": [32, 32], "sources": "emitting"},
             "sampling": {"strata": [1], "samples_per_stratum": 1, "seed": 1, "shapes": [{"ellipse": {"radii": [2, 3]}}]},
             "train": MODEL | {"prefactor": {"draw": {"step": {"a": 1}}}},
             "rounds": {"add": 1, "acquisition": "power", "neighbours": {}}}  # fmt: skip
    whole = filled("pipeline", least)
    assert complaint("pipeline", whole, "it") is None and filled("pipeline", whole) == whole
    assert whole["physics"]["overlap"] == "sum" and whole["solver"]["grid_bits"] == 20 and whole["split"]["validation_every"] is None
    assert "radius" not in whole["sampling"] and whole["sampling"]["shapes"][0]["ellipse"]["angle"] == 0
    assert whole["train"]["prefactor"]["draw"] == {"step_probability": 0.8, "exponential": {"scale": 1, "of": "truth"}, "step": {"a": 1, "b": 10}}
    assert whole["train"]["best_by"] == "mae" and whole["rounds"]["power"] == 3 and "passes" not in whole["rounds"]
    assert "overlap" not in least["physics"] and "solver" not in least


def test_endless():
    """The key of an epoch's size is in the document where it was said, and only there, as in the manifest of the other trainer."""
    found = parse_training(MODEL | {"selection": "endless", "samples_per_epoch": 50.0})
    assert found.is_endless and found.document()["samples_per_epoch"] == 50
    curated = parse_training(MODEL | {"selection": "endless", "samples_per_epoch": 50, "curation": {"power": 3.0}})
    assert curated.document()["curation"] == {"by": "kinds", "candidates": 8, "floor": 0.1, "power": 3, "unbiased": False}
    assert not parse_training(MODEL).is_endless and "samples_per_epoch" not in parse_training(MODEL).document()


def test_refuses_what_the_schema_refuses():
    """Blocks with something changed at random: this reader and the schema accept the same ones."""
    checker = validator("training")
    whole = MODEL | {
        "selection": "S5%", "judge": "test", "best_by": "mae", "loss": {"kind": "huber", "delta": 0.5}, "label_noise": 0.1,
        "prefactor": {"draw": {"step_probability": 0.5, "exponential": {"scale": 2, "of": "prediction"}, "step": {"a": 1, "b": 2}}},
        "transform": {"log10": {"floor": 1e-3}}, "schedule": {"cosine": {"final": 0.1}}, "warm_up_epochs": 0.5, "batch": 3,
        "optimiser": {"learning_rate": 0.1, "beta1": 0.1, "beta2": 0.2, "epsilon": 0.1, "weight_decay": 0.1, "clip_norm": None},
        "epochs": 7, "early_stop": 3, "seed": 5,
    }  # fmt: skip
    others = [0, 1, 2, 0.5, 1.5, -1, 1e5, 1e7, 1e10, True, None, "none", "test", "sqrt", "mae", [], {}, {"kind": "mae"},
              {"toggle": {}}, {"toggle": {"every": 2}}, {"power": {}}, {"power": {"exponent": 2}}, {"cosine": {}}]  # fmt: skip
    seed = random.randrange(2**32)
    generator = random.Random(seed)
    accepted = 0
    for _ in range(3000):
        block = json.loads(json.dumps(whole))
        place = block
        while True:
            key = generator.choice(list(place))
            if not isinstance(place[key], dict) or not place[key] or generator.random() < 0.3:
                break
            place = place[key]
        change = generator.random()
        if change < 0.15:
            del place[key]
        elif change < 0.3:
            place[key + "x"] = place.pop(key)
        else:
            place[key] = generator.choice(others)
        across = ("warm_up_epochs is", "early_stop needs", "best_by is loss,")  # rules between keys are not, either
        try:
            parse_training(block)
            found = True
        except TrainingError as error:
            if any(f"train.{rule}" in str(error) for rule in across):
                continue
            found = False
        assert found == checker.is_valid(block), (seed, json.dumps(block))
        accepted += found
    assert accepted > 300, seed


# Typed from Tables 2 to 8 of Toledo-Marín, Glazier and Fox (2023), a row a line: code, share of the training data in percent,
# prefactor, loss, epochs, and what else the row says. Where they name no δ, it is this program's choice: (0.5) of 80EIH, (1) of Huber.
TABLES = """
80E1                 1.25  exp w=1                     MAE               100
80E2                 1.25  exp w=1                     MSE               100
80EIH                1.25  exp w=1                     inverse Huber 0.5 100
80S1_a4000_b10_sqrt  1.25  step a=4000 b=10            MAE               100  sqrt
80S1_a6000_b1_sqrt   1.25  step a=6000 b=1             MAE               100  sqrt
80S1_a4000_b10       1.25  step a=4000 b=10            MAE               100
80S1_a6000_b1        1.25  step a=6000 b=1             MAE               100  rate 2e-5
80S1_a8000_b1        1.25  step a=8000 b=1             MAE               100
80S1_a6000_b10       1.25  step a=6000 b=10            MAE               100
80S2                 1.25  step a=6000 b=10            MSE               100
80SH                 1.25  step a=6000 b=1             Huber 1           100
80SH_sqrt            1.25  step a=4000 b=10            Huber 1           100  sqrt
40E1                 2.5   exp w=1                     MAE               100
40E2                 2.5   exp w=1                     MSE               100
40S1                 2.5   step a=4000 b=10            MAE               100
40S2                 2.5   step a=4000 b=10            MSE               100
20E1                 5     exp w=1                     MAE               100
20E2                 5     exp w=1                     MSE               100
20EIH_d0.5           5     exp w=1                     inverse Huber 0.5 100
20EIH_d0.05          5     exp w=1                     inverse Huber 0.05 100
20EIH_d0.15          5     exp w=1                     inverse Huber 0.15 100
20S1                 5     step a=4000 b=10            MAE               100
20S2                 5     step a=4000 b=10            MSE               100
8E1                  12.5  exp w=1                     MAE               100
8E2                  12.5  exp w=1                     MSE               100
8S1                  12.5  step a=4000 b=10            MAE               100
8S2                  12.5  step a=4000 b=10            MSE               100
4E1                  25    exp w=1                     MAE               100
4E2                  25    exp w=1                     MSE                89
4R                   25    random w=1 a=4000 b=10      MAE                84
4S1                  25    step a=4000 b=10            MAE               100
4SH                  25    step a=4000 b=10            Huber 1           100
4T-1                 25    toggle 1 w=1 a=4000 b=10    MSE               100
4T-5                 25    toggle 5 w=1 a=4000 b=10    MSE               100
4E2-2                25    exp w=1                     MSE               100  noise 0.01
2E1                  50    exp w=1                     MAE                64
2S1                  50    step a=4000 b=10            MAE                81
1E1                  100   exp w=1                     MAE                56
1S1                  100   step a=4000 b=10            MAE                40
"""
ROW = re.compile(
    r"(?P<code>\S+) +(?P<share>[0-9.]+) +(?P<prefactor>exp|step|random|toggle (?P<every>[0-9]+))(?: w=(?P<w>[0-9]+))?"
    r"(?: a=(?P<a>[0-9]+) b=(?P<b>[0-9]+))? +(?P<loss>MAE|MSE|Huber|inverse Huber)(?: (?P<delta>[0-9.]+))? +(?P<epochs>[0-9]+)"
    r"(?:  (?P<more>sqrt|rate (?P<rate>[0-9e-]+)|noise (?P<noise>[0-9.]+)))?"
)


def row_of_tables(line):
    """Returns a code and the block `train` that its row asks for."""
    row = ROW.fullmatch(line).groupdict()
    exponential = {"scale": float(row["w"] or 0), "of": "truth"}
    step = {"a": float(row["a"] or 0), "b": float(row["b"] or 0)}
    prefactor = {
        "exp": {"exponential": exponential},
        "step": {"step": step},
        "random": {"draw": {"step_probability": 0.8, "exponential": exponential, "step": step}},
        "toggle": {"toggle": {"every": int(row["every"] or 0), "exponential": exponential, "step": step}},
    }[row["prefactor"].split()[0]]
    loss = {"kind": row["loss"].lower().replace(" ", "-")} | ({"delta": float(row["delta"])} if row["delta"] else {})
    return row["code"], {
        "selection": f"S{row['share']}%", "prefactor": prefactor, "loss": loss, "epochs": int(row["epochs"]),
        "transform": "sqrt" if row["more"] == "sqrt" else "none", "label_noise": float(row["noise"] or 0),
        "learning_rate": float(row["rate"] or 1e-4),
    }  # fmt: skip


def test_whole_numbers_with_a_point():
    """JSON and YAML have one kind of numbers: 3.0 is 3."""
    found = parse_training(MODEL | {"early_stop": 3.0, "epochs": 4.0, "seed": 5.0})
    assert (found.early_stop, found.epochs, found.seed) == (3, 4, 5) and isinstance(found.early_stop, int)


def test_codes_are_those_of_the_tables():
    rows = dict(row_of_tables(line) for line in TABLES.strip().splitlines())
    assert len(rows) == 39 and list(rows) == list(CODES)
    for code, said in rows.items():
        found = parse_training(MODEL | {"code": code}).document()
        assert {key: found[key] for key in said if key != "learning_rate"} | {
            "learning_rate": found["optimiser"]["learning_rate"]
        } == said, code


def test_codes(tmp_path):
    """A key beside the code overrides it; a code that is asked for takes the place of the pipeline's keys."""
    assert len(CODES) == 39
    assert parse_training(MODEL | {"code": "80S1_a6000_b1"}).optimiser.learning_rate == 2e-5
    assert parse_training(MODEL | {"code": "80SH_sqrt"}).transform == Transform("sqrt")
    found = parse_training(MODEL | {"code": "4E2", "loss": {"kind": "mae"}, "optimiser": {"beta1": 0.5}})
    assert (found.selection, found.epochs, found.loss.kind) == ("S25%", 89, "mae")
    assert (found.optimiser.learning_rate, found.optimiser.beta1) == (1e-4, 0.5)
    assert parse_training(MODEL | {"code": "4R"}).best_by == "mae" and parse_training(MODEL | {"code": "4E1"}).best_by == "loss"
    assert parse_training(MODEL | {"code": "4E2-2"}).label_noise == 0.01
    own = {"train": MODEL | {"selection": "S5%", "loss": {"kind": "mae"}, "epochs": 7, "batch": 9, "optimiser": {"learning_rate": 1, "beta1": 0.5}}}
    path = tmp_path / "p.yaml"
    path.write_text(json.dumps(own))
    found = read_training(path, {"code": "80S2", "epochs": 3})
    assert (found.selection, found.loss.kind, found.epochs, found.batch) == ("S1.25%", "mse", 3, 9)
    assert (found.optimiser.learning_rate, found.optimiser.beta1) == (1e-4, 0.5)
    assert [CODES[code]["epochs"] for code in ("1E1", "1S1", "2E1", "2S1")] == [56, 40, 64, 81]


def test_codes_of_both_trainers(tiny_training):
    """The manifest of `steadyset train` says what each code stood for."""
    pipeline, dataset, folder = tiny_training
    for number, code in enumerate(CODES):
        output = folder / str(number)
        arguments = ["--data", dataset, "-o", output, "--code", code, "--epochs", 1, "--selection", "S12.5%"]
        steadyset("train", pipeline, *arguments)
        parameters = json.loads((output / "train/manifest.json").read_text())["parameters"]
        block = TRAINING | {"code": code, "epochs": 1, "selection": "S12.5%"}
        said = dict(row_of_tables(line) for line in TABLES.strip().splitlines())[code]
        assert all(parameters[key] == said[key] for key in ("loss", "prefactor", "transform", "label_noise")), code
        assert parameters == parse_training(block).document(), code


TRAINING = {"model": {"kind": "u-net", "width": 0.001}, "batch": 50}


@pytest.fixture(scope="module")
def tiny_training(tmp_path_factory):
    """(pipeline, dataset, folder) of a training that takes no time."""
    folder = tmp_path_factory.mktemp("codes")
    data = yaml.safe_load((REPOSITORY / "pipelines/studies/data-tiny.yaml").read_text())
    data["sampling"]["samples_per_stratum"] = 10
    steadyset("run", write(folder, data, "data.yaml"), "-o", folder / "dataset")
    return write(folder, data | {"train": TRAINING}), folder / "dataset", folder


def test_alternation():
    exponential, step = Exponential(), Step(4000, 10)
    toggled = [prefactor_of_epoch(Toggle(2, exponential, step), epoch, 0) for epoch in range(5)]
    assert toggled == [exponential, exponential, step, step, exponential]
    drawn = [prefactor_of_epoch(Draw(0.8, exponential, step), epoch, 7) for epoch in range(1000)]
    words = [philox((7, 20), (epoch, 0, 0, 0))[0] for epoch in range(1000)]
    assert [one == step for one in drawn] == [word < 0.8 * 2**32 for word in words]
    assert 750 < drawn.count(step) < 850


def test_schedule():
    schedule = parse_training(MODEL | {"schedule": {"cosine": {"final": 0.1}}, "warm_up_epochs": 2}).schedule
    rates = [schedule.learning_rate(step, 1.0, 20, 2) for step in range(20)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[12] == pytest.approx(0.55) and rates[19] == pytest.approx(0.1 + 0.45 * (1 + math.cos(math.pi * 15 / 16)))


def test_weights(shards, tmp_path):
    model = ModelDescription((32, 64), "encoder-decoder", 1 / 64, 0.25)
    values = initial_values(model, 3)
    path = tmp_path / "weights.safetensors"
    write_weights(path, model, Transform("log10", floor=1e-3), values, {"epoch": "4"})
    found, transform, read, metadata = read_weights(path)
    assert (found, transform, metadata["epoch"]) == (model, Transform("log10", floor=1e-3), "4")
    assert all(np.array_equal(read[name], value) for name, value in values.items())
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    assert json.loads(data[8 : 8 + length])["__metadata__"]["format"] == "steadyset-model" and length % 8 == 0
    for name, value, says in (
        ("decoder.6.bias", np.nan, "'decoder.6.bias' has values that are not finite"),
        ("encoder.0.norm.running_var", np.inf, "'encoder.0.norm.running_var' has values that are not finite"),
        ("encoder.0.norm.running_var", -1, "'encoder.0.norm.running_var' has a value below 0"),
    ):
        harmed = {key: np.full_like(array, value) if key == name else array for key, array in read.items()}
        with pytest.raises(TrainingError, match=says):
            write_weights(path, model, Transform(), harmed, {})
        write_arrays(path, harmed, metadata)
        with pytest.raises(TrainingError, match=says):
            read_weights(path)
        error = refused("evaluate", "--data", shards, "--model", path, "-o", tmp_path / "out", status=65, says=name)
        assert "finite" in error or "below 0" in error
    write_weights(path, ModelDescription((32, 64), "encoder-decoder", 1 / 32), Transform(), initial_values(
        ModelDescription((32, 64), "encoder-decoder", 1 / 32), 0), {})  # fmt: skip
    arrays, metadata = read_arrays(path)
    write_arrays(path, {name: arrays[name] for name in list(arrays)[1:]}, metadata)
    with pytest.raises(TrainingError, match="not those of its model"):
        read_weights(path)


def test_safetensors_of_others(tmp_path):
    safetensors = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed: scripts/test --torch")
    arrays = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.float32([1.5]), "c": np.zeros((0, 4), np.float32)}
    write_arrays(tmp_path / "ours", arrays, {"k": "v"})
    theirs = safetensors.load_file(tmp_path / "ours")
    assert all(np.array_equal(theirs[name], value) for name, value in arrays.items())
    safetensors.save_file(arrays, tmp_path / "theirs", {"k": "v"})
    ours, metadata = read_arrays(tmp_path / "theirs")
    assert metadata == {"k": "v"} and all(np.array_equal(ours[name], value) for name, value in arrays.items())


def test_damaged_weights(tmp_path):
    """No damage of the header or of the length gives anything but a TrainingError or the arrays."""
    path = tmp_path / "weights"
    write_arrays(path, {"a": np.ones((2, 3), np.float32), "b": np.ones(4, np.float32)}, {"k": "v"})
    data = path.read_bytes()
    seed = random.randrange(2**32)
    generator = random.Random(seed)
    refused = 0
    for cut in (0, 7, 8, 20, len(data) - 1):
        path.write_bytes(data[:cut])
        with pytest.raises(TrainingError):
            read_arrays(path)
    path.write_bytes(data + b"\0")
    with pytest.raises(TrainingError, match="1 bytes after"):
        read_arrays(path)
    for _ in range(500):
        damaged = bytearray(data)
        damaged[generator.randrange(len(data) - 40)] ^= 1 << generator.randrange(8)
        path.write_bytes(damaged)
        try:
            read_arrays(path)
        except TrainingError:
            refused += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
    assert refused > 200, seed
    for header in ('{"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}', '{"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}',
                   '{"a":{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}}', "[]", '{"a":3}'):  # fmt: skip
        path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(12))
        with pytest.raises(TrainingError):
            read_arrays(path)


def test_regions():
    x = np.array([[1, 0, 0], [0.5, 0, 0]], np.float32)
    y = np.array([[1, 0.2, 0.1], [0.5, 0.05, 0.04]], np.float64)
    found = metrics.field_errors(x, y, y + [[0.5, 0.25, -0.125], [0.25, -1, 2]])
    assert found.regions == pytest.approx((0.375, (0.25 + 0.125 + 1 + 2) / 4, 0.25, 0.125, 1, 2))
    assert (found.mae, found.largest) == (pytest.approx(4.125 / 6), 2)
    assert found.mse == pytest.approx((0.25 + 0.0625 + 0.015625 + 0.0625 + 1 + 4) / 6)
    # The limits are those of binary64: 0.2 in binary32 is above 0.2, 0.1 and 0.05 in binary32 are too.
    limits = np.array([[0.2, 0.1, 0.05]], np.float32)
    assert [int(m.sum()) for m in metrics.region_masks(limits * 0, limits).values()] == [0, 3, 1, 1, 1, 0]


SCORED = "00000000000000a1,3,test,7,0.1,0.2,0.3,0.4,,,0.5,1e-3,,,0\n"


@pytest.mark.parametrize(
    "change, says",
    [
        (lambda h, r: (h.replace("mae", "mea"), r), ":1: there must be one column 'mae', there are 0"),
        (lambda h, r: (h.replace("mse", "mae"), r), ":1: there must be one column 'mae', there are 2"),
        (lambda h, r: ("\ufeff" + h, r), "ASCII"),
        (lambda h, r: (h, r.replace("7,0.1", "7,")), ":2: mae is a number"),
        (lambda h, r: (h, r.replace("0.1", "nan")), ":2: mae is a number"),
        (lambda h, r: (h, r.replace("0.1", "-1")), ":2: mae is a number"),
        (lambda h, r: (h, r.replace("0.1", "1e999")), ":2: mae is a number"),
        (lambda h, r: (h, r.replace("0.1", '"0.1"')), ":2: mae is a number"),
        (lambda h, r: (h, r.replace("0.1", "0.1\0")), ":2: mae is a number"),
        (lambda h, r: (h, r.replace("1e-3", "x")), ":2: r1 is a number"),
        (lambda h, r: (h, r.replace(",7,", ",7.5,")), ":2: rank is a whole number"),
        (lambda h, r: (h, r.replace("a1", "A1")), ":2: .* is not an id"),
        (lambda h, r: (h, r + r), ":3: the sample 00000000000000a1 is there twice"),
        (lambda h, r: (h, r[:20] + "\n"), ":2: the line has .* cells"),
        (lambda h, r: (h, r + "\n"), ":3: the line has 1 cells"),
    ],
)
def test_tables_of_others(change, says, tmp_path):
    header = ",".join(metrics.COLUMNS) + "\n"
    path = tmp_path / "errors.csv"
    path.write_text(header + SCORED)
    (found,) = metrics.read_errors(path)
    assert found.errors.regions == (None, 0.5, 1e-3, None, None, 0) and found.rank == 7
    path.write_text("".join(change(header, SCORED)))
    with pytest.raises(TrainingError, match=says) as caught:
        metrics.read_errors(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_summary(tmp_path):
    seed = random.randrange(2**32)
    generator = np.random.default_rng(seed)
    scored = []
    for k in range(40):
        x, y = (generator.random((4, 4)) > 0.7) * generator.random((4, 4)), generator.random((4, 4)) ** 3
        errors = metrics.field_errors(x, y, y + generator.normal(size=(4, 4)))
        scored.append(metrics.ScoredSample(f"{k:016x}", 1 + k % 3, "test", k, errors, 0.5 * k))
    metrics.write_errors(tmp_path / "errors.csv", scored)
    back = metrics.read_errors(tmp_path / "errors.csv")
    assert [(s.id, s.n_sources, s.part, s.rank) for s in back] == [(s.id, s.n_sources, s.part, s.rank) for s in scored]
    for a, b in zip(back, scored, strict=True):
        for measure in metrics.MEASURES:
            one, two = a.errors[measure], b.errors[measure]
            assert (one is None) == (two is None) and (one is None or one == pytest.approx(two, rel=1e-8)), seed
    lines = {(line.n_sources, line.measure): line for line in metrics.summarise(scored)}
    for n_sources in ("1", "2", "3", "all"):
        chosen = [s for s in scored if n_sources in ("all", str(s.n_sources))]
        values = sorted(v for s in chosen if (v := metrics.error_in(s.errors, "r1")) is not None)
        line = lines[n_sources, "r1"]
        assert (line.samples, line.largest) == (len(values), values[-1]), seed
        place = 0.95 * (len(values) - 1)
        below = values[int(place)]
        want = below + (place - int(place)) * (values[min(int(place) + 1, len(values) - 1)] - below)
        assert line.p95 == pytest.approx(want) and line.mean == pytest.approx(sum(values) / len(values)), seed
    metrics.write_summary(tmp_path / "summary.csv", lines.values())
    assert (tmp_path / "summary.csv").read_text().splitlines()[0] == "n_sources,measure,samples,mean,median,p95,p99,max"


def test_tables_without_relative_errors(tmp_path):
    """Those of before, and of others."""
    path = tmp_path / "errors.csv"
    path.write_text("id,n_sources,part,rank,mae,mse,max,sources,field,r1,r2,r3,r4\n00000000000000a1,3,test,7,0.1,0.2,0.3,,0.5,1e-3,,,0\n")
    (found,) = metrics.read_errors(path)
    assert (found.errors["nrmse"], found.errors["vrmse"], found.errors["max"]) == (None, None, 0.3)
    path.write_text(path.read_text().replace("r4\n", "r4,vrmse\n").replace(",0\n", ",0,0.7\n"))
    assert metrics.read_errors(path)[0].errors["vrmse"] == 0.7
