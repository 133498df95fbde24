"""Every family."""

KINDS = {
    "mlp": "pellucid.families.mlp:MLP",
    "cnn": "pellucid.families.cnn:CNN",
    "lenet": "pellucid.families.lenet:LeNet",
    "alexnet": "pellucid.families.alexnet:AlexNet",
    "vgg": "pellucid.families.vgg:VGG",
    "resnet": "pellucid.families.resnet:ResNet",
    "inception": "pellucid.families.inception:Inception",
    "unet": "pellucid.families.unet:UNet",
    "decoder": "pellucid.families.decoder:Decoder",
    "frames": "pellucid.families.frames:Frames",
    "foreign": "pellucid.families.foreign:Foreign",
}
