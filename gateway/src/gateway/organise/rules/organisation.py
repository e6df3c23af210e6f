"""Whose domain it is: what stands right below a public suffix (publicsuffix.org, the list of the pinned package). Pure.

A suffix itself (co.uk, github.io) is nobody's, and a domain where anybody gets a mailbox is no organisation: a rule for
it would file strangers.
"""

from functools import cache
from importlib.resources import files

from publicsuffixlist import PublicSuffixList


def organisation(domain: str) -> str | None:
    """The organisation's own domain above this one (in the form of address.domain), or None."""
    own = _suffixes().privatesuffix(domain)
    return None if own is None or own in _providers() else own


@cache
def _suffixes() -> PublicSuffixList:
    """Read once, at the first question. Private suffixes count: github.io is many people's."""
    return PublicSuffixList()


@cache
def _providers() -> frozenset[str]:
    """The large providers of personal mailboxes. They are no public suffixes, so that list does not have them."""
    return frozenset((files("gateway.organise.rules") / "mail_providers.txt").read_text(encoding="ascii").split())
