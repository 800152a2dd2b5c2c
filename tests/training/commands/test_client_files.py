"""Files as clients have them: each kind is scored, and what was assumed or left out is said."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from training.commands.main import main


class Result(NamedTuple):
    """What a command left: its exit code, the rows that it wrote, and what it said."""

    code: int
    rows: list[dict[str, str]]
    said: str

    @property
    def ids(self) -> list[str]:
        """The ids of the rows."""
        return [row["user_id"] for row in self.rows]


Score = Callable[..., Result]


@pytest.fixture
def score(out: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Score:
    """Scores a file of this content, with these options."""

    def run(name: str, content: str | bytes | None = None, *options: str, mapping: str = "") -> Result:
        data, scored = tmp_path / name, tmp_path / "out" / "scored.csv"
        if content is not None:
            data.write_bytes(content.encode() if isinstance(content, str) else content)
        if mapping:
            (tmp_path / "map.toml").write_text(mapping, encoding="utf-8")
            options = (*options, "--mapping", str(tmp_path / "map.toml"))
        arguments = ["--artifacts", str(out), "--data", str(data), "--out", str(scored), *options]
        code = main(["score", *arguments])
        text = scored.read_bytes().decode() if scored.exists() else ""
        return Result(code, list(csv.DictReader(io.StringIO(text, newline=""))), capsys.readouterr().err)

    return run


# A header, a row, and a row of another age, in the words of the simulator.
HEADER, FIRST, SECOND = (
    "user_id,age,hobbies,occasion",
    "u1,25,gaming;reading,birthday",
    "u2,60,gardening,christmas",
)
PLAIN = f"{HEADER}\n{FIRST}\n{SECOND}\n"
JSON: list[dict[str, Any]] = [
    {"user_id": "u1", "age": 25, "hobbies": ["gaming", "reading"], "occasion": "birthday"},
    {"user_id": "u2", "age": 60, "hobbies": ["gardening"], "occasion": "christmas"},
]


def json_lines(rows: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in rows)


def by_semicolons(text: str) -> str:
    """Separated by semicolons, with quotes where a cell has some."""
    rows = [line.split(",") for line in text.splitlines()]
    return "".join(";".join(f'"{cell}"' if ";" in cell else cell for cell in row) + "\n" for row in rows)


LISTS = {
    "commas": PLAIN.replace("gaming;reading", '"gaming, reading"'),
    "bars": PLAIN.replace("gaming;reading", "gaming|reading"),
    "PostgreSQL": PLAIN.replace("gaming;reading", '"{gaming,reading}"'),
    "Python": PLAIN.replace("gaming;reading", "\"['gaming', 'reading']\""),
    "JSON": PLAIN.replace("gaming;reading", '"[""gaming"", ""reading""]"'),
}
SAME_ANSWERS = {
    "semicolons": ("people.csv", by_semicolons(PLAIN)),
    "tabs": ("people.tsv", PLAIN.replace(",", "\t")),
    "bars": ("people.txt", PLAIN.replace(",", "|")),
    "Excel's line": ("people.csv", f"sep=;\r\n{by_semicolons(PLAIN)}"),
    "a byte order mark": ("people.csv", f"\ufeff{PLAIN}"),
    "UTF-16": ("people.csv", PLAIN.encode("utf-16")),
    "UTF-16 without a mark": ("people.csv", PLAIN.encode("utf-16-le")),
    "gzip": ("people.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)),
    "capitals in the header": ("people.csv", PLAIN.replace("age,hobbies", "Age,HOBBIES", 1)),
    "a column without a name": (
        "people.csv",
        "\n".join(f"{n},{line}" for n, line in enumerate(PLAIN.split()))[1:],
    ),
    "unused columns of one name": (
        "people.csv",
        f"{HEADER},note,note\n{FIRST},a,b\n{SECOND},c,d\n",
    ),
    "long cells that are not used": ("people.csv", f"{HEADER},note\n{FIRST},{'x' * 200_000}\n{SECOND},\n"),
    "decimal commas": ("people.csv", PLAIN.replace(",25,", ',"25,0",').replace(",60,", ',"60,0",')),
    **{f"lists with {name}": ("people.csv", text) for name, text in LISTS.items()},
    "JSON lines": ("people.jsonl", json_lines(JSON)),
    "floats in JSON": ("people.jsonl", json_lines([row | {"age": float(row["age"])} for row in JSON])),
    "a JSON array": ("people.json", json.dumps(JSON, indent=1)),
    "text in JSON": (
        "people.jsonl",
        json_lines([row | {"hobbies": ";".join(row["hobbies"]), "age": str(row["age"])} for row in JSON]),
    ),
}


@pytest.mark.parametrize(("name", "content"), SAME_ANSWERS.values(), ids=SAME_ANSWERS)
def test_file_gives_the_personas_of_its_plain_form(score: Score, name: str, content: str | bytes) -> None:
    expected = score("plain.csv", PLAIN)
    result = score(name, content)
    assert (result.code, result.ids) == (0, ["u1", "u2"])
    assert "refused" not in result.said.replace("0 rows were refused", "")
    assert result.rows == expected.rows


def test_parquet_of_databases_gives_the_personas_of_its_plain_form(score: Score, tmp_path: Path) -> None:
    element = pa.struct({"element": pa.string()})
    hobbies = [{"list": [{"element": hobby} for hobby in row["hobbies"]]} for row in JSON]
    columns = {
        "user_id": pa.array([row["user_id"] for row in JSON]),
        "age": pa.array([Decimal(str(row["age"])) for row in JSON], pa.decimal128(38, 0)),
        "hobbies": pa.array(hobbies, pa.struct({"list": pa.list_(element)})),
        "occasion": pa.array([row["occasion"] for row in JSON]).dictionary_encode(),
    }
    pq.write_table(pa.table(columns), tmp_path / "people.parquet")
    assert score("people.parquet").rows == score("plain.csv", PLAIN).rows


def test_folder_of_spark_is_one_table(score: Score, tmp_path: Path) -> None:
    folder = tmp_path / "people"
    folder.mkdir()
    (folder / "part-00000.csv").write_text(f"{HEADER}\n{FIRST}\n")
    (folder / "part-00001.csv").write_text(f"{HEADER}\nu3,old,,\n{SECOND}\n")
    (folder / "_SUCCESS").touch()
    (folder / ".part-00000.csv.crc").write_bytes(b"\0crc")
    result = score("people", None, "--max-refused", "0.5")
    assert result.rows == score("plain.csv", PLAIN).rows
    assert "2 files of people are read" in result.said
    assert "line 4" in result.said  # the second line of the second file, counted through


def test_text_that_is_not_utf_8_is_read_and_said(score: Score) -> None:
    content = PLAIN.replace("u1", "Zoë").encode("cp1252")
    result = score("people.csv", content)
    assert result.ids == ["Zoë", "u2"]
    assert "read as Windows-1252" in result.said
    declared = score("people.csv", content, mapping='encoding = "latin-1"')
    assert declared.ids == ["Zoë", "u2"]
    assert "Windows-1252" not in declared.said


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16"])
def test_mapping_with_a_byte_order_mark_is_read(score: Score, tmp_path: Path, mark: str) -> None:
    (tmp_path / "marked.toml").write_bytes('hobbies = { from = "Interests" }'.encode(mark))
    content = PLAIN.replace("hobbies", "Interests")
    result = score("people.csv", content, "--mapping", str(tmp_path / "marked.toml"))
    assert result.rows == score("plain.csv", PLAIN).rows


# --- missing answers and unknown values ------------------------------------------------------------


@pytest.mark.parametrize("word", ["N/A", "nan", "NULL", "None", "-", "?", "unknown", "#DIV/0!", "n.a."])
def test_words_for_missing_answers_are_missing_in_every_column(score: Score, word: str) -> None:
    result = score("people.csv", f"{HEADER}\nu1,{word},{word},{word}\nu2,60,gardening;{word},christmas\n")
    expected = score("plain.csv", f"{HEADER}\nu1,,,\n{SECOND}\n")
    assert result.rows == expected.rows
    assert f"Read as missing answers: 4 cells (hobbies: 2, '{word}' 2; age: 1, '{word}' 1" in result.said


def test_mapping_adds_words_and_says_which_are_answers(score: Score) -> None:
    mapping = 'missing = ["99"]\n[occasion]\nnot_missing = ["None"]\n'
    result = score("people.csv", f"{HEADER}\nu1,99,,None\n{SECOND}\n", mapping=mapping)
    assert "1 cell (age: 1, '99' 1)" in result.said
    assert "occasion: 1, 'None' 1" in result.said  # a value, which this model does not know


def test_unknown_values_are_counted_by_field(score: Score) -> None:
    result = score("people.csv", f"{HEADER}\nu1,25,zzz;yyy;gaming,xxx\nu2,60,zzz,christmas\n")
    said = (
        "4 values that the model does not know were left out (hobbies: 3, 'zzz' 2, 'yyy' 1; occasion: 1, 'xxx' 1)."
    )
    assert said in result.said


# --- ids and further columns -----------------------------------------------------------------------

SHOP = 'Customer ID,Age,City,Spent\n7318512345678,25,Köln,"$1,234.50"\n7318512345679,60,=1+2,$12.00\n'


@pytest.mark.parametrize("table", ['from = "Customer ID"', 'column = "Customer ID"'])
def test_customer_id_that_the_mapping_names_is_in_the_result(score: Score, table: str) -> None:
    result = score("shop.csv", SHOP, mapping=f"[user_id]\n{table}\n")
    assert result.ids == ["7318512345678", "7318512345679"]


def test_columns_that_are_named_follow_the_id(score: Score) -> None:
    result = score("shop.csv", SHOP, "--keep", "City", "--keep", "Spent")
    assert list(result.rows[0])[:4] == ["user_id", "City", "Spent", "persona_id"]
    assert [(row["City"], row["Spent"]) for row in result.rows] == [("Köln", "$1,234.50"), ("'=1+2", "$12.00")]
    assert "Column 'Customer ID' is read as the id." in result.said


def test_file_without_an_id_is_said_to_have_none(score: Score) -> None:
    result = score("people.csv", "age\n25\n")
    assert "No column is an id" in result.said
    assert [row["line"] for row in result.rows] == ["2"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_id_that_begins_like_a_formula_is_safe_in_csv(score: Score, start: str) -> None:
    result = score("people.csv", f'user_id,age,note\n"{start}1+2|cmd",25,-5.5\n', "--keep", "note")
    assert result.ids == [f"'{start}1+2|cmd"]
    assert result.rows[0]["note"] == "-5.5"


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("Town", "--keep names column 'Town', which the file does not have"),
        ("persona", "column of the result already"),
    ],
)
def test_column_that_cannot_be_in_the_result_is_refused(score: Score, option: str, sentence: str) -> None:
    content = "user_id,age,persona\na,20,x\n" if option == "persona" else SHOP
    result = score("shop.csv", content, "--keep", option)
    assert (result.code, result.rows) == (2, [])
    assert sentence in result.said


# --- refused rows ----------------------------------------------------------------------------------

SPENT = "budget_range = { from = 'Spent', edges = [20, 60], labels = ['low', 'medium', 'high'] }"


def test_cell_that_is_no_number_refuses_its_row_alone(score: Score, tmp_path: Path) -> None:
    rows = "".join(f"u{number},$1{number}.50\n" for number in range(30))
    result = score("shop.csv", f"user_id,Spent\n{rows}x,plenty\n", mapping=SPENT)
    assert (result.code, len(result.rows)) == (0, 30)
    assert "Not a number in column 'Spent' (1; line 32)" in result.said
    assert "numbers are read with a decimal point" in result.said
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["scored.csv", "shop.csv.refused.csv"]
    assert not (tmp_path / "shop.csv.refused.csv").exists()


def test_too_many_misfits_of_a_mapping_fail_the_run(score: Score) -> None:
    result = score("shop.csv", "user_id,Spent\na,12\nb,plenty\n", mapping=SPENT)
    assert (result.code, result.rows) == (2, [])
    assert "At most 5% may be refused" in result.said


def test_number_that_could_be_two_is_said(score: Score) -> None:
    assert (
        "is read as one between thousands" in score("shop.csv", 'user_id,Spent\na,"1,234"\n', mapping=SPENT).said
    )
    declared = score("shop.csv", 'user_id,Spent\na,"1,234"\n', mapping=f'decimal = ","\n{SPENT}')
    assert "Column 'Spent': numbers are read with a decimal comma" in declared.said


def test_header_that_occurs_twice_is_not_used_and_one_that_a_mapping_names_refused(score: Score) -> None:
    content = "user_id,age,age,occasion\nu1,25,friend,birthday\n"
    result = score("people.csv", content)
    assert result.rows == score("plain.csv", "user_id,occasion\nu1,birthday\n").rows
    assert "Column 'age' occurs more than once; it is not used." in result.said
    refused = score("people.csv", content, mapping="age = { from = 'age' }")
    assert "column 'age', which occurs more than once" in refused.said
    assert refused.code == 2


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("user_id,Age,AGE", "Columns 'Age', 'AGE' could all be age; none is used."),
        ("id,id,occasion", "Column 'id' occurs more than once; it is not used."),
    ],
)
def test_columns_that_could_all_be_one_are_not_used(score: Score, header: str, said: str) -> None:
    result = score("people.csv", f"{header},hobbies\n1,2,3,gaming\n")
    assert result.code == 0
    assert said in result.said
    assert "is not a profile field" not in result.said


def test_refused_rows_never_go_through_a_link(score: Score, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "precious.txt").write_text("as it was")
    (tmp_path / "out" / "people.csv.refused.csv").symlink_to(tmp_path / "precious.txt")
    (tmp_path / "out" / "scored.csv").symlink_to(tmp_path / "precious.txt")
    result = score("people.csv", f"{PLAIN}x,old,,\n", "--max-refused", "0.5")
    assert result.code == 0
    assert (tmp_path / "precious.txt").read_text() == "as it was"
    assert (tmp_path / "out" / "people.csv.refused.csv").read_text().startswith("line,field,reason")


# --- the result never replaces what is read --------------------------------------------------------


@pytest.mark.parametrize("way", ["name", "relative", "link", "hard link", "within"])
def test_out_that_is_data_is_refused_before_anything_is_written(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    data, target = tmp_path / "people.csv", tmp_path / "other.csv"
    if way == "within":
        data.mkdir()
        (data / "part-0.csv").write_text(PLAIN)
        target = data / "scored.csv"
    else:
        data.write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    if way == "link":
        target.symlink_to(data)
    elif way == "hard link":
        target.hardlink_to(data)
    elif way != "within":
        target = {"name": data, "relative": Path("out/../people.csv")}[way]
        (tmp_path / "out").mkdir()
    before = sorted(tmp_path.rglob("*"))
    assert main(["score", "--artifacts", str(out), "--data", str(data), "--out", str(target)]) == 2
    assert "would replace what is read" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before
    assert way == "within" or data.read_text() == PLAIN


def test_control_characters_of_a_file_are_shown_as_escapes(score: Score) -> None:
    result = score("people.csv", f"{HEADER},a\x1b[31m\nu1,25,z\x1b]0;\a,\x9b2J,\n")
    assert result.code == 0
    assert "\x1b" not in result.said
    assert "\x9b" not in result.said
    assert "\\x1b[31m" in result.said


# --- training --------------------------------------------------------------------------------------


def test_model_learns_no_word_for_a_missing_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["nan", "N/A", "None", "unknown"]
    rare = {0: "astronaut", 3: "diver"}
    rows = ["age,hobbies,occupation,a,b,c,d"]
    for n in range(60):
        hobbies, word = "gaming;coding" if n % 2 else f"gardening;{words[n % 4]}", words[n % 4]
        rows.append(f"{20 + n % 40},{hobbies},{word if n % 3 else rare.get(n, 'cook')},,,,")
    (tmp_path / "people.csv").write_text("\n".join(rows))
    versions = tmp_path / "versions"
    arguments = ["--data", str(tmp_path / "people.csv"), "--out", str(versions), "--k", "2", "--no-report"]
    assert main(["fit", *arguments]) == 0
    said = capsys.readouterr().err
    assert "Read as missing answers: 70 cells (occupation: 40, 'N/A' 10" in said
    assert "hobbies: 30, 'None' 15, 'nan' 15" in said
    (folder,) = (path for path in versions.iterdir() if path.is_dir())
    manifest = (folder / "manifest.json").read_text()
    described = json.loads(manifest)
    for field in described["fields"]:
        assert not {"nan", "n/a", "none", "unknown"} & set(field["values"])
    assert described["origin"]["reading"]["missing_words"] == {"hobbies": 30, "occupation": 40}
    assert "Not learned, because too few profiles hold them: 2 values of occupation (" in said
    # Four of its seven columns are not used: it waits for review.
    assert "3 of the file's 7 columns are used, and not 'a', 'b', 'c', 'd'" in said
    assert "was written but not activated" in said
    assert not (versions / "ACTIVE").exists()


def test_draft_of_a_mapping_reads_its_file(
    score: Score, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = (
        "Kunden-ID;Date of birth;Total spent;Job;likes_chess;likes_go;\x1bnote\n"
        "a;1990-11-29;1.234,50 €;cook;x;;hm\nb;2000-01-01;10,00 €;nurse;;x;hm\nc;1980-01-01;99,90 €;n/a;;;hm\n"
    )
    (tmp_path / "shop.csv").write_text(content)
    assert main(["mapping", "draft", str(tmp_path / "shop.csv"), "--out", str(tmp_path / "draft.toml")]) == 0
    draft = (tmp_path / "draft.toml").read_text(encoding="utf-8")
    assert 'from = "Kunden-ID"' in draft
    assert "age_on = " in draft
    assert "edges = [" in draft
    assert '# names = { "likes_chess" = "chess", "likes_go" = "go" }' in draft
    assert "\x1b" not in draft
    result = score("shop.csv", content, "--mapping", str(tmp_path / "draft.toml"))
    assert (result.code, result.ids) == (0, ["a", "b", "c"])
    capsys.readouterr()
    assert main(["mapping", "draft", str(tmp_path / "shop.csv"), "--out", str(tmp_path / "draft.toml")]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["mapping", "draft", str(tmp_path / "shop.csv")]) == 0
    assert capsys.readouterr().out == draft
