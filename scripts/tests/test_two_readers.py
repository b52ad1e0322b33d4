"""Files of weights and pipelines that are read by Swift and by Python: both refuse the same ones, with one line."""

import os
import re
import struct

import pytest
import yaml
from conftest import TAUGHT, refused, steadyset, write
from steadyset.training.architecture import ModelDescription, initial_values
from steadyset.training.description import Transform
from steadyset.training.errors import TrainingError
from steadyset.training.pipeline import read_training, read_yaml
from steadyset.training.weights import read_arrays, read_weights, write_arrays, write_weights

HEADERS = {
    "a key twice": '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "a member twice": '{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "metadata twice": '{"__metadata__":{"k":"v","k":"w"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "deep": '{"__metadata__":' + "[" * 3000 + "]" * 3000 + "}",
    "deeper": '{"a":' + "[" * 400_000 + "]" * 400_000 + "}",
    "NaN": '{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}',
    "infinite": '{"a":{"dtype":"F32","shape":[1e999],"data_offsets":[0,4]}}',
    "many digits": '{"a":{"dtype":"F32","shape":[' + "9" * 5000 + '],"data_offsets":[0,4]}}',
    "a truth value": '{"a":{"dtype":"F32","shape":[true],"data_offsets":[0,4]}}',
    "a fraction": '{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}',
    "beyond": '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    "turned round": '{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
    "overlapping": '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "product": '{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}',
    "another type": '{"a":{"dtype":"I32","shape":[1],"data_offsets":[0,4]}}',
    "no list": '{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}',
    "three ends": '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}',
    "half a pair": '{"\\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "not UTF-8": '{"\udcff":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    "two values": '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}} {}',
    "too many": "{" + ",".join(f'"{k}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}' for k in range(5000)) + "}",
}


@pytest.mark.parametrize("name", HEADERS)
def test_both_readers_refuse_headers(name, shards, tmp_path):
    """Each with one line, in Python and in Swift."""
    path = tmp_path / "weights.safetensors"
    header = HEADERS[name].encode("utf-8", "surrogateescape")
    path.write_bytes(struct.pack("<Q", len(header)) + header + bytes(4))
    with pytest.raises(TrainingError) as caught:
        read_arrays(path)
    assert "\n" not in str(caught.value) and str(path) in str(caught.value)
    refused("evaluate", "--data", shards, "--model", path, "-o", tmp_path / "out", status=65, says="weights")


MODELS = {
    "deep": "[" * 100_000,
    "a key twice": '{"kind":"u-net","kind":"u-net","width":0.02,"dropout":0,"lattice":[32,32],"transform":"none"}',
    "no width": '{"kind":"u-net","dropout":0,"lattice":[32,32],"transform":"none"}',
    "text": '{"kind":"u-net","width":"0.02","dropout":0,"lattice":[32,32],"transform":"none"}',
    "truth": '{"kind":"u-net","width":true,"dropout":0,"lattice":[32,32],"transform":"none"}',
    "vast": '{"kind":"u-net","width":0.02,"dropout":0,"lattice":[1099511627776,32],"transform":"none"}',
    "fraction": '{"kind":"u-net","width":0.02,"dropout":0,"lattice":[32.5,32],"transform":"none"}',
    "three sides": '{"kind":"u-net","width":0.02,"dropout":0,"lattice":[32,32,32],"transform":"none"}',
    "no object": "7",
    "transform": '{"kind":"u-net","width":0.02,"dropout":0,"lattice":[32,32],"transform":{"power":{"exponent":-1}}}',
    "wide": '{"kind":"u-net","width":1e400,"dropout":0,"lattice":[32,32],"transform":"none"}',
}


@pytest.mark.parametrize("name", MODELS)
def test_both_readers_refuse_models(name, shards, tmp_path):
    model = ModelDescription((32, 32), "u-net", 0.02)
    path = tmp_path / "weights.safetensors"
    write_weights(path, model, Transform(), initial_values(model, 1), {})
    arrays, metadata = read_arrays(path)
    write_arrays(path, arrays, metadata | {"model": MODELS[name]})
    with pytest.raises(TrainingError) as caught:
        read_weights(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 600
    refused("evaluate", "--data", shards, "--model", path, "-o", tmp_path / "out", status=65, says="model|transform|lattice")


def test_weights_are_plain_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path / "pipe", "/dev/zero", tmp_path):
        with pytest.raises(TrainingError, match="not a regular file|directory"):
            read_arrays(place)


DOCUMENTS = {
    "a tag of a text": "{epochs: 1, seed: !!str 7}",
    "a tag of one's own": "{epochs: 1, seed: !foo 7}",
    "a tag of a number": '{epochs: 1, seed: !!int "7"}',
    "a tag that does not fit": "{epochs: 1, seed: !!int 3.5}",
    "a tag without a name": "{epochs: 1, seed: ! 7}",
    "a tag of a list": "{epochs: 1, seed: !!seq [7]}",
    "a tag of a mapping": "!!map {epochs: 1}",
    "a tag behind an anchor": "{epochs: 1, seed: &a !!int 7}",
    "a tag of a key": "{!!str epochs: 1}",
    "an alias": "{epochs: &a 1, seed: *a}",
    "deep lists": "{selection: " + "[" * 500 + "]" * 500 + "}",
    "deep mappings": "{selection: " + "{a: " * 500 + "1" + "}" * 500 + "}",
    "many digits": "{seed: " + "9" * 5000 + "}",
    "too large": "{label_noise: 1e999}",
    "a key that is a list": "{? [a] : 1}",
    "a key that is a mapping": "{? {a: b} : 1}",
    "a key twice": "{epochs: 1, epochs: 1}",
    "a quoted key twice": '{epochs: 1, "epochs": 1}',
    "no end": "{epochs: [1",
    "a tab": "\n\tepochs: 1",
    "a control character": '{seed: "\x01"}',
    "a second document": "{epochs: 1}\n---\ntrain: {}",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_both_readers_refuse_documents(name, tmp_path):
    """What is lax in YAML: one line that names the file, by Python and by Swift."""
    data = {key: value for key, value in TAUGHT.items() if key != "train"}
    text = yaml.safe_dump(data, sort_keys=False) + "train: " + DOCUMENTS[name].replace("{", "{model: {kind: u-net}, ", 1) + "\n"
    path = write(tmp_path, text)
    with pytest.raises(TrainingError) as caught:
        read_training(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400
    if name != "a control character":
        assert re.match(f"{re.escape(str(path))}:[0-9]+: ", str(caught.value))
    refused("plan", path, status=65, says=f"{path.name}:")


def test_both_readers_accept_a_byte_order_mark(tmp_path):
    path = tmp_path / "p.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + yaml.safe_dump(TAUGHT, sort_keys=False).encode())
    assert read_training(path).epochs == 4
    steadyset("plan", path)
    path.write_bytes(yaml.safe_dump(TAUGHT).encode("utf-16"))
    with pytest.raises(TrainingError, match="p.yaml:1: is not valid YAML: its text is not UTF-8"):
        read_training(path)
    with pytest.raises(TrainingError, match="directory"):
        read_training(tmp_path)


def test_both_readers_take_the_same_scalars():
    found = read_yaml(
        "{a: 0x10, b: 0o7, c: .inf, d: .nan, e: +1, f: -.5, g: 1., h: 1e+2, i: ~, j: , k: 'null', l: NO, m: 12:30, "
        "n: 2020-01-01, o: '<<', <<: {q: 1}, code: 80E1, p: 12345678901234567890, 7: x}"
    )
    assert found == {
        "a": "0x10", "b": "0o7", "c": ".inf", "d": ".nan", "e": 1, "f": -0.5, "g": 1.0, "h": 100.0, "i": None, "j": None,
        "k": "null", "l": "NO", "m": "12:30", "n": "2020-01-01", "o": "<<", "<<": {"q": 1}, "code": "80E1",
        "p": 12345678901234567890.0, "7": "x",
    }  # fmt: skip
