"""What the program's file consists of besides the project's own code: names, versions, licences and their texts.

It follows from what was linked: a module or an archive that this table does not know stops the packaging.
"""

import dataclasses
import json
import pathlib
import re
import subprocess

from static_build import REPOSITORY, SCRATCH, Failure, archives

LICENCES = pathlib.Path(__file__).resolve().parent / "licences"

# Swift packages, by the names of their checkouts: what they are called, modules, licence, and texts that the checkouts lack.
PACKAGES = {
    "swift-argument-parser": (
        "swift-argument-parser",
        {"ArgumentParser", "ArgumentParserToolInfo"},
        "Apache-2.0 WITH Swift-exception",
        (),
    ),
    "Yams": ("Yams with libyaml", {"Yams", "CYaml"}, "MIT", ("libyaml.txt",)),
}
# Archives of Debian's packages, which have the texts: what they are called, and their licence.
SYSTEM = {
    "hdf5": ("HDF5", "BSD-3-Clause"),
    "openblas": ("OpenBLAS", "BSD-3-Clause"),
    "crypto": ("OpenSSL", "Apache-2.0"),
    "sz": ("libaec", "BSD-2-Clause"),
    "aec": ("libaec", "BSD-2-Clause"),
    "z": ("zlib", "Zlib"),
    "zstd": ("zstd", "BSD-3-Clause"),
    "stdc++": ("libstdc++ and libgcc", "GPL-3.0-or-later WITH GCC-exception-3.1"),
}


@dataclasses.dataclass(frozen=True)
class Component:
    """A part by others: `texts` are its licences and notices, by name."""

    name: str
    version: str
    licence: str
    texts: dict


def linked_modules():
    """Returns the modules whose object files are in the program."""
    text = (SCRATCH / "release/steadyset.product/Objects.LinkFileList").read_text()
    return set(re.findall(r"/(\w+)\.build/", text))


def components(binary):
    """Returns the components, by name."""
    found = [*swift(binary), *packages(), *system()]
    return sorted(found, key=lambda component: component.name.lower())


def swift(binary):
    """Swift's libraries, and the ICU that Foundation contains."""
    said = subprocess.run(["swift", "-print-target-info"], capture_output=True, text=True, check=True).stdout
    resources = pathlib.Path(json.loads(said)["paths"]["runtimeResourcePath"])
    version = re.search(r"Swift version (\S+)", json.loads(said)["compilerVersion"])[1]
    text = (resources.parents[1] / "share/swift/LICENSE.txt").read_text()
    yield Component(
        "Swift standard library, Foundation, Dispatch", version, "Apache-2.0 WITH Swift-exception", {"LICENSE.txt": text}
    )
    data = re.search(rb"icudt(\d+)", binary.read_bytes())
    if data:
        text = (LICENCES / "ICU.txt").read_text()
        yield Component("ICU (in Foundation)", data[1].decode(), "Unicode-3.0", {"LICENSE.txt": text})


def packages():
    own = {path.name for path in (REPOSITORY / "Sources").iterdir()}
    unknown = linked_modules() - own - set().union(*(modules for _, modules, _, _ in PACKAGES.values()))
    if unknown:
        raise Failure(f"modules of unknown licence are linked: {', '.join(sorted(unknown))}: add them to {__file__}")
    pins = {pin["identity"]: pin for pin in json.loads((REPOSITORY / "Package.resolved").read_text())["pins"]}
    for checkout, (name, _, licence, more) in PACKAGES.items():
        folder = SCRATCH / "checkouts" / checkout
        texts = {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.stem in ("LICENSE", "NOTICE")}
        texts |= {file: (LICENCES / file).read_text() for file in more}
        yield Component(name, pins[checkout.lower()]["state"]["version"], licence, texts)


def system():
    seen = set()
    for archive, path in archives().items():
        name, licence = SYSTEM[archive]
        if name in seen:
            continue
        seen.add(name)
        owner = subprocess.run(["dpkg-query", "-S", path], capture_output=True, text=True)
        if owner.returncode:
            raise Failure(f"no package of the system has {path}, so that its licence is not known: install Debian's")
        package = owner.stdout.rpartition(":")[0]
        version = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=True
        ).stdout
        text = pathlib.Path(f"/usr/share/doc/{package.partition(':')[0]}/copyright").read_text()
        yield Component(name, version, licence, {"copyright": text})


def expression(parts):
    """Returns the licences of the whole as an SPDX expression."""
    return " AND ".join(sorted({"Apache-2.0", *(part.licence for part in parts)}))


def table(parts):
    """Returns the list of the components as a table of Markdown."""
    head = "The program `steadyset` is Apache-2.0. Linked into it are:\n\n| component | version | licence |\n|---|---|---|"
    return "\n".join([head, *(f"| {part.name} | {part.version} | {part.licence} |" for part in parts)]) + "\n"


def files(parts):
    """Returns the list and all texts, by path."""
    found = {"COMPONENTS.md": table(parts), "LICENSE": (REPOSITORY / "LICENSE").read_text()}
    for part in parts:
        folder = re.sub(r"[^\w.+-]+", "-", part.name).strip("-")
        found |= {f"{folder}/{name}": text for name, text in part.texts.items()}
    return found
