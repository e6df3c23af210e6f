"""The mail-organiser command. Each sub-command imports what it needs when it is called: --help stays quick."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from cli.incident_commands import incident


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mail-organiser-cli")
def main() -> None:
    """Sort a mailbox into its owner's folders. Nothing moves before you approve it.

    Data goes to stdout, progress to stderr; NO_COLOR is respected. Exit codes:

    \b
        0  done
        1  something went wrong, or it was stopped
        2  an option, a path or a mailbox can't be used
        3  done, and something is held (scan, evaluate)
    """


@main.command()
@click.option(
    "--mailbox",
    type=click.Path(path_type=Path),
    help="An mbox, a directory of .eml, a Maildir, a Takeout .zip or a .jsonl stream.  [default: a sample]",
)
@click.option(
    "--port", type=click.IntRange(0, 65535), help="0 for any free one.  [default: 8443, or any if that is taken]"
)
@click.option(
    "--var", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Where to keep things."
)
@click.option("--check", is_flag=True, help="Sort, print one JSON line at the end of stdout, end; keep nothing.")
@click.option("--microsoft", is_flag=True, help="Run on the Microsoft application that `connect` registered.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    envvar="MAIL_ORGANISER_KEY_FILE",
    help="Come in with the API key in this file (chmod 600), instead of signing in.",
)
def up(  # noqa: PLR0913  # one argument an option
    mailbox: Path | None, port: int | None, var: Path, *, check: bool, microsoft: bool, key_file: Path | None
) -> None:
    """Run everything on this machine and sort a mailbox in the sandbox, or run on Microsoft itself.

    Mail that lies in folders is learned from; mail that lies in none is sorted. Ctrl-C ends it. Examples:

    \b
        mail-organiser up
        mail-organiser up --mailbox ~/Takeout/Mail/All.mbox
        mail-organiser up --check | tail -n 1
        mail-organiser up --microsoft
    """
    from cli.up import run, run_microsoft  # noqa: PLC0415  # see above

    if microsoft and (mailbox is not None or port is not None or check):
        raise click.UsageError("--microsoft goes with none of --mailbox, --port and --check")
    if microsoft:
        raise SystemExit(run_microsoft(var))
    raise SystemExit(run(mailbox, port=port, var=var, check=check, key=key_file))


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--folders",
    type=click.Path(path_type=Path),
    help="A text file of folder names, one a line, that may be chosen besides those that hold mail.",
)
@click.option("--format", "form", type=click.Choice(["table", "json", "jsonl"]), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Sort at most so many messages.")
def scan(path: Path, folders: Path | None, form: str, limit: int | None) -> None:
    """Sort a mailbox file offline: nothing is sent anywhere, nothing is changed.

    PATH is an mbox, a directory of .eml, a Maildir, a Takeout .zip or a .jsonl stream. Where mail belongs is learned
    from the mail that it files in folders; a folder that holds none, as --folders may name, is a possible choice but
    nothing speaks for it. Exit code 3 when something is held. Examples:

    \b
        mail-organiser scan ~/Takeout/Mail/All.mbox
        mail-organiser scan Maildir --format jsonl > decisions.jsonl
        mail-organiser scan All.mbox --folders names.txt --limit 500
    """
    from cli.scan import run  # noqa: PLC0415  # see above

    raise SystemExit(run(path, folders=folders, form=form, limit=limit))


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option("--svg", type=click.Path(path_type=Path), help="Also draw how far confidence holds, into this file.")
@click.option("--limit", type=click.IntRange(1), help="Use the newest so many of the filed messages.")
@click.option(
    "--batch",
    type=click.IntRange(1, 256),
    default=4,
    show_default=True,
    help="Messages that are chosen for before they are learned; 1 is most like a day's mail, and slowest.",
)
def evaluate(path: Path, form: str, svg: Path | None, limit: int | None, batch: int) -> None:
    """Measure offline how right the choices would have been for mail that you filed yourself.

    PATH is an mbox, a directory of .eml, a Maildir, a Takeout .zip or a .jsonl stream; its folders or labels are the
    truth. Oldest first, each message is chosen for, then learned where you filed it. Nothing is sent anywhere, and
    nothing is written but --svg. Exit code 3 when something is held. Examples:

    \b
        mail-organiser evaluate ~/Takeout/Mail/All.mbox
        mail-organiser evaluate Maildir --svg reliability.svg
        mail-organiser evaluate All.mbox --limit 2000 --format json > accuracy.json
    """
    from cli.evaluate import Wanted, run  # noqa: PLC0415  # see above

    raise SystemExit(run(path, Wanted(form, limit, batch, svg)))


@main.command()
@click.option(
    "--var", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Where to keep things."
)
@click.option("--url", help="Address under which browsers reach it.  [default: https://localhost:8443]")
@click.option(
    "--accounts",
    type=click.Choice(["organisation", "organisations", "everyone", "personal"]),
    help="Who may sign in.  [default: organisation]",
)
@click.option(
    "--consent",
    type=click.Choice(["at-once", "preview-first"]),
    help="When the permission to move mail is asked for.  [default: at-once]",
)
@click.option("--client-id", help="Application (client) ID, from Microsoft.")
@click.option("--tenant-id", help="Directory (tenant) ID, from Microsoft.")
@click.option("--secret-file", help="A file with a client secret, instead of a certificate.")
@click.option("--yes", is_flag=True, help="Ask nothing; write over what is there.")
@click.option("--no-check", is_flag=True, help="Don't ask Microsoft at the end.")
def connect(var: Path, *, yes: bool, no_check: bool, **given: str | None) -> None:
    """Register this installation with Microsoft, step by step, and write it down.

    Stopped at any question and run again, it goes on where it was. For a script, give everything:

    \b
        mail-organiser connect
        mail-organiser connect --yes --client-id ID --tenant-id ID --no-check
    """
    from cli.accounts import Accounts  # noqa: PLC0415  # see above
    from cli.connect import Answers, Manner, run  # noqa: PLC0415  # the same
    from gateway.identity.scopes import Consent  # noqa: PLC0415  # the same

    accounts, consent = given.pop("accounts"), given.pop("consent")
    answers = Answers(
        accounts=Accounts(accounts) if accounts else None, consent=Consent(consent) if consent else None, **given
    )
    raise SystemExit(run(var, answers, Manner(yes=yes, check=not no_check)))


@main.command()
@click.option(
    "--var", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Where things are kept."
)
@click.option("--settings", type=click.Path(path_type=Path), help="The gateway's settings file, instead of --var's.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def doctor(var: Path, settings: Path | None, form: Literal["table", "json"]) -> None:
    """Check everything that can be checked, and say what to do about what is wrong. Changes nothing.

    Works before the first start and beside a running one. Exit code 1 when something fails. Examples:

    \b
        mail-organiser doctor
        mail-organiser doctor --settings settings/gateway.toml --format json
    """
    from cli.doctor import run  # noqa: PLC0415  # see above

    raise SystemExit(run(var, settings, form))


@main.group()
def admin() -> None:
    """What an operator does on the host, beside a running gateway."""


admin.add_command(incident)


@admin.command()
@click.argument("person_id")
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def revoke(person_id: str, settings: Path) -> None:
    """End every session of a person and destroy their Microsoft tokens; running gateways follow within 5 seconds.

    PERSON_ID is the per_... that GET /api/v1/session tells the person, who may sign in again. Example:

    \b
        mail-organiser admin revoke per_... --settings settings/gateway.toml
    """
    from cli.admin import run_revoke  # noqa: PLC0415  # see above

    raise SystemExit(run_revoke(settings, person_id))


@admin.command("plan")
@click.argument("person_id")
@click.argument("plan")
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def give_plan(person_id: str, plan: str, settings: Path) -> None:
    """Give a person a plan: how many scans, messages and AI tokens they may use.

    PLAN is the name of one of the plans in use. Example:

    \b
        mail-organiser admin plan per_... pro --settings settings/gateway.toml
    """
    from cli.admin import run_plan  # noqa: PLC0415  # see above

    raise SystemExit(run_plan(settings, person_id, plan))


@admin.command("keys")
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
@click.option("--format", "form", type=click.Choice(["table", "json"]), default="table", show_default=True)
def keys(settings: Path, form: str) -> None:
    """List every key and certificate: from when until when, due when, where it lies; never the key.

    Sentinel's and classifier's are among them where their settings lie beside the gateway's. Examples:

    \b
        mail-organiser admin keys --settings settings/gateway.toml
        mail-organiser admin keys --settings settings/gateway.toml --format json
    """
    from cli.keys import run  # noqa: PLC0415  # see above

    raise SystemExit(run(settings, form))


@admin.command("rotate")
@click.argument("purpose", type=click.Choice(["kek", "cursor", "audit", "attestation", "rate_limit", "incident"]))
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def rotate(purpose: str, settings: Path) -> None:
    """Make a new key for a purpose, once a year or because one may have been copied.

    The KEK and the keys of access tokens are replaced by the gateway itself; mail-organiser-gateway-token-keys replaces
    the latter at once. Example:

    \b
        mail-organiser admin rotate cursor --settings settings/gateway.toml
    """
    from cli.keys import run_rotate  # noqa: PLC0415  # see above

    raise SystemExit(run_rotate(settings, purpose))


@admin.group()
def root() -> None:
    """Put another root key in the place of the one that is; gateways go on meanwhile.

    Name the new one in root_key or [root_hsm] and the former in former_root_key or [former_root_hsm], restart every
    gateway with that, then:

    \b
        mail-organiser admin root replace --settings settings/gateway.toml
        mail-organiser admin root forget --settings settings/gateway.toml
    """


@root.command("replace")
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def root_replace(settings: Path) -> None:
    """Make the new root where there is none yet, and seal the keys under it. May be stopped and run again."""
    from cli.root import run_replace  # noqa: PLC0415  # see above

    raise SystemExit(run_replace(settings))


@root.command("forget")
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def root_forget(settings: Path) -> None:
    """Destroy the former root for ever. Refused while anything is sealed under it."""
    from cli.root import run_forget  # noqa: PLC0415  # see above

    raise SystemExit(run_forget(settings))


@admin.command()
@click.option("--tenant", required=True, help="Entra's tenant ID.")
@click.option("--object", "object_id", required=True, help="Entra's object ID of the user.")
@click.option("--settings", type=click.Path(path_type=Path), required=True, help="The gateway's settings file.")
def person(tenant: str, object_id: str, settings: Path) -> None:
    """Print the per_... of whoever signs in with an Entra account, for the other commands here.

    The audit log says that somebody asked. Example:

    \b
        mail-organiser admin person --tenant 9188... --object 00f2... --settings settings/gateway.toml
    """
    from cli.admin import run_person  # noqa: PLC0415  # see above

    raise SystemExit(run_person(settings, tenant, object_id))


@main.group("api-key")
def api_key() -> None:
    """Make, list and revoke API keys: what programs come in with.

    Signs in as you where the authority asks for no typing, as the sandbox of `up` does. Examples:

    \b
        mail-organiser api-key make --gateway $URL --authority $CA --name "Nightly sort" --scope read > key
        mail-organiser api-key list --gateway $URL --authority $CA
        mail-organiser api-key revoke --gateway $URL --authority $CA apk_...
    """


_gateway = click.option("--gateway", required=True, metavar="URL", help="The address of the service.")
_authority = click.option(
    "--authority", required=True, type=click.Path(path_type=Path), help="PEM file of the authority to trust."
)


@api_key.command("make")
@_gateway
@_authority
@click.option("--name", required=True, help="Which program it is for.")
@click.option("--scope", "scopes", required=True, multiple=True, help="read, folders, scan, rules or move; several.")
@click.option("--days", type=click.IntRange(1), default=30, show_default=True, help="How long it lives.")
@click.option("--mailbox", help="The only mailbox that it opens.  [default: all of yours]")
def make_key(  # noqa: PLR0913  # one argument an option
    *, gateway: str, authority: Path, name: str, scopes: tuple[str, ...], days: int, mailbox: str | None
) -> None:
    """Make a key and print it, once."""
    from cli.api_keys import make  # noqa: PLC0415  # see above

    wanted = {"name": name, "scopes": list(scopes), "expires_in_days": days, "mailbox_id": mailbox}
    raise SystemExit(make(gateway, authority, wanted))


@api_key.command("list")
@_gateway
@_authority
def list_keys(gateway: str, authority: Path) -> None:
    """List your keys: id, end, day of last use, scopes, name."""
    from cli.api_keys import show  # noqa: PLC0415  # see above

    raise SystemExit(show(gateway, authority))


@api_key.command("revoke")
@_gateway
@_authority
@click.argument("key")
def revoke_key(gateway: str, authority: Path, key: str) -> None:
    """End the key with this id for ever."""
    from cli.api_keys import revoke  # noqa: PLC0415  # see above

    raise SystemExit(revoke(gateway, authority, key))


_SETTINGS = click.option(
    "--settings",
    type=click.Path(path_type=Path),
    default=Path("var/settings/gateway.toml"),
    show_default=True,
    help="The gateway's settings file.",
)


@main.group()
def audit() -> None:
    """Check and export the audit log of a gateway on this machine, running or not."""


@audit.command("verify")
@_SETTINGS
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z"]), help="Check what came since (UTC).")
@click.option("--checkpoint", type=click.Path(path_type=Path), help="Checkpoints that were kept elsewhere.")
def audit_verify(settings: Path, since: datetime | None, checkpoint: Path | None) -> None:
    """Check that no event was edited, deleted, inserted, reordered or cut off; exit code 1 and the first number if so.

    A log whose end was cut off together with its head is seen only with a checkpoint from before. Examples:

    \b
        mail-organiser audit verify
        mail-organiser audit verify --since 2026-11-01 --checkpoint /elsewhere/checkpoints.jsonl
    """
    from cli.audit import verify  # noqa: PLC0415  # see above

    raise SystemExit(verify(settings, since and (since if since.tzinfo else since.replace(tzinfo=UTC)), checkpoint))


@audit.command("export")
@_SETTINGS
@click.option("--format", "form", type=click.Choice(["jsonl"]), default="jsonl", show_default=True)
def audit_export(settings: Path, form: str) -> None:  # noqa: ARG001  # there is one; a second one shall not surprise
    """Write every event as a line of JSON: pseudonyms, codes, ids and times."""
    from cli.audit import export  # noqa: PLC0415  # see above

    raise SystemExit(export(settings))


@audit.command("ship")
@_SETTINGS
@click.option("--to", type=click.Path(path_type=Path), required=True, help="The folder from which they are collected.")
@click.option("--follow", is_flag=True, help="Go on with new events until stopped.")
def audit_ship(settings: Path, to: Path, *, follow: bool) -> None:
    """Write every event that was not shipped yet into files of a folder, for a collector of another system.

    Stopped or killed anywhere and run again, it goes on where it was: no event is lost or shipped twice. Lines are
    those of export. The collector may delete every file but the newest of each log. Examples:

    \b
        mail-organiser audit ship --to /var/spool/mail-organiser
        mail-organiser audit ship --to /var/spool/mail-organiser --follow
    """
    from cli.audit import ship  # noqa: PLC0415  # see above

    raise SystemExit(ship(settings, to, follow=follow))


@audit.command("checkpoint")
@_SETTINGS
def audit_checkpoint(settings: Path) -> None:
    """Write a signed line for each log that says how far it is.

    Keep it where whoever writes the database can't reach. Example:

    \b
        mail-organiser audit checkpoint >> /elsewhere/checkpoints.jsonl
    """
    from cli.audit import note  # noqa: PLC0415  # see above

    raise SystemExit(note(settings))


@audit.command("receipt")
@_SETTINGS
@click.argument("path", type=click.Path(path_type=Path, exists=True))
def audit_receipt(settings: Path, path: Path) -> None:
    """Check the receipt of an erasure."""
    from cli.audit import check_receipt  # noqa: PLC0415  # see above

    raise SystemExit(check_receipt(settings, path))


@main.group()
def retention() -> None:
    """What is deleted because of its age."""


@retention.command("run")
@_SETTINGS
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
def retention_run(settings: Path, *, dry_run: bool) -> None:
    """Delete what is older than the settings allow; a gateway does so every day by itself."""
    from cli.audit import retain  # noqa: PLC0415  # see above

    raise SystemExit(retain(settings, dry_run=dry_run))
