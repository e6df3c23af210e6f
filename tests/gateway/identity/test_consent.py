"""What is asked of Microsoft and when, several mailboxes of one person, and what Microsoft says no with."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.identity import aadsts, scopes
from gateway.identity.needs_sign_in import NEEDS, NeedsSignIn
from gateway.identity.refusal import SENTENCES, TOLD_BY_MICROSOFT, SignInReason
from gateway.identity.scopes import TooNarrow, TooWide, access_of
from gateway.store import token_caches
from gateway.store.codes import Access, Need
from gateway.store.engine import reading

CLAIMS = '{"access_token": {"nbf": {"essential": true, "value": "1700000000"}}}'
STANDARD = {"openid", "profile", "offline_access"}
FIRST = "preview-first"


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def asked_scopes(url: str) -> set[str]:
    return set(query_of(url)["scope"].split()) - STANDARD


def granted(gateway: Any, mailbox_id: str) -> Access | None:
    with reading(gateway.engine) as connection:
        row = token_caches.get(connection, mailbox_id)
    return None if row is None else row.access


def test_the_two_pinned_sets_are_exactly_these() -> None:
    """What people consent to: the published policy's three, and the two that can't read a body or move a message."""
    assert scopes.PINNED == {
        Access.FULL: ("Mail.ReadWrite", "MailboxSettings.Read", "User.Read"),
        Access.PREVIEW: ("Mail.ReadBasic", "User.Read"),
    }


@pytest.mark.parametrize(
    ("grant", "access"),
    [
        ("Mail.ReadWrite MailboxSettings.Read User.Read openid profile", Access.FULL),
        ("https://graph.microsoft.com/Mail.ReadWrite https://graph.microsoft.com/User.Read", Access.FULL),
        ("Mail.ReadWrite Mail.ReadBasic User.Read email", Access.FULL),
        ("Mail.ReadBasic User.Read", Access.PREVIEW),
    ],
)
def test_a_grant_amounts_to_what_can_be_done_with_it(grant: str, access: Access) -> None:
    """With or without Graph's prefix; what was consented to before comes along."""
    assert access_of(grant) is access


@pytest.mark.parametrize("grant", ["", "openid", "Mail.ReadWrite", "User.Read", "User.Read MailboxSettings.Read"])
def test_a_grant_without_mail_or_person_is_too_narrow(grant: str) -> None:
    """Nothing that we do would work."""
    with pytest.raises(TooNarrow):
        access_of(grant)


@pytest.mark.parametrize(
    "more", ["Mail.Send", "Mail.Read", "Files.Read.All", "mail.readwrite", "https://outlook.office.com/Mail.ReadWrite"]
)
def test_a_grant_with_anything_else_is_too_wide(more: str) -> None:
    """A token that could do more than we say is not kept; another resource's scope is not Graph's."""
    with pytest.raises(TooWide):
        access_of(f"Mail.ReadWrite User.Read {more}")


async def test_preview_first_asks_for_no_more_than_looking(run_gateway: Any, sandbox: Any) -> None:
    """And Graph itself then keeps bodies and moves from us."""
    async with run_gateway(consent=FIRST) as gateway:
        url, _ = await gateway.start()
        assert asked_scopes(url) == {"Mail.ReadBasic", "User.Read"}
        signed_in = await gateway.sign_in()
        (mailbox_id,) = signed_in["mailboxes"]
        token = await gateway.source.access_token(mailbox_id)
        bearer = {"Authorization": f"Bearer {token}"}
        assert sandbox.http("GET", "/v1.0/me/mailFolders", bearer)[0] == 200
        move = ("POST", "/v1.0/me/messages/any/move", {**bearer, "Content-Type": "application/json"})
        assert sandbox.http(*move, '{"destinationId": "archive"}')[0] == 403
        assert await gateway.mailboxes(signed_in["access_token"]) == [
            {
                "id": mailbox_id,
                "access": "preview",
                "scopes": ["Mail.ReadBasic", "User.Read"],
                "needs_sign_in": None,
            }
        ]


async def test_the_permission_to_move_is_asked_for_when_it_is_needed(run_gateway: Any) -> None:
    """Incremental consent: the same mailbox, the policy's three scopes, from then on full."""
    async with run_gateway(consent=FIRST) as gateway:
        first = await gateway.sign_in()
        (mailbox_id,) = first["mailboxes"]
        url, cookie = await gateway.begin(first["access_token"], f"/{mailbox_id}/sign-in", access="full")
        assert asked_scopes(url) == {"Mail.ReadWrite", "MailboxSettings.Read", "User.Read"}
        answer = await gateway.callback(await gateway.authorize(url), cookie)
        assert answer.headers["location"].startswith("/#code=")
        assert granted(gateway, mailbox_id) is Access.FULL


async def test_a_later_sign_in_takes_nothing_back(run_gateway: Any) -> None:
    """Whoever signs in is not known before, so preview is asked for; the full grant that works stays."""
    async with run_gateway(consent=FIRST) as gateway:
        first = await gateway.sign_in()
        (mailbox_id,) = first["mailboxes"]
        await gateway.again(first["access_token"], f"/{mailbox_id}/sign-in", access="full")
        assert (await gateway.sign_in())["mailboxes"] == [mailbox_id]
        assert granted(gateway, mailbox_id) is Access.FULL
        assert await gateway.source.access_token(mailbox_id)


@pytest.mark.parametrize(
    ("scope", "reason"),
    [
        ("User.Read", "scopes_missing"),
        ("Mail.ReadBasic User.Read", "scopes_missing"),
        ("Mail.ReadWrite User.Read Mail.Send", "scopes_too_wide"),
    ],
)
async def test_a_grant_that_is_not_the_pinned_one_admits_nobody(
    gateway: Any, monkeypatch: pytest.MonkeyPatch, scope: str, reason: str
) -> None:
    """Less than looking at mail needs, or more than we ever ask for: led back to the page, nothing kept."""
    real = gateway.microsoft._redeem

    def redeem(*arguments: Any) -> dict[str, Any]:
        return {**real(*arguments), "scope": f"{scope} openid"}

    monkeypatch.setattr(gateway.microsoft, "_redeem", redeem)
    url, cookie = await gateway.start()
    answer = await gateway.callback(await gateway.authorize(url), cookie)
    assert answer.headers["location"] == f"/#refused={reason}"
    with reading(gateway.engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM person").scalar_one() == 0


async def test_a_renewal_carries_microsofts_claims(gateway: Any, sandbox: Any) -> None:
    """A challenge that a refresh can't answer: re-authorisation with the claims, and then it works again."""
    signed_in = await gateway.sign_in()
    (mailbox_id,) = signed_in["mailboxes"]
    sandbox.faults({"fault": "invalid_grant", "rate": 1.0})
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS)
    sandbox.faults()
    (told,) = await gateway.mailboxes(signed_in["access_token"])
    assert told["needs_sign_in"] == "password_changed"
    url, cookie = await gateway.begin(signed_in["access_token"], f"/{mailbox_id}/sign-in")
    asked = json.loads(query_of(url)["claims"])["access_token"]
    assert asked == {"nbf": {"essential": True, "value": "1700000000"}, "xms_cc": {"values": ["CP1"]}}
    answer = await gateway.callback(await gateway.authorize(url), cookie)
    renewed = (await gateway.exchange(answer.headers["location"].removeprefix("/#code="))).json()
    assert (await gateway.mailboxes(renewed["access_token"]))[0]["needs_sign_in"] is None
    assert await gateway.source.access_token(mailbox_id)


async def test_the_challenge_is_sealed_while_it_is_kept(
    gateway: Any, sandbox: Any, at_rest: Callable[..., bytes]
) -> None:
    """It may say where somebody was: it stands nowhere in plain."""
    (mailbox_id,) = (await gateway.sign_in())["mailboxes"]
    sandbox.faults({"fault": "invalid_grant", "rate": 1.0})
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS)
    assert b"1700000000" not in at_rest(gateway.engine)


async def test_another_account_becomes_a_second_mailbox_of_the_same_person(gateway: Any) -> None:
    """Connected by who is signed in; the session before ends, the new one has both."""
    first = await gateway.sign_in()
    answer = await gateway.again(first["access_token"], "", user="second@sandbox.test")
    second = (await gateway.exchange(answer.headers["location"].removeprefix("/#code="))).json()
    assert second["mailboxes"][:1] == first["mailboxes"]
    assert len(second["mailboxes"]) == 2
    assert (await gateway.who(second["access_token"])).json()["person"]
    tokens = [await gateway.source.access_token(mailbox_id) for mailbox_id in second["mailboxes"]]
    assert len(set(tokens)) == 2
    gateway.live._answers.clear()  # 5 s later
    assert (await gateway.who(first["access_token"])).status_code == 401


async def test_connecting_asks_which_account(gateway: Any) -> None:
    """Otherwise Microsoft takes whoever is signed in there, which is the first account again."""
    token = (await gateway.sign_in())["access_token"]
    url, _ = await gateway.begin(token, "")
    assert query_of(url)["prompt"] == "select_account"


async def test_a_connected_account_is_no_way_in(gateway: Any) -> None:
    """Neither as the person who connected it, nor as a new one who would share the mailbox with them."""
    first = await gateway.sign_in()
    await gateway.again(first["access_token"], "", user="second@sandbox.test")
    url, cookie = await gateway.start()
    answer = await gateway.callback(await gateway.authorize(url, user="second@sandbox.test"), cookie)
    assert answer.headers["location"] == "/#refused=connected_elsewhere"


async def test_an_account_that_is_a_person_here_is_not_connected_to_another(gateway: Any) -> None:
    """Their mail, rules and history are theirs."""
    await gateway.sign_in(user="second@sandbox.test")
    first = await gateway.sign_in()
    answer = await gateway.again(first["access_token"], "", user="second@sandbox.test")
    assert answer.headers["location"] == "/#refused=connected_elsewhere"
    assert len(await gateway.mailboxes(first["access_token"])) == 1


async def test_a_renewal_with_another_account_changes_nothing(gateway: Any) -> None:
    """It would put one account's tokens behind the other's mailbox."""
    first = await gateway.sign_in()
    (mailbox_id,) = first["mailboxes"]
    before = await gateway.source.access_token(mailbox_id)
    path = f"/{mailbox_id}/sign-in"
    answer = await gateway.again(first["access_token"], path, user="second@sandbox.test")
    assert answer.headers["location"] == "/#refused=other_account"
    gateway.source.forget(mailbox_id)
    assert await gateway.source.access_token(mailbox_id) == before


async def test_anothers_mailbox_can_not_be_renewed(gateway: Any) -> None:
    """As absent as one that is not there."""
    (theirs,) = (await gateway.sign_in(user="second@sandbox.test"))["mailboxes"]
    headers = {"authorization": f"Bearer {(await gateway.sign_in())['access_token']}"}
    for mailbox_id in (theirs, "mbx_nowhere"):
        path = f"/api/v1/mailboxes/{mailbox_id}/sign-in"
        answer = await gateway.client.post(path, json={"challenge": "c" * 43}, headers=headers)
        assert answer.status_code == 404


async def test_connecting_needs_a_session_at_both_ends(gateway: Any) -> None:
    """No token, no start; signed out meanwhile, no end - and nothing was connected."""
    body = {"challenge": "c" * 43}
    assert (await gateway.client.post("/api/v1/mailboxes", json=body)).status_code == 401
    token = (await gateway.sign_in())["access_token"]
    url, cookie = await gateway.begin(token, "")
    fields = await gateway.authorize(url, user="second@sandbox.test")
    await gateway.sign_out(token)
    answer = await gateway.callback(fields, cookie)
    assert (answer.status_code, answer.json()["detail"]) == (400, SENTENCES[SignInReason.SIGNED_OUT])
    with reading(gateway.engine) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM mailbox").scalar_one() == 1


async def test_a_person_has_twenty_mailboxes_at_most(gateway: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody's list needs pages, and nobody connects a whole company."""
    monkeypatch.setattr("gateway.identity.admission.MAX_MAILBOXES", 1)
    token = (await gateway.sign_in())["access_token"]
    answer = await gateway.again(token, "", user="second@sandbox.test")
    assert answer.headers["location"] == "/#refused=too_many_mailboxes"


DECLINED = [
    ("access_denied", "AADSTS65004: User declined to consent.", "declined"),
    ("access_denied", "AADSTS90094: Admin consent is required.", "admin_consent_needed"),
    ("invalid_request", "AADSTS65001: The user or administrator has not consented.", "admin_consent_needed"),
    ("interaction_required", "AADSTS53003: Blocked by Conditional Access.", "blocked_by_policy"),
    ("access_denied", "AADSTS50105: The user is not assigned to a role.", "not_assigned"),
    ("invalid_request", "AADSTS50020: User account does not exist in tenant.", "wrong_account_kind"),
    ("invalid_grant", "AADSTS50057: The user account is disabled.", "account_blocked"),
    ("unauthorized_client", "AADSTS700016: Application not found.", "registration_wrong"),
    ("temporarily_unavailable", "AADSTS90033: A transient error.", "microsoft_busy"),
    ("server_error", "", "microsoft_busy"),
    ("something_new", "AADSTS99999999999: no such number", "declined"),
    ("access_denied", "<script>alert('AADSTS50057')</script>", "declined"),
    ("access_denied", "\r\nLocation: https://evil.example/\r\n", "declined"),
]


@pytest.mark.parametrize(("error", "description", "reason"), DECLINED)
async def test_microsofts_no_is_told_in_our_words(gateway: Any, error: str, description: str, reason: str) -> None:
    """A reason of ours in the fragment; not one character of what came is repeated."""
    url, cookie = await gateway.start()
    fields = {name: (await gateway.authorize(url))[name] for name in ("state", "iss")}
    answer = await gateway.callback({**fields, "error": error, "error_description": description}, cookie)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/#refused={reason}")
    for text in (answer.text, *answer.headers.values()):
        assert not [word for word in ("<script", "alert", "evil", "AADSTS") if word in text]


def test_every_need_and_reason_has_words() -> None:
    """A closed list each; what Microsoft told leads back to the page."""
    assert set(NEEDS) == set(Need)
    assert set(SENTENCES) == set(SignInReason)
    assert {SignInReason(reason) for _, _, reason in DECLINED} <= TOLD_BY_MICROSOFT


@pytest.mark.parametrize(
    ("answer", "need"),
    [
        ({"error_codes": [700082]}, Need.EXPIRED),
        ({"error_codes": [50076]}, Need.MORE_PROOF),
        ({"error_codes": [65001]}, Need.CONSENT_REVOKED),
        ({"error_description": "AADSTS53003: blocked"}, Need.BLOCKED_BY_POLICY),
        ({"error_codes": ["50076"], "error_description": 7}, Need.REVOKED),
        ({}, Need.REVOKED),
    ],
)
def test_why_a_refresh_token_ended_is_told_as_far_as_it_is_known(answer: dict[str, Any], need: Need) -> None:
    """By Microsoft's number; the general word when there is none that we know."""
    assert aadsts.need(answer) is need


@pytest.mark.parametrize(("scope", "need"), [("Mail.ReadBasic User.Read", Need.SCOPES_MISSING), ("", None)])
async def test_a_permission_that_was_taken_away_is_noticed_at_the_next_refresh(
    gateway: Any, monkeypatch: pytest.MonkeyPatch, scope: str, need: Need | None
) -> None:
    """A narrower answer marks the mailbox; one that says nothing granted what was asked (RFC 6749)."""
    (mailbox_id,) = (await gateway.sign_in())["mailboxes"]
    real: Callable[[Any], Any] = gateway.microsoft._application

    def application(cache: Any) -> Any:
        made = real(cache)
        silent = made.acquire_token_silent_with_error
        made.acquire_token_silent_with_error = lambda *a, **k: {**silent(*a, **k), "scope": scope}
        return made

    monkeypatch.setattr(gateway.microsoft, "_application", application)
    if need is None:
        assert await gateway.source.access_token(mailbox_id, CLAIMS)
        return
    with pytest.raises(NeedsSignIn):
        await gateway.source.access_token(mailbox_id, CLAIMS)
    with reading(gateway.engine) as connection:
        row = token_caches.get(connection, mailbox_id)
    assert row is not None
    assert row.need is need


async def test_signing_out_everywhere_ends_every_session_of_the_person(gateway: Any) -> None:
    """The asking one at once, the others within 5 s; another person's and the mailboxes stay."""
    tokens = [(await gateway.sign_in())["access_token"] for _ in range(2)]
    other = await gateway.sign_in(user="second@sandbox.test")
    headers = {"authorization": f"Bearer {tokens[0]}"}
    assert (await gateway.client.delete("/api/v1/sessions", headers=headers)).status_code == 204
    assert (await gateway.who(tokens[0])).status_code == 401
    gateway.live._answers.clear()  # 5 s later
    assert (await gateway.who(tokens[1])).status_code == 401
    assert (await gateway.who(other["access_token"])).status_code == 200
    (mailbox_id,) = (await gateway.sign_in())["mailboxes"]
    assert await gateway.source.access_token(mailbox_id)


async def test_signing_in_connecting_and_signing_out_leave_a_trace(gateway: Any) -> None:
    """One event each, in the transaction of what it tells of."""
    first = await gateway.sign_in()
    answer = await gateway.again(first["access_token"], "", user="second@sandbox.test")
    token = (await gateway.exchange(answer.headers["location"].removeprefix("/#code="))).json()["access_token"]
    await gateway.client.delete("/api/v1/sessions", headers={"authorization": f"Bearer {token}"})
    with reading(gateway.engine) as connection:
        kinds = connection.exec_driver_sql("SELECT kind, count(*) FROM audit_event GROUP BY kind").all()
    assert {tuple(row) for row in kinds} == {
        ("mailbox.connected", 2),
        ("session.sign_in", 2),
        ("session.exchange", 2),
        ("session.sign_out_everywhere", 1),
    }


async def test_the_permissions_shown_are_those_that_microsoft_told_of(run_gateway: Any) -> None:
    """After a sign-in, after agreeing to more, and after a refresh; of an account that wasn't told yet: none."""
    full = ["Mail.ReadWrite", "MailboxSettings.Read", "User.Read"]
    async with run_gateway(consent=FIRST) as gateway:
        first = await gateway.sign_in()
        (mailbox_id,) = first["mailboxes"]
        url, cookie = await gateway.begin(first["access_token"], f"/{mailbox_id}/sign-in", access="full")
        answer = await gateway.callback(await gateway.authorize(url), cookie)
        token = (await gateway.exchange(answer.headers["location"].removeprefix("/#code="))).json()["access_token"]
        assert (await gateway.mailboxes(token))[0]["scopes"] == full
        with gateway.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE token_cache SET granted = NULL")  # as a migrated row is
        assert (await gateway.mailboxes(token))[0]["scopes"] == []
        await gateway.source.access_token(mailbox_id, CLAIMS)
        assert (await gateway.mailboxes(token))[0]["scopes"] == full
