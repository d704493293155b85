// The list of jobs: searched, filtered, sorted, and only those rows in the document that are seen.

import { el, plural } from "./dom.js";
import { ago, badges, idOf, stamp, statusWord, until } from "./words.js";

const $ = (id) => document.getElementById(id);
const SPARE = 6; // rows above and below what is seen

const isFailing = (row) => row.code > 0;
const FILTERS = [
  ["all", "All", () => true],
  ["enabled", "Enabled", (row) => row.state === "ENABLED"],
  ["paused", "Paused", (row) => row.state !== "ENABLED"],
  ["failing", "Failing", isFailing],
  ["running", "Running", (row) => row.running || row.retry],
];
const byName = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const ORDERS = {
  name: byName,
  next: (a, b) => (a.next ?? Infinity) - (b.next ?? Infinity) || byName(a, b),
  last: (a, b) => (b.last ?? 0) - (a.last ?? 0) || byName(a, b),
};

/** The list over `jobs`, a Map of rows by name; `open(name)` is called for the one that is chosen. */
export function makeList(jobs, open) {
  let isLoaded = false, filter = "all", shown = [], selected = null, wanted = false;
  const rows = $("rows"), space = $("space");
  const buttons = new Map(FILTERS.map(([id, label]) => [id, el("button",
    { type: "button", "aria-pressed": String(id === filter), onclick: () => choose(id) }, label, " ", el("small"))]));
  $("filters").append(...buttons.values());

  const heightOf = () => parseFloat(getComputedStyle(rows).getPropertyValue("--row"));
  const textOf = (row) => row.text ??= `${row.name} ${row.words} ${row.schedule ?? ""} ${row.zone ?? ""} ${row.target} ${row.description ?? ""}`.toLowerCase();

  function strip(row) {
    const none = 12 - row.strip.length;
    const failed = [...row.strip].filter((c) => c === "x").length;
    const label = row.strip ? `${failed} of the latest ${row.strip.length} attempts failed` : "no attempt yet";
    return el("span", { role: "gridcell" }, el("span", { class: "strip", role: "img", "aria-label": label, title: label },
      Array.from({ length: none }, () => el("u", { class: "n" })),
      [...row.strip].map((c) => el("u", { class: c }))));
  }

  function line(row, index, height) {
    const two = (first, second, className) => el("span", { role: "gridcell" },
      el("b", { class: className, title: first }, first), el("i", { title: second }, second));
    const node = el("div", {
      class: "line job", role: "row", id: `row-${index}`, "aria-rowindex": index + 1,
      "aria-selected": String(row.name === selected), "data-name": row.name,
    },
    el("span", { role: "gridcell" }, el("b", { title: row.name }, idOf(row.name), " ", badges(row)), el("i", { title: row.target }, row.description || row.target)),
    two(row.words, [row.schedule, row.zone].filter(Boolean).join(" · "), "plain"),
    two(row.next ? until(row.next) : "—", row.next ? stamp(row.next) : "", "plain"),
    two(row.last ? ago(row.last) : "never", row.last ? statusWord(row.code) : "", row.last ? (isFailing(row) ? "plain ill" : "plain good") : "plain"),
    strip(row));
    node.style.top = `${index * height}px`;
    return node;
  }

  // Makes the rows that are seen.
  function paint() {
    const height = heightOf();
    const first = Math.max(0, Math.floor(rows.scrollTop / height) - SPARE);
    const last = Math.min(shown.length, Math.ceil((rows.scrollTop + rows.clientHeight) / height) + SPARE);
    space.style.height = `${shown.length * height}px`;
    space.replaceChildren(...shown.slice(first, last).map((row, i) => line(row, first + i, height)));
    const at = shown.findIndex((row) => row.name === selected);
    if (at >= first && at < last) rows.setAttribute("aria-activedescendant", `row-${at}`);
    else rows.removeAttribute("aria-activedescendant");
  }

  // Finds out which jobs are shown.
  function update() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = [...jobs.values()];
    const found = all.filter((row) => words.every((word) => textOf(row).includes(word)));
    for (const [id, , test] of FILTERS) buttons.get(id).lastChild.textContent = found.filter(test).length.toLocaleString("en");
    shown = found.filter(FILTERS.find(([id]) => id === filter)[2]).sort(ORDERS[$("sort").value]);
    if (!shown.some((row) => row.name === selected)) selected = shown[0]?.name ?? null;
    rows.setAttribute("aria-rowcount", shown.length);
    rows.hidden = shown.length === 0;
    $("head").hidden = rows.hidden;
    $("empty").hidden = !rows.hidden;
    $("empty").textContent = all.length ? "No job is like that." : !isLoaded ? "Loading" : "No jobs yet: create one with the API, or apply a job file.";
    $("summary").textContent = shown.length === all.length ? plural(all.length, "job") : `${shown.length.toLocaleString("en")} of ${plural(all.length, "job")}`;
    paint();
  }

  /** Something has changed: once a frame is enough. */
  function refresh() {
    if (wanted) return;
    wanted = true;
    requestAnimationFrame(() => {
      wanted = false;
      if (!$("list").hidden) update();
    });
  }

  function choose(id) {
    filter = id;
    for (const [other, button] of buttons) button.setAttribute("aria-pressed", String(other === id));
    rows.scrollTop = 0;
    update();
  }

  function select(index) {
    if (!shown.length) return;
    const at = Math.max(0, Math.min(shown.length - 1, index));
    const height = heightOf();
    selected = shown[at].name;
    if (at * height < rows.scrollTop) rows.scrollTop = at * height;
    if ((at + 1) * height > rows.scrollTop + rows.clientHeight) rows.scrollTop = (at + 1) * height - rows.clientHeight;
    paint();
  }

  const move = (by) => select(shown.findIndex((row) => row.name === selected) + by);
  const pageSize = () => Math.max(1, Math.floor(rows.clientHeight / heightOf()) - 1);

  rows.addEventListener("scroll", paint, { passive: true });
  rows.addEventListener("click", (event) => {
    const row = event.target.closest(".job");
    if (row) open(row.dataset.name);
  });
  $("search").addEventListener("input", () => { rows.scrollTop = 0; update(); });
  $("sort").addEventListener("change", update);
  new ResizeObserver(paint).observe(rows);

  return {
    refresh,
    loaded() { isLoaded = true; refresh(); },
    paint,
    selected: () => selected,
    keys: {
      "/": () => { $("search").focus(); $("search").select(); },
      j: () => move(1), k: () => move(-1),
      ArrowDown: () => move(1), ArrowUp: () => move(-1),
      Home: () => select(0), End: () => select(shown.length - 1),
      PageDown: () => move(pageSize()), PageUp: () => move(-pageSize()),
      Enter: () => selected && open(selected),
      Escape: (event) => {
        if (event.target === $("search")) { $("search").value = ""; update(); }
        rows.focus();
      },
    },
    show(name) {
      if (name && jobs.has(name)) selected = name;
      update();
      select(shown.findIndex((row) => row.name === selected));
      rows.focus({ preventScroll: true });
    },
  };
}
