"""The page in a real browser: Debian's Chromium, driven by Playwright."""

import shutil

import pytest

from .. import facts
from ..reporting import catalogue, matrix, page, search
from .sample_records import all_releases, imagined

playwright = pytest.importorskip("playwright.sync_api", reason="run by tox -e page")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="run by tox -e page")

FEW_ROWS = """for (const row of document.querySelectorAll(".claims tbody tr:nth-child(n + 9)"))
  if (!row.querySelector("details[open]")) row.remove()"""
"""A few rows of each chapter are looked at by axe: it takes a minute for all of them, and they are of one make."""
WIDE, NARROW, PHONE = ({"width": w, "height": h} for w, h in ((1280, 900), (360, 740), (400, 800)))
PATIENCE = 600_000
"""Milliseconds in which the browser does what it is asked, on the busiest machine."""
CLAIMS = {id: claim for id, claim in catalogue.claims().items() if not claim.apart}
TEXTS = [search.text(claim) for claim in CLAIMS.values()]


@pytest.fixture(scope="module")
def everything():
    return matrix.matrix(all_releases())


@pytest.fixture(scope="module")
def address(everything, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(page.to_html(everything), encoding="utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def chromium():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"], timeout=PATIENCE
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, address):
    """A function that opens the page, and fails afterwards where a script did."""
    contexts, errors = [], []

    def open_page(fragment="", **options):
        context = chromium.new_context(**{"viewport": WIDE, **options})
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        tab = context.new_page()
        tab.on("pageerror", lambda error: errors.append(error.message))
        tab.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        tab.on("request", lambda request: errors.append(request.url) if request.url.startswith("http") else None)
        tab.goto(address + fragment)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


def visible(tab):
    """The ids of the claims that can be seen."""
    rows = "[...document.querySelectorAll('.claims tbody tr')]"
    return set(tab.evaluate(f"{rows}.filter(row => row.checkVisibility()).map(row => row.id)"))


def render(tab):
    """Have the browser lay out the chapters that are out of sight too: it gives no text or width of these otherwise."""
    tab.add_style_tag(content="section { content-visibility: visible !important }")


def columns(tab, chapter):
    """The headings of the columns of a chapter that can be seen."""
    render(tab)
    script = "heads => heads.filter(head => head.checkVisibility()).map(head => head.innerText.trim())"
    return tab.eval_on_selector_all(f"#{chapter} thead th", script)


def choose(tab, first, last, verdict=""):
    tab.select_option("#from", first)
    tab.select_option("#to", last)
    tab.select_option("#verdict", verdict)


def words(everything, id, *names):
    """What a claim shows on these releases."""
    return [everything.rows[id][everything.names.index(name)].word for name in names]


def test_all_claims_are_shown_at_first(opened):
    tab = opened()
    assert visible(tab) == CLAIMS.keys()
    total = len(CLAIMS)
    assert tab.inner_text("#count") == f"{total} of {total} claims"


def test_words_find_claims_by_id_sentence_and_source(opened):
    tab = opened()
    for asked, id in (("buf-01", "BUF-01"), ("NN.BUFFER persistent=False", "BUF-02"), ("torch.load file", "SER-01")):
        tab.fill("#words", asked)
        found = visible(tab)
        assert id in found
        assert 0 < len(found) < len(CLAIMS) / 2
    tab.fill("#words", "xyzzy")
    assert visible(tab) == set()
    assert tab.inner_text("#count").startswith("0 of ")
    assert not tab.locator("#near").is_visible()


QUESTIONS = (
    "Is `state_dict()` a snapshot?",
    "model.cuda() my tensor's device",
    "GPU",
    "frozen layers",
    "IDIOM-03",
    "module.",
)


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_page_finds_what_the_command_finds(opened, question):
    tab = opened()
    tab.fill("#words", question)
    expected = search.search(question, TEXTS)
    assert tab.locator("#nearest .id").all_inner_texts() == expected.nearest
    assert visible(tab) == {*expected.all, *expected.nearest}


def test_what_was_found_is_a_link_to_the_claim(opened):
    tab = opened()
    tab.fill("#words", "is state_dict() a snapshot?")
    tab.click("#nearest .id >> nth=0")
    assert tab.locator("#SD-06").is_visible()
    assert tab.evaluate("location.hash") == "#SD-06"


def test_the_front_door_comes_before_the_claims(opened):
    tab = opened()
    ids = tab.eval_on_selector_all("h2", "heads => heads.map(head => head.id)")
    assert ids[:7] == ["which", "answers", "core-title", "changes-title", "roads", "glossary", "claims"]
    listed = tab.locator("#core .id").all_inner_texts()
    assert listed == [id for ids in facts.questions().values() for id in ids]
    assert tab.locator(".which dt").count() == len(facts.choices())
    assert tab.locator(".glossary dt").count() == len(facts.glossary())


def test_code_in_a_sentence_is_set_as_code(opened):
    tab = opened("#SD-03")
    assert tab.locator("#SD-03 th > code").all_inner_texts()[:2] == ["persistent=False", "state_dict()"]
    assert "`" not in tab.inner_text("#core")


@pytest.mark.parametrize("standing", ["documented", "observed", "contradicted"])
def test_a_standing_finds_the_claims_that_have_it(opened, everything, standing):
    tab = opened()
    tab.select_option("#standing", standing)
    assert visible(tab) == {id for id in CLAIMS if page.evidence.standing(id, "2.15.1") == standing} != set()


def test_what_changed_in_a_release_is_a_list(opened, everything):
    tab = opened()
    tab.select_option("#release", "2.3")
    listed = tab.locator("#changed .id").all_inner_texts()
    assert {*listed} == {id for id in CLAIMS if len(set(words(everything, id, "2.2", "2.3"))) > 1}
    assert tab.locator("#changed h3").all_inner_texts() == ["New in torch 2.3", "No longer so since torch 2.3"]
    assert tab.inner_text("#changed ul >> nth=1").count("Before torch 2.3") > 1
    tab.goto("about:blank")
    again = opened("#release=2.3")
    assert again.locator("#changed .id").all_inner_texts() == listed


def test_a_selection_has_a_link(opened):
    tab = opened()
    tab.fill("#words", "assign=True")
    choose(tab, "2.2", "2.3", "changes")
    tab.check("#unfold")
    found = visible(tab)
    address = tab.get_attribute("#link", "href")
    assert address == "#words=assign%3DTrue&from=2.2&to=2.3&verdict=changes&unfold=yes" == tab.evaluate("location.hash")
    again = opened(address)
    assert visible(again) == found != set()
    assert again.input_value("#words") == "assign=True"
    assert again.is_checked("#unfold")
    again.evaluate("location.hash = '#standing=contradicted'")
    again.wait_for_function("document.getElementById('words').value === ''")
    assert visible(again) == {id for id in CLAIMS if page.evidence.standing(id, "2.15.1") == "contradicted"}


@pytest.mark.parametrize("scripts", [True, False])
def test_a_retired_id_leads_to_its_successor(opened, scripts):
    tab = opened("#TIE-17", java_script_enabled=scripts)
    place = tab.locator("#ENUM-22").bounding_box()
    head = tab.locator("#declaring thead").bounding_box()
    assert head["y"] + head["height"] <= place["y"] < WIDE["height"]


def test_a_claim_that_is_newer_than_a_record_is_not_recorded(chromium, tmp_path):
    old = imagined("2.4.1")
    old.claims.pop("SD-03")
    (tmp_path / "page.html").write_text(page.to_html(matrix.matrix([old, imagined("2.5.1")])), encoding="utf-8")
    tab = chromium.new_page()
    tab.goto((tmp_path / "page.html").as_uri())
    assert [text.strip() for text in tab.locator("#SD-03 td").all_text_contents()] == ["– not recorded", "✓ holds"]
    tab.close()


@pytest.mark.parametrize("viewport", [PHONE, NARROW], ids=["phone", "narrow"])
def test_on_a_phone_the_answer_table_fits(opened, viewport):
    tab = opened(viewport=viewport)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = tab.eval_on_selector_all(
        ".answers :is(td, th, span)", "cells => cells.map(cell => cell.getBoundingClientRect().toJSON())"
    )
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= viewport["width"] for box in boxes)
    table = tab.eval_on_selector(".answers", "table => table.getBoundingClientRect().toJSON()")
    assert all(box["y"] >= table["y"] for box in boxes)


@pytest.mark.parametrize("fragment", ["", "#unfold=yes", "#from=2.1&to=2.9"])
def test_a_window_of_a_laptop_does_not_scroll_sideways(opened, fragment):
    tab = opened(fragment)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    render(tab)
    assert tab.evaluate("[...document.querySelectorAll('.chapter')].every(e => e.scrollWidth <= e.clientWidth)")


def test_a_range_of_releases_shows_what_holds_in_all_of_them(opened, everything):
    tab = opened()
    choose(tab, "2.1", "2.6", "throughout")
    names = ["2.1", "2.2", "2.3", "2.4", "2.5", "2.6"]
    assert visible(tab) == {id for id in CLAIMS if set(words(everything, id, *names)) == {"holds"}}
    assert columns(tab, "saving") == ["Claim", "2.1 – 2.6"]


def test_a_range_of_releases_shows_what_changes_in_it(opened, everything):
    tab = opened()
    choose(tab, "2.4", "2.5", "changes")
    assert visible(tab) == {id for id in CLAIMS if len(set(words(everything, id, "2.4", "2.5"))) > 1}
    assert columns(tab, "declaring") == ["Claim", "2.4", "2.5"]


def test_a_range_may_be_given_backwards(opened):
    tab = opened()
    choose(tab, "2.5", "2.4", "changes")
    assert columns(tab, "declaring") == ["Claim", "2.4", "2.5"]


@pytest.mark.parametrize("verdict", ["not yet", "no longer", "known bug"])
def test_a_verdict_finds_the_claims_that_have_it(opened, everything, verdict):
    tab = opened()
    choose(tab, "1.13", "2.15", verdict)
    assert visible(tab) == {id for id in CLAIMS if verdict in {cell.word for cell in everything.rows[id]}} != set()


def test_columns_fold_and_unfold(opened, everything):
    tab = opened()
    folded = columns(tab, "declaring")
    assert folded[-1] == "2.9 xla"
    assert len(folded) < len(everything.names)
    tab.check("#unfold")
    assert columns(tab, "declaring") == ["Claim", *everything.names]
    tab.uncheck("#unfold")
    assert columns(tab, "declaring") == folded


def test_without_scripts_the_page_reads_the_same_and_unfolds(opened, everything):
    with_scripts = columns(opened(), "saving")
    tab = opened(java_script_enabled=False)
    heads = tab.locator("#saving thead span:visible")
    assert ["Claim", *heads.all_text_contents()] == with_scripts
    assert tab.locator("#SD-03").is_visible()
    assert not tab.locator("#words").is_visible()
    tab.locator("#SD-03 summary").click()
    assert "def test(device, Model, channels, shape):" in tab.locator("#SD-03 pre").inner_text()
    tab.check("#unfold")
    assert heads.all_text_contents() == everything.names


def test_an_address_with_an_id_leads_to_the_claim(opened):
    tab = opened("#GRAD-01")
    assert tab.locator("#GRAD-01").is_visible()
    place = tab.locator("#GRAD-01").bounding_box()
    head = tab.locator("#training thead").bounding_box()
    assert head["y"] + head["height"] <= place["y"] < WIDE["height"]
    tab.fill("#words", "xyzzy")
    tab.evaluate("location.hash = '#SD-01'")
    tab.wait_for_selector("#SD-01", state="visible")


def test_a_test_unfolds_by_keyboard(opened):
    tab = opened("#SD-03")
    tab.focus("#SD-03 summary")
    tab.keyboard.press("Enter")
    assert tab.locator("#SD-03 pre").is_visible()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing(opened, viewport):
    tab = opened(viewport=viewport)
    for id in ("LOAD-22", "LOAD-25", "SD-03"):
        tab.locator(f"#{id} summary").click()
    choose(tab, "2.1", "2.5", "")
    tab.evaluate(FEW_ROWS)
    render(tab)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        violations = axe.Axe().run(tab).response["violations"]
        assert [(scheme, rule["id"], rule["nodes"][0]["html"]) for rule in violations] == []


@pytest.mark.parametrize("scripts", [True, False])
def test_a_narrow_window_does_not_scroll_sideways(opened, scripts):
    tab = opened(viewport=NARROW, java_script_enabled=scripts)
    tab.locator("#LOAD-25 summary").click()
    for unfold in (False, True):
        tab.locator("#unfold").set_checked(unfold)
        tab.mouse.move(100, 300)
        tab.mouse.wheel(400, 0)
        box = tab.locator("#SD-03").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= NARROW["width"]
    for width in (360, 600, 700, 900, 1000, 1100, 1200) if scripts else ():
        tab.set_viewport_size({"width": width, "height": 740})
        assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
