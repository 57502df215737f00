"""From a checkpoint to golden files."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

import numpy as np

from cases import SEED, inference_cases, sweep_base, sweep_cases, training_cases, trajectory
from checkpoint import Checkpoint, parameters_sha256, read_checkpoint
from errors import BadInput, MissingInput
from golden import Attributes, GoldenWriter, golden_files
from network import Network, describe_oracle
from training import TrainingNetwork


def export(arguments: argparse.Namespace) -> None:
    """Reads the checkpoint, checks it, runs every case and writes the files."""
    sizes = arguments.depth_multiplier, arguments.num_classes
    labels = arguments.labels and read_labels(arguments.labels, arguments.num_classes)
    with Network(*sizes, np.float32) as float32, Network(*sizes, np.float64) as float64:
        checkpoint = read_checkpoint(arguments.checkpoint, float32.shapes)
        if checkpoint.ignored:
            print(f"export: ignored {', '.join(checkpoint.ignored)}", file=sys.stderr)
        float32.load(checkpoint.parameters)
        float64.load(checkpoint.parameters)
        attributes = common_attributes(arguments, checkpoint)
        with golden_files(arguments.output, attributes, command(arguments)) as writer:
            ordered = {name: checkpoint.parameters[name] for name in float32.shapes}
            writer.write_parameters(ordered, labels)
            writer.write_inference(inference_cases(*arguments.image_size), float32, float64)
            writer.write_sweep(sweep_base(), sweep_cases(), float32)
            if arguments.training:
                write_training(writer, arguments, checkpoint)


def write_training(
    writer: GoldenWriter, arguments: argparse.Namespace, checkpoint: Checkpoint
) -> None:
    """Runs the training cases, each type in a graph of its own."""
    sizes = arguments.depth_multiplier, arguments.num_classes
    with (
        TrainingNetwork(*sizes, np.float32) as float32,
        TrainingNetwork(*sizes, np.float64) as float64,
    ):
        float32.load(checkpoint.parameters)
        float64.load(checkpoint.parameters)
        features, classes = float32.end_points["global_pool"].shape[-1], arguments.num_classes
        writer.write_training(
            training_cases(features, classes), trajectory(features, classes), float32, float64
        )


def common_attributes(arguments: argparse.Namespace, checkpoint: Checkpoint) -> Attributes:
    """What each of the files says about the network, the checkpoint and the oracle."""
    return {
        "architecture": "mobilenet_v1",
        "depth_multiplier": np.float64(arguments.depth_multiplier),
        "num_classes": np.int64(arguments.num_classes),
        "image_size": np.array(arguments.image_size, np.int64),
        "parameters_sha256": parameters_sha256(checkpoint.parameters),
        "checkpoint": arguments.name or checkpoint.name,
        "checkpoint_description": arguments.description,
        "checkpoint_sha256": checkpoint.sha256,
        **describe_oracle(),
        "seed": np.int64(SEED),
    }


def command(arguments: argparse.Namespace) -> str:
    """The command that makes the same files anywhere: files by their names, without folders."""
    words = ["Scripts/oracle/export", "--checkpoint", Path(arguments.checkpoint).name]
    words += ["--depth-multiplier", f"{arguments.depth_multiplier:g}"]
    words += ["--image-size", "x".join(map(str, arguments.image_size))]
    words += ["--num-classes", str(arguments.num_classes)]
    if arguments.training:
        words.append("--training")
    if arguments.labels:
        words += ["--labels", arguments.labels.name]
    if arguments.name:
        words += ["--name", arguments.name]
    words += ["--description", arguments.description, "--output", arguments.output.name]
    return shlex.join(words)


def read_labels(path: Path, count: int) -> list[str]:
    try:
        labels = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise MissingInput(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path}: is not UTF-8 text") from error
    if len(labels) != count:
        raise BadInput(f"{path}: has {len(labels)} lines, not one for each of {count} classes")
    return labels
