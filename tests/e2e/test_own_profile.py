"""A profile class of one's own is fitted, served and explained, as docs/how-to/use-your-own-profile.md says."""

import os
import subprocess
import sys
from pathlib import Path

import httpx2 as httpx
import pytest

from testkit import ROOT
from testkit.server import serving
from tests.training.clustering.plane import five_groups

PROFILE = {"PROFILE": "docs.examples.mall_customers:Customer"}
COLUMNS = {"income": "Annual Income (k$)", "spending": "Spending Score (1-100)", "gender": "Gender"}


def training(*arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "training", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **variables}, capture_output=True, text=True)


def test_customers_of_a_mall_are_fitted_and_served(tmp_path: Path) -> None:
    people = five_groups(200)
    people[["income", "spending"]] = people[["income", "spending"]].clip(1, 100)
    people.rename(columns=COLUMNS).to_csv(tmp_path / "mall.csv", index=False)
    mapping = ROOT / "docs" / "examples" / "mall_customers.toml"
    data = ("--data", tmp_path / "mall.csv", "--mapping", mapping, "--out", tmp_path / "artifacts")
    fitted = training("fit", *data, "--no-report", "--k", "5", **PROFILE)
    assert fitted.returncode == 0, fitted.stderr
    with serving(tmp_path / "server", tmp_path / "artifacts", **PROFILE) as server:
        one = httpx.post(f"{server.url}/segment?explain=true", json={"annual_income": 36, "spending_score": 84})
        other = httpx.post(f"{server.url}/segment", json={"annual_income": 84, "spending_score": 36})
        refused = httpx.post(f"{server.url}/segment", json={"hobbies": ["gaming"]})
        described = httpx.get(f"{server.url}/openapi.json").json()
    assert (one.status_code, other.status_code, refused.status_code) == (200, 200, 422)
    assert one.json()["persona"]["id"] != other.json()["persona"]["id"]
    assert "thousand a year" in " ".join(reason["sentence"] for reason in one.json()["explanation"]["reasons"])
    assert set(described["components"]["schemas"]["Customer"]["properties"]) == {
        "age", "annual_income", "spending_score", "gender"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        (PROFILE, "Only gifting profiles can be simulated, and PROFILE names Customer"),
        ({"PROFILE": "nowhere:Customer"}, "PROFILE names the module 'nowhere', which cannot be imported"),
    ],
)
def test_training_says_in_a_sentence_what_a_profile_class_lacks(
    variables: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    run = training("fit", "--simulate", "300", "--out", tmp_path, **variables)
    assert run.returncode == 2
    assert sentence in run.stderr
    assert "Traceback" not in run.stderr
