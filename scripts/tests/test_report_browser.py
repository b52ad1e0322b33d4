"""The report in a browser: it draws every chart, fetches nothing, can be used on a phone, in the dark and by keyboard."""

import csv
import io
import pathlib
import shutil

import pytest
from conftest import ran
from test_report import CURATED, HOSTILE, make_hostile

pytest.importorskip("vl_convert", reason="vl-convert-python is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

from steadyset.report import write_report  # noqa: E402

DRAWN = "document.querySelectorAll('.plot svg').length === document.querySelectorAll('figure.chart').length"


@pytest.fixture(scope="module")
def path(once, tmp_path_factory):
    dataset = once("curated", ran(CURATED, "--threads", "1"))[0] / "dataset"
    return write_report(dataset, tmp_path_factory.mktemp("browser") / "page.html")


@pytest.fixture
def opened(chromium):
    """Opens a page; whatever it complains of or asks the network for fails the test."""
    contexts, said = [], []

    def open_page(path, width=1280, **options):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 800}, **options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: said.append(dialog.message))
        url = pathlib.Path(path).as_uri()
        page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith(("data:", "blob:", url)) else None)
        page.goto(url)
        page.wait_for_function(DRAWN)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not said


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"width": 390, "has_touch": True}])
def test_drawn_whole_and_accessible(opened, path, options):
    page = opened(path, **options)
    assert page.locator("figure.chart").count() > 15 and page.locator(".plot").filter(has_text="cannot be drawn").count() == 0
    width, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= shown, "nothing is wider than the window"
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    # Text of charts has the page's colour, whatever that is.
    assert page.evaluate("getComputedStyle(document.querySelector('.plot svg text')).fill") == page.evaluate(
        "getComputedStyle(document.body).color"
    )


def test_switches_work_by_keyboard_and_without_scripts(opened, chromium, path):
    # The charts are not drawn then, so it does not wait for them.
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(path.as_uri())
    gallery = page.locator(".pictures").first
    even, log = gallery.locator("img.even").first, gallery.locator("img.log").first
    assert log.is_visible() and not even.is_visible()
    gallery.locator(".logarithm").focus()
    page.keyboard.press("Space")
    assert even.is_visible() and not log.is_visible()
    outline = gallery.locator(".picture svg").first
    assert outline.is_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert not outline.is_visible()
    context.close()


def test_data_can_be_saved(opened, path):
    page = opened(path, accept_downloads=True)
    with page.expect_download() as waited:
        page.get_by_role("button", name="Data (CSV) of “Error by number of sources and region”").click()
    rows = list(csv.DictReader(io.StringIO(pathlib.Path(waited.value.path()).read_text())))
    assert waited.value.suggested_filename == "error-by-number-of-sources-and-region.csv"
    assert {row["region"] for row in rows} >= {"whole field", "sources", "R1 (y ≥ 0.2)"} and float(rows[0]["error"]) > 0


def test_the_map_has_axes_to_choose(opened, path):
    page = opened(path)
    figure = page.locator("figure", has_text="Samples before and in each round")
    found = "[...document.querySelectorAll('figure')].find((f) => f.textContent.includes('Samples before and in each round'))"
    marks = f"{found}.querySelector('.mark-symbol path').getAttribute('transform')"
    before = page.evaluate(marks)
    figure.locator("select").first.select_option(label="mean value of sources")
    page.wait_for_function(f"{marks} !== {before!r}")


def test_hostile_texts_do_nothing(opened, taught, tmp_path):
    dataset = pathlib.Path(shutil.copytree(taught[1], tmp_path / "dataset"))
    make_hostile(dataset)
    page = opened(write_report(dataset))
    assert page.title() == "dataset" and page.locator("dd", has_text=HOSTILE).count() > 3


def test_printed(opened, path, tmp_path):
    page = opened(path)
    page.emulate_media(media="print")
    assert not page.locator(".save").first.is_visible() and not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf()[:5] == b"%PDF-"
