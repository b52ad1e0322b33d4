"""Changes of bytes, of numbers in a text, of JSON documents, and of records of HDF5 files whose checksums are made right."""

import json
import re
import struct

NUMBERS = [0, 1, -1, 2, 0.5, 1e-300, 255, 65536, 2**31 - 1, 2**31, 2**32, 2**40, 2**53, 2**53 + 2, 2**63, 2**64, 1e300, -(2**63)]
TEXTS = ["", "..", "../x", "/etc/passwd", "a/../b", "train/..", "~", ".", "a\0b", "é", "\u202e", "x" * 300, "0" * 64, "con", "a\\b", "%s%n", "-1", "\n"]


# ------------------------------------------------------------------------------------------------- changes of bytes


def change_bytes(data, random_):
    """Returns `data` with one to three changes: flipped bits, cut, inserted, doubled, zeroed."""
    data = bytearray(data)
    for _ in range(random_.choice([1, 1, 1, 2, 3])):
        size = len(data)
        place, length = random_.randrange(size + 1), random_.choice([1, 2, 4, 8, 64])
        match random_.randrange(8):
            case 0 | 1 | 2 if size:
                data[place % size] ^= 1 << random_.randrange(8)
            case 3:
                del data[random_.choice([place, size - 1, 0, 8]) :]
            case 4:
                data[place:place] = random_.randbytes(length)
            case 5:
                data[place:place] = data[place : place + 8 * length]
            case 6:
                data[place : place + length] = bytes(min(length, size - place))
            case _:
                data[place : place + length] = b"\xff" * min(length, size - place)
    return bytes(data)


def change_number(data, random_):
    """Returns a text in which one number is another."""
    text = data.decode("utf-8", "surrogateescape")
    found = list(re.finditer(r"-?\d+(\.\d+)?([eE][-+]?\d+)?", text))
    if not found:
        return change_bytes(data, random_)
    place = random_.choice(found)
    return (text[: place.start()] + str(random_.choice(NUMBERS)) + text[place.end() :]).encode("utf-8", "surrogateescape")


# ------------------------------------------------------------------------------------------------- changes of JSON


def places(value, path=()):
    """Yields the path of every value in a document."""
    yield path
    if isinstance(value, dict):
        for key in value:
            yield from places(value[key], (*path, key))
    elif isinstance(value, list):
        for index in range(len(value)):
            yield from places(value[index], (*path, index))


def change_json(document, random_):
    """Returns a copy of `document` with one value changed, removed, doubled, or of another type."""
    document = json.loads(json.dumps(document))
    path = random_.choice([p for p in places(document) if p])
    owner = document
    for step in path[:-1]:
        owner = owner[step]
    last = path[-1]
    old = owner[last]
    match random_.randrange(10):
        case 0:
            del owner[last]
        case 1:
            if isinstance(owner, list):
                owner.insert(last, old)
            else:
                owner[random_.choice(TEXTS)] = old
        case 2:
            owner[last] = random_.choice([None, [], {}, True, "", 0, [old], {"": old}])
        case 3 if isinstance(old, list):
            owner[last] = old * random_.choice([2, 100])
        case 4 if isinstance(old, list) and old:
            random_.shuffle(old)
        case _:
            if isinstance(old, bool) or old is None:
                owner[last] = random_.choice([not old, 1, "x"])
            elif isinstance(old, (int, float)):
                owner[last] = random_.choice([old + 1, old - 1, -old, 2 * old, *NUMBERS])
            elif isinstance(old, str):
                flipped = old[:-1] + ("1" if old[-1:] == "0" else "0")
                owner[last] = random_.choice([*TEXTS, flipped, old + "x", old.upper(), old[1:]])
            else:
                owner[last] = random_.choice([None, [], {}])
    return document


# ------------------------------------------------------------------------------------------------- changes of HDF5 records


def lookup3(data):
    """The checksum of HDF5's records (Jenkins 2006)."""
    mask = 0xFFFFFFFF
    a = b = c = (0xDEADBEEF + len(data)) & mask

    def turned(value, bits):
        return (value << bits | value >> (32 - bits)) & mask

    while len(data) > 12:
        x, y, z = struct.unpack("<III", data[:12])
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        a = ((a - c) & mask) ^ turned(c, 4); c = (c + b) & mask  # noqa: E702
        b = ((b - a) & mask) ^ turned(a, 6); a = (a + c) & mask  # noqa: E702
        c = ((c - b) & mask) ^ turned(b, 8); b = (b + a) & mask  # noqa: E702
        a = ((a - c) & mask) ^ turned(c, 16); c = (c + b) & mask  # noqa: E702
        b = ((b - a) & mask) ^ turned(a, 19); a = (a + c) & mask  # noqa: E702
        c = ((c - b) & mask) ^ turned(b, 4); b = (b + a) & mask  # noqa: E702
        data = data[12:]
    if data:
        x, y, z = struct.unpack("<III", bytes(data).ljust(12, b"\0"))
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        c = ((c ^ b) - turned(b, 14)) & mask
        a = ((a ^ c) - turned(c, 11)) & mask
        b = ((b ^ a) - turned(a, 25)) & mask
        c = ((c ^ b) - turned(b, 16)) & mask
        a = ((a ^ c) - turned(c, 4)) & mask
        b = ((b ^ a) - turned(a, 14)) & mask
        c = ((c ^ b) - turned(b, 24)) & mask
    return c


def records(data):
    """Returns (start, end) of every record of a file that ends with its checksum, the checksum not included."""
    found = []
    for start in range(len(data) - 8):
        kind = data[start : start + 4]
        if start == 0 and data[:4] == b"\x89HDF" and data[8] in (2, 3):
            found.append((0, 44))
        elif kind in (b"OHDR", b"OCHK", b"FAHD", b"FADB", b"BTHD", b"BTLF", b"EAHD", b"EAIB", b"FRHP", b"FHDB"):
            # The end is where the checksum fits: records are short.
            limit = min(len(data) - 4, start + 4096)
            for end in range(start + 8, limit):
                if lookup3_fits(data, start, end):
                    found.append((start, end))
                    break
    return found


def lookup3_fits(data, start, end):
    # Comparing first what is cheap: three of four ends are no ends of records.
    return struct.unpack_from("<I", data, end)[0] == lookup3(data[start:end])


def forge(data, known, random_):
    """Changes one to three bytes of HDF5's own records and makes their checksums right; `known` is `records(data)`."""
    data = bytearray(data)
    if not known:
        return change_bytes(data[: 1 << 13], random_) + bytes(data[1 << 13 :])
    for _ in range(random_.choice([1, 1, 2, 3])):
        start, end = random_.choice(known)
        place = random_.randrange(start + 4, end)
        match random_.randrange(4):
            case 0:
                data[place] ^= 1 << random_.randrange(8)
            case 1:
                data[place] = random_.choice([0, 1, 2, 3, 4, 8, 127, 128, 255])
            case 2:
                data[place] = random_.randrange(256)
            case _:
                size = random_.choice([2, 4, 8])
                if place + size <= end:
                    data[place : place + size] = random_.choice(
                        [b"\xff" * size, bytes(size), b"\0" * (size - 1) + b"\x80", struct.pack("<Q", len(data))[:size]]
                    )
        data[end : end + 4] = struct.pack("<I", lookup3(bytes(data[start:end])))
    return bytes(data)
