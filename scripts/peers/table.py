"""The table of solvers by name."""

from . import factorisations, green, hypre, pyamg_solvers, sines

SOLVERS = {
    "dst-cap-pcg-f32": green.TunedCapacitance,
    "dst-cap-f64": green.Capacitance,
    "dst-pcg": sines.PreconditionedBySines,
    "superpose": green.Superposition,
    "dst-f32": sines.FullTransform32,
    "dst-f32-sparse": sines.ChargeTransform,
    "dst-f64": sines.FullTransform,
    "cholmod": factorisations.Cholmod,
    "superlu": factorisations.SuperLU,
    "pyamg-rs": pyamg_solvers.RugeStuben,
    "pyamg-sa": pyamg_solvers.SmoothedAggregation,
    "petsc-pfmg": hypre.PFMG,
    "petsc-hypre": hypre.BoomerAMG,
}
