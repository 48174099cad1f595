"""Searches for garbage pass over libraries that cases import."""

from .pytest_runs import claims_file, pytest_run

IMPORTING = """
import gc
import importlib
import sys


@claim("XX-98", source="torch.nn.Module.state_dict")
def test_a_case_imports_a_library():
    sys.path.insert(0, FOLDER)
    for number in range(60):
        importlib.import_module(f"library.part_{number}")


@claim("XX-99", source="torch.nn.Module.state_dict")
def test_the_next_one_does_not_search_it():
    kept = sys.modules["library.part_0"].KEPT
    assert not any(each is kept for each in gc.get_objects())
"""


def test_a_library_that_a_case_imported_is_not_searched_for_garbage(tmp_path):
    library = tmp_path / "libraries" / "library"
    library.mkdir(parents=True)
    for number in range(60):
        (library / f"part_{number}.py").write_text("KEPT = [[]]\n", encoding="utf-8")
    claims_file(tmp_path, IMPORTING.replace("FOLDER", repr(str(library.parent))))
    run = pytest_run(tmp_path, "--jobs", "1")
    assert run.status == 0, run.output
