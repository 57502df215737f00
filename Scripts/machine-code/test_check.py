"""Tests of the look at machine code: what is sound passes, and each of the three mistakes is found."""
import unittest

from check import judge, parse

# A loop of six steps: twelve multiply-adds, two loads, no access to the stack.
STEP = """
    vbroadcastss (%rdi),%zmm29
    vmovups (%rsi),%zmm30
    vfmadd231ps %zmm30,%zmm29,%zmm0
    vfmadd231ps %zmm30,%zmm29,%zmm1"""
SPILL = """
    vmovups %zmm3,0x40(%rsp)
    vmovups 0x40(%rsp),%zmm3"""


def listing(text, name="kernel", start=0x100, section=".text"):
    """A listing of a function: an instruction takes four bytes, `label:` names the next one."""
    lines, labels, address = [], {}, start
    for line in text.split("\n"):
        if line.strip().endswith(":"):
            labels[line.strip()[:-1]] = address
        elif line.strip():
            lines.append((address, line.strip()))
            address += 4
    body = []
    for address, line in lines:
        if line.startswith("R_"):
            body.append(f"\t\t\t{address:x}: {line}")
            continue
        word, _, operands = line.partition(" ")
        if operands in labels:
            operands = f"{labels[operands]:x} <{name}+0x{labels[operands] - start:x}>"
        body.append(f" {address:7x}:\t{word:<6} {operands}")
    head = f"Disassembly of section {section}:\n\n{start:016x} <{name}>:\n"
    return head + "\n".join(body) + "\n\n"


def tiles(step=STEP * 6, around="", before="", behind=""):
    """A loop over tiles with a loop over k in it."""
    return f"""
    push %rbx
    {before}
tile:
    vxorps %xmm0,%xmm0,%xmm0
k:
    {step}
    dec %rcx
    jne k
    {around}
    dec %rdx
    jne tile
    {behind}
    pop %rbx
    ret"""


class CheckTests(unittest.TestCase):
    def findings(self, *listings):
        found, figures = judge(parse("".join(listings)))
        self.assertTrue(figures, "there are hot loops in every one of these")
        return [finding.text for finding in found]

    def assertFinds(self, text, *listings):
        found = self.findings(*listings)
        self.assertTrue(found and all(text in finding for finding in found), found)

    def test_sound(self):
        self.assertEqual(self.findings(listing(tiles())), [])

    def test_figures(self):
        _, figures = judge(parse(listing(tiles(STEP * 6 + SPILL))))
        self.assertEqual(figures, [(2, 8.75, 12, "kernel", 0x108)])

    def test_call_in_the_loop(self):
        self.assertFinds(
            "a call in a hot loop, of fmaf", listing(tiles(STEP * 6 + "\ncall fmaf")))

    def test_call_in_the_loop_around(self):
        self.assertFinds(
            "a call around a hot loop, of clamped", listing(tiles(around="call 900 <clamped>")),
            listing("ret", "clamped", 0x900))

    def test_call_at_the_end_of_a_loop_whose_block_is_elsewhere(self):
        text = tiles(around="jmp far\nback:", behind="jmp end\nfar:\ncall clamped\njmp back\nend:")
        self.assertFinds("a call around", listing(text))

    def test_call_outside_of_loops(self):
        self.assertEqual(self.findings(listing(tiles(before="call memset", behind="call memset"))), [])

    def test_call_of_another_kernel(self):
        for call in ["call 900 <panel>", "call 0\nR_X86_64_PLT32 .text+0x8fc",
                     "call 0\nR_X86_64_PLT32 panel-0x4"]:
            with self.subTest(call):
                panel = listing(tiles(), "panel", 0x900)
                self.assertEqual(
                    self.findings(listing(tiles(around=f"vzeroupper\n{call}")), panel), [])
                self.assertFinds("a call in a hot loop, of panel",
                                 listing(tiles(STEP * 6 + "\n" + call)), panel)

    def test_relocated_call(self):
        self.assertFinds(
            "a call around a hot loop, of clamped",
            listing(tiles(around="call 0\nR_X86_64_PLT32 .text+0x8fc")),
            listing("ret", "clamped", 0x900))

    def test_vzeroupper(self):
        self.assertFinds("vzeroupper in a hot loop", listing(tiles(STEP * 6 + "\nvzeroupper")))
        self.assertFinds("vzeroupper around a hot loop", listing(tiles(around="vzeroupper")))
        self.assertEqual(self.findings(listing(tiles(behind="vzeroupper"))), [])

    def test_spills(self):
        # 8 accesses are free, 12 multiply-adds do not make it 9.
        self.assertEqual(self.findings(listing(tiles(STEP * 6 + SPILL * 4))), [])
        self.assertFinds(
            "10 accesses to the stack for 12 multiply-adds", listing(tiles(STEP * 6 + SPILL * 5)))
        self.assertEqual(self.findings(listing(tiles(STEP * 16 + SPILL * 5))), [])

    def test_spills_outside_of_the_innermost_loop(self):
        self.assertEqual(self.findings(listing(tiles(around=SPILL * 10))), [])

    def test_frame_pointer(self):
        access = "\nvmovups -0x40(%rbp),%zmm3" * 9
        self.assertEqual(self.findings(listing(tiles(STEP * 6 + access))), [])
        self.assertFinds(
            "9 accesses", listing(tiles(STEP * 6 + access, before="mov %rsp,%rbp")))

    def test_products_without_fused_multiply_add(self):
        step = "\nmovaps %xmm3,%xmm4\nmulps %xmm5,%xmm4\naddps %xmm4,%xmm0" * 12
        self.assertEqual(self.findings(listing(tiles(step + SPILL * 11))), [])
        self.assertFinds("for 12 multiply-adds", listing(tiles(step + SPILL * 12)))

    def test_loops_without_products_do_not_matter(self):
        other = "copy:\nmovups 0x40(%rsp),%xmm0\ncall memset\njne copy\nret"
        self.assertEqual(self.findings(listing(tiles()), listing(other, "other", 0x900)), [])

    def test_syntax_of_llvm_objdump(self):
        text = tiles(STEP * 6 + SPILL * 5).replace(",", ", ").replace("ret", "retq")
        text = listing(text).replace("jne    ", "jne\t0x")
        self.assertFinds("10 accesses to the stack for 12 multiply-adds", text)


if __name__ == "__main__":
    unittest.main()
