"""The order of samples: published vectors, a plain reading of the specification, laws, and states."""

import json

import numpy as np
import pytest
from steadyset import Order, Position, Progress

M = 0xFFFFFFFF


def philox(key, counter):
    k0, k1 = key
    a, b, c, d = counter
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & M, (p >> 32) ^ d ^ k1, p & M
        k0, k1 = (k0 + 0x9E3779B9) & M, (k1 + 0xBB67AE85) & M
    return a, b, c, d


def place(position, count, seed, epoch):
    """The specification in plain integers, as the documentation has it."""
    half = max(1, ((count - 1).bit_length() + 1) // 2)
    mask = (1 << half) - 1
    while True:
        left, right = position >> half, position & mask
        for turn in range(8):
            left, right = right, left ^ (philox((seed, 16), (turn, right, epoch, 0))[0] & mask)
        position = left << half | right
        if position < count:
            return position


# (count, seed, epoch): the samples at positions 0, 1, 2, … ; in the documentation too.
VECTORS = json.loads("""[
    {"count": 1, "seed": 0, "epoch": 0, "samples": [0]},
    {"count": 10, "seed": 0, "epoch": 0, "samples": [4, 7, 9, 8, 3, 5, 1, 2, 6, 0]},
    {"count": 10, "seed": 0, "epoch": 1, "samples": [3, 0, 8, 5, 7, 2, 9, 4, 6, 1]},
    {"count": 10, "seed": 20230206, "epoch": 0, "samples": [4, 7, 2, 0, 1, 9, 5, 8, 3, 6]},
    {"count": 320, "seed": 1, "epoch": 0, "samples": [212, 93, 199, 201, 126, 138, 97, 235]},
    {"count": 400000, "seed": 1, "epoch": 0, "samples": [233242, 208488, 85776, 69003, 7083, 357833]},
    {"count": 400000, "seed": 1, "epoch": 2, "samples": [156087, 159943, 115942, 15968, 313707, 84061]},
    {"count": 1000003, "seed": 4294967295, "epoch": 4294967295, "samples": [436175, 215231, 562966, 983820]},
    {"count": 1099511627689, "seed": 7, "epoch": 3, "samples": [584487680184, 815874641245, 685781283332]}
]""")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['count']}-{v['seed']}-{v['epoch']}")
def test_vectors(vector):
    found = Order(vector["seed"]).indices(np.arange(len(vector["samples"])), vector["count"], vector["epoch"])
    assert found.tolist() == vector["samples"]


def test_philox_known_answers():
    """The vectors of Salmon et al.'s Random123, so that the plain function here is no mistake of its own."""
    assert philox((0, 0), (0, 0, 0, 0)) == (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)
    assert philox((M, M), (M, M, M, M)) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 17, 256, 257, 1000])
def test_every_sample_once(count):
    for seed, epoch in ((0, 0), (1, 0), (1, 1), (M, M)):
        found = Order(seed).indices(np.arange(count), count, epoch)
        assert sorted(found.tolist()) == list(range(count))
        assert found.tolist() == [place(p, count, seed, epoch) for p in range(count)]


def test_large_counts():
    for count in (10**6 + 3, 2**40 - 87, 1 << 60):
        positions = [0, 1, count // 2, count - 1]
        assert Order(5).indices(positions, count, 3).tolist() == [place(p, count, 5, 3) for p in positions]


def test_orders_differ_and_mix():
    """Epochs and seeds give other orders, and no order keeps neighbours together more than chance does."""
    count = 4000
    orders = [Order(seed).indices(np.arange(count), count, epoch) for seed in (0, 1, 2) for epoch in range(3)]
    for k, a in enumerate(orders):
        steps = np.abs(np.diff(a))
        assert abs(steps.mean() / (count / 3) - 1) < 0.05
        # Fixed points and points shared with another order: one is expected, 12 or more have a chance below 1e-9.
        assert (a == np.arange(count)).sum() < 12
        for b in orders[:k]:
            assert (a == b).sum() < 12
            assert abs(np.corrcoef(a, b)[0, 1]) < 0.1


def test_without_shuffling():
    assert list(Order(shuffle=False).walk(5, epoch=3)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count,ranks", [(100, 1), (100, 3), (7, 4), (9000, 2)])
def test_shares_cover_the_epoch(count, ranks):
    progress = Progress(count, Order(3))
    shares = [list(progress.share(rank, ranks)) for rank in range(ranks)]
    assert {len(share) for share in shares} == {progress.length(ranks)}
    whole = [s for step in zip(*shares) for s in step]
    assert whole[:count] == list(Order(3).walk(count))
    assert whole[count:] == [whole[k % count] for k in range(count, len(whole))]
    dropped = [list(progress.share(rank, ranks, drop_last=True)) for rank in range(ranks)]
    assert {len(share) for share in dropped} == {count // ranks}
    assert [s for step in zip(*dropped) for s in step] == whole[: count // ranks * ranks]


def test_fewer_samples_than_processes():
    progress = Progress(3, Order(3))
    assert sorted(s for rank in range(3) for s in progress.share(rank, 5)) == [0, 1, 2]
    assert {progress.length(5)} == {len(list(progress.share(rank, 5))) for rank in range(5)} == {1}
    with pytest.raises(ValueError, match="too few"):
        progress.share(0, 5, drop_last=True)


def test_elastic_resumption():
    """Stopped after 60 of 103 samples on two processes and continued on three, every sample comes once."""
    first = Progress(103, Order(11))
    first.next_epoch()
    shares = [first.share(rank, 2) for rank in range(2)]
    seen = [next(share) for _ in range(30) for share in shares]
    first.advance(60)
    state = json.loads(json.dumps(first.state_dict()))
    second = Progress(103)
    second.load_state_dict(state)
    assert second.at == Position(1, 60)
    rest = [s for step in zip(*(second.share(rank, 3) for rank in range(3))) for s in step]
    assert (seen + rest)[:103] == list(Order(11).walk(103, epoch=1))
    second.advance(43)
    assert second.at == Position(2, 0)


def test_what_is_refused():
    with pytest.raises(ValueError):
        Order(1 << 32)
    with pytest.raises(ValueError):
        Order(-1)
    with pytest.raises(ValueError):
        Order().indices([0], 5, 1 << 32)
    with pytest.raises(IndexError):
        Order().indices([5], 5)
    progress = Progress(10)
    good = progress.state_dict()
    for change in (
        {"count": 11}, {"version": 2}, {"format": "other"}, {"position": 10}, {"position": -1}, {"position": 1.5},
        {"position": True}, {"epoch": -1}, {"epoch": "1"}, {"epoch": 1 << 32}, {"seed": -1}, {"seed": None}, {"shuffle": 1},
    ):  # fmt: skip
        with pytest.raises(ValueError):
            progress.load_state_dict(good | change)
    for key in good:
        with pytest.raises(ValueError):
            progress.load_state_dict({k: v for k, v in good.items() if k != key})
    assert progress.state_dict() == good
    progress.advance(9)
    with pytest.raises(ValueError, match="next_epoch"):
        progress.share(0, 2, drop_last=True)
    with pytest.raises(ValueError):
        progress.share(2, 2)
