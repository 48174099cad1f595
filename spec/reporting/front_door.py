"""What a stranger reads first, as Markdown: which one to use, the answer table, the core claims by question."""

from .. import facts
from . import catalogue
from .answer_table import declared_table
from .layout import to_markdown


def page() -> str:
    """The beginning of the README, from its first heading on."""
    core = [f"### {question}\n\n{lines(ids)}" for question, ids in facts.questions().items()]
    parts = ["## Which one do I use?", decisions(), "## What becomes of each kind", to_markdown(declared_table())]
    return "\n\n".join([*parts, "## What everybody needs", *core]) + "\n"


def decisions() -> str:
    """The decision list as a table, each line with the claims that say so."""
    rows = [[choice.need, choice.use, ", ".join(choice.claims)] for choice in facts.choices()]
    return to_markdown([["what is it?", "use", "claims"], *rows])


def lines(ids: tuple[str, ...]) -> str:
    """Claims as a list, each with its id and its sentence."""
    return "\n".join(f"* **{id}** {catalogue.claims()[id].sentence}" for id in ids)
