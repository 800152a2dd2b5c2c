"""People's texts lie beside the versions, whole, and win over training's."""

from pathlib import Path

import pytest

from models.errors import ArtifactDamaged, ArtifactNotWritten
from models.persona import Persona
from models.storage.persona_texts import (
    TEXTS,
    PersonaTexts,
    persona_with_text,
    read_texts,
    unique_names,
    write_texts,
)

WRITTEN = {"p_1": PersonaTexts(name="Bücherfreunde"), "p_2": PersonaTexts(sentence="They knit.", note="Ask Jo.")}


def persona(name: str) -> Persona:
    return Persona(id=name, name=name, sentence="S.", size=9, share=0.5, traits=(), gift_affinities=())


def test_texts_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert read_texts(tmp_path) == {}
    write_texts(tmp_path, WRITTEN)
    assert read_texts(tmp_path) == WRITTEN
    assert [path.name for path in tmp_path.iterdir()] == [TEXTS]


def test_texts_taken_back_are_gone_from_the_file(tmp_path: Path) -> None:
    write_texts(tmp_path, {})
    assert not (tmp_path / TEXTS).exists()
    write_texts(tmp_path, WRITTEN)
    write_texts(tmp_path, {})
    assert read_texts(tmp_path) == {}


def test_unchanged_texts_are_not_written_again(tmp_path: Path) -> None:
    write_texts(tmp_path, WRITTEN)
    before = (tmp_path / TEXTS).stat()
    write_texts(tmp_path, dict(reversed(WRITTEN.items())))
    assert (tmp_path / TEXTS).stat().st_ino == before.st_ino


def test_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / TEXTS).write_text("{")
    with pytest.raises(ArtifactDamaged, match="delete it, and the service writes it again"):
        read_texts(tmp_path)


def test_missing_folder_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ArtifactNotWritten, match=TEXTS):
        write_texts(tmp_path / "missing", WRITTEN)


def test_only_written_texts_replace_those_of_training() -> None:
    changed = persona_with_text(persona("Readers"), PersonaTexts(name="Bookworms"))
    assert (changed.name, changed.sentence, changed.edited) == ("Bookworms", "S.", ("name",))
    assert persona_with_text(persona("Readers"), None) == persona("Readers")


def test_generated_name_gives_way_to_a_written_one() -> None:
    written = persona_with_text(persona("Readers"), PersonaTexts(name="Bookworms"))
    assert [one.name for one in unique_names((written, persona("Bookworms")))] == ["Bookworms", "Bookworms 2"]
