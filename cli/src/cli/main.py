"""The mail-organiser command. Each sub-command imports what it needs when it is called: --help stays quick."""

from pathlib import Path

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mail-organiser-cli")
def main() -> None:
    """Sorts a mailbox into its owner's folders. Nothing moves before you approve it."""


@main.command()
@click.option("--mailbox", type=click.Path(exists=True, path_type=Path), help="mbox, .eml folder, Maildir or Takeout.")
@click.option("--port", type=click.IntRange(0, 65535), default=8443, show_default=True, help="0 for any free one.")
@click.option(
    "--var", type=click.Path(path_type=Path), default=Path("var"), show_default=True, help="Where to keep things."
)
@click.option("--check", is_flag=True, help="Sort, print one JSON line, end.")
def up(mailbox: Path | None, port: int, var: Path, *, check: bool) -> None:
    r"""Run everything on this machine and sort a mailbox in the sandbox.

    Without --mailbox, a sample mailbox is sorted. Examples:

    \b
        mail-organiser up
        mail-organiser up --mailbox ~/Takeout/Mail/All.mbox
    """
    from cli.up import run  # noqa: PLC0415  # see above

    raise SystemExit(run(mailbox, port=port, var=var, check=check))


@main.command()
@click.argument("path", type=click.Path(exists=True, path_type=Path))
@click.option("--folders", type=click.Path(exists=True, path_type=Path), help="Names of folders, one a line.")
@click.option("--format", "form", type=click.Choice(["table", "json", "jsonl"]), default="table", show_default=True)
@click.option("--limit", type=click.IntRange(1), help="Sort at most so many messages.")
def scan(path: Path, folders: Path | None, form: str, limit: int | None) -> None:
    r"""Sort a mailbox file offline: nothing is sent anywhere, nothing is changed.

    Exit code 3 when something is held. Examples:

    \b
        mail-organiser scan ~/Takeout/Mail/All.mbox
        mail-organiser scan Maildir --format jsonl > decisions.jsonl
    """
    from cli.scan import run  # noqa: PLC0415  # see above

    raise SystemExit(run(path, folders=folders, form=form, limit=limit))
