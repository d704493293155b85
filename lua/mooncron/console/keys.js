// The keyboard: one table of keys a view, and what all views have.

const isTyping = (target) => /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);

/** `keysOf()` gives the keys that hold just now: { key: fn(event) }. */
export function listenToKeys(keysOf) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (isTyping(event.target) && event.key !== "Escape") return;
    const fn = keysOf()[event.key];
    // Enter on a button or a link is the button's.
    if (!fn || event.key === "Enter" && event.target.closest("button, a, summary")) return;
    if (fn(event) !== false) event.preventDefault();
  });
}
