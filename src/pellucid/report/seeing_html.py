"""The section of the page about seeing: pictures, predictions, filters and maps; made without torch."""

from __future__ import annotations

from typing import Any

from pellucid.report.elements import figure, image, section, word
from pellucid.report.words import number, plural, safe, share, shorten


def samples(report: dict[str, Any]) -> str:
    """Training pictures, and test pictures with what the network says of them."""
    found = report["seeing"]
    if not found:
        return ""
    body = "".join(
        f'<div class="strip">{_named(group["name"])}{_strip(group["images"], "training picture")}</div>'
        for group in found["samples"]
    )
    if found["predictions"]:
        cards = "".join(_prediction(one) for one in found["predictions"])
        body += f'<h3>What it says of pictures it never saw</h3><div class="mistakes">{cards}</div>'
    what = "Pictures the network learnt from, as it gets them, and its answers on pictures that were kept from it."
    return section("pictures", "Pictures", what, body)


def filters(report: dict[str, Any]) -> str:
    """First-layer filters and the maps of every stage."""
    found = report["seeing"]
    if not found or "filters" not in found:
        return ""
    own, maps = found["filters"], found["maps"]
    height, width = own["size"]
    note = (
        f"{own['edges']} of {plural(own['count'], 'filter')} detect edges (at least 80 % a Sobel operator); those first"
    )
    body = figure(
        f"First filters, {height} x {width}", note, f'<div class="strip small">{_strip(own["images"], "filter")}</div>'
    )
    if "detector" in maps:
        parts = maps["detector"]["parts"]
        shown = [("picture", maps["image"]), *((part["name"], part["image"]) for part in parts)]
        cells = "".join(f"<figure>{image(uri, name)}<br><small>{safe(name)}</small></figure>" for name, uri in shown)
        title = f"One block, map {maps['detector']['channel']}"
        body += figure(
            title, "convolution, then the detector (activation), then pooling", f'<div class="strip">{cells}</div>'
        )
    for stage in maps["stages"]:
        channels, rows, columns = stage["shape"]
        note = f"{channels} maps of {rows} x {columns}; the {len(stage['images'])} that vary most"
        body += figure(
            stage["name"].capitalize(), note, f'<div class="strip small">{_strip(stage["images"], "map")}</div>'
        )
    what = (
        f"What the first {word('convolution')} looks for, and how one picture (row {maps['row']:,}) looks after every "
        "stage: from edges to ever larger patterns. White is strong."
    )
    return section("seeing", "Filters and maps", what, f'<div class="charts">{body}</div>')


def _named(name: str) -> str:
    return f"<b>{safe(shorten(name, 24))}</b>" if name else ""


def _strip(uris: list[str], about: str) -> str:
    return "".join(image(uri, about) for uri in uris)


def _prediction(one: dict[str, Any]) -> str:
    said, true = _told(one["prediction"]), _told(one["truth"])
    sure = f" ({share(one['confidence'])} sure)" if one.get("confidence") is not None else ""
    wrong = "" if said == true or one.get("right", True) else ' class="wrong"'
    return (
        f'<div class="mistake">{image(one["image"], "row " + str(one["row"]))}<div{wrong}>{safe(said)}{sure}</div>'
        f'<div class="soft">true {safe(true)}</div></div>'
    )


def _told(value: Any) -> str:
    if not isinstance(value, list):
        return shorten(str(value), 60)
    return shorten(", ".join(item if isinstance(item, str) else number(item) for item in value), 80) or "none"
