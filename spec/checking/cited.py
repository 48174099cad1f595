"""The claims that findings cite: their sentences and where they stand, read without importing them."""

import re
from collections.abc import Iterable
from functools import cache

from .. import facts
from ..reporting.catalogue import PACKAGE, Written, claims_in


@cache
def texts() -> dict[tuple[str, object], str]:
    return {
        (chapter, file): file.read_text(encoding="utf-8")
        for chapter in facts.chapters()
        for file in sorted((PACKAGE / chapter).rglob("test_*.py"))
    }


def cited(ids: Iterable[str]) -> dict[str, Written]:
    """The claims with these ids, in that order; only the files that name one are read as code."""
    wanted = list(dict.fromkeys(ids))
    found: dict[str, Written] = {}
    pattern = re.compile("|".join(re.escape(f'"{id}"') for id in wanted)) if wanted else None
    for (chapter, file), text in texts().items() if pattern else ():
        if pattern.search(text):
            found.update((claim.id, claim) for claim in claims_in(file, chapter) if claim.id in wanted)
    return {id: found[id] for id in wanted if id in found}
