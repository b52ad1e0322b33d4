"""Configurations of disks of radius 5: drawing them, and their source images."""

import numpy as np

RADIUS = 5
# Offsets of a disk's sites from its centre, (69).
_SPAN = np.arange(-RADIUS, RADIUS + 1)
_INSIDE = _SPAN[:, None] ** 2 + _SPAN[None, :] ** 2 <= RADIUS**2
ROW_OFFSETS, COLUMN_OFFSETS = (offsets - RADIUS for offsets in np.nonzero(_INSIDE))


def draw(number, side, count, seed, keys=0):
    """Returns configuration `number` as a line of steadyset's own: `count` disks anywhere on side × side sites.

    The first has the value 1, the others are uniform on (0, 1]. `keys` is how many keys of random coefficients follow. Draws
    are doubles of Philox under the key (seed, number) alone, so a configuration does not depend on how many there are.
    """
    generator = np.random.Generator(np.random.Philox(key=np.array([seed, number], dtype=np.uint64)))
    sources, places = [], side - 2 * RADIUS
    for index in range(count):
        row, column = (RADIUS + int(generator.random() * places) for _ in range(2))
        value = 1.0 - generator.random()
        sources.append({"row": row, "column": column, "radius": RADIUS, "value": value if index else 1.0})
    drawn = [int(generator.random() * 2**32) for _ in range(keys)]
    return {"sources": sources, **({"keys": drawn} if keys else {})}


def rasterise(sources, side, overlap):
    """Returns the mask of covered sites and the image, both (side, side).

    `overlap` says which value holds where disks share a site: that of the `last`, or their `sum`.
    """
    mask, image = np.zeros((side, side), bool), np.zeros((side, side))
    for source in sources:
        sites = ROW_OFFSETS + source["row"], COLUMN_OFFSETS + source["column"]
        image[sites] = source["value"] if overlap == "last" else image[sites] + source["value"]
        mask[sites] = True
    return mask, image
