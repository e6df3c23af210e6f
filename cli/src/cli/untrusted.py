"""Text of strangers, made fit for a terminal: nothing in it can move the cursor, recolour, reorder or hide.

Every invisible or reordering character becomes a visible chip such as <U+200B>; the rest stays as it is.
"""

from mail_organiser.prompt_form import is_visible

WIDTH = 60  # columns of a subject in the preview; the whole text is in --format json


def visible(text: str) -> str:
    """The text with every character that a person could not see written out by code point."""
    return "".join(character if is_visible(character) else f"<U+{ord(character):04X}>" for character in text)


def short(text: str | None, width: int = WIDTH) -> str:
    """At most width characters of visible(text); what is missing shows as an ellipsis."""
    shown = visible(text or "(none)")
    return shown if len(shown) <= width else shown[: width - 1] + "\u2026"
