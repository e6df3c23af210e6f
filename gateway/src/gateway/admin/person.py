"""Which person a Microsoft account is here. Neither a name nor an address is asked, and none is answered."""

from sqlalchemy import Connection

from gateway.audit.event import Event, Kind, Outcome
from gateway.audit.trail import Trail
from gateway.store import people
from gateway.vault.vault import Vault


def look_up(connection: Connection, vault: Vault, audit: Trail, tenant_id: str, object_id: str) -> str | None:
    """The id of whoever signs in as this object of this Entra tenant; None: nobody. Recorded either way."""
    subject = vault.subject_index(tenant_id.lower(), object_id.lower())  # Entra's tokens have GUIDs in lower case
    found = people.by_subject(connection, subject)
    if found is None:
        audit.record(connection, Event(Kind.LOOKED_UP, Outcome.REFUSED))
        return None
    audit.record(connection, Event(Kind.LOOKED_UP, person=found.id))
    return found.id
