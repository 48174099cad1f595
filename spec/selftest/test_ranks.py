"""Two ranks of a group: where they meet, over which interface, and what is heard of one that fails."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .. import __name__ as PACKAGE
from ..distributing import ranks
from ..distributing.ranks import Ranks
from ..engine.options import MOST
from ..engine.processes import ProcessEnded, can_fork

CHECKOUT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.skipif(not can_fork(), reason="what these tests set is seen by a fork only")


@pytest.fixture
def group(tmp_path):
    """Two ranks that meet in a folder of a user called Zoë Ó."""
    folder = tmp_path / "Zoë Ó 100%"
    folder.mkdir()
    found = Ranks(folder)
    yield found
    found.end()


def interface(rank):
    return os.environ.get("GLOO_SOCKET_IFNAME")


def one_fails(rank):
    if rank == 1:
        raise LookupError("rank 1 has no such thing")
    time.sleep(1000)


def test_a_rank_waits_longer_than_any_case_may_run():
    assert ranks.TIMEOUT.total_seconds() > MOST


def test_a_process_that_is_started_anew_for_a_claim_imports_neither_pytest_nor_hypothesis():
    program = f"import sys, {PACKAGE}.distributing.filled; print({{'pytest', 'hypothesis'}} & sys.modules.keys())"
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n", done.stderr


def test_ranks_meet_in_a_folder_of_any_name(group):
    assert group(int) == [0, 1]


def test_the_interface_that_a_user_chose_is_kept(group, monkeypatch):
    chosen = ranks.loopback()
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", chosen)
    monkeypatch.setattr(ranks, "loopback", lambda: "another")
    assert group(interface) == [chosen, chosen]


@pytest.mark.parametrize(
    ("names", "found"), [(["eth0", "lo"], "lo"), (["en0", "lo0"], "lo0"), (["eth0"], ""), ([], "")]
)
def test_the_loopback_is_looked_up_and_no_name_is_forced(names, found, monkeypatch):
    monkeypatch.setattr(socket, "if_nameindex", lambda: list(enumerate(names)))
    assert ranks.loopback() == found


def test_without_a_loopback_gloo_chooses(group, monkeypatch):
    monkeypatch.delenv("GLOO_SOCKET_IFNAME", raising=False)
    monkeypatch.setattr(ranks, "loopback", lambda: "")
    assert group(interface) == [None, None]


def test_a_rank_that_fails_at_its_start_passes_on_what_gloo_says(group, monkeypatch):
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", "nosuch0")
    with pytest.raises(ProcessEnded, match=r"(?s)RuntimeError: .*nosuch0"):
        group(int)


def test_a_rank_that_fails_is_heard_while_the_other_still_waits(group):
    with pytest.raises(ProcessEnded, match="LookupError: rank 1 has no such thing"):
        group(one_fails)
