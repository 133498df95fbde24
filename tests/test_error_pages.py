"""Every error code that the code can give has a page, and every page belongs to a code."""

import re
from pathlib import Path

from pellucid.error_pages import PAGES

ROOT = Path(__file__).parent.parent
CODE = re.compile(r'"((?:CLI|RECIPE|DATA|SCHEMA|FILE|VERSION|LOCK|DISK|MEM|DEVICE|IO|TRAIN)-[A-Z-]+|BUG|PREEMPTED)"')


def test_codes_and_pages_agree() -> None:
    source = [path for path in (ROOT / "src").rglob("*.py") if path.name != "error_pages.py"]
    given = {code for path in source for code in CODE.findall(path.read_text())}
    assert given == set(PAGES)


def test_the_document_lists_every_page() -> None:
    document = (ROOT / "docs" / "errors.md").read_text()
    for code, page in PAGES.items():
        assert f"| `{code}` | {page} |" in document
