"""Every kind of data."""

KINDS = {
    "arrays": "pellucid.data.arrays:Arrays",
    "table": "pellucid.data.table:Table",
    "images": "pellucid.data.image:Images",
}
