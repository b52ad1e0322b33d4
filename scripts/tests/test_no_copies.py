"""No shipped dataset has the same problem on both sides: no image of a test or validation sample is in the training part.

Nothing of the program's own comparison is used. A problem is what a shard holds of it, x and the coefficients, site by site;
two are the same where a reflection, a turn, or a shift along periodic sides carries all of it from one onto the other, and what
holds at the sides too. Every pair of two parts is compared for which a number is equal that no symmetry changes.
"""

import collections
import hashlib
import json
import pathlib

import h5py
import hdf5plugin  # noqa: F401 - registers filter 32001 with h5py
import numpy as np
import pytest
import yaml
from conftest import REPOSITORY, steadyset, write
from golden import ids as golden

PIPELINES = sorted(
    str(path.relative_to(REPOSITORY / "pipelines").with_suffix(""))
    for path in [*(REPOSITORY / "pipelines").glob("*.yaml"), *(REPOSITORY / "pipelines/studies").glob("data-*.yaml")]
)
# The paper's designs are cut: of one source, of which two are the same most easily, 600 (of 512² places in 8 symmetries, some five
# pairs would be), of each other number 10; of the samples of the study without an end a twentieth. All others are made whole, with models
# that learn for a short time.
PAPER = {"sampling": {"samples_per_stratum": [600] + 19 * [10]}}
CUTS = {"paper": PAPER, "diffsolver": PAPER, "studies/data-endless-reduced": {"sampling": {"samples_per_stratum": 260}}}
SIDES = ("top", "right", "bottom", "left")


class Problem:
    """x and the coefficients of one sample, which two of the coefficients are D down and across, and what holds at the sides."""

    def __init__(self, x, media, pair, sides):
        # x is kept as its sites that are not 0: there are thousands of them.
        self.lattice, self.sites = x.shape, np.flatnonzero(x)
        self.values = x.reshape(-1)[self.sites]
        self.media, self.pair, self.sides = media, pair, sides

    def picture(self):
        x = np.zeros(self.lattice, np.float32)
        x.flat[self.sites] = self.values
        return Picture(np.concatenate([x[None], *self.media]), self.pair, self.sides)

    @property
    def key(self):
        """The same for all images of a problem, shifts along periodic sides too: a digest of the values of x, each with its
        distances from the middle where nothing shifts."""
        values = self.values.view(np.uint32).astype(np.int64)
        if "periodic" not in self.sides:
            row, column = np.divmod(self.sites, self.lattice[1])
            down, across = np.abs(2 * row + 1 - self.lattice[0]), np.abs(2 * column + 1 - self.lattice[1])
            values = (values << 32) + (np.minimum(down, across) << 16) + np.maximum(down, across)
        return hashlib.sha256(np.sort(values).tobytes()).digest()

    def is_image_of(self, other):
        picture = other.picture()
        return any(
            image.sides == picture.sides and any(np.array_equal(shifted, picture.fields) for shifted in shifts(image, picture))
            for image in self.picture().images()
        )


class Picture:
    """All fields of a problem, (fields, rows, columns), x first."""

    def __init__(self, fields, pair, sides):
        self.fields, self.pair, self.sides = fields, pair, sides

    def images(self):
        """Yields the problem in all the reflections and turns that keep the lattice's shape."""
        rows, columns = self.fields.shape[1:]
        for turned in (False, True) if rows == columns else (False,):
            for down in (False, True):
                for across in (False, True):
                    fields, (top, right, bottom, left) = self.fields, self.sides
                    if turned:
                        fields = fields.transpose(0, 2, 1)
                        top, right, bottom, left = left, bottom, right, top
                        if self.pair:
                            order = np.arange(len(fields))
                            order[list(self.pair)] = order[list(self.pair[::-1])]
                            fields = fields[order]
                    if down:
                        fields, top, bottom = fields[:, ::-1], bottom, top
                    if across:
                        fields, right, left = fields[:, :, ::-1], left, right
                    yield Picture(fields, self.pair, (top, right, bottom, left))

    @property
    def periodic(self):
        """Whether rows and columns go around."""
        return self.sides[0] == "periodic", self.sides[1] == "periodic"


def shifts(image, other):
    """Yields the image in all shifts along its periodic sides that carry one rare value of x onto one of the other's."""
    if not any(image.periodic):
        yield image.fields
        return
    values, counts = np.unique(other.fields[0][other.fields[0] != 0], return_counts=True)
    rare = values[np.argmin(counts)]
    target = np.argwhere(other.fields[0] == rare)[0]
    for place in np.argwhere(image.fields[0] == rare):
        shift = target - place
        if all(around or not step for around, step in zip(image.periodic, shift)):
            yield np.roll(image.fields, tuple(shift), (1, 2))


def problems(dataset):
    """Yields (part, id, Problem) of every sample of a dataset, of its last version if there are any."""
    pack = pathlib.Path(dataset) / "pack"
    manifests = [json.loads(path.read_text()) for path in [pack / "manifest.json", *pack.glob("version-*.json")]]
    manifest = max(manifests, key=lambda version: version["content"]["samples"])
    physics = manifest["parameters"]["physics"]
    boundary = physics["boundary"]
    sides = tuple(boundary if isinstance(boundary, str) else boundary[side] for side in SIDES)
    for entry in manifest["files"]:
        with h5py.File(pack / entry["path"]) as shard:
            lattice = shard["x"].shape[1:]
            names = [name for name in ("diffusivity", "decay_rate") if name in shard]
            # A random medium with a key is one for all samples.
            own = {name for name in names if "random" in (text := json.dumps(physics[name])) and '"key"' not in text}
            shared = {name: shard[name][...].reshape(-1, *lattice) for name in names if name not in own}
            columns = {name: shard[name] for name in ("id", "x", *own)}
            for start in range(0, entry["samples"], 64):
                block = {name: column[start : start + 64] for name, column in columns.items()}
                for id, x, row in zip(block["id"], block["x"], range(64)):
                    media = [block[name][row].reshape(-1, *lattice) if name in own else shared[name] for name in names]
                    pair = (1, 2) if names[:1] == ["diffusivity"] and len(media[0]) == 2 else None
                    yield entry["part"], int(id), Problem(x, media, pair, sides)


def copies(found):
    """(pairs with the same key, [(part, id, part, id)] of the same problem in different parts) of what `problems` yields."""
    near = collections.defaultdict(list)
    compared, same = 0, []
    for part, id, problem in found:
        others = near[problem.key]
        for other_part, other_id, other in others:
            if other_part != part:
                compared += 1
                if problem.is_image_of(other):
                    same.append((part, f"{id:016x}", other_part, f"{other_id:016x}"))
        others.append((part, id, problem))
    return compared, same


def made(name, quickstart, listed, folder):
    """A shipped pipeline's dataset, which another test may have made."""
    if name == "quickstart":
        return quickstart[0] / "quickstart"
    if "sampling" not in golden.CUTS.get(name, {}):
        return listed(name)[0] / "dataset"
    pipeline = yaml.safe_load((REPOSITORY / f"pipelines/{name}.yaml").read_text())
    for section, keys in CUTS.get(name, {}).items():
        pipeline[section] |= keys
    pipeline.setdefault("solver", {})["compression_level"] = 1
    steadyset("run", write(folder, pipeline), "-o", folder / "dataset", "--until", "pack")
    return folder / "dataset"


@pytest.mark.parametrize("name", PIPELINES)
def test_no_copy_on_both_sides(name, quickstart, listed, tmp_path):
    found = list(problems(made(name, quickstart, listed, tmp_path)))
    parts = collections.Counter(part for part, _, _ in found)
    assert parts["train"] and parts["test"] and len(found) == sum(parts.values()) > 30
    assert copies(found)[1] == []


def test_every_image_is_found():
    """The comparison itself: images of a problem are copies, and what an image of it is not is none."""
    generator = np.random.default_rng(7)
    x = np.zeros((12, 12), np.float32)
    x[2:5, 3:8], x[8, 1], x[9:11, 2:4] = 0.25, 1, 0.5
    down, across, decay = generator.random((3, 1, 12, 12), np.float32)
    flips = [np.copy, np.flipud, np.fliplr, np.rot90, np.transpose, lambda a: a[::-1, ::-1], lambda a: np.rot90(a, 3), lambda a: np.rot90(a, 2).T]

    def same(*problems):
        return len(copies([(part, 1, problem) for part, problem in zip(("train", "test"), problems)])[1])

    closed, torus, mixed = ["absorbing"] * 4, ["periodic"] * 4, ["absorbing", "periodic", "absorbing", "periodic"]
    plain = Problem(x, [], None, tuple(closed))
    for flip in flips:
        assert same(plain, Problem(flip(x), [], None, tuple(closed))) == 1
        # With a medium: of all eight the one that is carried too, D down and across in each other's place where it is turned.
        medium = [np.concatenate([down, across]), decay]
        carried = [flip(plane) for plane in (down[0], across[0])]
        turned = flip(np.arange(144).reshape(12, 12))
        if abs(int(turned[0, 1]) - int(turned[0, 0])) == 12:
            carried.reverse()
        rich = Problem(x, medium, (1, 2), tuple(closed))
        assert same(rich, Problem(flip(x), [np.stack(carried), flip(decay[0])[None]], (1, 2), tuple(closed))) == 1
        assert same(rich, Problem(flip(x), [np.stack(carried[::-1]), flip(decay[0])[None]], (1, 2), tuple(closed))) == 0
        for shift in ((5, 0), (0, 7), (3, 2)):
            moved = np.roll(flip(x), shift, (0, 1))
            assert same(Problem(x, [], None, tuple(torus)), Problem(moved, [], None, tuple(torus))) == 1
            assert same(plain, Problem(moved, [], None, tuple(closed))) == 0
    for shift, expected in (((0, 4), 1), ((3, 0), 0)):
        moved = np.roll(x, shift, (0, 1))
        assert same(Problem(x, [], None, tuple(mixed)), Problem(moved, [], None, tuple(mixed))) == expected
        assert same(Problem(x, [decay], None, tuple(mixed)), Problem(moved, [decay], None, tuple(mixed))) == 0
    # Turned, the sides are others.
    assert same(Problem(x, [], None, tuple(mixed)), Problem(x.T.copy(), [], None, tuple(mixed))) == 0
    sides = ("absorbing", "absorbing", "reflecting", "absorbing")
    assert same(Problem(x, [], None, sides), Problem(np.fliplr(x), [], None, sides)) == 1
    assert same(Problem(x, [], None, sides), Problem(np.flipud(x), [], None, sides)) == 0
    assert same(plain, Problem(2 * x, [], None, tuple(closed))) == 0
