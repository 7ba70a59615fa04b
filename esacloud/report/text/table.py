"""Plain text for a terminal: counts, lists, and tables with columns aligned by display width, for Chinese too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

GAP = "  "
NARROWEST = 24  # the last column is never wrapped below this


def counted(number: int, noun: str, plural: str = "s") -> str:
    """`1 rule` or `1,200 rules`."""
    return f"{number:,} {noun}{'' if number == 1 else plural}"


def first_of(words: Sequence[str], most: int) -> str:
    """The first words of a list, and how many more there are."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def display_width(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth  # slow to import, and not needed for English

    return max(wcswidth(text), 0)


def padded(text: str, width: int) -> str:
    """The text with spaces behind it up to `width` columns."""
    return text + " " * (width - display_width(text))


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns, broken at spaces and beside wide characters. At least one line.

    A word without either that is longer than `width` stays whole.
    """
    lines, line, space = [], "", ""
    for piece in _pieces(text):
        if piece == " ":
            space = " "
        elif line and display_width(line + space + piece) > width:
            lines.append(line)
            line, space = piece, ""
        else:
            line, space = line + (space if line else "") + piece, ""
    return [*lines, line]


def table(head: Sequence[str], rows: Iterable[Sequence[str]], width: int | None = None) -> str:
    """A table with its head and a rule below it; lines end without spaces, and the whole without a line break.

    `width` is that of the terminal in columns: the last column wraps to fit it. None wraps nothing.
    """
    lines = [tuple(head), *map(tuple, rows)]
    last = len(head) - 1
    widths = [max(display_width(line[column]) for line in lines) for column in range(last)]
    before = sum(widths) + len(GAP) * last
    room = None if width is None else max(width - before, NARROWEST)
    longest = max(display_width(line[last]) for line in lines)
    rule = [*("-" * each for each in widths), "-" * (longest if room is None else min(longest, room))]
    out = []
    for line in (lines[0], rule, *lines[1:]):
        tail = [line[last]] if room is None else wrapped(line[last], room)
        cells = [padded(cell, each) for cell, each in zip(line, widths, strict=False)]
        out.append(GAP.join([*cells, tail[0]]).rstrip())
        out += [(" " * before + more).rstrip() for more in tail[1:]]
    return "\n".join(out)


def _pieces(text: str) -> Iterable[str]:
    """Spaces, words, and wide characters one by one; closing punctuation stays with the character before it."""
    word = ""
    for character in text:
        if character == " ":
            yield from filter(None, (word, " "))
            word = ""
        elif character in "，。；：、！？）」”" and word:
            word += character
        elif display_width(character) > 1:
            if word:
                yield word
            word = character
        elif word and display_width(word[-1]) > 1:
            yield word
            word = character
        else:
            word += character
    if word:
        yield word
