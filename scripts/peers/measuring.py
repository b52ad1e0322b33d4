"""Times of one solver on the samples of a problem, and the errors of its fields."""

import statistics
import time

from .references import errors

# Relative residuals that an iterative solver may stop at, loosest first.
LADDER = [10 ** (-step / 2) for step in range(4, 27)]
CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def measure(solver, problem, references, largest_error, repeats, clock, tolerances=None):
    """Returns a dict for each number of sources, increasing: medians over its samples, each the fastest of `repeats`.

    An iterative solver stops at the loosest residual of the ladder with which all samples of a number of sources are within
    `largest_error`; that is found without a clock, or given in `tolerances` by the number of sources.
    """
    now = CLOCKS[clock]
    began = now()
    solver.once()
    once = now() - began
    groups = {}
    for configuration, reference in zip(problem.configurations, references):
        groups.setdefault(len(configuration["sources"]), []).append((configuration, reference))
    rows = []
    for count, samples in sorted(groups.items()):
        if solver.iterative and count not in (tolerances or {}):
            solver.tolerance = _calibrate(solver, samples, largest_error)
        else:
            solver.tolerance = (tolerances or {}).get(count)
            if not rows:
                _warm_up(solver, samples[0][0])
        setups, solutions, found, steps = [], [], [], []
        for configuration, reference in samples:
            solver.prepare(configuration)
            fastest = None
            for _ in range(repeats):
                start = now()
                solver.setup(configuration)
                middle = now()
                field, iterations = solver.solve()
                times = middle - start, now() - middle
                fastest = min(fastest or times, times, key=sum)
            setups.append(1e3 * fastest[0])
            solutions.append(1e3 * fastest[1])
            found.append(errors(field, reference, problem.model))
            steps.append(iterations)
        worst = max(error for error, _ in found)
        rows.append({
            "sources": count, "samples": len(samples), "once_ms": 1e3 * once,
            "setup_ms": statistics.median(setups), "solve_ms": statistics.median(solutions),
            "total_ms": statistics.median(map(sum, zip(setups, solutions))), "max_err": worst,
            "mean_err": statistics.mean(mean for _, mean in found), "iterations": statistics.median(steps),
            "rtol": solver.tolerance, "meets_tol": bool(worst <= largest_error),
        })  # fmt: skip
    return rows


def _warm_up(solver, configuration):
    """Does everything once, so that nothing is compiled or first touched under the clock."""
    solver.prepare(configuration)
    solver.setup(configuration)
    solver.solve()


def _calibrate(solver, samples, largest_error):
    """Returns the loosest residual of the ladder that is small enough for all samples, or its last."""
    rung = 0
    for configuration, reference in samples:
        solver.prepare(configuration)
        solver.setup(configuration)
        while rung < len(LADDER) - 1:
            solver.tolerance = LADDER[rung]
            if errors(solver.solve()[0], reference, solver.problem.model)[0] <= largest_error:
                break
            rung += 1
    return LADDER[rung]
