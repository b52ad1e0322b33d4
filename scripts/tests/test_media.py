"""Media that are drawn for each sample, by every kind of random coefficient: the contrast of each, wherever samples are read."""

import json
import shutil

import h5py
import numpy as np
import pytest
from conftest import manifest, refused, steadyset, write

import steadyset as reader  # the package of scripts/python

LOGNORMAL = {"median": 2, "variance": 0.5, "covariance": {"cubic": {"length": 6}}, "contrast": {"from": 15, "to": 400}}
DIFFUSIVITIES = {
    "lognormal": {"lognormal": LOGNORMAL},
    "two_valued": {"two_valued": {"below": 3, "above": 12, "covariance": {"spectral": {"tau": 3, "alpha": 2}}}},
    "random": {"random": {"from": 0.5, "to": 4, "length": 8}},
    "anisotropic": {
        "down": {"lognormal": {**LOGNORMAL, "variance": 0.1, "contrast": {"from": 2, "to": 12}}}, "across": {"random": {"from": 1, "to": 2, "length": 9}},
    },
}  # fmt: skip
RARE = (60, 60.08)
"""A range of contrasts that about one draw in five hundred has."""
CODECS = ["standard", "archive", "recipe"]


def pipeline(diffusivity, **sampling):
    return {
        "format": 1, "name": "media", "physics": {"lattice": [40, 33], "diffusivity": diffusivity, "decay_rate": 0.01},
        "sampling": {"strata": [1, 2], "samples_per_stratum": 8, "radius": 3, "seed": 4, **sampling},
    }  # fmt: skip


@pytest.fixture(scope="module", params=DIFFUSIVITIES)
def made(request, once):
    """A dataset of each codec, and the pipeline, of a kind of medium; not to be altered."""
    given = pipeline(DIFFUSIVITIES[request.param])

    def make(folder):
        path = write(folder, given)
        for codec in CODECS:
            steadyset("run", path, "-o", folder / codec, "--codec", codec)

    return once(f"media-{request.param}", make)[0]


def columns(dataset):
    """{id: contrast} as h5py reads it."""
    found = {}
    for entry in manifest(dataset, "pack")["files"]:
        with h5py.File(dataset / "pack" / entry["path"]) as shard:
            found |= dict(zip(shard["id"][:].tolist(), shard["contrast"][:].tolist()))
    return found


def test_contrasts_are_those_of_the_media(made):
    """The column is the quotient of the coefficient's extremes, the same in every codec, and what Python tells is the column."""
    expected = columns(made / "standard")
    assert len(expected) == 16 and all(contrast >= 1 for contrast in expected.values())
    for codec in CODECS:
        assert "0 findings" in steadyset("verify", made / codec, "--resolve", "3").stdout
        assert columns(made / codec) == expected
        samples = reader.open(made / codec).all
        assert dict(zip(samples.ids.tolist(), samples.contrasts.tolist())) == expected
        for sample in samples[::5]:
            field = sample.coefficient("diffusivity")
            np.testing.assert_allclose(sample.contrast, field.max() / field.min(), rtol=2e-7)
            assert sample.contrast == expected[int(sample.id, 16)]
            assert reader.solve(sample, tolerance=1e-6).contrast == sample.contrast
        low = samples[samples.contrasts <= np.median(samples.contrasts)]
        assert len(low) >= 8
    drawn = reader.stream(made / "pipeline.yaml")[:16]
    assert {int(sample.id, 16): sample.contrast for sample in drawn}.items() & expected.items()


def test_unpacked_shards_are_the_standard_ones(made, tmp_path):
    for codec in ("archive", "recipe"):
        steadyset("unpack", made / codec, "-o", tmp_path / codec)
        for entry in manifest(made / "standard", "pack")["files"]:
            found = (tmp_path / codec / "pack" / entry["path"]).read_bytes()
            assert found == (made / "standard/pack" / entry["path"]).read_bytes(), (codec, entry["path"])


@pytest.mark.parametrize("harm", ["other", "none", "below"])
def test_damage_to_contrasts(made, harm, tmp_path):
    for codec in CODECS:
        copied = tmp_path / codec
        shutil.copytree(made / codec, copied)
        path = copied / "pack" / manifest(copied, "pack")["files"][0]["path"]
        with h5py.File(path, "r+") as shard:
            if harm == "none":
                del shard["contrast"]
            else:
                shard["contrast"][1] = 0.5 if harm == "below" else shard["contrast"][1] * (1 + 1e-12)
        findings = [line for line in steadyset("verify", copied, expect=1).stdout.splitlines() if str(path) in line]
        assert any("contrast" in line for line in findings), findings


def test_media_that_all_samples_share_have_no_contrast(tmp_path):
    keyed = {"lognormal": {**LOGNORMAL, "key": 7}}
    steadyset("run", write(tmp_path, pipeline(keyed)), "-o", tmp_path / "d")
    samples = reader.open(tmp_path / "d").all
    assert samples[0].contrast is None
    with pytest.raises(reader.DatasetError, match="has no contrast"):
        _ = samples.contrasts
    assert "0 findings" in steadyset("verify", tmp_path / "d").stdout


def test_a_rare_contrast_leaves_samples_out(tmp_path):
    """A range that some keys never reach: their samples are named in the manifest, and streams pass over them."""
    rare = {"lognormal": {**LOGNORMAL, "covariance": {"cubic": {"length": 8}}, "contrast": {"from": RARE[0], "to": RARE[1]}}}
    given = pipeline(rare, strata=[1], samples_per_stratum=30)
    path = write(tmp_path, given)
    said = steadyset("run", path, "-o", tmp_path / "d").stderr
    left = {line["id"] for line in manifest(tmp_path / "d", "solve")["content"]["left_out"]}
    assert left and "has a contrast in the range" in said
    contrasts = reader.open(tmp_path / "d").all.contrasts
    assert len(contrasts) == 30 - len(left)
    assert ((contrasts >= RARE[0]) & (contrasts <= RARE[1])).all()
    assert "0 findings" in steadyset("verify", tmp_path / "d", "--resolve", "2").stdout
    for sample in reader.stream(path)[:30]:
        assert RARE[0] <= sample.contrast <= RARE[1] and sample.id not in left


def test_an_impossible_contrast_is_refused_when_samples_are_made(tmp_path):
    """Reading a pipeline draws nothing, so a plan of it is there."""
    impossible = {"lognormal": {**LOGNORMAL, "contrast": {"from": 399.9999, "to": 400}}}
    path = write(tmp_path, pipeline(impossible))
    assert json.loads(steadyset("plan", path).stdout)["steps"]
    for command in ("run", "sample"):
        refused(command, path, "-o", tmp_path / "d", status=65, says="has such a contrast")
    with pytest.raises(reader.DatasetError, match="has such a contrast"):
        reader.stream(path)


@pytest.mark.parametrize("name", ["lognormal", "two_valued", "random"])
def test_a_value_below_the_least_is_one_message(name, tmp_path):
    """Of D's bound and the form's own, one."""
    ((form, members),) = DIFFUSIVITIES[name].items()
    key = {"lognormal": "median", "two_valued": "below", "random": "from"}[name]
    path = write(tmp_path, pipeline({form: {**members, key: -1}}))
    said = steadyset("plan", path, expect=65).stderr
    assert said.count("must be") == 1 and f"{form}.{key}: is -1, must be at least 1e-30" in said
