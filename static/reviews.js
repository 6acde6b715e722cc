/* Keys of the review queue: they focus or follow links that the page has already. Without this file
   Tab and Enter do the same. Where the account has single keys switched off, the pages mark nothing for
   them. */
(() => {
  "use strict";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");
  const step = (by) => {
    const titles = [...document.querySelectorAll("#queue .queue a.title")];
    if (!titles.length) return false;
    const at = titles.findIndex((title) => title.closest("li").contains(document.activeElement));
    const to = at < 0 ? (by > 0 ? 0 : titles.length - 1) : at + by;
    titles[Math.min(titles.length - 1, Math.max(0, to))].focus();
    return true;
  };
  const next = () => {
    const link = document.querySelector("main a[rel=next][aria-keyshortcuts]");
    if (link) link.click();
    return Boolean(link);
  };
  // The arrow keys scroll the page unless the queue has the focus.
  const inside = () => document.activeElement.closest("#queue .queue");
  const single = () => document.querySelector("#queue [data-single-keys]");
  const keys = {
    j: () => single() && step(1),
    k: () => single() && step(-1),
    ArrowDown: () => inside() && step(1),
    ArrowUp: () => inside() && step(-1),
    n: next,
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (typing(event.target) || !Object.hasOwn(keys, event.key)) return;
    if (keys[event.key]()) event.preventDefault();
  });
})();
