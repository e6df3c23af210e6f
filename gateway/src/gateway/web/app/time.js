// Times in the mailbox's own zone, as Microsoft has it; in the browser's where Microsoft doesn't say.

import { computed, signal } from "../vendor/preact.js";

export const zone = signal(/** @type {string | null} */ (null));

/** @param {Intl.DateTimeFormatOptions} options */
const format = (options) => computed(() => new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone.value ?? undefined }));

const [day, minute] = [format({ dateStyle: "medium" }), format({ dateStyle: "medium", timeStyle: "short" })];

/** @param {string | null} instant RFC 3339 */
export const onDay = (instant) => (instant === null ? "" : day.value.format(new Date(instant)));

/** @param {string | null} instant RFC 3339 */
export const atMinute = (instant) => (instant === null ? "" : minute.value.format(new Date(instant)));

const DAY_MS = 86_400_000;
const keyed = computed(() => new Intl.DateTimeFormat("en-CA", { timeZone: zone.value ?? undefined })); // writes YYYY-MM-DD

/** The day of an instant in the mailbox's zone, as YYYY-MM-DD. @param {string | Date} instant */
export const dayKey = (instant) => keyed.value.format(new Date(instant));

/** The last days by their keys, oldest first, today the last. @param {number} many @param {Date} now */
export const lastDays = (many, now) =>
  Array.from({ length: many }, (_, back) => new Date(Date.parse(dayKey(now)) - (many - 1 - back) * DAY_MS).toISOString().slice(0, 10));

/** A day's key as people read it. @param {string} key */
export const dayName = (key) => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeZone: "UTC" }).format(new Date(key));

/** How long that is, roughly. @param {number} seconds */
export function roughly(seconds) {
  if (seconds < 60) return "less than a minute";
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 360) / 10} hours`;
}
