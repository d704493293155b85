// The page of `mooncron preview --html`: a heat map of all days, and the day and hour that are picked.

const data = JSON.parse(document.getElementById("data").textContent);
for (const name of ["jobs", "groups", "changes", "notes"]) data[name] = list(data[name]);
const $ = (id) => document.getElementById(id);
const shown = zoneClock(data.offsets);
const DAY = 86400, MOST_LANES = 200, MOST_RUNS = 1000;

const jobs = data.jobs.map(([name, words, schedule, zone, group]) =>
  ({ name, id: name.replace(/^.*\//, ""), words, schedule, zone, group }));
const jobsOf = data.groups.map(() => []);
for (const job of jobs) if (job.group >= 0) jobsOf[job.group].push(job);

// ---- counting: days by their date, each with 24 hours and 1440 minutes of its own clock ----

const days = [];
const dayAt = new Map();
for (let day = Math.floor(shown(data.from) / DAY); day <= Math.floor(shown(data.to - 1) / DAY); day++) {
  dayAt.set(day, days.length);
  days.push({ start: day * DAY, hours: new Array(24).fill(0), minutes: new Uint32Array(1440), total: 0, changes: new Set() });
}
let total = 0, busy = 0, peak = 0, peakAt = null;
data.groups.forEach((segments, g) => {
  const weight = jobsOf[g].length;
  eachRun(segments, data.from, data.to, (at) => {
    const local = shown(at), day = days[dayAt.get(Math.floor(local / DAY))], minute = Math.floor(local % DAY / 60);
    day.minutes[minute] += weight;
    day.hours[Math.floor(minute / 60)] += weight;
    day.total += weight;
    total += weight;
  });
});
for (const day of days) {
  day.minutes.forEach((count, m) => {
    if (count > 0) busy++;
    if (count > peak) { peak = count; peakAt = day.start + m * 60; }
  });
}
for (const change of data.changes) {
  const local = shown(change.at - 1), day = days[dayAt.get(Math.floor(local / DAY))];
  if (day) day.changes.add(Math.floor(local % DAY / 3600));
}

// ---- levels: few colours, each for as many hours as the others ----

const counts = days.flatMap((day) => day.hours).filter((n) => n > 0).sort((a, b) => a - b);
const distinct = [...new Set(counts)];
const bounds = distinct.length <= 5 ? distinct : [0.2, 0.4, 0.6, 0.8].map((q) => counts[Math.floor(q * counts.length)])
  .filter((n, i, all) => i === 0 || n > all[i - 1]).concat(counts[counts.length - 1]);
const levelOf = (n) => n === 0 ? 0
  : Math.max(1, Math.round((bounds.findIndex((bound) => n <= bound) + 1) * 5 / bounds.length));

// ---- the parts of the page ----

let picked = { day: Math.max(0, days.findIndex((day) => day.total > 0)), hour: 0 };

function drawFacts() {
  const stamp = (at) => `${dateOf(shown(at))} ${clockOf(shown(at))}`;
  $("span").textContent = `${stamp(data.from)} to ${stamp(data.to)}, ${data.zone} time`;
  document.title = `What runs when: ${plural(total, "run")} of ${plural(jobs.length, "job")}`;
  const paused = jobs.filter((job) => job.group < 0).length;
  const fact = (name, value, more) => el("div", {}, el("dt", {}, name), el("dd", {}, value, more ? el("small", {}, ` ${more}`) : null));
  $("facts").append(
    fact("Runs", total.toLocaleString("en")),
    fact("Jobs", jobs.length.toLocaleString("en"), paused ? `${paused} paused` : null),
    fact("Busiest minute", peak.toLocaleString("en"), peakAt === null ? null : `${dateOf(peakAt).slice(5)} ${clockOf(peakAt)}`),
    fact("Minutes with runs", `${(100 * busy / Math.max(1, (data.to - data.from) / 60)).toFixed(1)}%`),
    fact("Clock changes", String(data.changes.length)));
  $("changes").hidden = data.changes.length === 0;
  const line = (entry, text) => el("li", {}, el("span", { class: "mono" }, stamp(entry.at)), ` ${text}`);
  $("changes").querySelector("ul").append(
    ...data.changes.map((change) => line(change, change.text)),
    ...data.notes.map((note) => line(note, `${note.job}: ${note.text}`)));
  $("scale").append("fewer", ...[0, 1, 2, 3, 4, 5].map((n) => el("i", { class: `l${n}` })), "more");
}

function isInSpan(day, hour) {
  const start = day.start + hour * 3600;
  return start + 3600 > shown(data.from) && start < shown(data.to - 1) + 1;
}

function drawMap() {
  const map = $("map");
  const head = Array.from({ length: 24 }, (_, h) => el("span", { class: "head", role: "columnheader", "aria-label": `${h} h` }, h % 3 ? "" : String(h)));
  map.append(el("div", { role: "row" }, el("span", { role: "columnheader", "aria-label": "day" }), ...head,
    el("span", { class: "head sum", role: "columnheader" }, "a day")));
  days.forEach((day, d) => {
    const weekday = weekdayOf(day.start), date = dateOf(day.start);
    const cells = day.hours.map((n, h) => {
      const name = `${weekday} ${date} ${two(h)}:00, ${plural(n, "run")}${day.changes.has(h) ? ", the clock changes" : ""}`;
      return el("span", {
        role: "gridcell", tabindex: -1, "data-day": d, "data-hour": h, title: name, "aria-label": name,
        class: `cell l${levelOf(n)}${isInSpan(day, h) || n > 0 ? "" : " none"}${day.changes.has(h) ? " change" : ""}`,
      });
    });
    map.append(el("div", { role: "row" },
      el("span", { class: `day${/^S/.test(weekday) ? " weekend" : ""}`, role: "rowheader" }, `${weekday} ${date} `, day.changes.size ? el("b", { title: "the clock changes" }, "⇄") : null),
      ...cells, el("span", { class: "sum", role: "gridcell" }, day.total ? day.total.toLocaleString("en") : "")));
  });
  map.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) pick(Number(cell.dataset.day), Number(cell.dataset.hour));
  });
  const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  map.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move) return;
    event.preventDefault();
    pick(picked.day + move[0], picked.hour + move[1]);
    cellOf(picked).focus();
  });
}

const cellOf = ({ day, hour }) => $("map").querySelector(`[data-day="${day}"][data-hour="${hour}"]`);

// Calls fn(local second, job) for each run of the jobs whose local time is in [start, end).
function eachRunShown(start, end, some, fn) {
  const slack = DAY / 4; // offsets move
  const offset = shown(data.from) - data.from;
  const from = Math.max(start - offset - slack, data.from), to = Math.min(end - offset + slack, data.to);
  for (const job of some) {
    if (job.group < 0) continue;
    eachRun(data.groups[job.group], from, to, (at) => {
      const local = shown(at);
      if (local >= start && local < end) fn(local, job);
    });
  }
}

function matching() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  return jobs.filter((job) => {
    const text = `${job.name} ${job.schedule} ${job.words} ${job.zone}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function drawLanes() {
  const day = days[picked.day], found = matching(), minutes = new Map(found.slice(0, MOST_LANES).map((job) => [job, []]));
  eachRunShown(day.start, day.start + DAY, [...minutes.keys()],
    (local, job) => minutes.get(job).push(Math.floor((local - day.start) / 60)));
  $("lanes").replaceChildren(...[...minutes].map(([job, runs]) => el("div", { class: "lane" },
    el("span", { class: "name", title: `${job.name}\n${job.words}, in ${job.zone}` }, job.id),
    lane(thinned(runs)),
    el("span", { class: "count", title: plural(runs.length, "run") }, job.group < 0 ? "paused" : String(runs.length)))));
  $("lanes-count").textContent = found.length > MOST_LANES ? `${MOST_LANES} of ${plural(found.length, "job")}: filter for the others` : plural(found.length, "job");
}

function drawDay() {
  const day = days[picked.day];
  $("day-title").textContent = `${weekdayOf(day.start)} ${dateOf(day.start)}: ${plural(day.total, "run")}`;
  $("before").disabled = picked.day === 0;
  $("after").disabled = picked.day === days.length - 1;
  loadChart($("load"), Array.from(day.minutes), {
    label: (minute) => minute === 1440 ? "24:00" : clockOf(minute * 60),
    hover: (minute) => { $("readout").textContent = minute === null ? "" : `${clockOf(minute * 60)} ${plural(day.minutes[minute], "run")}`; },
    pick: (minute) => pick(picked.day, Math.floor(minute / 60)),
  });
  drawLanes();
}

function drawHour() {
  const day = days[picked.day], start = day.start + picked.hour * 3600, rows = [];
  let count = 0;
  eachRunShown(start, start + 3600, jobs, (local, job) => {
    count++;
    rows.push({ local, job });
  });
  rows.sort((a, b) => a.local - b.local);
  $("hour-title").textContent = `${weekdayOf(start)} ${dateOf(start)} ${clockOf(start)}-${two(picked.hour)}:59: ${plural(count, "run")}`;
  const body = rows.slice(0, MOST_RUNS).map(({ local, job }) => el("tr", {},
    el("td", { class: "mono" }, clockOf(local)), el("td", { title: job.name }, job.id),
    el("td", {}, `${job.words}, in ${job.zone}`)));
  $("runs").replaceChildren(count === 0 ? el("p", { class: "quiet" }, "Nothing runs in this hour.")
    : el("table", {}, el("thead", {}, el("tr", {}, el("th", {}, "At"), el("th", {}, "Job"), el("th", {}, "Schedule"))), el("tbody", {}, body)),
  count > MOST_RUNS ? el("p", { class: "quiet" }, `and ${plural(count - MOST_RUNS, "more run")}`) : "");
}

function pick(day, hour) {
  if (hour < 0) { hour = 23; day--; }
  if (hour > 23) { hour = 0; day++; }
  if (day < 0 || day >= days.length) return;
  const old = cellOf(picked);
  old.classList.remove("picked");
  old.tabIndex = -1;
  const isOther = day !== picked.day;
  picked = { day, hour };
  showPicked();
  if (isOther) drawDay();
  drawHour();
}

function showPicked() {
  const cell = cellOf(picked);
  cell.classList.add("picked");
  cell.tabIndex = 0;
}

picked.hour = Math.max(0, days[picked.day].hours.findIndex((n) => n > 0));
drawFacts();
drawMap();
showPicked();
drawDay();
drawHour();
$("filter").addEventListener("input", drawLanes);
$("before").addEventListener("click", () => pick(picked.day - 1, picked.hour));
$("after").addEventListener("click", () => pick(picked.day + 1, picked.hour));
