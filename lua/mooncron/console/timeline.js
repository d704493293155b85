// The coming day: its load per minute, and a lane a job.

import { get } from "./api.js";
import { clock, idOf, stamp } from "./words.js";
import { eachRun, lane, loadChart, thinned } from "./chart.js";
import { el, list, plural } from "./dom.js";

const place = document.getElementById("timeline");
const MOST_LANES = 200, DAY = 86400;
let data = null, counts = [], query = "";

function count() {
  counts = new Array(1440).fill(0);
  const weights = data.groups.map(() => 0);
  for (const [, , , , group] of data.jobs) if (group >= 0) weights[group]++;
  data.groups.forEach((segments, g) => eachRun(segments, data.from, data.from + DAY,
    (at) => { counts[Math.floor((at - data.from) / 60)] += weights[g]; }));
}

function matching() {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  return data.jobs.filter((job) => job[4] >= 0 && words.every((word) => job.slice(0, 4).join(" ").toLowerCase().includes(word)));
}

function drawLanes() {
  const found = matching();
  place.querySelector(".lanes").replaceChildren(...found.slice(0, MOST_LANES).map(([name, words, , zone, group]) => {
    const minutes = [];
    eachRun(data.groups[group], data.from, data.from + DAY, (at) => minutes.push(Math.floor((at - data.from) / 60)));
    return el("div", { class: "lane" },
      el("a", { class: "name", href: `#/job/${name}`, title: `${words}, in ${zone}` }, idOf(name)),
      lane(thinned(minutes)), el("span", { class: "count", title: plural(minutes.length, "run") }, String(minutes.length)));
  }));
  place.querySelector("[role=status]").textContent = found.length > MOST_LANES
    ? `${MOST_LANES} of ${plural(found.length, "job")}: filter for the others` : plural(found.length, "job");
}

function drawMinute(minute) {
  const at = data.from + minute * 60, names = [];
  for (const [name, , , , group] of data.jobs) {
    if (group >= 0) eachRun(data.groups[group], at, at + 60, () => names.push(name));
  }
  place.querySelector(".picked").replaceChildren(el("h3", {}, `${stamp(at * 1000)}: ${plural(names.length, "run")}`),
    el("ul", {}, names.slice(0, 100).map((name) => el("li", {}, el("a", { href: `#/job/${name}` }, idOf(name))))),
    names.length > 100 ? el("p", { class: "quiet" }, `and ${names.length - 100} more`) : "");
}

const minuteOf = (now) => Math.floor((now / 1000 - data.from) / 60);

export function drawTimeline(now) {
  if (!data) return;
  const isTyping = document.activeElement?.id === "lane-filter";
  const total = counts.reduce((a, b) => a + b, 0), most = Math.max(...counts);
  const load = el("div"), readout = el("span", { class: "quiet", "aria-hidden": "true" });
  const label = (minute) => clock((data.from + minute * 60) * 1000);
  place.replaceChildren(
    el("section", { class: "card", "aria-labelledby": "day-title" },
      el("div", { class: "row" }, el("h2", { id: "day-title" }, `The coming day: ${plural(total, "run")}`), readout, el("span", { class: "grow" }),
        el("span", { class: "quiet" }, total ? `at most ${most} a minute, first at ${label(counts.indexOf(most))}` : "")),
      load, el("div", { class: "picked", "aria-live": "polite" })),
    data.changes.length ? el("section", { class: "card warn" }, el("h2", {}, "The clock changes"),
      el("ul", {}, data.changes.map((change) => el("li", {}, `${stamp(change.at * 1000)} ${change.text}`)),
        data.notes.map((note) => el("li", {}, `${note.job}: ${note.text}`)))) : "",
    el("section", { class: "card", "aria-label": "Runs of each job" },
      el("div", { class: "row" },
        el("input", { type: "search", id: "lane-filter", value: query, placeholder: "Filter jobs  ( / )", "aria-label": "Filter jobs", oninput: (event) => { query = event.target.value; drawLanes(); } }),
        el("span", { class: "quiet", role: "status" })),
      el("div", { class: "lanes" })));
  loadChart(load, counts, {
    label, now: minuteOf(now), pick: drawMinute,
    hover: (minute) => { readout.textContent = minute === null ? "" : `${label(minute)} ${plural(counts[minute], "run")}`; },
  });
  drawLanes();
  if (isTyping) focusFilter();
}

async function load(now) {
  try {
    data = await get("day");
    for (const name of ["jobs", "groups", "changes", "notes"]) data[name] = list(data[name]);
    count();
    drawTimeline(now());
  } catch (problem) {
    place.replaceChildren(el("p", { class: "problem" }, problem.message));
  }
}

export function openTimeline(now) {
  place.replaceChildren(el("p", { class: "quiet" }, "Loading"));
  return load(now);
}

let timer = null;

/** Jobs came, went, or run at other times: soon it is drawn anew, once for many. */
export function timelineChanged(now) {
  if (place.hidden || timer) return;
  timer = setTimeout(() => { timer = null; if (!place.hidden) load(now); }, 500);
}

/** Time passes: the mark moves, and with the hour the day. */
export function moveMark(now) {
  if (place.hidden || !data) return;
  if (minuteOf(now()) >= 60) timelineChanged(now);
  place.querySelector(".now")?.setAttribute("d", `M${minuteOf(now())} 0V100`);
}

export const focusFilter = () => document.getElementById("lane-filter")?.focus();
