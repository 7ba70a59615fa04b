"""What YAML's parser complains about, in the words of somebody who edits a file. Reached only when there is a mistake."""

from __future__ import annotations

import re

import yaml

from esacloud.errors import Place, Problem

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")

# What is opened and not closed is told where it opens, not where the parser gave up.
_OPENED = ("unexpected end of stream", "expected ',' or ']'", "expected ',' or '}'")
# (part of what the parser says, what is wrong, what to write instead); the first that fits is taken
_INDENTATION = "The indentation does not fit the lines above.", "Give keys of one mapping the same indentation."
_ANCHOR = "This anchor is set a second time.", "Give it another name."
_WORDS = (
    ("but found another document", "A second document starts here.", "Keep one gateway in one file; take out the `---`."),
    ("found undefined alias", "This alias has no anchor before it.", "Put a text that begins with `*` in quotes."),
    ("found duplicate anchor", *_ANCHOR),
    ("second occurrence", *_ANCHOR),
    (
        "mapping values are not allowed",
        "A colon stands where none may.",
        "Put a text that holds `: ` in quotes, or mend the indentation.",
    ),
    ("could not find expected ':'", "A key here has no colon after it.", "Write `key: value`."),
    ("unexpected end of stream", "A quotation mark is opened and not closed.", "Close it."),
    ("expected ',' or ']'", "A `[` is not closed, or a comma is missing.", "Write `[one, two]`."),
    ("expected ',' or '}'", "A `{` is not closed, or a comma is missing.", "Write `{key: value, other: value}`."),
    ("node content", "A value is missing here.", "Write it, or take out the comma or bracket that asks for it."),
    ("'-' indicator", "This line is not an item of the list above it.", "Begin it with `- `, or mend the indentation."),
    ("block end", *_INDENTATION),
    ("expected key", *_INDENTATION),
    ("unknown escape character", "A backslash here begins no escape.", "Write two backslashes, or use single quotes."),
    ("alphabetic or numeric", "A value begins with `*` or `&`, which YAML keeps for itself.", "Put the value in quotes."),
    ("cannot start any token", "A value begins with a character that YAML keeps for itself.", "Put the value in quotes."),
    ("undefined tag handle", "A tag stands here, and tags are not read.", "Write the plain value, without a tag."),
)


def plain_words(file: str, text: str, error: Exception) -> Problem:
    """The problem that a YAMLError, or a text that cannot be encoded, stands for."""
    control = _CONTROL.search(text)
    if control and isinstance(error, UnicodeEncodeError | yaml.reader.ReaderError):
        line = text.count("\n", 0, control.start()) + 1
        column = control.start() - text.rfind("\n", 0, control.start())
        message = f"The character U+{ord(control[0]):04X} here is a control character."
        return Problem(
            Place(file, line, column), message, "Take it out; an editor shows it when asked for invisible characters."
        )
    said = str(getattr(error, "problem", None) or getattr(error, "reason", None) or error)
    marks = ["context_mark", "problem_mark"] if any(part in said for part in _OPENED) else ["problem_mark", "context_mark"]
    mark = next(filter(None, (getattr(error, name, None) for name in marks)), None)
    place = Place(file) if mark is None else Place(file, mark.line + 1, mark.column + 1)
    if mark is not None and "cannot start any token" in said and _has_tab(text, mark.line, mark.column):
        return Problem(place, "A tab stands where YAML wants spaces.", "Indent with spaces.")
    for part, message, hint in _WORDS:
        if part in said:
            return Problem(place, message, hint)
    return Problem(place, f"This is not YAML: {said.rstrip('.')}.", "Compare with a file that `esacloud init` writes.")


def _has_tab(text: str, line: int, column: int) -> bool:
    lines = text.splitlines()
    return line < len(lines) and "\t" in lines[line][: column + 1]
