// Signing in and staying so. The access token lives in this tab's sessionStorage, the refresh token in a cookie that no
// script can read, and the session's key where no script can take it from; none is ever in a URL.

import { signal } from "../vendor/preact.js";
import { Problem, UNREACHABLE } from "./problem.js";
import { base64url, dropKey, makeKey, proof } from "./proof.js";

const BASE = "/api/v1/session";
const [TOKEN, VERIFIER, BACK] = ["mail-organiser.token", "mail-organiser.verifier", "mail-organiser.back"];
const ATTEMPTS = 3; // of a renewal that another request of this session may just have made

/** Whether this tab holds a session; why the last one ended, or what was asked of Microsoft beside it came to nothing, or null. */
export const signedIn = signal(sessionStorage.getItem(TOKEN) !== null);
export const endReason = signal(/** @type {string | null} */ (null));

/** What a person who was just erased is given; it is held as long as the page is open. */
export const receipt = signal(/** @type {import("../api").ReceiptAnswer | null} */ (null));

export const token = () => sessionStorage.getItem(TOKEN) ?? "";

/** A new verifier, kept in this tab; its challenge (RFC 7636). */
export async function challenge() {
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  sessionStorage.setItem(VERIFIER, verifier);
  return base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** @param {string} path @param {unknown} body @param {Record<string, string>} [more] headers */
const post = (path, body, more) =>
  fetch(path, { method: "POST", headers: { "content-type": "application/json", ...more }, body: JSON.stringify(body) });

/** With a proof of the session's key. @param {string} path @param {unknown} body */
const proven = async (path, body) => post(path, body, { dpop: await proof(path) });

/** Sends the browser to Microsoft. @param {string} [back] the screen to come back to */
export async function signIn(back) {
  const answer = await post(`${BASE}/sign-in`, { challenge: await challenge() }).catch(() => null);
  if (answer === null) throw UNREACHABLE();
  if (!answer.ok) throw new Problem(answer.status, await answer.json().catch(() => ({})));
  leave((await answer.json()).url, back);
}

/** @param {string} url Microsoft's @param {string} [back] the screen to come back to */
export function leave(url, back = "") {
  sessionStorage.setItem(BACK, back);
  location.assign(url);
}

/** What Microsoft's way back left in the fragment: exchanged and wiped. Whether there was something. */
export async function cameBack() {
  const found = new URLSearchParams(location.hash.slice(1));
  const [code, refused] = [found.get("code"), found.get("refused")];
  if (code === null && refused === null) return;
  const back = sessionStorage.getItem(BACK);
  sessionStorage.removeItem(BACK);
  history.replaceState(null, "", back ? `/#/${back}` : "/");
  dispatchEvent(new Event("hashchange"));
  if (code !== null) await exchange(code);
  else if (signedIn.value) endReason.value = refused;
  else ended(/** @type {string} */ (refused));
}

/** @param {string} code */
async function exchange(code) {
  const verifier = sessionStorage.getItem(VERIFIER) ?? "";
  sessionStorage.removeItem(VERIFIER);
  await dropKey();
  await makeKey();
  const answer = await proven(`${BASE}/exchange`, { code, verifier });
  if (answer.ok) keep((await answer.json()).access_token);
  else ended("exchange");
}

/** @param {string} value */
function keep(value) {
  sessionStorage.setItem(TOKEN, value);
  endReason.value = null;
  signedIn.value = true;
}

/** The session is over. @param {string} [reason] */
export function ended(reason = "over") {
  sessionStorage.removeItem(TOKEN);
  dropKey();
  endReason.value = reason;
  signedIn.value = false;
}

let renewing = /** @type {Promise<boolean> | null} */ (null);

/** A new token in place of `used`, asked for once however many want it. Whether there is one. @param {string} used */
export function renew(used) {
  if (token() !== used) return Promise.resolve(token() !== "");
  renewing ??= asked(used).finally(() => (renewing = null));
  return renewing;
}

/** @param {string} used */
async function asked(used) {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const answer = await proven(`${BASE}/refresh`, { access_token: used });
    if (answer.ok) {
      keep((await answer.json()).access_token);
      return true;
    }
    if (![400, 409, 503].includes(answer.status)) return false; // 400: the proof came late, so a new one
    await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
  }
  return false;
}

/** Ends the session here and at the gateway. */
export async function signOut() {
  await fetch(BASE, { method: "DELETE", headers: { authorization: `Bearer ${token()}` } }).catch(() => null);
  ended("signed_out");
}
