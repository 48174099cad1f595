"""The workflows, the action, the forms and the style: checked by tools that ``.[dev]`` installs."""

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
from ruamel.yaml import YAML

from .. import facts
from ..reporting import roads

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10; pytest brings it along
    import tomli as tomllib

CHECKOUT = Path(__file__).parent.parent.parent
GITHUB = CHECKOUT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
ACTION = GITHUB / "actions" / "run-spec" / "action.yml"
ONE_ISSUE = GITHUB / "actions" / "one-issue" / "action.yml"
CONFIG = GITHUB / "ISSUE_TEMPLATE" / "config.yml"
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "vendor.github-actions": [ACTION, ONE_ISSUE],
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.github-issue-forms": sorted({*(GITHUB / "ISSUE_TEMPLATE").glob("*.yml")} - {CONFIG}),
    "vendor.github-issue-config": [CONFIG],
}
STYLE = {
    "ruff check": ["-m", "ruff", "check", "--no-cache", "."],
    "encodings": ["-m", "ruff", "check", "--no-cache", "--preview", "--select=PLW1514", "."],
    "ruff format": ["-m", "ruff", "format", "--no-cache", "--check", "."],
    "codespell": ["-m", "codespell_lib", ".github", ".ci", "spec", "README.md", "pyproject.toml"],
}


def tool(*words, cwd=CHECKOUT, **environment):
    """Run a tool of this environment; a tool that is not installed is an error."""
    found = os.environ | environment
    return subprocess.run(words, cwd=cwd, env=found, capture_output=True, text=True, check=False)


def zizmor(folder):
    command = Path(sys.executable).parent / "zizmor"
    return tool(command, "--offline", "--persona=auditor", "--no-progress", "--no-config", folder)


def workflow(path):
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def test_zizmor_finds_nothing_as_an_auditor():
    done = zizmor(GITHUB)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings" in done.stdout + done.stderr


PINNED = re.compile(r"uses: (actions/checkout)@[0-9a-f]{40} # (v[\d.]+)")
WEAKER = {
    "an action that is not pinned": (PINNED, r"uses: \1@\2"),
    "an input in a script": (re.compile(r'"torch==\$TORCH"'), r'"torch==${{ matrix.torch }}"'),
    "credentials that are kept": (re.compile(r"persist-credentials: false"), "persist-credentials: true"),
    "rights for all jobs": (re.compile(r"^permissions: {}$", re.MULTILINE), "permissions: write-all"),
}


@pytest.mark.parametrize("weakness", WEAKER)
def test_zizmor_finds_what_is_weakened(weakness, tmp_path):
    pattern, weaker = WEAKER[weakness]
    copytree(GITHUB, tmp_path / ".github")
    path = tmp_path / ".github" / "workflows" / "checks.yml"
    text, count = pattern.subn(weaker, path.read_text(encoding="utf-8"), count=1)
    path.write_text(text, encoding="utf-8")
    assert count == 1
    assert zizmor(tmp_path / ".github").returncode > 0


def check(schema, paths):
    return tool(sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *paths)


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_file_is_what_github_reads(schema):
    assert SCHEMAS[schema]
    done = check(schema, SCHEMAS[schema])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_workflow_with_a_misspelled_key_is_found(tmp_path):
    path = tmp_path / "checks.yml"
    path.write_text(WORKFLOWS[0].read_text(encoding="utf-8").replace("runs-on:", "run-on:"), encoding="utf-8")
    assert check("vendor.github-workflows", [path]).returncode == 1


@pytest.mark.parametrize("check", STYLE)
def test_the_code_is_in_style(check):
    done = tool(sys.executable, *STYLE[check])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_job_has_its_own_rights_and_an_end(path):
    found = workflow(path)
    assert found["permissions"] == {}
    assert all("permissions" in job and 0 < job["timeout-minutes"] <= 30 for job in found["jobs"].values())
    cancels = found["concurrency"]["cancel-in-progress"]
    assert cancels == ("${{ github.event_name == 'pull_request' }}" if path.stem == "checks" else False)


def test_one_action_is_pinned_to_one_commit():
    text = "".join(path.read_text(encoding="utf-8") for path in [*WORKFLOWS, ACTION, ONE_ISSUE])
    used = set(re.findall(r"uses: (.+)", text))
    named = {line.partition("@")[0] for line in used}
    assert len(named) == len(used)
    assert all(re.search(r"@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) or line.startswith("$/") for line in used)


def test_the_gate_waits_for_all_other_checks():
    jobs = workflow(GITHUB / "workflows" / "checks.yml")["jobs"]
    assert sorted(jobs["gate"]["needs"]) == sorted(jobs.keys() - {"gate"})


@pytest.mark.parametrize(
    ("results", "status"),
    [("success success", 0), ("success failure", 1), ("cancelled success", 1), ("skipped skipped", 1)],
)
def test_the_gate_is_open_only_where_all_others_are_green(results, status):
    (step,) = workflow(GITHUB / "workflows" / "checks.yml")["jobs"]["gate"]["steps"]
    assert tool("bash", "-eo", "pipefail", "-c", step["run"], RESULTS=results).returncode == status


def test_the_workflows_and_tox_know_the_supported_releases():
    supported = [release.patch for release in facts.releases()]
    matrix = workflow(GITHUB / "workflows" / "matrix.yml")["jobs"]["release"]["strategy"]["matrix"]["torch"]
    tox = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["tox"]
    assert matrix == supported
    assert tox["env_base"]["torch"]["factors"] == [{"release": supported}]
    assert tox["labels"]["matrix"] == [f"torch-{release}" for release in supported]
    *_, beside = tox["env_base"]["torch"]["deps"]
    needing = [release.patch for release in facts.releases() if release.beside]
    assert beside["condition"] == " or ".join(f"factor['{release}']" for release in needing)
    assert {release.beside for release in facts.releases() if release.beside} == {tuple(beside["then"])}


def test_tox_asks_the_Pythons_that_the_checks_ask():
    matrix = workflow(GITHUB / "workflows" / "checks.yml")["jobs"]["platforms"]["strategy"]["matrix"]
    tox = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["tox"]
    assert tox["env_base"]["python"]["factors"] == [{"minor": matrix["python"]}]


def test_the_checks_run_on_the_oldest_a_middle_and_the_newest_of_all_releases():
    releases = [release.patch for release in facts.releases()]
    oldest, middle, newest = workflow(GITHUB / "workflows" / "checks.yml")["jobs"]["claims"]["strategy"]["matrix"][
        "torch"
    ]
    assert (oldest, newest) == (releases[0], releases[-1])
    assert middle in releases[1:-1]


STUB = """#!/usr/bin/env bash
if [ "$1 $2" = "-m module_state_spec" ]; then printf '%s\\n' "${@:3}" > words; echo '{}' > my.json; exit 1; fi
if [ "$1 $2" = "-m module_state_spec.reporting" ]; then echo "summary of $4"; fi
"""
INPUTS = {
    "DEVICE": "xla cpu",
    "PLUGIN": "torch_xla",
    "DEVIATIONS": "known gaps.txt",
    "MODEL": "mine:a mine:b",
    "ARGUMENTS": "-k 'a b' --claims",
    "RECORD": "my.json",
}


@pytest.fixture
def run_step(tmp_path):
    """Run a step of the action, with a Python that only notes what it was asked."""
    (tmp_path / "python").write_text(STUB, encoding="utf-8")
    (tmp_path / "python").chmod(0o755)
    steps = {step["name"]: step["run"] for step in workflow(ACTION)["runs"]["steps"]}
    runner = {"RUNNER_TEMP": ".", "GITHUB_OUTPUT": "output", "GITHUB_STEP_SUMMARY": "summary", "PYTHON": "./python"}

    def run(name, **inputs):
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps[name]]
        return tool(*command, cwd=tmp_path, **runner, **inputs)

    return run


def test_the_action_passes_its_inputs_on(run_step, tmp_path):
    done = run_step("Run the specification", **INPUTS)
    assert done.returncode == 1, done.stderr
    assert (tmp_path / "words").read_text().splitlines() == [
        *("--gap-report", "./gap-report.md", "-p", "torch_xla", "--device", "xla", "--device", "cpu"),
        *("--model", "mine:a", "--model", "mine:b", "--deviations", "known gaps.txt", "--record", "my.json"),
        *("-k", "a b", "--claims"),
    ]
    assert (tmp_path / "output").read_text() == "record=my.json\n"


def test_the_action_runs_everything_where_nothing_is_asked(run_step, tmp_path):
    run_step("Run the specification", **dict.fromkeys(INPUTS, "") | {"RECORD": "none"})
    assert (tmp_path / "words").read_text().splitlines() == ["--gap-report", "./gap-report.md"]
    assert not (tmp_path / "output").exists()


def test_the_action_says_in_the_summary_what_was_seen_also_of_a_run_that_failed(run_step, tmp_path):
    (tmp_path / "gap-report.md").write_text("gaps\n")
    (tmp_path / "my.json").write_text("{}")
    assert run_step("Say in the summary what was seen", RECORD="my.json").returncode == 0
    assert (tmp_path / "summary").read_text() == "gaps\nsummary of my.json\n"


@pytest.mark.parametrize("path", [ACTION, ONE_ISSUE], ids=lambda path: path.parent.name)
def test_an_action_reads_every_input_through_the_environment(path):
    found = workflow(path)
    assert all("${{" not in step["run"] for step in found["runs"]["steps"])
    read = "".join(str(step["env"]) for step in found["runs"]["steps"])
    assert all(f"inputs.{name} " in read for name in found["inputs"])


GH = """#!/usr/bin/env bash
case "$1 $2" in
"issue list") cat number ;;
"issue view") cat body ;;
"issue comment") echo comment >> asked ;;
"issue create" | "issue edit") echo "$2" >> asked; cp body.md body; echo 7 > number ;;
"issue close") echo close >> asked; : > number ;;
esac
"""


@pytest.fixture
def say(tmp_path):
    """Say in the one issue what differs, with a ``gh`` that keeps it in files; returns what was done with it."""
    (tmp_path / "gh").write_text(GH, encoding="utf-8")
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "number").touch()
    (step,) = workflow(ONE_ISSUE)["runs"]["steps"]
    inputs = {"LABEL": "roads", "TITLE": "Something differs", "CHANGES": "changes.txt"}

    def say(verdict, changes, run):
        (tmp_path / "asked").write_text("", encoding="utf-8")
        (tmp_path / "changes.txt").write_text(changes, encoding="utf-8")
        path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = tool(*command, cwd=tmp_path, PATH=path, VERDICT=verdict, RUN=f"run {run}", **inputs)
        assert done.returncode == 0, done.stderr
        return (tmp_path / "asked").read_text(encoding="utf-8").split()

    return say


def test_one_issue_says_what_differs_until_nothing_does(say, tmp_path):
    assert say("same", "some 1.0 → 1.1\n", 1) == []
    assert say("changed", "some 1.0 → 1.2\nROAD-01 holds → fails\n", 2) == ["create"]
    assert say("changed", "some 1.0 → 1.3\nROAD-01 holds → fails\n", 3) == ["edit"]
    assert say("changed", "some 1.0 → 1.3\nROAD-02 holds → fails\n", 4) == ["comment", "edit"]
    assert "ROAD-02 holds → fails" in (tmp_path / "body").read_text(encoding="utf-8")
    assert say("same", "some 1.0 → 1.3\n", 5) == ["close"]


RECORD = roads.read(roads.COMMITTED)
NEWER = replace(
    RECORD,
    versions={**RECORD.versions, "safetensors": "9.0"},
    claims={**RECORD.claims, "ROAD-11": ("fails", 1, ("AssertionError",))},
)


@pytest.mark.parametrize(
    ("made", "verdict", "said"),
    [
        (None, "changed", "did not run to their end"),
        (RECORD, "same", "the same versions\n"),
        (NEWER, "changed", " → 9.0\nROAD-11   holds → fails: "),
    ],
    ids=["no record", "the same record", "another record"],
)
def test_the_weekly_run_says_what_the_newest_libraries_change(made, verdict, said, tmp_path):
    environment = tmp_path / ".tox" / "roads-newest"
    (environment / "tmp").mkdir(parents=True)
    (environment / "bin").mkdir()
    python = environment / "bin" / "python"  # a link would not find the packages of a virtual environment
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    (tmp_path / "spec").symlink_to(CHECKOUT / "spec")
    if made:
        roads.write(made, environment / "tmp" / "newest.json")
    steps = {step.get("name"): step for step in workflow(GITHUB / "workflows" / "matrix.yml")["jobs"]["roads"]["steps"]}
    script = steps["Compare with the committed record"]["run"]
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = tool(*command, cwd=tmp_path, GITHUB_OUTPUT="output", GITHUB_STEP_SUMMARY="summary")
    assert done.returncode == (verdict != "same"), done.stderr
    assert (tmp_path / "output").read_text(encoding="utf-8") == f"verdict={verdict}\n"
    assert said in (tmp_path / "changes.txt").read_text(encoding="utf-8")
    assert said in (tmp_path / "summary").read_text(encoding="utf-8")
