"""By what a rule knows mail: an exact sender, a mailing list, an organisation. Never by a display name. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from gateway.graph.message import Message
from gateway.organise.rules.address import address, domain
from gateway.organise.rules.organisation import organisation
from gateway.store.codes import MatcherKind
from mail_organiser.list_id import bare_list_id


@dataclass(frozen=True, slots=True)
class Sender:
    """One address, in the form of rules.address."""

    address: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailingList:
    """One list's identifier."""

    list_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Organisation:
    """Every address at this domain and below it."""

    domain: str = field(repr=False)


Matcher = Sender | MailingList | Organisation


def matchers(message: Message) -> tuple[Matcher, ...]:
    """By which this message may be known, the narrowest first: sender, list, organisation. This order is the law."""
    sender = address(message.sender_address)
    listed = bare_list_id(message.list_id)
    own = None if sender is None else organisation(sender.domain)
    found: tuple[Matcher | None, ...] = (
        None if sender is None else Sender(sender.text),
        None if listed is None else MailingList(listed),
        None if own is None else Organisation(own),
    )
    return tuple(one for one in found if one is not None)


def written(kind: MatcherKind, text: str) -> Matcher | None:
    """What an owner wrote, as a matcher; None for what no mail could match or too much would."""
    return _WRITTEN[kind](text.strip())


def kept(kind: MatcherKind, text: str) -> Matcher:
    """What form() gave, as the matcher that it was: also when what may be written was another, with an older list."""
    return _KEPT[kind](text)


def form(matcher: Matcher) -> tuple[MatcherKind, str]:
    """Kind and text: written() and kept() make the same matcher of them."""
    match matcher:
        case Sender():
            return MatcherKind.SENDER, matcher.address
        case MailingList():
            return MatcherKind.LIST, matcher.list_id
        case Organisation():
            return MatcherKind.ORGANISATION, matcher.domain
        case _ as unreachable:
            assert_never(unreachable)


def _sender(text: str) -> Matcher | None:
    found = address(text)
    return None if found is None else Sender(found.text)


def _mailing_list(text: str) -> Matcher | None:
    found = bare_list_id(text)
    return None if found is None else MailingList(found)


def _organisation(text: str) -> Matcher | None:
    """The organisation's own domain alone: of a part of it, the owner is not asked to guess what is meant."""
    found = domain(text)
    return Organisation(found) if found is not None and organisation(found) == found else None


_KEPT: Final[Mapping[MatcherKind, Callable[[str], Matcher]]] = {
    MatcherKind.SENDER: Sender,
    MatcherKind.LIST: MailingList,
    MatcherKind.ORGANISATION: Organisation,
}
_WRITTEN: Final[Mapping[MatcherKind, Callable[[str], Matcher | None]]] = {
    MatcherKind.SENDER: _sender,
    MatcherKind.LIST: _mailing_list,
    MatcherKind.ORGANISATION: _organisation,
}
