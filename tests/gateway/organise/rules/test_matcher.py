"""Whose mail it is: one reading of an address, a list and an organisation, and no trick makes two of them equal."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.message import GraphFolderId, Message, MessageId
from gateway.organise.rules.matcher import MailingList, Organisation, Sender, form, kept, matchers, written
from gateway.store.codes import MatcherKind

PLAIN = Message(MessageId("m"), GraphFolderId("f"), "s", "Ann", "ann@mail.shop.co.uk", (), None, None, is_draft=False)
CORPUS = Path(__file__).resolve().parents[3] / "corpus" / "sender_tricks.jsonl"  # written for this project
TRICKS = {one["trick"]: one["address"] for one in map(json.loads, CORPUS.read_text().splitlines())}
NEIGHBOURS = [
    "ann@evil-shop.co.uk",
    "ann@shop.co.uk.evil.test",
    "ann@sh0p.co.uk",
    "ann@shop.co",
    "ann@shop-co.uk",
    "ann@co.uk",
    "ann@xn--shp-ula.co.uk",
    "ann@other.co.uk",
    "anna@shop.co.uk.test",
]


def mail(**fields: Any) -> Message:
    return replace(PLAIN, **fields)


def domains(address: str) -> list[str]:
    return [one.domain for one in matchers(mail(sender_address=address)) if isinstance(one, Organisation)]


def test_the_narrowest_comes_first() -> None:
    """Sender, list, organisation: the order in which rules are asked."""
    assert matchers(mail(list_id="Offers.Shop.example")) == (
        Sender("ann@mail.shop.co.uk"),
        MailingList("offers.shop.example"),
        Organisation("shop.co.uk"),
    )


def test_case_of_ascii_is_no_difference() -> None:
    """Nothing else is evened out."""
    assert matchers(mail(sender_address="ANN@Mail.SHOP.co.UK")) == matchers(PLAIN)
    assert matchers(mail(sender_address="ann+x@mail.shop.co.uk"))[0] != matchers(PLAIN)[0]


def test_a_display_name_is_never_looked_at() -> None:
    """Whatever stands there: another address, another name, nothing."""
    assert {matchers(mail(sender_name=name)) for name in ("bob@else.test", None, "")} == {matchers(PLAIN)}


@pytest.mark.parametrize("address", TRICKS.values(), ids=TRICKS)
def test_a_trick_matches_nothing(address: str) -> None:
    """No second reading: such an address has no form, for a sender as little as for an organisation."""
    assert matchers(mail(sender_address=address)) == ()


@pytest.mark.parametrize("address", [one for one in TRICKS.values() if one.strip() == one], ids=str.__repr__)
def test_no_rule_is_made_of_a_trick(address: str) -> None:
    """An owner who is talked into one is told that it can't be."""
    assert written(MatcherKind.SENDER, address) is None


@pytest.mark.parametrize("address", NEIGHBOURS)
def test_a_neighbour_is_another(address: str) -> None:
    """Look-alike, longer, shorter, encoded: never the sender or the organisation that it resembles."""
    assert not set(matchers(mail(sender_address=address))) & {Sender("ann@shop.co.uk"), Organisation("shop.co.uk")}


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("a@shop.co.uk", ["shop.co.uk"]),
        ("a@x.y.shop.co.uk", ["shop.co.uk"]),
        ("a@co.uk", []),
        ("a@github.io", []),
        ("a@ann.github.io", ["ann.github.io"]),
        ("a@bob.github.io", ["bob.github.io"]),
        ("a@deep.ann.github.io", ["ann.github.io"]),
        ("a@www.ck", ["www.ck"]),
        ("a@shop.ck", []),
        ("a@xn--55qx5d.cn", []),
        ("a@shop.xn--55qx5d.cn", ["shop.xn--55qx5d.cn"]),
        ("a@xn--bcher-kva.example", ["xn--bcher-kva.example"]),
        ("a@shop.test", ["shop.test"]),
        ("a@gmail.com", []),
        ("a@hotmail.co.uk", []),
        ("a@mail.yahoo.com", []),
    ],
)
def test_an_organisation_is_what_stands_below_a_public_suffix(address: str, own: list[str]) -> None:
    """Of the list of public suffixes, private ones and exceptions included; never a provider of mailboxes."""
    assert domains(address) == own


@pytest.mark.parametrize(
    "text", ["co.uk", "github.io", "gmail.com", "mail.shop.co.uk", "shop.co.uk.", "*.shop.test", "test"]
)
def test_an_organisation_is_written_as_its_own_domain(text: str) -> None:
    """A suffix, a provider, a part of a domain, a pattern: refused."""
    assert written(MatcherKind.ORGANISATION, text) is None
    assert written(MatcherKind.ORGANISATION, "Shop.CO.uk") == Organisation("shop.co.uk")


@pytest.mark.parametrize("header", ["", "Offers", "Offers <>", "<a b.test>", "<\u0430.shop.test>", "a.test>, b", None])
def test_what_is_no_list_matches_nothing(header: str | None) -> None:
    """An empty or unreadable List-Id is none."""
    assert [one for one in matchers(mail(list_id=header)) if isinstance(one, MailingList)] == []


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_text_raises_and_what_matches_is_in_its_one_form(address: str, listed: str) -> None:
    """Whatever a stranger writes: each matcher is ASCII in lower case, and is what an owner would have to write."""
    for one in matchers(mail(sender_address=address, list_id=listed)):
        kind, text = form(one)
        assert text.isascii()
        assert text == text.lower()
        assert written(kind, text) == kept(kind, text) == one


LABEL = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?\Z")


@given(st.lists(LABEL, min_size=1, max_size=4), st.sampled_from(["shop.co.uk", "ann.github.io", "shop.test"]))
def test_whatever_stands_below_an_organisation_is_its(labels: list[str], own: str) -> None:
    """And whatever stands behind or beside it is not."""
    assert domains(f"a@{'.'.join(labels)}.{own}") == [own]
    assert domains(f"a@{own}.{'.'.join([*labels, 'evil'])}.test") != [own]
    assert domains(f"a@{labels[0]}{own}") != [own]
