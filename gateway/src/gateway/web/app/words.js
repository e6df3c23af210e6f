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
  owner: "you decided", released: "you released it", changed_by_owner: "you decided",
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
  not_judged: { name: "Not judged", meaning: "Could not be judged, or is unlike anything that mail is." },
});

export const KINDS = /** @type {Record<string, string>} */ ({ move: "Move", keep: "Keep", review: "Review", hold: "Held" });
export const FIELDS = /** @type {Record<string, string>} */ ({ subject: "subject", sender_name: "sender's name", sender_address: "sender's address" });

/** @param {number} number @param {string} one @param {string} [many] */
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString()} ${number === 1 ? one : many}`;

/** @param {number} share 0 to 1 */
export const percent = (share) => `${Math.round(share * 100)} %`;
