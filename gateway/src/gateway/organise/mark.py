"""Marks: by what an owner's correction knows a held message again. Pure.

A message that was not wholly judged has none. Its text is one only if nothing else was found fault with: the owner who
said that a subject is harmless said nothing about who will write it next, or under which name.
"""

from collections.abc import Mapping
from typing import Final

from gateway.graph.message import Message
from gateway.organise.exact_form import exact_address, exact_text
from gateway.organise.verdict import Outcome, Verdict
from gateway.store.codes import CorrectionKind

_OF_THE_TEXT: Final = frozenset({"subject", "joined"})  # joined: sender name and subject as one text


def marks(message: Message, verdict: Verdict) -> Mapping[CorrectionKind, str]:
    """The exact forms by which this message may be known; none if it is not held, or not wholly judged."""
    if verdict.outcome is not Outcome.HELD or not verdict.explained:
        return {}
    text = exact_text(message.subject) if _is_about_text(verdict) else None
    forms = {CorrectionKind.SENDER: exact_address(message.sender_address), CorrectionKind.TEXT: text}
    return {kind: form for kind, form in forms.items() if form is not None}


def _is_about_text(verdict: Verdict) -> bool:
    return all(finding.field in _OF_THE_TEXT for finding in verdict.findings)
