"""Every augmentation."""

KINDS = {
    "flip": "pellucid.data.augmenting:Flip",
    "shift": "pellucid.data.augmenting:Shift",
    "crop": "pellucid.data.augmenting:Crop",
    "rotate": "pellucid.data.augmenting:Rotate",
    "brightness": "pellucid.data.augmenting:Brightness",
    "erase": "pellucid.data.augmenting:Erase",
    "mixup": "pellucid.data.augmenting:Mixup",
    "noise": "pellucid.data.augmenting:Noise",
}
