// What the page has of Preact, htm and signals: one module, made by `make vendor`.
import { h } from "preact";
import htm from "htm";

export { Fragment, render } from "preact";
export { useEffect, useId, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export { batch, computed, effect, signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
export const html = htm.bind(h);
