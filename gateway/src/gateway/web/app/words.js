// Codes of the API in words that their owner uses.

/** @typedef {import("../api").RowAnswer} Row */

/** Why a decision is what it is; {folder} is not told here. */
export const REASONS = /** @type {Record<string, string>} */ ({
  rule_sender: "your rule for this sender", rule_list: "your rule for this list", rule_organisation: "your rule for this organisation",
  rule_at_goal: "your rule says it belongs where it is", rule_paused: "your rule is paused: its folder can't be filed in now",
  protected_sender: "you protected this sender", protected_list: "you protected this list",
  protected_organisation: "you protected this organisation", protected_folder: "you protected this folder",
  draft: "a draft", flagged: "flagged", replied_to: "from somebody you wrote to", recent: "too new to be filed",
  sender: "you filed this sender's mail there", thread: "the conversation is filed there", domain: "mail of this organisation is filed there",
  recipients: "mail to these recipients is filed there", words: "words like in mail that you filed there",
  well_known: "a sender known for mail of that kind", provider: "the AI's choice among your folders",
  not_sure: "no folder is sure enough", no_folder_fits: "no folder fits", nothing_learned: "nothing was learned yet",
  suspicious: "looks unusual: please have a look", corrected_by_owner: "you said that mail like this is no attack",
  owner: "you decided",
});

/** What sentinel looks for, one sentence each. */
export const TECHNIQUES = /** @type {Record<string, {name: string, meaning: string}>} */ ({
  override: { name: "Instruction override", meaning: "Tells the AI to drop the instructions it was given, or to follow new ones." },
  role_play: { name: "Role play", meaning: "Gives the AI another role, in which its rules would not hold." },
  prompt_leak: { name: "Prompt leak", meaning: "Asks the AI for its instructions, for other mail or for secrets." },
  delimiter_spoofing: { name: "Delimiter spoofing", meaning: "Imitates the marks with which programs and AIs speak, to pass for the system." },
  folder_steering: { name: "Folder steering", meaning: "Tells the sorter where this message should go." },
  agent_action: { name: "Agent action", meaning: "Tells an AI to do something: forward, delete, answer, call a tool." },
  authority: { name: "Claimed authority", meaning: "Claims to speak for an administrator, the owner or a check that was passed." },
  encoded_payload: { name: "Encoded payload", meaning: "Hides its words in an encoding, or spells them so that people don't read them." },
  hidden_characters: { name: "Hidden characters", meaning: "Holds characters that nobody sees." },
  look_alike_sender: { name: "Look-alike sender", meaning: "Uses letters that look like others, to pass for somebody else." },
  split_payload: { name: "Split payload", meaning: "Puts one half into the sender's name and the other into the subject." },
  unreadable: { name: "Unreadable", meaning: "Is unlike anything that mail is, so it could not be looked at." },
  unknown: { name: "Not known here", meaning: "Could not be judged, or by something newer than this page." },
});

export const KINDS = /** @type {Record<string, string>} */ ({ move: "Move", keep: "Keep", review: "Review", hold: "Held" });
export const FIELDS = /** @type {Record<string, string>} */ ({
  subject: "subject", sender_name: "sender's name", sender_address: "sender's address", list_id: "mailing list", folder_name: "folder's name",
  folder_description: "folder's description", joined: "sender's name and subject", message: "message", unknown: "elsewhere",
});

/** What happened, by the kind that the audit log has. */
export const EVENTS = /** @type {Record<string, string>} */ ({
  "session.sign_in": "Back from Microsoft", "session.exchange": "Signed in", "session.sign_out": "Signed out",
  "session.sign_out_everywhere": "Ended all sessions", "session.refresh": "Session renewed",
  "session.refresh_reused": "Session ended: somebody had stolen what renews it", "session.token_refused": "Token refused",
  "access.denied": "Asked for what is somebody else's", "access.limited": "Asked for too much at once",
  "vault.decrypt_failed": "Something sealed did not open", "vault.key_rotated": "Operator replaced a key",
  "mailbox.connected": "Mailbox connected", "mailbox.disconnected": "Mailbox disconnected", "mailbox.needs_sign_in": "Microsoft closed the mailbox",
  "api_key.made": "API key made, for days", "api_key.revoked": "API key revoked",
  "token_key.rotated": "Operator replaced the signing key", "token_key.destroyed": "Operator destroyed a signing key",
  "message.released": "Held message released", "correction.made": "No attack: remembered", "correction.removed": "No attack: taken back",
  "folder.made": "Folder made in Outlook", "folder.adopted": "Folders adopted",
  "learned.forgotten": "All that was learned forgotten", "learned.folder_forgotten": "What was learned of a folder forgotten",
  "learned.message_forgotten": "What was learned of a message forgotten", "rule.made": "Rule made", "rule.changed": "Rule changed",
  "rule.removed": "Rule removed", "proposal.accepted": "Proposed rule accepted", "proposal.dismissed": "Proposed rule dismissed",
  "protection.made": "Protection made", "protection.removed": "Protection ended", "keeping.changed": "What stays by itself changed",
  "scan.started": "Preview begun", "scan.finished": "Preview ended: messages decided", "move.approved": "Moves approved",
  "move.batch": "About to be moved", "move.paused": "Run paused", "move.resumed": "Run resumed", "move.stopped": "Run stopped",
  "scan.paused": "Preview paused", "scan.resumed": "Preview resumed", "undo.approved": "Undo begun", "undo.batch": "About to go back",
  "person.revoked": "Operator ended the access", "person.plan_given": "Operator gave a plan",
  "person.exported": "Everything exported", "person.erased": "Everything erased", "retention.run": "Old entries deleted",
  "settings.loaded": "Server started", "vault.root_replaced": "Operator replaced the root key", "vault.root_forgotten": "Operator ended a former root key", "session.code_replayed": "Session ended: its one-time code came twice", "person.looked_up": "Operator looked you up",
});

/** Why a mailbox waits for its owner at Microsoft. */
export const NEEDS = /** @type {Record<string, string>} */ ({
  revoked: "Microsoft no longer accepts this access", consent_revoked: "you took the permission back at Microsoft",
  password_changed: "the password was changed, or Microsoft ended all sessions", expired: "not used for too long",
  more_proof: "Microsoft wants another proof of you", blocked_by_policy: "your organisation blocks it",
  account_blocked: "the account is disabled, locked or gone", claims_challenge: "Microsoft wants to see you again",
  scopes_missing: "a permission is missing", scopes_too_wide: "Microsoft granted more than was asked for", disconnected: "disconnected",
});

/** Where a scan or a run stands. */
export const STATES = /** @type {Record<string, string>} */ ({
  queued: "waiting for its turn", running: "on its way", paused: "paused", done: "done", failed: "could not be finished", cancelled: "stopped",
});

/** What there was too much of. */
export const LIMITS = /** @type {Record<string, string>} */ ({
  session: "sign-ins", failures: "refused tokens", pages: "pages", address: "from one network", person: "by one person",
  key: "with one API key", work: "previews and runs", back: "undone or ended",
});

/** By what a rule or a protection knows mail, and by what a correction does. */
export const MATCHERS = /** @type {Record<string, string>} */ ({ sender: "one sender", list: "a mailing list", organisation: "an organisation" });
export const CORRECTIONS = /** @type {Record<string, string>} */ ({ sender: "of one sender", text: "with one subject" });

/** What an API key may be allowed. */
export const SCOPES = /** @type {Record<string, string>} */ ({
  read: "see folders, previews and runs", folders: "choose and adopt folders", scan: "preview a folder; nothing moves",
  rules: "make rules and protections, say what is no attack, forget", move: "change a preview, carry it out, undo it",
});
export const ACCESS = /** @type {Record<string, string>} */ ({ preview: "looking only", full: "looking and moving" });
export const BOUNDS = /** @type {Record<string, string>} */ ({
  scans_a_month: "previews this month", messages_a_scan: "messages in one preview", ai_tokens_a_day: "AI tokens today",
});
export const LANGUAGES = /** @type {Record<string, string>} */ ({
  en: "English", de: "Deutsch", es: "Español", fr: "Français", it: "Italiano", nl: "Nederlands", pt: "Português",
});

/** Parts of the installation, and how its AI provider is. */
export const PARTS = /** @type {Record<string, string>} */ ({
  database: "Database", sentinel: "Sentinel, which looks for attacks", classifier: "Classifier, which chooses folders",
});
export const PROVIDERS = /** @type {Record<string, string>} */ ({
  off: "none", ready: "works", unenforced: "not used: its answers can't be held to a form", unreachable: "does not answer",
  resting: "resting after failures", unknown: "not known just now",
});

/** A code that came without a table of its own. @param {string} code */
export const plain = (code) => NEEDS[code] ?? STATES[code] ?? LIMITS[code] ?? code.replaceAll("_", " ");

/** @param {number} number @param {string} one @param {string} [many] */
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString()} ${number === 1 ? one : many}`;

/** @param {number} share 0 to 1 */
export const percent = (share) => `${Math.round(share * 100)} %`;
