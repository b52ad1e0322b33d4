"""Problems beyond disks in a constant medium: draws, ids, shards and labels against an independent program."""

import copy
import json

import h5py
import hdf5plugin  # noqa: F401 - registers filter 32001 with h5py
import numpy as np
import pytest
import yaml
from conftest import REPOSITORY, configurations, manifest, refused, steadyset, write

import family

NAMES = ["layers", "random-medium", "shapes"]


def pipeline(name):
    return yaml.safe_load((REPOSITORY / f"pipelines/{name}.yaml").read_text())


def lines(dataset):
    return [json.loads(line) for line in configurations(dataset)]


def realised(physics, keys):
    physics, keys = copy.deepcopy(physics), list(keys)
    for place in family.open_places(physics):
        place["key"] = int(keys.pop(0))
    assert not keys
    return physics


@pytest.fixture(scope="module")
def datasets(listed):
    """The datasets of the shipped pipelines by their names; not to be altered."""
    return {name: listed(name)[0] / "dataset" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_draws(name, tmp_path):
    """Every configuration of the shipped pipelines, and its id, from the documentation alone."""
    steadyset("sample", REPOSITORY / f"pipelines/{name}.yaml", "-o", tmp_path / "d")
    design = manifest(tmp_path / "d", "sample")["parameters"]["design"]
    given = pipeline(name)
    found = lines(tmp_path / "d")
    strata = design["strata"]
    if name == "random-medium":
        assert len({key for line in found for key in line["keys"]}) == 2 * len(found)
    for line in found:
        n = len(line["sources"])
        assert n in strata
        sources, keys = family.sample(given, n, line["index"])
        assert line["sources"] == sources, line
        assert line.get("keys", []) == keys
        assert family.sample_id(realised(design["physics"], keys), sources) == line["id"]


@pytest.mark.parametrize("name", NAMES)
def test_shards(name, datasets):
    """Sources, keys, images and coefficients as h5py reads them; labels as elimination gives them, within their bounds."""
    dataset = datasets[name]
    assert "0 findings" in steadyset("verify", dataset, "--resolve", "4").stdout
    physics = manifest(dataset, "pack")["parameters"]["physics"]
    configurations = {int(line["id"], 16): line for line in lines(dataset)}
    checked = 0
    for entry in manifest(dataset, "pack")["files"]:
        with h5py.File(dataset / "pack" / entry["path"]) as shard:
            columns = shard["sources"].attrs["columns"].decode().split(",")
            assert len(columns) == shard["sources"].shape[2]
            assert json.loads(shard.attrs["physics"]) == physics
            for row in range(len(shard["id"])):
                line = configurations[int(shard["id"][row])]
                keys = shard["keys"][row].tolist() if "keys" in shard else []
                assert keys == line.get("keys", [])
                for source, stored in zip(line["sources"], shard["sources"][row]):
                    stored = dict(zip(columns, stored))
                    code, parameters = family.parameters(source)
                    assert (stored["row"], stored["column"], stored["value"]) == (
                        source["row"], source["column"], source["value"])
                    assert code == stored.get("shape", 0)
                    held = [stored[c] for c in columns if c not in ("row", "column", "value", "shape")]
                    assert [x for x in held if not np.isnan(x)] == parameters
                assert np.isnan(shard["sources"][row, len(line["sources"]) :]).all()
                whole = realised(physics, keys)
                values, covered = family.image(whole, line["sources"])
                assert (shard["x"][row] == values.astype("f4")).all()
                down, across, decay = family.medium(whole)
                if "diffusivity" in shard:
                    stored = shard["diffusivity"][row] if "keys" in shard else shard["diffusivity"][:]
                    expected = down if stored.ndim == 2 else np.stack([down, across])
                    np.testing.assert_allclose(stored, expected, rtol=1.2e-7)
                if "decay_rate" in shard:
                    stored = shard["decay_rate"][row] if "keys" in shard else shard["decay_rate"][:]
                    np.testing.assert_allclose(stored, decay, rtol=1.2e-7)
                if row % 8 == 0:
                    error = np.abs(shard["y"][row] - family.field(whole, line["sources"])).max()
                    assert error <= shard["error_bound"][row] + 1e-10, line
                    checked += 1
    assert checked >= 5
    with h5py.File(dataset / "pack" / entry["path"]) as shard:
        held = {key: shard[key].shape[1:] if "keys" in shard else shard[key].shape for key in ("diffusivity", "decay_rate") if key in shard}
    assert held == {
        "layers": {"diffusivity": (2, 96, 128), "decay_rate": (96, 128)},
        "random-medium": {"diffusivity": (96, 96), "decay_rate": (96, 96)},
        "shapes": {"diffusivity": (128, 96), "decay_rate": (128, 96)},
    }[name]


def test_capsules(tmp_path):
    """Capsules as sources, as regions and in imports: draws, ids and images from the documentation alone."""
    given = pipeline("shapes")
    capsule = {"half_length": {"from": 0, "to": 9}, "radius": {"from": 0.5, "to": 4}, "angle": "any"}
    given["sampling"]["shapes"] = [{"capsule": capsule}, {"capsule": {"half_length": 6, "radius": 2.5}}, {"disk": {"radius": 3}}]
    given["sampling"]["samples_per_stratum"] = 8
    given["physics"]["diffusivity"]["regions"]["regions"][0] = {
        "row": 30, "column": 20, "value": 0.02, "capsule": {"half_length": 20, "radius": 8, "angle": 30},
    }
    given["solver"] = {"samples_per_part": 8}
    path = write(tmp_path, given)
    steadyset("run", path, "-o", tmp_path / "d")
    assert "0 findings" in steadyset("verify", tmp_path / "d", "--resolve", "4").stdout
    physics = manifest(tmp_path / "d", "sample")["parameters"]["design"]["physics"]
    configurations = {}
    for line in lines(tmp_path / "d"):
        sources, _ = family.sample(given, len(line["sources"]), line["index"])
        assert line["sources"] == sources
        assert family.sample_id(physics, sources) == line["id"]
        configurations[int(line["id"], 16)] = sources
    assert len(configurations) == 24 and sum("capsule" in s for sources in configurations.values() for s in sources) > 30
    medium = family.medium(physics)[0]
    for entry in manifest(tmp_path / "d", "pack")["files"]:
        with h5py.File(tmp_path / "d/pack" / entry["path"]) as shard:
            np.testing.assert_allclose(shard["diffusivity"][:], medium, rtol=1.2e-7)
            for row in range(len(shard["id"])):
                values, _ = family.image(physics, configurations[int(shard["id"][row])])
                assert (shard["x"][row] == values.astype("f4")).all()
    # An import of the same sources makes the same samples; sites on the edge of a capsule belong to it whatever its angle.
    edge = {"row": 64, "column": 48, "value": 1, "capsule": {"half_length": 4.5, "radius": 2.5, "angle": 90}}
    turned = {**edge, "capsule": {"half_length": 0, "radius": 5, "angle": 33.3}}
    text = "".join(json.dumps({"sources": [source]}) + "\n" for source in (edge, turned))
    (tmp_path / "given.jsonl").write_text(text)
    own = write(tmp_path, {key: given[key] for key in ("format", "name", "physics", "solver")}, "own.yaml")
    steadyset("run", own, "--from", tmp_path / "given.jsonl", "-o", tmp_path / "e")
    found = {}
    for entry in manifest(tmp_path / "e", "pack")["files"]:
        with h5py.File(tmp_path / "e/pack" / entry["path"]) as shard:
            found |= {int(i): x > 0 for i, x in zip(shard["id"][:], shard["x"][:])}
    for source in (edge, turned):
        sites = found[int(family.sample_id(physics, [source]), 16)]
        assert (sites == family.mask(source, physics["lattice"])).all()
        assert sites[64, 48 - 5] or source is edge
    assert family.mask(edge, (128, 96))[64, 41] and family.mask(edge, (128, 96))[62, 44]
    bad = {**edge, "capsule": {"half_length": 4.5, "radius": 60}}
    (tmp_path / "given.jsonl").write_text(json.dumps({"sources": [bad]}) + "\n")
    says = "the capsule at row 64, column 48 does not fit"
    refused("sample", own, "--from", tmp_path / "given.jsonl", "-o", tmp_path / "f", status=65, says=says)


def test_damage_to_keys_and_coefficients(datasets, tmp_path):
    """What a shard says of its medium is compared with what its keys give."""
    import shutil

    for name, harm in [
        ("random-medium", lambda shard: shard["keys"].__setitem__((0, 1), 7)),
        ("layers", lambda shard: shard["diffusivity"].__setitem__((1, 3, 3), 0.25)),
        ("layers", lambda shard: shard.__delitem__("decay_rate")),
        ("shapes", lambda shard: shard["sources"].__setitem__((0, 0, 4), 9)),
        ("random-medium", lambda shard: shard.__delitem__("keys")),
        ("random-medium", lambda shard: shard.__delitem__("diffusivity")),
    ]:
        copied = tmp_path / "dataset"
        shutil.rmtree(copied, ignore_errors=True)
        shutil.copytree(datasets[name], copied)
        path = copied / "pack" / manifest(copied, "pack")["files"][0]["path"]
        with h5py.File(path, "r+") as shard:
            harm(shard)
        # The file's digest tells as well; there must be more than that.
        findings = [line for line in steadyset("verify", copied, expect=1).stdout.splitlines() if str(path) in line]
        assert any("SHA-256" not in line and "bytes instead" not in line for line in findings), (name, findings)


def test_imports_of_a_drawn_dataset(datasets, tmp_path):
    """The listing of a dataset, imported under the same physics, gives the same ids."""
    for name in ["random-medium", "shapes"]:
        own = tmp_path / f"{name}.jsonl"
        own.write_text("".join(f"{line}\n" for line in configurations(datasets[name])))
        steadyset("sample", REPOSITORY / f"pipelines/{name}.yaml", "-o", tmp_path / name, "--from", own)
        assert [line["id"] for line in lines(tmp_path / name)] == [line["id"] for line in lines(datasets[name])]
        assert manifest(tmp_path / name, "sample")["content"] == manifest(datasets[name], "sample")["content"]


def test_growth_keeps_samples(datasets, tmp_path):
    """More samples per stratum change none that exist; another seed changes all of them."""
    given = pipeline("random-medium")
    before = lines(datasets["random-medium"])
    given["sampling"]["samples_per_stratum"] = 30
    steadyset("sample", write(tmp_path, given), "-o", tmp_path / "more")
    assert lines(tmp_path / "more")[: len(before)] == before
    given["sampling"]["seed"] += 1
    steadyset("sample", write(tmp_path, given), "-o", tmp_path / "other")
    assert not {line["id"] for line in lines(tmp_path / "other")} & {line["id"] for line in before}


def test_repeats_are_refused(tmp_path):
    """Independent draws from too few configurations."""
    given = pipeline("layers")
    given["sampling"] |= {"strata": [1], "samples_per_stratum": 30000, "radius": {"from": 3, "to": 3.001}}
    refused("sample", write(tmp_path, given), "-o", tmp_path / "d", status=65, says="equal pairs")


GAUSSIAN = [
    {"exponential": {"length": 3}}, {"cubic": {"length": 9}}, {"gaussian": {"length": 4.5}}, {"spectral": {"tau": 3, "alpha": 2}},
]  # fmt: skip


@pytest.mark.parametrize("kernel", GAUSSIAN)
@pytest.mark.parametrize("boundary", ["absorbing", "periodic"])
def test_gaussian_media(kernel, boundary, tmp_path):
    """Coefficients of every covariance, on sides with and without convenient lengths, against sums of their own."""
    field = {"median": 2, "variance": 0.5, "covariance": kernel, "contrast": {"from": 15, "to": 400}}
    decay = {"two_valued": {"below": 0.01, "above": 0.02, "covariance": kernel, "key": 5}}
    physics = {"lattice": [37, 46], "diffusivity": {"lognormal": field}, "decay_rate": decay, "boundary": boundary}
    sampling = {"strata": [1], "samples_per_stratum": 5, "radius": 3, "seed": 4}
    given = json.dumps({"format": 1, "name": "g", "physics": physics, "sampling": sampling})
    steadyset("run", write(tmp_path, given), "-o", tmp_path / "d")
    assert "0 findings" in steadyset("verify", tmp_path / "d", "--resolve", "2").stdout
    physics = manifest(tmp_path / "d", "pack")["parameters"]["physics"]
    for entry in manifest(tmp_path / "d", "pack")["files"]:
        with h5py.File(tmp_path / "d/pack" / entry["path"]) as shard:
            for k, keys in enumerate(shard["keys"][:]):
                down, _, decay = family.medium(realised(physics, keys))
                np.testing.assert_allclose(shard["diffusivity"][k], down, rtol=2e-7)
                np.testing.assert_allclose(shard["decay_rate"][...], decay, rtol=2e-7)
                assert 15 <= down.max() / down.min() <= 400


@pytest.mark.parametrize("kernel", ["exponential", "cubic", "gaussian"])
def test_gaussian_covariance(kernel):
    """Products of sites, averaged over draws, are the kernel within five of their standard deviations."""
    lattice, draws = (32, 40), 200
    fields = np.array([family.gaussian({kernel: {"length": 5}}, lattice, (False, False), key, 0) for key in range(draws)])
    for down, across in [(0, 0), (1, 0), (0, 3), (2, 2), (31, 0), (0, 39)]:
        products = fields[:, 0, 0] * fields[:, down, across]
        want = family.KERNELS[kernel][1](np.hypot(down, across) / 5)
        assert abs(products.mean() - want) < 5 * np.sqrt((1 + want**2) / draws), (down, across)


@pytest.mark.parametrize(("old", "new", "said"), [
    ({"length": 3}, {"length": 30}, "quarter"), ({"from": 1, "to": 9}, {"from": 9, "to": 9}, "contrast from 9"),
    ({"from": 1, "to": 9}, {"from": 900, "to": 901}, "has such a contrast"), (2, 0, "median"),
])  # fmt: skip
def test_impossible_gaussian_media(old, new, said, tmp_path):
    text = json.dumps({"median": 2, "variance": 0.5, "covariance": {"cubic": {"length": 3}}, "contrast": {"from": 1, "to": 9}})
    field = json.loads(text.replace(json.dumps(old), json.dumps(new), 1))
    given = {"format": 1, "name": "g", "physics": {"lattice": [40, 40], "diffusivity": {"lognormal": field}},
             "sampling": {"strata": [1], "samples_per_stratum": 5, "radius": 3, "seed": 4}}  # fmt: skip
    refused("run", write(tmp_path, given), "-o", tmp_path / "d", status=65, says=said)
