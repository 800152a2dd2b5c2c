"""The mappings that come with the project fit the profile classes that they are for."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from docs.examples.mall_customers import Customer
from docs.examples.published_tables import BankClient, GroceryCustomer, Volunteer, WholesaleCustomer
from models.profile.profile import Profile
from testkit import ROOT
from training.data.mapping.mapping import check, load_mapping

CLASSES: dict[str, type[BaseModel]] = {
    "bank_clients": BankClient,
    "gift_giving_survey": Profile,
    "grocery_customers": GroceryCustomer,
    "mall_customers": Customer,
    "volunteers": Volunteer,
    "wholesale_customers": WholesaleCustomer,
    "young_people_survey": Profile,
}
MAPPINGS = sorted([*(ROOT / "training" / "mappings").glob("*.toml"), *(ROOT / "docs" / "examples").glob("*.toml")])


@pytest.mark.parametrize("path", MAPPINGS, ids=lambda path: path.stem)
def test_shipped_mapping_fits_its_profile_class(path: Path) -> None:
    described, mapping = load_mapping(path).described(CLASSES[path.stem])
    check(mapping, sorted(mapping.sources), described)


def test_every_class_has_its_mapping() -> None:
    assert {path.stem for path in MAPPINGS} == set(CLASSES)
