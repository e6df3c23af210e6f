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

/** How long that is, roughly. @param {number} seconds */
export function roughly(seconds) {
  if (seconds < 60) return "less than a minute";
  if (seconds < 90 * 60) return `about ${Math.round(seconds / 60)} min`;
  return `about ${Math.round(seconds / 360) / 10} hours`;
}
