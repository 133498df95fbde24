"""Every kind of data."""

KINDS = {
    "table": "pellucid.data.table:Table",
    "images": "pellucid.data.image:Images",
}
