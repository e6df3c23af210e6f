"""What an event says, in closed vocabularies: no field can hold a subject, an address, a token or a line break.

A new kind is a member of Kind, a row in MEANINGS, and a line in docs/reference/audit.md; tests compare the three, and
look for the place that records it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Log(StrEnum):
    """Two chains, because they are kept for different times (gateway.rights.retention)."""

    AUDIT = "audit"
    SECURITY = "security"


class Kind(StrEnum):
    """What happened. Codes are for ever: an event of years ago must still mean the same."""

    SIGN_IN = "session.sign_in"
    EXCHANGE = "session.exchange"
    CODE_REPLAYED = "session.code_replayed"
    SIGN_OUT = "session.sign_out"
    SIGN_OUT_EVERYWHERE = "session.sign_out_everywhere"
    REFRESH = "session.refresh"
    REFRESH_REUSED = "session.refresh_reused"
    TOKEN_REFUSED = "session.token_refused"  # noqa: S105  # the name of a kind
    DENIED = "access.denied"
    LIMITED = "access.limited"
    DECRYPT_FAILED = "vault.decrypt_failed"
    MAILBOX_CONNECTED = "mailbox.connected"
    MAILBOX_DISCONNECTED = "mailbox.disconnected"
    NEEDS_SIGN_IN = "mailbox.needs_sign_in"
    API_KEY_MADE = "api_key.made"
    API_KEY_REVOKED = "api_key.revoked"
    TOKEN_KEY_ROTATED = "token_key.rotated"  # noqa: S105  # the name of a kind
    TOKEN_KEY_DESTROYED = "token_key.destroyed"  # noqa: S105  # the name of a kind
    KEY_ROTATED = "vault.key_rotated"
    ROOT_REPLACED = "vault.root_replaced"
    ROOT_FORGOTTEN = "vault.root_forgotten"
    RELEASED = "message.released"
    CORRECTION_MADE = "correction.made"
    CORRECTION_REMOVED = "correction.removed"
    FOLDER_MADE = "folder.made"
    FOLDERS_ADOPTED = "folder.adopted"
    FORGOTTEN = "learned.forgotten"
    FOLDER_FORGOTTEN = "learned.folder_forgotten"
    MESSAGE_FORGOTTEN = "learned.message_forgotten"
    RULE_MADE = "rule.made"
    RULE_CHANGED = "rule.changed"
    RULE_REMOVED = "rule.removed"
    PROPOSAL_ACCEPTED = "proposal.accepted"
    PROPOSAL_DISMISSED = "proposal.dismissed"
    PROTECTION_MADE = "protection.made"
    PROTECTION_REMOVED = "protection.removed"
    KEEPING_CHANGED = "keeping.changed"
    SCAN_STARTED = "scan.started"
    SCAN_FINISHED = "scan.finished"
    SCAN_PAUSED = "scan.paused"
    SCAN_RESUMED = "scan.resumed"
    MOVE_APPROVED = "move.approved"
    MOVE_PAUSED = "move.paused"
    MOVE_RESUMED = "move.resumed"
    MOVE_STOPPED = "move.stopped"
    MOVE_BATCH = "move.batch"
    UNDO_APPROVED = "undo.approved"
    UNDO_BATCH = "undo.batch"
    LOOKED_UP = "person.looked_up"
    REVOKED = "person.revoked"
    PLAN_GIVEN = "person.plan_given"
    EXPORTED = "person.exported"
    ERASED = "person.erased"
    RETENTION = "retention.run"
    SETTINGS_LOADED = "settings.loaded"
    INCIDENT_OPENED = "incident.opened"
    INCIDENT_SEVERITY = "incident.severity"
    INCIDENT_NOTED = "incident.noted"
    INCIDENT_EVIDENCE = "incident.evidence"
    INCIDENT_DESCRIBED = "incident.described"
    INCIDENT_AWARE = "incident.aware"
    INCIDENT_ASSESSED = "incident.assessed"
    INCIDENT_DECIDED = "incident.decided"
    INCIDENT_MEASURE = "incident.measure"
    INCIDENT_NOTIFIED = "incident.notified"
    INCIDENT_FOLLOWED_UP = "incident.followed_up"
    INCIDENT_LATE = "incident.late"
    INCIDENT_REVIEWED = "incident.reviewed"
    INCIDENT_CLOSED = "incident.closed"


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


SECURITY: Final = frozenset(
    {
        *(
            Kind.SIGN_IN,
            Kind.EXCHANGE,
            Kind.CODE_REPLAYED,
            Kind.SIGN_OUT,
            Kind.SIGN_OUT_EVERYWHERE,
            Kind.TOKEN_REFUSED,
            Kind.DENIED,
            Kind.LIMITED,
        ),
        *(Kind.REFRESH, Kind.REFRESH_REUSED, Kind.DECRYPT_FAILED),
    }
)  # who came, and who was not let in; everything else is what was done

MEANINGS: Final[Mapping[Kind, str]] = {
    Kind.SIGN_IN: "somebody came back from Microsoft; refused with the reason of the check that failed",
    Kind.EXCHANGE: "a one-time code was traded for an access token, or refused; the reason is what it was",
    Kind.CODE_REPLAYED: "a used one-time code came back within its minute and the session of its first use was ended",
    Kind.SIGN_OUT: "a session was ended by its owner; the object is the session",
    Kind.REFRESH: "a session got new tokens for old ones, or was refused without its key; the object is the session",
    Kind.REFRESH_REUSED: "a spent refresh token came back and its session was ended: a theft",
    Kind.TOKEN_REFUSED: "requests without a good access token",
    Kind.DENIED: "requests for what is not the caller's",
    Kind.LIMITED: "requests over a limit; the reason is the limit's name",
    Kind.DECRYPT_FAILED: "a sealed value did not open: altered, moved, or its key lost",
    Kind.API_KEY_MADE: "a person made a key for a program; the object is the key, the amount is of days",
    Kind.API_KEY_REVOKED: "its owner ended it",
    Kind.TOKEN_KEY_ROTATED: "an operator replaced the key that signs access tokens",
    Kind.TOKEN_KEY_DESTROYED: "an operator destroyed an older one; the object is the key",
    Kind.KEY_ROTATED: "a key of the deployment was replaced; the object is the new key, or the reason what for",
    Kind.ROOT_REPLACED: "the keys were about to be sealed under another root; written before it is done",
    Kind.ROOT_FORGOTTEN: "the former root was about to be destroyed; written before it is done",
    Kind.RELEASED: "a held message was released; the object is the decision",
    Kind.CORRECTION_MADE: "an owner said what is no attack; the object is the correction",
    Kind.CORRECTION_REMOVED: "an owner took that back",
    Kind.FOLDER_MADE: "a folder was made in Outlook because its owner adopted it",
    Kind.FOLDERS_ADOPTED: "starter folders were adopted; the amount is how many",
    Kind.FORGOTTEN: "everything that was learned of a mailbox was forgotten; the amount is of messages",
    Kind.FOLDER_FORGOTTEN: "what was learned of a folder was forgotten; the object is the folder",
    Kind.MESSAGE_FORGOTTEN: "what was learned of a message was forgotten",
    Kind.RULE_MADE: "an owner made a rule; the object is the rule",
    Kind.RULE_CHANGED: "a rule was given another folder",
    Kind.RULE_REMOVED: "a rule was taken away",
    Kind.PROPOSAL_ACCEPTED: "an owner made a rule of a proposal; the object is the proposal",
    Kind.PROPOSAL_DISMISSED: "an owner does not want to be shown it again",
    Kind.PROTECTION_MADE: "an owner protected mail or a folder; the object is the protection",
    Kind.PROTECTION_REMOVED: "a protection was taken away",
    Kind.KEEPING_CHANGED: "what stays by itself was changed",
    Kind.SCAN_STARTED: "a scan was asked for; the object is the scan",
    Kind.SCAN_FINISHED: "it ended; the amount is of messages decided, the reason how it ended",
    Kind.MOVE_APPROVED: "a preview was approved; the object is the run, the amount is of messages planned",
    Kind.SCAN_PAUSED: "its owner lets a scan rest; the object is the scan",
    Kind.SCAN_RESUMED: "it goes on",
    Kind.MOVE_PAUSED: "its owner lets a run, or an undo, rest; the object is the run",
    Kind.MOVE_RESUMED: "it goes on",
    Kind.MOVE_STOPPED: "it is to end before its time: what has moved stays moved, the rest is left alone",
    Kind.MOVE_BATCH: "so many messages of the run were about to be moved; written before Microsoft is called",
    Kind.UNDO_APPROVED: "a run is to be taken back; the object is the undoing run",
    Kind.UNDO_BATCH: "so many messages were about to go back",
    Kind.MAILBOX_CONNECTED: "a person connected a mailbox",
    Kind.MAILBOX_DISCONNECTED: "its owner ended it and everything held about it; the last event under its pseudonym",
    Kind.NEEDS_SIGN_IN: "Microsoft no longer lets us into a mailbox; the reason says why",
    Kind.PLAN_GIVEN: "an operator gave a person a plan; the reason is its name",
    Kind.LOOKED_UP: "an operator asked which person a Microsoft account is; refused when it is nobody here",
    Kind.REVOKED: "an operator ended a person's access; the amount is of sessions, keys and mailboxes",
    Kind.SIGN_OUT_EVERYWHERE: "a person ended all their sessions; the amount is how many",
    Kind.EXPORTED: "a person took away everything that is held about them",
    Kind.ERASED: "a person was erased; the last event under their pseudonym",
    Kind.RETENTION: "what was older than it may be was deleted; the amount is of rows",
    Kind.SETTINGS_LOADED: "the gateway started; the reason is a digest of its settings, so that a change shows",
    Kind.INCIDENT_OPENED: "an operator opened an incident; the object is the incident, the reason its entry's hash",
    Kind.INCIDENT_SEVERITY: "its severity was set",
    Kind.INCIDENT_NOTED: "a line of its timeline",
    Kind.INCIDENT_EVIDENCE: "events of this log were put to it; the amount is how many",
    Kind.INCIDENT_DESCRIBED: "a fact of it was written down",
    Kind.INCIDENT_AWARE: "the data protection officer declared from when we are aware of it: 72 hours run",
    Kind.INCIDENT_ASSESSED: "the risk for people was assessed",
    Kind.INCIDENT_DECIDED: "it was decided whether the ICO and the people are told",
    Kind.INCIDENT_MEASURE: "a measure was taken or proposed",
    Kind.INCIDENT_NOTIFIED: "the ICO or the people were told, by a person",
    Kind.INCIDENT_FOLLOWED_UP: "the ICO was told more",
    Kind.INCIDENT_LATE: "why the ICO was told after 72 hours",
    Kind.INCIDENT_REVIEWED: "what was learned of it",
    Kind.INCIDENT_CLOSED: "it was closed; the last entry",
}


@dataclass(frozen=True, slots=True)
class Event:
    """person and mailbox are ids and are kept as pseudonyms; reason is a code of a closed vocabulary.

    amount: of how many things it tells. object_id: of a scan, a run, a decision...: one of our own ids.
    """

    kind: Kind
    outcome: Outcome = Outcome.DONE
    person: str | None = None
    mailbox: str | None = None
    object_id: str | None = None
    reason: str | None = None
    amount: int = 1

    @property
    def log(self) -> Log:
        """The chain that it belongs in."""
        return Log.SECURITY if self.kind in SECURITY else Log.AUDIT
