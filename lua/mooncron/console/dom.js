// Making elements, and telling times.

/** An element: attributes, `onclick` and the like, then children; null children are left out. */
export function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = "http://www.w3.org/2000/svg";

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A list that may have come as an empty object: Lua has one kind of table. */
export const list = (value) => (Array.isArray(value) ? value : []);

export const two = (n) => String(n).padStart(2, "0");
export const plural = (n, what) => `${n.toLocaleString("en")} ${what}${n === 1 ? "" : "s"}`;

/** "2027-03-28" and "02:30" of seconds that a local clock shows, taken as if they were UTC. */
export const dateOf = (shown) => new Date(shown * 1000).toISOString().slice(0, 10);
export const clockOf = (shown) => new Date(shown * 1000).toISOString().slice(11, 16);
export const weekdayOf = (shown) => ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"][new Date(shown * 1000).getUTCDay()];

/** A zone's clock from [at, offset, at, offset, ...]: seconds of an instant to seconds shown. */
export function zoneClock(offsets) {
  return (at) => {
    let offset = offsets[1];
    for (let i = 2; i < offsets.length && offsets[i] <= at; i += 2) offset = offsets[i + 1];
    return at + offset;
  };
}
