"""Which scopes open what, as Microsoft's permissions reference says.

Guarantees that an operation without an entry here can't exist: each route names what it needs.
"""

from collections.abc import Collection

from sandbox.graph import error
from sandbox.graph.exchange import Call

USER_READ = "User.Read"
READ_BASIC = "Mail.ReadBasic"
READ = "Mail.Read"
READ_WRITE = "Mail.ReadWrite"
SETTINGS_READ = "MailboxSettings.Read"

READING = frozenset({READ_BASIC, READ, READ_WRITE})
CONTENT = frozenset({READ, READ_WRITE})
WRITING = frozenset({READ_WRITE})
PERSON = frozenset({USER_READ})
SETTINGS = frozenset({SETTINGS_READ})
ALL = READING | PERSON | SETTINGS


def demand(call: Call, wanted: Collection[str]) -> None:
    """GraphError 403 unless the token has one of the scopes `wanted`."""
    if call.scopes.isdisjoint(wanted):
        raise error.access_denied()


def sees_content(call: Call) -> bool:
    """Whether the token lets message bodies through. Mail.ReadBasic alone does not."""
    return not call.scopes.isdisjoint(CONTENT)
