"""Measures steadyset alone on lattices of all sizes: time per site on one core, and the gain of more threads."""

import json
import statistics
import tempfile

from .beside import paper, pipeline, required, run


def scaling(binary, options, variant):
    """Prints a line for each lattice; returns them."""
    print(f"{variant}, tolerance {options.tolerance:g}, with {', '.join(map(str, options.sources))} sources, {options.clock}")
    print(f"{'n':>6}{'ms':>10}{'ns a site':>11}{'cycles':>8}{'1 thread':>12}{f'{options.threads} threads':>12}{'ratio':>8}")
    rows = []
    with tempfile.TemporaryDirectory(prefix="steadyset-bench-") as folder:
        for n in options.n:
            strata = sorted(set(options.sources))
            # A small lattice has few single sources that are not one another's reflections or turns.
            counts = [min(400, n * n // 16) if sources == 1 else 400 for sources in strata]
            sampling = {"strata": strata, "samples_per_stratum": counts, "seed": options.seed}
            command = [binary, "bench", pipeline(folder, options, paper(variant, n), sampling), "--only", "solving", "--json"]
            command += ["--samples", options.samples, "--repeats", options.repeats, "--threads", options.threads]
            report = json.loads(required(run(command)).stdout)
            mean = statistics.mean(stratum["total"][f"{options.clock}_ms"] for stratum in report["strata"])
            rate = report["rates"]["solve"]
            row = {
                "variant": variant, "n": n, "ms": mean, "ns_per_site": mean * 1e6 / n**2,
                "cycles": max(stratum["cycles"] for stratum in report["strata"]),
                "per_second_one_thread": rate["one_thread"], "per_second_all_threads": rate["all_threads"],
                "threads": options.threads, "ratio": rate["all_threads"] / rate["one_thread"], "report": report,
            }  # fmt: skip
            rows.append(row)
            print(
                f"{n:>6}{mean:>10.3f}{row['ns_per_site']:>11.2f}{row['cycles']:>8.0f}{rate['one_thread']:>10.2f}/s"
                f"{rate['all_threads']:>10.2f}/s{row['ratio']:>8.2f}", flush=True)  # fmt: skip
    return rows
