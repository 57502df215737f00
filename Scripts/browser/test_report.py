"""Opens the HTML reports in Chromium and uses them as a person would.

usage: test_report.py REPORTS [SCREENSHOTS]     CHROMIUM names the browser

REPORTS holds good/, relu/ and symmetric-padding/ with record.html, and matrix/matrix.html.
"""

import os
import sys
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

REPORTS = Path(sys.argv[1]).resolve()
SCREENSHOTS = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else None
PAGES = ["good/record.html", "relu/record.html", "symmetric-padding/record.html", "matrix/matrix.html"]
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
    """Which layer, how bad and where: without scrolling."""
    for path, layer in [("relu/record.html", "Conv2d_9_depthwise"),
                        ("symmetric-padding/record.html", "Conv2d_6_depthwise")]:
        with Visit(browser, path) as visit:
            text = visit.page.evaluate(
                """[...document.querySelectorAll('h1, h2, p, dt, dd, li, a, strong')]
                   .filter(e => e.getBoundingClientRect().top < innerHeight
                             && e.getBoundingClientRect().height > 0)
                   .map(e => e.textContent).join(' ')""")
            check(f"{path} verdict", "Does not conform" in text, text[:200])
            check(f"{path} layer", layer in text, text[:200])


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


def test_without_script(browser):
    """All tables and figures are there without JavaScript."""
    for path in PAGES:
        with Visit(browser, path, script=False) as visit:
            text = visit.page.locator("body").inner_text()
            check(f"{path} tables", visit.page.locator("table").count() >= 1)
            check(f"{path} last layer", "Predictions" in text)
            check(f"{path} no useless controls", not visit.page.locator(".tools:visible").count())


def test_fast(browser):
    """The page is there in a second."""
    with Visit(browser, "good/record.html") as visit:
        visit.page.reload()
        timing = visit.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
        check("loads in a second", timing < 1000, f"{timing:.0f} ms")


with sync_playwright() as playwright:
    # No sandbox: CI runs as root in a container, and the page is our own.
    chromium = playwright.chromium.launch(
        executable_path=os.environ["CHROMIUM"], args=["--no-sandbox", "--disable-gpu"])
    for page_path in PAGES:
        test_quiet(chromium, page_path)
        test_accessible(chromium, page_path)
    for test in (test_table, test_first_screen, test_links, test_without_script, test_fast):
        test(chromium)
    chromium.close()

print(f"browser: {passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
