"""Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011), on arrays of counters."""

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def philox(key, counter):
    """Returns the four words, uint64 below 2³², of a block; the parts of `counter` may be arrays of one shape."""
    first, second = key
    words = [np.asarray(part, np.uint64) for part in counter]
    for number in range(10):
        one = np.uint64(0xD2511F53) * words[0]
        other = np.uint64(0xCD9E8D57) * words[2]
        keys = [np.uint64((part + number * step) & 0xFFFFFFFF) for part, step in ((first, 0x9E3779B9), (second, 0xBB67AE85))]
        words = [(other >> _HALF) ^ words[1] ^ keys[0], other & _LOW, (one >> _HALF) ^ words[3] ^ keys[1], one & _LOW]
    return words
