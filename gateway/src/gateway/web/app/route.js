// Where in the page one is: the fragment, and nothing else. Back and forward work, and no server learns of it.

import { signal } from "../vendor/preact.js";

/** @typedef {{screen: string, id: string | null}} Route */

/** @returns {Route} */
function read() {
  const [screen, id] = location.hash.replace(/^#\/?/, "").split("/");
  return { screen: screen || "preview", id: id || null };
}

export const route = signal(read());

addEventListener("hashchange", () => (route.value = read()));

/** @param {string} screen @param {string | null} [id] */
export const href = (screen, id) => (id ? `#/${screen}/${id}` : `#/${screen}`);

/** @param {string} screen @param {string | null} [id] */
export const go = (screen, id) => (location.hash = href(screen, id));
