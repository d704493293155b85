// The console: which view is shown, what is live, and the keys.

import { get, listen, onTokenWanted } from "./api.js";
import { list as listOf } from "./dom.js";
import { closeJob, jobChanged, jobOpen, openJob, perform } from "./job.js";
import { listenToKeys } from "./keys.js";
import { makeList } from "./list.js";
import { drawTimeline, focusFilter, moveMark, openTimeline, timelineChanged } from "./timeline.js";
import { isUtc, isVirtual, now, setClock, shownAt, toggleZone } from "./words.js";

const $ = (id) => document.getElementById(id);

// ---- the jobs, kept up to date ----

const jobs = new Map();
const goTo = (name) => { location.hash = `#/job/${name}`; };
const list = makeList(jobs, goTo);

let isFirst = true;

async function loadAll() {
  const fresh = new Map();
  for (let after; ;) {
    const page = await get("jobs", { after });
    setClock(page.clock);
    for (const row of listOf(page.rows)) fresh.set(row.name, row);
    after = page.after;
    if (!after) break;
  }
  jobs.clear();
  for (const [name, row] of fresh) jobs.set(name, row);
  list.loaded();
  if (isFirst && !$("list").hidden) list.show(null);
  isFirst = false;
  if (jobOpen()) jobChanged(jobOpen());
}

function live(word, className) {
  $("live").textContent = word;
  $("live").className = `live ${className}`;
}

// Whether a row is not what is known of when its job runs.
function runsOtherwise(row) {
  const old = jobs.get(row.name);
  return !old || ["state", "schedule", "zone"].some((field) => old[field] !== row[field]);
}

const handlers = {
  open: async () => { await loadAll(); live("live", "on"); },
  closed: () => live("not connected", "off"),
  clock: setClock,
  reset: (message) => { setClock(message.clock); loadAll(); },
  jobs: (message) => {
    setClock(message.clock);
    const rows = listOf(message.rows), gone = listOf(message.gone);
    if (gone.length || rows.some(runsOtherwise)) timelineChanged(now);
    for (const row of rows) jobs.set(row.name, row);
    for (const name of gone) jobs.delete(name);
    for (const name of [...rows.map((row) => row.name), ...gone]) jobChanged(name);
    list.refresh();
  },
};

// ---- views ----

let lastOpen = null;

function showView() {
  const [, kind, rest] = location.hash.match(/^#\/(\w*)\/?(.*)$/) ?? [null, "", ""];
  const view = kind === "job" ? "job" : kind === "timeline" ? "timeline" : "list";
  for (const id of ["list", "job", "timeline"]) $(id).hidden = id !== view;
  for (const link of document.querySelectorAll("[data-view]")) {
    if (link.dataset.view === view || view === "job" && link.dataset.view === "list") link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  $("main").scrollTop = 0;
  document.title = view === "timeline" ? "The coming day - mooncron" : "mooncron";
  if (view === "job") {
    lastOpen = decodeURIComponent(rest);
    openJob(lastOpen);
    return;
  }
  closeJob();
  if (view === "timeline") openTimeline(now);
  else list.show(lastOpen);
}

function tick() {
  $("clock").textContent = `${shownAt(now()).slice(0, 19).replace("T", " ")}${isVirtual() ? " (virtual)" : ""}`;
  if (!$("list").hidden) list.paint();
  moveMark(now);
}

function showZone() {
  $("zone").textContent = isUtc() ? "UTC" : "Own time";
  $("zone").setAttribute("aria-label", `Times are shown in ${isUtc() ? "UTC" : "your own time"}: change`);
}

function changeZone() {
  toggleZone();
  showZone();
  tick();
  if (jobOpen()) jobChanged(jobOpen());
  if (!$("timeline").hidden) drawTimeline(now());
}

const help = () => $("keys").showModal();
const target = () => jobOpen() ?? ($("list").hidden ? null : list.selected());

function togglePause() {
  const row = jobs.get(target());
  if (row) perform(row.name, row.state === "ENABLED" ? "pause" : "resume").then((state) => { row.state = state ?? row.state; });
}

const COMMON = {
  "?": help,
  z: changeZone,
  t: () => { location.hash = "#/timeline"; },
  r: () => target() && perform(target(), "run"),
  p: togglePause,
  Escape: () => { location.hash = "#/"; },
  "/": () => { if ($("timeline").hidden) { location.hash = "#/"; setTimeout(() => $("search").focus()); } else focusFilter(); },
};
listenToKeys(() => ($("list").hidden ? COMMON : { ...COMMON, ...list.keys }));

// ---- the token ----

onTokenWanted((wasWrong) => new Promise((resolve) => {
  $("login-problem").hidden = !wasWrong;
  $("login-problem").textContent = "That was not the server's token.";
  $("token").value = "";
  $("login-form").onsubmit = () => resolve($("token").value.trim());
  $("login").oncancel = (event) => event.preventDefault();
  live("locked", "off");
  if (!$("login").open) $("login").showModal();
}));

$("help").addEventListener("click", help);
$("zone").addEventListener("click", changeZone);
addEventListener("hashchange", showView);
showZone();
showView();
setInterval(tick, 1000);
tick();
listen(handlers);
