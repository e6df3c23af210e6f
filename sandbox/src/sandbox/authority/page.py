"""The authority's HTML pages: the question whether to approve, and the form that carries the answer back by POST.

Guarantees that everything from a caller is escaped and that no page loads or runs anything but its own one line of
script.
"""

import secrets
from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse, Response

HEAD = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>[sandbox] Sign in</title></head><body>'
TAIL = "</body></html>"


def consent(fields: Mapping[str, str], principals: Iterable[str], scopes: str) -> Response:
    """Asks who signs in and whether to approve. Its form posts to the address it was shown at."""
    people = "".join(f"<option>{escape(one)}</option>" for one in principals)
    listed = "".join(f"<li>{escape(one)}</li>" for one in scopes.split())
    return _html(
        f"<h1>Sandbox: no real account is asked for</h1><p>An application wants:</p><ul>{listed}</ul>"
        f'<form method="post">{_inputs(fields)}<label>Account <select name="user">{people}</select></label> '
        '<button name="approve" value="1">Approve</button> <button name="approve" value="0">Refuse</button></form>',
        "form-action 'self' https:",
    )


def post_back(redirect_uri: str, fields: Mapping[str, str]) -> Response:
    """response_mode=form_post: a form that sends itself; the button is for browsers without script."""
    nonce = secrets.token_urlsafe(16)
    return _html(
        f'<form method="post" action="{escape(redirect_uri)}">{_inputs(fields)}'
        "<noscript><button>Continue</button></noscript></form>"
        f'<script nonce="{nonce}">document.forms[0].submit()</script>',
        f"script-src 'nonce-{nonce}'; form-action https: http:",
    )


def refusal(sentence: str) -> Response:
    """An error that must not go back to the address in the request, because that address isn't trusted."""
    return _html(f"<h1>Sandbox: sign-in stopped</h1><p>{escape(sentence)}</p>", "form-action 'none'", 400)


def _inputs(fields: Mapping[str, str]) -> str:
    return "".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in fields.items()
    )


def _html(body: str, policy: str, status: int = 200) -> Response:
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": f"default-src 'none'; {policy}; frame-ancestors 'none'",
    }
    headers |= {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
    return HTMLResponse(HEAD + body + TAIL, status, headers)
