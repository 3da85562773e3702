"""Formats for machines: JSON, SARIF 2.1.0, GitHub's workflow commands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codemods.engine.formats.github import github
from codemods.engine.formats.markdown import markdown
from codemods.engine.plan import Plan
from codemods.engine.site import Kind, Problem, Site
from codemods.rules.celery.codemod import CeleryMigration
from tests.codemods.plant import inside, made, plant
from tests.codemods.support import run, write


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path / "project")


def log(*args: object) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("--check", "--format", "sarif", *args).stdout)
    return document


def test_json_of_check_is_the_plan(project: Path) -> None:
    with inside(project):
        result = run("--check", "--format", "json")
        assert json.loads(result.stdout) == made()
    assert result.exit_code == 1


def test_sarif_has_what_the_standard_requires(project: Path) -> None:
    with inside(project):
        document = log()
        sites = [site for site in made()["sites"] if not site["stays"]]
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    driver = only["tool"]["driver"]
    assert driver["name"] == "celery-to-dep"
    assert all(rule["id"] and rule["shortDescription"]["text"] for rule in driver["rules"])
    assert [invocation["executionSuccessful"] for invocation in only["invocations"]] == [True]
    assert len(only["results"]) == len(sites)
    for result, site in zip(only["results"], sites, strict=True):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == site["code"]
        assert result["message"]["text"] == site["reason"]
        (location,) = result["locations"]
        place = location["physicalLocation"]
        assert unquote(place["artifactLocation"]["uri"]) == site["path"]
        assert place["region"]["startLine"] == site["line"] >= 1
        assert place["region"].get("startColumn", 1) >= 1
        assert result["partialFingerprints"] == {"site/v1": site["id"]}


def test_sarif_levels_follow_the_kinds(project: Path) -> None:
    with inside(project):
        results = log()["runs"][0]["results"]
    levels = {result["properties"]["kind"]: result["level"] for result in results}
    assert levels["rewrite"] == "note"
    assert levels["person"] == "error"


def test_sarif_tells_of_a_file_that_cannot_be_read(project: Path) -> None:
    write(project, {"shop/a b.py": "from celery import (\n"})
    with inside(project):
        (invocation,) = log()["runs"][0]["invocations"]
    assert not invocation["executionSuccessful"]
    (told,) = invocation["toolExecutionNotifications"]
    assert told["level"] == "error"
    uri = told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "shop/a%20b.py"


def test_github_annotates_every_site(project: Path) -> None:
    with inside(project):
        lines = run("--check", "--format", "github").stdout.splitlines()
        sites = [site for site in made()["sites"] if not site["stays"]]
    assert len(lines) == len(sites)
    wanted = "::notice file=shop/views.py,line=6,col=5,title=CEL201::.delay() is .enqueue()"
    assert wanted in lines
    assert any(line.startswith("::error file=stock/tasks.py,line=") for line in lines)


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)


@given(path=texts, reason=texts)
def test_github_commands_can_be_read_back(path: str, reason: str) -> None:
    site = Site(path, 3, "CEL1", Kind.CHANGE, reason)
    (line,) = github(Plan(sites=(site,)))
    match = re.fullmatch(r"::warning file=([^,:]*),line=3,title=CEL1::([^\r\n]*)", line)
    assert match is not None
    assert (unquote(match[1]), unquote(match[2])) == (path, reason)


@given(reason=texts)
def test_markdown_keeps_text_on_its_line(reason: str) -> None:
    site = Site("a.py", 1, "CEL1", Kind.PERSON, reason)
    lines = list(
        markdown(CeleryMigration(), Plan(sites=(site,), problems=(Problem("b", 1, reason),)))
    )
    rows = [line for line in lines if line.startswith("  - line 1: CEL1")]
    assert len(rows) == 1
    assert not re.search(r"(?<!\\)[<|*_`\[]", re.sub(r"\\\\", "", rows[0]))


def test_statistics_count_each_rule(project: Path) -> None:
    with inside(project):
        lines = run("--check", "--statistics").stdout.splitlines()
        sites = [site["code"] for site in made()["sites"] if not site["stays"]]
    counts = {line.split()[1]: int(line.split()[0]) for line in lines}
    assert counts == {code: sites.count(code) for code in sites}
    assert list(counts.values()) == sorted(counts.values(), reverse=True)


def test_quiet_check_prints_sites_only(project: Path) -> None:
    with inside(project):
        lines = run("--check", "-q").stdout.splitlines()
    assert lines
    assert all(re.match(r"[\w/.]+:\d+: CEL\d+ ", line) for line in lines if line)


def test_quiet_run_prints_nothing(project: Path) -> None:
    result = run(project, "-q")
    assert (result.exit_code, result.stdout) == (0, "")


def test_verbose_run_prints_what_was_rewritten_and_what_stays(project: Path) -> None:
    with inside(project):
        text = run("-v").stdout
    assert "Rewritten (" in text
    assert "Stays with its task (" in text
    assert "shop/views.py:8  CEL201" in text


@pytest.mark.parametrize("extra", [["--format", "json"], ["--statistics"]])
def test_a_patch_has_no_other_format(project: Path, extra: list[str]) -> None:
    result = run(project, "--diff", *extra)
    assert result.exit_code == 2
    assert "--diff prints a patch" in result.stderr


def test_files_are_shown(project: Path) -> None:
    with inside(project):
        shown = run("--show-files", "--exclude", "shop/tests").stdout.splitlines()
    assert shown == [
        "shop/celery.py",
        "shop/settings.py",
        "shop/tasks.py",
        "shop/views.py",
        "stock/tasks.py",
    ]
