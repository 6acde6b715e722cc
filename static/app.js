/* Behavior that htmx attributes cannot express. Every page works without this file: it only adds
   shortcuts to links and forms that the page already has. */
(() => {
  "use strict";
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Shows what needs scripts. The browser's setting says nothing about scripts that are late or blocked.
  document.documentElement.classList.add("scripted");

  /* Announce a text to screen readers: from `HX-Trigger: {"announce": "…"}`, or from our scripts. */
  const announce = (text) => {
    const live = find("#live");
    if (!live) return;
    // Screen readers repeat a text only if the region was empty in between.
    live.textContent = "";
    requestAnimationFrame(() => { live.textContent = text; });
  };
  document.addEventListener("announce", (event) => announce(event.detail.value));

  /* A click with a modifier key opens a new tab or window, even on htmx links. */
  document.addEventListener("click", (event) => {
    const modified = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
    if (modified && event.target.closest("a[hx-get]")) event.stopPropagation();
  }, true);

  /* A checklist title expands its milestone below the row; a second click collapses it. */
  const details = (row) => document.getElementById(`details-${row.id}`);
  const updateExpandedState = (row) => {
    const [title, below] = [find(".row-title", row), details(row)];
    title.setAttribute("aria-expanded", Boolean(below));
    if (below) title.setAttribute("aria-controls", below.id);
  };
  // Scroll milestones expanded by the server into view with their rows.
  for (const below of all(".row-details")) {
    updateExpandedState(document.getElementById(below.id.replace("details-", "")));
    below.scrollIntoView();
    find("[autofocus]", below)?.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.detail.elt.matches(".row-title") && event.detail.elt.closest("li");
    const below = row && details(row);
    if (!below) return;
    event.preventDefault();
    below.remove();
    updateExpandedState(row);
  });

  document.addEventListener("htmx:configRequest", (event) => {
    const { verb, target, parameters } = event.detail;
    if (verb !== "get" && details(target)) parameters.details = "1";
  });

  /* Responses to two ticks may arrive in reverse order: parts of the page keep the newer content. */
  let renderedAt = "";
  const newest = {};
  document.addEventListener("htmx:beforeSwap", ({ detail: { xhr } }) => {
    renderedAt = xhr.getResponseHeader("Rendered-At");
  });

  /* Expanded details stay expanded when their part of the page is replaced. */
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { id } = event.detail.target;
    if (id && renderedAt) {
      if (renderedAt < newest[id]) { event.preventDefault(); return; }
      newest[id] = renderedAt;
    }
    const before = all("details", event.detail.target);
    const after = all("details", event.detail.fragment);
    if (after.length === before.length) after.forEach((fold, at) => { fold.open = before[at].open; });
  });

  /* Collapsed stages stay collapsed: a cookie for this page tells the server. It begins with the person's
     id, because others may use the same browser. */
  let folded = null;
  const saveCollapsedStages = () => {
    const stages = all("details[data-fold]:not([open])").map((stage) => stage.dataset.fold);
    const text = [document.body.dataset.person, ...stages].join(".");
    if (text === folded) return;
    folded = text;
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `folded=${text}; path=${location.pathname}; max-age=31536000; samesite=lax${secure}`;
  };
  document.addEventListener("toggle", (event) => { if (event.target.dataset.fold) saveCollapsedStages(); }, true);

  /* A link to a stage expands it. */
  const expandStage = (id) => { for (const fold of all(`[data-fold="${CSS.escape(id)}"]`)) fold.open = true; };
  document.addEventListener("click", ({ target }) => {
    expandStage(target.closest?.("a[href*='#']")?.getAttribute("href").split("#")[1] || "");
  });
  expandStage(location.hash.slice(1));

  /* Move messages into the row they are about, or above the target of the URL's fragment. */
  const moveMessages = (at) => {
    if (!at) return;
    const flashes = all("#messages .flash");
    if (at.matches(".checklist > li")) at.append(...flashes);
    else {
      // Outside of grids and flex rows, where a message would squeeze its neighbors.
      let place = at.closest("ul, ol, table, .with-button") || at;
      while (/flex|grid/.test(getComputedStyle(place.parentNode).display)) place = place.parentNode;
      place.before(...flashes);
    }
    for (const flash of flashes) flash.scrollIntoView({ block: "nearest" });
  };
  moveMessages(find(`main [id="${CSS.escape(location.hash.slice(1))}"]`));
  /* Replace old messages. Show messages about a checklist row in it, and others above the changed element
     if they would be scrolled out of view. */
  const replaceMessages = ({ target }) => {
    for (const old of all("main .flash:not(#messages *)")) old.remove();
    const row = document.activeElement.closest(".checklist > li");
    const isAbove = find("#messages").getBoundingClientRect().top < 0;
    moveMessages(row || (isAbove && target.id && document.getElementById(target.id)));
  };

  /* Keep the focus through a swap. A refused form moves it to errors. */
  let held = null;
  document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
    // A message above the page does not move the visible content.
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
      if (details(target)) updateExpandedState(target);
      if (event.detail.requestConfig.elt.matches(".row-title")) details(target)?.scrollIntoView({ block: "nearest" });
    }
    if (target.id === "messages") replaceMessages(event.detail.requestConfig);
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

  /* Going back focuses the followed link, and links back to a list (breadcrumbs, Cancel) keep its filters
     and order. `lists` has the query strings of the lists above this page. */
  const memory = JSON.parse(sessionStorage.getItem("lists") || "{}");
  const backLinks = (part) => all(".crumb a, a[data-cancel]", part);
  const lists = history.state?.lists || Object.fromEntries(Object.entries(memory).filter(([path]) => (
    location.pathname.startsWith(`${path}/`) || backLinks(document).some((link) => link.pathname === path))));
  document.addEventListener("htmx:load", ({ detail: { elt } }) => {
    const queries = { ...lists, [location.pathname]: location.search };
    for (const link of backLinks(elt)) if (!link.search) link.search = queries[link.pathname] || "";
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

  /* A double click sends a form once. The response to the second, for example that nothing is left to delete,
     would replace that to the first. */
  let sent = {};
  document.addEventListener("submit", (event) => {
    const { target, submitter, timeStamp } = event;
    if (event.defaultPrevented || !target.matches("[method=post]")) return;
    const isRepeated = target === sent.target && submitter === sent.submitter && timeStamp - sent.timeStamp < 5000;
    if (isRepeated) event.preventDefault(); else sent = { target, submitter, timeStamp };
  });
  window.addEventListener("pageshow", () => { sent = {}; });

  /* Read a link at once if it is pasted as the whole line. */
  document.addEventListener("paste", ({ target, clipboardData }) => {
    const isLink = /^\s*https?:\/\/\S+(\s+https?:\/\/\S+)*\s*$/i.test(clipboardData.getData("text"));
    const isLine = target.matches?.(".capture-row input");
    const isWhole = isLine && target.selectionEnd - target.selectionStart === target.value.length;
    if (isLink && isWhole) setTimeout(() => target.form.requestSubmit());
  });

  /* Show a stone's milestone below the trail on hover and on focus. */
  const showStoneName = (event) => {
    const stone = event.target.closest?.(".cairn a");
    const line = find(".stone-name");
    if (!stone || !line) return;
    // On the roadmap's page the name is in the row, elsewhere in the title.
    const row = document.getElementById(stone.getAttribute("href").slice(1));
    line.textContent = (find("title", stone) || find(".row-title", row)).textContent;
  };
  document.addEventListener("pointerover", showStoneName);
  document.addEventListener("focusin", showStoneName);

  /* Close a menu on Escape, on outside clicks and when the focus leaves it. */
  const closeMenu = (menu, back) => {
    menu.open = false;
    if (back) find("summary", menu).focus();
  };
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
    if (menu) closeMenu(menu, true);
  });
  for (const kind of ["click", "focusin"]) {
    document.addEventListener(kind, (event) => {
      for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) closeMenu(menu, false);
    });
  }

  /* Preset a new account's time zone from the browser, if the list has it. */
  for (const field of all("[data-timezone]")) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
    if (!field.options || all("option", field).some((each) => each.value === zone)) field.value = zone;
  }

  /* Close a message and focus its row. */
  document.addEventListener("click", ({ target }) => {
    const flash = target.closest?.(".flash .close")?.closest(".flash");
    if (!flash) return;
    const row = flash.closest(".checklist > li, dialog");
    flash.remove();
    (row && find(".row-title, [role=combobox]", row) || find("#main")).focus({ preventScroll: true });
  });
  /* Remove a faded message's space on the next scroll. */
  document.addEventListener("animationend", ({ target }) => {
    if (target.matches(".flash")) addEventListener("scroll", () => target.remove(), { once: true });
  });

  /* Go to sign-in when the session has ended. */
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.xhr.status !== 401) return;
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  });

  /* Clear "Saved" when the person types on or the request failed. */
  const resetStatus = (form, text = "") => {
    const status = form && find("[data-said]", form);
    if (!status) return;
    status.textContent = text;
    for (const flash of all("main .flash")) flash.remove();
  };
  document.addEventListener("input", (event) => resetStatus(event.target.form));
  for (const failed of ["htmx:sendError", "htmx:responseError"]) {
    document.addEventListener(failed, ({ detail: { requestConfig: { elt } } }) => {
      if (elt.matches("form[data-failed]")) resetStatus(elt, elt.dataset.failed);
    });
  }

  /* Report an unreachable or slow server until the next response. Only a failed request shows this,
     because a local server works without a network. */
  const showConnectionError = (request, text) => {
    const flash = find("#fault").content.firstElementChild.cloneNode(true);
    if (text) flash.firstChild.data = `${text} `;
    const inPalette = request.elt.closest("#palette");
    find(inPalette ? "#palette-found" : "#messages").replaceChildren(flash);
    if (!inPalette) replaceMessages(request);
  };
  document.addEventListener("htmx:beforeSend", ({ detail }) => {
    const { xhr, requestConfig, target } = detail;
    const timer = setTimeout(() => showConnectionError(requestConfig, find("#fault").dataset.slow), 8000);
    xhr.addEventListener("loadend", () => clearTimeout(timer));
    xhr.addEventListener("error", () => {
      showConnectionError(requestConfig, requestConfig.verb === "get" && find("#fault").dataset.unread);
    });
    // Another response, for example to a filter, may have replaced the target meanwhile.
    xhr.addEventListener("readystatechange", () => {
      if (!target.isConnected) detail.target = document.getElementById(target.id) || target;
    });
  });
  document.addEventListener("htmx:afterOnLoad", () => { for (const fault of all(".fault")) fault.remove(); });
})();
