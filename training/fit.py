"""Dataset → Fit: encoder, PCA and K-Means in one scikit-learn pipeline.

Everything runs on one thread: K-Means adds up its threads' partial sums in whatever order they finish, and then
the same data, configuration and seed would not give byte-equal arrays.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from models.columns import FloatArray, IntArray
from models.encoder import Encoder
from training.choose import Choice, choose_k
from training.components import Components, parallel_analysis
from training.config import TrainingConfig
from training.dataset import Dataset
from training.encoding import ProfileEncoder
from training.errors import UnusableInput
from training.progress import Progress


@dataclass(frozen=True)
class Fit:
    """The fitted pipeline, and what it makes of its training data.

    `scores` (n, r): PCA coordinates. `clusters` (n,): nearest centroid; cluster 0 is the largest.
    """

    pipeline: Pipeline
    scores: FloatArray
    clusters: IntArray
    components: Components
    choice: Choice

    @property
    def encoder(self) -> Encoder:
        """The fitted encoder."""
        encoder: Encoder = self.pipeline["encode"].encoder_
        return encoder

    @property
    def k(self) -> int:
        """How many clusters there are."""
        return self.choice.k


def fit(dataset: Dataset, config: TrainingConfig, progress: Progress) -> Fit:
    """Fit the pipeline. The criteria are computed on samples (`config`), the fit itself on every row.

    Raises `UnusableInput` where the profiles, as they are encoded, cannot be told apart as asked.
    """
    rng = np.random.default_rng(config.seed)
    with threadpool_limits(1):
        progress.step("encoding", 0.05)
        encode = ProfileEncoder.configured(dataset.profile_class, config)
        vectors = encode.fit_transform(dataset)
        if not vectors.any():
            raise UnusableInput(
                "The profiles differ in nothing that a model may learn: "
                f"a value counts when at least {config.min_value_count} profiles hold it."
            )
        progress.step("comparing components with chance", 0.10)
        sample = vectors[draw(len(vectors), config.chance_rows, rng)]
        components = parallel_analysis(sample, encode.encoder_, config, rng)
        progress.step("principal components", 0.25)
        pca = PCA(components.kept, svd_solver="covariance_eigh")
        scores = pca.fit_transform(vectors)
        rows = draw(len(scores), config.criteria_rows, rng)
        choice = choose_k(scores[rows], components, config, rng, _within(progress, 0.30, 0.60))
        progress.step(f"K-Means with {choice.k} personas", 0.60)
        kmeans = fit_kmeans(scores, choice.k, config)
    pipeline = Pipeline([("encode", encode), ("pca", pca), ("kmeans", kmeans)])
    return Fit(pipeline, scores, kmeans.labels_.astype(np.int64), components, choice)


def fit_kmeans(scores: FloatArray, k: int, config: TrainingConfig) -> KMeans:
    """K-Means on scores (n, r), its clusters in the order of their size, largest first."""
    kmeans = KMeans(k, n_init=config.n_init, random_state=config.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of empty clusters, which are refused below
        kmeans.fit(scores)
    sizes = np.bincount(kmeans.labels_, minlength=k)
    if not sizes.all():
        raise UnusableInput(
            f"{k} personas cannot be told apart, only {np.count_nonzero(sizes)}: values that fewer than "
            f"{config.min_value_count} profiles hold do not count."
        )
    order = np.argsort(-sizes, kind="stable")
    kmeans.cluster_centers_ = kmeans.cluster_centers_[order]
    kmeans.labels_ = np.argsort(order)[kmeans.labels_].astype(np.int32)
    return kmeans


def draw(count: int, most: int, rng: np.random.Generator) -> IntArray:
    """Positions of at most `most` rows out of `count`, drawn without replacement, ascending."""
    if count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))


@dataclass(frozen=True, slots=True)
class _Part:
    """A stretch of a larger progress."""

    whole: Progress
    start: float
    end: float

    def step(self, name: str, share: float) -> None:
        self.whole.step(name, self.start + share * (self.end - self.start))

    def say(self, sentence: str) -> None:
        self.whole.say(sentence)


def _within(progress: Progress, start: float, end: float) -> Progress:
    return _Part(progress, start, end)
