"""Opens exports with the programs that they are made for, and compares every value with the shards, bit for bit.

    python checks.py DATASET EXPORTS NAME...

EXPORTS is the folder that `scripts/check-exports` fills. One line is printed for each check, with the versions of what was used.
The status is 1 where one failed.
"""

import csv
import importlib
import importlib.machinery
import importlib.metadata
import json
import os
import pathlib
import sys
import tempfile
import traceback
import types

import h5py
import hdf5plugin  # noqa: F401 - registers filter 32001 with h5py
import numpy as np

PARTS = ("train", "validation", "test")


class Truth:
    """The samples of the dataset as h5py reads them: what every export is compared with."""

    def __init__(self, dataset):
        self.pack = pathlib.Path(dataset) / "pack"
        self.manifest = json.loads((self.pack / "manifest.json").read_text())
        self.samples = {}
        for file in self.manifest["files"]:
            with h5py.File(self.pack / file["path"]) as shard:
                names = [n for n in ("diffusivity", "decay_rate") if n in shard and shard[n].chunks]
                columns = {n: shard[n][:] for n in ("id", "rank", "n_sources", "error_bound", "sources", "contrast") if n in shard}
                columns |= {n: shard[n] for n in ("x", "y", *names)}
                for row in range(file["samples"]):
                    sample = {"part": file["part"], "file": file["path"], "row": row}
                    sample |= {n: columns[n][row] for n in columns if n != "id"}
                    sample["sources"] = sample["sources"][: sample["n_sources"]]
                    self.samples[int(columns["id"][row])] = sample
        self.coefficients = names

    def part(self, name):
        return [i for i, s in self.samples.items() if s["part"] == name]

    def selection(self, name):
        chosen = next(s for s in self.manifest["content"]["selections"] if s["name"] == name)
        first, end = chosen["ranks"]
        return [
            i
            for i, s in self.samples.items()
            if s["part"] == chosen["part"] and first <= s["rank"] < end
            and chosen.get("stratum", s["n_sources"]) == s["n_sources"]
        ]  # fmt: skip


def same(found, wanted):
    """Whether two arrays have the same type, shape and bits."""
    found, wanted = np.ascontiguousarray(found), np.ascontiguousarray(wanted)
    assert found.dtype == wanted.dtype and found.shape == wanted.shape, (found.dtype, found.shape, wanted.shape)
    assert found.tobytes() == wanted.tobytes()


def check_kerchunk(truth, exports):
    import xarray

    here = os.getcwd()
    os.chdir(exports)  # the shards are named by relative paths
    try:
        data = xarray.open_dataset("all.json", engine="kerchunk")
        assert data.id.values.tolist() == list(truth.samples)
        for number, (i, sample) in enumerate(truth.samples.items()):
            for name in ("x", "y", *truth.coefficients):
                same(data[name][number].values, sample[name])
            assert PARTS[int(data.part[number])] == sample["part"] and data["rank"][number] == sample["rank"]
            assert data.error_bound[number] == sample["error_bound"] and data.n_sources[number] == sample["n_sources"]
        # A slice of a selection, as one would write it.
        few = data.y.isel(sample=(data.part == 2).values).mean("sample").values
        assert np.isfinite(few).all()
    finally:
        os.chdir(here)
    # Opened elsewhere, with the place of the shards named on opening.
    options = {"template_overrides": {"u": str(truth.pack.resolve())}}
    data = xarray.open_dataset(str(exports / "all.json"), engine="kerchunk", storage_options=options)
    same(data.y[len(truth.samples) - 1].values, list(truth.samples.values())[-1]["y"])
    # Shards that are not there are an error, not zeros.
    options = {"template_overrides": {"u": "/nowhere"}}
    data = xarray.open_dataset(str(exports / "all.json"), engine="kerchunk", storage_options=options)
    try:
        values = data.y[0].values
    except Exception:
        pass
    else:
        assert np.isnan(values).all(), "missing shards read as numbers"
        return f"{len(truth.samples)} samples; missing shards read as NaN"
    return f"{len(truth.samples)} samples; missing shards are an error"


def check_vds(truth, exports):
    with h5py.File(exports / "all.h5") as file:
        assert file["x"].is_virtual and file["y"].is_virtual
        assert file["id"][:].tolist() == list(truth.samples)
        for number, sample in enumerate(truth.samples.values()):
            for name in ("x", "y", *truth.coefficients):
                same(file[name][number], sample[name])
            for name in ("rank", "n_sources", "error_bound"):
                assert file[name][number] == sample[name]
    wanted = truth.selection("train/S50%")
    with h5py.File(exports / "S50.h5") as file:
        assert file["id"][:].tolist() == wanted
        for number, i in enumerate(wanted):
            same(file["y"][number], truth.samples[i]["y"])
    return f"{len(truth.samples)} samples and a subset of {len(wanted)}"


def import_streaming():
    """`streaming` imports torchvision for image data sets of its own; where that does not fit the PyTorch that is here, an empty
    stand-in takes its place, as nothing of it is used."""
    try:
        import torchvision  # noqa: F401
    except Exception:
        for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        for name in ("torchvision", "torchvision.datasets", "torchvision.transforms", "torchvision.transforms.functional"):
            sys.modules[name] = types.ModuleType(name)
            sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)
        sys.modules["torchvision.datasets"].VisionDataset = object
        sys.modules["torchvision.transforms.functional"].to_tensor = None
    return importlib.import_module("streaming")


def check_streaming(truth, exports):
    streaming = import_streaming()
    from torch.utils.data import DataLoader

    def compare(sample):
        found = truth.samples[int(sample["id"], 16)]
        for name in ("x", "y", *truth.coefficients):
            same(sample[name], found[name])
        assert sample["rank"] == found["rank"] and sample["error_bound"] == found["error_bound"]
        assert len(json.loads(sample["sources"])) == found["n_sources"]
        return int(sample["id"], 16)

    root = exports / "mds"
    folders = json.loads((root / "export.json").read_text())["folders"]
    for part in PARTS:
        if truth.part(part):
            data = streaming.StreamingDataset(local=str(root), split=part, shuffle=False, batch_size=1, validate_hash="xxh64")
            assert [compare(s) for s in data] == truth.part(part), part
    # Every subset by its own index: from a cache, as behind a URL.
    for name, folder in folders.items():
        with tempfile.TemporaryDirectory() as cache:
            data = streaming.StreamingDataset(
                remote=str(root / folder), local=cache, shuffle=False, batch_size=1, validate_hash="xxh64")  # fmt: skip
            assert [int(s["id"], 16) for s in data] == truth.selection(name), name
    # A damaged shard is refused where hashes are checked.
    with tempfile.TemporaryDirectory() as cache, tempfile.TemporaryDirectory() as copy:
        import shutil

        shutil.copytree(root / folders["train/S50%"], copy, dirs_exist_ok=True)
        victim = next(pathlib.Path(copy).rglob("*.mds.zstd"))
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(data)
        damaged = streaming.StreamingDataset(remote=copy, local=cache, shuffle=False, batch_size=1, validate_hash="xxh64")
        try:
            for number in range(len(damaged)):
                damaged[number]
        except ValueError as error:
            assert "Checksum failure" in str(error), error
        else:
            raise AssertionError("a damaged shard was read")
    for workers in (0, 2):
        data = streaming.StreamingDataset(local=str(root), split="train", shuffle=True, batch_size=4)
        loader = DataLoader(data, batch_size=4, num_workers=workers)
        seen = [int(i, 16) for batch in loader for i in batch["id"]]
        assert sorted(seen) == sorted(truth.part("train")), workers
    return f"{len(truth.samples)} samples, {len(folders)} subsets, DataLoader with 0 and 2 workers"


def compare_statistics(truth, path):
    """Compares `stats.yaml` of the training part with NumPy's numbers."""
    import yaml

    stats = yaml.safe_load(path.read_text())
    both = np.stack([[truth.samples[i]["x"], truth.samples[i]["y"]] for i in truth.part("train")]).astype(float)
    delta = both[:, 1] - both[:, 0]
    for key, value in (
        ("mean", both.mean()), ("std", both.std()), ("rms", np.sqrt((both**2).mean())),
        ("mean_delta", delta.mean()), ("std_delta", delta.std()), ("rms_delta", np.sqrt((delta**2).mean())),
    ):  # fmt: skip
        assert isinstance(stats[key]["u"], float) and abs(stats[key]["u"] - value) <= 1e-9 * abs(value), key


def check_the_well(truth, exports):
    from the_well.data import WellDataset
    from the_well.data.normalization import ZScoreNormalization
    from torch.utils.data import DataLoader

    count = 0
    for folder in ("the-well", "the-well-blosc"):
        for part, split in zip(PARTS, ("train", "valid", "test")):
            wanted = truth.part(part)
            if not wanted:
                continue
            data = WellDataset(path=str(exports / folder), well_split_name=split)
            assert len(data) == len(wanted), (split, len(data))
            for number, i in enumerate(wanted):
                item = data[number]
                same(item["input_fields"][0, ..., 0].numpy(), truth.samples[i]["x"])
                same(item["output_fields"][0, ..., 0].numpy(), truth.samples[i]["y"])
                for name in truth.coefficients:
                    if truth.samples[i][name].ndim == 2:
                        place = data.metadata.constant_field_names[0].index(name)
                        same(item["constant_fields"][..., place].numpy(), truth.samples[i][name])
            count += len(wanted)
            for workers in (0, 2):
                loader = DataLoader(data, batch_size=4, num_workers=workers)
                assert sum(len(batch["output_fields"]) for batch in loader) == len(wanted)
    compare_statistics(truth, exports / "the-well/stats.yaml")
    data = WellDataset(
        path=str(exports / "the-well"), well_split_name="train", use_normalization=True,
        normalization_type=ZScoreNormalization)  # fmt: skip
    assert np.isfinite(data[0]["output_fields"].numpy()).all()
    said = f"{count} samples, raw and blosc, DataLoader with 0 and 2 workers"
    # The format checker is in The Well's repository, not in its package: scripts/check_thewell_formatting.py.
    if checker := os.environ.get("WELL_CHECKER"):
        import contextlib
        import runpy

        check = runpy.run_path(checker)["check_hdf5_format"]
        files = sorted((exports / "the-well").rglob("*.hdf5"))
        with contextlib.redirect_stdout(None):
            for path in files:
                check(str(path))
        said += f", {len(files)} files pass the format checker"
    return said


def check_pdebench(truth, exports):
    """PDEBench's `FNODatasetSingle`."""
    loader = importlib.import_module("pdebench.models.fno.utils").FNODatasetSingle
    # Test samples first, then validation, then training.
    wanted = truth.part("test") + truth.part("validation") + truth.part("train")
    for name in ("darcy.hdf5", "darcy-blosc.hdf5"):
        with h5py.File(exports / name) as file:
            assert file["id"][:].tolist() == wanted
            ratio = file.attrs["test_ratio"]
        for is_test in (True, False):
            data = loader(name, initial_step=1, saved_folder=f"{exports}/", if_test=is_test, test_ratio=ratio)
            ids = [i for i in wanted if (truth.samples[i]["part"] == "test") == is_test]
            assert len(data) == len(ids)
            for number, i in enumerate(ids):
                first, both, _ = data[number]
                image = "diffusivity" if "diffusivity" in truth.coefficients else "x"
                same(both[:, :, 0, 0].numpy(), truth.samples[i][image])
                same(both[:, :, 1, 0].numpy(), truth.samples[i]["y"])
                same(first[:, :, 0, 0].numpy(), truth.samples[i][image])
    return f"{len(wanted)} samples, raw and blosc, test and training"


def check_croissant(truth, exports):
    import mlcroissant

    path = exports / "croissant/croissant.json"
    data = mlcroissant.Dataset(str(path))
    errors, warnings = data.metadata.ctx.issues.errors, data.metadata.ctx.issues.warnings
    assert not errors, errors
    found = 0
    for record in data.records("samples"):
        text = {key.split("/")[-1]: value for key, value in record.items()}
        text = {key: value.decode() if isinstance(value, bytes) else value for key, value in text.items()}
        sample = truth.samples[int(text["id"], 16)]
        assert (text["part"], text["file"]) == (sample["part"], sample["file"])
        assert int(text["rank"]) == sample["rank"] and float(text["error_bound"]) == sample["error_bound"]
        assert len(json.loads(text["sources"])) == sample["n_sources"]
        found += 1
    assert found == len(truth.samples)
    return f"validates with {len(warnings)} warnings; {found} records"


def check_csv(truth, exports):
    with open(exports / "samples.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["id"], 16) for row in rows] == list(truth.samples)
    for row in rows:
        sample = truth.samples[int(row["id"], 16)]
        for name in ("part", "file"):
            assert row[name] == sample[name]
        for name in ("rank", "n_sources", "row"):
            assert int(row[name]) == sample[name]
        for name in ("error_bound", "contrast"):
            assert float(row.get(name, "nan")) == sample[name] if name in sample else name not in row
        disks = [s for s in json.loads(row["sources"]) if "radius" in s]
        if len(disks) == sample["n_sources"]:
            wanted = [[s["row"], s["column"], s["radius"], s["value"]] for s in disks]
            assert wanted == sample["sources"][:, :4].tolist()
        with open(truth.pack / row["file"], "rb") as shard:
            shard.seek(int(row["offset"]))
            frame = shard.read(int(row["x_bytes"]))
        assert int.from_bytes(frame[12:16], "little") == len(frame)
    return f"{len(rows)} lines"


def check_datasets(truth, exports):
    """Hugging Face's loader on the shards themselves; no export is needed."""
    import datasets

    files = {part: [str(truth.pack / f["path"]) for f in truth.manifest["files"] if f["part"] == part] for part in PARTS}
    files = {part: paths for part, paths in files.items() if paths}
    for streaming in (False, True):
        with tempfile.TemporaryDirectory() as cache:
            data = datasets.load_dataset("hdf5", data_files=files, streaming=streaming, cache_dir=cache)
            for part in files:
                wanted = truth.part(part)
                number = -1
                for number, row in enumerate(data[part].with_format("numpy")):
                    assert int(row["id"]) == wanted[number]
                    for name in ("x", "y"):
                        same(np.asarray(row[name], np.float32), truth.samples[wanted[number]][name])
                assert number + 1 == len(wanted)
    return f"{len(truth.samples)} samples, whole and streaming, directly on the shards"


def check_torch(truth, exports):
    """PyTorch's DataLoader over the package of scripts/python."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
    import steadyset
    from steadyset.torch import TorchDataset
    from torch.utils.data import DataLoader

    data = steadyset.open(truth.pack).all
    for workers in (0, 2):
        number = 0
        for x, y in DataLoader(TorchDataset(data), batch_size=8, num_workers=workers):
            for one, two in zip(x.numpy(), y.numpy()):
                sample = truth.samples[int(data.ids[number])]
                same(one[0], sample["x"])
                same(two[0], sample["y"])
                number += 1
        assert number == len(truth.samples)
    return f"{len(truth.samples)} samples, DataLoader with 0 and 2 workers, directly on the shards"


CHECKS = {
    "csv": (check_csv, []),
    "vds": (check_vds, ["h5py", "hdf5plugin"]),
    "kerchunk": (check_kerchunk, ["kerchunk", "fsspec", "zarr", "xarray"]),
    "croissant": (check_croissant, ["mlcroissant"]),
    "datasets": (check_datasets, ["datasets", "h5py"]),
    "torch": (check_torch, ["torch", "hdf5plugin"]),
    "mds": (check_streaming, ["mosaicml-streaming", "torch"]),
    "the-well": (check_the_well, ["the-well", "torch", "h5py"]),
    "pdebench": (check_pdebench, ["pdebench", "torch"]),
}


def version(package):
    try:
        return f"{package} {importlib.metadata.version(package)}"
    except importlib.metadata.PackageNotFoundError:
        return package


def main():
    if source := os.environ.get("PDEBENCH"):
        sys.path.insert(0, source)  # a copy of PDEBench's package
    truth, exports = Truth(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
    failed = 0
    for name in sys.argv[3:]:
        check, packages = CHECKS[name]
        versions = ", ".join(map(version, packages)) or f"Python {sys.version.split()[0]}"
        try:
            print(f"ok     {name:10} {versions}: {check(truth, exports)}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAILED {name:10} {versions}: {type(error).__name__}: {error}", flush=True)
            traceback.print_exc()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
