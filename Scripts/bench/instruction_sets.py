#!/usr/bin/env python3
"""Whether the engine's own choice of instruction set is at least as fast as the others that this
processor has, for a whole call and for each kind of layer.

A round measures every instruction set once, one after the other, each round in another order; a
round's time is the least of its calls, since neighbours on the machine only ever add. What counts is
the median over all rounds of the ratio within a round. The choice is slower if that exceeds 1 by more
than --margin; kinds of layers that take less than 1 % of a call are shown and not judged.

Exits with 1 if the choice is slower anywhere, with 2 if there is nothing to compare.
"""
import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

NAMES = ("portable", "avx2", "avx512")
CALL = "whole call"
KINDS = (CALL, "first layer", "depthwise", "pointwise", "global pool", "logits")
# Exit status of the program for what this processor does not have.
USAGE = 64
# Of a whole call.
LEAST_SHARE = 0.01


def processor():
    """Its name and, since virtual machines tend to have vague names, its numbers."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            lines = [line.split(":", 1) for line in file.read().split("\n\n")[0].splitlines()]
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    fields = {line[0].strip(): line[1].strip() for line in lines if len(line) == 2}
    if "model name" not in fields:
        return platform.machine()
    numbers = (fields.get(key, "?") for key in ("vendor_id", "cpu family", "model", "stepping"))
    return "{} ({}, family {}, model {}, stepping {})".format(fields["model name"], *numbers)


def bench(arguments, name, runs):
    """The program's figures; `None` if this processor does not have the instruction set."""
    command = [
        arguments.assay, "bench", "--per-layer", "--json", "--shapes", arguments.shape,
        "--threads", str(arguments.threads), "--warmup", "5", "--runs", str(runs)]
    if name:
        command += ["--isa", name]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode == USAGE and name:
        return None
    if run.returncode != 0:
        sys.exit(f"instruction-sets: {' '.join(command)}: {run.stderr.strip()}")
    return json.loads(run.stdout)[0]


def kind(end_point):
    if end_point == "Conv2d_0":
        return "first layer"
    if end_point == "Logits":
        return "logits"
    if end_point == "global_pool":
        return "global pool"
    return "depthwise" if end_point.endswith("_depthwise") else "pointwise"


def times(result):
    """Microseconds by kind of layer."""
    sums = dict.fromkeys(KINDS, 0.0)
    sums[CALL] = result["minimumMicroseconds"]
    for layer in result["layers"]:
        sums[kind(layer["endPoint"])] += layer["minimumMicroseconds"]
    return sums


def measure(arguments, names):
    """By instruction set: by round: microseconds by kind."""
    rounds = {name: [] for name in names}
    for number in range(arguments.rounds):
        for place in range(len(names)):
            name = names[(number + place) % len(names)]
            rounds[name].append(times(bench(arguments, name, arguments.runs)))
    return rounds


def compare(choice, other, margin):
    """Prints a table; the kinds of layers in which the choice is slower."""
    total = statistics.median(turn[CALL] for turn in choice)
    slower = []
    for kind in KINDS:
        own = statistics.median(turn[kind] for turn in choice)
        its = statistics.median(turn[kind] for turn in other)
        ratio = statistics.median(a[kind] / b[kind] for a, b in zip(choice, other))
        verdict = ""
        if max(own, its) < LEAST_SHARE * total:
            verdict = "not judged"
        elif ratio > 1 + margin:
            verdict = "SLOWER"
            slower.append(kind)
        print(f"{kind:<14}{own:>10.1f}{its:>10.1f}{ratio:>8.3f}  {verdict}".rstrip())
    return slower


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--assay", required=True, help="the program (Scripts/bench/instruction-sets sets it)")
    parser.add_argument("--shape", metavar="SIZE:BATCH", default="128:1")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--runs", type=int, default=40, help="timed calls per round")
    parser.add_argument("--margin", type=float, default=0.03, help="0.03 unless given")
    parser.add_argument("--core", type=int, default=0, help="processor of one-thread runs")
    arguments = parser.parse_args()
    if arguments.threads == 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {arguments.core})
    chosen = bench(arguments, None, 1)["isa"]
    others = [name for name in NAMES if name != chosen and bench(arguments, name, 1)]
    print(f"{processor()}\nshape {arguments.shape}, {arguments.threads} thread(s), margin "
          f"{arguments.margin:.0%}; the engine chooses {chosen}")
    if not others:
        print("instruction-sets: there is nothing to compare it with", file=sys.stderr)
        sys.exit(2)
    rounds = measure(arguments, [chosen, *others])
    slower = []
    for other in others:
        print(f"\n{'µs':<14}{chosen:>10}{other:>10}{'ratio':>8}")
        slower += [
            f"{kind} than {other}"
            for kind in compare(rounds[chosen], rounds[other], arguments.margin)]
    if slower:
        print(f"\n{chosen} is slower: {', '.join(slower)}")
        sys.exit(1)
    print(f"\n{chosen} is at least as fast as {' and '.join(others)} in every kind of layer")


if __name__ == "__main__":
    main()
