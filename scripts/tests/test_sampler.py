"""The sampler for PyTorch, without PyTorch: an order for each iteration, true lengths, states, and nothing in silence."""

import json
import os
import pathlib
import subprocess
import sys

import pytest
import steadyset as reader
from conftest import REPOSITORY
from steadyset.sampler import EpochSampler


def order(count, epoch, seed=5):
    return list(reader.Order(seed).walk(count, epoch=epoch))


def sampler(count=20, **options):
    return EpochSampler(count, reader.Order(5), **options)


def test_every_iteration_is_an_epoch():
    """Without a call of anything: every sample once in each, in another order."""
    found = sampler()
    assert [list(found) for _ in range(3)] == [order(20, epoch) for epoch in range(3)]
    assert len({tuple(list(found)) for _ in range(5)}) == 5


def test_an_iteration_that_was_left_is_over():
    found = sampler()
    iterator = iter(found)
    assert [next(iterator) for _ in range(3)] == order(20, 0)[:3]
    found.advance(3)
    assert list(found) == order(20, 1)
    assert list(iterator) == order(20, 0)[3:]


@pytest.mark.parametrize("advance", [False, True])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("count,ranks,batch", [(20, 1, 8), (20, 3, 1), (20, 3, 4), (21, 4, 5), (7, 7, 1)])
def test_lengths_of_each_epoch_and_process(count, ranks, batch, drop_last, advance):
    """`len` is what the iteration gives, before each; all processes together see every sample, or all but a rest."""
    samplers = [sampler(count, rank=r, ranks=ranks, drop_last=drop_last, batch_size=batch) for r in range(ranks)]
    for epoch in range(4):
        lengths = [len(found) for found in samplers]
        shares = [list(found) for found in samplers]
        assert [len(share) for share in shares] == lengths and len(set(lengths)) == 1 and lengths[0] > 0
        whole = [s for step in zip(*shares) for s in step]
        if drop_last:
            assert lengths[0] == count // ranks // batch * batch and whole == order(count, epoch)[: len(whole)]
        else:
            assert whole[:count] == order(count, epoch) and len(whole) < count + ranks
        if advance:
            for found in samplers:
                found.advance(len(whole))


def test_a_loader_that_drops_the_last_batch():
    """96 of 100 are learnt from in every epoch; later epochs are as long."""
    found = sampler(100)
    for epoch in range(3):
        assert len(found) == 100
        seen = list(found)
        assert seen == order(100, epoch)
        for first in range(0, 96, 32):
            found.advance(len(seen[first : first + 32]))
        assert (found.state_dict()["epoch"], found.state_dict()["position"]) == (epoch, 96)


def test_set_epoch():
    """As PyTorch's DistributedSampler: the same epoch gives the same order, on every process."""
    found = sampler()
    for epoch in (0, 3, 3, 1):
        found.set_epoch(epoch)
        assert list(found) == order(20, epoch)
    assert list(found) == order(20, 2)
    found.set_epoch(2)
    found.advance(5)
    assert list(found) == order(20, 2)[5:]
    found.set_epoch(2)
    assert len(found) == 20 and list(found) == order(20, 2)
    for wrong in (-1, 1 << 32, 1.5, True, None):
        with pytest.raises(ValueError):
            found.set_epoch(wrong)


@pytest.mark.parametrize("told", [False, True])
def test_states(told):
    """Stopped after 12 of 20 samples on two processes, continued on one or three; a trainer may tell the epoch as well."""
    first = sampler(rank=1, ranks=2)
    list(first)
    iterator = iter(first)
    assert [next(iterator) for _ in range(6)] == order(20, 1)[1:12:2]
    first.advance(12)
    state = json.loads(json.dumps(first.state_dict()))
    assert (state["epoch"], state["position"]) == (1, 12)
    for ranks in (1, 3):
        again = [EpochSampler(20, rank=rank, ranks=ranks) for rank in range(ranks)]
        for found in again:
            found.load_state_dict(state)
            if told:
                found.set_epoch(1)
            assert len(found) == -(-8 // ranks)
        rest = [s for step in zip(*map(list, again)) for s in step]
        assert rest[:8] == order(20, 1)[12:] and len(rest) == -(-8 // ranks) * ranks
        assert [len(found) for found in again] == [-(-20 // ranks)] * ranks
        assert [s for step in zip(*map(list, again)) for s in step][:20] == order(20, 2)
    here = sampler()
    list(here)
    here.advance(7)
    here.load_state_dict(here.state_dict())
    assert list(here) == order(20, 0)[7:]


def test_a_state_with_nothing_left():
    """What is left of its epoch fills no batch: the next epoch comes, not an empty one."""
    found = sampler(drop_last=True, batch_size=8)
    found.load_state_dict(found.state_dict() | {"epoch": 4, "position": 16})
    assert len(found) == 16 and list(found) == order(20, 5)[:16]


def test_nothing_in_silence():
    for options in ({"ranks": 21, "drop_last": True}, {"batch_size": 21, "drop_last": True},
                    {"ranks": 3, "batch_size": 7, "drop_last": True}):  # fmt: skip
        with pytest.raises(ValueError, match="no epoch would give a sample"):
            sampler(**options)
    assert len(sampler(ranks=21)) == 1 and len(sampler(batch_size=21)) == 20
    for wrong in ({"rank": 2, "ranks": 2}, {"rank": -1}, {"batch_size": 0}, {"count": 0}):
        with pytest.raises(ValueError):
            sampler(**wrong)


def test_batches_that_drop_all(tiny):
    train = reader.open(tiny).select("train")
    assert len(train) == 84
    for options in ({"size": 85}, {"size": 32, "start": 64}):
        with pytest.raises(ValueError, match="nothing would be given"):
            next(train.batches(**options, drop_last=True))
    progress = reader.Progress(84)
    progress.advance(64)
    with pytest.raises(ValueError, match="next epoch"):
        list(train.batches(32, indices=progress.share(), drop_last=True))
    assert [len(batch) for batch in train.batches(85)] == [84]


# Just as much of PyTorch as steadyset.torch names.
STAND_IN = """
import sys, types
class Generic:
    def __class_getitem__(cls, item): return cls
torch, utils, data = (types.ModuleType(name) for name in ("torch", "torch.utils", "torch.utils.data"))
torch.utils, utils.data, torch.Tensor = utils, data, object
data.Dataset = data.Sampler = data.IterableDataset = Generic
sys.modules.update({"torch": torch, "torch.utils": utils, "torch.utils.data": data})
from steadyset.torch import TorchSampler
s = TorchSampler(20, rank=1, ranks=3, drop_last=True)
first, second = list(s), list(s)
print(len(first), len(second), first != second, hasattr(s, "set_epoch"))
"""


def test_the_class_for_pytorch_is_this_one(tmp_path):
    environment = dict(os.environ, PYTHONPATH=str(pathlib.Path(REPOSITORY) / "scripts/python"))
    result = subprocess.run([sys.executable, "-c", STAND_IN], capture_output=True, text=True, env=environment)
    assert result.stdout == "6 6 True True\n", result.stderr
