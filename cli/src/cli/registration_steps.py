"""What a person does at Microsoft to register this application: in the portal, or with `az`. Exact, to be copied."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from cli.accounts import KINDS, Accounts
from cli.graph_permission import manifest, needed
from gateway.identity.scopes import Consent

NAME: Final = "Mail Organiser"
PORTAL: Final = "https://entra.microsoft.com"


class Wanted(NamedTuple):
    """What the registration is to be. certificate: the file to upload; None with a client secret."""

    accounts: Accounts
    consent: Consent
    callback: str
    certificate: Path | None


def portal(wanted: Wanted) -> Iterator[str]:
    """Numbered lines for Entra's admin centre."""
    yield f"1. Open {PORTAL} > Entra ID > App registrations > New registration."
    yield f"   Name: {NAME}"
    yield f"   Supported account types: {KINDS[wanted.accounts].portal}"
    yield f"   Redirect URI, platform Web (not SPA): {wanted.callback}"
    yield "2. Authentication: leave both boxes of implicit grant off, and public client flows off."
    yield "3. API permissions > Add a permission > Microsoft Graph > Delegated permissions. Exactly these:"
    for permission in needed(wanted.consent):
        yield f"   {permission.name:<22}{permission.why}"
    yield "   Take every other one away: a grant that holds more is refused here."
    yield "4. If your organisation lets nobody agree for themselves: Grant admin consent, on the same page."
    if wanted.certificate is not None:
        yield "5. Certificates & secrets > Certificates > Upload certificate, and choose this file:"
        yield f"   {wanted.certificate}"
    else:
        yield "5. Certificates & secrets > Client secrets > New client secret. Put its value into your secret file."
    yield "6. Overview: note the Application (client) ID and the Directory (tenant) ID."


def azure_cli(wanted: Wanted) -> Iterator[str]:
    """The same with `az`, after `az login`; each line works in any POSIX shell."""
    audience, callback = KINDS[wanted.accounts].audience, shlex.quote(wanted.callback)
    yield (
        f"APP=$(az ad app create --display-name {shlex.quote(NAME)} --sign-in-audience {audience} "
        f"--web-redirect-uris {callback} --required-resource-accesses {shlex.quote(manifest(wanted.consent))} "
        "--query appId --output tsv)"
    )
    if wanted.certificate is not None:
        yield f'az ad app credential reset --id "$APP" --cert {shlex.quote(f"@{wanted.certificate}")} --append'
    yield 'az ad app permission admin-consent --id "$APP"   # only where an administrator has to agree'
    yield 'echo "client id $APP, tenant id $(az account show --query tenantId --output tsv)"'
