"""Claims found by the words that people have."""

import subprocess
import sys

import pytest

from .. import facts
from ..reporting import catalogue, search
from ..reporting.__main__ import main

ASKED = {
    "What is the difference between a buffer and nn.Parameter?": "ENUM-01 ENUM-02 OPT-01 REG-01 REG-03",
    "Why is my tensor not in the state_dict?": "SD-04 REG-04 SD-03 REG-05",
    "Why does my tensor stay on the CPU when I call model.cuda()?": "MOVE-04 MOVE-05",
    "Expected all tensors to be on the same device": "BACK-03 MOVE-04",
    "How do I save a tensor with the model but not train it?": "SD-02 OPT-01 ENUM-01",
    "Is a non-persistent buffer in state_dict?": "SD-03",
    "How do I keep a buffer out of the checkpoint?": "SD-03 LOAD-03 SER-11 IDIOM-37",
    "Does requires_grad=False keep a parameter out of the optimizer?": "OPT-02 OPT-01 OPT-03",
    "Are frozen layers still in the state dict?": "SD-01 REG-18",
    "How do I freeze part of a model?": "GRAD-23 GRAD-06 GRAD-22",
    "What does strict=False do with missing keys?": "LOAD-06 LOAD-05 LOAD-40",
    "Unexpected key(s) in state_dict": "LOAD-06 LOAD-26 LOAD-32",
    "size mismatch for weight when loading": "LOAD-07 LOAD-39",
    "Does model.half() convert integer buffers like num_batches_tracked?": "MOVE-02 IDIOM-31",
    "Do I have to write model = model.to(device)?": "MOVE-11",
    "Must the optimizer be built before or after .cuda()?": "MOVE-38 MOVE-06 MOVE-09",
    "Does load_state_dict copy or alias the checkpoint's tensors?": "LOAD-08 LOAD-53",
    "Is state_dict() a snapshot?": "SD-06 SER-47",
    "How do I share weights between two layers?": "TIE-01 TIE-07 TIE-09",
    "Are tied weights still tied after loading?": "TIE-22 LOAD-20 TIE-10",
    "Does deepcopy copy buffers?": "SER-06 ATTR-01 ANY-05",
    "My list of layers has no parameters": "REG-07",
    "Is there a BufferList?": "CONT-04 CONT-05",
    "cannot assign 'torch.FloatTensor' as parameter 'weight'": "SET-01",
    "Does eval() turn off gradients?": "IDIOM-22 IDIOM-01",
    "Does BatchNorm update running_mean in eval mode?": "IDIOM-03",
    "Does freezing BatchNorm stop its running statistics?": "IDIOM-04",
    "torch.load weights_only of a whole model": "SER-02 SER-34",
    "assign=True and the optimizer": "LOAD-12 LOAD-78",
    "How do I initialize a model on the meta device?": "META-03 META-04 LOAD-16 META-02",
    "Does zero_grad set gradients to None?": "GRAD-07 GRAD-31 OPT-18",
    "Are buffers synchronized in DDP?": "DIST-02 DIST-07",
    "What does FSDP do with buffers?": "DIST-04 DIST-19 DIST-20",
    "Can a buffer have a gradient?": "GRAD-04 GRAD-16 GRAD-03",
    "How do I save a number or a config in the checkpoint?": "HOOK-07 SER-04 IDIOM-10",
    "Why do my keys start with _orig_mod after torch.compile?": "GRAPH-05 GRAPH-34",
    "Why do my keys start with module.?": "DIST-01 DIST-26 LOAD-21",
    "How do I rename keys of an old checkpoint?": "LOAD-58 HOOK-05 SD-25",
    "The optimizer does not update my new parameter": "OPT-06 OPT-07",
    "How do I count trainable parameters?": "ENUM-11",
    "How do I resume training exactly where it stopped?": "OPT-38",
    "Does model.to(device) move the optimizer's state?": "MOVE-21",
    "nn.Parameter(...).to(device) is not a leaf": "REG-20 REG-35",
    "Trying to backward through the graph a second time with a buffer": "GRAD-11 GRAD-42",
    "a leaf Variable that requires grad is being used in an in-place operation": "GRAD-09 SET-28",
    "Where do I put a causal mask?": "IDIOM-09 IDIOM-07",
    "How do I load a GPU checkpoint on a CPU machine?": "SER-05",
    "How do I average the weights of a model (EMA)?": "UTIL-43 UTIL-11 UTIL-44 IDIOM-44",
    "Can I change a parameter by .data?": "SET-19",
}
"""What people ask in forums and reviews, each with the claims any of which answers it."""

EVERYDAY = {
    "nn.Parameter": "REG-01 REG-18",
    "torch.load": "SER-01 SER-02 SER-05",
    "assign=True": "LOAD-10 LOAD-12",
    "strict=": "LOAD-06 LOAD-40",
    ".cuda": "MOVE-03 MOVE-77",
    "_apply": "MOVE-25 MOVE-83",
    "snapshot": "SD-06 SER-47",
    "alias": "SD-06 IDIOM-45",
    "GPU": "MOVE-03 IDIOM-09",
    "FSDP": "DIST-04 DIST-19",
    "freeze": "GRAD-06 GRAD-22",
    "in-place": "SD-06 GRAD-14",
    "unchanged": "MOVE-04 OPT-01",
    "failed": "SET-01 LOAD-05",
}
"""Words that people search for, each with claims that are among the nearest."""


@pytest.mark.parametrize("question", ASKED)
def test_a_question_finds_a_claim_that_answers_it(question):
    assert {*search.search(question).nearest} & {*ASKED[question].split()}


def test_what_answers_a_question_is_a_claim():
    named = {id for ids in (*ASKED.values(), *EVERYDAY.values()) for id in ids.split()}
    assert named - catalogue.claims().keys() == set()


@pytest.mark.parametrize("word", EVERYDAY)
def test_an_everyday_word_finds_its_claims(word):
    assert {*EVERYDAY[word].split()} <= {*search.search(word).nearest}


def test_every_synonym_finds_something():
    assert [word for word in facts.synonyms() if not search.search(word).all] == []


def test_every_id_among_the_synonyms_is_a_claim():
    named = {other for others in facts.synonyms().values() for other in others if other[:1].isupper() and "-" in other}
    assert named - catalogue.claims().keys() == set()


def test_synonyms_stand_in_the_order_of_words_and_are_small():
    words = [*facts.synonyms()]
    assert words == sorted(words) == [word.lower() for word in words]
    assert facts.unasked() & {*words} == set()


def test_an_id_finds_its_claim_alone():
    found = search.search("sd-03")
    assert found.nearest == ["SD-03"]
    assert "SD-03" in found.all


def test_every_word_has_to_be_there():
    found = search.search("non-persistent deepcopy").all
    assert 0 < len(found) < len(search.search("deepcopy").all)
    assert search.search("xyzzy").all == search.search("xyzzy").nearest == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("Why does `model.cuda()` not move it?", [".cuda", "move"]),
        ("Is it in the state dict?", ["state_dict"]),
        ("the optimizer's state", ["optimizer", "state"]),
        ("module.", ["module."]),
        ("is it?", ["is", "it"]),
        (" ? ", []),
    ],
)
def test_the_words_of_a_query(query, words):
    assert search.asked(query) == words


def test_a_query_without_words_finds_everything():
    assert search.search("") == search.Found([*catalogue.claims()], [])


def test_the_command_shows_the_nearest_claims_first(capsys):
    assert main(["search", "is", "state_dict()", "a", "snapshot?"]) == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first == f"SD-06      {catalogue.claims()['SD-06'].sentence}"
    assert main(["search", "xyzzy"]) == 0
    assert capsys.readouterr().out == "No claim has these words.\n"


def test_an_id_leads_to_its_file(capsys):
    assert main(["search", "sd-03"]) == 0
    claim = catalogue.claims()["SD-03"]
    assert capsys.readouterr().out.splitlines() == [f"SD-03      {claim.sentence}", f"           {claim.place}"]


def test_a_retired_id_says_where_its_rule_stands_now(capsys):
    for id, entry in facts.retired().items():
        assert main(["search", id.lower()]) == 0
        first, *rest = capsys.readouterr().out.splitlines()
        assert first == f"{id} is retired. {entry.why}"
        assert [line.partition(" ")[0] for line in rest[:1]] == ([facts.current(id)] if entry.successor else [])


def test_the_command_needs_no_torch():
    program = (
        "import sys; from spec.reporting.__main__ import main; "
        "main(['search', 'GPU']); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=catalogue.PACKAGE.parent, check=True)


@pytest.mark.parametrize("words", ["", " ", "(?"])
def test_a_search_for_no_word_says_so(words, capsys):
    assert main(["search", words]) == 2
    assert capsys.readouterr().err == f"search: {words!r} has no word\n"
