"""Which Microsoft accounts may sign in: Entra's word for it, and the authority that the gateway then asks."""

import re
from enum import StrEnum
from typing import Final, NamedTuple

LOGIN: Final = "https://login.microsoftonline.com"
GUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Accounts(StrEnum):
    """The four kinds of registration that Entra knows."""

    ORGANISATION = "organisation"
    ORGANISATIONS = "organisations"
    EVERYONE = "everyone"
    PERSONAL = "personal"


class Kind(NamedTuple):
    """audience: `signInAudience` of the registration; path: of the authority, None for the tenant's own id."""

    audience: str
    path: str | None
    portal: str
    meaning: str


KINDS: Final = {
    Accounts.ORGANISATION: Kind(
        "AzureADMyOrg",
        None,
        "Accounts in this organizational directory only (Single tenant)",
        "people of your own organisation; the safest choice",
    ),
    Accounts.ORGANISATIONS: Kind(
        "AzureADMultipleOrgs",
        "organizations",
        "Accounts in any organizational directory (Multitenant)",
        "people of any organisation",
    ),
    Accounts.EVERYONE: Kind(
        "AzureADandPersonalMicrosoftAccount",
        "common",
        "Accounts in any organizational directory and personal Microsoft accounts",
        "any organisation, and outlook.com, hotmail.com and live.com",
    ),
    Accounts.PERSONAL: Kind(
        "PersonalMicrosoftAccount",
        "consumers",
        "Personal Microsoft accounts only",
        "outlook.com, hotmail.com and live.com alone",
    ),
}


def authority(accounts: Accounts, tenant: str) -> str:
    """The authority's address. tenant: the directory's id, which only ORGANISATION puts into it."""
    return f"{LOGIN}/{KINDS[accounts].path or tenant}"


def guid(text: str) -> str | None:
    """An id as Entra writes it, in lower case; None when it is none."""
    trimmed = text.strip().lower()
    return trimmed if GUID.fullmatch(trimmed) else None
