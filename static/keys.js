/* Single-key shortcuts on pages with rows. They focus or press existing elements, selected by attributes:
   .list, .steps           lists that j and k move through, focusing the first link or button of a row
   data-rows on any list   the selector to focus instead
   data-tick, data-edit    the selector x presses in a row, and the URL of e with the row's {href} and {key}
   aria-keyshortcuts="n"   the element that a key presses on this page
   If the account turns off single keys, only the arrow keys within a list work. */
(() => {
  "use strict";
  const single = document.body.hasAttribute("data-single-keys");
  const isTyping = (element) => element.closest(
    "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog");

  const LISTS = ":is([data-rows], main :is(.list, .steps):not([data-rows] *))";
  const titles = () => [...document.querySelectorAll(LISTS)].flatMap((list) => (
    list.dataset.rows ? [...list.querySelectorAll(list.dataset.rows)]
      : [...list.children].map((row) => row.querySelector("a, button:enabled, summary"))
  )).filter((title) => title?.checkVisibility());
  const rowOf = (element) => element.closest(`${LISTS} :is(li, tr, .history-piece)`);
  const indexOfFocus = (all) => {
    const active = document.activeElement;
    const row = rowOf(active);
    const at = all.findIndex((title) => title === active || (row && rowOf(title) === row));
    // A row's details are below it.
    return at >= 0 || active === document.body ? at : all.findLastIndex((title) => (
      title.compareDocumentPosition(active) & Node.DOCUMENT_POSITION_FOLLOWING));
  };
  const step = (by) => {
    const all = titles();
    const at = indexOfFocus(all);
    const to = at < 0 && by < 0 ? all.length - 1 : at + by;
    all[Math.min(all.length - 1, Math.max(0, to))]?.focus();
    return all.length > 0;
  };
  // The arrow keys scroll the page unless a row has the focus.
  const stepInList = (by) => titles().includes(document.activeElement) && step(by);

  const click = (element) => {
    element?.click();
    return Boolean(element);
  };
  const press = (key) => click(document.querySelector(`main [aria-keyshortcuts="${key}"]`));
  const rowSetting = (name) => {
    const all = titles();
    const title = all[indexOfFocus(all)];
    const list = title?.closest(LISTS);
    return list?.dataset[name] ? [title, list.dataset[name]] : null;
  };
  const tick = () => {
    const [title, what] = rowSetting("tick") || [];
    return title ? click(rowOf(title).querySelector(what)) : press("x");
  };
  const edit = () => {
    const [title, address] = rowSetting("edit") || [];
    if (!title) return press("e");
    const path = new URL(title.href).pathname;
    location.assign(address.replace("{href}", path).replace("{key}", path.split("/").pop()));
    return true;
  };
  const search = () => {
    const field = document.querySelector("main [role=search] input[type=search]");
    if (!field) return click(document.querySelector("a[data-opens-palette]"));
    field.focus();
    field.select();
    return true;
  };

  const capture = () => {
    const field = [...document.querySelectorAll(".capture-row input")].find((each) => each.checkVisibility());
    if (field) field.focus(); else location.assign("/evidence#captured");
    return true;
  };

  /* The list of keys, as a separate page or as a dialog. */
  const link = document.querySelector("a[data-opens-keys]");
  const showKeys = () => {
    const dialog = document.getElementById("keys");
    if (!link || !dialog) return false;
    htmx.ajax("GET", link.getAttribute("href"), { target: dialog, swap: "innerHTML" }).then(() => {
      // Omit keys that do nothing on this page.
      for (const key of dialog.querySelectorAll("[data-needs]")) {
        if (key.dataset.needs ? !document.querySelector(key.dataset.needs) : !titles().length) key.remove();
      }
      if (dialog.childElementCount && !dialog.open) dialog.showModal();
    });
    return true;
  };
  link?.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (showKeys()) event.preventDefault();
  });

  const keys = {
    ...(single && {
      j: () => step(1), k: () => step(-1), x: tick, e: edit, c: capture, n: () => press("n"), "/": search, "?": showKeys,
    }),
    ArrowDown: () => stepInList(1),
    ArrowUp: () => stepInList(-1),
  };
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (!Object.hasOwn(keys, event.key) || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (keys[event.key]()) event.preventDefault();
  });
})();
