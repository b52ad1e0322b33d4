"""Data sets for PyTorch with transforms, and the example for Lightning; where these are installed: scripts/test --torch."""

import re
import subprocess
import sys

import numpy as np
import pytest
import steadyset as reader
from conftest import BINARY, REPOSITORY

torch = pytest.importorskip("torch", reason="PyTorch is not installed: scripts/test --torch")

from steadyset.torch import TorchDataset  # noqa: E402
from steadyset.transforms import RandomSymmetry  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402


@pytest.fixture(autouse=True)
def program(monkeypatch):
    monkeypatch.setenv("STEADYSET", str(BINARY))


def moved_by(augment, before, after):
    """The numbers of the symmetries by which samples were moved, x and y alike."""
    return [
        next(n for n, one in enumerate(augment.symmetries) if all((one(a) == b).all() for a, b in zip(old, new)))
        for old, new in zip(before, after)
    ]


def test_data_sets_of_parts(shards):
    dataset = reader.open(shards)
    test = dataset.to_torch(part="test")
    assert isinstance(test, TorchDataset) and len(test) == len(dataset.select("test"))
    x, y = test[3]
    assert x.shape == (1, 32, 32) and (x[0].numpy() == dataset.select("test")[3].x).all()
    assert (y[0].numpy() == dataset.select("test")[3].y).all()
    assert len(dataset.to_torch()) == len(dataset.select("train"))
    with pytest.raises(ValueError, match="no samples"):
        dataset.select(ranks=[10**6]).to_torch()


def test_tensors_are_moved_as_arrays_are(shards):
    samples = reader.open(shards).select("train")
    x, y = samples.read(range(40))
    expected = RandomSymmetry(samples.dataset.physics, seed=2)(x, y)
    found = RandomSymmetry(samples.dataset.physics, seed=2)(torch.from_numpy(x)[:, None], torch.from_numpy(y)[:, None])
    for array, tensor in zip(expected, found):
        assert (array == tensor[:, 0].numpy()).all() and tensor.is_contiguous()


@pytest.mark.parametrize("workers", [0, 2])
def test_augmentation_differs_from_epoch_to_epoch(shards, workers):
    """Also in workers, which begin anew in each epoch; and the same seeds give the same."""
    samples = reader.open(shards).select("train")
    plain = list(samples.to_torch())

    def epochs():
        torch.manual_seed(3)
        augment = RandomSymmetry(samples.dataset.physics, seed=2)
        loader = DataLoader(samples.to_torch(augment), batch_size=8, num_workers=workers)
        return augment, [[pair for x, y in loader for pair in zip(x, y)] for _ in range(2)]

    augment, (first, second) = epochs()
    taken = [moved_by(augment, plain, epoch) for epoch in (first, second)]
    assert taken[0] != taken[1] and len(set(taken[0])) == 8
    again, found = epochs()
    assert [moved_by(again, plain, epoch) for epoch in found] == taken
    if workers:
        # Batches go to the two in turn, and each draws for itself.
        assert taken[0][:8] != taken[0][8:16]


def test_the_example_for_lightning(shards):
    pytest.importorskip("lightning", reason="Lightning is not installed: scripts/test --torch")
    example = REPOSITORY / "scripts/python/examples/lightning_training.py"
    said = subprocess.run([sys.executable, example, shards, "3"], capture_output=True, text=True, timeout=600)
    assert said.returncode == 0, said.stderr
    error = float(re.search("test_mae ([0-9.]+)", said.stdout)[1])
    y = np.stack([one.y for one in reader.open(shards).select("test")])
    assert error < np.abs(y).mean(), "better than nothing at all"
