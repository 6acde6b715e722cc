/* What htmx's attributes cannot say. Every page works without this file: it adds no features, only
   shorter ways to the links and forms that the page has already. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  /* Announce a text to screen readers: from the header `HX-Trigger: {"announce": "…"}`, or our own. */
  const announce = (text) => {
    const live = find("#live");
    if (!live) return;
    // A repeated text is read again only if the region was empty in between.
    live.textContent = "";
    requestAnimationFrame(() => { live.textContent = text; });
  };
  document.addEventListener("announce", (event) => announce(event.detail.value));

  /* A click with a modifier key opens a new tab or window, also on links that htmx follows. */
  document.addEventListener("click", (event) => {
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (modified && event.target.closest("a[hx-get]")) event.stopPropagation();
  }, true);

  /* A title of the checklist unfolds its milestone below the row; a second click folds it. */
  const details = (row) => document.getElementById(`details-${row.id}`);
  const markUnfolded = (row) => {
    const [title, below] = [find(".row-title", row), details(row)];
    title.setAttribute("aria-expanded", Boolean(below));
    if (below) title.setAttribute("aria-controls", below.id);
  };
  // One that the page came with is in view with its row, as far as both are.
  for (const below of all(".row-details")) {
    markUnfolded(document.getElementById(below.id.replace("details-", "")));
    below.scrollIntoView();
    find("[autofocus]", below)?.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.detail.elt.matches(".row-title") && event.detail.elt.closest("li");
    const below = row && details(row);
    if (!below) return;
    event.preventDefault();
    below.remove();
    markUnfolded(row);
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, target, parameters } = event.detail;
    if (verb !== "get" && details(target)) parameters.details = "1";
  });

  /* What somebody unfolded in a part of the page stays so when the part is replaced. */
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const before = all("details", event.detail.target);
    const after = all("details", event.detail.fragment);
    if (after.length === before.length) after.forEach((fold, at) => { fold.open = before[at].open; });
  });

  /* Stages of a roadmap stay folded as they were left: a cookie of this page says it to the server, so that
     they come folded. First the person, as others may use the same browser. */
  let folded = null;
  const keepFolded = () => {
    const stages = all("details[data-fold]:not([open])").map((stage) => stage.dataset.fold);
    const text = [document.body.dataset.person, ...stages].join(".");
    if (text === folded) return;
    folded = text;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `folded=${text}; path=${location.pathname}; max-age=31536000; samesite=lax${secure}`;
  };
  document.addEventListener("toggle", (event) => { if (event.target.dataset.fold) keepFolded(); }, true);

  /* A link to a stage unfolds it. */
  const unfold = (id) => { for (const fold of all(`[data-fold="${CSS.escape(id)}"]`)) fold.open = true; };
  document.addEventListener("click", ({ target }) => {
    unfold(target.closest?.("a[href*='#']")?.getAttribute("href").split("#")[1] || "");
  });
  unfold(location.hash.slice(1));

  /* A message is moved into the row that it is about, or above the place that the page was opened at. */
  const moveMessages = (at) => {
    const flashes = at ? all("#messages .flash") : [];
    if (at?.matches(".checklist > li")) at.append(...flashes);
    else if (at) {
      // On a line of its own: a column of a grid, or a place in a row, would press what stands beside it.
      let place = at.closest("ul, ol, table, .with-button") || at;
      while (/flex|grid/.test(getComputedStyle(place.parentNode).display)) place = place.parentNode;
      place.before(...flashes);
    }
    for (const flash of flashes) flash.scrollIntoView({ block: "nearest" });
  };
  moveMessages(find(`main [id="${CSS.escape(location.hash.slice(1))}"]`));
  /* What is said of a row of the checklist stands in it, and what else would be above the window stands above
     what was to change; in place of what was said before. */
  const placeMessages = ({ target }) => {
    for (const old of all("main .flash:not(#messages *)")) old.remove();
    const row = document.activeElement.closest(".checklist > li");
    const isAbove = find("#messages").getBoundingClientRect().top < 0;
    moveMessages(row || (isAbove && target.id && document.getElementById(target.id)));
  };

  /* Keep the focus through a swap. A refused form moves it to its errors. */
  let held = null;
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    // A message above the page does not push away what one looks at.
    if (target?.id === "messages") {
      const [height, at] = [target.offsetHeight, scrollY];
      target.addEventListener("htmx:afterSwap", () => {
        if (at > 0) scrollTo({ top: at + target.offsetHeight - height, behavior: "instant" });
      }, { once: true });
    }
    const active = document.activeElement;
    const anchor = active && active !== document.body && active.closest("[id]");
    const part = (...names) => names.map((name) => `[${name}="${CSS.escape(active.getAttribute(name))}"]`).join("");
    const inside = active.matches(".row-tick") ? ".row-tick"
      : active.name && part("name", ...(active.matches("button[value]") ? ["value"] : []));
    held = anchor && { id: anchor.id, inside };
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const target = event.detail.elt;
    if (target.matches?.(".checklist > li")) {
      target.classList.add("settled");
      if (details(target)) markUnfolded(target);
      if (event.detail.requestConfig.elt.matches(".row-title")) details(target)?.scrollIntoView({ block: "nearest" });
    }
    if (target.id === "messages") placeMessages(event.detail.requestConfig);
    const errors = target.matches?.(".errors") ? target : find(".errors[autofocus]", target);
    if (errors) { errors.focus(); return; }
    if (!held || document.activeElement !== document.body) return;
    const anchor = document.getElementById(held.id);
    if (!anchor) return;
    const heading = !anchor.hasAttribute("tabindex") && find("h2, h3, h4", anchor);
    const next = (held.inside && find(held.inside, anchor)) || heading || anchor;
    if (next.tabIndex < 0) next.setAttribute("tabindex", "-1");
    next.focus({ preventScroll: next !== heading });
  });

  /* Going back, the focus is on the link that was followed; and the links back to a list (breadcrumbs,
     Cancel) keep its filters and its order. `lists` are the queries of the lists that this page is below. */
  const memory = JSON.parse(sessionStorage.getItem("lists") || "{}");
  const waysBack = (part) => all(".crumb a, a[data-cancel]", part);
  const lists = history.state?.lists || Object.fromEntries(Object.entries(memory).filter(([path]) => (
    location.pathname.startsWith(`${path}/`) || waysBack(document).some((way) => way.pathname === path))));
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    const queries = { ...lists, [location.pathname]: location.search };
    for (const way of waysBack(elt)) if (!way.search) way.search = queries[way.pathname] || "";
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("main a[href]");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const followed = link.id ? `#${CSS.escape(link.id)}` : `a[href="${CSS.escape(link.getAttribute("href"))}"]`;
    history.replaceState({ ...history.state, lists, followed }, "");
    sessionStorage.setItem("lists", JSON.stringify({ ...lists, [location.pathname]: location.search }));
  });
  window.addEventListener("pageshow", () => {
    sessionStorage.setItem("lists", JSON.stringify(lists));
    const [{ type }] = performance.getEntriesByType("navigation");
    const followed = type !== "navigate" && history.state?.followed;
    if (followed && document.activeElement === document.body) find(`main ${followed}`)?.focus();
  });

  /* A link that is pasted into an empty line, or over all of it, is read at once. */
  document.addEventListener("paste", ({ target, clipboardData }) => {
    const isLink = /^\s*https?:\/\/\S+(\s+https?:\/\/\S+)*\s*$/i.test(clipboardData.getData("text"));
    const isLine = target.matches?.(".capture-row input");
    const isWhole = isLine && target.selectionEnd - target.selectionStart === target.value.length;
    if (isLink && isWhole) setTimeout(() => target.form.requestSubmit());
  });

  /* Show the milestone of a stone below the trail, on hover and on focus. */
  const name = (event) => {
    const stone = event.target.closest?.(".cairn a");
    const line = find(".stone-name");
    if (!stone || !line) return;
    // On the roadmap's page the row has the name, elsewhere the stone's title.
    const row = document.getElementById(stone.getAttribute("href").slice(1));
    line.textContent = (find("title", stone) || find(".row-title", row)).textContent;
  };
  document.addEventListener("pointerover", name);
  document.addEventListener("focusin", name);

  /* Close a menu on Escape, on a click elsewhere and when the focus leaves it. */
  const shut = (menu, back) => {
    menu.open = false;
    if (back) find("summary", menu).focus();
  };
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (menu) shut(menu, true);
  });
  for (const kind of ["click", "focusin"]) {
    document.addEventListener(kind, (event) => {
      for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) shut(menu, false);
    });
  }

  /* A new account starts in the time zone of its browser, where the list has it. */
  for (const field of all("[data-timezone]")) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    if (!field.options || all("option", field).some((each) => each.value === zone)) field.value = zone;
  }

  /* Close a message, and go on where it stood. */
  document.addEventListener("click", ({ target }) => {
    const flash = target.closest?.(".flash .close")?.closest(".flash");
    if (!flash) return;
    const row = flash.closest(".checklist > li, dialog");
    flash.remove();
    (row && find(".row-title, [role=combobox]", row) || find("#main")).focus({ preventScroll: true });
  });
  /* The place of one that went by itself goes where nobody sees it move. */
  document.addEventListener("animationend", ({ target }) => {
    if (target.matches(".flash")) addEventListener("scroll", () => target.remove(), { once: true });
  });

  /* Go to the sign-in when the session has ended. */
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) return;
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  });

  /* That a form is saved is true until somebody types on, and not where the request failed. */
  const unsay = (form, text = "") => {
    const said = form && find("[data-said]", form);
    if (!said) return;
    said.textContent = text;
    for (const flash of all("main .flash")) flash.remove();
  };
  document.addEventListener("input", (event) => unsay(event.target.form));
  for (const failed of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(failed, ({ detail: { requestConfig: { elt } } }) => {
      if (elt.matches("form[data-failed]")) unsay(elt, elt.dataset.failed);
    });
  }

  /* Say when the server cannot be reached, which only a failed request shows (a server on the same machine
     answers without a network), and when it takes long. It goes with the next answer. */
  const sayFault = (request, text) => {
    const flash = find("#fault").content.firstElementChild.cloneNode(true);
    if (text) flash.firstChild.data = `${text} `;
    const inPalette = request.elt.closest("#palette");
    find(inPalette ? "#palette-found" : "#messages").replaceChildren(flash);
    if (!inPalette) placeMessages(request);
  };
  document.addEventListener("htmx:beforeSend", ({ detail: { xhr, requestConfig } }) => {
    const timer = setTimeout(() => sayFault(requestConfig, find("#fault").dataset.slow), 8000);
    xhr.addEventListener("loadend", () => clearTimeout(timer));
  });
  document.addEventListener("htmx:sendError", ({ detail: { requestConfig } }) => {
    sayFault(requestConfig, requestConfig.verb === "get" && find("#fault").dataset.unread);
  });
  document.addEventListener("htmx:afterOnLoad", () => { for (const fault of all(".fault")) fault.remove(); });
})();
