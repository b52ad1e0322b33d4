"""`python scripts/peers`: runs the command of this package, with one thread.

Libraries read the number of their threads from the environment as they are loaded: hence here, before any of them.
"""

import os
import pathlib
import sys

sys.path[0] = str(pathlib.Path(__file__).resolve().parents[1])
for _name in ("OMP_NUM", "OPENBLAS_NUM", "MKL_NUM", "NUMEXPR_NUM", "NUMBA_NUM", "BLIS_NUM", "VECLIB_MAXIMUM"):
    os.environ[f"{_name}_THREADS"] = "1"
# Open MPI, which PETSc comes with, refuses to start as root unless told twice.
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT", "1")
os.environ.setdefault("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1")

from peers.command import main  # noqa: E402

sys.exit(main())
