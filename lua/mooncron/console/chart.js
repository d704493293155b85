// Runs and how they look: segments (start, step, count) to minutes, the load of a day, a lane a job.
import { el, svg, plural } from "./dom.js";

/** Calls fn(second) for each run in [from, to) of a group's segments. */
export function eachRun(segments, from, to, fn) {
  for (let i = 0; i < segments.length; i += 3) {
    const start = segments[i], step = segments[i + 1] || 1, count = segments[i + 2];
    const first = Math.max(0, Math.ceil((from - start) / step));
    for (let k = first; k < count; k++) {
      const at = start + k * step;
      if (at >= to) break;
      fn(at);
    }
  }
}

const HOURS = Array.from({ length: 23 }, (_, i) => `M${(i + 1) * 60} 0V100`).filter((_, i) => i % 3 === 2).join("");

const frame = (className, path) => svg("svg", { viewBox: "0 0 1440 100", preserveAspectRatio: "none", class: className },
  svg("path", { d: HOURS, class: "hours" }), svg("path", { d: path }));

/** A lane: a stroke for each of the minutes 0..1439. */
export function lane(minutes) {
  return frame("", minutes.map((m) => `M${m + 0.5} 12V88`).join(""));
}

/** "every minute" and the like of a day need no thousand strokes. */
export function thinned(minutes) {
  return minutes.length <= 480 ? minutes : minutes.filter((_, i) => i % Math.ceil(minutes.length / 480) === 0);
}

/**
 * The load of a day in `place`: counts of 1440 minutes, labels of the axis' start.
 * options: label(minute) -> text, pick(minute), hover(minute | null), now: minute or null
 */
export function loadChart(place, counts, options) {
  const most = Math.max(1, ...counts);
  const strokes = [];
  counts.forEach((count, m) => {
    if (count > 0) strokes.push(`M${m + 0.5} 100V${(97 - 92 * count / most).toFixed(1)}`);
  });
  const picture = frame("", strokes.join(""));
  if (options.now !== null && options.now !== undefined) {
    picture.append(svg("path", { d: `M${options.now} 0V100`, class: "now" }));
  }
  const total = counts.reduce((a, b) => a + b, 0);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", `Load per minute: ${plural(total, "run")}, at most ${most} a minute`
    + (total ? ` at ${options.label(counts.indexOf(most))}` : ""));
  const minuteAt = (event) => {
    const box = picture.getBoundingClientRect();
    return Math.min(1439, Math.max(0, Math.floor((event.clientX - box.left) / box.width * 1440)));
  };
  picture.addEventListener("pointermove", (event) => options.hover(minuteAt(event)));
  picture.addEventListener("pointerleave", () => options.hover(null));
  picture.addEventListener("click", (event) => options.pick(minuteAt(event)));
  const axis = el("div", { class: "axis", "aria-hidden": "true" });
  for (let m = 0; m <= 1440; m += 180) axis.append(el("span", {}, options.label(m)));
  place.replaceChildren(el("div", { class: "chart" }, picture, axis));
}
