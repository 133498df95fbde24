"""The section of the page on augmentation; made without torch."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import image, section, table
from pellucid.report.words import safe


def augmented_html(found: dict[str, Any] | None) -> str:
    """Images beside their versions, one image a row; nothing without augmentation."""
    if not found or not found["rows"]:
        return ""
    parts = ", then ".join(_told(part) for part in found["parts"])
    what = (
        f"Training images as they came, and as training may draw them: changed anew each time by {parts}. "
        "A person should still see what is asked; where not, the change is too strong."
    )
    versions = len(found["rows"][0]["pictures"]) - 1
    head = ["Image", "As it came", *(f"Version {at + 1}" for at in range(versions))]
    rows = [[_named(row), *(image(uri, f"row {row['row']}") for uri in row["pictures"])] for row in found["rows"]]
    return section("augmented", "Augmentation", what, table(head, rows))


def _told(part: dict[str, Any]) -> str:
    """An augmentation and its settings in words."""
    settings = ", ".join(
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in part.items()
        if name != "kind"
    )
    return safe(part["kind"]) + (f" ({safe(settings)})" if settings else "")


def _named(row: dict[str, Any]) -> str:
    return f"{safe(row['class'])}<small>row {row['row']:,}</small>"
