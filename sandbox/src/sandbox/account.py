"""Who can sign in to the sandbox, each with a mailbox of their own."""

import dataclasses
import uuid

NAMESPACE = uuid.UUID("6b0f2d3e-54a5-4f0c-9f6b-7d1a3f2c9e11")  # of our own, so that oids repeat from run to run


@dataclasses.dataclass(frozen=True, slots=True)
class Account:
    """A person. `oid`, Entra's object id, names the mailbox too. `personal` is a Microsoft account without a tenant."""

    principal: str
    oid: str
    personal: bool


def accounts(principals: tuple[str, ...], *, personal: bool) -> dict[str, Account]:
    """Accounts by oid, in the order given."""
    made = [Account(one, str(uuid.uuid5(NAMESPACE, one.casefold())), personal) for one in principals]
    return {one.oid: one for one in made}
