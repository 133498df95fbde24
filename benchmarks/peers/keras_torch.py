"""Keras 3 on the torch backend, `compile` and `fit` as its guide shows them."""

from __future__ import annotations

import os
import time

from workload import arrays, asked, say

os.environ["KERAS_BACKEND"] = "torch"  # before keras is imported: it reads it once
import keras
from keras import layers

CLASSES = 10

workload, seed = asked()
keras.utils.set_random_seed(seed)
data = arrays(workload)
if workload.widths:
    hidden = [layers.Dense(width, activation="relu") for width in workload.widths]
    x, x_test = data.x, data.x_test
else:
    x, x_test = data.x.transpose(0, 2, 3, 1), data.x_test.transpose(0, 2, 3, 1)
    hidden = []
    for channels in workload.channels:
        hidden += [layers.Conv2D(channels, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    hidden += [layers.Flatten(), layers.Dense(workload.head, activation="relu")]
model = keras.Sequential([keras.Input(x.shape[1:]), *hidden, layers.Dense(CLASSES)])
model.compile(
    optimizer=keras.optimizers.Adam(workload.learning_rate),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
)

begun = time.perf_counter()
model.fit(x, data.y, batch_size=workload.batch, epochs=workload.epochs, verbose=0)
seconds = time.perf_counter() - begun
right = model.predict(x_test, verbose=0).argmax(1) == data.y_test
say("keras", workload, rows=len(x), seconds=seconds, accuracy=float(right.mean()))
