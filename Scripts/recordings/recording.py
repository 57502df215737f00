"""Writes recordings: HDF5 of Assay's format version 1, see Sources/Golden/README.md."""

from __future__ import annotations

import os
import platform
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import h5py
import numpy as np

from engines import Engine
from network import END_POINTS

#: What a recording has in common with the parameters that it was computed with.
_COMMON = (
    "architecture",
    "depth_multiplier",
    "num_classes",
    "image_size",
    "parameters_sha256",
    "checkpoint",
    "checkpoint_description",
    "checkpoint_sha256",
)


@dataclass(frozen=True)
class Case:
    """Images of a golden's case."""

    name: str
    source: str
    images: np.ndarray


def read_cases(golden: Path, patterns: list[str]) -> list[Case]:
    """The cases of an inference or a sweep file whose names match one of the patterns."""
    with h5py.File(golden) as file:
        return [
            Case(name, f"{golden.name}: {group.attrs['description']}", _images(file, group))
            for name, group in file["cases"].items()
            if any(fnmatchcase(name, pattern) for pattern in patterns)
        ]


def _images(file: h5py.File, group: h5py.Group) -> np.ndarray:
    if "images" in group:
        return group["images"][()]
    height, width = group.attrs["height"], group.attrs["width"]
    base = file["base"]
    return np.stack([base[y : y + height, x : x + width] for y, x in group.attrs["origins"]])


@contextmanager
def recording(path: Path, parameters: Path, engine: Engine) -> Iterator[Recording]:
    """A recording that appears at `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
        temporary = Path(folder) / path.name
        with h5py.File(parameters) as source, _created(temporary) as file:
            file.attrs["format"] = "assay-golden"
            file.attrs["format_version"] = np.int64(1)
            file.attrs["kind"] = "recording"
            for name in _COMMON:
                file.attrs[name] = source.attrs[name]
            file.attrs["subject"] = engine.title
            file.attrs["subject_description"] = f"{engine.version}; {engine.options}"
            file.attrs["host_isa"] = host_isa()
            yield Recording(file)
        os.replace(temporary, path)


class Recording:
    def __init__(self, file: h5py.File):
        self._file = file

    def write(self, case: Case, values: Mapping[str, np.ndarray], first: str, last: str) -> None:
        """A case with its end points from `first` to `last`."""
        group = _group(_group(self._file, "cases"), case.name)
        written = END_POINTS[END_POINTS.index(first) : END_POINTS.index(last) + 1]
        group.attrs["description"] = (
            "all end points" if written == END_POINTS else f"the end points {first} to {last}"
        )
        group.attrs["source"] = case.source
        # The few values of a photo's bytes repeat whole: shuffled they would be a half larger.
        _write(group, "images", case.images, shuffle=False)
        activations = _group(group, "activations")
        for name in written:
            _write(activations, name, values[name])


def _created(path: Path) -> h5py.File:
    """A new file of HDF5 1.10's structures: the older ones spend 4 kB on the index of each dataset.

    They would have the time of every group; without it equal numbers give equal files.
    """
    creation = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    creation.set_obj_track_times(False)
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_V110, h5py.h5f.LIBVER_V110)
    return h5py.File(h5py.h5f.create(os.fsencode(path), h5py.h5f.ACC_TRUNC, creation, access))


def _group(parent: h5py.Group, name: str) -> h5py.Group:
    """The group of this name, made without a time if it is not there."""
    if name in parent:
        return parent[name]
    creation = h5py.h5p.create(h5py.h5p.GROUP_CREATE)
    creation.set_obj_track_times(False)
    return h5py.Group(h5py.h5g.create(parent.id, name.encode(), gcpl=creation))


def _write(group: h5py.Group, name: str, value: np.ndarray, *, shuffle: bool = True) -> None:
    """Like the golden files: little-endian, a chunk for each image, shuffled and deflated."""
    group.create_dataset(
        name,
        data=np.ascontiguousarray(value, "<f4"),
        chunks=(1, *value.shape[1:]),
        shuffle=shuffle,
        compression="gzip",
        compression_opts=9,
        track_times=False,
    )


def host_isa() -> str:
    """The machine and those vector extensions by which the engines choose their kernels."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    flags = next((line.split() for line in lines if line.startswith(("flags", "Features"))), [])
    known = ("avx", "avx2", "fma", "avx512f", "amx_tile", "asimd")
    return " ".join([platform.machine(), *(flag for flag in known if flag in flags)])
