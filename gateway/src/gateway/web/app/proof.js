// The session's own key, which can't leave this browser, and proofs of it (DPoP, RFC 9449): what renews a session is of no
// use to whoever steals it.

const [DATABASE, STORE, NAME] = ["mail-organiser", "keys", "mail-organiser.key"];
const OLD_MS = 86_400_000; // a session is over long before; a tab that was closed leaves its key behind
const EC = { name: "ECDSA", namedCurve: "P-256" };

/** @typedef {{made: number, pair: CryptoKeyPair}} Kept */

/** @param {Uint8Array} bytes */
export const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** @param {unknown} value */
const encoded = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** @template T @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<T>} work @returns {Promise<T>} */
async function kept(mode, work) {
  const opening = indexedDB.open(DATABASE, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
  const database = await done(opening);
  try {
    return await done(work(database.transaction(STORE, mode).objectStore(STORE)));
  } finally {
    database.close();
  }
}

/** A new key for a new session; keys that tabs left behind go. */
export async function makeKey() {
  const pair = await crypto.subtle.generateKey(EC, false, ["sign", "verify"]);
  const name = crypto.randomUUID();
  for (const old of await kept("readonly", (store) => store.getAllKeys())) {
    const found = /** @type {Kept | undefined} */ (await kept("readonly", (store) => store.get(old)));
    if (found && found.made < Date.now() - OLD_MS) await kept("readwrite", (store) => store.delete(old));
  }
  await kept("readwrite", (store) => store.put({ made: Date.now(), pair }, name));
  sessionStorage.setItem(NAME, name);
}

/** The session is over, and its key with it. */
export async function dropKey() {
  const name = sessionStorage.getItem(NAME);
  sessionStorage.removeItem(NAME);
  if (name !== null) await kept("readwrite", (store) => store.delete(name));
}

/** A proof for one POST to a path of ours, now; empty when this tab has no key. @param {string} path */
export async function proof(path) {
  const name = sessionStorage.getItem(NAME);
  const found = name === null ? undefined : /** @type {Kept | undefined} */ (await kept("readonly", (store) => store.get(name)));
  if (!found) return "";
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", found.pair.publicKey);
  const claims = { jti: crypto.randomUUID(), htm: "POST", htu: location.origin + path, iat: Math.floor(Date.now() / 1000) };
  const signed = `${encoded({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } })}.${encoded(claims)}`;
  const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, found.pair.privateKey, new TextEncoder().encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}
