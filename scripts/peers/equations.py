"""The discrete equations of the article *Solver*, as sparse matrices, written with NumPy alone.

−∇·(D∇u) + γu = s on (rows, columns): a face between two sites has the harmonic mean of their D, a face at an absorbing side
the site's own, one at a reflecting side none. Pinned sites are eliminated: their rows are diagonal, and nothing else refers to
them.
"""

import numpy as np
import scipy.sparse as sparse

# Axis and step of the neighbours: north, south, west, east.
_STEPS = ((0, -1), (0, 1), (1, -1), (1, 1))


class Equations:
    """The equations of one medium: the `diagonal` and the four `faces` (north, south, west, east) of every site."""

    def __init__(self, down, across, decay, sides):
        """Takes D down, D across and γ, each (rows, columns), and what holds at `top`, `bottom`, `left` and `right`."""
        faces = []
        self.diagonal = decay.astype(float)
        for axis, medium, ends in ((0, down, ("top", "bottom")), (1, across, ("left", "right"))):
            medium = np.moveaxis(medium, axis, 0)
            before = np.zeros(medium.shape)  # the face before each site along the axis
            before[1:] = _harmonic(medium[1:], medium[:-1])
            after = np.zeros(medium.shape)
            after[:-1] = before[1:]
            walls = np.zeros(medium.shape)
            for place, name in zip((0, -1), ends):
                if sides[name] == "absorbing":
                    walls[place] += medium[place]
            if sides[ends[0]] == "periodic":
                before[0] = after[-1] = _harmonic(medium[0], medium[-1])
            faces += [np.moveaxis(face, 0, axis) for face in (before, after)]
            self.diagonal += np.moveaxis(before + after + walls, 0, axis)
        self.faces = faces

    def matrix(self):
        """Returns the matrix without pinned sites, CSR, (sites, sites)."""
        return self._matrix(self.faces)

    def pinned(self, mask, image):
        """Returns the matrix and the right-hand side with the sites of `mask` held at `image`: SPD, no stored zeros."""
        faces = []
        for (axis, step), face in zip(_STEPS, self.faces):
            faces.append(np.where(np.roll(mask, -step, axis) | mask, 0, face))
        return self._matrix(faces), self.right(mask, image)

    def right(self, mask, image):
        """Returns the right-hand side of that; the image is 0 where nothing is held."""
        right = sum(face * np.roll(image, -step, axis) for (axis, step), face in zip(_STEPS, self.faces))
        return np.where(mask, self.diagonal * image, right).ravel()

    def _matrix(self, faces):
        site = np.arange(self.diagonal.size, dtype=np.int32).reshape(self.diagonal.shape)
        north, south, west, east = ((np.roll(site, -step, axis), -face) for (axis, step), face in zip(_STEPS, faces))
        parts = (north, west, (site, self.diagonal), east, south)
        columns, values = (np.stack([part[index].ravel() for part in parts], axis=1) for index in (0, 1))
        stored = values != 0
        starts = np.concatenate(([0], np.cumsum(stored.sum(axis=1)))).astype(np.int32)
        matrix = sparse.csr_matrix((values[stored], columns[stored], starts), shape=(site.size,) * 2)
        matrix.sort_indices()  # periodic neighbours are out of order
        return matrix


def _harmonic(one, other):
    """The harmonic mean of two coefficients."""
    return 2 / (1 / one + 1 / other)


def constant(side, decay):
    """Returns the equations of D = 1 and one γ on side × side sites between absorbing sides."""
    ones = np.ones((side, side))
    return Equations(ones, ones, decay * ones, dict.fromkeys(("top", "bottom", "left", "right"), "absorbing"))
