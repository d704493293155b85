// A job's page: what it is, when it runs next, what came of its attempts.

import { act, get } from "./api.js";
import { ago, badges, idOf, moment, statusWord, stamp, toast, until } from "./words.js";
import { el, list } from "./dom.js";

const place = document.getElementById("job");
let current = null; // { name, details }
let opened = new Set(); // attempts that the reader has opened

const decode = (base64) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  return new TextDecoder().decode(bytes);
};

const fact = (name, value, more) => el("div", {}, el("dt", {}, name), el("dd", { class: "words" }, value, more ? el("small", {}, ` ${more}`) : null));

function headerTable(headers) {
  return el("table", { class: "mono" }, el("tbody", {}, Object.keys(headers).sort().map((name) =>
    el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, headers[name])))));
}

function requestOf(request) {
  if (request.problem) return [el("p", { class: "problem" }, request.problem)];
  return [
    el("p", { class: "mono" }, `${request.method} ${request.url}`),
    headerTable(request.headers),
    ...(request.body ? [el("h4", {}, "Body"), el("pre", {}, request.body)] : []),
  ];
}

function attemptLine(attempt) {
  const good = attempt.code === "OK";
  const answer = decode(attempt.answer);
  const note = [attempt.forced ? "forced" : null, attempt.attempt > 1 ? `try ${attempt.attempt}` : null, attempt.note].filter(Boolean).join(", ");
  const node = el("details", { open: opened.has(attempt.id) },
    el("summary", {},
      el("span", { class: `mark ${good ? "good" : "ill"}`, role: "img", "aria-label": good ? "success" : "failure" }, good ? "✓" : "✗"),
      el("span", { class: "when" }, moment(attempt.started)),
      el("span", { class: "what" }, attempt.words, note ? el("span", { class: "quiet" }, ` (${note})`) : null),
      el("span", { class: "took quiet mono" }, `${(attempt.latencyUs / 1000).toFixed(1)} ms`)),
    el("div", { class: "inside" },
      el("p", { class: "quiet" }, `For the slot of ${stamp(attempt.scheduled)}, attempt ${attempt.attempt}. ${attempt.debugInfo}`),
      el("h4", {}, "Answer"),
      answer ? el("pre", {}, answer) : el("p", { class: "quiet" }, "nothing"),
      el("h4", {}, "Request"),
      ...(attempt.request ? requestOf(attempt.request)
        : [el("p", { class: "quiet" }, "Not kept: it was sent before the server's last start, or long ago.")])));
  node.addEventListener("toggle", () => { if (node.open) opened.add(attempt.id); else opened.delete(attempt.id); });
  return node;
}

function buttons(row) {
  const verb = row.state === "ENABLED" ? "pause" : "resume";
  const button = (name, label, className) => el("button", { type: "button", class: className, "data-verb": name, onclick: () => perform(row.name, name) }, label);
  return [button("run", "Run now", "main"), button(verb, verb === "pause" ? "Pause" : "Resume")];
}

function render() {
  const { row, request, resource } = current.details;
  const next = list(current.details.next), attempts = list(current.details.attempts);
  const focused = document.activeElement?.dataset?.verb;
  const failed = attempts.filter((a) => a.code !== "OK").length;
  place.replaceChildren(
    el("p", { class: "quiet" }, el("a", { href: "#/" }, "← All jobs")),
    el("div", { class: "title" }, el("h2", { id: "job-title", tabindex: -1 }, idOf(row.name)), ...badges(row, true), el("span", { class: "grow" }), ...buttons(row)),
    el("p", { class: "path quiet mono" }, row.name),
    row.description ? el("p", {}, row.description) : "",
    el("dl", { class: "facts" },
      fact("Schedule", row.words, `${row.schedule ?? ""}, ${row.zone ?? "UTC"}`),
      fact("Next run", row.next ? until(row.next) : "none while it is paused", row.next ? stamp(row.next) : null),
      fact("Last attempt", row.last ? ago(row.last) : "never", row.last ? statusWord(row.code) : null),
      fact("Target", row.target, row.kind.replaceAll("_", " ").toLowerCase())),
    el("div", { class: "two" },
      el("div", {},
        el("section", { class: "card attempts", "aria-labelledby": "attempts-title" },
          el("h2", { id: "attempts-title" }, "Attempts ", el("small", { class: "quiet" }, attempts.length ? `${failed} of the latest ${attempts.length} failed` : "")),
          attempts.length ? el("div", {}, attempts.map(attemptLine)) : el("p", { class: "quiet" }, "None yet.")),
        el("section", { class: "card", "aria-labelledby": "request-title" },
          el("h2", { id: "request-title" }, "What it sends"), ...requestOf(request))),
      el("div", {},
        el("section", { class: "card", "aria-labelledby": "next-title" },
          el("h2", { id: "next-title" }, "Next runs"),
          next.length ? el("ol", { class: "plain-list" }, next.map((run) => el("li", {}, el("span", { title: `${run.shown} in ${row.zone}` }, stamp(run.at)), el("span", { class: "quiet" }, until(run.at)))))
            : el("p", { class: "quiet" }, row.state === "ENABLED" ? "It never runs again." : "None while it is paused.")),
        el("section", { class: "card" }, el("details", { id: "definition" }, el("summary", {}, "Definition"), el("pre", {}, resource ?? ""))))));
  if (focused) place.querySelector(`[data-verb="${focused}"]`)?.focus();
  document.title = `${idOf(row.name)} - mooncron`;
}

let loading = null, again = false;

async function load() {
  if (loading) { again = true; return loading; }
  const name = current.name;
  loading = get("job", { name }).then((details) => {
    if (current?.name === name) { current.details = details; render(); }
  }, (problem) => {
    if (current?.name !== name) return;
    current.details = null;
    place.replaceChildren(el("p", {}, el("a", { href: "#/" }, "← All jobs")), el("p", { class: "problem" }, problem.message));
  }).finally(() => {
    loading = null;
    if (again && current) { again = false; load(); }
  });
  return loading;
}

export async function openJob(name) {
  current = { name, details: null };
  opened = new Set();
  place.replaceChildren(el("p", { class: "quiet" }, "Loading"));
  await load();
  document.getElementById("job-title")?.focus();
}

export const closeJob = () => { current = null; };
export const jobOpen = () => current?.name;

/** The job has changed, or time has passed. */
export function jobChanged(name) { if (current?.name === name) load(); }

const DONE = { run: "is asked to run now", pause: "is paused", resume: "is resumed" };

/** Does it and tells so; gives the job's state, if it went well. */
export async function perform(name, verb) {
  let state;
  try {
    state = (await act(name, verb)).state;
    toast(`${idOf(name)} ${DONE[verb]}`);
  } catch (problem) {
    toast(`${idOf(name)}: ${problem.message}`, true);
  }
  jobChanged(name);
  return state;
}
