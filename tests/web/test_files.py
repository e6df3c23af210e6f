"""The page's files: what is served and how, what they may hold, and what they weigh together."""

import json
import re
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from gateway.edge.headers import SECURITY_HEADERS
from gateway.web.asset import below

WEB = Path(__file__).resolve().parents[2] / "gateway" / "src" / "gateway" / "web"
MOST = 60_000  # bytes of all files, each compressed
TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
FILES = sorted(path.relative_to(WEB).as_posix() for path in WEB.rglob("*") if path.suffix in TYPES)
OURS = [name for name in (*FILES, "index.html") if not name.startswith("vendor/")]
KEYS = "app/keys.js"  # the one file that may keep something beyond the tab: whether single keys are on
PROOF = "app/proof.js"  # the one file with a database: the session's key, which can't be taken out
FORBIDDEN = (
    "innerHTML", "outerHTML", "dangerouslySetInnerHTML", "insertAdjacentHTML", "setHTML", "createContextualFragment",
    "DOMParser", "document.write", "srcdoc", "eval(", "new Function", "setAttribute", "createElement", "javascript:",
    "style=", "document.cookie", "postMessage", "EventSource", "XMLHttpRequest", "sendBeacon", "WebSocket",
    "console.",
)  # fmt: skip
ELSEWHERE = {"https://learn.microsoft.com/graph/permissions-reference#mailreadwrite"}
HIDDEN = (
    "app/../index.html", "../web/index.html", "%2e%2e/%2e%2e/main.py", "..%2f..%2fmain.py", "//etc/passwd", "app",
    "app/", "", "asset.py", "pages.py", "__init__.py", "__pycache__", "vendor/LICENSES", "vendor/vendor.lock.json",
    "vendor/preact.d.ts", "api.d.ts", "index.html", "APP/MAIN.JS", "app/main.js/", "app\\main.js", "app/main.js%00",
)  # fmt: skip


def source(name: str) -> str:
    return (WEB / name).read_text(encoding="utf-8")


def code(name: str) -> str:
    """Without comments of whole lines: prose may name what code must not."""
    return re.sub(r"^\s*(?://|/?\*).*$", "", source(name), flags=re.MULTILINE)


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_served_as_it_is(sample_house: Any, name: str) -> None:
    """With its type, gzipped, and with an ETag by which it isn't sent again; to whoever takes no gzip as it is."""
    plain = sample_house.http.get(f"/static/{name}", headers={"Accept-Encoding": "identity"})
    packed = sample_house.http.get(f"/static/{name}", headers={"Accept-Encoding": "gzip"})
    assert plain.content == packed.content == (WEB / name).read_bytes()
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert packed.headers["content-type"] == TYPES[Path(name).suffix]
    assert packed.headers["cache-control"] == "no-cache"
    again = sample_house.http.get(f"/static/{name}", headers={"If-None-Match": packed.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == packed.headers["etag"]


def test_the_shell_is_served_at_the_root(sample_house: Any) -> None:
    """Never cached without asking: a new gateway's page is not half an old one. Never compressed (BREACH)."""
    found = sample_house.http.get("/", headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in found.headers
    assert found.text == source("index.html")
    assert found.headers["content-type"] == "text/html; charset=utf-8"
    assert found.headers["cache-control"] == "no-cache"
    again = sample_house.http.get("/", headers={"If-None-Match": f'"other", W/{found.headers["etag"]}'})
    assert again.status_code == 304


def test_each_etag_is_its_own(sample_house: Any) -> None:
    """Two files that shared one could be taken for each other."""
    tags = [sample_house.http.get(f"/static/{name}").headers["etag"] for name in FILES]
    assert len(set(tags)) == len(FILES)


@pytest.mark.parametrize("name", HIDDEN)
def test_nothing_else_is_there(sample_house: Any, name: str) -> None:
    """No path leads out of the page's folder, and inside of it only to what a browser is given."""
    found = sample_house.http.get(f"/static/{name}")
    assert found.status_code in {400, 404}
    assert found.headers["content-type"] == "application/problem+json"
    assert "def " not in found.text


@pytest.mark.parametrize("path", ["/", "/static/app/main.js", "/static/style.css", "/static/nothing.js"])
def test_every_answer_has_the_security_headers(sample_house: Any, path: str) -> None:
    """Pages, scripts and refusals."""
    headers = sample_house.http.get(path).headers
    assert {name.decode(): headers.get(name.decode()) for name, _ in SECURITY_HEADERS} == {
        name.decode(): value.decode() for name, value in SECURITY_HEADERS
    }
    assert "set-cookie" not in headers


def test_the_policy_lets_nothing_run_but_files_of_ours(sample_house: Any) -> None:
    """What an access token in sessionStorage depends on: no inline script, no eval, no string that becomes markup."""
    policy = sample_house.http.get("/").headers["content-security-policy"]
    directives = dict(one.strip().partition(" ")[::2] for one in policy.split(";"))
    assert directives["default-src"] == directives["base-uri"] == directives["frame-ancestors"] == "'none'"
    assert directives["script-src"] == directives["style-src"] == directives["connect-src"] == "'self'"
    assert directives["require-trusted-types-for"] == "'script'"
    assert directives["trusted-types"] == "'none'"
    assert "unsafe" not in policy


def test_all_files_together_are_light() -> None:
    """As they go over the wire to a browser of today; whoever visits every screen has fetched all of them."""
    weights = {asset.path: len(asset.codings["br"]) for asset in below(files("gateway.web"))}
    assert weights.keys() == {*FILES, "index.html"}
    assert sum(weights.values()) < MOST, weights


@pytest.mark.parametrize("name", OURS)
def test_no_source_has_a_way_to_run_a_text(name: str) -> None:
    """Hostile text is only ever text: there is no code that could make it anything else, or send it elsewhere."""
    assert [word for word in FORBIDDEN if word in code(name)] == []


@pytest.mark.parametrize("name", [name for name in OURS if name != PROOF])
def test_only_the_sessions_key_is_in_a_database(name: str) -> None:
    """And that can't be read from there, only signed with: no text can."""
    assert "indexedDB" not in code(name)
    assert 'generateKey(EC, false, ["sign", "verify"])' in code(PROOF)


@pytest.mark.parametrize("name", OURS)
def test_no_source_names_another_origin(name: str) -> None:
    """Nothing is loaded from elsewhere; one page of Microsoft's is linked to, without an opener or a referrer."""
    found = set(re.findall(r"(?:https?:|wss?:|(?<=[\"'`(]))//[a-z0-9][^\s\"'`>)]*", code(name), re.IGNORECASE))
    assert found - ELSEWHERE == set()
    for line in code(name).splitlines():
        assert "https://" not in line or 'rel="noopener noreferrer"' in line


@pytest.mark.parametrize("name", OURS)
def test_only_the_keys_are_kept_beyond_the_tab(name: str) -> None:
    """What localStorage holds outlives the session: whether single keys are on, and nothing else."""
    uses = re.findall(r"localStorage\S*", code(name))
    assert uses == (["localStorage.getItem(STORED)", "localStorage.setItem(STORED,"] if name == KEYS else [])


def test_a_strangers_text_is_drawn_in_one_file() -> None:
    """Fields of a message are seen by screens only to hand them to text.js: none is put into a template as it is."""
    drawn = re.compile(r"(\S*)\$\{[^{}]*\.(?:subject|sender_name|sender_address)\b[^{}]*\}")
    found = [(name, before) for name in OURS for before in drawn.findall(code(name))]
    assert found
    assert {before for _, before in found} == {"value="}, found


def test_the_vendored_module_is_the_locked_one() -> None:
    """vendor.lock.json names its packages, and its bytes."""
    lock = json.loads(source("vendor/vendor.lock.json"))
    assert set(lock) == {path.name for path in (WEB / "vendor").glob("*.js")}
    for name, locked in lock.items():
        assert sha256((WEB / "vendor" / name).read_bytes()).hexdigest() == locked["sha256"]
        licences = source("vendor/LICENSES")
        assert all(f"{package} {version}\n" in licences for package, version in locked["packages"].items())
