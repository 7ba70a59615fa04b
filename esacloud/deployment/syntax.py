"""The errors of the YAML parser as problems with a hint. Imported only when there is a mistake."""

from __future__ import annotations

import re

import yaml

from esacloud.errors import Place, Problem

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

# A bracket that is not closed is reported where it opens, not where the parser stops.
_OPENED = ("unexpected end of stream", "expected ',' or ']'", "expected ',' or '}'")
# (part of the parser's message, what is wrong, what to write instead); the first match counts
_INDENTATION = "The indentation does not match the lines above.", "Give keys of one mapping the same indentation."
_ANCHOR = "This anchor is repeated.", "Rename it."
_WORDS = (
    ("but found another document", "A second document starts here.", "Keep one gateway in one file; remove the `---`."),
    ("found undefined alias", "This alias has no anchor before it.", "Put a text that starts with `*` in quotes."),
    ("found duplicate anchor", *_ANCHOR),
    ("second occurrence", *_ANCHOR),
    (
        "mapping values are not allowed",
        "A colon is not allowed here.",
        "Put a text that contains `: ` in quotes, or correct the indentation.",
    ),
    ("could not find expected ':'", "A key here has no colon after it.", "Write `key: value`."),
    ("unexpected end of stream", "A quotation mark is opened and not closed.", "Close it."),
    ("expected ',' or ']'", "A `[` is not closed, or a comma is missing.", "Write `[one, two]`."),
    ("expected ',' or '}'", "A `{` is not closed, or a comma is missing.", "Write `{key: value, other: value}`."),
    ("node content", "A value is missing here.", "Write it, or remove the comma or bracket before it."),
    ("'-' indicator", "This line is not an item of the list above it.", "Start it with `- `, or correct the indentation."),
    ("block end", *_INDENTATION),
    ("expected key", *_INDENTATION),
    (
        "unknown escape character",
        "A backslash here does not start an escape sequence.",
        "Write two backslashes, or use single quotes.",
    ),
    ("alphabetic or numeric", "A value starts with `*` or `&`, which YAML reserves.", "Put the value in quotes."),
    ("cannot start any token", "A value starts with a character that YAML reserves.", "Put the value in quotes."),
    ("undefined tag handle", "YAML tags are not supported.", "Write the plain value, without a tag."),
)


def plain_words(file: str, text: str, error: Exception) -> Problem:
    """The problem for a YAMLError, or for a text that cannot be encoded."""
    control = _CONTROL.search(text)
    if control and isinstance(error, UnicodeEncodeError | yaml.reader.ReaderError):
        line = text.count("\n", 0, control.start()) + 1
        column = control.start() - text.rfind("\n", 0, control.start())
        message = f"The character U+{ord(control[0]):04X} here is a control character."
        return Problem(Place(file, line, column), message, "Remove it; an editor can show invisible characters.")
    reported = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    marks = (
        ["context_mark", "problem_mark"] if any(part in reported for part in _OPENED) else ["problem_mark", "context_mark"]
    )
    mark = next(filter(None, (getattr(error, name, None) for name in marks)), None)
    place = Place(file) if mark is None else Place(file, mark.line + 1, mark.column + 1)
    if mark is not None and "cannot start any token" in reported and _has_tab(text, mark.line, mark.column):
        return Problem(place, "A tab is used where YAML needs spaces.", "Indent with spaces.")
    for part, message, hint in _WORDS:
        if part in reported:
            return Problem(place, message, hint)
    return Problem(place, f"This is not YAML: {reported.rstrip('.')}.", "Compare with a file that `esacloud init` writes.")


def _has_tab(text: str, line: int, column: int) -> bool:
    lines = text.splitlines()
    return line < len(lines) and "\t" in lines[line][: column + 1]
