"""Prints what `beside` measured."""

import statistics


def tables(options, groups):
    """Prints times by group, then all ratios, then the time per site where there are several lattices."""
    machine = groups[0]["machine"]
    core = "not bound to a core" if options.core is None else f"bound to core {options.core}"
    print(f"{machine['processor']}, {core}, load {machine['load']:.1f} before")
    print(f"{options.clock} milliseconds a sample, tolerance {options.tolerance:g}; fastest of {options.repeats}, medians of")
    print(f"{options.samples} samples and {options.rounds} rounds; 'once' is work that no sample changes")
    for group in groups:
        _times(options, group)
    for n in options.n if any(group["ratio"] for group in groups) else []:
        chosen = [group for group in groups if group["n"] == n]
        print(f"\ntime of others divided by steadyset's, {n} × {n} sites (above 1: steadyset is faster)")
        (_ratios_by_group if options.family == "general" else _ratios_by_solver)(options, chosen)
    for title in dict.fromkeys(group["title"] for group in groups) if len(options.n) > 1 else []:
        _per_site(options, title, [group for group in groups if group["title"] == title])


def _line(name, cells, width=10, first=18):
    print(f"{name:<{first}}" + "".join(f"{cell:>{width}}" for cell in cells))


def _digits(value):
    return "-" if value is None else f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def _times(options, group):
    print(f"\n{group['title']}, {group['n']} × {group['n']} sites, by number of sources")
    _line("", ["once", *options.sources, "error"])
    for solver, times in group["ms"].items():
        error = group["error"][solver]
        mark = " *" if solver in group["inexact"] else ""
        cells = [_digits(times.get(k)) for k in options.sources]
        _line(solver + mark, [_digits(group["once_ms"][solver]), *cells, "-" if error is None else f"{error:.1e}"])
    for why in group["skipped"].values():
        print(why)
    if group["inexact"]:
        print("* above the tolerance")
    if group["judged"]:
        print(f"steadyset's labels, judged by the references: {group['judged']['said']}")
    else:
        print(f"steadyset's labels are {'' if group['certified'] else 'NOT '}certified by itself; nobody judged them")


def _ratios_by_solver(options, groups):
    _line("", [f"{group['title']} {k}" for group in groups for k in options.sources], 12)
    for solver in options.solvers:
        if any(solver in group["ratio"] for group in groups):
            ratios = [group["ratio"].get(solver, {}) for group in groups]
            _line(solver, [_digits(ratio.get(k)) for ratio in ratios for k in options.sources], 12)


def _ratios_by_group(options, groups):
    solvers = [solver for solver in options.solvers if any(solver in group["ratio"] for group in groups)]
    _line("", solvers, 13, 36)
    for group in groups:
        for k in options.sources:
            ratios = [group["ratio"].get(solver, {}).get(k) for solver in solvers]
            _line(f"{group['title']} {k}", map(_digits, ratios), 13, 36)


def _per_site(options, title, groups):
    print(f"\nnanoseconds a site, {title}, mean over numbers of sources, by n")
    _line("", [group["n"] for group in groups])
    for solver in ["steadyset", *options.solvers]:
        if any(solver in group["ms"] for group in groups):
            means = [statistics.mean(g["ms"][solver].values()) if solver in g["ms"] else None for g in groups]
            _line(solver, [_digits(mean and mean * 1e6 / g["n"] ** 2) for mean, g in zip(means, groups)])
