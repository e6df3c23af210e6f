"""Published senders and the folders for their mail: a suggestion before anything was learned, and never a move."""

import time
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publicsuffixlist import PublicSuffixList

from classifier import gate
from classifier.choice import ABSTAINED, Choice, Engine, Reason
from classifier.gate import Cleared, ClearedFolder
from classifier.marks import marks
from classifier.offer import NAMED_AT_MOST
from classifier.well_known.kinds import BrokenKinds, kinds, parsed
from classifier.well_known.suggestion import KNOWN_AT_MOST, Suggestions
from gateway.organise.decision import MOVE_AT
from mail_organiser.classifier.v1 import classifier_pb2 as pb
from mail_organiser.columns import FolderText, MessageText
from mail_organiser.digest import folder_digest
from mail_organiser.mail.v1.mail_pb2 import Purpose

NAMES = ("Reisen", "Bank & Steuern", "Misc", "Newsletters")
MAILBOXES = {"gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "gmx.de", "web.de", "orange.fr", "icloud.com"}
CLOSED = {"gouv.fr", "gov.br", "gov.ie", "gov.pl", "gov.sg", "gov.uk", "qld.gov.au", "nhs.uk"}  # one owner each
NOBODY: Any = None  # the gate's proof: its own business


def cleared(folders: Sequence[FolderText], sentinel: Any) -> list[ClearedFolder]:
    clearance = sentinel.clear(bytes(16), [folder_digest(Purpose.PURPOSE_FOLDER, each) for each in folders])
    return gate.open_batch(clearance, trust=sentinel.trust, batch_id=bytes(16), now=time.time()).folders(folders)


@pytest.fixture
def suggestions(sentinel: Any) -> Suggestions:
    return Suggestions(cleared([FolderText(f"f{at}", name) for at, name in enumerate(NAMES)], sentinel), kinds())


def mail(address: str | None, list_id: str | None = None) -> Cleared:
    return Cleared(MessageText("Hello", "Somebody", address, list_id), NOBODY)


@pytest.mark.parametrize(
    ("address", "list_id", "folder"),
    [
        ("noreply@booking.com", None, 0),
        ("noreply@mail.eu.BOOKING.com", None, 0),
        ("noreply@notbooking.com", None, None),
        ("noreply@booking.com.evil.test", None, None),
        ("noreply@com", None, None),
        ("booking.com", None, 0),
        ("somebody@shop.test", None, None),
        (None, None, None),
        ("somebody@shop.test", "letters.shop.test", 3),
        ("somebody@shop.test", "deals.lufthansa.com", 0),
        ("noreply@booking.com", "letters.shop.test", 0),
        ("@" + "a." * 5000 + "booking.com", None, 0),
    ],
)
def test_mail_of_one_kind_is_suggested_for_its_folder(
    suggestions: Suggestions, address: str | None, list_id: str | None, folder: int | None
) -> None:
    """By the organisation's domain to the letter or below it, else by who runs the list, else because it is one."""
    choice = suggestions.instead_of(ABSTAINED, mail(address, list_id))
    assert choice.folder == folder
    assert choice == ABSTAINED or (choice.engine, choice.reason) == (Engine.LEARNED, Reason.WELL_KNOWN)


def test_the_longest_listed_domain_counts() -> None:
    """Google's account warnings are about security; a name between two listed ones is of the shorter."""
    known = parsed(
        {"a": {"senders": ["x.test", "deep.x.test"], "folders": []}, "b": {"senders": ["y.x.test"], "folders": []}}
    )
    assert [known.sent_from(name) for name in ("x.test", "z.x.test", "q.y.x.test", "deep.x.test")] == [
        "a",
        "a",
        "b",
        "a",
    ]
    assert kinds().sent_from("accounts.google.com") == "security"
    assert kinds().sent_from("google.com") is None


def test_two_folders_of_one_kind_are_no_suggestion(sentinel: Any) -> None:
    """Which one is the owner's to say; a folder that has it in its name goes before one that mentions it."""
    two = Suggestions(cleared([FolderText("a", "Travel"), FolderText("b", "Trips 2024")], sentinel), kinds())
    one = Suggestions(
        cleared([FolderText("a", "Misc", "flights and hotels"), FolderText("b", "Trips")], sentinel), kinds()
    )
    assert two.instead_of(ABSTAINED, mail("noreply@booking.com")) == ABSTAINED
    assert one.instead_of(ABSTAINED, mail("noreply@booking.com")).folder == 1


def test_a_description_says_less_than_a_name(sentinel: Any) -> None:
    """Both are suggestions."""
    named = Suggestions(cleared([FolderText("a", "Travel")], sentinel), kinds())
    described = Suggestions(cleared([FolderText("a", "Misc", "travel")], sentinel), kinds())
    by_name, by_words = (each.instead_of(ABSTAINED, mail("noreply@booking.com")) for each in (named, described))
    assert KNOWN_AT_MOST == by_name.confidence > by_words.confidence > 0


@given(
    address=st.one_of(
        st.none(), st.text(), st.sampled_from(["a@booking.com", "a@github.com", "a@accounts.google.com"])
    ),
    list_id=st.one_of(st.none(), st.text(), st.sampled_from(["a.github.com", "a.test"])),
    names=st.lists(st.one_of(st.text(), st.sampled_from(["Travel", "Security", "Code news"])), max_size=5),
    before=st.floats(0, 1),
)
def test_a_hint_alone_never_moves(address: str | None, list_id: str | None, names: list[str], before: float) -> None:
    """Whatever sender, list and folders say: what was learned stands, or a suggestion below every move."""
    folders = [ClearedFolder(FolderText(f"f{at}", name, name), NOBODY) for at, name in enumerate(names)]
    learned = Choice(0, before, Engine.LEARNED, Reason.SENDER)
    choice = Suggestions(folders, kinds()).instead_of(learned, mail(address, list_id))
    assert choice is learned or learned.confidence < choice.confidence <= KNOWN_AT_MOST < NAMED_AT_MOST < MOVE_AT


async def test_a_stranger_with_an_empty_profile_gets_suggestions(desk: Any) -> None:
    """Through the door: the first mail of an owner whose folders hold nothing yet."""
    folders = [FolderText("fol_0", "Travel"), FolderText("fol_1", "Build mail", "Builds and code reviews")]
    messages = [MessageText("Hello", "B", "noreply@booking.com"), MessageText("Hello", "G", "noreply@github.com")]
    async with desk.open() as classifier:
        answer = await classifier.Classify(desk.sentinel.classify(messages, folders), timeout=30)
    assert (list(answer.folder), set(answer.reason)) == ([0, 1], {pb.REASON_WELL_KNOWN})
    assert max(answer.confidence) < MOVE_AT


def test_what_was_learned_goes_before_what_is_known(taught: Any, sentinel: Any) -> None:
    """An owner who files Booking's mail elsewhere is not told otherwise."""
    folders = cleared([FolderText("fol_travel", "Travel"), FolderText("fol_bills", "Bills")], sentinel)
    suggestions, engine = Suggestions(folders, kinds()), taught.engine
    for number in range(30):
        taught.learn(MessageText(f"Invoice {number}", "Booking", "billing@booking.com"), "fol_bills")
        taught.learn(MessageText(f"Trip {number}", "Ann", f"ann{number}@home.test"), "fol_travel")
    message = taught.cleared(MessageText("Invoice 31", "Booking", "billing@booking.com"))
    learned = engine.choose(
        marks(message, engine.key), engine.offer([engine.key.label(each.text.id) for each in folders])
    )
    assert suggestions.instead_of(learned, message) == learned
    assert learned.folder == 1


def test_published_senders_are_domains_of_one_owner() -> None:
    """No mailbox provider, no public suffix under which strangers have names, all of it sorted."""
    known, suffixes = kinds(), PublicSuffixList()
    assert len(known.of_domain) > 500
    assert not MAILBOXES & set(known.of_domain)
    assert {name for name in known.of_domain if suffixes.publicsuffix(name) == name} == CLOSED
    by_kind: dict[str, list[str]] = {}
    for name, kind in known.of_domain.items():
        by_kind.setdefault(kind, []).append(name)
    assert all(names == sorted(names) for names in by_kind.values())


def test_every_kind_has_senders_and_words() -> None:
    """A kind that nobody sends, or for which no folder is ever called, helps nobody."""
    known = kinds()
    assert set(known.of_domain.values()) == set(known.of_word.values())


@pytest.mark.parametrize(
    "table",
    [
        {"senders": ["Upper.test"], "folders": []},
        {"senders": ["nodot"], "folders": []},
        {"senders": ["a.test", "a.test"], "folders": []},
        {"senders": [], "folders": ["two words"]},
        {"senders": [], "folders": ["Upper"]},
        {"senders": [], "folders": ["twice", "twice"]},
    ],
)
def test_a_damaged_file_is_refused(table: dict[str, list[str]]) -> None:
    """It stops the start, rather than hinting wrongly."""
    with pytest.raises(BrokenKinds):
        parsed({"kind": table})


def test_the_published_file_is_installed() -> None:
    """It is data of the package."""
    assert files("classifier.well_known").joinpath("kinds.toml").is_file()


def letter(number: int, list_id: str | None) -> MessageText:
    """Of a list on which everybody writes once, of something else, to the same recipient."""
    word = "".join(chr(ord("a") + (number * at) % 23) for at in (1, 5, 7, 11, 13))
    return MessageText(word, word[::-1], f"{word}@{word}.test", list_id, ("me@home.test",))


def test_mail_of_a_list_goes_where_the_list_went_last(taught: Any, teach: Any, post: Any) -> None:
    """New senders and subjects, all to the owner: the list is what they share; it is known soon, and followed."""
    apart, folders = teach(), ("fol_news", "fol_family", "fol_work")
    for person in (taught, apart):
        person.learn_all(post.stream(150))
    for number in range(8):
        for person in (taught, apart):
            person.learn(letter(number + 40, None), "fol_work")
        taught.learn(letter(number, "boats.lists.test"), "fol_family")
        apart.learn(letter(number, None), "fol_family")
    with_list = taught.choose(letter(99, "boats.lists.test"), folders)
    without = apart.choose(letter(99, None), folders)
    assert with_list.folder == 1
    assert with_list.reason is Reason.RECIPIENTS
    assert with_list.confidence > without.confidence + 0.1
    for number in range(20, 25):
        taught.learn(letter(number, "boats.lists.test"), "fol_news")
    assert taught.choose(letter(97, "boats.lists.test"), folders).folder == 0
