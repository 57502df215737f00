"""Opens the HTML reports in Chromium and uses them as a person would.

usage: test_report.py REPORTS [SCREENSHOTS]     CHROMIUM names the browser

REPORTS holds record.html in good/, in a folder for each fault, in planted/ (one element of a recording is
changed), in training/ (two layers of a step) and in forty/ (forty cases of as many sizes), matrix/matrix.html, and
what gate and faults wrote:
good/gate.html, relu/gate.html and good/faults.html.
"""

import os
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

REPORTS = Path(sys.argv[1]).resolve()
SCREENSHOTS = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
PAGES = ["good/record.html", "relu/record.html", "symmetric-padding/record.html", "planted/record.html",
         "training/record.html", "forty/record.html", "matrix/matrix.html", "good/gate.html",
         "relu/gate.html", "good/faults.html"]
# Folder: the layer at fault, and what the page has to say of the cause.
FAULTS = {
    "relu": ("Conv2d_9_depthwise", "ReLU"),
    "symmetric-padding": ("Conv2d_6_depthwise", "symmetric padding"),
    "epsilon-1e-5": ("Conv2d_3_pointwise", "epsilon"),
    "weight-1e-3": ("Conv2d_11_depthwise", "weight"),
    "pool-sum": ("global_pool", "sum"),
}
# Layer, row, column and channel of the element that Scripts/test-browser changes, and the layer's size.
PLANTED = ("layer-3", 41, 13, 20, 64, 48)
TABLE = "#end-point-table tbody tr"

passed = failed = 0


def check(name, holds, detail=""):
    """Counts a check, and says so where it fails."""
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  {name}: {detail}")


class Visit:
    """A page with everything that it asks for and complains about."""

    def __init__(self, browser, path, width=1280, scheme="light", script=True):
        self.context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=script)
        self.page = self.context.new_page()
        self.messages, self.requests = [], []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.url = (REPORTS / path).as_uri()
        self.page.goto(self.url)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def test_quiet(browser, path):
    """No request but for the page itself, nothing on the console, no sideways scrolling."""
    for width in (1280, 390):
        for scheme in ("light", "dark"):
            with Visit(browser, path, width, scheme) as visit:
                name = f"{path} {width} {scheme}"
                others = [url for url in visit.requests if url != visit.url and not url.startswith("data:")]
                check(f"{name} requests nothing", not others, others)
                check(f"{name} console", not visit.messages, visit.messages)
                overflow = visit.page.evaluate(
                    "document.documentElement.scrollWidth - document.documentElement.clientWidth")
                check(f"{name} fits", overflow <= 0, f"{overflow} px too wide")
                if SCREENSHOTS:
                    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
                    target = SCREENSHOTS / f"{path.replace('/', '-')[:-5]}-{width}-{scheme}.png"
                    visit.page.screenshot(path=target)


def test_accessible(browser, path):
    """axe-core finds nothing serious, in either colour scheme."""
    for scheme in ("light", "dark"):
        with Visit(browser, path, scheme=scheme) as visit:
            # What is folded is not looked at. Opening more than a few layers takes axe minutes.
            visit.page.eval_on_selector_all(
                "details.layer", "layers => layers.slice(0, 3).forEach(l => { l.open = true; })")
            found = [
                f"{violation['id']}: {violation['nodes'][0]['target']}"
                for violation in Axe().run(visit.page).response["violations"]
                if violation["impact"] in ("serious", "critical")
            ]
            check(f"{path} {scheme} axe", not found, found)


def names(page):
    """Names of the rows that are shown, from top to bottom."""
    return page.eval_on_selector_all(TABLE, "rows => rows.filter(r => !r.hidden).map(r => r.dataset.name)")


def test_table(browser):
    """The table of end points sorts and filters."""
    with Visit(browser, "relu/record.html") as visit:
        page = visit.page
        original = names(page)
        check("30 rows", len(original) == 30, len(original))
        header = page.locator("#end-point-table tr.sort th", has_text="end point")
        header.locator("button").click()
        check("says how it is sorted", header.get_attribute("aria-sort") == "ascending")
        ascending = names(page)
        header.locator("button").click()
        check("sorted by name", names(page) == ascending[::-1] and sorted(ascending) == sorted(original))
        figures = page.locator("#end-point-table tr.sort th.n").nth(1)
        figures.locator("button").click()
        values = page.eval_on_selector_all(
            TABLE, "rows => rows.map(r => Number(r.querySelectorAll('td[data-v]')[1].dataset.v))")
        check("largest first", values == sorted(values, reverse=True), values)
        figures.locator("button").click()
        check("then smallest first", figures.get_attribute("aria-sort") == "ascending")
        page.fill("#filter-name", "depthwise")
        check("filtered by name", len(names(page)) == 13 and all("depthwise" in n for n in names(page)))
        page.fill("#filter-name", "")
        page.select_option("#filter-status", "FAIL")
        failing = names(page)
        check("filtered by status", "Conv2d_9_depthwise" in failing and "Conv2d_0" not in failing, failing)
        page.select_option("#filter-status", "")
        check("all again", len(names(page)) == 30)
        check("no complaint", not visit.messages, visit.messages)


def test_first_screen(browser):
    """Which layer, how bad, where and why: without scrolling."""
    for folder, (layer, cause) in FAULTS.items():
        with Visit(browser, f"{folder}/record.html") as visit:
            text = visit.page.evaluate(
                """[...document.querySelectorAll('h1, h2, p, dt, dd, li, a, td, code')]
                   .filter(e => e.getBoundingClientRect().bottom <= innerHeight
                             && e.getBoundingClientRect().height > 0)
                   .map(e => e.textContent).join(' ')""")
            check(f"{folder} verdict", "Does not conform" in text, text[:200])
            check(f"{folder} layer", layer in text, text[:200])
            check(f"{folder} how bad", "limit" in text, text[:400])
            # What was injected stands in the subject's description; the diagnosis has a line of its own.
            found = visit.page.locator(".divergence .cause")
            check(f"{folder} cause", found.count() == 1 and cause in found.inner_text(), text[:600])
            bottom = found.bounding_box()["y"] if found.count() else 9999
            check(f"{folder} cause in sight", bottom < 800, bottom)


def test_pictures(browser):
    """The planted element is where it was planted: on the map, in its channel, in the list."""
    layer, row, column, channel, size, depth = PLANTED
    with Visit(browser, "planted/record.html") as visit:
        page = visit.page
        section = page.locator(f"#{layer}")
        check("failing layers are open", section.get_attribute("open") is not None)
        # The layer after it was recorded on the unchanged element, so it contradicts its input.
        check("no other is", page.locator("details.layer[open]").count() == 2)
        first = section.locator(".comparison").first
        text = first.inner_text()
        check("which case", "Case chelsea" in text, text[:200])
        check("which element", f"[0, {row}, {column}, {channel}]" in text, text)
        check("the command", f"--layer Conv2d_1_pointwise --at 0,{row},{column},{channel}" in text, text)
        check("of the recording", "--activations" in text and "planted.h5" in text, text)
        check("bits", text.count("0x") >= 10, text)
        # The one cell beyond the limit covers the planted pixel, and so does the frame.
        hits = first.locator("svg.map").evaluate(
            """(svg, [row, column, size]) => {
                 const plot = svg.querySelector('.frame').getBBox();
                 const point = svg.createSVGPoint();
                 point.x = plot.x + (column + .5) / size * plot.width;
                 point.y = plot.y + (row + .5) / size * plot.height;
                 const cells = [...svg.querySelectorAll('path[class^=u]')];
                 const hit = cells.filter(c => c.isPointInFill(point)).map(c => c.getAttribute('class'));
                 const over = svg.querySelector('.over');
                 const box = over.getBBox(), frame = svg.querySelector('.worst-cell').getBBox();
                 const inside = b => b.x <= point.x && point.x <= b.x + b.width
                                  && b.y <= point.y && point.y <= b.y + b.height;
                 return { hit, over: over.isPointInFill(point), size: box.width / plot.width,
                          frame: inside(frame), classes: cells.map(c => c.getAttribute('class')) };
               }""", [row, column, size])
        check("the planted pixel is critical", hits["hit"] in (["u6"], ["u7"], ["u8"]), hits)
        check("hatched", hits["over"] and hits["size"] < 0.1, hits)
        check("framed", hits["frame"], hits)
        check("the rest is not", sum(c in ("u6", "u7", "u8") for c in hits["classes"]) == 1, hits)
        strip = first.locator("svg.strip").evaluate(
            """(svg, [channel, depth]) => {
                 const plot = svg.querySelector('.frame').getBBox(), over = svg.querySelector('.over').getBBox();
                 const x = plot.x + (channel + .5) / depth * plot.width;
                 return over.x <= x && x <= over.x + over.width && over.width < plot.width / 20;
               }""", [channel, depth])
        check("the planted channel is critical", strip)
        histogram = first.locator("svg.histogram").first
        bar = histogram.locator(".over").bounding_box()
        limit = histogram.locator(".edge-of-limit").bounding_box()
        check("one bar beyond the limit", limit["x"] < bar["x"] and bar["width"] < 12, (limit, bar))
        check("in words", ", 1 in bars" in histogram.get_attribute("aria-label"))


def test_every_layer_has_pictures(browser):
    """Each layer has its map where it has an image, its histograms and its channels."""
    with Visit(browser, "good/record.html") as visit:
        page = visit.page
        check("all folded", page.locator("details.layer[open]").count() == 0)
        page.click("#open-all")
        counts = page.eval_on_selector_all(
            "details.layer", """layers => layers.map(layer => ['map', 'histogram', 'strip'].map(
                name => layer.querySelectorAll('svg.' + name).length).join())""")
        check("images have maps", counts[:27] == ["2,4,2"] * 27, counts)
        check("vectors have none", counts[27:] == ["0,4,2"] * 3, counts)
        empty = page.eval_on_selector_all(
            ".plot svg", "all => all.filter(s => s.getBoundingClientRect().height < 20).length")
        check("all of them visible", empty == 0, empty)
        unnamed = page.eval_on_selector_all(
            ".plot svg", "all => all.filter(s => !(s.getAttribute('aria-label') || '').length).length")
        check("all of them in words", unnamed == 0, unnamed)


def test_network_cells(browser):
    """No figure is wider than its cell, whatever its size."""
    for path in PAGES[:4]:
        with Visit(browser, path) as visit:
            wide = visit.page.eval_on_selector_all(
                "svg.network text.cell", """texts => texts.filter(t => t.getBBox().width > 32)
                                            .map(t => t.textContent)""")
            check(f"{path} cells", not wide, wide)


def test_sweep(browser):
    """Many sizes make a picture of sizes, the smallest first."""
    with Visit(browser, "forty/record.html") as visit:
        page = visit.page
        check("sizes", "Sizes" in page.locator("#heat-map-title").inner_text())
        rows = page.eval_on_selector_all(
            "#heat-map tbody th", "cells => cells.map(c => Number(c.textContent.split('x')[0]))")
        check("in order", len(rows) == 40 and rows == sorted(rows), rows)


def test_links(browser):
    """A link to a layer opens its section, and every link leads somewhere."""
    with Visit(browser, "relu/record.html") as visit:
        page = visit.page
        dead = page.evaluate(
            """[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))
               .filter(h => !h.startsWith('#') || !document.getElementById(h.slice(1)))""")
        check("no dead links", not dead, dead)
        section = page.locator("details.layer").nth(2)
        check("folded at first", section.get_attribute("open") is None)
        page.locator("#end-point-table tbody a").nth(2).click()
        page.wait_for_timeout(100)
        check("a link unfolds", section.get_attribute("open") is not None)


def test_training(browser):
    """What is judged of training is called points, wherever a title or a label names it."""
    with Visit(browser, "training/record.html") as visit:
        page = visit.page
        words = page.evaluate(
            """[...document.querySelectorAll('h1, h2, h3, th, caption, nav a')].map(e => e.textContent)
               .concat([...document.querySelectorAll('[aria-label]')].map(e => e.getAttribute('aria-label')))""")
        wrong = [text for text in words if "layer" in text.lower() or "end point" in text.lower()]
        check("points, not layers", not wrong, wrong)
        check("point by point", page.locator("#layers-title").inner_text() == "Point by point")
        check("points in the table", page.locator("#end-point-table tr.sort th", has_text="point").count() == 1)
        check("its points", "Conv2d_13_pointwise/weights/gradient" in names(page), names(page))


def test_links_between_pages(browser):
    """What a page says is beside it is there."""
    for path, least in [("matrix/matrix.html", 3), ("good/gate.html", 1), ("relu/gate.html", 1)]:
        with Visit(browser, path) as visit:
            targets = visit.page.evaluate(
                "[...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))")
            dead = [target for target in targets if not (REPORTS / path).parent.joinpath(target).is_file()]
            check(f"{path} leads on", len(targets) >= least and not dead, (targets, dead))


def test_without_script(browser):
    """All tables, figures and pictures are there without JavaScript."""
    for path in PAGES:
        with Visit(browser, path, script=False) as visit:
            text = visit.page.locator("body").inner_text()
            check(f"{path} tables", visit.page.locator("table").count() >= 1)
            check(f"{path} last layer", "Predictions" in text)
            check(f"{path} no useless controls", not visit.page.locator(".tools:visible").count())
    with Visit(browser, "planted/record.html", script=False) as visit:
        open_layer = visit.page.locator("details.layer[open]").first
        check("worst elements without script", "0x" in open_layer.inner_text())
        check("pictures without script", open_layer.locator("svg.map:visible").count() == 2)


def test_fast(browser):
    """The page is there in a second, the one of forty cases as well: the best of three loads, so that what
    else the machine does is not held against the page."""
    for path in ("good/record.html", "forty/record.html"):
        with Visit(browser, path) as visit:
            timings = []
            for _ in range(3):
                visit.page.reload()
                timings.append(visit.page.evaluate(
                    "performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"))
            check(f"{path} opens in a second", min(timings) < 1000, timings)


with sync_playwright() as playwright:
    # No sandbox: CI runs as root in a container, and the page is our own.
    chromium = playwright.chromium.launch(
        executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"])
    for page_path in PAGES:
        test_quiet(chromium, page_path)
        test_accessible(chromium, page_path)
    for test in (test_table, test_first_screen, test_pictures, test_every_layer_has_pictures, test_network_cells,
                 test_sweep, test_links, test_training, test_links_between_pages, test_without_script, test_fast):
        test(chromium)
    chromium.close()

print(f"browser: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
