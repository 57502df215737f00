#!/usr/bin/env python3
"""Latency of this project's engine beside LiteRT, ONNX Runtime and OpenVINO; with --training, its
training step beside TensorFlow and PyTorch.

All run the network of GoldenData's parameters.h5: 2 x - 1, convolutions with the batch norm folded
in, logits. First each library computes a golden image; its logits have to be the golden's. Then
all measure in turns, round by round, so that a change of clock or a busy neighbour meets everyone,
and the ratios are those of medians of the same round.

A training step is the loss and all gradients, without an optimizer. The losses have to agree.
"""
import argparse
import os
import statistics
import sys
from pathlib import Path

import h5py
import numpy as np

from engines import NAMES, TRAINERS, Assay, Library
from network import read_network

GOLDEN = Path(__file__).parents[2] / "GoldenData" / "mobilenet_v1_075_128"
CASE = "chelsea"
# Of the largest logit. Float32 rounding through thirty layers makes 4e-5; a wrong pad makes 1e-2.
AGREEMENT = 1e-4


def check(layers, path):
    """Ends the program if a library's logits are not the golden's."""
    with h5py.File(path) as file:
        images = file[f"cases/{CASE}/images"][()]
        golden = file[f"cases/{CASE}/activations/Logits"][()].reshape(len(images), -1)
    for name in NAMES:
        library = Library(name, layers, images, 1, None)
        error = float(np.abs(library.result - golden).max() / np.abs(golden).max())
        library.close()
        print(f"{name}: logits of '{CASE}' differ from the golden by {error:.1e} of the largest")
        if not error <= AGREEMENT:
            sys.exit(f"compare: {name} does not compute this network")


def measure(engines, rounds, warmup, runs):
    """By engine: by round: microseconds of every run."""
    samples = [[] for _ in engines]
    for number in range(rounds + 1):
        # Everyone follows everyone else equally often.
        for index in [(number + place) % len(engines) for place in range(len(engines))]:
            result = engines[index].round(warmup, runs)
            # The first round fills caches and is not counted.
            if number > 0:
                samples[index].append(result)
    return samples


def report(title, engines, samples):
    """Prints a table: the last column is the engine's ratio to the one of that row."""
    medians = [[statistics.median(turn) for turn in turns] for turns in samples]
    print(f"\n{title}")
    print(f"{'engine':<14}{'min us':>10}{'median us':>11}{'assay is':>10}")
    for engine, turns, own in zip(engines, samples, medians):
        ratio = statistics.median(a / b for a, b in zip(medians[-1], own))
        least = min(map(min, turns))
        print(f"{engine.name:<14}{least:>10.0f}{statistics.median(own):>11.0f}{ratio:>10.2f}")
    fastest = [min(turn) for turn in zip(*medians[:-1])]
    ratio = statistics.median(a / b for a, b in zip(medians[-1], fastest))
    best = min(min(map(min, turns)) for turns in samples[:-1])
    least = min(map(min, samples[-1]))
    print(f"to the fastest of each round: {ratio:.2f} (of minima: {least / best:.2f})", flush=True)


def compare(arguments, layers, size, batch, threads):
    core = arguments.core if threads == 1 else None
    images = np.random.default_rng(1).random((batch, size, size, 3), np.float32)
    engines = [Library(name, layers, images, threads, core) for name in NAMES]
    engines.append(Assay(
        os.path.abspath(arguments.assay), str(arguments.golden / "parameters.h5"), size, batch,
        threads, core))
    samples = measure(engines, arguments.rounds, arguments.warmup, arguments.runs)
    for engine in engines:
        engine.close()
    plural = "" if threads == 1 else "s"
    report(f"{size} x {size}, batch {batch}, {threads} thread{plural}", engines, samples)


def noise(batch, size):
    """The images of `assay bench`: a linear congruential generator's upper 24 bits as a fraction."""
    state, count = 1, batch * size * size * 3
    values = np.empty(count, np.float32)
    for index in range(count):
        state = (state * 1_664_525 + 1_013_904_223) & 0xFFFFFFFF
        values[index] = (state >> 8) * 2.0**-24
    return values.reshape(batch, size, size, 3)


def compare_training(arguments, size, batch, threads):
    core = arguments.core if threads == 1 else None
    parameters = str(arguments.golden / "parameters.h5")
    assay = Assay(
        os.path.abspath(arguments.assay), parameters, size, batch, threads, core, training=True)
    own = assay.turn(0, 1)
    own = np.array([own["cross_entropy"], own["regularization"]])
    engines = [
        Library(name, parameters, noise(batch, size), threads, core) for name in TRAINERS]
    for engine in engines:
        error = float(np.abs(engine.result / own - 1).max())
        print(f"{engine.name}: loss {engine.result.sum():.6f}, assay's {own.sum():.6f}")
        if not error <= AGREEMENT:
            sys.exit(f"compare: {engine.name} and assay do not compute the same loss")
    engines.append(assay)
    samples = measure(engines, arguments.rounds, arguments.warmup, arguments.runs)
    for engine in engines:
        engine.close()
    plural = "" if threads == 1 else "s"
    report(
        f"training, {size} x {size}, batch {batch}, {threads} thread{plural}", engines, samples)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assay", required=True, help="the program (Scripts/bench/compare sets it)")
    parser.add_argument("--golden", type=Path, default=GOLDEN, help="folder of golden files")
    parser.add_argument("--training", action="store_true", help="training steps")
    parser.add_argument("--shapes", metavar="SIZE:BATCH,...",
                        help="128:1,224:1,128:8 unless given, or 128:8 for training")
    parser.add_argument("--threads", default="1,2", metavar="N,...")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--runs", type=int, default=50, help="timed runs per round")
    parser.add_argument("--warmup", type=int, default=10, help="runs before them")
    parser.add_argument("--core", type=int, default=0, help="processor of one-thread runs")
    arguments = parser.parse_args()
    shapes = arguments.shapes or ("128:8" if arguments.training else "128:1,224:1,128:8")
    if not arguments.training:
        layers = read_network(arguments.golden / "parameters.h5")
        check(layers, arguments.golden / "inference.h5")
    for shape in shapes.split(","):
        size, batch = map(int, shape.split(":"))
        for threads in map(int, arguments.threads.split(",")):
            if arguments.training:
                compare_training(arguments, size, batch, threads)
            else:
                compare(arguments, layers, size, batch, threads)


if __name__ == "__main__":
    main()
