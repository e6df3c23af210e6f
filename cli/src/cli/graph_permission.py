"""The permissions that a registration needs, with Microsoft's ids for them and the reason for each.

Source of the ids: learn.microsoft.com/graph/permissions-reference, delegated permissions of Microsoft Graph.
"""

import json
from collections.abc import Sequence
from typing import Final, NamedTuple

from gateway.identity.scopes import PINNED, Consent
from gateway.store.codes import Access

MICROSOFT_GRAPH: Final = "00000003-0000-0000-c000-000000000000"


class Permission(NamedTuple):
    """One delegated permission: name, Microsoft's id, and why we ask for it."""

    name: str
    id: str
    why: str


PERMISSIONS: Final = {
    each.name: each
    for each in (
        Permission("openid", "37f7f235-527c-4136-accd-4a02d197296e", "who signed in"),
        Permission("profile", "14dad69e-099b-42c9-810b-d002981feec1", "the name to show"),
        Permission("offline_access", "7427e0e9-2fba-42fe-b0c0-848c9e6a8182", "to go on with a scan that takes long"),
        Permission("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "whose mailbox it is"),
        Permission("Mail.ReadBasic", "a4b8392a-d8d1-4954-a029-8e668a39a170", "to look at mail, without any body"),
        Permission("Mail.ReadWrite", "024d486e-b451-40bb-833d-3e66d98c5c73", "to move mail into folders"),
        Permission(
            "MailboxSettings.Read",
            "87f447af-9fa4-4c32-9dfa-4a57a73d18ce",
            "to show times as you read them",
        ),
    )
}
_SIGNING_IN: Final = ("openid", "profile", "offline_access")


def needed(consent: Consent) -> Sequence[Permission]:
    """What a registration must list, in a fixed order: with preview-first both sets, since one comes later."""
    sets = [Access.FULL] if consent is Consent.AT_ONCE else [Access.PREVIEW, Access.FULL]
    wanted = {*_SIGNING_IN, *(name for access in sets for name in PINNED[access])}
    return [permission for name, permission in PERMISSIONS.items() if name in wanted]


def manifest(consent: Consent) -> str:
    """The list as `az ad app create --required-resource-accesses` takes it, JSON on one line."""
    access = [{"id": permission.id, "type": "Scope"} for permission in needed(consent)]
    return json.dumps([{"resourceAppId": MICROSOFT_GRAPH, "resourceAccess": access}])
