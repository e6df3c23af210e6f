// The preview at hand: its scan, the rows that were fetched, what is selected, and what the owner changes. Rows hold text
// of messages in memory, as long as the page is open.

import { batch, computed, signal } from "../vendor/preact.js";
import { call, get } from "./api.js";
import { of } from "./mailbox.js";

/** @typedef {import("../api").RowAnswer} Row */
/** @typedef {import("../api").ScanAnswer} Scan */
/** @typedef {import("../api").Page} Page */
/** @typedef {{kind: string, folder_id: string, sure_from: string, changed: string}} Filter */

const PAGE = 100;
const NONE = /** @type {Filter} */ ({ kind: "", folder_id: "", sure_from: "", changed: "" });

export const scan = signal(/** @type {Scan | null} */ (null));
export const rows = signal(/** @type {Row[]} */ ([]));
export const following = signal(/** @type {string | null} */ (null));
export const filter = signal(NONE);
export const search = signal("");
export const selected = signal(/** @type {ReadonlySet<string>} */ (new Set()));
export const loaded = signal(false);

/** Runs that carried this preview out and were not taken back whole, newest first. */
export const runs = signal(/** @type {import("../api").MoveAnswer[]} */ ([]));

let etag = /** @type {string | null} */ (null);
let asking = 0; // which question for rows is the newest
let ahead = /** @type {Promise<Page | null> | null} */ (null); // the page after the last, on its way
let changes = /** @type {Array<{id: string, folder: string | null}>} */ ([]);

/** Rows that the words searched for are in; only what was fetched is looked through. */
export const shown = computed(() => {
  const words = search.value.trim().toLowerCase();
  return words ? rows.value.filter((row) => said(row).includes(words)) : rows.value;
});

/** @param {Row} row */
const said = ({ message }) =>
  [message?.subject, message?.sender_name, message?.sender_address].filter(Boolean).join("\n").toLowerCase();

/** Whether it may be among many that are changed or approved at once. @param {Row} row */
export const isFree = (row) => row.kind === "move" || row.kind === "keep";

/** Whether the owner may decide otherwise about it; what is held must be released first. @param {Row} row */
export const isOpen = (row) => row.kind !== "hold";

/** @param {string} id */
const path = (id) => of(`/scans/${id}`);

/** The newest scan, or the one named. @param {string | null} [id] */
export async function open(id = null) {
  const wanted = id ?? (await newest());
  if (wanted === null) return void batch(() => { scan.value = null; loaded.value = true; });
  const found = await call("GET", path(wanted));
  batch(() => { forget(); scan.value = /** @type {Scan} */ (found.data); });
  etag = found.etag;
  if (scan.value?.state === "done") await Promise.all([refill(), lookForRuns()]);
  loaded.value = true;
}

async function lookForRuns() {
  const { items } = /** @type {import("../api").MoveList} */ (await get(of("/moves")));
  runs.value = items.filter((run) => run.scan_id === scan.value?.id && run.kind === "apply" && !run.undone_by);
}

async function newest() {
  const { items } = /** @type {{items: Scan[]}} */ (await get(of("/scans?limit=1")));
  return items[0]?.id ?? null;
}

/** Another mailbox is at hand, or none. */
export const leave = () => batch(() => { forget(); [scan.value, loaded.value] = [null, false]; });

function forget() {
  [runs.value, ahead] = [[], null];
  [rows.value, following.value, selected.value, filter.value, search.value, changes] = [[], null, new Set(), NONE, "", []];
}

/** The first page of what the filter lets through. */
export async function refill() {
  asking += 1;
  ahead = null;
  batch(() => { rows.value = []; following.value = null; selected.value = new Set(); });
  await more();
}

/** @param {string | null} cursor @returns {Promise<Page>} */
function ask(cursor) {
  const asked = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries(filter.value)) if (value) asked.set(name, value);
  if (cursor) asked.set("cursor", cursor);
  return get(`${path(/** @type {Scan} */ (scan.value).id)}/decisions?${asked}`);
}

/** The next page; who goes beyond the first finds one more fetched already. An answer that another question overtook is dropped. */
export async function more() {
  const [turn, cursor, coming] = [asking, following.value, ahead];
  const page = (await coming) ?? (await ask(cursor));
  if (turn !== asking || cursor !== following.value) return;
  batch(() => { rows.value = [...rows.value, ...page.items]; following.value = page.next_cursor; });
  ahead = cursor && page.next_cursor ? ask(page.next_cursor).catch(() => null) : null;
}

/** Starts a scan of the inbox and makes it the one at hand. */
export async function start() {
  const { data } = await call("POST", of("/scans"), {});
  batch(() => { forget(); scan.value = /** @type {Scan} */ (data); });
}

/** @param {string} method @param {string} tail @param {unknown} body */
async function revised(method, tail, body) {
  const id = /** @type {Scan} */ (scan.value).id;
  const answer = await call(method, `${path(id)}/decisions${tail}`, body, { etag });
  etag = answer.etag;
  const fresh = await call("GET", path(id));
  scan.value = /** @type {Scan} */ (fresh.data);
  return /** @type {any} */ (answer.data);
}

/** The owner decides otherwise about one. How many more of this sender could go the same way. @param {Row} row @param {string | null} folder */
export async function change(row, folder) {
  const before = row.kind === "move" ? row.folder_id : null;
  const answer = await revised("PATCH", `/${row.id}`, { folder_id: folder });
  changes.push({ id: row.id, folder: before });
  replace(row.id, answer);
  return /** @type {number} */ (answer.alike ?? 0);
}

/** @param {string} id @param {Partial<Row>} decision */
function replace(id, decision) {
  rows.value = rows.value.map((one) => (one.id === id ? { ...one, ...decision } : one));
}

/** The same for all others of this sender. How many changed. @param {Row} row @param {string | null} folder */
export async function changeAlike(row, folder) {
  const { changed } = await revised("POST", `/${row.id}/alike`, { folder_id: folder });
  await refill();
  return /** @type {number} */ (changed);
}

/** The same for all that are selected. What stays as it is. @param {string | null} folder */
export async function changeSelected(folder) {
  const ids = [...selected.value];
  const { left } = await revised("PATCH", "", { decision_ids: ids, folder_id: folder });
  await refill();
  return /** @type {string[]} */ (left);
}

/** Takes the last change back. The row's id, or null when there is none. */
export async function undoChange() {
  const last = changes.pop();
  if (!last) return null;
  replace(last.id, await revised("PATCH", `/${last.id}`, { folder_id: last.folder }));
  return last.id;
}

/** A held message is no attack. @param {Row} row @param {"sender" | "text" | null} remember */
export async function release(row, remember) {
  replace(row.id, await revised("POST", `/${row.id}/release`, { remember }));
}

/** Approves what was seen: all moves, or these. key: one for each approval. The run. @param {string[] | null} ids @param {string} key */
export async function approve(ids, key) {
  const wanted = { scan_id: /** @type {Scan} */ (scan.value).id, decision_ids: ids };
  return /** @type {import("../api").MoveAnswer} */ ((await call("POST", of("/moves"), wanted, { etag, key })).data);
}

/** @param {string} id */
export function toggle(id) {
  const now = new Set(selected.value);
  if (!now.delete(id)) now.add(id);
  selected.value = now;
}
