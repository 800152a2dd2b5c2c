"""Stability in the report: each number and each sentence, computed here from the clusters by other means."""

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from models.persona import Persona
from models.scoring.columns import IntArray
from models.storage.manifest import Verdict
from tests.training.conftest import QUICK
from training.clustering.fit import Fit, fit
from training.clustering.stability import refit_resamples
from training.data.dataset import Dataset
from training.progress import Silent
from training.report.analysis.grades import agreement_grade, stability_grade
from training.report.analysis.stability import Solved, solutions_of, wanted_agreement, whole_stability
from training.report.content.stability import Solution, WholeStability

REFITS = 4


def personas_of(k: int) -> tuple[Persona, ...]:
    return tuple(
        Persona(id=f"p{n}", name=f"Persona {n}", sentence="", size=1, share=1 / k, traits=(), gift_affinities=())
        for n in range(k)
    )


@pytest.fixture(scope="module")
def solved(fitted: Fit) -> list[Solved]:
    refits = refit_resamples(fitted, QUICK, REFITS, np.random.default_rng(1))
    return solutions_of(fitted, QUICK, refits, np.random.default_rng(0))


@pytest.fixture(scope="module")
def whole(solved: list[Solved]) -> WholeStability:
    result = whole_stability(solved, 5, personas_of(5), ())
    assert result is not None
    return result


def of(solved: list[Solved], k: int) -> Solved:
    return next(solution for solution in solved if solution.k == k)


def jaccard_of(own: IntArray, other: IntArray, cluster: int) -> float:
    members = set(np.flatnonzero(own == cluster))
    groups = [set(np.flatnonzero(other == label)) for label in np.unique(other)]
    return max(len(members & group) / len(members | group) for group in groups)


# --- the solutions ---------------------------------------------------------------------------------


def test_two_fewer_to_three_more_segments_are_solved(solved: list[Solved]) -> None:
    assert [solution.k for solution in solved] == [3, 4, 5, 6, 7, 8]
    assert {len(solution.refits) for solution in solved} == {REFITS}
    assert all(len(solution.own) == QUICK.criteria_rows for solution in solved)


def test_chosen_solution_is_the_fit_itself(fitted: Fit, solved: list[Solved]) -> None:
    clusters = of(solved, 5).own
    rng = np.random.default_rng(0)
    rows = np.sort(rng.choice(len(fitted.clusters), QUICK.criteria_rows, replace=False))
    np.testing.assert_array_equal(clusters, fitted.clusters[rows])


def test_without_refits_nothing_is_measured(fitted: Fit) -> None:
    assert solutions_of(fitted, QUICK, (), np.random.default_rng(0)) == []
    assert whole_stability([], 5, personas_of(5), ()) is None


def test_one_persona_has_a_stability_by_number_alone(dataset: Dataset) -> None:
    one = fit(dataset, QUICK.model_copy(update={"k": 1}), Silent())
    refits = refit_resamples(one, QUICK, 2, np.random.default_rng(1))
    result = whole_stability(solutions_of(one, QUICK, refits, np.random.default_rng(0)), 1, personas_of(1), ())
    assert result is not None
    assert (result.agreement, result.segments) == (1.0, ())
    assert [solution.k for solution in result.solutions] == [2, 3, 4]
    assert result.sentence == "There is one persona, which every refit finds."


# --- the numbers -----------------------------------------------------------------------------------


def test_agreement_is_the_mean_rand_index_of_refits_with_the_model(
    solved: list[Solved], whole: WholeStability
) -> None:
    chosen = of(solved, 5)
    expected = [adjusted_rand_score(chosen.own, refit) for refit in chosen.refits]
    assert whole.agreements == pytest.approx(expected, abs=1e-4)
    assert whole.agreement == pytest.approx(np.mean(expected), abs=1e-4)
    assert (whole.rows, whole.refits) == (len(chosen.own), REFITS)


def test_segments_have_hennigs_similarities(solved: list[Solved], whole: WholeStability) -> None:
    chosen = of(solved, 5)
    for cluster, segment in enumerate(whole.segments):
        expected = [jaccard_of(chosen.own, refit, cluster) for refit in chosen.refits]
        assert segment is not None
        assert segment.jaccards == pytest.approx(expected, abs=1e-4)
        assert segment.mean == pytest.approx(np.mean(expected), abs=1e-4)
        assert segment.recovered == sum(value >= 0.75 for value in expected)
        assert segment.dissolved == sum(value <= 0.5 for value in expected)


def test_numbers_of_personas_have_the_rand_index_of_every_pair_of_refits(
    solved: list[Solved], whole: WholeStability
) -> None:
    for solution in whole.solutions:
        pairs = combinations(of(solved, solution.k).refits, 2)
        assert solution.agreements == pytest.approx([adjusted_rand_score(a, b) for a, b in pairs], abs=1e-4)


def test_sources_and_entropies_are_those_of_the_solution_before(
    solved: list[Solved], whole: WholeStability
) -> None:
    for before, after in zip(whole.solutions, whole.solutions[1:], strict=False):
        old, new = of(solved, before.k).own, of(solved, after.k).own
        for segment in after.segments:
            origins = Counter(old[new == segment.cluster].tolist())
            shares = [origins[source.cluster] / origins.total() for source in before.segments]
            entropy = -sum(share * math.log(share) for share in shares if share)
            assert segment.share == pytest.approx(origins.total() / len(new), abs=1e-4)
            assert segment.sources == pytest.approx(shares, abs=1e-4)
            assert segment.stability == pytest.approx(1 - entropy / math.log(before.k), abs=1e-4)


def test_first_solution_comes_from_nowhere(whole: WholeStability) -> None:
    first = whole.solutions[0]
    assert {(segment.sources, segment.stability) for segment in first.segments} == {((), None)}
    assert [segment.cluster for segment in first.segments] == [0, 1, 2]


def test_every_segment_is_drawn_once_beside_what_it_comes_from(whole: WholeStability) -> None:
    for solution in whole.solutions:
        assert sorted(segment.cluster for segment in solution.segments) == list(range(solution.k))


def made_up(own: list[list[int]], refits: list[list[int]]) -> list[Solved]:
    """Solutions of few profiles, all with these refits."""
    return [
        Solved(
            k=max(clusters) + 1,
            own=np.array(clusters),
            refits=tuple(np.minimum(np.array(refit), max(clusters)) for refit in refits),
        )
        for clusters in own
    ]


def test_split_segment_stands_beside_its_other_half() -> None:
    solved = made_up([[0] * 8 + [1] * 5, [1] * 4 + [2] * 4 + [0] * 5], [[0] * 6 + [1] * 7])
    result = whole_stability(solved, 3, personas_of(3), ())
    assert result is not None
    assert [segment.cluster for segment in result.solutions[1].segments] == [1, 2, 0]
    assert {segment.stability for segment in result.solutions[1].segments} == {1.0}


def test_segment_of_few_profiles_has_no_stability() -> None:
    result = whole_stability(made_up([[0] * 9 + [1] * 4], [[0] * 9 + [1] * 4]), 2, personas_of(2), ())
    assert result is not None
    assert [segment is None for segment in result.segments] == [False, True]
    assert "Persona 0" in result.sentence


# --- the sentences ---------------------------------------------------------------------------------


def test_sentence_names_the_agreement_its_grade_and_the_weakest_persona(whole: WholeStability) -> None:
    means = [segment.mean for segment in whole.segments if segment is not None]
    weakest = means.index(min(means))
    assert f"adjusted Rand index of {whole.agreement:.2f} on 1,000 profiles" in whole.sentence
    assert f"“Persona {weakest}”, with a mean Jaccard similarity of {min(means):.2f}" in whole.sentence
    assert whole.sentence.startswith(f"The model is {agreement_grade(whole.agreement, 0.5)}: 4 refits")


def test_sentence_names_the_most_stable_number(whole: WholeStability) -> None:
    medians = {s.k: round(float(np.median(s.agreements)), 2) for s in whole.solutions}
    best = max(medians.values())
    assert f"pairs of refits agree to a median of {best:.2f}" in whole.by_k
    assert f"{medians[5]:.2f}" in whole.by_k


def test_chosen_number_is_named_where_others_are_as_stable() -> None:
    refits = [[0, 0, 0, 1, 1, 1]] * 2
    own = [[0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 2]]
    result = whole_stability(made_up(own, refits), 3, personas_of(3), ())
    assert result is not None
    assert result.by_k.startswith("Of the numbers from 2 to 3, the chosen 3 personas are the most stable")


def test_sentence_names_the_persona_that_comes_whole_and_the_most_mixed(whole: WholeStability) -> None:
    chosen = next(solution for solution in whole.solutions if solution.k == 5)
    low, high = (choose(chosen.segments, key=lambda segment: segment.stability or 0.0) for choose in (min, max))
    assert f"“Persona {high.cluster}” comes most nearly whole" in whole.across
    assert f"(stability across solutions {high.stability:.2f})" in whole.across
    assert f"“Persona {low.cluster}” is the most mixed from several ({low.stability:.2f})" in whole.across
    assert "one of the 4 segments before" in whole.across


# --- one grade for page and acceptance check -------------------------------------------------------


def test_wanted_agreement_is_that_of_the_acceptance_check() -> None:
    verdict = Verdict(name="stability", outcome="failed", sentence="", value=0.6, bound=0.7)
    assert wanted_agreement([verdict]) == 0.7
    assert wanted_agreement([]) == 0.5


@pytest.mark.parametrize(
    ("agreement", "least", "words"),
    [
        (0.95, 0.5, "very stable"),
        (0.85, 0.5, "stable"),
        (0.7, 0.5, "fairly stable"),
        (0.55, 0.5, "barely stable"),
        (0.38, 0.5, "not stable"),
        (0.95, 0.99, "not stable"),
    ],
)
def test_agreements_have_grades_in_words(agreement: float, least: float, words: str) -> None:
    assert agreement_grade(agreement, least) == words


def test_no_persona_of_a_refused_model_is_called_stable() -> None:
    words = {stability_grade(jaccard, of_stable_model=False) for jaccard in np.linspace(0, 1, 101)}
    assert words == {"not stable", "recurring, in a model that is not stable"}


def test_solution_is_a_value() -> None:
    solution = Solution(k=2, agreements=(), segments=())
    assert Solution.model_validate_json(solution.model_dump_json()) == solution
