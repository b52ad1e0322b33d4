"""Other solvers, run on steadyset's problems: what `scripts/bench` measures beside it.

Two families of problems on lattices of n × n sites (the article *Solver* states the discrete equations):

- *constant*: D = 1, γ = 1/400, absorbing sides, as in the paper of Toledo-Marín, Glazier and Fox (2023);
- *general*: media with D and γ of their own at every site, and all sides.

In the order of imports: `disks` and `media` draw configurations and coefficients, `equations` and `kernels` assemble what they
mean, `problems` reads and writes a folder of them with `references`, the solvers are in a file a family, `measuring` times
them, `judging` compares fields, and `command` is what `scripts/bench` calls. `beside`, `scaling` and `tables`, which
`scripts/bench` imports, need no package: they run steadyset and the peers in turns.
"""
