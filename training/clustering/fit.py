"""Dataset → Fit: encoder, PCA and K-Means in one scikit-learn pipeline.

encode → lengths → pca → even → kmeans: every step before K-Means is linear in the encoded answers.

Everything runs on one thread: K-Means adds its threads' partial sums in the order in which they finish, so that
with several threads the same data, configuration and seed would not give byte-equal arrays.
"""

from dataclasses import dataclass, replace

import numpy as np
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from models.scoring.columns import BLOCK_ROWS, FloatArray, IntArray
from models.scoring.encoder import Encoder
from training.clustering.choice_of_k import Choice, choose_k
from training.clustering.components import Components, parallel_analysis
from training.clustering.encoding import ProfileEncoder
from training.clustering.kmeans import familiar_centroids, fit_kmeans
from training.clustering.list_length import ListLengthRemover
from training.clustering.moments import moments_of, principal_components
from training.clustering.partial_whitening import PartialWhitener
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset
from training.errors import UnusableInput
from training.progress import Progress, ProgressRange


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The fitted pipeline, and its results for the profiles in `encoded`.

    `scores` (n, r): partially whitened PCA scores. `clusters` (n,): nearest centroid; cluster 0 is the largest.
    """

    pipeline: Pipeline
    encoded: EncodedDataset
    scores: FloatArray
    clusters: IntArray
    components: Components
    choice: Choice

    @property
    def encoder(self) -> Encoder:
        """The fitted encoder."""
        return self.encoded.encoder

    @property
    def k(self) -> int:
        """How many clusters there are."""
        return self.choice.k

    def applied_to(self, dataset: Dataset) -> "Fit":
        """The same pipeline with its results for other profiles."""
        encoded = EncodedDataset.of(dataset, self.encoder)
        with threadpool_limits(1):
            scores = transformed(self.pipeline[:-1], encoded)
            clusters = self.pipeline["kmeans"].predict(scores).astype(np.int64)
        return replace(self, encoded=encoded, scores=scores, clusters=clusters)


def fit(
    dataset: Dataset, config: TrainingConfig, progress: Progress, previous_clusters: IntArray | None = None
) -> Fit:
    """Fit the pipeline. The criteria are computed on samples (`config`), the fit itself on every row.

    `previous_clusters` (n,): the clusters that the previous model assigns; K-Means starts from them as well.
    Raises `UnusableInput` where the encoded profiles cannot be separated as configured.
    """
    with threadpool_limits(1):
        return _fit(dataset, config, progress, previous_clusters)


def _fit(dataset: Dataset, config: TrainingConfig, progress: Progress, previous_clusters: IntArray | None) -> Fit:
    rng = np.random.default_rng(config.seed)
    progress.step("encoding", 0.05)
    encode = ProfileEncoder.configured(dataset.profile_class, config)
    encoded = encode.fit_encode(dataset)
    lengths, pca, components = _principal_components(encoded, config, progress, rng)
    steps = [("encode", encode), ("lengths", lengths), ("pca", pca)]
    coordinates = transformed(Pipeline(steps), encoded)
    rows = draw_rows(len(coordinates), config.criteria_rows, rng)
    familiar_k = None if previous_clusters is None else int(previous_clusters.max(initial=0)) + 1
    choosing = ProgressRange(progress, 0.45, 0.90)
    choice = choose_k(coordinates[rows], components, config, rng, choosing, familiar_k)
    # With few columns all components are retained, and the last ones hold rounding errors.
    whiten = PartialWhitener(config.evenness if encoded.encoder.width > config.keep_all_columns else 0.0)
    scores = whiten.fit_transform(coordinates)
    progress.step(f"K-Means with {choice.k} personas", 0.90)
    familiar = None if previous_clusters is None else familiar_centroids(scores, previous_clusters)
    kmeans = fit_kmeans(scores, choice.k, config, familiar)
    if config.k == "auto":
        choice, kmeans = _merge_small_personas(choice, kmeans, scores, config, familiar)
    return Fit(
        pipeline=Pipeline([*steps, ("even", whiten), ("kmeans", kmeans)]),
        encoded=encoded,
        scores=scores,
        clusters=kmeans.labels_.astype(np.int64),
        components=components,
        choice=choice,
    )


def _principal_components(
    encoded: EncodedDataset, config: TrainingConfig, progress: Progress, rng: np.random.Generator
) -> tuple[ListLengthRemover, PCA, Components]:
    """The linear steps after the encoding, and the parallel analysis that chose the number of components."""
    moments = moments_of(block.vectors() for block in encoded.blocks())
    if not moments.products.any():
        raise UnusableInput(
            "The profiles differ in nothing that a model may learn: "
            f"a value counts when at least {config.min_value_count} profiles hold it."
        )
    lengths = ListLengthRemover(encoded.encoder, config.remove_lengths).fit_moments(moments)
    progress.step("comparing components with chance", 0.20)
    sample = encoded.take(draw_rows(len(encoded), config.chance_rows, rng))
    components = parallel_analysis(lengths.transform(sample.vectors()), encoded.encoder, config, rng)
    progress.step("principal components", 0.40)
    return lengths, principal_components(lengths.transform_moments(moments), components.retained), components


def transformed(steps: Pipeline, encoded: EncodedDataset) -> FloatArray:
    """The result of these steps, (n, width), block by block, so that all encoded vectors are never in memory at
    once.
    """
    blocks = (steps.transform(block) for block in encoded.blocks())
    first = next(blocks)
    whole = np.empty((len(encoded), first.shape[1]))
    whole[: len(first)] = first
    for number, block in enumerate(blocks, start=1):
        whole[number * BLOCK_ROWS :][: len(block)] = block
    return whole


def _merge_small_personas(
    choice: Choice, kmeans: KMeans, scores: FloatArray, config: TrainingConfig, familiar: FloatArray | None
) -> tuple[Choice, KMeans]:
    """Reduce k while the smallest persona has less than the configured share of the profiles."""
    while choice.k > 1 and (share := np.bincount(kmeans.labels_).min() / len(scores)) < config.min_persona_share:
        merged = (
            f" One of {choice.k} would hold only {share:.1%} of the profiles, less than the "
            f"{config.min_persona_share:.0%} that are wanted, so there are {choice.k - 1}."
        )
        choice = replace(choice, k=choice.k - 1, sentence=choice.sentence + merged)
        kmeans = fit_kmeans(scores, choice.k, config, familiar)
    return choice, kmeans


def draw_rows(count: int, most: int, rng: np.random.Generator) -> IntArray:
    """Positions of at most `most` rows out of `count`, drawn without replacement, ascending."""
    if count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))
