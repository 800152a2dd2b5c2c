"""Question by question: how soon the complete profile's persona is found."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from pydantic import BaseModel

from benchmarks.partial_profiles.cases import NO_TRUTH, Case
from models.persona import Persona
from models.segment_model import SegmentModel

ORDERS: Final = ("suggested", "random", "fixed")

# The model, the answers so far, the remaining fields → the field to ask for.
Choose = Callable[[SegmentModel, BaseModel, Sequence[str]], str]


def curves(case: Case, most: int) -> dict[str, list[float]]:
    """The share of people whose persona is found after 0, 1, 2 … questions, by question order.

    Of the first `most` complete profiles.
    """
    model = _model(case)
    complete_rows = np.flatnonzero(case.truths["complete"] != NO_TRUTH)
    people = case.people.profiles(complete_rows[:most])
    complete = [model.assign(person).persona for person in people]
    return {order: _curve(case, model, people, complete, order) for order in ORDERS}


def _curve(
    case: Case, model: SegmentModel, people: Sequence[BaseModel], complete: Sequence[Persona], order: str
) -> list[float]:
    rng = np.random.default_rng(case.training.seed)
    choose: dict[str, Choose] = {
        "suggested": _suggested,
        "random": lambda _, __, left: str(rng.choice(left)),
        "fixed": lambda _, __, left: left[0],
    }
    right = [
        _path(case, model, person, persona, choose[order])
        for person, persona in zip(people, complete, strict=True)
    ]
    shares: list[float] = np.mean(right, axis=0).tolist()
    return shares


def _suggested(model: SegmentModel, so_far: BaseModel, left: Sequence[str]) -> str:
    suggested = model.next_questions(so_far)
    fields = [question.field for question in suggested.questions if question.field in left] if suggested else []
    return fields[0] if fields else left[0]


def _path(case: Case, model: SegmentModel, person: BaseModel, persona: Persona, choose: Choose) -> list[bool]:
    """Whether the persona is the complete profile's, after each number of questions."""
    nothing = dict.fromkeys(type(person).model_fields)
    left, so_far = list(case.training.names), person.model_copy(update=nothing)
    right = [model.assign(so_far).persona == persona]
    while left:
        field = choose(model, so_far, left)
        left.remove(field)
        so_far = so_far.model_copy(update={field: getattr(person, field)})
        right.append(model.assign(so_far).persona == persona)
    return right


def _model(case: Case) -> SegmentModel:
    """The scorer with placeholder personas."""
    count = case.scorer.personas
    placeholder = {"sentence": "", "size": 0, "share": 0.0, "traits": (), "gift_affinities": ()}
    personas = tuple(Persona(id=f"p_{number}", name=str(number), **placeholder) for number in range(count))
    return SegmentModel("benchmark", case.scorer, personas)
