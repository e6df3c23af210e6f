"""The permissions that we ask Microsoft for, and what a grant amounts to.

Guarantees: two pinned sets and no other; a grant that lacks what the work needs admits nobody, one with more than both
sets hold admits nobody either - a token that could send mail or read files is not kept. Pure.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from gateway.store.codes import Access


class Consent(StrEnum):
    """When the permission to move mail is asked for: with the first sign-in, or before the first move."""

    AT_ONCE = "at-once"
    PREVIEW_FIRST = "preview-first"


# Changing a line here changes what people consent to: tests pin it. MSAL adds openid, profile and offline_access.
PINNED: Final[Mapping[Access, tuple[str, ...]]] = {
    Access.PREVIEW: ("Mail.ReadBasic", "User.Read"),
    Access.FULL: ("Mail.ReadWrite", "MailboxSettings.Read", "User.Read"),
}
FIRST: Final[Mapping[Consent, Access]] = {Consent.AT_ONCE: Access.FULL, Consent.PREVIEW_FIRST: Access.PREVIEW}
_NEEDED: Final[Mapping[Access, frozenset[str]]] = {  # without these the calls that we make are refused
    Access.FULL: frozenset({"Mail.ReadWrite", "User.Read"}),
    Access.PREVIEW: frozenset({"Mail.ReadBasic", "User.Read"}),
}
_SIGNING_IN: Final = frozenset({"openid", "profile", "email", "offline_access"})
_PERMISSIONS: Final = frozenset(name for names in PINNED.values() for name in names)
_KNOWN: Final = _PERMISSIONS | _SIGNING_IN
_GRAPH: Final = "https://graph.microsoft.com/"  # Graph's scopes come with or without it; another resource's never


class TooWide(Exception):
    """The grant holds permissions that we never ask for."""


class TooNarrow(Exception):
    """The grant holds no set of permissions that we can work with."""


def told(granted: str) -> frozenset[str]:
    """The permissions of a token answer's `scope`, by their plain names; those of signing in are none."""
    return frozenset(name.removeprefix(_GRAPH) for name in granted.split()) & _PERMISSIONS


def access_of(granted: str) -> Access:
    """What a token answer's `scope` amounts to. TooWide, TooNarrow."""
    names = {name.removeprefix(_GRAPH) for name in granted.split()}
    if names - _KNOWN:
        raise TooWide
    for access, needed in _NEEDED.items():
        if needed <= names:
            return access
    raise TooNarrow
