// The mailbox at hand, its folders, and what the installation is: what every screen needs.

import { computed, signal } from "../vendor/preact.js";
import { call, get } from "./api.js";
import { challenge, leave } from "./session.js";
import { zone } from "./time.js";

/** @typedef {import("../api").FolderAnswer} Folder */
/** @typedef {import("../api").MailboxAnswer} Mailbox */

export const status = signal(/** @type {import("../api").StatusAnswer | null} */ (null));
export const subProcessors = signal(/** @type {import("../api").SubProcessorAnswer[]} */ ([]));
export const mailboxes = signal(/** @type {Mailbox[]} */ ([]));
export const mailboxId = signal(/** @type {string | null} */ (null));
export const folders = signal(/** @type {Folder[]} */ ([]));

export const mailbox = computed(() => mailboxes.value.find((one) => one.id === mailboxId.value) ?? null);
export const byId = computed(() => new Map(folders.value.map((one) => [one.id, one])));
export const chosen = computed(() => folders.value.filter((one) => one.chosen));
export const isSandbox = computed(() => status.value?.mode === "sandbox");

/** A path of the mailbox at hand. @param {string} path */
export const of = (path) => `/api/v1/mailboxes/${mailboxId.value}${path}`;

/** @param {string | null} id */
export const folderName = (id) => (id === null ? null : (byId.value.get(id)?.name ?? "a folder that is gone"));

/** What the installation is and whether it works; asked without a session. */
export async function lookAtStatus() {
  const answer = await fetch("/api/v1/status").catch(() => null);
  status.value = answer ? await answer.json() : null;
}

/** Who else sees something, as the operator has it; nothing while the server can't be reached. */
export async function lookAtSubProcessors() {
  const answer = await fetch("/api/v1/sub-processors").catch(() => null);
  if (answer?.ok) subProcessors.value = (await answer.json()).items;
}

/** Everything about the person's mailboxes; the first is at hand unless another is. */
export async function enter() {
  const { items } = await get("/api/v1/mailboxes").then((found) => /** @type {import("../api").MailboxList} */ (found));
  mailboxes.value = items;
  if (!items.some((one) => one.id === mailboxId.value)) mailboxId.value = items[0]?.id ?? null;
  if (mailboxId.value !== null) await Promise.all([loadFolders(), loadZone()]);
}

export async function loadFolders() {
  folders.value = /** @type {import("../api").FolderList} */ (await get(of("/folders"))).items;
}

async function loadZone() {
  const found = await get(of("/settings")).catch(() => null);
  zone.value = /** @type {{time_zone: string | null} | null} */ (found)?.time_zone ?? null;
}

/**
 * Sends a person who is signed in to Microsoft once more: for another mailbox, or for more access to one.
 * @param {string} path @param {object} wanted @param {string} [back] the screen to come back to
 */
export async function askMicrosoft(path, wanted, back) {
  const { data } = await call("POST", path, { ...wanted, challenge: await challenge() });
  leave(/** @type {import("../api").SignInStarted} */ (data).url, back);
}
