"""A link is followed to the configured host and the same folder, or not at all."""

import copy
from dataclasses import replace
from urllib.parse import quote, unquote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.graph.endpoint import Endpoint
from gateway.graph.errors import LinkRefused
from gateway.graph.link import LIST_ID_EXPAND, MAX_LINK, MESSAGE_SELECT, Asked, FolderLink, Links, PageLink
from gateway.graph.message import GraphFolderId

FOLDER = GraphFolderId("AAMkAD_box-1=")
HOST = "https://graph.microsoft.com"
PATH = f"/v1.0/me/mailFolders/{FOLDER}/messages/delta"
LINKS = Links(Endpoint.parse(f"{HOST}/v1.0"), Asked.WITH_LIST_ID)
PLAIN = Links(Endpoint.parse(f"{HOST}/v1.0"), Asked.METADATA)
EXPAND = quote(LIST_ID_EXPAND)

HOSTILE = {
    "other host": f"https://graph.microsoft.com.evil.example{PATH}?$skiptoken=a",
    "host as prefix": f"https://graph.microsoft.community{PATH}?$skiptoken=a",
    "plain http": f"http://graph.microsoft.com{PATH}?$skiptoken=a",
    "metadata service": f"https://169.254.169.254{PATH}",
    "metadata service over http": "http://169.254.169.254/latest/meta-data/",
    "loopback": f"https://127.0.0.1{PATH}",
    "userinfo": f"https://graph.microsoft.com@evil.example{PATH}",
    "userinfo before the host": f"https://user:pass@graph.microsoft.com{PATH}",
    "userinfo with a port": f"https://graph.microsoft.com:443@evil.example{PATH}",
    "default port": f"https://graph.microsoft.com:443{PATH}",
    "other port": f"https://graph.microsoft.com:8443{PATH}",
    "empty port": f"https://graph.microsoft.com:{PATH}",
    "trailing dot": f"https://graph.microsoft.com.{PATH}",
    "upper-case host": f"https://GRAPH.microsoft.com{PATH}",
    "upper-case scheme": f"HTTPS://graph.microsoft.com{PATH}",
    "punycode": f"https://xn--grph-microsoft-com-x2b{PATH}",
    "look-alike letters": f"https://gr\u0430ph.microsoft.com{PATH}",
    "fullwidth dot": f"https://graph\uff0emicrosoft.com{PATH}",
    "backslash for slash": f"https:\\\\graph.microsoft.com{PATH}",
    "backslash before the path": f"https://graph.microsoft.com\\@evil.example{PATH}",
    "backslash in the path": f"{HOST}/v1.0/me\\mailFolders/{FOLDER}/messages/delta",
    "no scheme": f"//graph.microsoft.com{PATH}",
    "relative": PATH,
    "other scheme": f"file://graph.microsoft.com{PATH}",
    "javascript": "javascript:alert(1)",
    "empty": "",
    "host only": HOST,
    "double slash": f"{HOST}//v1.0/me/mailFolders/{FOLDER}/messages/delta",
    "double slash inside": f"{HOST}/v1.0/me//mailFolders/{FOLDER}/messages/delta",
    "other root": f"{HOST}/beta/me/mailFolders/{FOLDER}/messages/delta",
    "other folder": f"{HOST}/v1.0/me/mailFolders/AAMkAD_box-2=/messages/delta",
    "folder in another case": f"{HOST}/v1.0/me/mailFolders/{FOLDER.lower()}/messages/delta",
    "other person": f"{HOST}/v1.0/users/someone/mailFolders/{FOLDER}/messages/delta",
    "not delta": f"{HOST}/v1.0/me/mailFolders/{FOLDER}/messages",
    "one message": f"{HOST}/v1.0/me/mailFolders/{FOLDER}/messages/AAMkAD1/$value",
    "below delta": f"{PATH}/$value",
    "whole mailbox": f"{HOST}/v1.0/me/messages/delta",
    "dots": f"{HOST}/v1.0/me/mailFolders/x/../{FOLDER}/messages/delta",
    "dots after": f"{HOST}{PATH}/../../../messages",
    "encoded dots": f"{HOST}/v1.0/me/%2e%2e/me/mailFolders/{FOLDER}/messages/delta",
    "encoded slash": f"{HOST}/v1.0/me%2FmailFolders/{FOLDER}/messages/delta",
    "doubly encoded": f"{HOST}/v1.0/me/mailFolders/AAMkAD_box-1%253D/messages/delta",
    "encoded letter": f"{HOST}/v1.0/%6de/mailFolders/{FOLDER}/messages/delta",
    "fragment": f"{HOST}{PATH}?$skiptoken=a#@evil.example",
    "fragment in the host": f"https://graph.microsoft.com#@evil.example{PATH}",
    "space": f"{HOST}{PATH}?$skiptoken=a b",
    "line break": f"{HOST}{PATH}?$skiptoken=a\r\nHost: evil.example",
    "tab in the scheme": f"ht\ttps://graph.microsoft.com{PATH}",
    "leading space": f" {HOST}{PATH}",
    "trailing line break": f"{HOST}{PATH}\n",
    "null": f"{HOST}{PATH}\0",
    "brackets": f"https://[::ffff:169.254.169.254]{PATH}",
    "selects a body": f"{HOST}{PATH}?$select=id,body",
    "selects everything": f"{HOST}{PATH}?$select=*",
    "selects a preview, encoded": f"{HOST}{PATH}?%24select=id%2CbodyPreview&$skiptoken=a",
    "expands": f"{HOST}{PATH}?$expand=attachments&$skiptoken=a",
    "expands every named property": f"{HOST}{PATH}?$expand=singleValueExtendedProperties&$skiptoken=a",
    "expands another property": f"{HOST}{PATH}?$expand={EXPAND.replace('list-id', 'received')}&$skiptoken=a",
    "expands one more property": f"{HOST}{PATH}?$expand={EXPAND},attachments&$skiptoken=a",
    "searches": f"{HOST}{PATH}?$search=password",
    "a second select": f"{HOST}{PATH}?$select=id&$select=uniqueBody",
    "unknown option": f"{HOST}{PATH}?$format=atom",
    "too long": f"{HOST}{PATH}?$skiptoken={'a' * MAX_LINK}",
}
HONEST = [
    f"{HOST}{PATH}?$skiptoken=abc%3D%3D",
    f"{HOST}{PATH}?%24deltatoken=abc",
    f"{HOST}{PATH}()?$deltatoken=abc",
    f"{HOST}/v1.0/me/mailfolders('{FOLDER}')/messages/delta?$skiptoken=abc",
    f"{HOST}/v1.0/me/mailFolders('AAMkAD_box-1%3D')/messages/delta?$skiptoken=abc",
    f"{HOST}/v1.0/me/mailFolders/AAMkAD_box-1%3d/messages/delta?$select=id,subject&$skiptoken=abc",
    f"{HOST}{PATH}?%24expand={EXPAND.replace('%20', '+')}&$skiptoken=abc",
]


def first(total: int = 1_000) -> PageLink:
    return LINKS.first_page(FOLDER, size=100, total=total)


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_link_is_refused(url: str) -> None:
    """No spelling of another place, and no wider question, becomes a PageLink."""
    with pytest.raises(LinkRefused):
        LINKS.following(first(), url)
    with pytest.raises(LinkRefused):
        LINKS.resumed(FOLDER, url, size=100)
    with pytest.raises(LinkRefused):
        LINKS.round_after(first(), url)


@pytest.mark.parametrize("url", HONEST)
def test_honest_link_is_followed_verbatim(url: str) -> None:
    """Graph's spellings of one path are accepted; the token is passed on untouched, to our host for every parser."""
    link = LINKS.following(first(), url)
    assert link is not None
    assert link.url == url
    parsed = httpx.URL(link.url)
    assert (parsed.scheme, parsed.netloc, parsed.userinfo) == ("https", b"graph.microsoft.com", b"")


@given(st.text(max_size=40), st.sampled_from(["host", "path", "end"]))
def test_accepted_link_is_ours_for_another_parser(noise: str, where: str) -> None:
    """Whatever is spliced into a link: if it is accepted, httpx too sends it to our host and below our folder."""
    url = {
        "host": f"https://graph.microsoft.com{noise}{PATH}",
        "path": f"{HOST}/v1.0/me/mailFolders/{noise}{FOLDER}/messages/delta",
        "end": f"{HOST}{PATH}{noise}",
    }[where]
    try:
        link = LINKS.following(first(), url)
    except LinkRefused:
        return
    assert link is not None
    parsed = httpx.URL(link.url)
    assert (parsed.scheme, parsed.netloc) == ("https", b"graph.microsoft.com")
    assert parsed.path in (PATH, f"{PATH}()")


def test_first_page_asks_for_the_fixed_select() -> None:
    """A first page names every field that it wants, and none that is forbidden."""
    plain = PLAIN.first_page(FOLDER, size=100, total=10).url
    assert plain == f"{HOST}{PATH}?$select={MESSAGE_SELECT}"
    assert unquote(first().url) == f"{plain}&$expand={LIST_ID_EXPAND}"
    assert not {"body", "bodyPreview", "uniqueBody", "attachments"} & set(MESSAGE_SELECT.split(","))


def test_what_is_asked_of_sent_items() -> None:
    """To whom, newest first, one page: nothing follows it, and no other page is one of it."""
    link = LINKS.sent(1000)
    path = "/v1.0/me/mailFolders/sentitems/messages"
    assert link.url == f"{HOST}{path}?$select=id,toRecipients&$top=1000&$orderby=receivedDateTime%20desc"
    assert link.last == link.page
    with pytest.raises(LinkRefused):
        LINKS.following(link, link.url)  # type: ignore[type-var]  # what mypy refuses is refused at run time too


@pytest.mark.parametrize("folder", ["..", "a/b", "a?b", "", "a%2fb", "inbox\n", "a#b", "a.b"])
def test_folder_id_that_is_a_path_makes_no_link(folder: str) -> None:
    """An id out of a database can't lead to another path."""
    with pytest.raises(LinkRefused):
        LINKS.first_page(GraphFolderId(folder), size=10, total=1)
    with pytest.raises(LinkRefused):
        LINKS.folders(GraphFolderId(folder))


@pytest.mark.parametrize("size", [0, -1, 1001])
def test_page_size_is_bounded(size: int) -> None:
    """Graph takes 1 to 1000."""
    with pytest.raises(ValueError, match="page size"):
        LINKS.first_page(FOLDER, size=size, total=1)


def walk(link: PageLink, tokens: list[str]) -> PageLink:
    for token in tokens:
        following = LINKS.following(link, f"{HOST}{PATH}?$skiptoken={token}")
        assert following is not None
        link = following
    return link


def test_page_that_names_itself_is_refused() -> None:
    """The shortest circle ends at once."""
    with pytest.raises(LinkRefused):
        walk(first(), ["a", "a"])


@pytest.mark.parametrize("length", [2, 3, 7, 20])
def test_circle_ends_before_the_cap_does(length: int) -> None:
    """Every circle is found after at most three times its length, however large the folder says it is."""
    circle = [f"t{number}" for number in range(length)]
    with pytest.raises(LinkRefused):
        walk(first(total=1_000_000), ["start", *circle * 4])


def test_walk_is_as_long_as_the_folder_can_be() -> None:
    """100 messages are 10 pages at Graph's smallest, and some to spare; after that no page is followed."""
    last = walk(first(total=100), [f"t{number}" for number in range(25)])
    assert last.page == last.last == 26
    with pytest.raises(LinkRefused):
        walk(last, ["one more"])


def test_next_round_starts_anew() -> None:
    """A deltaLink begins a walk of its own, in the same folder and page size."""
    link = LINKS.round_after(walk(first(), ["a", "b"]), f"{HOST}{PATH}?$deltatoken=d")
    assert link is not None
    assert (link.page, link.folder_id, link.size) == (1, FOLDER, 100)


def test_what_may_not_be_asked_may_not_be_followed() -> None:
    """Without the permission for it, a link that would read a named property is refused like any wider one."""
    url = f"{HOST}{PATH}?$expand={EXPAND}&$skiptoken=abc"
    assert LINKS.following(first(), url) is not None
    with pytest.raises(LinkRefused):
        PLAIN.following(PLAIN.first_page(FOLDER, size=100, total=1), url)


@pytest.mark.parametrize(
    ("scopes", "asked"),
    [
        ((), Asked.METADATA),
        (("Mail.ReadBasic", "User.Read"), Asked.METADATA),
        (("Mail.ReadBasic", "Mail.ReadWrite"), Asked.WITH_LIST_ID),
        (("Mail.Read",), Asked.WITH_LIST_ID),
    ],
)
def test_the_list_is_asked_for_where_the_permission_gives_it(scopes: tuple[str, ...], asked: Asked) -> None:
    """Mail.ReadBasic gives no extended property: Microsoft would refuse the whole page."""
    assert Asked.of(scopes) is asked


def test_nobody_else_makes_a_link() -> None:
    """Neither the constructor nor replace() gives a proof; a copy proves what its original proved."""
    with pytest.raises(LinkRefused):
        PageLink("https://evil.example", FOLDER, 10, 1, 10, "", object())
    with pytest.raises(ValueError, match="proof"):
        replace(first(), url="https://evil.example")
    assert copy.copy(first()) == first()


def test_link_is_silent() -> None:
    """The tokens of a walk stay out of logs."""
    assert "skiptoken" not in repr(LINKS.resumed(FOLDER, HONEST[0], size=10))


def test_folder_link_stays_a_folder_link() -> None:
    """A page of folders can't lead to messages, nor a page of messages to folders."""
    top, below = LINKS.folders(None), LINKS.folders(FOLDER)
    assert isinstance(LINKS.following(top, f"{HOST}/v1.0/me/mailFolders?$skip=100"), FolderLink)
    assert LINKS.following(below, f"{HOST}/v1.0/me/mailFolders/{FOLDER}/childFolders?$skip=100") is not None
    for link, url in (
        (top, f"{HOST}{PATH}"),
        (top, f"{HOST}/v1.0/me/mailFolders/{FOLDER}/childFolders"),
        (below, f"{HOST}{PATH}"),
        (below, f"{HOST}/v1.0/me/mailFolders/{FOLDER}/childFolders?$select=id,body"),
    ):
        with pytest.raises(LinkRefused):
            LINKS.following(link, url)


@pytest.mark.parametrize(
    "url",
    [
        "http://graph.microsoft.com/v1.0",
        "https://user@graph.microsoft.com/v1.0",
        "https://graph.microsoft.com/beta",
        "https://graph.microsoft.com",
        "https://graph.microsoft.com/v1.0?x",
        "https://graph.microsoft.com/../v1.0",
        "https://Graph.microsoft.com/v1.0",
        "https://graph.microsoft.com\\v1.0",
    ],
)
def test_endpoint_refuses_what_is_not_plain(url: str) -> None:
    """The setting itself can't be plain http, hold a name and password, or be spelt in two ways."""
    with pytest.raises(ValueError, match="graph endpoint"):
        Endpoint.parse(url)
