"""The analysis of a fit, step by step, as a `Report`.

Counts (shares, lifts, bands, quality) cover every row and are linear in them. Distances (criteria, silhouettes,
densities, maps, axes) use one sample of `settings.rows` rows, as the report states.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.scoring.scorer import Scorer
from models.storage.manifest import Manifest
from training.calibration.reliability import Confidence
from training.clustering.fit import Fit, draw_rows
from training.clustering.stability import refit_resamples
from training.config import TrainingConfig
from training.data.dataset import Dataset
from training.progress import Progress
from training.report.analysis.counts.answers import (
    Crossed,
    FieldTable,
    NumberFieldTable,
    number_tables,
    value_tables,
)
from training.report.analysis.counts.bands import Bands
from training.report.analysis.counts.persona_answers import persona_answers
from training.report.analysis.counts.quality import data_quality
from training.report.analysis.counts.tables import (
    age_bands,
    gifts_by_age,
    history_against_hobbies,
    history_by_hobby,
    lift_rows,
    snake_rows,
)
from training.report.analysis.descriptors import descriptor_report
from training.report.analysis.distances.axes import axes
from training.report.analysis.distances.criteria import criteria
from training.report.analysis.distances.density import density
from training.report.analysis.distances.maps import maps, silhouettes
from training.report.analysis.insights import age_and_gifts, history_and_hobbies, season
from training.report.analysis.lengths import length_comparison
from training.report.analysis.segments.segments import segments_of
from training.report.analysis.stability import (
    Solved,
    mean_jaccards,
    of_stable_model,
    solutions_of,
    whole_stability,
)
from training.report.analysis.structure import has_groups, structure
from training.report.analysis.summary import headline, on_personas, on_quality
from training.report.content.lengths import LengthComparison
from training.report.content.stability import WholeStability
from training.report.content.structure import DataStructure
from training.report.document import (
    Axis,
    Candidate,
    ChoiceOfK,
    Components,
    DataQuality,
    Density,
    Insight,
    Map,
    PersonaDetail,
    Report,
)
from training.report.settings import AnalysisConfig


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """Results from distances between the sampled rows."""

    rows: IntArray
    curve: tuple[Candidate, ...]
    silhouettes: tuple[FloatArray, ...]
    solved: tuple[Solved, ...]
    lengths: LengthComparison | None
    density: Density | None
    maps: tuple[Map, ...]
    axes: tuple[Axis, ...]


@dataclass(frozen=True, kw_only=True)
class _Counted:
    """Results from the answers of all rows."""

    tables: tuple[FieldTable, ...]
    numbers: tuple[NumberFieldTable, ...]
    pairs: Crossed | None
    ages: Bands | None
    quality: DataQuality


def analyse(
    fitted: Fit,
    manifest: Manifest,
    settings: AnalysisConfig,
    seed: int,
    progress: Progress,
    confidence: Confidence | None = None,
    *,
    scorer: Scorer | None = None,
    refits: Sequence[Fit] | None = None,
) -> Report:
    """The report of a fit: all data of the figures and the page.

    `manifest`: version, origin, personas in the order of the clusters, metrics and verdicts of the artifact;
    `confidence`: the measured confidence of partial profiles; `scorer`: gives the probabilities;
    `refits`: fits of resampled profiles, which are made here where they are not given.
    The same fit, manifest, settings and seed give the same report. Progress runs from 0 to 1.
    """
    dataset = fitted.encoded.dataset
    with threadpool_limits(1):
        config = TrainingConfig.model_validate(manifest.configuration)
        measured = _measure(fitted, config, settings, seed, progress, refits)
    progress.step("counting answers", 0.90)
    counted = _count(dataset, fitted)
    stable = whole_stability(measured.solved, fitted.k, manifest.personas, manifest.verdicts)
    kind = structure(stable, measured.density, fitted.k)
    details = _details(dataset, fitted, measured, counted.tables)
    segments = segments_of(
        fitted,
        measured.rows,
        manifest.personas,
        details,
        counted.tables,
        scorer,
        of_stable_model=of_stable_model(stable, manifest.verdicts),
        groups=has_groups(kind),
    )
    return Report(
        version=manifest.version,
        created_at=manifest.created_at,
        headline=headline(manifest, _silhouette(manifest, measured), kind),
        origin=manifest.origin,
        choice=ChoiceOfK(
            k=fitted.k,
            sentence=fitted.choice.sentence,
            rows=len(measured.rows),
            curve=measured.curve,
            votes=fitted.choice.votes,
        ),
        components=_components(fitted, measured.axes),
        personas=manifest.personas,
        details=details,
        silhouettes=tuple(tuple(values.tolist()) for values in measured.silhouettes),
        maps=measured.maps,
        lifts=lift_rows(counted.tables),
        snake=snake_rows(counted.numbers),
        history_by_hobby=history_by_hobby(counted.pairs),
        gifts_by_age=gifts_by_age(dataset, counted.ages),
        density=measured.density,
        stability=stable,
        structure=kind,
        lengths=measured.lengths,
        segments=segments,
        descriptors=descriptor_report(dataset.descriptors, fitted.clusters, manifest.personas),
        confidence=confidence,
        insights=_insights(dataset, manifest.personas, details, counted, stable, kind),
        data=counted.quality,
        metrics=manifest.metrics,
        verdicts=manifest.verdicts,
    )


def _measure(
    fitted: Fit,
    config: TrainingConfig,
    settings: AnalysisConfig,
    seed: int,
    progress: Progress,
    refits: Sequence[Fit] | None,
) -> _Measured:
    rng = np.random.default_rng(seed)
    rows = draw_rows(len(fitted.encoded), settings.rows, rng)
    scores, clusters = fitted.scores[rows], fitted.clusters[rows]
    shares = np.asarray(fitted.pipeline["pca"].explained_variance_ratio_, np.float64)
    progress.step("judging the number of personas", 0.0)
    curve = criteria(scores, fitted.choice.curve, settings, rng, clusters)
    progress.step("refitting resampled profiles", 0.15)
    if refits is None:
        refits = refit_resamples(fitted, config, settings.bootstraps, rng)
    solved = tuple(solutions_of(fitted, config, refits, rng))
    progress.step("comparing list lengths in and out", 0.28)
    lengths = length_comparison(fitted, config, solved, settings.bootstraps // 2 * settings.lengths, rng)
    jaccards = {solution.k: mean_jaccards(solution) for solution in solved}
    curve = tuple(point.model_copy(update={"stability": jaccards.get(point.k)}) for point in curve)
    widths = silhouettes(scores, clusters, fitted.k)
    progress.step("looking for dense groups", 0.35)
    dense = density(scores, clusters) if settings.density else None
    progress.step("drawing maps", 0.40)
    shown = draw_rows(len(rows), settings.map_rows, rng)
    centroids = fitted.pipeline["kmeans"].cluster_centers_
    drawn = maps(scores[shown], clusters[shown], centroids, shares, seed) if len(shown) else ()
    progress.step("putting components into words", 0.85)
    in_words = axes(fitted.encoded.take(rows), scores, shares)
    return _Measured(
        rows=rows,
        curve=curve,
        silhouettes=widths,
        solved=solved,
        lengths=lengths,
        density=dense,
        maps=drawn,
        axes=in_words,
    )


def _count(dataset: Dataset, fitted: Fit) -> _Counted:
    clusters, k = fitted.clusters, fitted.k
    return _Counted(
        tables=value_tables(dataset, clusters, k),
        numbers=number_tables(dataset, clusters, k),
        pairs=history_against_hobbies(dataset),
        ages=age_bands(dataset),
        quality=data_quality(dataset, fitted.encoder, clusters, k),
    )


def _details(
    dataset: Dataset, fitted: Fit, measured: _Measured, tables: Sequence[FieldTable]
) -> tuple[PersonaDetail, ...]:
    answers = persona_answers(dataset, tables, fitted.clusters, fitted.k)
    stable = next((mean_jaccards(solution) for solution in measured.solved if solution.k == fitted.k), None)
    return tuple(
        PersonaDetail(
            answers=answers[cluster],
            silhouette=round(float(values.mean()), 4) if len(values) else None,
            stability=None if stable is None else stable[cluster],
        )
        for cluster, values in enumerate(measured.silhouettes)
    )


def _components(fitted: Fit, in_words: tuple[Axis, ...]) -> Components:
    components = fitted.components
    return Components(
        kept=components.retained,
        beat_chance=components.beat_chance,
        linked=components.linked,
        p_value=components.p_value,
        independent=components.independent,
        eigenvalues=tuple(components.eigenvalues.tolist()),
        chance=tuple(components.chance.tolist()),
        axes=in_words,
    )


def _insights(
    dataset: Dataset,
    personas: Sequence[Persona],
    details: Sequence[PersonaDetail],
    counted: _Counted,
    stable: WholeStability | None,
    kind: DataStructure | None,
) -> tuple[Insight, ...]:
    return (
        *on_personas(personas, details, stable, kind),
        *age_and_gifts(dataset, counted.ages),
        *season(dataset, counted.tables, personas),
        *history_and_hobbies(counted.pairs),
        *on_quality(counted.quality),
    )


def _silhouette(manifest: Manifest, measured: _Measured) -> float | None:
    """The mean silhouette of the metrics, so that every page shows one number; else that of the sample."""
    silhouette_of_fit = manifest.metrics.get("silhouette")
    values = np.concatenate(measured.silhouettes)
    return (
        silhouette_of_fit
        if isinstance(silhouette_of_fit, float)
        else float(values.mean())
        if len(values)
        else None
    )
