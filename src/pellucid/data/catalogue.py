"""Every kind of data."""

KINDS = {
    "arrays": "pellucid.data.arrays:Arrays",
    "table": "pellucid.data.table:Table",
    "audio": "pellucid.data.audio:Audio",
    "images": "pellucid.data.image:Images",
    "series": "pellucid.data.series:Series",
    "text": "pellucid.data.text:Text",
}
