"""Readers of the mail that people have, as seeds of the sandbox's mailbox.

Guarantees: one entry, `read(path)`, tells the kind of a mailbox by its content and streams SeedMessages from it; memory
doesn't grow with the number of messages or the size of attachments; every message is yielded or counted with a reason;
every text that leaves is one UTF-8 can carry. Never decodes or keeps a body, never writes, follows no link to a folder.
"""

from sandbox.seeds.reader import read
from sandbox.seeds.reading import LeftOut, Reading, Refusal
from sandbox.seeds.unreadable import UnreadableMailbox

__all__ = ["LeftOut", "Reading", "Refusal", "UnreadableMailbox", "read"]
