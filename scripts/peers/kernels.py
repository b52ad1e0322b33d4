"""Loops that Numba compiles; without it they are plain Python, for small lattices.

Fields are (rows, columns); `side` is n of n × n sites, which images reflect with the period 2n + 2.
"""

import math
import os
import tempfile

import numpy as np
import scipy.sparse as sparse

os.environ.setdefault("NUMBA_CACHE_DIR", os.path.join(tempfile.gettempdir(), "steadyset-peers-numba"))
try:
    from numba import njit

    compiled = True
except ImportError:
    compiled = False

    def njit(**_):
        """Returns the function as it is."""
        return lambda function: function


def require(side):
    """Throws where a lattice of side × side sites needs Numba and it is missing."""
    if not compiled and side > 64:
        raise ModuleNotFoundError("No module named 'numba'", name="numba")


def eliminated(mask, image, decay):
    """Returns matrix and right-hand side of D = 1 with the sites of `mask` held at `image`, as `Equations.pinned` does."""
    count = mask.size
    starts, columns, values = np.empty(count + 1, np.int32), np.empty(5 * count, np.int32), np.empty(5 * count)
    stored = _assemble(mask, decay, starts, columns, values)
    matrix = sparse.csr_matrix((values[:stored], columns[:stored], starts), shape=(count, count), copy=False)
    right = np.zeros_like(image)
    right[1:] += image[:-1]
    right[:-1] += image[1:]
    right[:, 1:] += image[:, :-1]
    right[:, :-1] += image[:, 1:]
    right[mask] = (4.0 + decay) * image[mask]
    return matrix, right.ravel()


@njit(cache=True)
def _assemble(mask, decay, starts, columns, values):
    side = mask.shape[0]
    diagonal = 4.0 + decay
    place = 0
    for row in range(side):
        for column in range(side):
            site = row * side + column
            starts[site] = place
            free = not mask[row, column]
            if free and row > 0 and not mask[row - 1, column]:
                columns[place], values[place] = site - side, -1.0
                place += 1
            if free and column > 0 and not mask[row, column - 1]:
                columns[place], values[place] = site - 1, -1.0
                place += 1
            columns[place], values[place] = site, diagonal
            place += 1
            if free and column < side - 1 and not mask[row, column + 1]:
                columns[place], values[place] = site + 1, -1.0
                place += 1
            if free and row < side - 1 and not mask[row + 1, column]:
                columns[place], values[place] = site + side, -1.0
                place += 1
    starts[side * side] = place
    return place


@njit(cache=True, fastmath=True)
def recur(waves, pivots):
    """Solves tridiagonal systems along the rows in place, one for each column; `pivots` are reciprocals (Thomas)."""
    rows, columns = waves.shape
    for column in range(columns):
        waves[0, column] *= pivots[0, column]
    for row in range(1, rows):
        for column in range(columns):
            waves[row, column] = (waves[row, column] + waves[row - 1, column]) * pivots[row, column]
    for row in range(rows - 2, -1, -1):
        for column in range(columns):
            waves[row, column] += pivots[row, column] * waves[row + 1, column]


@njit(cache=True, fastmath=True)
def transform_charges(rows, columns, charges, sines, waves):
    """Writes the sine transform along the columns of charges at single sites."""
    waves[:] = 0
    for index in range(rows.size):
        row, column, charge = rows[index], columns[index], charges[index]
        for wave in range(waves.shape[1]):
            waves[row, wave] += charge * sines[column, wave]


@njit(cache=True)
def is_rim(row, column, covered):
    """Whether a covered site has a neighbour that is not covered."""
    last = covered.shape[0] - 1
    return (
        (row > 0 and not covered[row - 1, column]) or (row < last and not covered[row + 1, column])
        or (column > 0 and not covered[row, column - 1]) or (column < last and not covered[row, column + 1])
    )  # fmt: skip


@njit(cache=True)
def list_sites(centres, row_offsets, column_offsets, owner, covered, rim, rows, columns, starts):
    """Lists the sites of disks without repeats, grouped by the last disk there; `rim` lists those of the rims alone.

    `owner` and `covered` are working memory, all −1 and all false before and after. Returns how many there are.
    """
    count = 0
    for disk in range(centres.shape[0]):
        for offset in range(row_offsets.size):
            row, column = centres[disk, 0] + row_offsets[offset], centres[disk, 1] + column_offsets[offset]
            owner[row, column] = disk
            covered[row, column] = True
    for disk in range(centres.shape[0]):
        starts[disk] = count
        for offset in range(row_offsets.size):
            row, column = centres[disk, 0] + row_offsets[offset], centres[disk, 1] + column_offsets[offset]
            if owner[row, column] == disk and (not rim or is_rim(row, column, covered)):
                rows[count], columns[count] = row, column
                count += 1
    starts[centres.shape[0]] = count
    for disk in range(centres.shape[0]):
        for offset in range(row_offsets.size):
            row, column = centres[disk, 0] + row_offsets[offset], centres[disk, 1] + column_offsets[offset]
            owner[row, column] = -1
            covered[row, column] = False
    return count


@njit(cache=True, fastmath=True)
def capacitance(rows, columns, green, side, cut, matrix):
    """Writes Green's function of the box between sites, by odd images in the table `green` of the torus of 2·side + 2 sites.

    Terms whose squared distance is `cut` or more are left out.
    """
    turn = 2 * side + 2
    for one in range(rows.size):
        for other in range(one + 1):
            across, down = abs(columns[one] - columns[other]), abs(rows[one] - rows[other])
            far_down, far_across = rows[one] + rows[other] + 2, columns[one] + columns[other] + 2
            far_down, far_across = min(far_down, turn - far_down), min(far_across, turn - far_across)
            value = 0.0
            if down * down + across * across < cut:
                value += green[down, across]
            if far_down * far_down + across * across < cut:
                value -= green[far_down, across]
            if down * down + far_across * far_across < cut:
                value -= green[down, far_across]
            if far_down * far_down + far_across * far_across < cut:
                value += green[far_down, far_across]
            matrix[one, other] = value
            matrix[other, one] = value


@njit(cache=True, fastmath=True, error_model="numpy")
def factorise_blocks(matrix, starts, factors):
    """Writes Cholesky factors of the diagonal blocks, one a disk, into `factors[disk]`, with reciprocal diagonals."""
    for disk in range(starts.size - 1):
        first, size = starts[disk], starts[disk + 1] - starts[disk]
        for column in range(size):
            pivot = float(matrix[first + column, first + column])
            for inner in range(column):
                pivot -= factors[disk, column, inner] ** 2
            pivot = 1.0 / math.sqrt(pivot)
            factors[disk, column, column] = pivot
            for row in range(column + 1, size):
                value = float(matrix[first + row, first + column])
                for inner in range(column):
                    value -= factors[disk, row, inner] * factors[disk, column, inner]
                factors[disk, row, column] = value * pivot


@njit(cache=True, fastmath=True)
def apply_blocks(factors, starts, residual, result):
    """Solves with the blocks of `factorise_blocks`."""
    for disk in range(starts.size - 1):
        first, size = starts[disk], starts[disk + 1] - starts[disk]
        for row in range(size):
            value = residual[first + row]
            for inner in range(row):
                value -= factors[disk, row, inner] * result[first + inner]
            result[first + row] = value * factors[disk, row, row]
        for row in range(size - 1, -1, -1):
            value = result[first + row] * factors[disk, row, row]
            result[first + row] = value
            for inner in range(row):
                result[first + inner] -= factors[disk, row, inner] * value


@njit(cache=True, fastmath=True, error_model="numpy")
def solve_charges(matrix, values, starts, factors, tolerance, work):
    """Solves matrix · charges = values by conjugate gradients with those blocks, until max |residual| ≤ tolerance.

    The maximum principle makes that a bound of the field's error. `work` is (5, sites); its first row receives the charges.
    Returns the number of steps, at most 200.
    """
    charges, residual, preconditioned, direction, product = work[0], work[1], work[2], work[3], work[4]
    charges[:] = 0
    residual[:] = values
    energy = 0.0
    for step in range(200):
        largest = 0.0
        for site in range(values.size):
            largest = max(largest, abs(residual[site]))
        if largest <= tolerance:
            return step
        apply_blocks(factors, starts, residual, preconditioned)
        before, energy = energy, 0.0
        for site in range(values.size):
            energy += residual[site] * preconditioned[site]
        kept = energy / before if step else 0.0
        for site in range(values.size):
            direction[site] = preconditioned[site] + kept * direction[site] if step else preconditioned[site]
        curvature = 0.0
        for site in range(values.size):
            line = matrix[site]
            value = 0.0
            for other in range(values.size):
                value += line[other] * direction[other]
            product[site] = value
            curvature += value * direction[site]
        length = energy / curvature
        for site in range(values.size):
            charges[site] += length * direction[site]
            residual[site] -= length * product[site]
    return 200


@njit(cache=True, fastmath=True)
def add_response(field, response, row, column, value, reach):
    """Adds the stored response of one disk, with odd images beyond the walls; `response` is (reach + 1, 2·reach + 1)."""
    side = field.shape[0]
    turn = 2 * side + 2
    for down in range(3):
        own_row = row if down == 0 else (-row - 2 if down == 1 else turn - row - 2)
        if own_row + reach < 0 or own_row - reach > side - 1:
            continue
        for across in range(3):
            own_column = column if across == 0 else (-column - 2 if across == 1 else turn - column - 2)
            if own_column + reach < 0 or own_column - reach > side - 1:
                continue
            scale = value if (down > 0) == (across > 0) else -value
            for site_row in range(max(0, own_row - reach), min(side - 1, own_row + reach) + 1):
                width = int(math.sqrt(reach * reach - (site_row - own_row) * (site_row - own_row)))
                first, last = max(0, own_column - width), min(side - 1, own_column + width)
                if last < first:
                    continue
                line = response[abs(site_row - own_row)]
                shift = line.size // 2 - own_column
                target, source = field[site_row, first : last + 1], line[first + shift : last + 1 + shift]
                for site in range(target.size):
                    target[site] += scale * source[site]
