"""The web console in a real browser: headless Chromium, driven by playwright, over a lake on disk.

What is asserted is what a person sees: names, numbers, the heat map, keys, both colour schemes, a narrow window, a lake
full of hostile names, the token. Pictures are left in .build/console-pictures for people to look at.
"""
import os
import pathlib
import re
import shutil
import subprocess
import time
import urllib.request

import pytest

REPOSITORY = pathlib.Path(__file__).parents[2]
PICTURES = REPOSITORY / ".build" / "console-pictures"
VARVE = pathlib.Path(os.environ.get("VARVE_TEST_BINARY", REPOSITORY / ".build" / "debug" / "varve"))
BENCH = pathlib.Path(os.environ.get("VARVE_TEST_BENCH", REPOSITORY / ".build" / "debug" / "varve-bench"))
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run 'make test-deps'")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: apt-get install chromium"),
    pytest.mark.skipif(not VARVE.exists() or not BENCH.exists(), reason="varve is not built: run 'make build'"),
]
TOKEN = "correct horse battery staple"


class Console:
    """A `varve console` over one lake."""

    def __init__(self, lake, token=None):
        environment = {"PATH": os.environ["PATH"], "HOME": str(lake)}
        if token:
            environment["VARVE_SERVER_CONSOLE_TOKEN"] = token
        self.process = subprocess.Popen(
            [VARVE, "console", "--lake", f"file://{lake}", "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True, env=environment)
        line = self.process.stderr.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line
        self.url = found.group(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait(timeout=20) == 0


def make_lake(directory, *arguments):
    directory.mkdir(parents=True, exist_ok=True)
    subprocess.run([BENCH, "catalog", "--lake", directory, *map(str, arguments)], check=True)
    return directory


@pytest.fixture(scope="module")
def small_lake(tmp_path_factory):
    lake = tmp_path_factory.mktemp("small")
    make_lake(lake, "--table", "orders", "--objects", 6000, "--days", 20, "--dead-letters", 12, "--now")
    make_lake(lake, "--table", "clicks.web", "--objects", 900, "--days", 9, "--small", "--topic", "clicks", "--now")
    make_lake(lake, "--table", "invoices", "--objects", 60, "--days", 30, "--granularity", "day")
    return lake


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Opens pages that must neither log an error nor break the content security policy."""
    contexts = []

    def visit(url, width=1280, height=900, scheme="light", path="", ready="body[data-ready]"):
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.problems = []
        page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.goto(url + path)
        page.wait_for_selector(ready)
        return page

    yield visit
    for context in contexts:
        for page in context.pages:
            assert [text for text in page.problems if "401" not in text] == []
        context.close()


def picture(page, name):
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)


def until(page, condition):
    """Waits for a condition in the page. Asked from here: the page's policy forbids to evaluate strings."""
    deadline = time.monotonic() + 30 * float(os.environ.get("VARVE_TEST_PATIENCE", 5))
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, f"never true: {condition}: {page.inner_text('body')[:500]}"
        time.sleep(0.05)


def settled(page):
    """Waits until everything is summed up."""
    until(page, "!/still being read|still counting|% counted/.test(document.body.innerText)")


SIZES = [("wide", 1280), ("narrow", 390)]
SCHEMES = ["light", "dark"]


@pytest.mark.parametrize("size, width", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_overview(small_lake, visit, scheme, size, width):
    with Console(small_lake) as console:
        page = visit(console.url, width=width, scheme=scheme)
        page.wait_for_selector(".tables")
        settled(page)
        names = page.locator(".tables .name a").all_inner_texts()
        assert names == ["clicks.web", "invoices", "orders"]
        assert "of 3 tables need" in page.locator("h1").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        picture(page, f"overview-{size}-{scheme}")
        page.keyboard.press("/")
        page.keyboard.type("ord")
        until(page, "document.querySelectorAll('.tables tbody tr').length === 1")


@pytest.mark.parametrize("size, width", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_table(small_lake, visit, scheme, size, width):
    with Console(small_lake) as console:
        page = visit(console.url, width=width, scheme=scheme, path="#/table/orders")
        page.wait_for_selector(".heat")
        settled(page)
        assert page.locator("h1").inner_text() == "orders"
        assert page.locator("button.cell").count() > 200
        assert page.locator(".mark").count() > 10
        assert "12" in page.locator("section[aria-label='Dead letters']").inner_text()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        picture(page, f"table-{size}-{scheme}")


def test_hour_by_keys(small_lake, visit):
    with Console(small_lake) as console:
        page = visit(console.url, path="#/table/orders")
        page.wait_for_selector("button.cell")
        settled(page)
        page.locator("button.cell[tabindex='0']").focus()
        first = page.evaluate("document.activeElement.dataset.key")
        page.keyboard.press("ArrowDown")
        below = page.evaluate("document.activeElement.dataset.key")
        assert first[10:] == below[10:] and first[:10] != below[:10]
        page.keyboard.press("Enter")
        page.wait_for_selector(".hour")
        assert page.locator(".hour h3").inner_text() == f"Objects of {below}"
        assert page.locator(".hour tbody tr").count() > 0
        assert page.evaluate("document.activeElement.dataset.key") == below, "the focus was lost"
        picture(page, "hour-wide-light")


@pytest.mark.parametrize("size, width", SIZES)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_table_partitioned_by_day(small_lake, visit, scheme, size, width):
    with Console(small_lake) as console:
        page = visit(console.url, width=width, scheme=scheme, path="#/table/invoices")
        page.wait_for_selector(".heat")
        settled(page)
        days = page.locator("section[aria-label='Days']")
        assert "Choose a day to see its objects" in days.inner_text()
        assert "in their day" in page.locator("section[aria-label='Small-file debt']").inner_text() or \
            "no day has more" in page.locator("section[aria-label='Small-file debt']").inner_text()
        months = days.locator("tbody th").all_inner_texts()
        assert months == sorted(months, reverse=True) and len(months) == 4, "92 days of months"
        keys = [cell.get_attribute("data-key") for cell in days.locator("button.cell").all()]
        assert len(keys) > 10 and all(re.fullmatch(r"\d{4}-\d\d-\d\d", key) for key in keys)
        cell = days.locator(f"button[data-key='{keys[0]}']")
        # In the row of its month and the column of its day.
        assert cell.evaluate("cell => cell.closest('td').cellIndex") == int(keys[0][8:])
        assert keys[0][2:7] in cell.evaluate("cell => cell.closest('tr').cells[0].innerText")
        cell.click()
        page.wait_for_selector(".hour")
        assert page.locator(".hour h3").inner_text() == f"Objects of {keys[0]}"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
        picture(page, f"table-by-day-{size}-{scheme}")
        days.get_by_text("31 d").click()
        until(page, "document.querySelectorAll('.heat tbody tr').length < 4")


def test_an_empty_lake(tmp_path, visit):
    for scheme in SCHEMES:
        with Console(tmp_path) as console:
            page = visit(console.url, scheme=scheme)
            page.wait_for_selector(".empty")
            assert "varve run" in page.locator(".empty").inner_text()
            picture(page, f"empty-wide-{scheme}")


def test_hostile_names_stay_text(tmp_path, visit):
    hostile = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
    names = ("--topic", hostile, "--writer", hostile)
    make_lake(tmp_path, "--table", "evil", "--objects", 40, "--days", 2, *names, "--now")
    with Console(tmp_path) as console:
        page = visit(console.url)
        page.wait_for_selector(".tables")
        assert "<script>" in page.locator(".tables").inner_text()
        page.goto(console.url + "#/table/evil")
        page.wait_for_selector(".heat")
        assert "<script>" in page.locator("section[aria-label='Topic partitions']").inner_text()
        assert page.locator("main script, main img[src=x]").count() == 0
        assert page.title() == "evil – Varve"
        picture(page, "hostile-wide-light")


def test_the_token(small_lake, visit):
    with Console(small_lake, token=TOKEN) as console:
        page = visit(console.url)
        page.wait_for_selector("#token")
        picture(page, "door-wide-light")
        page.fill("#token", "wrong and long enough")
        page.click("text=Open the console")
        until(page, "document.body.innerText.includes('This is not the token')")
        page.fill("#token", TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_selector(".tables")
        cookie = page.context.cookies()[0]
        assert cookie["httpOnly"] and cookie["sameSite"] == "Strict" and TOKEN not in cookie["value"]
        page.click("#leave")
        page.wait_for_selector("#token")


def test_a_table_of_many_objects_is_painted_before_it_is_summed_up(tmp_path_factory, visit):
    """Measures as well: with a release build, -s, and VARVE_TEST_CONSOLE_OBJECTS=1000000."""
    lake = tmp_path_factory.mktemp("big")
    measured = "VARVE_TEST_CONSOLE_OBJECTS" in os.environ
    objects = int(os.environ.get("VARVE_TEST_CONSOLE_OBJECTS", 30_000))
    make_lake(lake, "--table", "events", "--objects", objects, "--days", 365, "--now")
    with Console(lake) as console:
        status = pathlib.Path(f"/proc/{console.process.pid}/status")
        before = time.monotonic()
        urllib.request.urlopen(console.url + "api/v1/tables").read()
        answered = time.monotonic() - before
        page = visit(console.url, path="#/table/events", ready="button.cell")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        cells = page.evaluate("performance.now()")
        settled(page)
        picture(page, "big-wide-light")
        memory = int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1)) // 1024
        print(f"\n{objects} objects: API {answered * 1000:.0f} ms, first paint {paint:.0f} ms, "
              f"heat map {cells:.0f} ms, peak memory {memory} MiB")
        assert paint < 1000 or not measured
        assert memory < 512
