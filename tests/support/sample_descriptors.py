"""Made-up descriptors, for sample reports."""

import numpy as np

from training.report.content.descriptors import CategoryShares, DescriptorReport, DescriptorTest, NumberSpread

REGIONS = ("north", "south", "a region whose name is much longer than its column is wide", "other")


def descriptor_report(k: int, rng: np.random.Generator) -> DescriptorReport:
    """A descriptor of categories, one of numbers, and one that could not be tested, by k personas."""
    region = DescriptorTest(
        title="Region",
        test="chi_squared",
        answers=60 * k,
        members=(60,) * k,
        statistic=31.4,
        degrees=3 * (k - 1),
        p=0.00004,
        p_holm=0.00008,
        effect=0.21,
        differs=True,
        categories=CategoryShares(
            values=REGIONS,
            shares=tuple(tuple(row) for row in rng.dirichlet(np.full(4, 4.0), k).tolist()),
            everyone=(0.3, 0.3, 0.3, 0.1),
            residuals=tuple(tuple(row) for row in rng.normal(0, 3, (k, 4)).tolist()),
            sparse=True,
        ),
        sentence="Region differs between the personas (Cramér's V 0.21, p < 0.001 after Holm's correction).",
    )
    income = DescriptorTest(
        title="Income",
        test="kruskal_wallis",
        answers=50 * k,
        members=(50,) * k,
        statistic=2.1,
        degrees=k - 1,
        p=0.4,
        p_holm=0.4,
        effect=0.01,
        numbers=tuple(
            None if cluster == 1 else NumberSpread(percentiles=tuple(sorted(rng.normal(50, 9, 5).tolist())))
            for cluster in range(k)
        ),
        sentence="Income does not differ between the personas beyond chance.",
    )
    alike = DescriptorTest(
        title="Country", test="chi_squared", answers=9, members=(9,) * k, sentence="Country cannot be tested."
    )
    return DescriptorReport(tests=(region, income, alike), sentence="1 of 3 descriptors differs: Region.")
