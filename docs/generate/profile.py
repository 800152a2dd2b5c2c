"""`docs/reference/profile.md`: every field of a profile."""

from collections.abc import Iterator

from docs.generate.markdown import code, page, sentence, table
from docs.generate.schema import allowed, type_of
from models.profile import Profile
from models.profile.field_kinds import Categorical, FieldSpec, MultiLabel, Numeric, declared_fields

INTRODUCTION = """\
A profile is a giver's: what the app knows of them, of the *recipient* they want to give to, and of the *gift*. It
is a JSON object with any of these fields. Every field may be missing; the empty object is a profile.

- Absent or `null` means *not answered*; `[]` means *answered: none*.
- A field that is not listed here is an error (422), and the response names the nearest field that there is.
- Lists are sets: order and repeats mean nothing.
- Open values may be written in any case, with spaces, hyphens or underscores: `Board Games` and `board-games`
  are `board_games`. A value that the model does not know is never an error: it is left out of the arithmetic and
  reported in `warnings`, with suggestions. `GET /vocabulary` lists the values that the active model knows."""
KINDS = """\
| Kind | Meaning |
|---|---|
| numeric | A number, used as a z-score; on a logarithmic scale as the z-score of log(1 + x). |
| ordinal | One of a closed list of levels, lowest first. |
| categorical | One value of an open vocabulary. |
| multi-label | A set of values of an open vocabulary. |

A field marked as *gift* says what is given; the gift affinities of a persona are counted from these fields. No
model learns a field marked as *descriptor*: the report compares it between the personas afterwards. *About* says
whom or what an answer is about ([why](../decisions/0044-giver-recipient-gift.md)). All of this is declared in
`models/profile/profile.py` ([how to add a field](../how-to/add-a-profile-field.md))."""


def profile_page() -> str:
    """The page."""
    columns = ["Field", "About", "Kind", "Type", "Allowed", "Meaning"]
    return page("Profile", INTRODUCTION, table(columns, _rows()), "## Kinds", KINDS)


def _rows() -> Iterator[list[str]]:
    fields = Profile.model_json_schema()["properties"]
    for spec in declared_fields(Profile):
        schema = fields[spec.name]
        meaning = sentence(schema["description"])
        yield [code(spec.name), spec.about, _kind(spec), type_of(schema), allowed(schema), meaning]


def _kind(spec: FieldSpec) -> str:
    kind = spec.kind
    notes = ["logarithmic"] if isinstance(kind, Numeric) and kind.log else []
    notes += ["gift"] if isinstance(kind, Categorical | MultiLabel) and kind.gift else []
    notes += ["descriptor"] if spec.descriptor else []
    return ", ".join([kind.name.replace("_", "-"), *notes])
