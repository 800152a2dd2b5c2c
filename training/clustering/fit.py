"""Dataset → Fit: encoder, PCA and K-Means find the segments, and a classifier trained on them assigns.

encode → lengths → pca → kmeans is one scikit-learn pipeline; every step before K-Means is linear in the encoded
answers. K-Means weighs every component's variance alike; the classifier (`training.classifier`) weighs each answer
by what it says about the segment, which is closer to planted personas and needs no complete profile
(docs/decisions/0027). The personas are what the classifier assigns.


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
from training.classifier.classifier import AnswerCoder, PersonaClassifier
from training.clustering.choice.choice_of_k import Choice, choose_k
from training.clustering.components.moments import moments_of, principal_components
from training.clustering.components.parallel_analysis import Components, parallel_analysis
from training.clustering.encoding import ProfileEncoder
from training.clustering.kmeans import familiar_centroids, fit_kmeans, indistinct, reorder_clusters
from training.clustering.list_length import ListLengthRemover
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.data.encoded import EncodedDataset
from training.errors import UnusableInput
from training.progress import Progress, ProgressRange
from training.text import percent, percent_tenths


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The fitted pipeline, and its results for the profiles in `encoded`.

    `pipeline`: the steps up to K-Means. `scores` (n, r): PCA scores. `labels` (n,): the nearest centroid.
    `clusters` (n,): the classifier's assignments; cluster 0 is the largest.
    """

    pipeline: Pipeline
    classifier: PersonaClassifier
    encoded: EncodedDataset
    scores: FloatArray
    labels: IntArray
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

    @property
    def assigner(self) -> Pipeline:
        """Profiles → personas as one scikit-learn estimator, with `predict` and `predict_proba`."""
        return Pipeline([("answers", AnswerCoder(self.pipeline["encode"])), ("persona", self.classifier)])

    def applied_to(self, dataset: Dataset) -> "Fit":
        """The same fit with its results for other profiles."""
        encoded = EncodedDataset.of(dataset, self.encoder)
        with threadpool_limits(1):
            scores = transformed(self.pipeline[:-1], encoded)
            labels = self.pipeline["kmeans"].predict(scores).astype(np.int64)
            clusters = assigned(self.classifier, encoded)
        return replace(self, encoded=encoded, scores=scores, labels=labels, clusters=clusters)


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
    choice = choose_k(coordinates[rows], components, config, rng, choosing, familiar_k, encoded.take(rows))
    progress.step(f"K-Means with {choice.k} personas", 0.90)
    familiar = None if previous_clusters is None else familiar_centroids(coordinates, previous_clusters)
    segments = _segments(encoded, coordinates, choice.k, config, familiar)
    if config.k == "auto":
        choice, segments = _merge_small_personas(choice, segments, config, familiar)
    _check_members(segments, config)
    return Fit(
        pipeline=Pipeline([*steps, ("kmeans", segments.kmeans)]),
        classifier=segments.classifier,
        encoded=encoded,
        scores=coordinates,
        labels=segments.labels,
        clusters=segments.clusters,
        components=components,
        choice=choice,
    )


def segmented_anew(fitted: Fit, k: int, config: TrainingConfig) -> Fit:
    """The same fit with k clusters, itself if it has as many: the steps before K-Means do not depend on k.

    The exponent stays as well. It takes most of the time to choose, and only weighs answers against the sizes of
    the personas: of 3,000 simulated profiles, own exponents of 2 to 8 clusters give the same clusters to an
    adjusted Rand index of 0.99 or more (2026-11-29). Raises `UnusableInput` where the profiles have fewer distinct
    clusters.
    """
    if k == fitted.k:
        return fitted
    with threadpool_limits(1):
        segments = _segments(fitted.encoded, fitted.scores, k, config, None, fitted.classifier.exponent_)
    return replace(
        fitted,
        pipeline=Pipeline([*fitted.pipeline.steps[:-1], ("kmeans", segments.kmeans)]),
        classifier=segments.classifier,
        labels=segments.labels,
        clusters=segments.clusters,
        choice=Choice(k, f"{k} segments, for comparison."),
    )


@dataclass(frozen=True, kw_only=True)
class _Segments:
    """K-Means on PCA scores (n, r), the classifier trained on its labels (n,), and what that assigns (n,)."""

    encoded: EncodedDataset
    scores: FloatArray
    kmeans: KMeans
    classifier: PersonaClassifier
    clusters: IntArray

    @property
    def labels(self) -> IntArray:
        """The nearest centroid of each profile."""
        labels: IntArray = self.kmeans.labels_.astype(np.int64)
        return labels

    @property
    def sizes(self) -> IntArray:
        """The number of profiles that the classifier assigns to each cluster, (k,)."""
        return np.bincount(self.clusters, minlength=self.kmeans.n_clusters)


def _segments(
    encoded: EncodedDataset,
    scores: FloatArray,
    k: int,
    config: TrainingConfig,
    familiar: FloatArray | None,
    exponent: float | None = None,
) -> _Segments:
    """Clusters in the order of the number of profiles that the classifier assigns to them, largest first.

    `exponent`: of the classifier, which chooses it otherwise.
    """
    kmeans = fit_kmeans(scores, k, config, familiar)
    classifier = PersonaClassifier(exponent, seed=config.seed, length_counts=not config.remove_lengths)
    classifier.fit(encoded, kmeans.labels_.astype(np.int64))
    clusters = assigned(classifier, encoded)
    order = np.argsort(-np.bincount(clusters, minlength=k), kind="stable")
    reorder_clusters(kmeans, order)
    classifier.reorder(order)
    return _Segments(
        encoded=encoded, scores=scores, kmeans=kmeans, classifier=classifier, clusters=np.argsort(order)[clusters]
    )


def assigned(classifier: PersonaClassifier, encoded: EncodedDataset) -> IntArray:
    """The clusters that a classifier assigns, (n,), block by block."""
    return np.concatenate([classifier.predict(block) for block in encoded.blocks()])


def _check_members(segments: _Segments, config: TrainingConfig) -> None:
    if not segments.sizes.all():
        raise indistinct(len(segments.sizes), int(np.count_nonzero(segments.sizes)), config)


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
    used = lengths.transform_moments(moments).without_columns(
        encoded.encoder.spans[name] for name in components.independent
    )
    return lengths, principal_components(used, components.retained), components


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
    choice: Choice, segments: _Segments, config: TrainingConfig, familiar: FloatArray | None
) -> tuple[Choice, _Segments]:
    """Reduce k while the smallest persona has less than the configured share of the profiles."""
    while choice.k > 1 and (share := segments.sizes.min() / len(segments.clusters)) < config.min_persona_share:
        merged = (
            f" One of {choice.k} would hold only {percent_tenths(share)} of the profiles, less than the "
            f"{percent(config.min_persona_share)} that are wanted, so there are {choice.k - 1}."
        )
        choice = replace(choice, k=choice.k - 1, sentence=choice.sentence + merged)
        segments = _segments(segments.encoded, segments.scores, choice.k, config, familiar)
    return choice, segments


def draw_rows(count: int, most: int, rng: np.random.Generator) -> IntArray:
    """Positions of at most `most` rows out of `count`, drawn without replacement, ascending."""
    if count <= most:
        return np.arange(count)
    return np.sort(rng.choice(count, most, replace=False))
