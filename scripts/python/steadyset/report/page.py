"""A page of HTML that needs no network: sections of facts, tables, charts and pictures, with style and scripts inlined.

Texts are escaped here, all of them, so that nothing else has to. A policy in the page lets no script run but its own, and
nothing be fetched from anywhere: whatever a dataset's documents say, they stay text.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from ..errors import missing_package

Spec = dict[str, Any]
Facts = Sequence[tuple[str, str]]
_NUMBER = re.compile(r"[-−+]?[0-9][0-9.,e⁻−+×-]*( ?(%|B|kB|MB|GB|s|min|h|/s))?|–|")


class Section:
    """A part of a page with a heading; what is added stands in order."""

    def __init__(self, name: str, title: str) -> None:
        self.name, self.title = name, title
        self._parts: list[str] = []
        self._charts: list[str] = []

    def __bool__(self) -> bool:
        return bool(self._parts or self._charts)

    def text(self, words: str) -> None:
        """Adds a paragraph."""
        self._add(f"<p>{escape(words)}</p>")

    def heading(self, words: str) -> None:
        """Adds a heading below the section's own."""
        self._add(f"<h3>{escape(words)}</h3>")

    def facts(self, facts: Facts) -> None:
        """Adds names and what there is to say of each."""
        rows = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(text)}</dd></div>" for name, text in facts)
        self._add(f"<dl>{rows}</dl>")

    def table(self, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], *, folded: bool = False) -> None:
        """Adds a table, which scrolls where it is wider than the page; a `folded` one opens on request. Columns of numbers
        stand at the right."""
        lines = [list(row) for row in rows]
        numbers = [all(_NUMBER.fullmatch(row[k]) for row in lines) for k in range(len(head))]
        sides = [" class=number" if number and k else "" for k, number in enumerate(numbers)]
        top = "".join(f'<th scope="col"{side}>{escape(name)}</th>' for side, name in zip(sides, head))
        body = "".join(
            f'<tr><th scope="row">{escape(row[0])}</th>'
            f"{''.join(f'<td{side}>{escape(cell)}</td>' for side, cell in zip(sides[1:], row[1:]))}</tr>"
            for row in lines
        )
        table = (
            f'<div class="wide" tabindex="0" role="region" aria-label="{escape(caption)}"><table><caption>{escape(caption)}'
            f"</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        self._add(f"<details><summary>{escape(caption)}</summary>{table}</details>" if folded else table)

    def details(self, title: str, text: str) -> None:
        """Adds a text as it stands, which opens on request."""
        self._add(f'<details><summary>{escape(title)}</summary><pre tabindex="0">{escape(text)}</pre></details>')

    def chart(self, title: str, words: str, spec: Spec) -> None:
        """Adds a chart of Vega-Lite beside those before it; `words` say what it shows. Its data can be saved."""
        name = re.sub("[^a-z0-9]+", "-", title.lower()).strip("-")
        self._charts.append(
            f'<figure class="chart"><figcaption><strong>{escape(title)}</strong> {escape(words)}</figcaption>'
            f'<div class="plot" data-name="{escape(name)}"></div>'
            f'<button type="button" class="save" aria-label="Data (CSV) of “{escape(title)}”" hidden>Data (CSV)</button>'
            f'<script type="application/json">{embedded(spec)}</script></figure>'
        )

    def html(self, markup: str) -> None:
        """Adds markup that is known to be safe."""
        self._add(markup)

    def markup(self) -> str:
        """Returns the section."""
        self._close()
        return f'<section id="{self.name}"><h2>{escape(self.title)}</h2>{"".join(self._parts)}</section>'

    def _add(self, markup: str) -> None:
        self._close()
        self._parts.append(markup)

    def _close(self) -> None:
        if self._charts:
            self._parts.append(f'<div class="charts">{"".join(self._charts)}</div>')
            self._charts = []


def embedded(value: Any) -> str:
    """Returns JSON that can stand in a script element: no tag can begin in it. Raises `ValueError` for what is no number."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page(title: str, lead: str, sections: Sequence[Section], *, note: str = "", refresh: int | None = None) -> str:
    """Returns the document. With `refresh` a browser loads it again after so many seconds."""
    shown = [section for section in sections if section]
    links = "".join(f'<li><a href="#{section.name}">{escape(section.title)}</a></li>' for section in shown)
    body = "".join(section.markup() for section in shown)
    style = _resource("page.css")
    scripts = [_library(), _resource("page.js")] if '<figure class="chart">' in body else []
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts) or "'none'"
    policy = f"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {hashes}"
    again = "" if refresh is None else f'<meta http-equiv="refresh" content="{refresh}">'
    ends = "".join(f"<script>{script}</script>" for script in scripts)
    said = f"<p>{escape(note)}</p>" if note else ""
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">{again}'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{style}</style></head><body>"
        f"<header><h1>{escape(title)}</h1><p>{escape(lead)}</p>"
        f'<nav aria-label="Contents"><ul>{links}</ul></nav></header><main>'
        "<noscript><p>The charts of this page are drawn by scripts, which do not run here. Tables and pictures are whole.</p>"
        f"</noscript>{body}</main><footer>{said}</footer>{ends}</body></html>\n"
    )


def _resource(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@functools.cache
def _library() -> str:
    """Returns the script that draws charts: Vega, Vega-Lite and Vega-Embed, under their licences (BSD-3-Clause)."""
    try:
        import vl_convert
    except ImportError as error:
        raise missing_package("the charts of a report", "vl-convert-python", "report") from error
    bundle: str = vl_convert.javascript_bundle("window.draw = vegaEmbed;")
    # No text of it may end the element that it stands in.
    return re.sub("</(?=script)", r"<\\/", bundle, flags=re.I)


def plain(value: Mapping[str, Any]) -> str:
    """Returns a document of JSON for people to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)
