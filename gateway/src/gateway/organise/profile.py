"""A mailbox's learned profile: sealed at rest, open only while it travels to the classifier and back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from gateway.clients.classifier import Profile
from gateway.organise.context import Context
from gateway.organise.judge import Learned
from gateway.store import learned_messages, profiles
from gateway.vault.vault import Cell


@dataclass(frozen=True, slots=True)
class OpenProfile:
    """What the classifier needs, and the version that a write must find unchanged."""

    learned: Learned
    version: int


async def load(context: Context, mailbox_id: str) -> OpenProfile:
    """The profile as last written, or an empty one."""
    person = await context.owner(mailbox_id)

    def query(connection: Connection) -> OpenProfile:
        key = context.vault.feature_key(connection, person)
        row = profiles.get(connection, mailbox_id)
        if row is None:
            return OpenProfile(Learned(b"", key), profiles.ABSENT)
        data = context.vault.open(connection, person, _cell(mailbox_id), row.sealed)
        return OpenProfile(Learned(data, key), row.version)

    return await context.read(query)


async def save(
    context: Context,
    mailbox_id: str,
    profile: Profile,
    messages: Mapping[str, str],
    expected: int,
) -> int:
    """Writes over version expected and notes the messages (id to folder id), in one transaction; how many were new."""
    person = await context.owner(mailbox_id)

    def change(connection: Connection) -> int:
        sealed = context.vault.seal(connection, person, _cell(mailbox_id), profile.data)
        profiles.put(connection, mailbox_id, sealed=sealed, learned=profile.learned, expected=expected)
        return learned_messages.record(connection, mailbox_id, messages)

    return await context.write(change)


async def replace(
    context: Context, mailbox_id: str, profile: Profile, expected: int, note: Callable[[Connection], object]
) -> None:
    """Writes over version expected, with what is noted beside it, in one transaction."""
    person = await context.owner(mailbox_id)

    def change(connection: Connection) -> None:
        sealed = context.vault.seal(connection, person, _cell(mailbox_id), profile.data)
        profiles.put(connection, mailbox_id, sealed=sealed, learned=profile.learned, expected=expected)
        note(connection)

    await context.write(change)


async def discard(context: Context, mailbox_id: str, note: Callable[[Connection], object] = lambda _: None) -> None:
    """Forgets the profile, so that it is learned again from the owner's folders; note: what is done before, with it."""

    def change(connection: Connection) -> None:
        note(connection)
        profiles.discard(connection, mailbox_id)
        learned_messages.unlearn(connection, mailbox_id)

    await context.write(change)


def _cell(mailbox_id: str) -> Cell:
    return Cell("profile", mailbox_id, "sealed")
