"""The AI provider, if one is configured: whether its endpoint is there. No mail and no prompt is sent."""

import ssl
from typing import Final

import httpx

from classifier.settings import Provider, Settings
from cli.checks.found import Found, fail, ok

NAME: Final = "AI provider"
TIMEOUT: Final = 10.0


def reachable(settings: Settings) -> Found:
    """Asks for the list of models, which every endpoint of this kind has, with the key."""
    if settings.provider is None:
        return ok(NAME, "none configured: nothing leaves the machine")
    try:
        answer = _ask(settings.provider)
    except httpx.HTTPError as error:
        told = f"its endpoint can't be reached ({type(error).__name__})."
        return fail(NAME, told, "Check provider.base_url and the network. Scans go on without it.")
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return fail(NAME, "its endpoint refuses the key.", "Put the right key into provider.api_key's file.")
    return ok(NAME, f"its endpoint answers ({answer.status_code})")


def _ask(provider: Provider) -> httpx.Response:
    context = ssl.create_default_context(cafile=str(provider.authority) if provider.authority else None)
    headers = {"Authorization": f"Bearer {provider.api_key.text()}"} if provider.api_key else {}
    url = f"{provider.base_url.rstrip('/')}/models"
    return httpx.get(url, headers=headers, verify=context, trust_env=False, timeout=TIMEOUT)
