"""What asking a provider costs, before anybody is asked. Pure.

Figures of prompts as they are composed: words of ours, the folders' texts, six filings, one message.
"""

from collections.abc import Sequence
from typing import Final

from gateway.organise.terms import Terms
from gateway.store.spending import Spending
from mail_organiser.columns import FolderText

BASE: Final = 420  # tokens of a prompt without its folders: 230 of ours, six filings and a message of about 25 each
ANSWER: Final = 16  # tokens of an answer
A_FOLDER: Final = 10  # tokens around a folder's texts, in the prompt and in the schema of answers
BYTES_A_TOKEN: Final = 3  # of names and descriptions; English has four, Japanese fewer
HEADROOM: Final = 30_000  # tokens of a call beyond its estimate: each request under way is reserved for at its worst


def cost(messages: int, folders: Sequence[FolderText], terms: Terms) -> Spending:
    """Of asking about so many messages, as a rule."""
    texts = sum(len((folder.name + (folder.description or "")).encode()) for folder in folders)
    prompt = messages * (BASE + A_FOLDER * len(folders) + texts // BYTES_A_TOKEN)
    return _priced(prompt, messages * ANSWER, terms)


def wanted(messages: int, folders: Sequence[FolderText], terms: Terms) -> Spending:
    """What to reserve for one call: twice what is usual, and room for what is under way."""
    usual = cost(messages, folders, terms)
    spare = _priced(HEADROOM, 0, terms)
    return Spending(2 * usual.tokens + spare.tokens, 2 * usual.nanos + spare.nanos)


def _priced(prompt: int, answer: int, terms: Terms) -> Spending:
    return Spending(prompt + answer, prompt * terms.prompt_price + answer * terms.answer_price)
