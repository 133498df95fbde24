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
    "rnn": "pellucid.families.rnn:RNN",
    "lstm": "pellucid.families.lstm:LSTM",
    "gru": "pellucid.families.gru:GRU",
    "tcn": "pellucid.families.tcn:TCN",
    "transformer": "pellucid.families.transformer:Transformer",
    "foreign": "pellucid.families.foreign:Foreign",
}
