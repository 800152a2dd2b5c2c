"""How people write values: the most common form, and which values are proper nouns."""

import numpy as np
import pandas as pd
import pytest

from models.profile import Profile
from models.scoring.columns import CodeListColumn
from training.data.dataset import Dataset, from_frame
from training.data.written_forms import WrittenForms, written_forms


def with_hobbies(*hobbies: list[str]) -> Dataset:
    return from_frame(pd.DataFrame({"hobbies": list(hobbies)}), Profile)


def spelled(*texts: str) -> WrittenForms:
    return written_forms(texts, np.ones(len(texts), np.int64))


def test_value_has_the_form_of_most_people() -> None:
    dataset = with_hobbies(["Wandern"], ["WANDERN"], ["Wandern"], ["wandern"], ["yoga"])
    assert dataset.written_forms["hobbies"] == WrittenForms({"wandern": "Wandern"})
    assert dataset.vocabularies["hobbies"].values == ("wandern", "yoga")


def test_form_does_not_depend_on_the_order_of_rows() -> None:
    rows = [["Lego"], ["LEGO"], ["free-and-easy"], ["free and easy"], ["Lego"], ["LEGO"]]
    assert with_hobbies(*rows).written_forms == with_hobbies(*reversed(rows)).written_forms


def test_two_forms_of_one_value_count_once_in_a_profile() -> None:
    dataset = with_hobbies(["Yoga", "yoga", "diy"], ["YOGA"], [])
    column = dataset.columns["hobbies"]
    assert isinstance(column, CodeListColumn)
    assert dataset.vocabularies["hobbies"].values == ("yoga", "diy")
    assert column.lengths.tolist() == [2, 1, 0]


def test_data_set_does_not_depend_on_how_values_are_written() -> None:
    rows = [["board games", "yoga"], ["yoga"], ["diy"], ["diy", "yoga"]]
    shouted = [[text.upper().replace(" ", "_") for text in row] for row in rows]
    assert with_hobbies(*rows).fingerprint == with_hobbies(*shouted).fingerprint


@pytest.mark.parametrize("name", ["Star Wars", "TV", "Lord of the Rings"])
def test_unusual_capitals_make_a_proper_noun(name: str) -> None:
    others = ("board games", "Wine tasting", "going out", "cooking", "walking dogs")
    assert name in spelled(*others, name).written.values()
    assert spelled(*others, name).names == {name.casefold().replace(" ", "_")}


def test_capitals_that_most_values_have_make_none() -> None:
    assert not spelled("Board Games", "Wine Tasting", "Cooking", "Star Wars").names
    assert not spelled("YOGA", "DIY", "cooking").names
