"""A scorer with its personas in another order."""

from dataclasses import replace

from models.scoring.evidence import Evidence, FieldEvidence
from models.scoring.scorer import AnyScorer, Scorer


def reordered(scorer: AnyScorer, order: list[int]) -> Scorer:
    """The same scorer; `order` has the old indices of its personas."""
    assert isinstance(scorer, Scorer)
    classifier = scorer.classifier
    changed = replace(
        classifier,
        prior=classifier.prior[order],
        fields=tuple(_reordered(field, order) for field in classifier.fields),
        likelihood_percentiles=classifier.likelihood_percentiles[order],
    )
    return replace(scorer, classifier=changed, map=replace(scorer.map, centroids=scorer.map.centroids[order]))


def _reordered(field: FieldEvidence, order: list[int]) -> FieldEvidence:
    columns, evidence = [*order, -1], field.evidence
    return replace(
        field,
        evidence=Evidence(evidence.constant[columns], evidence.rows[:, columns], evidence.limits),
        likelihood_mean=field.likelihood_mean[order],
        likelihood_variance=field.likelihood_variance[order],
        kind_shares=field.kind_shares[:, order],
        means=field.means[:, order],
    )
