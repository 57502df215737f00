#!/usr/bin/env python3
"""Looks at the machine code of the kernels and fails if a hot loop is not what its source says.

A hot loop is an innermost loop with at least four vector multiply-adds. Three things have made such
loops up to three times as slow without changing a result, and all three can be seen on any processor,
without running anything:

- a call in it, or in a loop around it to a function that has no hot loop: something small was not
  inlined, and every register is stored around the call;
- a vzeroupper in it, or in the loop right around it unless a call of another kernel follows;
- more than 8 accesses to the stack and one more for every 16 multiply-adds: sums, weights or
  addresses do not fit the registers. Without fused multiply-adds 5 more for every 4: there are 16
  registers, a product overwrites one of its factors, and the copy of the weights comes from the stack.

It reads what objdump or llvm-objdump prints of x86-64 object files in AT&T syntax.
"""
import argparse
import re
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

# Accesses to the stack that a hot loop may have whatever its length (bounds, a pointer to the bias) and,
# besides, per multiply-add. What the loop is about costs more if it does not fit: one access for
# every two or three multiply-adds.
FREE_ACCESSES = 8
ACCESSES = 1 / 16
UNFUSED_ACCESSES = 5 / 4
# Multiply-adds that make an innermost loop a hot one.
HOT = 4
# Kernels that have hot loops: else it is not looked at what should be.
KERNELS = ("multiply", "multiplyTransposed", "depthwise", "depthwiseWeightGradient")

SECTION = re.compile(r"^Disassembly of section (.+):$")
FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(r"^\s*([0-9a-f]+):\s+(\S+)\s*(.*?)\s*$")
TARGET = re.compile(r"^(?:0x)?([0-9a-f]+)(?:\s+<.+>)?$")
RELOCATION = re.compile(r"^\s*[0-9a-f]+:\s+R_X86_64_\w+\s+(.+?)(?:([-+])0x([0-9a-f]+))?$")
MULTIPLY_ADD = re.compile(r"^vfn?m(?:add|sub)(?:132|213|231)ps$")
PRODUCT = re.compile(r"^v?mulps$")
PREFIXES = {
    "lock", "rep", "repz", "repnz", "data16", "notrack", "bnd", "cs", "ds", "es", "ss", "{evex}",
    "{vex}"}

# Findings printed per build, those that say the same taken together.
LINES = 12

Instruction = namedtuple("Instruction", "address name operands")
Loop = namedtuple("Loop", "blocks children")
Finding = namedtuple("Finding", "function address text")


class Function:
    """The instructions of a function, its basic blocks and how its loops are nested."""

    def __init__(self, name, section, instructions):
        self.name = name
        self.section = section
        self.instructions = instructions
        self.has_frame = any(
            i.name.startswith("mov") and i.operands == "%rsp,%rbp" for i in instructions[:8])
        self.relink()

    def relink(self):
        """Makes blocks and loops of the instructions."""
        self._make_blocks()
        self.loops = self._find_loops(set(self.blocks), None)
        self.hot_loops = self._find_hot_loops()

    def _make_blocks(self):
        known = {i.address for i in self.instructions}
        starts = {self.instructions[0].address}
        for index, instruction in enumerate(self.instructions):
            if is_jump(instruction) or instruction.name.startswith("ret"):
                target = jump_target(instruction)
                if target in known:
                    starts.add(target)
                if index + 1 < len(self.instructions):
                    starts.add(self.instructions[index + 1].address)
        self.blocks, start = {}, None
        for instruction in self.instructions:
            if instruction.address in starts:
                start = instruction.address
                self.blocks[start] = []
            self.blocks[start].append(instruction)
        self.successors = {}
        order = list(self.blocks)
        for index, start in enumerate(order):
            last = self.blocks[start][-1]
            following = []
            if is_jump(last) and jump_target(last) in self.blocks:
                following.append(jump_target(last))
            ends = last.name in ("jmp", "jmpq", "ud2") or last.name.startswith("ret")
            if not ends and index + 1 < len(order):
                following.append(order[index + 1])
            self.successors[start] = following

    def _find_loops(self, nodes, header):
        """The loops among some blocks; jumps to the header of the loop around them do not count."""
        loops = []
        for part in strongly_connected(nodes, self.successors, header):
            first = next(iter(part))
            if len(part) == 1 and (first == header or first not in self.successors[first]):
                continue
            entered = [
                block for block in sorted(part)
                if any(block in self.successors[other] for other in nodes - part)]
            inner = entered[0] if entered else min(part)
            loops.append(Loop(part, self._find_loops(part, inner)))
        return loops

    def code(self, loop):
        return [i for block in sorted(loop.blocks) for i in self.blocks[block]]

    def _find_hot_loops(self):
        """Hot loops, each with the loops around it, the outermost first."""
        def walk(loops, parents):
            for loop in loops:
                if loop.children:
                    yield from walk(loop.children, [*parents, loop])
                elif multiply_adds(self.code(loop)) >= HOT:
                    yield loop, parents
        return list(walk(self.loops, []))

    def stack_accesses(self, code):
        registers = ("%rsp", "%rbp") if self.has_frame else ("%rsp",)
        return sum(
            any(f"({register}" in i.operands for register in registers) for i in code
            if not i.name.startswith(("lea", "nop")))


def is_call(instruction):
    return instruction.name.startswith("call")


def is_jump(instruction):
    return instruction.name.startswith("j")


def jump_target(instruction):
    match = TARGET.match(instruction.operands)
    return int(match.group(1), 16) if match else None


def multiply_adds(code):
    """Fused ones; products where the instruction set has none."""
    fused = sum(bool(MULTIPLY_ADD.match(i.name)) for i in code)
    return fused or sum(bool(PRODUCT.match(i.name)) for i in code)


def strongly_connected(nodes, successors, cut):
    """Tarjan's algorithm without recursion; edges to `cut` are left out."""
    index, low, stack, on_stack, parts = {}, {}, [], set(), []
    for root in sorted(nodes):
        if root in index:
            continue
        work = [(root, None)]
        while work:
            node, edges = work.pop()
            if edges is None:
                index[node] = low[node] = len(index)
                stack.append(node)
                on_stack.add(node)
                edges = iter([s for s in successors[node] if s in nodes and s != cut])
            for successor in edges:
                if successor not in index:
                    work += [(node, edges), (successor, None)]
                    break
                if successor in on_stack:
                    low[node] = min(low[node], index[successor])
            else:
                if low[node] == index[node]:
                    part = set()
                    while node not in part:
                        part.add(stack.pop())
                    on_stack -= part
                    parts.append(part)
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
    return parts


def parse(listing):
    """The functions of a listing of one object file; calls have the name of what they call."""
    functions, section, name, instructions = [], "", None, []

    def finish():
        if name and instructions:
            functions.append(Function(name, section, list(instructions)))
        instructions.clear()

    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            finish()
            name = match.group(2)
        elif match := SECTION.match(line):
            finish()
            section, name = match.group(1), None
        elif match := RELOCATION.match(line):
            # What the linker puts into the instruction before.
            if instructions and is_call(instructions[-1]):
                instructions[-1] = instructions[-1]._replace(operands=relocated(*match.groups()))
        elif name and (match := INSTRUCTION.match(line)):
            address, word, operands = match.groups()
            while word in PREFIXES and operands:
                word, _, operands = operands.partition(" ")
            operands = re.sub(r"\s*#.*$", "", operands).replace(", ", ",").strip()
            instructions.append(Instruction(int(address, 16), word, operands))
    finish()
    return name_callees(functions)


def relocated(symbol, sign, distance):
    """A symbol, or a section and a place in it: a distance counts from four bytes before the end."""
    place = int(f"{sign or '+'}{distance or 0}", 16) + 4
    return f"{symbol}+{place:x}" if place else symbol


def name_callees(functions):
    """Replaces places in a section by the function there."""
    places = {}
    for function in functions:
        first = function.instructions[0].address
        places[f"{function.section}+{first:x}"] = function.name
        places[(function.section, first)] = function.name
    for function in functions:
        for index, instruction in enumerate(function.instructions):
            if is_call(instruction):
                target = TARGET.match(instruction.operands)
                place = (function.section, int(target.group(1), 16)) if target else None
                name = places.get(place) or places.get(instruction.operands, instruction.operands)
                function.instructions[index] = instruction._replace(operands=name)
        function.relink()
    return functions


def allowance(code):
    """Accesses to the stack that a hot loop may have."""
    share = ACCESSES if any(MULTIPLY_ADD.match(i.name) for i in code) else UNFUSED_ACCESSES
    return FREE_ACCESSES + share * multiply_adds(code)


def judge(functions):
    """What is wrong, and by hot loop: accesses to the stack, how many are allowed, multiply-adds,
    function, address."""
    findings, figures = [], []
    hot = {function.name for function in functions if function.hot_loops}
    for function in functions:
        def find(instruction, text):
            findings.append(Finding(function.name, instruction.address, text))

        innermost, around, outer = set(), set(), set()
        for loop, parents in function.hot_loops:
            code = function.code(loop)
            accesses, sums, allowed = (
                function.stack_accesses(code), multiply_adds(code), allowance(code))
            figures.append((accesses, allowed, sums, function.name, code[0].address))
            if accesses > allowed:
                find(code[0], f"{accesses} accesses to the stack for {sums} multiply-adds")
            innermost.update(code)
            for parent in parents:
                outer.update(function.code(parent))
            for parent in parents[-1:]:
                around.update(function.code(parent))
        follows = None
        for instruction in reversed(function.instructions):
            if is_jump(instruction):
                follows = None
            if is_call(instruction):
                follows = instruction.operands
                if instruction in innermost:
                    find(instruction, f"a call in a hot loop, of {follows}")
                elif instruction in outer and follows not in hot:
                    find(instruction, f"a call around a hot loop, of {follows}")
            if instruction.name == "vzeroupper":
                if instruction in innermost:
                    find(instruction, "vzeroupper in a hot loop")
                elif instruction in around and follows not in hot:
                    find(instruction, "vzeroupper around a hot loop")
    return findings, figures


def disassemble(objdump, objects):
    """The functions of some object files."""
    functions = []
    for path in objects:
        command = [objdump, "-d", "-r", "--no-show-raw-insn", str(path)]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"check: {objdump} cannot read {path}: {run.stderr.strip()}")
        functions += parse(run.stdout)
    return functions


def check(objdump, build, show):
    """Prints what is wrong with one build of the kernels; whether nothing is."""
    findings, figures = judge(disassemble(objdump, sorted(build.glob("*.o"))))
    for kernel in KERNELS:
        if not any(f"{len(kernel)}{kernel}" in name for *_, name, _ in figures):
            sys.exit(f"check: no hot loop of {kernel} in {build}: is it a release build of the kernels?")
    figures.sort(key=lambda figure: figure[0] / figure[1], reverse=True)
    for accesses, allowed, sums, name, address in figures[:show]:
        print(f"  {accesses} accesses to the stack of {allowed:.0f} allowed for {sums} multiply-adds: "
              f"{name} at {address:x}")
    alike = {}
    for finding in findings:
        alike.setdefault(finding.text, []).append(finding)
    groups = sorted(alike.values(), key=len, reverse=True)
    for group in groups[:LINES]:
        first = group[0]
        print(f"  {len(group)} x {first.text}; one in {first.function} at {first.address:x}")
    if len(groups) > LINES:
        print(f"  and {sum(map(len, groups[LINES:]))} others")
    print(f"{build.name}: {len(figures)} hot loops, {len(findings)} findings", flush=True)
    return not findings


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objdump", default="objdump", help="objdump or llvm-objdump")
    parser.add_argument("--show", type=int, default=0, metavar="N",
                        help="also print the N hot loops with the most accesses to the stack")
    parser.add_argument("builds", nargs="+", type=Path,
                        help="folders of object files, one for each build of the kernels")
    arguments = parser.parse_args()
    sound = [check(arguments.objdump, build, arguments.show) for build in arguments.builds]
    sys.exit(0 if all(sound) else 1)


if __name__ == "__main__":
    main()
