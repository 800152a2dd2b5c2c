"""A made-up comparison of list lengths in and out, for sample reports."""

from training.report.content.lengths import LengthComparison, LengthVariant


def length_comparison(k: int) -> LengthComparison:
    """k personas without the lengths, and three with them."""
    return LengthComparison(
        rows=3_000,
        refits=4,
        lists=("hobbies", "favourite items of a list whose title is long"),
        variants=(
            LengthVariant(
                removed=True, k=k, agreement=0.91, explained=(0.02, 0.01), explained_by_segments=(0.03, 0.01)
            ),
            LengthVariant(
                removed=False, k=3, agreement=None, explained=(0.05, 0.04), explained_by_segments=(0.41, 0.3)
            ),
        ),
        same=0.42,
        sentence="Whether the number of ticks counts changes the personas.",
    )
