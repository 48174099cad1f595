"""``check`` as a command: exit statuses, bad input, excuses, and what it writes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from torch import nn

from .. import __name__ as package
from ..checking import check, progress
from ..checking.__main__ import main
from ..checking.folding import folded
from ..checking.kinds import KINDS
from .own_modules import importable

MODELS = """
import sys

import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, width=3, layers=3):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(layers))
        for layer in self.layers:
            layer.scale = torch.ones(width)


class Sized(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)


class Rotary(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("inv_freq", 1.0 / 10_000 ** (torch.arange(0, 64, 2).float() / 64), persistent=False)


def clean():
    return nn.Linear(2, 2)


def raises():
    raise ValueError("no such size\\nand more")


def exits():
    sys.exit(3)


def number():
    return 3


def exits_with_a_text():
    sys.exit("two\\nlines")


def pair():
    return nn.Linear(2, 2), nn.Linear(2, 2)


def reads_arguments():
    import argparse

    parser = argparse.ArgumentParser()
    parser.add_argument("--never", required=True)
    return parser.parse_args()


class Unshown(Exception):
    def __str__(self):
        raise TypeError


def unshown():
    raise Unshown


class Exiting(nn.Module):
    def __deepcopy__(self, memo):
        sys.exit(3)


def a_class():
    return nn.Linear


built = []


def once():
    if built:
        raise RuntimeError("there is one already")
    built.append(1)
    return nn.Linear(2, 2)


def prints():
    for _ in range(10_000):
        print("a line")
        print("another", file=sys.stderr)
    return nn.Linear(2, 2)


def changes():
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.manual_seed(0)
    if hasattr(torch, "set_default_device"):
        torch.set_default_device("meta")
    return nn.Linear(2, 2)


one = nn.Linear(2, 2)


def always_the_same():
    return one
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    with importable("mine", MODELS, tmp_path, monkeypatch) as found:
        yield found


def test_a_clean_model_says_so_in_one_line(folder, capsys):
    assert main(["mine:clean", "--no-table"]) == 0
    assert capsys.readouterr().out.strip() == "mine:clean  Linear: 2 parameters: clean"


def test_findings_are_shown_with_path_advice_and_claims(folder, capsys):
    assert main(["mine:Model"]) == 1
    out = capsys.readouterr().out
    assert "layers.{0..2}.scale (3 alike)  left-behind: a plain float32 tensor (3)" in out
    assert 'self.register_buffer("scale", ...)' in out
    assert "MOVE-04  Moving or converting a module leaves a plain tensor" in out


def test_what_bites_in_one_use_counts_when_it_is_asked_for(folder, capsys):
    assert main(["mine:Rotary"]) == 0
    assert "inv_freq  digits: " in capsys.readouterr().out
    assert main(["mine:Rotary", "--for", "meta", "--for", "half"]) == 1
    assert main(["mine:Rotary", "--for", "all"]) == 1


BAD = {
    "no factory": ("mine", "write package.module:factory"),
    "no module": ("nowhere.at_all:make", "nowhere.at_all can't be imported: ModuleNotFoundError: No module named"),
    "no such factory": ("mine:unknown", "mine has no unknown"),
    "it raises": ("mine:raises", "the factory raises ValueError: no such size and more"),
    "it exits": ("mine:exits", "the factory exits with status 3"),
    "it exits with a text": ("mine:exits_with_a_text", "the factory exits with status two lines"),
    "it gives a pair": ("mine:pair", "the factory gives an object of type tuple, not an nn.Module"),
    "it reads the command line": ("mine:reads_arguments", "the factory exits with status 2"),
    "it can't be shown": ("mine:unshown", "the factory raises Unshown: (TypeError where it is shown)"),
    "it exits when it is copied": ("mine:Exiting", "looking at the module raises SystemExit: 3"),
    "a file": ("mine.py:clean", "mine.py can't be imported: ModuleNotFoundError"),
    "unknown arguments": ('mine:Sized:{"height": 3}', "the factory raises TypeError"),
    "something else": ("mine:number", "the factory gives an object of type int, not an nn.Module"),
    "a class": ("mine:a_class", "the factory gives the class Linear and no module: name the class itself"),
    "it works once": ("mine:once", "the factory raises RuntimeError: there is one already, called a second time"),
    "no arguments": ("mine:Sized", "required positional argument: 'width'; give arguments as JSON"),
    "bad arguments": ("mine:Sized:{width}", "the arguments are no JSON"),
    "deep arguments": (f"mine:Sized:{'[' * 100_000}", "the arguments are no JSON"),
    "other arguments": ("mine:Sized:[3]", "the arguments have to be a JSON object"),
    "no callable": ("mine:built", "built is an object of type list, neither a factory nor a module"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_the_other_models_are_checked(folder, capsys, case):
    name, message = BAD[case]
    assert main([name, "mine:clean", "--no-table"]) == 4
    shown = capsys.readouterr()
    (line,) = shown.err.splitlines()
    assert line.startswith(f"{name}: ")
    assert message in line
    assert "mine:clean  Linear: 2 parameters: clean" in shown.out


def test_arguments_are_given_as_json_and_a_class_by_its_name(folder, capsys):
    assert main(['mine:Sized:{"width": 3}', "--no-table"]) == 0
    assert main(["torch.nn:Identity", "--no-table"]) == 0


def test_what_a_factory_prints_is_not_shown(folder, capsys):
    assert main(["mine:prints", "--no-table"]) == 0
    shown = capsys.readouterr()
    assert (len(shown.out.splitlines()), shown.err) == (2, "")


def test_what_a_factory_changes_in_torch_is_undone(folder, capsys):
    numbers = torch.get_rng_state()
    assert main(["mine:changes", "--no-table"]) == 0
    assert (torch.get_default_dtype(), torch.is_grad_enabled()) == (torch.float32, True)
    assert torch.zeros(1).device.type == "cpu"
    assert torch.equal(torch.get_rng_state(), numbers)


def test_a_factory_of_one_module_is_told(folder, capsys):
    assert main(["mine:always_the_same", "--no-table"]) == 0
    assert "note: the factory gives the same module each time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--for", "mars"], "invalid choice: 'mars'"),
        (["--select", "mars"], "check: no kind of finding mars"),
        (["--excuses", "none.toml"], "none.toml: No such file"),
        (["--json", "nowhere/report.json"], "check: --json: there is no folder nowhere"),
        (["--json", "."], "check: --json: . is a folder"),
        (["--markdown", ""], "check: --markdown: name the file to write"),
        (["--json", "same", "--markdown", "same"], "would write to the same place"),
        (["--checkpoint", "none.pt"], "none.pt: No such file"),
        (["--checkpoint", "none.pt", "--json", "report.json"], "leave --json and --markdown out"),
        (["--excuses", "."], "Is a directory"),
    ],
)
def test_a_wrong_option_is_told(folder, capsys, options, message):
    assert main(["mine:clean", *options]) == 4
    assert message in capsys.readouterr().err


def test_what_takes_long_is_said_on_stderr(folder, capsys, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    with progress.Progress("mine:clean") as say:
        say("building it")
        time.sleep(0.2)
    assert capsys.readouterr().err.startswith("mine:clean: building it, ")


def test_kinds_are_selected_and_ignored(folder, capsys):
    assert main(["mine:Model", "--ignore", "left-behind", "--no-table"]) == 0
    assert main(["mine:Model", "--select", "untrained", "--no-table"]) == 0
    assert main(["mine:Model", "--select", "left-behind", "--no-table"]) == 1


EXCUSES = '"layers.*.scale" = "computed again by forward"\n'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_excuse_makes_a_finding_accepted(folder, capsys, encoding, newline):
    (folder / "excuses.toml").write_bytes(
        (EXCUSES + '"gone.*" = "no longer"\n').replace("\n", newline).encode(encoding)
    )
    assert main(["mine:Model", "--no-table", "--excuses", "excuses.toml"]) == 0
    out = capsys.readouterr().out
    assert "~ left-behind  layers.{0..2}.scale (3 alike)  computed again by forward" in out
    assert "stale excuse: gone.* fits nothing any more" in out
    assert "stale excuse: layers" not in out


def test_excuses_stand_in_pyproject(folder, capsys):
    (folder / "pyproject.toml").write_text("[tool.module-state-spec.excuses]\n" + EXCUSES, encoding="utf-8")
    assert main(["mine:Model", "--no-table"]) == 0


@pytest.mark.parametrize(("text", "message"), [("a = ", "excuses.toml: "), ('"a" = 3', "write path pattern")])
def test_unreadable_excuses_are_told(folder, capsys, text, message):
    (folder / "excuses.toml").write_text(text, encoding="utf-8")
    assert main(["mine:Model", "--excuses", "excuses.toml"]) == 4
    assert message in capsys.readouterr().err


def test_an_excuse_may_name_a_kind_and_brackets_mean_themselves():
    def build():
        model = nn.Linear(2, 2)
        model.held = [torch.ones(2)]
        return model

    assert not check(build, excuses={"left-behind:held[0]": "known"}).findings
    assert check(build, excuses={"untrained:held[0]": "known"}).findings


def test_the_reports_are_written_as_data_by_the_schema(folder, capsys):
    assert main(["mine:Model", "mine:Rotary", "mine:raises", "--json", "report.json", "--for", "half"]) == 4
    data = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert [model["name"] for model in data["models"]] == ["mine:Model", "mine:Rotary"]
    assert [finding["kind"] for finding in data["models"][0]["findings"] if finding["counts"]] == ["left-behind"]
    assert data["unusable"] == [{"name": "mine:raises", "why": "the factory raises ValueError: no such size and more"}]
    assert set(data["claims"]) >= {"MOVE-04", "SD-04"}
    validate = pytest.importorskip("jsonschema").validate
    schema = json.loads((folder_of_check() / "schema.json").read_text(encoding="utf-8"))
    validate(data, schema)


def test_the_schema_names_what_a_report_has(folder, capsys):
    main(["mine:Model", "--json", "-"])
    (model,) = json.loads(capsys.readouterr().out)["models"]
    parts = json.loads((folder_of_check() / "schema.json").read_text(encoding="utf-8"))["$defs"]
    assert set(model) == set(parts["model"]["properties"])
    assert set(model["rows"][0]) == set(parts["row"]["properties"])
    assert set(model["findings"][0]) == set(parts["finding"]["properties"])


def folder_of_check():
    return Path(main.__code__.co_filename).parent


def test_the_reports_are_written_as_markdown(folder, capsys):
    main(["mine:Model", "mine:raises", "--markdown", "report.md"])
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "| left-behind | `layers.{0..2}.scale (3 alike)` |" in text
    assert "[MOVE-04](spec/moving/" in text
    assert "* **mine:raises** can't be checked: the factory raises ValueError" in text


def test_paths_are_folded_where_only_numbers_differ():
    paths = ["a.0.x", "a.1.x", "a.2.x", "b.0.1.y", "b.0.2.y", "b.1.1.y", "b.1.2.y", "c[3]", "c[5]", "x1.2d.z"]
    shown = [path for path, _ in folded(paths, lambda path: path, lambda path: None)]
    assert shown == ["a.{0..2}.x", "b.{0..1}.{1..2}.y", "c[{3,5}]", "x1.2d.z"]
    assert [path for path, _ in folded(["a.0", "a.1"], lambda path: path, lambda path: path)] == ["a.0", "a.1"]


def python(code):
    environment = {**os.environ, "PYTHONPATH": str(folder_of_check().parent.parent)}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_package_offers_check_and_imports_torch_only_for_it():
    code = f"import sys, {package}; print('torch' in sys.modules); from {package} import check; print(check.__name__)"
    assert python(code) == ["False", "check"]


def test_neither_pytest_nor_the_compiler_is_imported():
    code = (
        f"import sys, torch; from torch import nn; from {package} import check; before = set(sys.modules); "
        "check(lambda: nn.Linear(2, 2)); new = set(sys.modules) - before; "
        "print('pytest' in sys.modules, any('torch._dynamo' in name or 'torch._inductor' in name for name in new))"
    )
    assert python(code) == ["False", "False"]


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.register_buffer("inv_freq", 1.0 / 10_000 ** (torch.arange(0, 64, 2).float() / 64), persistent=False)


def blocks(number):
    return nn.Sequential(*(Block() for _ in range(number)))


def seconds(work):
    """The processor's time for ``work()``."""
    started = time.process_time()
    work()
    return time.process_time() - started


def test_the_time_is_linear_in_the_number_of_tensors():
    check(lambda: blocks(10))
    few = min(seconds(lambda: check(lambda: blocks(300))) for _ in range(3))
    many = seconds(lambda: check(lambda: blocks(3000)))
    assert many < 20 * few


def test_a_model_of_a_billion_parameters_on_meta_is_checked_in_no_time():
    report = check(lambda: nn.Sequential(*(nn.Linear(16_384, 16_384, device="meta") for _ in range(4))))
    assert not report.findings
    assert report.notes


def test_a_large_model_is_not_copied():
    largest = 4096 * 4096 * 4
    code = (
        f"import resource, torch; from torch import nn; from {package} import check; check(nn.Linear(2, 2)); "
        "model = nn.Sequential(*(nn.Linear(4096, 4096) for _ in range(4))); "
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss; check(model); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    (more,) = python(code)
    assert int(more) * 1024 < largest


def test_every_kind_has_a_line_that_says_what_it_means():
    assert all(kind.means and not kind.means.endswith(".") for kind in KINDS.values())


def test_ten_thousand_tensors_take_little_more_than_building_them():
    """Of the processor's time, and with what is shown; about 2.5 seconds where nothing else runs."""

    def linears():
        return nn.Sequential(*(nn.Linear(2, 2) for _ in range(5000)))

    check(lambda: nn.Linear(2, 2))
    built = seconds(lambda: (linears(), linears()))
    assert any(seconds(lambda: str(check(linears))) < 3.5 * built for _ in range(3))


def test_a_pipe_is_written_to_and_not_replaced(folder, capsys):
    if not hasattr(os, "mkfifo"):
        pytest.skip("there are no named pipes here")
    os.mkfifo(folder / "pipe")
    read = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert main(["mine:clean", "--json", "pipe"]) == 0
    assert json.loads(os.read(read, 1 << 16))["status"] == 0
    os.close(read)
    assert (folder / "pipe").is_fifo()


def test_markdown_goes_to_the_output_alone(folder, capsys):
    assert main(["mine:clean", "--markdown", "-"]) == 0
    assert capsys.readouterr().out.startswith("## Models checked\n")


def test_a_terminal_that_lacks_a_sign_shows_another(folder):
    environment = {**os.environ, "PYTHONPATH": f"{folder_of_check().parent.parent}{os.pathsep}{folder}"}
    environment["PYTHONIOENCODING"] = "ascii"
    command = [sys.executable, "-W", "ignore", "-m", package, "check", "mine:Model", "--no-table"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "")
    assert "? layers.{0..2}.scale (3 alike)  left-behind" in done.stdout
