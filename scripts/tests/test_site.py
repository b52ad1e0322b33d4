"""The documentation as a site: every link leads somewhere, and it can be read by everybody."""

import functools
import http.server
import json
import re
import subprocess
import sys
import threading

import pytest
from conftest import REPOSITORY
from test_docs import groups

DARK = {"color_scheme": "dark"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    output = tmp_path_factory.mktemp("docs") / "site"
    result = subprocess.run([sys.executable, REPOSITORY / "scripts/docs", output], capture_output=True, text=True)
    if "there is no docc" in result.stderr:
        pytest.skip("DocC is not installed")
    assert result.returncode == 0, result.stderr
    return output


def test_links(site):
    """`scripts/docs` makes DocC's form of the articles without a link that leads nowhere."""
    assert (site / "data/documentation/steadyset/formats.json").is_file()
    landing = json.loads((site / "data/documentation/steadyset.json").read_text())
    found = {one["title"]: [name.rpartition("/")[2] for name in one["identifiers"]] for one in landing["topicSections"]}
    assert found == groups(), "the page at the root is the landing page, with all of its lists"
    for path in (site / "data/documentation").rglob("*.json"):
        targets = re.findall(r'"destination":"([^"]*)"', path.read_text())
        assert not [target for target in targets if target.partition("#")[0].endswith(".md")], path.name


class Silent(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/documentation/steadyset"
    server.shutdown()


# A note with a link, wide tables, comments in programs, pictures; the first page.
@pytest.mark.parametrize(
    "name, width, options",
    [("", 1280, {}), ("/study-size", 390, {}), ("/reports", 390, DARK), ("/tutorial", 1280, {}), ("/shards", 390, {})],
)
def test_accessible(address, chromium, name, width, options):
    """Axe finds nothing, and nothing is wider than the window."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    context = chromium.new_context(viewport={"width": width, "height": 800}, **options)
    page = context.new_page()
    page.goto(address + name)
    page.wait_for_selector("h1")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
