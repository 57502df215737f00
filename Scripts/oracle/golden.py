"""Writes golden files, format version 1.

Everything that could differ between two runs on the same numbers is fixed: the order of the
objects, the chunks, the filters, and no time stamps. Equal numbers give equal files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import h5py
import numpy as np

from cases import InferenceCase, SweepCase, TrainingCase, Trajectory
from errors import BadInput
from network import END_POINTS, Network, describe_oracle
from projection import WHOLE, summarize
from training import (
    KEEP_PROBABILITY,
    LOSSES,
    WEIGHT_DECAY,
    Step,
    TrainingNetwork,
    gentle_learning_rate,
)

FORMAT_VERSION = 1

#: All that a folder of golden files may have, beside its manifest.
FILES = frozenset({"parameters.h5", "inference.h5", "sweep.h5", "training.h5"})

Attributes = Mapping[str, object]

Case = TypeVar("Case", InferenceCase, SweepCase)


@contextmanager
def golden_files(
    folder: Path, attributes: Attributes, command: str, earlier: Path | None = None
) -> Iterator[GoldenWriter]:
    """A writer whose files appear in `folder` when the block ends without an error.

    They are written beside the folder and then moved into it, the manifest last, so that nobody
    meets a file that is written half. A golden file that was there before and is not among them goes:
    it may be of another checkpoint, and nothing would say so.

    Args:
      attributes: what all files say about themselves.
      command: how the files can be made again, for the manifest.
      earlier: see `GoldenWriter`.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as directory:
        writer = GoldenWriter(Path(directory), attributes, earlier)
        yield writer
        manifest = writer.write_manifest(command)
        folder.mkdir(exist_ok=True)
        for name in FILES - {path.name for path in writer.files}:
            (folder / name).unlink(missing_ok=True)
        for path in [*writer.files, manifest]:
            os.replace(path, folder / path.name)


class GoldenWriter:
    """Writes the golden files of one checkpoint into a folder."""

    def __init__(self, folder: Path, attributes: Attributes, earlier: Path | None = None):
        """With `earlier`, a folder of golden files of the same checkpoint, cases that are there
        already are taken over as they are: bit for bit, wherever they were computed."""
        self.files: list[Path] = []
        self._folder = folder
        self._earlier = earlier
        self._attributes = {
            "format": "assay-golden",
            "format_version": np.int64(FORMAT_VERSION),
            **attributes,
        }

    def write_parameters(
        self, parameters: Mapping[str, np.ndarray], labels: list[str] | None
    ) -> None:
        """Every variable at its TensorFlow name, in the given order, and `/labels`."""
        with self._file("parameters") as file:
            for name, value in parameters.items():
                _write(file, name, value, chunk=value.shape)
            if labels is not None:
                file.create_dataset(
                    "labels", data=labels, dtype=h5py.string_dtype(), track_times=False
                )

    def write_inference(
        self, cases: list[InferenceCase], float32: Network, float64: Network
    ) -> None:
        """Images and every end point of each case, in float64 too where the case asks for it."""
        with self._file("inference") as file:
            for case in self._new(file, cases):
                group = file.create_group(f"cases/{case.name}")
                group.attrs["description"] = case.description
                group.attrs["source"] = case.source
                _write(group, "images", case.images)
                _write_activations(group, "activations", float32.run(case.images))
                if case.float64:
                    _write_activations(group, "activations_float64", float64.run(case.images))

    def write_sweep(self, base: np.ndarray, cases: list[SweepCase], network: Network) -> None:
        """The base image, and for each case its crops' features and logits."""
        with self._file("sweep") as file:
            _write(file, "base", base, chunk=base.shape)
            for case in self._new(file, cases):
                group = file.create_group(f"cases/{case.name}")
                group.attrs["description"] = case.description
                group.attrs["height"] = np.int64(case.height)
                group.attrs["width"] = np.int64(case.width)
                group.attrs["origins"] = case.origins
                end_points = END_POINTS if case.activations else ("global_pool", "Logits")
                values = network.run(case.images(base), end_points)
                _write(group, "features", values["global_pool"][:, 0, 0, :])
                _write(group, "logits", values["Logits"])
                if case.activations:
                    _write_activations(group, "activations", values)

    def write_training(
        self,
        cases: list[TrainingCase],
        trajectory: Trajectory,
        float32: TrainingNetwork,
        float64: TrainingNetwork,
    ) -> None:
        """What a training step computes in each case, and where five steps lead.

        All start from the variables that are loaded.
        """
        seed = int(self._attributes["seed"])
        with self._file("training") as file:
            file.attrs["dropout"] = "the mask is given: fed in place of the random numbers"
            for case in cases:
                group = file.create_group(f"cases/{case.name}")
                group.attrs["description"] = case.description
                group.attrs["source"] = case.source
                group.attrs["momentum"] = np.float64(case.momentum)
                group.attrs["keep_probability"] = np.float64(KEEP_PROBABILITY)
                group.attrs["weight_decay"] = np.float64(WEIGHT_DECAY)
                _write(group, "images", case.batch.images)
                _write_plain(group, "labels", case.batch.labels)
                _write(group, "dropout_mask", case.batch.dropout_mask)
                _write_step(group, "", float32.run(case.batch, case.momentum), seed)
                _write_step(group, "_float64", float64.run(case.batch, case.momentum), seed)
            _write_trajectory(file, trajectory, float32, float64)

    def write_manifest(self, command: str) -> Path:
        """The hash and size of each file written so far, and what they have in common."""
        files = {}
        for path in self.files:
            data = path.read_bytes()
            files[path.name] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
        manifest = {
            "format_version": FORMAT_VERSION,
            "command": command,
            "attributes": {
                name: value.tolist() if isinstance(value, np.generic | np.ndarray) else value
                for name, value in self._attributes.items()
            },
            "files": files,
            "total_bytes": sum(file["bytes"] for file in files.values()),
        }
        path = self._folder / "manifest.json"
        text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
        return path

    def keep(self, name: str) -> None:
        """Takes over a whole file of the earlier folder."""
        if self._earlier is None:
            raise AssertionError("there is nothing earlier")
        self.files.append(Path(shutil.copy(self._earlier / name, self._folder)))

    def _new(self, file: h5py.File, cases: list[Case]) -> Iterator[Case]:
        """The cases that have to be computed; the others are copied meanwhile, each in its turn."""
        if self._earlier is None:
            yield from cases
            return
        with h5py.File(self._earlier / f"{file.attrs['kind']}.h5") as earlier:
            groups = file.require_group("cases")
            for case in cases:
                if case.name in earlier["cases"]:
                    _check_same(case, earlier["cases"][case.name])
                    earlier.copy(f"cases/{case.name}", groups)
                else:
                    yield case
                    host = describe_oracle()["host_isa"]
                    if host != file.attrs["host_isa"]:
                        groups[case.name].attrs["host_isa"] = host

    @contextmanager
    def _file(self, kind: str) -> Iterator[h5py.File]:
        path = self._folder / f"{kind}.h5"
        with h5py.File(path, "w") as file:
            file.attrs["kind"] = kind
            for name, value in self._attributes.items():
                file.attrs[name] = value
            yield file
        self.files.append(path)


def _check_same(case: Case, group: h5py.Group) -> None:
    """Refuses a case that has been changed since: its numbers would not be of its images."""
    if isinstance(case, SweepCase):
        same = np.array_equal(group.attrs["origins"], case.origins)
    else:
        same = np.array_equal(group["images"], case.images)
    if not same:
        raise BadInput(f"{group.file.filename}: case {case.name} has other images; export anew")


def _write_activations(group: h5py.Group, name: str, values: Mapping[str, np.ndarray]) -> None:
    for end_point in END_POINTS:
        _write(group, f"{name}/{end_point}", values[end_point])


def _write_step(group: h5py.Group, suffix: str, step: Step, seed: int) -> None:
    """A training step's numbers, in groups whose names end in `suffix`."""
    _write_activations(group, f"activations{suffix}", step.activations)
    losses = group.create_group(f"loss{suffix}")
    for name in LOSSES:
        losses.attrs[name] = step.losses[name]
    for name, values in (
        ("batch_mean", step.batch_mean),
        ("batch_variance", step.batch_variance),
        ("updated", step.updated),
    ):
        for key, value in values.items():
            _write_plain(group, f"{name}{suffix}/{key}", value)
    for name, gradient in step.gradients.items():
        path = f"gradients{suffix}/{name}"
        if gradient.size <= WHOLE:
            _write_plain(group, path, gradient)
        else:
            for part, value in summarize(gradient, seed).items():
                _write_plain(group, f"{path}/{part}", value)


def _write_trajectory(
    file: h5py.File, trajectory: Trajectory, float32: TrainingNetwork, float64: TrainingNetwork
) -> None:
    """Takes the steps, in both types, and leaves the networks where they lead."""
    batches, momentum = trajectory.batches, trajectory.momentum
    rate = gentle_learning_rate(float64.run(batches[0], momentum))
    group = file.create_group("trajectory")
    group.attrs["description"] = trajectory.description
    group.attrs["source"] = trajectory.source
    group.attrs["optimizer"] = "sgd"
    group.attrs["steps"] = np.int64(len(batches))
    group.attrs["learning_rate"] = np.float64(rate)
    group.attrs["momentum"] = np.float64(momentum)
    group.attrs["keep_probability"] = np.float64(KEEP_PROBABILITY)
    group.attrs["weight_decay"] = np.float64(WEIGHT_DECAY)
    _write(group, "images", np.stack([batch.images for batch in batches]))
    _write_plain(group, "labels", np.stack([batch.labels for batch in batches]))
    _write(group, "dropout_mask", np.stack([batch.dropout_mask for batch in batches]))
    for suffix, network in (("", float32), ("_float64", float64)):
        steps = [(network.descend(batch, momentum, rate), network.norms()) for batch in batches]
        losses = [[step[name] for name in LOSSES] for step, _ in steps]
        _write_plain(group, f"loss{suffix}", np.array(losses, network.dtype))
        for name in network.variables:
            norms = np.array([norms[name] for _, norms in steps])
            _write_plain(group, f"norms{suffix}/{name}", norms)


def _write(
    group: h5py.Group, name: str, value: np.ndarray, chunk: tuple[int, ...] | None = None
) -> None:
    """One dataset in little-endian, by default a chunk for each image of the batch."""
    group.create_dataset(
        name,
        data=value.astype(value.dtype.newbyteorder("<")),
        chunks=chunk or (1, *value.shape[1:]),
        shuffle=True,
        compression="gzip",
        compression_opts=9,
        track_times=False,
    )


def _write_plain(group: h5py.Group, name: str, value: np.ndarray) -> None:
    """One dataset in little-endian, as it is: for the many small ones whose digits do not compress,
    where a chunk's index would take more room than the numbers."""
    group.create_dataset(
        name, data=value.astype(value.dtype.newbyteorder("<")), track_times=False
    )
