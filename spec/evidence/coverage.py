"""How many sentences of the installed torch have a claim, and which have none."""

from collections import Counter
from collections.abc import Iterator
from textwrap import fill

from . import ABOUT_STATE, ACCELERATOR, AGAINST, COVERED, LEFT_OUT, MISSING, PART, UNSPECIFIED, Judgement, Map
from .reader import Sentence

UNJUDGED = Judgement("not judged")
COLUMNS = (COVERED, PART, MISSING, LEFT_OUT, ACCELERATOR, AGAINST, UNSPECIFIED, UNJUDGED.status)
WANTED = (PART, MISSING, LEFT_OUT, ACCELERATOR, UNJUDGED.status)

Read = dict[str, dict[str, Sentence]]


def coverage(read: Read, known: Map) -> str:
    """A line for each symbol, and the sum; a sentence that several symbols share counts for the first."""
    counted: dict[str, Counter] = {}
    shown = Counter()
    for symbol, _, judgement in once(read, known):
        counted.setdefault(symbol, Counter())[judgement.status] += 1
        shown[judgement.status] += bool(judgement.claims)
    total = sum(counted.values(), Counter())
    columns = [status for status in COLUMNS if total[status]]
    lines = [f"{'sentences':>9}  {'on state':>8}  {'  '.join(f'{status:>8}' for status in columns)}  symbol"]
    for symbol, count in [*counted.items(), ("all", total)]:
        numbers = [f"{count[status] or '':>{max(8, len(status))}}" for status in columns]
        lines.append(f"{sum(count.values()):>9}  {about(count) or '':>8}  {'  '.join(numbers)}  {symbol}")
    covered = f"{total[COVERED]} ({total[COVERED] / max(1, about(total)):.0%})"
    lines.append(
        f"\n{covered} of {about(total)} sentences about state are shown by claims, {shown[PART]} more in part; "
        f"{shown[AGAINST]} of the {total[AGAINST]} that torch contradicts are shown to be so."
    )
    on_a_cpu, settled = about(total) - total[ACCELERATOR], total[COVERED] + shown[AGAINST]
    lines.append(
        f"Of the {on_a_cpu} that a CPU can show, {settled} ({settled / max(1, on_a_cpu):.1%}) are shown or contradicted"
        " by a claim."
    )
    return "\n".join(lines)


def missing(read: Read, known: Map) -> str:
    """The sentences without a claim that shows all of them, as the installed torch has them, each with what is due."""
    lines, last = [], None
    for symbol, sentence, judgement in once(read, known):
        if judgement.status not in WANTED:
            continue
        if symbol != last:
            lines.append(f"\n{symbol}")
            last = symbol
        near = f", near {', '.join(judgement.claims)}" if judgement.claims else ""
        lines.append(f"  {sentence.hash}  {judgement.status}{near}")
        lines.append(paragraph(sentence.text))
        if judgement.note:
            lines.append(paragraph(f"-> {judgement.note}"))
    return "\n".join(lines).strip()


def once(read: Read, known: Map) -> Iterator[tuple[str, Sentence, Judgement]]:
    """Every sentence once, with the first symbol that has it and what is known of it."""
    judged, seen = known.sentences, set()
    for symbol, said in read.items():
        for hash, sentence in said.items():
            if hash not in seen:
                seen.add(hash)
                yield symbol, sentence, judged.get(hash, UNJUDGED)


def about(count: Counter) -> int:
    """How many sentences are about state."""
    return sum(count[status] for status in ABOUT_STATE)


def paragraph(text: str) -> str:
    margin = " " * 6
    return fill(text, 120, initial_indent=margin, subsequent_indent=margin, break_long_words=False)
