"""A prompt: the only thing that an endpoint takes, and composed of what sentinel cleared for a provider alone.

Guarantees: every text of mail or of a folder in it is the prompt form of a ProviderCleared message, a ClearedFolder or
a ClearedExample; one message a prompt; no recipient. Must never take a plain text.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from classifier.gate import ClearedExample, ClearedFolder, ProviderCleared
from classifier.provider.template import NO_FOLDER, Safe, Template, folder_id


class _Composed:
    """Only this module makes one."""


_COMPOSED = _Composed()


@final
@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent: two messages, and the ids of which the answer must be one."""

    system: Safe
    user: Safe
    ids: tuple[Safe, ...]
    proof: _Composed

    @property
    def size(self) -> int:
        """Bytes, ids included: no tokenizer makes more tokens of them."""
        return len(self.system.encode()) + len(self.user.encode()) + sum(len(one) + 3 for one in self.ids)


def compose(
    template: Template,
    message: ProviderCleared,
    folders: Sequence[ClearedFolder],
    examples: Sequence[ClearedExample],
) -> Prompt:
    """The question where one message belongs."""
    user = template.filled(
        "user",
        folders=template.lines(_folder(template, at, folder) for at, folder in enumerate(folders)),
        examples=template.lines(_example(template, example) for example in examples),
        message=_message(template, message),
    )
    ids = (*(folder_id(at) for at in range(len(folders))), NO_FOLDER)
    return Prompt(template.words("system"), user, ids, _COMPOSED)


def probe(template: Template) -> Prompt:
    """A question without any mail: whether the endpoint keeps to the schema."""
    return Prompt(template.words("system"), template.words("probe"), (folder_id(0), NO_FOLDER), _COMPOSED)


def _folder(template: Template, at: int, folder: ClearedFolder) -> Safe:
    text = folder.text
    name, description = template.shown(text.name), template.shown(text.description)
    return template.filled("folder", id=folder_id(at), name=name, description=description)


def _example(template: Template, example: ClearedExample) -> Safe:
    text = example.text
    return template.filled(
        "example",
        id=folder_id(example.folder),
        subject=template.shown(text.subject),
        sender_name=template.shown(text.sender_name),
        sender_address=template.shown(text.sender_address),
    )


def _message(template: Template, message: ProviderCleared) -> Safe:
    text = message.text
    return template.filled(
        "message",
        subject=template.shown(text.subject),
        sender_name=template.shown(text.sender_name),
        sender_address=template.shown(text.sender_address),
    )
