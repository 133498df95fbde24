"""scikit-learn's MLPClassifier, for all its epochs: no early stopping, no tolerance. It has no convolutions."""

from __future__ import annotations

import time
import warnings

from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from workload import arrays, asked, say

warnings.filterwarnings("ignore", category=ConvergenceWarning)  # it says that it stopped where it was told to stop

workload, seed = asked()
data = arrays(workload)
classifier = MLPClassifier(
    workload.widths,
    solver="adam",
    alpha=0.0,
    batch_size=workload.batch,
    learning_rate_init=workload.learning_rate,
    max_iter=workload.epochs,
    n_iter_no_change=1_000_000,
    tol=0.0,
    early_stopping=False,
    random_state=seed,
)

begun = time.perf_counter()
classifier.fit(data.x, data.y)
seconds = time.perf_counter() - begun
score = float(classifier.score(data.x_test, data.y_test))
say("scikit-learn", workload, rows=len(data.x), seconds=seconds, accuracy=score)
