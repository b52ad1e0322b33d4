"""The whole family of problems, drawn and discretised without Steadyset: NumPy and SciPy, after the documentation.

Sines, cosines and powers are the platform's, which differ from Steadyset's in the last bits; what rests on them is compared
with a tolerance, and sites are compared where those bits do not decide.
"""

import hashlib

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg as linalg

import reference

M = 0xFFFFFFFF
EDGE = 2.0**-34  # what an edge is met within
SHAPES = ["radius", "ellipse", "rectangle", "ring", "polygon", "capsule"]


def philox(key, counter):
    (k0, k1), (a, b, c, d) = key, counter
    for _ in range(10):
        p, q = 0xD2511F53 * a, 0xCD9E8D57 * c
        a, b, c, d = (q >> 32) ^ b ^ k0, q & M, (p >> 32) ^ d ^ k1, p & M
        k0, k1 = (k0 + 0x9E3779B9) & M, (k1 + 0xBB67AE85) & M
    return a, b, c, d


# ---------------------------------------------------------------------------------------------- shapes


def parameters(source):
    """Returns the number of a source's shape and its parameters in order."""
    name = next(key for key in SHAPES if key in source)
    value = source[name]
    flat = {
        "radius": lambda: [value],
        "ellipse": lambda: [*value["radii"], value.get("angle", 0)],
        "rectangle": lambda: [*value["halves"], value.get("angle", 0)],
        "ring": lambda: [value["outer"], value["inner"]],
        "capsule": lambda: [value["half_length"], value["radius"], value.get("angle", 0)],
        "polygon": lambda: [x for corner in value for x in corner],
    }[name]()
    return SHAPES.index(name), flat


def settled(value):
    """Returns the whole number within EDGE, or the number itself."""
    return np.where(np.abs(value - np.round(value)) <= EDGE, np.round(value), value)


def inside(source, rows, columns):
    """Returns which of the sites (arrays of absolute rows and columns) belong to a source or region."""
    code, p = parameters(source)
    i, j = (np.asarray(rows) - source["row"]).astype(float), (np.asarray(columns) - source["column"]).astype(float)
    if code == 0:
        return i * i + j * j <= p[0] * p[0]
    if code == 3:
        return (i * i + j * j <= p[0] * p[0]) & (i * i + j * j > p[1] * p[1])
    if code == 4:
        corners = [(settled(r), c) for r, c in zip(p[::2], p[1::2])]
        odd = np.zeros(np.broadcast(i, j).shape, bool)
        for one, other in zip(corners, corners[1:] + corners[:1]):
            (r, c), (s, d) = sorted((one, other), key=lambda corner: corner[0])
            if r < s:
                odd ^= (r <= i) & (i < s) & (settled(c + (i - r) / (s - r) * (d - c)) <= j)
        return odd
    sine, cosine = np.sin(np.deg2rad(p[2])), np.cos(np.deg2rad(p[2]))
    if p[2] == 90:
        cosine = 0.0
    u, v = i * cosine + j * sine, j * cosine - i * sine
    if code == 5:
        nearest = np.clip(u, -p[0], p[0])
        return np.hypot(u - nearest, v) <= p[1] + EDGE
    if code == 1:
        return (u / (p[0] + EDGE)) ** 2 + (v / (p[1] + EDGE)) ** 2 <= 1
    return (np.abs(u) <= p[0] + EDGE) & (np.abs(v) <= p[1] + EDGE)


def mask(source, lattice):
    """Returns a mask (rows, columns) of the sites of a source or region."""
    i, j = np.ogrid[: lattice[0], : lattice[1]]
    return inside(source, i, j)


def image(physics, sources):
    """Returns the source image in float64 and the mask of covered sites."""
    values, covered = np.zeros(physics["lattice"]), np.zeros(physics["lattice"], bool)
    policy = physics["overlap"]
    for source in sources if policy == "last" else sorted(sources, key=order):
        sites = mask(source, physics["lattice"])
        if policy == "max":
            values[sites] = np.maximum(values[sites], source["value"])
        elif policy == "sum":
            values[sites] += source["value"]
        else:
            values[sites] = source["value"]
        covered |= sites
    return values, covered


def order(source):
    return source["row"], source["column"], *parameters(source), source["value"]


def sample_id(physics, sources):
    """Returns the id of a configuration, whose physics has all keys."""
    members = dict(physics)
    overlap = sum(mask(source, physics["lattice"]).astype(int) for source in sources).max() > 1
    if not overlap:
        del members["overlap"]
    if not (overlap and physics["overlap"] == "last"):
        sources = sorted(sources, key=order)
    text = reference.canonical({"physics": members, "sources": sources})
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------------------------------------- draws


def draw(bounds, word):
    """Returns a parameter that is a number or a range."""
    if bounds == "any":
        bounds = {"from": 0, "to": 180 - 2**-10}
    if not isinstance(bounds, dict):
        return bounds
    a, b = int(np.ceil(bounds["from"] * 1024)), int(np.floor(bounds["to"] * 1024))
    return (a + (word * (b - a + 1) >> 32)) / 1024


def draw_shape(alternatives, block):
    """Returns the shape's member that the words of `block(number)` choose, without angles' sines in it."""
    words = block(0)
    ((name, ranges),) = alternatives[words[0] * len(alternatives) >> 32].items()
    if name == "disk":
        return {"radius": draw(ranges["radius"], words[1])}
    if name == "ring":
        return {"ring": {"outer": draw(ranges["outer"], words[1]), "inner": draw(ranges["inner"], words[2])}}
    if name == "capsule":
        half, radius = draw(ranges["half_length"], words[1]), draw(ranges["radius"], words[2])
        return {name: {"half_length": half, "radius": radius, "angle": draw(ranges.get("angle", 0), words[3])}}
    if name in ("ellipse", "rectangle"):
        key = "radii" if name == "ellipse" else "halves"
        pair = [draw(bounds, word) for bounds, word in zip(ranges[key], words[1:])]
        return {name: {key: pair, "angle": draw(ranges.get("angle", 0), words[3])}}
    count = ranges["corners"]
    if isinstance(count, dict):
        count = count["from"] + (words[1] * (count["to"] - count["from"] + 1) >> 32)
    corners = []
    for k in range(count):
        length, turn = block(1 + k // 2)[2 * (k % 2) :][:2]
        angle = np.deg2rad((k + 0.375 * turn / 2**32 + words[2] / 2**32) * 360 / count)
        radius = draw(ranges["radius"], length)
        corners.append([round(radius * np.cos(angle) * 64) / 64, round(radius * np.sin(angle) * 64) / 64])
    return {"polygon": corners}


def box(shape):
    """Returns the first and last row and column of a shape around its centre."""
    span = np.arange(-64, 65)
    sites = inside({"row": 0, "column": 0, **shape}, span[:, None], span[None, :])
    rows, columns = np.flatnonzero(sites.any(1)) - 64, np.flatnonzero(sites.any(0)) - 64
    return rows[0], rows[-1], columns[0], columns[-1]


def sample(pipeline, n, index):
    """Returns the drawn sources and keys of a sample whose shapes or keys are drawn."""
    physics, sampling = pipeline["physics"], pipeline["sampling"]
    rows, columns = physics["lattice"]
    seed, rule = sampling["seed"], sampling.get("values", {"rule": "anchored", "above": 0, "up_to": 1})
    alternatives = sampling.get("shapes", [{"disk": {"radius": sampling.get("radius", 5)}}])
    if rule["rule"] == "anchored":
        low, high = int(rule["above"] * 2**24) + 1, int(rule["up_to"] * 2**24)
    else:
        low, high = int(np.ceil(rule["from"] * 2**24)), int(rule["up_to"] * 2**24)
    sources, steps, attempt = [], [], 0
    while len(sources) < n:
        counter = (n, index & M, index >> 32)
        words = philox((seed, 0), (attempt, *counter))
        shape = draw_shape(alternatives, lambda k: philox((seed, 3), (attempt + 65536 * k, *counter)))
        top, bottom, left, right = box(shape)
        source = {
            "row": int(-top + (words[0] * (rows - bottom + top) >> 32)),
            "column": int(-left + (words[1] * (columns - right + left) >> 32)), **shape,
        }
        attempt += 1
        if physics.get("overlap") == "forbid":
            sites = mask(source, physics["lattice"])
            if any((sites & mask(other, physics["lattice"])).any() for other in sources):
                continue
        sources.append(source)
        steps.append(low + (words[2] * (high - low + 1) >> 32))
    for k, source in enumerate(sources):
        if rule["rule"] == "anchored":
            source["value"] = 1 if k == 0 else steps[k] / 2**24
        else:
            source["value"] = float(np.float32(steps[k] / max(steps)))
    keys = [philox((seed, 4), (place, n, index & M, index >> 32))[0] for place in range(len(open_places(physics)))]
    return sources, keys


# ---------------------------------------------------------------------------------------------- media


def coefficients(physics):
    """Returns the places (parent, key) of the coefficients: D, or D down and D across, then γ."""
    diffusivity = physics.get("diffusivity", 1)
    two = isinstance(diffusivity, dict) and "down" in diffusivity
    places = [(diffusivity, "down"), (diffusivity, "across")] if two else [(physics, "diffusivity")]
    return places + [(physics, "decay_rate")]


def open_places(physics):
    found = [parent[key] for parent, key in coefficients(physics) if isinstance(parent.get(key), dict)]
    drawn = [next(iter(value.values())) for value in found if next(iter(value)) in ("random", "lognormal", "two_valued")]
    return [value for value in drawn if "key" not in value]


def weights(side, length, periodic):
    """Returns the spline's weights, (side, nodes)."""
    count = max(4, round(side / length)) if periodic else int((side - 1) / length) + 4
    matrix = np.zeros((side, count))
    for site in range(side):
        t = site * count / side if periodic else site / length
        cell, u = int(t), t - int(t)
        for k, weight in enumerate([(1 - u) ** 3, 4 - 6 * u**2 + 3 * u**3, 4 - 6 * (1 - u) ** 2 + 3 * (1 - u) ** 3, u**3]):
            matrix[site, (cell + k) % count] += weight / 6
    return matrix


def normal(key, k, block, attempt):
    """Returns the four normal numbers of a block."""
    words = philox((key, 6), (k, block, attempt, 0))
    pairs = [(np.sqrt(-2 * np.log((w + 0.5) / 2**32)), 2 * np.pi * (v + 0.5) / 2**32) for w, v in (words[:2], words[2:])]
    return [part for r, angle in pairs for part in (r * np.cos(angle), r * np.sin(angle))]


def convenient(length):
    """Returns the least even number from `length` on without a prime factor above 5."""
    while length % 2 or 30**12 % length:
        length += 1
    return length


KERNELS = {
    "exponential": (16, lambda h: np.exp(-h)),
    "gaussian": (4, lambda h: np.exp(-(h**2))),
    "cubic": (1, lambda h: np.where(h < 1, 1 - 7 * h**2 + 35 / 4 * h**3 - 7 / 2 * h**5 + 3 / 4 * h**7, 0)),
}


def gaussian(covariance, lattice, periodic, key, attempt):
    """Returns a Gaussian field of variance 1, (rows, columns), by sums over waves that share no code with the program."""
    ((form, value),) = covariance.items()
    rows, columns = lattice
    if form == "spectral":
        k, l = (np.arange(side) * (np.pi * max(lattice) / side) for side in lattice)  # noqa: E741
        with np.errstate(divide="ignore"):
            variance = (k[:, None] ** 2 + l**2 + value["tau"] ** 2) ** -float(value["alpha"])
        variance[0, 0] = 0
        variance /= variance.sum()
        variance[1:] *= 2
        variance[:, 1:] *= 2
        blocks = [[normal(key, a, b, attempt) for b in range(-(-columns // 4))] for a in range(rows)]
        g = np.array(blocks).reshape(rows, -1)[:, :columns]
        down, across = (np.cos(np.pi * np.outer(np.arange(side) + 0.5, np.arange(side)) / side) for side in lattice)
        return down @ (np.sqrt(variance) * g) @ across.T
    reach, kernel = KERNELS[form]
    reach = int(np.ceil(reach * value["length"]))
    high, wide = (s if wraps else convenient(min(s + reach, 2 * s)) for s, wraps in zip(lattice, periodic))
    i, j = (np.minimum(np.arange(side), side - np.arange(side)) for side in (high, wide))
    variance = np.maximum(np.fft.fft2(kernel(np.hypot(i[:, None], j) / value["length"])).real, 0)
    variance /= variance.sum()
    waves = wide // 2 + 1
    blocks = [[normal(key, a, b, attempt) for b in range(-(-waves // 2))] for a in range(high)]
    g = np.array(blocks).reshape(high, -1, 2)[:, :waves] @ [1, 1j]
    amplitude = np.sqrt(variance[:, :waves])
    amplitude[:, [l for l in range(waves) if l and 2 * l != wide]] *= np.sqrt(2)  # noqa: E741
    full = np.zeros((high, wide), complex)
    full[:, :waves] = amplitude * g
    return (np.fft.ifft2(full) * high * wide).real[:rows, :columns]


def decided(form, value, lattice, periodic):
    """Returns a coefficient that a Gaussian field decides."""
    if form == "two_valued":
        field = gaussian(value["covariance"], lattice, periodic, value["key"], 0)
        return np.where(field >= 0, value["above"], value["below"])
    for attempt in range(1024):
        log = np.sqrt(value["variance"]) * gaussian(value["covariance"], lattice, periodic, value["key"], attempt)
        most = np.log(value["contrast"]["to"])
        if np.log(value["contrast"]["from"]) <= np.ptp(log) <= most and abs(log).max() <= most:
            return value["median"] * np.exp(log)
    raise AssertionError("no draw has such a contrast")


def evaluate(coefficient, lattice, periodic):
    """Returns a coefficient on every site; `periodic` says so of rows and of columns."""
    if not isinstance(coefficient, dict):
        return np.full(lattice, float(coefficient))
    ((form, value),) = coefficient.items()
    field = np.zeros(lattice)
    if form == "layered":
        side = np.arange(lattice[0] if value["axis"] == "rows" else lattice[1])
        line = np.array(value["values"], float)[np.searchsorted(value["edges"], side, side="right")]
        return field + (line[:, None] if value["axis"] == "rows" else line[None, :])
    if form == "regions":
        field[:] = value["background"]
        for region in value["regions"]:
            field[mask(region, lattice)] = region["value"]
        return field
    if form in ("lognormal", "two_valued"):
        return decided(form, value, lattice, periodic)
    down, across = (weights(side, value["length"], wraps) for side, wraps in zip(lattice, periodic))
    nodes = np.array([[philox((value["key"], 5), (a, b, 0, 0))[0] for b in range(across.shape[1])] for a in range(down.shape[1])])
    t = down @ (nodes / 2**32) @ across.T
    t = (t - t.min()) / (t.max() - t.min())
    return value["from"] * (value["to"] / value["from"]) ** t


def sides(physics):
    boundary = physics["boundary"]
    names = ("top", "bottom", "left", "right")
    return boundary if isinstance(boundary, dict) else dict.fromkeys(names, boundary)


def medium(physics):
    """Returns D down, D across and γ, each (rows, columns)."""
    wraps = [sides(physics)[side] == "periodic" for side in ("top", "left")]
    values = [evaluate(parent[key], physics["lattice"], wraps) for parent, key in coefficients(physics)]
    return values if len(values) == 3 else [values[0], values[0], values[1]]


def field(physics, sources):
    """Returns the steady state (rows, columns) by sparse LU with one step of refinement."""
    down, across, decay = medium(physics)
    (rows, columns), count = physics["lattice"], down.size
    site = np.arange(count).reshape(rows, columns)
    ground = decay.ravel().copy()
    entries = []

    def join(a, b, d):
        one, two, face = site[a].ravel(), site[b].ravel(), 2 / (1 / d[a].ravel() + 1 / d[b].ravel())
        entries.extend([(one, two, -face), (two, one, -face)])
        np.add.at(ground, one, face)
        np.add.at(ground, two, face)

    join(np.s_[:-1, :], np.s_[1:, :], down)
    join(np.s_[:, :-1], np.s_[:, 1:], across)
    for name, here, there, d in [
        ("top", np.s_[:1, :], np.s_[-1:, :], down), ("bottom", np.s_[-1:, :], None, down),
        ("left", np.s_[:, :1], np.s_[:, -1:], across), ("right", np.s_[:, -1:], None, across),
    ]:
        condition = sides(physics)[name]
        if condition == "absorbing":
            np.add.at(ground, site[here].ravel(), d[here].ravel())
        elif condition == "periodic" and there is not None:
            join(here, there, d)
    entries.append((np.arange(count), np.arange(count), ground))
    parts = [np.concatenate(column) for column in zip(*entries)]
    matrix = sparse.csr_matrix((parts[2], (parts[0], parts[1])), shape=(count, count))
    values, covered = image(physics, sources)
    free = np.ones(count, bool) if physics["sources"] == "emitting" else ~covered.ravel()
    right = values.ravel().copy() if physics["sources"] == "emitting" else -(matrix[:, ~free] @ values.ravel()[~free])
    inner, right = matrix[free][:, free].tocsc(), right[free]
    factors = linalg.splu(inner)
    found = factors.solve(right)
    found += factors.solve(right - inner @ found)
    field = values.ravel().copy()
    field[free] = found
    field = field.reshape(rows, columns)
    return field / field.max() if physics["sources"] == "emitting" else field
