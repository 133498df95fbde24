from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from pellucid.data.signature import Target
from pellucid.report import html, text
from pellucid.report.build import build

SAMPLES = ["breast_cancer", "iris", "xor", "diabetes", "labels", "digits"]
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>\x00"
VOID = {"meta", "img", "br"}


class Tags(HTMLParser):
    """Every tag and attribute of a page; raises where tags do not close in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.opened: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        assert not self.opened

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.opened.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.opened.pop() == tag


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_is_one_small_file_that_loads_nothing(name, report) -> None:
    page = html.render(json.loads(json.dumps(report(name))))
    assert len(page.encode()) < 1_500_000
    assert "http://" not in page and "https://" not in page
    found = Tags(page)
    assert "script" not in found.names and "link" not in found.names
    sources = [value for key, value in found.attributes if key in ("src", "href", "xlink:href")]
    assert all(value.startswith(("#", "data:image/png;base64,")) for value in sources)


def test_every_link_of_the_page_has_its_place(report) -> None:
    found = Tags(html.render(report("xor")))
    anchors = {value for key, value in found.attributes if key == "id"}
    assert {value[1:] for key, value in found.attributes if key == "href" and value.startswith("#")} <= anchors


def test_names_of_the_data_are_never_markup(evidence) -> None:
    sample = evidence("xor")
    signature = sample.signature.replace(
        source=EVIL,
        target=Target("classes", (EVIL,), (EVIL, "b" + EVIL), sample.signature.target.counts, EVIL),
        columns=tuple(replace(column, name=EVIL, why=EVIL) for column in sample.signature.columns),
        notes={EVIL: EVIL},
    )
    sick = replace(
        sample,
        name=EVIL,
        signature=signature,
        columns=(EVIL, "2" + EVIL),
        cells=lambda row: {EVIL: EVIL},
        decisions=[{"path": EVIL, "value": EVIL, "reason": EVIL, "source": EVIL}],
        recipe={EVIL: EVIL},
        facts={EVIL: EVIL},
        layers=[{"name": EVIL, "layer": EVIL, "output": EVIL, "parameters": 1, "work": 1}],
    )
    found = build(sick)
    page = html.render(found)
    tags = Tags(page)
    assert "script" not in tags.names
    assert not any(key.startswith("on") for key, _ in tags.attributes)
    assert "\x00" not in page and "\x00" not in text.render(found)


def test_an_image_that_is_no_embedded_picture_is_refused(report) -> None:
    found = json.loads(json.dumps(report("digits")))
    found["mistakes"][0]["image"] = 'x" onerror="alert(1)'
    assert "onerror" not in html.render(found)


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes", "labels"])
def test_the_verdict_stands_on_top(name, report) -> None:
    found = report(name)
    page = re.sub(r"<[^>]+>", " ", html.render(found))
    headline = found["verdict"]["headline"]
    assert headline in page and page.index(headline) < page.index("Where the rows came from")


def test_rendering_needs_no_torch(report, tmp_path) -> None:
    (tmp_path / "report.json").write_text(json.dumps(report("digits")), encoding="utf-8")
    code = (
        "import json, sys; from pellucid.report import html, text\n"
        f"found = json.load(open({str(tmp_path / 'report.json')!r}, encoding='utf-8'))\n"
        "assert html.render(found) and text.render(found)\n"
        "assert not {'torch', 'numpy'} & set(sys.modules), 'torch was imported'\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
