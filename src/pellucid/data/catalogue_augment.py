"""Every augmentation."""

KINDS = {
    "flip": "pellucid.data.augmenting:Flip",
    "shift": "pellucid.data.augmenting:Shift",
    "crop": "pellucid.data.augmenting:Crop",
    "rotate": "pellucid.data.augmenting:Rotate",
    "scale": "pellucid.data.augmenting:Scale",
    "brightness": "pellucid.data.augmenting:Brightness",
    "color": "pellucid.data.augmenting:Color",
    "erase": "pellucid.data.augmenting:Erase",
    "mixup": "pellucid.data.augmenting:Mixup",
    "noise": "pellucid.data.augmenting:Noise",
    "jitter": "pellucid.data.augmenting_series:Jitter",
    "magnify": "pellucid.data.augmenting_series:Magnify",
    "hide_span": "pellucid.data.augmenting_series:HideSpan",
    "warp_time": "pellucid.data.augmenting_series:WarpTime",
    "token_dropout": "pellucid.data.augmenting_sequences:TokenDropout",
    "mask_bands": "pellucid.data.augmenting_audio:MaskBands",
}
