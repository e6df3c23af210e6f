"""The sign-in client: the one module that speaks to Microsoft's login, through MSAL.

Guarantees: exactly the published scopes; authorization code with PKCE S256 and form_post; no redirects, no proxy
and no certificate bundle from the environment; nothing that Microsoft or MSAL says reaches a caller as text.
Must never be trusted for who somebody is: MSAL verifies no ID token, gateway.identity.id_token does.

MSAL is synchronous, so each call runs in a thread; each call gets its own client application over its own token
cache, because a cache belongs to one mailbox.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import msal  # type: ignore[import-untyped]  # it publishes no types
import requests
from pydantic import model_validator

from chassis.errors import Unavailable
from chassis.settings import SecretFile, Settings
from gateway.identity.authority import AuthorityInvalid, Metadata, read_metadata
from gateway.identity.flow import Flow
from gateway.identity.refusal import SignInReason, SignInRefused

SCOPES: Final = ("Mail.ReadWrite", "MailboxSettings.Read", "User.Read")  # the published policy; MSAL adds openid,
# profile and offline_access. Changing this line changes what people consent to: tests pin it.
CAPABILITIES: Final = ("CP1",)  # we handle claims challenges, so Microsoft may revoke within minutes (CAE)
TIMEOUT_S: Final = (5.0, 15.0)  # connect, read
DISCOVERY: Final = "/v2.0/.well-known/openid-configuration"
DISCOVERY_LIFETIME_S: Final = 3600.0
SIGN_IN_AGAIN: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
UNAVAILABLE: Final = "Microsoft's sign-in can't be reached at the moment. Try again in a minute."

T = TypeVar("T")


class MicrosoftSettings(Settings):
    """Which application we are, and at which authority. Without a secret or a certificate: a public client."""

    client_id: str
    authority: str  # https://login.microsoftonline.com/<tenant id | organizations | common>
    tenants: frozenset[str] = frozenset()  # tenant ids that may sign in; empty: all that the authority admits
    client_secret_file: SecretFile | None = None
    certificate_file: Path | None = None  # PEM; with its key it is preferred over a secret, which people paste around
    private_key_file: SecretFile | None = None
    authority_ca_file: Path | None = None  # a private authority's CA; absent: the public ones

    @model_validator(mode="after")
    def _coherent(self) -> "MicrosoftSettings":
        if urlsplit(self.authority).scheme != "https" or not urlsplit(self.authority).path.strip("/"):
            raise ValueError("authority must be https://host/tenant")
        if (self.certificate_file is None) != (self.private_key_file is None):
            raise ValueError("certificate_file and private_key_file go together")
        if self.certificate_file and self.client_secret_file:
            raise ValueError("give a certificate or a client secret, not both")
        return self


@dataclass(frozen=True)
class Redeemed:
    """What a redeemed authorization code gave: the unverified ID token and the mailbox's new token cache."""

    id_token: str
    cache: bytes

    def __repr__(self) -> str:
        return "Redeemed(...)"


@dataclass(frozen=True)
class Silent:
    """The outcome of a silent acquisition. access_token is None when only a new sign-in helps.

    expires_in: seconds. cache: to be saved when not None; it holds a rotated refresh token.
    """

    access_token: str | None
    expires_in: int
    cache: bytes | None

    def __repr__(self) -> str:
        return "Silent(...)"


class Microsoft:
    """The configured application at the configured authority."""

    def __init__(self, settings: MicrosoftSettings) -> None:
        self.client_id: Final = settings.client_id
        self.tenants: Final = settings.tenants
        self._authority = settings.authority.rstrip("/")
        self._credential = _credential(settings)
        self._http = _Http(settings.authority_ca_file)

    async def begin(self, redirect_uri: str, challenge: str) -> Flow:
        """A new flow whose auth_uri the browser is to visit. Unavailable when discovery can't be had."""
        return await _in_thread(lambda: self._begin(redirect_uri, challenge))

    async def complete(self, flow: Flow, params: Mapping[str, str]) -> Redeemed:
        """Redeem the callback's code. SignInRefused, or Unavailable. The ID token is still to be verified."""
        return await _in_thread(lambda: self._complete(flow, params))

    async def silent(self, cache: bytes, claims: str | None) -> Silent:
        """A Graph access token from a mailbox's token cache, refreshed if need be; `claims` is a CAE challenge."""
        return await _in_thread(lambda: self._silent(cache, claims))

    async def metadata(self) -> Metadata:
        """The authority's issuer and key address."""
        return await _in_thread(self._metadata)

    async def fetch(self, url: str) -> bytes:
        """The authority's key set at `url`, raw."""
        return await _in_thread(lambda: self._http.get(url).content)

    def close(self) -> None:
        self._http.close()

    def _begin(self, redirect_uri: str, challenge: str) -> Flow:
        flow = self._application(msal.SerializableTokenCache()).initiate_auth_code_flow(
            list(SCOPES), redirect_uri=redirect_uri, response_mode="form_post"
        )
        return Flow(
            state=flow["state"],
            nonce=flow["nonce"],
            code_verifier=flow["code_verifier"],
            redirect_uri=redirect_uri,
            auth_uri=flow["auth_uri"],
            scope=tuple(flow["scope"]),
            challenge=challenge,
        )

    def _complete(self, flow: Flow, params: Mapping[str, str]) -> Redeemed:
        cache = msal.SerializableTokenCache()
        result = self._redeem(cache, flow, params)
        if "error" in result or "id_token" not in result:
            raise SignInRefused(SignInReason.CODE_REFUSED)
        return Redeemed(id_token=result["id_token"], cache=cache.serialize().encode())

    def _redeem(self, cache: msal.SerializableTokenCache, flow: Flow, params: Mapping[str, str]) -> dict[str, Any]:
        started: dict[str, object] = {"state": flow.state, "nonce": flow.nonce, "code_verifier": flow.code_verifier}
        started |= {"redirect_uri": flow.redirect_uri, "scope": list(flow.scope), "claims_challenge": None}
        application = self._application(cache)
        try:
            result: dict[str, Any] = application.acquire_token_by_auth_code_flow(started, dict(params))
        except ValueError:  # MSAL: the state differs, or the answer holds neither code nor error. Its text holds both
            raise SignInRefused(SignInReason.STATE_UNKNOWN) from None
        except RuntimeError:  # MSAL: the nonce differs. Its text holds the nonce
            raise SignInRefused(SignInReason.NONCE_MISMATCH) from None
        return result

    def _silent(self, cache: bytes, claims: str | None) -> Silent:
        tokens = msal.SerializableTokenCache()
        tokens.deserialize(cache.decode())
        application = self._application(tokens)
        account = next(iter(application.get_accounts()), None)
        result = application.acquire_token_silent_with_error(list(SCOPES), account, claims_challenge=claims)
        changed = tokens.serialize().encode() if tokens.has_state_changed else None
        if result is None or "access_token" not in result:
            _raise_if_transient(result)
            return Silent(access_token=None, expires_in=0, cache=changed)
        return Silent(result["access_token"], int(result["expires_in"]), changed)

    def _metadata(self) -> Metadata:
        response = self._http.get(self._authority + DISCOVERY)
        if response.status_code != requests.codes.ok:
            raise Unavailable(UNAVAILABLE)
        return read_metadata(response.content, self._authority)

    def _application(self, cache: msal.SerializableTokenCache) -> msal.ClientApplication:
        try:
            return _application_class(self._credential)(
                self.client_id,
                client_credential=self._credential,
                authority=self._authority,
                instance_discovery=False,  # the authority is configured, not asked for
                client_capabilities=list(CAPABILITIES),
                token_cache=cache,
                http_client=self._http,
            )
        except (ValueError, KeyError):  # MSAL: discovery answered 4xx, no JSON or without an endpoint
            raise Unavailable(UNAVAILABLE) from None


class _Http:
    """What MSAL calls for HTTP: get, post, close. Keeps discovery documents for an hour; they hold nothing secret."""

    def __init__(self, authority_ca: Path | None) -> None:
        self._session = requests.Session()
        self._session.trust_env = False  # REQUESTS_CA_BUNDLE would override verify, a proxy would see the tokens
        self._session.verify = str(authority_ca) if authority_ca else True
        self._kept: dict[str, tuple[float, requests.Response]] = {}
        self._lock = threading.Lock()

    def get(self, url: str, **options: Any) -> requests.Response:
        """GET; a discovery document may come from memory. MSAL asks for it with each client application."""
        if not url.endswith(DISCOVERY):
            return self._get(url, **options)
        with self._lock:
            fetched_at, response = self._kept.get(url, (-DISCOVERY_LIFETIME_S, None))
            if response is None or time.monotonic() - fetched_at > DISCOVERY_LIFETIME_S:
                response = self._get(url, **options)
                self._keep(url, response)
            return response

    def post(self, url: str, **options: Any) -> requests.Response:
        """POST, to the token endpoint."""
        return self._session.post(url, timeout=TIMEOUT_S, allow_redirects=False, **options)

    def close(self) -> None:
        self._session.close()

    def _get(self, url: str, **options: Any) -> requests.Response:
        return self._session.get(url, timeout=TIMEOUT_S, allow_redirects=False, **options)

    def _keep(self, url: str, response: requests.Response) -> None:
        if response.status_code == requests.codes.ok:
            self._kept[url] = (time.monotonic(), response)


async def _in_thread(call: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(call)
    except (requests.RequestException, msal.exceptions.MsalError, AuthorityInvalid):
        raise Unavailable(UNAVAILABLE) from None


def _raise_if_transient(result: Mapping[str, Any] | None) -> None:
    # Only what the person can mend by signing in again counts as "sign in again". All else, also what we never
    # heard of, may pass by itself or is the operator's to mend: asking the person would be a lie.
    if result is not None and result.get("error") not in SIGN_IN_AGAIN:
        raise Unavailable(UNAVAILABLE)


def _application_class(credential: object) -> type[msal.ClientApplication]:
    chosen: type[msal.ClientApplication] = (
        msal.PublicClientApplication if credential is None else msal.ConfidentialClientApplication
    )
    return chosen


def _credential(settings: MicrosoftSettings) -> str | dict[str, str] | None:
    if settings.certificate_file and settings.private_key_file:
        certificate = settings.certificate_file.read_text("ascii")
        # Without a thumbprint MSAL signs with PS256 and x5t#S256; with one, with SHA-1's.
        return {"private_key": settings.private_key_file.text(), "public_certificate": certificate}
    if settings.client_secret_file:
        return settings.client_secret_file.text()
    return None
