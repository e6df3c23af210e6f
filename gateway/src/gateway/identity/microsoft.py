"""The sign-in client: the one module that speaks to Microsoft's login, through MSAL.

Guarantees: exactly a pinned set of scopes (gateway.identity.scopes); authorization code with PKCE S256 and form_post;
no redirects, no proxy and no certificate bundle from the environment; no client of an authority that calls itself
otherwise than it is configured; nothing that Microsoft or MSAL says reaches a
caller as text.
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
from chassis.logs import get
from chassis.settings import File, SecretFile, Settings
from gateway.identity import aadsts, scopes
from gateway.identity.authority import AuthorityInvalid, Metadata, read_metadata
from gateway.identity.flow import Flow, Wanted
from gateway.identity.refusal import SignInReason, SignInRefused
from gateway.identity.scopes import Consent
from gateway.store.codes import Access, Need

CAPABILITIES: Final = ("CP1",)  # we handle claims challenges, so Microsoft may revoke within minutes (CAE)
TIMEOUT_S: Final = (5.0, 15.0)  # connect, read
DISCOVERY: Final = "/v2.0/.well-known/openid-configuration"
DISCOVERY_LIFETIME_S: Final = 3600.0
SIGN_IN_AGAIN: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})
APPLICATION_ITSELF: Final = "https://graph.microsoft.com/.default"  # what client credentials ask for
UNAVAILABLE: Final = "Microsoft's sign-in can't be reached at the moment. Try again in a minute."

NOT_THE_CONFIGURED: Final = (
    "The sign-in service describes itself otherwise than this installation is set up for, so nobody is sent there. "
    "Ask your operator to run doctor."
)

T = TypeVar("T")


class MicrosoftSettings(Settings):
    """Which application we are, and at which authority. Without a secret or a certificate: a public client."""

    client_id: str
    authority: str  # https://login.microsoftonline.com/<tenant id | organizations | common>
    tenants: frozenset[str] = frozenset()  # tenant ids that may sign in; empty: all that the authority admits
    consent: Consent = Consent.AT_ONCE
    client_secret_file: SecretFile | None = None
    certificate_file: File | None = None  # PEM; with its key it is preferred over a secret, which people paste around
    private_key_file: SecretFile | None = None
    authority_ca_file: File | None = None  # a private authority's CA; absent: the public ones

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
    """What a redeemed authorization code gave: the unverified ID token, the mailbox's new token cache, the grant.

    granted: the permissions by name, as Microsoft told.
    """

    id_token: str
    cache: bytes
    access: Access
    granted: frozenset[str]

    def __repr__(self) -> str:
        return "Redeemed(...)"


@dataclass(frozen=True)
class Silent:
    """The outcome of a silent acquisition. access_token is None when only a new sign-in helps; need says why then.

    expires_in: seconds. cache: to be saved when not None; it holds a rotated refresh token. granted: what the token is
    good for, as Microsoft told.
    """

    access_token: str | None
    expires_in: int
    cache: bytes | None
    need: Need | None = None
    granted: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return "Silent(...)"


class Microsoft:
    """The configured application at the configured authority."""

    def __init__(self, settings: MicrosoftSettings) -> None:
        self.client_id: Final = settings.client_id
        self.tenants: Final = settings.tenants
        self.consent: Final = settings.consent
        self._authority = settings.authority.rstrip("/")
        self._credential = _credential(settings)
        self._http = _Http(settings.authority_ca_file)

    async def begin(self, redirect_uri: str, challenge: str, wanted: Wanted) -> Flow:
        """A new flow whose auth_uri the browser is to visit. Unavailable when discovery can't be had."""
        return await _in_thread(lambda: self._begin(redirect_uri, challenge, wanted))

    async def complete(self, flow: Flow, params: Mapping[str, str]) -> Redeemed:
        """Redeem the callback's code. SignInRefused, or Unavailable. The ID token is still to be verified."""
        return await _in_thread(lambda: self._complete(flow, params))

    async def silent(self, cache: bytes, access: Access, claims: str | None) -> Silent:
        """A Graph access token from a mailbox's token cache, refreshed if need be; `claims` is a CAE challenge."""
        return await _in_thread(lambda: self._silent(cache, access, claims))

    async def credential(self) -> SignInReason | None:
        """Why Microsoft refuses this application itself; None when it doesn't, as far as can be told without a person.

        Asks for a token of the application's own, which has no permission and is thrown away. Unavailable.
        """
        return await _in_thread(self._credential_refused)

    async def metadata(self) -> Metadata:
        """The authority's issuer and key address."""
        return await _in_thread(self._metadata)

    async def fetch(self, url: str) -> bytes:
        """The authority's key set at `url`, raw."""
        return await _in_thread(lambda: self._http.get(url).content)

    def close(self) -> None:
        self._http.close()

    def _begin(self, redirect_uri: str, challenge: str, wanted: Wanted) -> Flow:
        connecting = wanted.caller is not None and wanted.mailbox_id is None
        flow = self._application(msal.SerializableTokenCache()).initiate_auth_code_flow(
            list(scopes.PINNED[wanted.access]),
            redirect_uri=redirect_uri,
            response_mode="form_post",
            prompt="select_account" if connecting else None,  # or Microsoft takes the account that is signed in there
            claims_challenge=wanted.claims,
        )
        return Flow(
            state=flow["state"],
            nonce=flow["nonce"],
            code_verifier=flow["code_verifier"],
            redirect_uri=redirect_uri,
            auth_uri=flow["auth_uri"],
            scope=tuple(flow["scope"]),
            challenge=challenge,
            wanted=wanted,
        )

    def _complete(self, flow: Flow, params: Mapping[str, str]) -> Redeemed:
        cache = msal.SerializableTokenCache()
        result = self._redeem(cache, flow, params)
        if "error" in result or "id_token" not in result:
            raise SignInRefused(aadsts.refused(result, SignInReason.CODE_REFUSED))
        granted = _granted(result, flow.wanted.access)
        try:
            access = scopes.access_of(granted)
        except scopes.TooWide:
            raise SignInRefused(SignInReason.SCOPES_TOO_WIDE) from None
        except scopes.TooNarrow:
            raise SignInRefused(SignInReason.SCOPES_MISSING) from None
        if flow.wanted.access is Access.FULL and access is not Access.FULL:
            raise SignInRefused(SignInReason.SCOPES_MISSING)
        return Redeemed(
            id_token=result["id_token"], cache=cache.serialize().encode(), access=access, granted=scopes.told(granted)
        )

    def _redeem(self, cache: msal.SerializableTokenCache, flow: Flow, params: Mapping[str, str]) -> dict[str, Any]:
        started: dict[str, object] = {"state": flow.state, "nonce": flow.nonce, "code_verifier": flow.code_verifier}
        started |= {"redirect_uri": flow.redirect_uri, "scope": list(flow.scope)}
        started["claims_challenge"] = flow.wanted.claims
        application = self._application(cache)
        try:
            result: dict[str, Any] = application.acquire_token_by_auth_code_flow(started, dict(params))
        except ValueError:  # MSAL: the state differs, or the answer holds neither code nor error. Its text holds both
            raise SignInRefused(SignInReason.STATE_UNKNOWN) from None
        except RuntimeError:  # MSAL: the nonce differs. Its text holds the nonce
            raise SignInRefused(SignInReason.NONCE_MISMATCH) from None
        return result

    def _silent(self, cache: bytes, access: Access, claims: str | None) -> Silent:
        tokens = msal.SerializableTokenCache()
        tokens.deserialize(cache.decode())
        application = self._application(tokens)
        account = next(iter(application.get_accounts()), None)
        wanted = list(scopes.PINNED[access])
        result = application.acquire_token_silent_with_error(wanted, account, claims_challenge=claims)
        changed = tokens.serialize().encode() if tokens.has_state_changed else None
        need = _need(result, access)
        if result is None or need is not None:
            return Silent(access_token=None, expires_in=0, cache=changed, need=need)
        granted = scopes.told(_granted(result, access))
        return Silent(result["access_token"], int(result["expires_in"]), changed, granted=granted)

    def _credential_refused(self) -> SignInReason | None:
        if self._credential is None:
            return None  # a public client has nothing to prove
        result = self._application(msal.SerializableTokenCache()).acquire_token_for_client([APPLICATION_ITSELF])
        reason = aadsts.refused(result, SignInReason.CODE_REFUSED) if "error" in result else None
        return reason if reason is SignInReason.REGISTRATION_WRONG else None

    def _metadata(self) -> Metadata:
        response = self._http.get(self._authority + DISCOVERY)
        if response.status_code != requests.codes.ok:
            raise Unavailable(UNAVAILABLE)
        return read_metadata(response.content, self._authority)

    def _application(self, cache: msal.SerializableTokenCache) -> msal.ClientApplication:
        self._metadata()  # MSAL asks the same document for its endpoints, and believes it
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
        except (ValueError, KeyError, RuntimeError):  # MSAL: discovery answered 4xx or 3xx, no JSON, no endpoint
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
    except AuthorityInvalid:
        get(__name__).error("authority.refused")
        raise Unavailable(NOT_THE_CONFIGURED) from None
    except (requests.RequestException, msal.exceptions.MsalError):
        raise Unavailable(UNAVAILABLE) from None


def _need(result: Mapping[str, Any] | None, access: Access) -> Need | None:
    """Why only a new sign-in helps; None when there is a token that we may use. Unavailable when it may pass."""
    if result is None:  # nothing in the cache that could be tried
        return Need.REVOKED
    if "access_token" not in result:
        # Only what the person can mend by signing in again counts as "sign in again". All else, also what we never
        # heard of, may pass by itself or is the operator's to mend: asking the person would be a lie.
        if result.get("error") not in SIGN_IN_AGAIN:
            raise Unavailable(UNAVAILABLE)
        return aadsts.need(result)
    return _scopes_need(_granted(result, access), access)


def _scopes_need(granted: str, access: Access) -> Need | None:
    try:
        now = scopes.access_of(granted)
    except scopes.TooWide:
        return Need.SCOPES_TOO_WIDE
    except scopes.TooNarrow:
        return Need.SCOPES_MISSING
    return Need.SCOPES_MISSING if access is Access.FULL and now is not Access.FULL else None


def _granted(result: Mapping[str, Any], asked: Access) -> str:
    """What was granted; an answer that doesn't say granted what was asked (RFC 6749, section 5.1)."""
    return str(result.get("scope") or " ".join(scopes.PINNED[asked]))


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
