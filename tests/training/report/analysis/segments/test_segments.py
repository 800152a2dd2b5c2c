"""Personas as segments: each number and each sentence, from the profiles and by other means."""

import math
from collections import Counter, defaultdict

import numpy as np
import pytest

from models.persona import Persona
from models.scoring.columns import FloatArray, IntArray
from models.scoring.scorer import Scorer
from tests.training.report.conftest import blobs
from training.calibration.calibration import calibrate
from training.clustering.fit import Fit
from training.data.dataset import Dataset
from training.personas.describing import describe
from training.report.analysis.counts.answers import value_tables
from training.report.analysis.segments.gorge import gorge_plot
from training.report.analysis.segments.posteriors import posteriors
from training.report.analysis.segments.profile import segment_profile
from training.report.analysis.segments.segments import segments_of
from training.report.analysis.segments.separation import separation
from training.report.content.segments import Segments
from training.report.document import PersonaDetail

ROWS = np.arange(0, 2_000, 4)


@pytest.fixture(scope="module")
def personas(dataset: Dataset, fitted: Fit) -> tuple[Persona, ...]:
    return describe(dataset, fitted.clusters, [f"p_{number}" for number in range(fitted.k)]).personas


@pytest.fixture(scope="module")
def scorer(fitted: Fit) -> Scorer:
    return calibrate(fitted, 0).scorer


@pytest.fixture(scope="module")
def segments(dataset: Dataset, fitted: Fit, personas: tuple[Persona, ...], scorer: Scorer) -> Segments:
    details = [PersonaDetail(answers=(), silhouette=0.3, stability=0.8 - cluster / 10) for cluster in range(5)]
    tables = value_tables(dataset, fitted.clusters, fitted.k)
    result = segments_of(fitted, ROWS, personas, details, tables, scorer, of_stable_model=True)
    assert result is not None
    return result


def some_personas(k: int) -> tuple[Persona, ...]:
    return tuple(
        Persona(id=f"p{n}", name=f"P{n}", sentence="", size=1, share=1 / k, traits=(), gift_affinities=())
        for n in range(k)
    )


# --- profile ---------------------------------------------------------------------------------------


def shares_of(dataset: Dataset, clusters: IntArray) -> dict[tuple[str, str], list[float]]:
    """For each answer its share among those who answered the field: in each persona, then of everyone."""
    holders: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    answered: dict[str, Counter[int]] = defaultdict(Counter)
    for profile, cluster in zip(dataset.profiles(np.arange(len(dataset))), clusters.tolist(), strict=True):
        for spec in dataset.specs:
            answer = getattr(profile, spec.name)
            if answer is None or spec.kind.name == "numeric":
                continue
            answered[spec.title][cluster] += 1
            for value in answer if isinstance(answer, tuple) else (answer,):
                holders[spec.title, value][cluster] += 1
    return {
        (title, value): [
            *(counts[cluster] / answered[title][cluster] for cluster in range(5)),
            counts.total() / answered[title].total(),
        ]
        for (title, value), counts in holders.items()
        if counts.total() >= 5
    }


def test_profile_has_the_answers_with_the_largest_differences(
    dataset: Dataset, fitted: Fit, segments: Segments
) -> None:
    shares = shares_of(dataset, fitted.clusters)
    differences = sorted((max(abs(s - row[-1]) for s in row[:-1]) for row in shares.values()), reverse=True)
    assert segments.profile is not None
    shown = [
        max(abs(share - variable.everyone) for share in variable.shares if share is not None)
        for variable in segments.profile.variables
    ]
    # What is stated differs by the withheld counts, a few members.
    assert sorted(shown, reverse=True) == pytest.approx(differences[:24], abs=0.005)


def test_markers_follow_the_rule_of_a_quarter_of_the_largest_or_half_of_everyones(
    dataset: Dataset, fitted: Fit, segments: Segments
) -> None:
    shares = shares_of(dataset, fitted.clusters)
    largest = max(share for row in shares.values() for share in row[:-1])
    assert segments.profile is not None
    assert segments.profile.limit == pytest.approx(0.25 * largest, abs=2e-3)
    for variable in segments.profile.variables:
        everyone, limit = variable.everyone, segments.profile.limit
        for share, marks in zip(variable.shares, variable.markers, strict=True):
            if share is not None:
                difference = abs(share - everyone)
                assert marks == (difference >= limit or difference >= 0.5 * everyone)


def test_sentence_of_the_profile_counts_markers_and_names_the_largest_difference(
    segments: Segments, personas: tuple[Persona, ...]
) -> None:
    profile = segments.profile
    assert profile is not None
    for cluster, persona in enumerate(personas):
        markers = sum(variable.markers[cluster] for variable in profile.variables)
        assert f"“{persona.name}” {markers}" in profile.sentence
    difference, share, everyone = max(
        (abs(share - variable.everyone), share, variable.everyone)
        for variable in profile.variables
        for share in variable.shares
        if share is not None
    )
    assert f"{share * 100:.0f} %, and {everyone * 100:.0f} % of everyone." in profile.sentence
    assert difference > profile.limit


def test_answers_that_go_together_stand_together(segments: Segments) -> None:
    assert segments.profile is not None
    shares = np.array([variable.shares for variable in segments.profile.variables], np.float64)
    shares = np.nan_to_num(shares)
    steps = np.linalg.norm(np.diff(shares, axis=0), axis=1).mean()
    shuffled = np.random.default_rng(0).permutation(shares)
    assert steps < 0.8 * np.linalg.norm(np.diff(shuffled, axis=0), axis=1).mean()


def test_without_answers_there_is_no_profile() -> None:
    assert segment_profile((), some_personas(2)) is None


# --- separation ------------------------------------------------------------------------------------


def test_similarity_is_leischs_share_of_profiles_between_two_centroids(fitted: Fit, segments: Segments) -> None:
    centroids = fitted.pipeline["kmeans"].cluster_centers_
    one_way = np.zeros((5, 5))
    members: Counter[int] = Counter()
    for score in fitted.scores[ROWS]:
        distances = [math.dist(score, centroid) for centroid in centroids]
        first, second = sorted(range(5), key=distances.__getitem__)[:2]
        members[first] += 1
        one_way[first, second] += 2 * distances[first] / (distances[first] + distances[second])
    one_way /= np.array([members[cluster] for cluster in range(5)])[:, None]
    assert segments.separation is not None
    actual = np.array(segments.separation.similarities)
    off = ~np.eye(5, dtype=bool)
    np.testing.assert_allclose(actual[off], ((one_way + one_way.T) / 2)[off], atol=1e-4)
    assert (np.diag(actual) == 1).all()


def test_ellipses_have_mean_and_principal_axes_of_the_members(fitted: Fit, segments: Segments) -> None:
    assert segments.separation is not None
    for cluster, ellipse in enumerate(segments.separation.ellipses):
        points = fitted.scores[ROWS][fitted.clusters[ROWS] == cluster, :2]
        assert ellipse is not None
        assert (ellipse.x, ellipse.y) == pytest.approx(points.mean(axis=0), abs=1e-4)
        angle = np.radians(ellipse.angle)
        along = (points - points.mean(axis=0)) @ [np.cos(angle), np.sin(angle)]
        across = (points - points.mean(axis=0)) @ [-np.sin(angle), np.cos(angle)]
        assert ellipse.axes == pytest.approx((along.std(ddof=1), across.std(ddof=1)), abs=2e-3)
        assert np.corrcoef(along, across)[0, 1] == pytest.approx(0, abs=2e-3)


def test_sentence_of_the_separation_names_nearest_and_farthest(
    segments: Segments, personas: tuple[Persona, ...]
) -> None:
    assert segments.separation is not None
    near = np.array(segments.separation.similarities) - np.eye(5)
    first, second = sorted(np.argwhere(near == near.max())[0].tolist())
    apart = int(near.sum(axis=1).argmin())
    assert segments.separation.sentence.startswith(
        f"“{personas[first].name}” and “{personas[second].name}” are nearest to each other "
        f"(similarity {near.max():.2f};"
    )
    assert f"“{personas[apart].name}” stands most by itself" in segments.separation.sentence


def test_groups_far_apart_have_a_low_similarity_and_one_cloud_a_high_one() -> None:
    values = []
    for apart in (20.0, 1.0):
        scores, groups = blobs(2, apart)
        centroids = np.array([scores[groups == group].mean(axis=0) for group in (0, 1)])
        result = separation(scores, groups, centroids, np.ones(2) / 2, some_personas(2))
        assert result is not None
        values.append(result.similarities[0][1])
    assert values[0] < 0.15
    assert values[1] > 0.6


def test_one_component_and_few_members_are_drawn_as_far_as_they_go() -> None:
    scores = np.concatenate([np.linspace(0, 1, 20), [5.0, 5.1]])[:, None]
    groups = np.repeat([0, 1], [20, 2])
    result = separation(scores, groups, np.array([[0.5], [5.05]]), np.ones(1), some_personas(2))
    assert result is not None
    first, second = result.ellipses
    assert first is not None
    assert (first.y, first.axes[1]) == (0.0, 0.0)
    assert second is None
    assert result.axes[1] == ""


# --- gorges ----------------------------------------------------------------------------------------


def test_gorges_are_histograms_of_similarity_to_the_centroid(fitted: Fit, segments: Segments) -> None:
    centroids, plot = fitted.pipeline["kmeans"].cluster_centers_, segments.gorges
    assert plot is not None
    values: dict[tuple[int, bool], list[float]] = defaultdict(list)
    for score, cluster in zip(fitted.scores[ROWS], fitted.clusters[ROWS].tolist(), strict=True):
        powers = [math.exp(-math.dist(score, centroid)) for centroid in centroids]
        for other in range(5):
            values[other, other == cluster].append(powers[other] / sum(powers))
    for cluster, gorge in enumerate(plot.gorges):
        for is_member, counts in ((True, gorge.members), (False, gorge.others)):
            bins = Counter(min(int(value * 20), 19) for value in values[cluster, is_member])
            assert counts == tuple(bins[index] for index in range(20))
        assert gorge.mean == pytest.approx(np.mean(values[cluster, True]), abs=1e-4)
    own = [value for (_, is_member), some in values.items() if is_member for value in some]
    assert plot.middle == pytest.approx(np.mean([0.4 <= value <= 0.6 for value in own]), abs=1e-4)
    assert plot.rows == len(ROWS)


def test_sentence_of_the_gorges_has_their_numbers(segments: Segments, personas: tuple[Persona, ...]) -> None:
    plot = segments.gorges
    assert plot is not None
    means = [gorge.mean or 0.0 for gorge in plot.gorges]
    clear, blurred = personas[int(np.argmax(means))].name, personas[int(np.argmin(means))].name
    assert plot.sentence.startswith(f"{plot.middle * 100:.0f} % of the profiles lie between centroids")
    assert f"members of “{clear}” are most like its centroid ({max(means):.2f} on average)" in plot.sentence
    assert f"“{blurred}” least ({min(means):.2f})" in plot.sentence


def test_separate_groups_leave_a_gorge() -> None:
    scores, groups = blobs(2, 20.0)
    centroids = np.array([scores[groups == group].mean(axis=0) for group in (0, 1)])
    result = gorge_plot(scores * 1_000, groups, centroids * 1_000, some_personas(2))
    assert result is not None
    assert result.middle == 0
    assert sum(result.gorges[0].members[1:-1]) == 0


# --- posteriors ------------------------------------------------------------------------------------


def probabilities(n: int = 200) -> tuple[FloatArray, IntArray]:
    values = np.random.default_rng(0).dirichlet([0.4, 0.3, 0.2], n)
    return values, values.argmax(axis=1)


def test_posteriors_have_entropies_and_errors_by_their_formulas() -> None:
    values, clusters = probabilities()
    result = posteriors(values, clusters, some_personas(3))
    assert result is not None
    entropy = np.mean([-sum(p * math.log(p) for p in row if p > 0) for row in values.tolist()])
    means = [float(np.mean(column)) for column in values.T]
    before = -sum(p * math.log(p) for p in means)
    assert result.entropy_r2 == pytest.approx((before - entropy) / before, abs=1e-4)
    for cluster in range(3):
        members = [row for row, own in zip(values.tolist(), clusters, strict=True) if own == cluster]
        left = np.mean([-sum(p * math.log(p) for p in row if p > 0) for row in members])
        assert result.entropy_r2_of[cluster] == pytest.approx(1 - left / before, abs=1e-4)
    assert result.normalised_entropy == pytest.approx(1 - entropy / math.log(3), abs=1e-4)
    errors = np.mean([1 - max(row) for row in values.tolist()])
    assert result.classification_r2 == pytest.approx(1 - errors / (1 - max(means)), abs=1e-4)


def test_table_of_posteriors_has_the_mean_probability_by_assigned_persona() -> None:
    values, clusters = probabilities()
    result = posteriors(values, np.where(clusters == 2, 1, clusters), some_personas(3))
    assert result is not None
    merged = np.where(clusters == 2, 1, clusters)
    for cluster in (0, 1):
        expected = [values[merged == cluster, other].mean() for other in range(3)]
        assert result.table[cluster] == pytest.approx(expected, abs=1e-4)
    assert result.table[2] == (None, None, None)
    assert result.own[2] is None


def test_certain_probabilities_leave_no_uncertainty_and_equal_ones_all() -> None:
    clusters = np.arange(90) % 3
    sure = posteriors(np.eye(3)[clusters], clusters, some_personas(3))
    guess = posteriors(np.full((90, 3), 1 / 3), clusters, some_personas(3))
    assert sure is not None
    assert guess is not None
    assert (sure.entropy_r2, sure.normalised_entropy, sure.classification_r2) == (1, 1, 1)
    assert guess.entropy_r2 == pytest.approx(0, abs=1e-4)
    assert guess.normalised_entropy == pytest.approx(0, abs=1e-4)
    assert guess.classification_r2 == pytest.approx(0, abs=1e-4)


def test_posteriors_are_those_of_the_scorer(
    fitted: Fit, scorer: Scorer, segments: Segments, personas: tuple[Persona, ...]
) -> None:
    profiles = fitted.encoded.dataset.profiles(ROWS[:40])
    chances = [scorer.score(profile).probabilities for profile in profiles]
    expected = posteriors(np.array(chances), fitted.clusters[ROWS[:40]], personas)
    own = scorer.scores(fitted.encoded.take(ROWS[:40]).columns).probabilities
    assert expected == posteriors(own, fitted.clusters[ROWS[:40]], personas)
    assert segments.posteriors is not None
    assert segments.posteriors.rows == len(ROWS)


def test_sentence_of_the_posteriors_has_their_numbers(segments: Segments, personas: tuple[Persona, ...]) -> None:
    sure = segments.posteriors
    assert sure is not None
    own = [value or 0.0 for value in sure.own]
    assert sure.sentence == (
        f"The answers take away {(sure.entropy_r2 or 0) * 100:.0f} % of the uncertainty (entropy R²). Members of "
        f"“{personas[int(np.argmax(own))].name}” are assigned with a mean probability of {max(own):.2f}, those of "
        f"“{personas[int(np.argmin(own))].name}” with {min(own):.2f}."
    )


def test_model_without_probabilities_has_no_posteriors() -> None:
    assert posteriors(None, np.zeros(3, np.int64), some_personas(2)) is None


# --- sheet -----------------------------------------------------------------------------------------


def test_sheet_has_a_row_for_each_persona_with_its_numbers(
    segments: Segments, personas: tuple[Persona, ...]
) -> None:
    assert segments.profile is not None
    assert segments.posteriors is not None
    for cluster, (row, persona) in enumerate(zip(segments.sheet, personas, strict=True)):
        assert (row.size, row.share) == (persona.size, persona.share)
        assert (row.silhouette, row.stability) == (0.3, 0.8 - cluster / 10)
        assert row.posterior == segments.posteriors.own[cluster]
        assert row.entropy_r2 == segments.posteriors.entropy_r2_of[cluster]
        assert row.markers == sum(variable.markers[cluster] for variable in segments.profile.variables)


def test_reach_is_the_share_of_members_who_answer_the_defining_fields(
    dataset: Dataset, fitted: Fit, segments: Segments, personas: tuple[Persona, ...]
) -> None:
    for cluster, (row, persona) in enumerate(zip(segments.sheet, personas, strict=True)):
        members = dataset.profiles(np.flatnonzero(fitted.clusters == cluster))
        names = {trait.field for trait in persona.traits}
        answered = [np.mean([getattr(member, name) is not None for member in members]) for name in names]
        assert row.reach == pytest.approx(np.mean(answered), abs=1e-4)
        assert len(row.fields) == len(names)


def test_row_of_the_sheet_is_a_sentence_with_its_numbers(
    segments: Segments, personas: tuple[Persona, ...]
) -> None:
    row, persona = segments.sheet[0], personas[0]
    for words in (
        f"{persona.name}: {persona.share * 100:.0f} % of the profiles ({persona.size:,})",
        f"marked by {row.markers} answers",
        "fairly well apart (silhouette 0.30)",
        f"a mean probability of {row.posterior:.2f} (entropy R² {row.entropy_r2:.2f})",
        f"{(row.reach or 0) * 100:.0f} % of its members answer what defines it",
        "stable (Jaccard similarity 0.80)",
    ):
        assert words in row.sentence


def test_row_of_an_unstable_model_is_not_called_stable(
    dataset: Dataset, fitted: Fit, personas: tuple[Persona, ...]
) -> None:
    details = [PersonaDetail(answers=(), silhouette=None, stability=0.9)] * 5
    result = segments_of(fitted, ROWS, personas, details, (), None, of_stable_model=False)
    assert result is not None
    assert all("recurring, in a model that is not stable" in row.sentence for row in result.sheet)
    assert (result.profile, result.posteriors) == (None, None)


def test_one_persona_is_no_segment(fitted: Fit, personas: tuple[Persona, ...]) -> None:
    assert segments_of(fitted, ROWS, personas[:1], [], (), None, of_stable_model=True) is None
    assert gorge_plot(np.zeros((3, 2)), np.zeros(3, np.int64), np.zeros((1, 2)), personas[:1]) is None
