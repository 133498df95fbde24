"""Every tokenizer."""

KINDS = {
    "byte": "pellucid.data.tokenizers:Bytes",
    "character": "pellucid.data.tokenizers:Characters",
    "word": "pellucid.data.tokenizers:Words",
    "subword": "pellucid.data.tokenizers:Subwords",
}
