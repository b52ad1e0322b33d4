"""The command of this package, for `scripts/bench`.

    python scripts/peers list                          the solvers and the media
    python scripts/peers make FOLDER --model pinned    draws a problem and computes its references
    python scripts/peers measure FOLDER --solver NAME  prints a solver's times and errors, JSON
    python scripts/peers judge FOLDER LABELS           prints what is to be said of another program's labels, JSON

Status 69: the solver needs what is not installed, or is not for the problem; the reason is the last line on standard error.
"""

import argparse
import glob
import json
import os
import sys

UNAVAILABLE = 69


def main():
    options = _arguments()
    try:
        return {"list": _list, "make": _make, "measure": _measure, "judge": _judge}[options.action](options)
    except ImportError as error:
        print(f"{getattr(options, 'solver', options.action)}: skipped: {error}", file=sys.stderr)
        return UNAVAILABLE


def _arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list")
    make = actions.add_parser("make")
    make.add_argument("folder")
    make.add_argument("--family", choices=["constant", "general"], default="constant")
    make.add_argument("--medium", help="of the general family: random-32, …")
    make.add_argument("--sides", choices=["absorbing", "reflecting", "periodic", "mixed"], help="instead of the medium's own")
    make.add_argument("--unchanged", action="store_true", help="one medium for all configurations")
    make.add_argument("--model", choices=["pinned", "emitting"], required=True)
    make.add_argument("--n", type=int, default=512)
    make.add_argument("--sources", type=lambda text: [int(number) for number in text.split(",")], default=[1, 5, 10, 20])
    make.add_argument("--samples", type=int, default=3)
    make.add_argument("--seed", type=int, default=1)
    measure = actions.add_parser("measure")
    measure.add_argument("folder")
    measure.add_argument("--solver", required=True)
    measure.add_argument("--repeats", type=int, default=3)
    measure.add_argument("--clock", choices=["cpu", "wall"], default="cpu")
    measure.add_argument("--calibrated", type=json.loads, help="residuals to stop at, by number of sources, JSON")
    judge = actions.add_parser("judge")
    judge.add_argument("folder")
    judge.add_argument("labels")
    for action in (measure, judge):
        action.add_argument("--tolerance", type=float, default=1e-6, help="the largest error")
    return parser.parse_args()


def _list(_):
    from .media import MEDIA
    from .table import SOLVERS

    for name, solver in SOLVERS.items():
        print(f"{name:<17}{'/'.join(solver.families):<18}{'/'.join(solver.models):<17}{solver.note}")
    for name, medium in MEDIA.items():
        print(f"{name:<17}{'medium':<18}{medium.sides:<17}{medium.note}")
    return 0


def _make(options):
    from . import problems

    problems.write(problems.draw(options), options.folder)
    return 0


def _measure(options):
    if options.solver.startswith("petsc-"):
        _enter_petsc()
    from . import problems
    from .measuring import measure
    from .table import SOLVERS

    problem, references = problems.read(options.folder)
    solver = SOLVERS[options.solver]
    if not solver.suits(problem):
        print(f"{options.solver}: skipped: it is not for this problem", file=sys.stderr)
        return UNAVAILABLE
    tolerances = {int(count): value for count, value in (options.calibrated or {}).items()}
    rows = measure(
        solver(problem), problem, references, options.tolerance, options.repeats, options.clock, tolerances
    )
    print(json.dumps(rows))
    return 0


def _judge(options):
    from . import problems
    from .judging import judge

    print(json.dumps(judge(*problems.read(options.folder), options.labels, options.tolerance)))
    return 0


def _enter_petsc():
    """Continues in the system's Python where petsc4py is not there: Debian's package is for that one."""
    try:
        import petsc4py  # noqa: F401
    except ImportError:
        system = os.environ.get("PETSC_PYTHON", "/usr/bin/python3")
        if os.environ.get("STEADYSET_PEERS_SYSTEM") or not os.path.exists(system):
            raise
        places = sorted(glob.glob("/usr/lib/petscdir/*/*-real"))
        changes = {"STEADYSET_PEERS_SYSTEM": "1", "PYTHONPATH": "", **({"PETSC_DIR": places[-1]} if places else {})}
        os.execve(system, [system, *sys.argv], {**os.environ, **changes})
