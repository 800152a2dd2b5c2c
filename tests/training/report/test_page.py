"""The page of a report: what it shows, what it asks for, and how it comes onto the disk."""

import json
import re
import statistics
from html.parser import HTMLParser
from pathlib import Path

import pytest

from models.errors import ArtifactNotWritten
from models.persona import GiftAffinity
from models.storage.manifest import Reading, Verdict
from tests.support.sample_report import NAMES, UNDRAWN, minimal_report, one_persona_report, sample_report
from training.errors import UnusableInput
from training.report.document import ChoiceOfK, Components, Report
from training.report.drawing import fonts
from training.report.page import PAGE, draw, drawings_of, page_of, write_report
from training.report.page_content import common_gifts, distinctive_gifts, letters_without_a_glyph

Tag = tuple[str, dict[str, str | None]]
ALONE = {"meta", "img"}


class Outline(HTMLParser):
    """The tags of a page with their attributes; refuses tags that do not close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ALONE:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(page: str) -> list[Tag]:
    outline = Outline()
    outline.feed(page)
    assert outline.open == []
    return outline.tags


def undrawn(report: Report) -> str:
    """The page without its figures, which take a while."""
    return page_of(report, ())


def report_with_few_figures(names: tuple[str, ...] = NAMES) -> Report:
    """Three of them: sizes, silhouettes and data quality."""
    return sample_report(
        names,
        choice=ChoiceOfK(k=len(names), sentence="They were asked for.", rows=0),
        components=Components(kept=3, beat_chance=3, eigenvalues=(), chance=()),
        maps=(),
        lifts=(),
        snake=(),
        history_by_hobby=None,
        gifts_by_age=None,
        **UNDRAWN,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(sample_report(), tmp_path_factory.mktemp("report") / "deep").parent


@pytest.fixture(scope="module")
def page(folder: Path) -> str:
    return (folder / PAGE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tags(page: str) -> list[Tag]:
    return tags_of(page)


# --- what it holds ---------------------------------------------------------------------------------


def test_every_figure_is_on_the_page_and_beside_it(folder: Path, tags: list[Tag]) -> None:
    shown = {attributes["id"] for tag, attributes in tags if tag == "figure"}
    pictures = {f"figure-{path.stem}" for path in (folder / "figures").glob("*.svg")}
    assert shown == pictures == {f"figure-{path.stem}" for path in (folder / "figures").glob("*.png")}
    assert len(shown) == 25


def test_every_image_has_a_text_alternative(tags: list[Tag]) -> None:
    texts = [attributes["alt"] for tag, attributes in tags if tag == "img"]
    assert len(texts) == 25
    assert all(alt and len(alt.split()) > 8 for alt in texts)
    assert sum(tag == "figcaption" for tag, _ in tags) == 25


def test_page_loads_no_external_resource(page: str, tags: list[Tag]) -> None:
    addresses = [a[name] or "" for _, a in tags for name in ("src", "href", "srcset", "action") if name in a]
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in addresses)
    assert not {tag for tag, _ in tags} & {"script", "link", "iframe", "object", "form"}
    assert not re.search(r"https?://|url\(|@import", page)


def test_page_is_one_small_file(page: str) -> None:
    assert len(page) < 4_000_000


def test_contents_link_to_every_section(tags: list[Tag]) -> None:
    names = [attributes["id"] for _, attributes in tags if "id" in attributes]
    links = [attributes["href"] or "" for tag, attributes in tags if tag == "a"]
    assert len(names) == len(set(names))
    assert {link.removeprefix("#") for link in links} <= set(names)
    assert sum(tag == "section" for tag, _ in tags) == 16


def test_page_has_landmarks_and_one_headline(tags: list[Tag]) -> None:
    names = [tag for tag, _ in tags]
    assert {"header", "nav", "main", "footer"} <= set(names)
    assert names.count("h1") == names.count("main") == 1


def test_page_describes_each_persona(page: str) -> None:
    for words in (
        "Early-planning Christmas shoppers",
        "People who tend to shop for Christmas",
        "2.6 × as likely to be into baking",
        "Food and drink",
        "39 (29–47)",
        "Very stable when the profiles are drawn anew (0.92)",
    ):
        assert words in page


def test_common_and_distinctive_answers_are_apart(page: str) -> None:
    hobbies = page[page.index('<th scope="row">Hobbies</th>') :].replace("\u00a0", " ")
    common, distinctive = hobbies.split("</td>")[:2]
    assert "reading 41 %, baking 30 %" in common
    assert "baking 2.9 × (30 %, n = 150)" in distinctive
    assert "reading" not in distinctive


def test_gifts_are_ranked_by_share_where_called_common_and_by_lift_where_called_distinctive() -> None:
    gifts = (("books", 0.5, 1.0), ("wine", 0.1, 3.0), ("plants", 0.2, 1.5), ("mugs", 0.01, 9.0))
    affinities = [GiftAffinity(category=category, share=share, lift=lift) for category, share, lift in gifts]
    assert [gift.category for gift in common_gifts(affinities)] == ["books", "plants", "wine", "mugs"]
    assert [gift.category for gift in distinctive_gifts(affinities)] == ["wine", "plants"]


@pytest.mark.parametrize("agreement", [0.38, 0.91])
def test_model_that_the_acceptance_check_refuses_is_nowhere_called_stable(agreement: float) -> None:
    report = sample_report()
    assert report.stability is not None
    refused = Verdict(name="stability", outcome="failed", sentence="Refused.", value=0.38, bound=0.95)
    whole = report.stability.model_copy(update={"agreement": agreement, "least": 0.95})
    page = undrawn(report.model_copy(update={"stability": whole, "verdicts": (refused,), "insights": ()}))
    results = page.split('<section id="methods"')[0]
    assert "Not stable" in results
    assert not re.search(r"(very|fairly|barely) stable|>Stable", results, re.IGNORECASE)


def test_page_says_how_the_file_was_read() -> None:
    report = minimal_report()
    reading = Reading(columns=9, used_columns=7)
    changed = {
        "origin": report.origin.model_copy(update={"reading": reading}),
        "data": report.data.model_copy(update={"notes": ("Column 'a<b>' is not used.",)}),
    }
    page = undrawn(report.model_copy(update=changed))
    assert "7 of the file&#39;s 9 columns were used." in page.replace("'", "&#39;")
    assert "<h3>About the data</h3>" in page
    assert "a&lt;b&gt;" in page


def test_numbers_of_a_figure_are_in_a_table(page: str) -> None:
    table = page.split("Adjusted Rand index of two refits, by number of personas</caption>")[1].split("</table>")[
        0
    ]
    rows = re.findall(r'<tr><th scope="row">(\d)</th>((?:<td>[^<]*</td>)+)</tr>', table)
    assert [k for k, _ in rows] == ["3", "4", "5", "6", "7", "8"]
    whole = sample_report().stability
    assert whole is not None
    for (_, cells), solution in zip(rows, whole.solutions, strict=True):
        values = re.findall(r"<td>([^<]*)</td>", cells)
        assert int(values[0]) == len(solution.agreements)
        assert float(values[3]) == pytest.approx(statistics.median(solution.agreements), abs=0.005)


def test_page_names_version_date_and_origin(page: str) -> None:
    for words in ("20261101-120000-0a1b2c3d", "1 November 2026, 12:00 UTC", "0f" * 32):
        assert words in page


def test_failed_check_is_marked_as_failed(page: str) -> None:
    assert "✓ As wanted</strong> 8 principal components" in page
    assert "✗ Not as wanted</strong> The smallest persona" in page


def test_check_that_was_not_made_is_marked_as_neither(page: str) -> None:
    assert "? Not judged</strong> Stability. There is one persona." in page


def test_only_simulated_data_has_a_banner(page: str) -> None:
    report = sample_report()
    real = report.model_copy(update={"origin": report.origin.model_copy(update={"simulated": False})})
    assert "Simulated data." in page
    assert "Simulated data." not in undrawn(real)


def test_page_says_which_letters_the_figures_cannot_show(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "stand as boxes" not in page
    monkeypatch.setattr(fonts, "families", lambda: (fonts.MAIN,))
    fonts._drawable.cache_clear()
    sentence = letters_without_a_glyph(sample_report(("読書家", *NAMES[1:])))
    fonts._drawable.cache_clear()
    assert "has 家書読, so that they stand as boxes" in sentence


def test_user_text_is_escaped() -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    tags = tags_of(undrawn(sample_report((hostile,) * 2, headline=hostile)))
    assert "script" not in {tag for tag, _ in tags}
    assert not any(name.startswith("on") for _, attributes in tags for name in attributes)


def test_user_text_is_escaped_in_figures() -> None:
    report = report_with_few_figures(("<script>", "</svg>"))
    drawings = drawings_of(report)
    assert not any(b"<script" in drawing.svg for drawing in drawings)
    pictures = [line for line in page_of(report, drawings).splitlines() if "<img" in line]
    assert any("&lt;script&gt;" in line for line in pictures)


# --- what it leaves out ----------------------------------------------------------------------------


@pytest.mark.parametrize("report", [minimal_report(), one_persona_report()], ids=["minimal", "one persona"])
def test_empty_parts_of_a_report_have_no_section(report: Report) -> None:
    tags = tags_of(undrawn(report))
    sections = {attributes["id"] for tag, attributes in tags if tag == "section"}
    assert {"personas", "choice", "quality", "methods"} <= sections
    assert not sections & {"glance", "leanings", "hobbies", "ages", "maps", "density", "stability"}


# --- onto the disk ---------------------------------------------------------------------------------


def test_same_report_gives_the_same_files(tmp_path: Path) -> None:
    first, second = (write_report(report_with_few_figures(), tmp_path / name).parent for name in ("a", "b"))
    files = [path.relative_to(first) for path in first.rglob("*") if path.is_file()]
    assert len(files) == 7
    assert all((first / name).read_bytes() == (second / name).read_bytes() for name in files)


def test_stale_figures_are_removed_and_other_files_stay(tmp_path: Path) -> None:
    figures = tmp_path / "figures"
    figures.mkdir()
    for name in ("density.svg", "holiday.png"):
        (figures / name).write_text("old")
    write_report(minimal_report(), tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["figures", "holiday.png", PAGE]


def test_unwritable_folder_is_reported_and_left_unchanged(tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("a file")
    with pytest.raises(ArtifactNotWritten, match="report cannot be written"):
        write_report(minimal_report(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["figures"]


@pytest.fixture
def version(tmp_path: Path) -> Path:
    (tmp_path / "report.json").write_text(minimal_report().model_dump_json(), encoding="utf-8")
    return tmp_path


def test_page_is_written_into_the_version_folder_or_another(version: Path) -> None:
    assert draw(version) == version / PAGE
    assert draw(version, version / "there") == version / "there" / PAGE
    assert (version / "there" / PAGE).read_bytes() == (version / PAGE).read_bytes()


def test_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableInput, match=r"no .*report\.json.*Name the folder of a version"):
        draw(tmp_path)


def test_report_of_an_older_release_is_drawn(tmp_path: Path) -> None:
    older = sample_report(maps=(), lifts=(), snake=()).model_dump(mode="json")
    for newer in ("stability", "structure", "lengths", "segments", "descriptors"):
        del older[newer]
    for finding in older["density"]["findings"]:
        del finding["apart"]
    (tmp_path / "report.json").write_text(json.dumps(older), encoding="utf-8")
    assert "mean stability, 0–1" in draw(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "has format 1, but this release draws format 2. Train again"),
        ('{"version": "20261101-120000-0a1b2c3d"}', "has format 1"),
        ('{"format": 3}', "has format 3"),
        ('{"format": 2}', "is damaged at 'version'. Restore it, or train again"),
        (json.dumps({**minimal_report().model_dump(mode="json"), "personas": [{}]}), "damaged at 'personas.0.id'"),
    ],
)
def test_unreadable_report_is_refused_with_what_to_do(tmp_path: Path, text: str, advice: str) -> None:
    (tmp_path / "report.json").write_text(text, encoding="utf-8")
    with pytest.raises(UnusableInput, match=re.escape(advice)):
        draw(tmp_path)
