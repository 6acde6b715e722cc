/* Keep form input in this tab until the server has it: through collapsing, swaps, navigation and the
   end of the session. A draft belongs to a person and to its form's action URL. Passwords and files
   are never kept. */
(() => {
  "use strict";
  const owner = document.body.dataset.person;
  const find = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const PREFIX = "draft:";
  const TYPES = ["text", "email", "url", "date", "number"];
  const TYPED = `textarea, input:not([type]), ${TYPES.map((type) => `input[type=${type}]`)}`;

  /* The drafts of this tab. state: "typed"; "sent", until the response arrives; "refused", until the form of that
     response is shown; or "carried" by pages that ask for the password and send it again. from: the page where it
     got this state. */
  let here = location.href.replace(location.hash, "");
  const read = (key) => JSON.parse(sessionStorage.getItem(key) || "null");
  const write = (key, draft) => {
    try {
      sessionStorage.setItem(key, JSON.stringify(draft));
    } catch { /* Storage is full or disabled: the form works without it. */ }
  };
  const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const removeDraft = (key) => {
    sessionStorage.removeItem(key);
    markLinks();
  };
  const carriedDrafts = () => keys().filter((key) => read(key).state === "carried");
  const setState = (key, state) => {
    const draft = read(key);
    if (draft) write(key, { ...draft, state, from: here });
  };

  const keyOf = (form) => {
    if (form.dataset.draft) return PREFIX + form.dataset.draft;
    const { pathname, search } = new URL(form.getAttribute("action") || "", location);
    return PREFIX + pathname + search;
  };
  /* Handle the results of the last page's forms. */
  const [{ type, responseStatus, transferSize, redirectCount }] = performance.getEntriesByType("navigation");
  const refused = responseStatus >= 400 || find(".errors");
  /* This page is the response to a form if the form's page is the referrer, after a redirect or at the
     form's URL. Without a referrer, the redirect decides. */
  const accepted = (key, from) => owner && !refused && type !== "back_forward" && (
    document.referrer
      ? document.referrer === from && (redirectCount > 0 || key.split("?")[0] === PREFIX + location.pathname)
      : redirectCount > 0);
  const handleLastResults = () => {
    const onPage = new Set(all("form").filter(isDraftable).map(keyOf));
    const carries = find("[data-sends-draft], [name='kept.target']");
    for (const key of keys()) {
      const { owner: draftOwner, state, from } = read(key);
      if (owner && draftOwner !== owner) removeDraft(key);
      else if (state === "typed") continue;
      else if (carries) setState(key, "carried");
      else if (state === "carried") setState(key, owner ? "typed" : state);
      else if (accepted(key, from)) removeDraft(key);
      else if (refused && type === "navigate" && onPage.has(key)) {
        setState(key, "refused");
        /* Going back or reloading opens the form's page, which has its draft, instead of sending it again. */
        if ("answersForm" in document.body.dataset) history.replaceState(history.state, "", here = from);
      } else setState(key, "typed");
    }
  };

  const isDraftable = (form) => owner && form?.matches?.("form[method=post]")
    && find(TYPED, form) && !find("[type=password], [data-secret]", form);
  const isChoice = (field) => ["checkbox", "radio"].includes(field.type);
  const fields = (form) => [...form.elements].filter((field) => field.name
    && !["csrf_token", "_method"].includes(field.name)
    && !["fieldset", "password", "file", "search", "submit", "button"].includes(field.type));
  /* After a conflict, the form has the newer revision, so saving again overwrites it. A draft keeps its
     own, so that it conflicts again. */
  const ownRevision = (form) => {
    const values = find("[data-conflict]") && read(keyOf(form))?.values;
    return (field) => {
      const at = values && field.type === "hidden"
        ? values.findIndex(([name, , checked]) => name === field.name && checked === undefined) : -1;
      return at < 0 ? field.value : values.splice(at, 1)[0][1];
    };
  };
  const saveDraft = (form, state) => {
    const valueOf = state === "typed" ? ownRevision(form) : (field) => field.value;
    const values = fields(form).map((field) => (
      isChoice(field) ? [field.name, field.value, field.checked] : [field.name, valueOf(field)]));
    write(keyOf(form), { owner, state, from: here, values });
    markLinks();
  };
  /* Mark links that expand a form with a draft. */
  const markLinks = () => {
    const text = find("#draft-notice").content.firstElementChild.dataset.mark;
    const addresses = keys().map((key) => key.slice(PREFIX.length));
    for (const link of all("a[hx-get]")) {
      const within = `${link.getAttribute("hx-get")}/`;
      if (addresses.some((address) => address.startsWith(within))) link.dataset.unsaved = text;
      else delete link.dataset.unsaved;
    }
  };

  const showNotice = (form, key, undo) => {
    if (find(".draft-notice", form)) return;
    const line = find("#draft-notice").content.firstElementChild.cloneNode(true);
    find("button", line).addEventListener("click", () => {
      removeDraft(key);
      undo();
      line.remove();
      find(TYPED, form).focus();
    });
    form.prepend(line);
  };
  const isDefault = (field) => {
    if (isChoice(field)) return field.checked === field.defaultChecked;
    if (!field.options) return field.value === field.defaultValue;
    return field.value === ([...field.options].find((option) => option.defaultSelected) || field.options[0])?.value;
  };
  /* Going back, a browser may show an old page from memory or its cache: reload it, unless that loses
     input of a form without drafts or sends a form again. */
  const isUnsaved = (form) => !isDraftable(form)
    && all("input:not([type=hidden]), select, textarea", form).some((field) => !isDefault(field));
  window.addEventListener("pageshow", ({ persisted }) => {
    const isOld = persisted || (type === "back_forward" && !transferSize);
    if (!isOld || "answersForm" in document.body.dataset) return;
    if (!all("form[method=post]").some(isUnsaved)) location.reload();
  });
  /* Fill a form's fields from its draft; return the values without a field. */
  const fill = (form, values) => {
    const left = fields(form);
    return values.filter(([name, value, checked]) => {
      const at = left.findIndex((field) => field.name === name && (checked === undefined || field.value === value));
      if (at < 0) return true;
      const [field] = left.splice(at, 1);
      if (checked === undefined) field.value = value;
      else field.checked = checked;
      if (field.type !== "hidden" && !isDefault(field)) {
        for (let fold = field.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
      }
      return false;
    });
  };
  /* Request fields that only the server can add to a form: impact rows, found milestones. */
  const requestMissingFields = (form, missing) => {
    if (missing.some(([name]) => name.startsWith("impacts-"))) find("#add-impact", form)?.click();
    const chosen = missing.filter(([name, , checked]) => name === "milestones" && checked);
    if (!chosen.length || !find("#milestone-choices", form)) return;
    for (const [name, value] of chosen) {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name, value });
      find("#milestone-choices", form).append(input);
    }
    find("#search-milestones", form).click();
  };
  const missing = new WeakMap();
  /* Fields that were changed before the scripts ran: newer than drafts, and no script knows of them yet.
     Reloading and going back, a browser fills in old input. */
  let early = [];
  const restore = (form) => {
    const key = keyOf(form);
    const draft = read(key);
    if (!draft) return false;
    // The server responded with this form, so its content is newer.
    if (draft.state === "refused") { saveDraft(form, "typed"); return false; }
    const hidden = fields(form).filter((field) => field.type === "hidden").map((field) => [field, field.value]);
    const resetHidden = () => { for (const [field, value] of hidden) field.value = value; };
    const typed = early.filter((field) => field.form === form).map(({ name }) => name);
    const values = draft.values.filter(([name]) => !typed.includes(name));
    const left = fill(form, values).filter(([, value, checked]) => checked ?? value);
    if (!left.length && fields(form).every((field) => field.type === "hidden" || isDefault(field))) {
      removeDraft(key);
      resetHidden();
      return false;
    }
    showNotice(form, key, () => {
      // Parts added by the server are not form defaults.
      if (missing.has(form)) { location.reload(); return; }
      form.reset();
      resetHidden();
    });
    // A pasted text replaces the draft of the line.
    const line = find(".capture-row input", form);
    if (line) for (const name of ["focus", "click"]) line.addEventListener(name, () => line.select(), { once: true });
    if (left.length) {
      missing.set(form, left);
      requestMissingFields(form, left);
    }
    return true;
  };
  document.addEventListener("htmx:load", (event) => {
    const part = event.detail.elt;
    const form = part.parentElement?.closest("form");
    const before = form && missing.get(form);
    if (before) {
      const left = fill(form, before);
      missing.set(form, left);
      if (left.length < before.length) requestMissingFields(form, left);
    }
    if (part === document.body && type === "navigate") {
      early = all("form :is(input, select, textarea):not([data-timezone])").filter((field) => !isDefault(field));
    }
    const restored = [part, ...all("form", part)].filter(isDraftable).map(restore);
    for (const field of early.splice(0)) {
      for (const name of ["input", "change"]) field.dispatchEvent(new Event(name, { bubbles: true }));
    }
    if (part === document.body && restored.includes(true)) {
      const value = find("#draft-notice").content.querySelector("span").textContent;
      document.dispatchEvent(new CustomEvent("announce", { detail: { value } }));
    }
    if (owner) markLinks();
    // After signing in, expand the row of the unsaved draft.
    if (part === document.body && /\/login\b/.test(document.referrer)) find(".row-title[data-unsaved]")?.click();
  });

  document.addEventListener("input", (event) => {
    if (event.target.type !== "search" && isDraftable(event.target.form)) saveDraft(event.target.form, "typed");
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("action") === "/logout") sessionStorage.clear();
    if (form.matches("[data-sends-draft]")) for (const key of carriedDrafts()) setState(key, "sent");
    if (isDraftable(form) && !event.submitter?.hasAttribute("formaction")) saveDraft(form, "sent");
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-cancel]");
    const form = link?.closest("form");
    if (!form || event.ctrlKey || event.metaKey || event.shiftKey) return;
    for (const key of form.matches("[data-sends-draft]") ? carriedDrafts() : [keyOf(form)]) removeDraft(key);
    if (link.hash && link.pathname + link.search === location.pathname + location.search) {
      // A form expanded in its own page: the link would only scroll.
      event.preventDefault();
      location.hash = link.hash;
      location.reload();
    }
  });

  /* Autosaved input needs no draft once the server has it. */
  document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => {
    if (elt.matches("form[data-autosave]") && isDraftable(elt)) setState(keyOf(elt), "sent");
  });
  /* Handle the result of an htmx form. */
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig: { elt } } = event.detail;
    if (!isDraftable(elt)) return;
    const key = keyOf(elt);
    if (read(key)?.state !== "sent") return;
    const accepted = xhr.status < 400 && !xhr.getResponseHeader("HX-Redirect")?.startsWith("/login");
    if (accepted) removeDraft(key);
    else setState(key, [409, 422].includes(xhr.status) ? "refused" : "typed");
  });
  document.addEventListener("htmx:sendError", (event) => {
    const { elt } = event.detail.requestConfig;
    if (isDraftable(elt)) setState(keyOf(elt), "typed");
  });
  handleLastResults();
})();
