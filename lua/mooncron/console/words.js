// The words that all views share: times, states, and what is said for a moment.

import { el } from "./dom.js";

// ---- time: the scheduler's, which may stand still ----

let base = { now: Date.now(), at: performance.now(), virtual: false };
export const now = () => (base.virtual ? base.now : base.now + performance.now() - base.at);
export const setClock = (clock) => { base = { now: clock.now, at: performance.now(), virtual: clock.virtual }; };

export const isVirtual = () => base.virtual;

let utc = localStorage.getItem("mooncron.zone") !== "own";
export const isUtc = () => utc;
export function toggleZone() {
  utc = !utc;
  localStorage.setItem("mooncron.zone", utc ? "utc" : "own");
}

export const shownAt = (ms) => new Date(utc ? ms : ms - new Date(ms).getTimezoneOffset() * 60000).toISOString();
export const clock = (ms) => shownAt(ms).slice(11, 16);
/** "2027-03-28 02:30:00". */
export const moment = (ms) => shownAt(ms).slice(0, 19).replace("T", " ");
/** The same, the seconds only where there are some. */
export function stamp(ms) {
  const text = shownAt(ms);
  return `${text.slice(0, 10)} ${text.slice(11, text.slice(17, 19) === "00" ? 16 : 19)}`;
}

function span(ms) {
  const s = Math.round(ms / 1000);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min${s < 600 && s % 60 ? ` ${s % 60} s` : ""}`;
  if (s < 86400) return `${Math.floor(s / 3600)} h${s < 36000 && s % 3600 >= 60 ? ` ${Math.floor(s % 3600 / 60)} min` : ""}`;
  return `${Math.floor(s / 86400)} d${s < 864000 && s % 86400 >= 3600 ? ` ${Math.floor(s % 86400 / 3600)} h` : ""}`;
}
export const until = (ms) => (ms - now() < 500 ? "now" : `in ${span(ms - now())}`);
export const ago = (ms) => (now() - ms < 1500 ? "just now" : `${span(now() - ms)} ago`);

// ---- words ----

export const idOf = (name) => name.replace(/^.*\//, "");
const STATUS = ["succeeded", "cancelled", "failed", "bad request", "timed out", "not found", "conflict", "not permitted",
  "quota exhausted", "precondition failed", "aborted", "out of range", "not implemented", "target failed", "unreachable", "data loss", "not authenticated"];
export const statusWord = (code) => STATUS[code] ?? `failed (${code})`;

export function badges(row, always) {
  const list = [];
  if (row.state === "PAUSED") list.push(["paused", "paused"]);
  else if (row.state !== "ENABLED") list.push(["bad", row.state.toLowerCase().replaceAll("_", " ")]);
  else if (always) list.push(["enabled", "enabled"]);
  if (row.running) list.push(["running", "running"]);
  if (row.retry) list.push(["bad", `retry ${row.retry}`]);
  return list.map(([className, text]) => el("span", { class: `badge ${className}` }, text));
}

const toastBox = document.getElementById("toast");
let toastTimer = null;
export function toast(text, isBad) {
  toastBox.textContent = text;
  toastBox.className = isBad ? "toast ill" : "toast";
  toastBox.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { toastBox.hidden = true; }, isBad ? 8000 : 3000);
}
