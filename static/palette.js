/* The palette: Ctrl+K, Cmd+K or the link "Search" in the top bar opens a search field above any page.
   It is a combobox: the field keeps the focus, the arrow keys select an option, Enter opens it. Without
   this file, the link opens the search page. */
(() => {
  "use strict";
  const dialog = document.getElementById("palette");
  const opener = document.querySelector("a[data-opens-palette]");
  if (!dialog || !opener) return;
  const field = dialog.querySelector("[role=combobox]");
  const found = document.getElementById("palette-found");
  const status = dialog.querySelector("[role=status]");
  const options = () => [...found.querySelectorAll("[role=option]")];
  const chosen = () => found.querySelector("[aria-selected=true]");

  const hint = opener.querySelector("kbd");
  const isApple = /Mac|iPhone|iPad/.test(navigator.platform);
  hint.textContent = isApple ? "⌘K" : "Ctrl K";
  hint.hidden = false;

  const choose = (option) => {
    chosen()?.setAttribute("aria-selected", "false");
    field.removeAttribute("aria-activedescendant");
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  };

  const open = () => {
    // Below another dialog it would be unusable.
    for (const other of document.querySelectorAll("dialog[open]")) other.close();
    dialog.showModal();
    field.select();
    htmx.trigger(field, "opened");
  };
  opener.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || event.shiftKey || event.altKey) return;
    if (!(isApple ? event.metaKey : event.ctrlKey)) return;
    event.preventDefault();
    if (dialog.open) dialog.close(); else open();
  });

  field.addEventListener("keydown", (event) => {
    const all = options();
    const at = all.indexOf(chosen());
    if (event.key === "ArrowDown") choose(all[(at + 1) % all.length]);
    else if (event.key === "ArrowUp") choose(all.at(at < 1 ? -1 : at - 1));
    else if (event.key === "Enter" && at >= 0 && !event.isComposing) all[at].click();
    else return;
    event.preventDefault();
  });
  // Enter must not open a result of an earlier query.
  field.addEventListener("input", () => choose(null));
  found.addEventListener("htmx:afterSwap", () => {
    const list = found.querySelector("[role=listbox]");
    field.setAttribute("aria-expanded", String(options().length > 0));
    status.textContent = list ? list.dataset.said : "";
    choose(options()[0]);
  });
  // Show errors inside the palette.
  dialog.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.xhr.status >= 400) detail.target = found;
  });

  // A click outside a dialog closes it, and so does a link, which may point into this page.
  for (const each of document.querySelectorAll("dialog")) {
    each.addEventListener("click", ({ target }) => {
      if (target === each || target.closest("a, [data-closes]")) each.close();
    });
  }
})();
