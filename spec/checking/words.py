"""How an exception or a number is said in a line."""


def spelled(error: BaseException) -> str:
    """An exception in one line, no longer than a reader needs."""
    return f"{type(error).__name__}: {one_line(error)}".removesuffix(": ")


def one_line(value: object) -> str:
    """What a value says of itself, without what a terminal would obey."""
    try:
        text = str(value)
    except Exception as error:
        text = f"({type(error).__name__} where it is shown)"
    text = "".join(letter for letter in " ".join(text.split()) if letter.isprintable())
    return text if len(text) <= 200 else text[:197] + "..."


def counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
