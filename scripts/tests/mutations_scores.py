"""Changes of what `resample` is given from outside: tables of scores, and features.npy beside them.

No digest protects these, so each change must be refused, or lead to a choice that follows from what the file says now. What it
says is read again here, after the article *Curation* and by other programs: Python's csv and NumPy.
"""

import csv
import io
import json
import math
import re
import struct

import numpy as np

ADDED = 3
POOL = ["--from", "pool"]
SCORED, LEARNT = "scored/evaluate", "learnt/evaluate"
# name: (file that is changed, folder of the scores, options, column of scores)
KINDS = {
    "scores-top": ("errors.csv", SCORED, [*POOL, "--acquisition", "top"], "mae"),
    "scores-by": ("errors.csv", SCORED, [*POOL, "--by", "R2", "--acquisition", "power", "--budget", "by-score"], "r2"),
    "scores-of-training": ("errors.csv", LEARNT, ["--selection", "S50%", "--acquisition", "top"], "mae"),
    "features-k-centre": ("features.npy", SCORED, [*POOL, "--acquisition", "k-centre"], "mae"),
    "features-lcmd": ("features.npy", SCORED, [*POOL, "--acquisition", "lcmd"], "mae"),
}
CELLS = ["", " ", "nan", "inf", "-inf", "0x10", "1e999", "-1", "-0", "-1e-300", "1e-320", "1_000", "1,5", "1;5", "1 ", "1\t", "1e", ".", "+",
         "+1", "1.", ".5", "1E+2", "one", "١", "--1", "1\x001", '"1"', '"1', '1"', '""', '"1""2"', "0." + "1" * 500, "1e308", "9" * 400,
         "=1+1", "\ufeff1", "1\r", "\r\n", "\n", "TRUE", "0", "1e-5"]  # fmt: skip
HEADERS = ["id", "mae", "r2", "R2", "Id", "", '"id"', '"mae"', " mae", "mae ", "sources", "\ufeffid", "x" * 2000]
DESCRIPTIONS = ["<f8", ">f4", "=f4", "|f4", "<f2", "<i4", "<u4", "|O", "<c8", "|S4", "", "f4", "<f4 ", "<F4"]
VALUES = [math.nan, math.inf, -math.inf, 3.4e38, -3.4e38, 1e-45, -0.0, 0.0, 1.0]


def command(kind):
    """The command that a kind is about, in the folder of `prepare`."""
    _, folder, options, _ = KINDS[kind]
    return ["resample", "p.yaml", "-o", "r", "--scores", f"{folder}/errors.csv", "--name", "x", "--add", str(ADDED), *options]


def prepare(run, folder, pipeline):
    """Makes `r`, a dataset without versions, a pool of configurations, and the scores and features of both."""
    (folder / "pool.yaml").write_text(pipeline.replace("seed: 5", "seed: 6").replace("stratum: 15", "stratum: 8"))
    run("run", "p.yaml", "-o", "r", "--until", "train", "--threads", "2")
    run("sample", "pool.yaml", "-o", "pool")
    run("evaluate", "--from", "pool", "--data", "r", "--model", "r/train", "-o", "scored", "--features")
    run("evaluate", "--data", "r", "--selection", "train", "--model", "r/train", "-o", "learnt")


# ------------------------------------------------------------------------------------------------- changes


def change_table(data, random_):
    """Returns a table with a cell, a row, a column, the order of rows, or the form of it changed."""
    rows = [line.split(",") for line in data.decode().split("\n")]
    last = len(rows) - 1  # what is behind the last line feed
    row, column = random_.randrange(1, last), random_.randrange(len(rows[0]))
    match random_.randrange(12):
        case 0 | 1 | 2:
            rows[row][random_.choice([0, 4, column])] = random_.choice(CELLS)
        case 3:
            rows[0][column] = random_.choice(HEADERS)
        case 4:
            del rows[row]
        case 5:
            rows.insert(random_.randrange(1, last + 1), list(rows[row]))
        case 6:
            rows[1:last] = random_.sample(rows[1:last], last - 1)
        case 7:
            for line in rows[:last]:
                del line[column]
        case 8:
            for line in rows[:last]:
                line.insert(0, line[column])
        case 9:
            rows[row] = rows[row][: random_.randrange(len(rows[row]))] + random_.choice([[], [""], ["1"] * 3])
        case 10:
            rows[row][0] = random_.choice([rows[random_.randrange(1, last)][0], rows[row][0].upper(), rows[row][0][1:], "f" * 16, "0" * 17])
        case _:
            end, mark = random_.choice(["\n", "\r\n", "\r", "\n\n", ";"]), random_.choice(["", "\ufeff", " "])
            return (mark + end.join(",".join(line) for line in rows)).encode(random_.choice(["utf-8", "utf-8", "utf-16"]))
    return "\n".join(",".join(line) for line in rows).encode()


def change_array(data, random_):
    """Returns an array's file with its header, a value or its length changed."""
    version, length = data[6:8], struct.unpack_from("<H", data, 8)[0]
    header, body = data[10 : 10 + length].decode("latin-1"), bytearray(data[10 + length :])
    match random_.randrange(8):
        case 0:
            header = header.replace("<f4", random_.choice(DESCRIPTIONS))
        case 1:
            header = header.replace("False", random_.choice(["True", "None", "0", "false"]))
        case 2 | 3:
            numbers = [0, 1, 2, 15, 16, 17, 32, 64, 1024, 65536, 2**31, 2**32, 2**62, 2**63, 2**64, -1, -16]
            shape = [random_.choice(numbers) for _ in range(random_.choice([0, 1, 2, 2, 2, 3]))]
            header = re.sub(r"\(.*?\)", lambda _: "(" + "".join(f"{number}, " for number in shape) + ")", header)
        case 4 | 5:
            for _ in range(random_.choice([1, 1, 5])):
                struct.pack_into("<f", body, 4 * random_.randrange(len(body) // 4), random_.choice(VALUES))
        case 6:
            body = body[: random_.randrange(len(body))] + bytes(random_.choice([0, 0, 4, 1024]))
        case _:
            version = random_.choice([b"\x01\x01", b"\x02\x00", b"\x03\x00", b"\x00\x00", b"\xff\xff"])
            if version in (b"\x02\x00", b"\x03\x00") and random_.random() < 0.7:
                return data[:6] + version + struct.pack("<I", length) + header.encode("latin-1") + bytes(body)
    if random_.random() < 0.5:  # as a writer would pad it
        header = header.rstrip() + " " * (-(10 + len(header.rstrip()) + 1) % 64) + "\n"
        length = len(header)
    return data[:6] + version + struct.pack("<H", length) + header.encode("latin-1") + bytes(body)


# ------------------------------------------------------------------------------------------------- what a file says


class Unlawful(Exception):
    """What a file has that it may not have."""


def demand(truth, what):
    if not truth:
        raise Unlawful(what)


def scores_of(data, column):
    """The scores of a table by id, an integer. Raises `Unlawful` where the article forbids what it has."""
    demand(b"\0" not in data, "a NUL")
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    demand(text.endswith("\n"), "no line feed at the end")
    demand("\r" not in re.sub(r'"(?:[^"]|"")*"', "", text).replace("\r\n", "\n"), "a carriage return alone")
    try:
        rows = list(csv.reader(io.StringIO(text.rstrip("\r\n") + "\n", newline=""), strict=True))
    except csv.Error as error:
        raise Unlawful(str(error)) from None
    demand(len(rows) > 1 and all(len(row) == len(rows[0]) for row in rows), "lines of other lengths")
    known = [name.lower() if re.fullmatch("R[1-4]", name) else name for name in rows[0]]
    demand(known.count("id") == 1 and known.count(column) == 1, "no column, or two")
    found = {}
    for row in rows[1:]:
        id, cell = row[known.index("id")], row[known.index(column)]
        demand(re.fullmatch("[0-9a-fA-F]{16}", id), f"the id {id!a}")
        demand(int(id, 16) not in found, f"{id} twice")
        if cell == "" and column in ("sources", "field", "r1", "r2", "r3", "r4") and known.count("mae") == 1:
            demand(number(row[known.index("mae")]) is not None, "an empty cell in a row without mae")
            cell = "0"
        score = number(cell)
        demand(score is not None, f"the score {cell!a}")
        found[int(id, 16)] = score
    return found


def number(cell):
    """A score, or None where it is none."""
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", cell):
        return None
    return float(cell) if math.isfinite(float(cell)) and float(cell) >= 0 else None


def check_features(data, rows):
    """Raises `Unlawful` where features are no (rows, width) float32 of finite numbers, as far as header and length say what they are.

    What else a header has, which NumPy may refuse, changes no number and is not looked at."""
    demand(data[:7] == b"\x93NUMPY\x01", "another format")
    start = 10 + int.from_bytes(data[8:10], "little")
    header = data[10:start].decode("utf-8", "replace")
    shape = re.search(r"'shape': \(\s*([0-9]+)\s*,\s*([0-9]+)\s*,?\s*\)", header)
    demand("'descr': '<f4'" in header and "'fortran_order': False" in header and shape, f"the header {header!a}")
    count, width = map(int, shape.groups())
    demand(count == rows and width > 0 and len(data) - start >= 4 * count * width, f"{count} rows of {width} in {len(data) - start} bytes")
    array = np.frombuffer(data, "<f4", count * width, start)
    demand(np.isfinite(array).all(), "a number that is not finite")


def problem(kind, folder, changed):
    """What is wrong with a version that was made of a changed file, or None."""
    file, scores, options, column = KINDS[kind]
    table = (folder / scores / "errors.csv").read_bytes()
    try:
        found = scores_of(table, column)
        if file == "features.npy":
            check_features(changed, len(found))
    except Unlawful as fault:
        return f"was accepted with {fault}"
    pack = folder / "r/pack"
    id = json.loads((pack / "tags.json").read_text())["x"]
    version = json.loads((pack / f"version-{id[:16]}.json").read_text())
    with (pack / version["layout"]["choices"]["path"]).open(newline="") as lines:
        chosen = [line for line in csv.DictReader(lines) if line["action"] in ("added", "taken")]
    got = {int(line["id"], 16): float(line["score"]) for line in chosen}
    if len(got) != ADDED or any(found.get(key) != value for key, value in got.items()):
        return f"chose {got}, which are not what the file says"
    # Of the training part the samples of S50% can be taken no more; the best of the others are.
    if "top" in options and scores == SCORED and sorted(got.values()) != sorted(found.values())[-ADDED:]:
        return f"chose {sorted(got.values())}, and not the largest scores"
    return None
