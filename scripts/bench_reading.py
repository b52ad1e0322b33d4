"""What `scripts/bench-reading` runs: each reader in turn, on one core, in random order."""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import tempfile
import time

import h5py
import hdf5plugin  # noqa: F401 - registers the blosc filter
import steadyset
import tensorstore

CODECS = {
    "tensorstore, Zarr v3, zstd": [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {"name": "zstd", "configuration": {"level": 3}},
    ],
    "tensorstore, Zarr v3, blosc (shuffle, zstd)": [
        {"name": "bytes", "configuration": {"endian": "little"}},
        {
            "name": "blosc",
            "configuration": {"cname": "zstd", "clevel": 3, "shuffle": "shuffle", "typesize": 4, "blocksize": 0},
        },
    ],
}


def zarr(folder, samples, lattice, codecs):
    """Writes x and y as Zarr v3 arrays, one chunk a sample, and returns the opened arrays."""
    context = tensorstore.Context({
        "data_copy_concurrency": {"limit": 1}, "file_io_concurrency": {"limit": 1}, "cache_pool": {"total_bytes_limit": 0},
    })  # fmt: skip
    arrays = []
    for name in ("x", "y"):
        array = tensorstore.open(
            {
                "driver": "zarr3",
                "kvstore": {"driver": "file", "path": f"{folder}/{name}"},
                "metadata": {
                    "shape": [len(samples), *lattice], "data_type": "float32",
                    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, *lattice]}},
                    "codecs": codecs,
                },
            },
            create=True, open=True, context=context,
        ).result()  # fmt: skip
        for k in range(len(samples)):
            array[k].write(getattr(samples, name)(k)).result()
        arrays.append(array)
    return arrays


def cpu():
    """Seconds of CPU that this process and its engines have had."""
    children = pathlib.Path("/proc/thread-self/children").read_text().split()
    return time.process_time() + sum(int(pathlib.Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children) / 1e9


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--archive", help="the same samples, packed with --codec archive")
    parser.add_argument("--recipe", help="the same samples, packed with --codec recipe")
    parser.add_argument("--stream", metavar="PIPELINE", help="as many samples of a pipeline's stream")
    parser.add_argument("--fresh", action="store_true", help="new arrays for each batch of the package's datasets")
    parser.add_argument("--folder", help="where the Zarr arrays are written and removed again")
    options = parser.parse_args()
    os.sched_setaffinity(0, {options.core})
    dataset = steadyset.open(options.dataset)
    samples = dataset.all
    count, lattice = len(samples), dataset.lattice
    pack = pathlib.Path(options.dataset)
    pack = pack / "pack" if (pack / "pack").is_dir() else pack
    shards = [h5py.File(pack / file["path"]) for file in dataset.manifest["files"]]
    fields = [(shard["x"], shard["y"], k) for shard in shards for k in range(len(shard["id"]))]

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        arrays = {name: zarr(f"{folder}/{k}", samples, lattice, codecs) for k, (name, codecs) in enumerate(CODECS.items())}
        sizes = {
            name: sum(path.stat().st_size for path in pathlib.Path(f"{folder}/{k}").rglob("*") if path.is_file())
            for k, name in enumerate(CODECS)
        }

        def package(opened):
            def read(order):
                for batch in opened.all.batches(32, indices=order, reuse=not options.fresh):
                    pass

            return read

        def endless(stream):
            def read(order):
                for batch in stream.batches(32, stop=len(order)):
                    pass

            return read

        def plain(order):
            for k in order:
                xs, ys, row = fields[k]
                xs[row], ys[row]

        def tensor(name):
            a, b = arrays[name]

            def read(order):
                for k in order:
                    both = a[k].read(), b[k].read()
                    both[0].result(), both[1].result()

            return read

        packages = {"steadyset, Python": dataset}
        for codec in ("archive", "recipe"):
            if vars(options)[codec]:
                packages[f"steadyset, Python, {codec}"] = found = steadyset.open(vars(options)[codec])
                assert found.all.ids.tolist() == samples.ids.tolist(), f"--{codec} has other samples"
        if options.recipe:
            packages["steadyset, Python, recipe, unchecked"] = steadyset.open(options.recipe, checked=False)
        streams = {"steadyset, Python, stream": endless(steadyset.stream(options.stream))} if options.stream else {}
        readers = {name: package(opened) for name, opened in packages.items()} | streams
        readers |= {"h5py with hdf5plugin": plain} | {name: tensor(name) for name in CODECS}
        rates = {name: [] for name in ["steadyset, Swift", *readers]}
        of_cpu = {name: [] for name in rates}
        for turn in range(options.rounds + 1):
            order = list(range(count))
            random.Random(turn).shuffle(order)
            command = [os.environ["STEADYSET"], "bench", "--reading", str(pack), "--repeats", "1"]
            swift = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            if turn:
                rates["steadyset, Swift"] += swift["epochs"]
                of_cpu["steadyset, Swift"] += swift["epochs_cpu"]
            for name, read in readers.items():
                start, before = time.perf_counter(), cpu()
                read(order)
                if turn:
                    rates[name].append(count / (time.perf_counter() - start))
                    of_cpu[name].append(count / (cpu() - before))

    raw = 8 * count * lattice[0] * lattice[1]
    for name, opened in packages.items():
        sizes[name] = sum(file["bytes"] for file in opened.manifest["files"])
    shard_bytes = sizes["steadyset, Python"]
    print(f"{count} samples of {lattice[0]} × {lattice[1]} sites, x and y, one core, {options.rounds} rounds in turns")
    print("| reader | samples/s | least | most | samples per second of CPU | ratio of bytes |\n|---|---|---|---|---|---|")
    for name, found in rates.items():
        ratio = "" if name in streams else f"{raw / sizes.get(name, shard_bytes):.2f}"
        figures = [statistics.median(found), min(found), max(found), statistics.median(of_cpu[name])]
        print(f"| {name} | {' | '.join(f'{figure:.0f}' for figure in figures)} | {ratio} |")


if __name__ == "__main__":
    main()
