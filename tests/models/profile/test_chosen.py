"""PROFILE names the class that is fitted and served."""

import sys
from pathlib import Path

import pytest

from docs.examples.mall_customers import Customer
from models.errors import ProfileShapeError
from models.profile.chosen import chosen_profile
from models.profile.profile import Profile

CLASS = """
from typing import Annotated
from pydantic import BaseModel, ConfigDict
from models.profile.field_kinds import Numeric

class Loose(BaseModel):
    model_config = ConfigDict(frozen=True)
    age: Annotated[int | None, Numeric()] = None

class Kindless(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    age: int | None = None

class Required(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    age: Annotated[int, Numeric()]

NUMBER = 3
"""


@pytest.mark.parametrize("environment", [{}, {"PROFILE": ""}, {"PROFILE": "  "}])
def test_gifting_profile_is_the_default(environment: dict[str, str]) -> None:
    assert chosen_profile(environment) is Profile


def test_class_is_named_by_module_and_class() -> None:
    assert chosen_profile({"PROFILE": "docs.examples.mall_customers:Customer"}) is Customer


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Customer", "package.module:Class is wanted"),
        ("docs.examples.mall_customers", "package.module:Class is wanted"),
        ("no.such.module:Customer", "cannot be imported .*PYTHONPATH"),
        ("own_profiles:Missing", "has no pydantic model of that name"),
        ("own_profiles:NUMBER", "has no pydantic model of that name"),
        ("own_profiles:Loose", "extra='forbid'"),
        ("own_profiles:Kindless", "'age' needs exactly one kind"),
        ("own_profiles:Required", "'age' must default to None"),
    ],
)
def test_class_that_cannot_be_used_is_refused_with_the_reason(
    name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_profiles.py").write_text(CLASS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own_profiles", raising=False)
    with pytest.raises(ProfileShapeError, match=sentence):
        chosen_profile({"PROFILE": name})
