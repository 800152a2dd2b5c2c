"""The personas as segments: all of it, from one sample of the profiles and the counts of their answers."""

from collections.abc import Sequence

import numpy as np

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.scoring.scorer import Scorer
from training.clustering.fit import Fit
from training.report.analysis.counts.answers import FieldTable
from training.report.analysis.segments.gorge import gorge_plot
from training.report.analysis.segments.posteriors import posteriors
from training.report.analysis.segments.profile import segment_profile
from training.report.analysis.segments.separation import separation
from training.report.analysis.segments.sheet import sheet
from training.report.content.segments import Segments
from training.report.document import PersonaDetail


def segments_of(
    fitted: Fit,
    rows: IntArray,
    personas: Sequence[Persona],
    details: Sequence[PersonaDetail],
    tables: Sequence[FieldTable],
    scorer: Scorer | None,
    *,
    of_stable_model: bool,
    groups: bool = True,
) -> Segments | None:
    """The segments of a fit; None for one persona.

    `rows`: the sampled profiles on which distances and probabilities are computed; `tables`: the answers of
    all; `groups`: whether the personas may be separate groups.
    """
    if len(personas) < 2:
        return None
    scores, clusters = fitted.scores[rows], fitted.clusters[rows]
    centroids = np.asarray(fitted.pipeline["kmeans"].cluster_centers_, np.float64)
    variance = np.asarray(fitted.pipeline["pca"].explained_variance_ratio_, np.float64)
    profile = segment_profile(tables, personas)
    sure = posteriors(_probabilities(fitted, rows, scorer), clusters, personas)
    return Segments(
        profile=profile,
        separation=separation(scores, clusters, centroids, variance, personas),
        gorges=gorge_plot(scores, clusters, centroids, personas),
        posteriors=sure,
        sheet=sheet(
            fitted.encoded.dataset,
            fitted.clusters,
            personas,
            details,
            markers=() if profile is None else profile.variables,
            sure=sure,
            of_stable_model=of_stable_model,
            groups=groups,
        ),
    )


def _probabilities(fitted: Fit, rows: IntArray, scorer: Scorer | None) -> FloatArray | None:
    return None if scorer is None else scorer.scores(fitted.encoded.take(rows).columns).probabilities
