/* Save the versions of a form one after another, so that none conflicts with an earlier one of this page, and the last
   one when the page is left. Without this file, saving while an autosave is pending, or after its response was lost,
   shows a conflict, and what was typed in the last second is only a draft. */
(() => {
  "use strict";
  const form = document.querySelector("form[data-autosave]");
  let last = null;
  // What was sent and perhaps saved, but not answered: it is sent again before anything newer.
  let lost = null;
  // The submit that waits for an autosave.
  let submit = null;
  let isChanged = false;

  form.addEventListener("htmx:configRequest", ({ target, detail }) => {
    if (target !== form) return;
    isChanged = Boolean(lost);
    if (lost) detail.parameters = lost;
    last = lost || detail.formData;
  });
  form.addEventListener("submit", (event) => {
    if (!lost && !form.matches(".htmx-request")) return;
    event.preventDefault();
    event.stopPropagation();
    submit = event;
    if (lost) form.dispatchEvent(new Event("change"));
  });
  form.addEventListener("htmx:afterRequest", ({ target, detail: { xhr } }) => {
    if (target !== form) return;
    const [before, waiting] = [lost, submit];
    lost = xhr.status ? null : last;
    submit = null;
    if (lost) return;
    // The response has replaced the button.
    const overwrite = waiting?.submitter?.name === "replace" && form.querySelector("button[name=replace]");
    if (waiting) form.requestSubmit(overwrite || undefined);
    else if (before) form.querySelector("textarea").dispatchEvent(new Event("input", { bubbles: true }));
  });

  form.addEventListener("input", () => { isChanged = true; });
  document.addEventListener("submit", ({ target }) => { if (target === form) isChanged = false; });
  window.addEventListener("pagehide", () => {
    if (!isChanged) return;
    const headers = { "HX-Request": "true" };
    fetch(form.getAttribute("hx-put"), { method: "PUT", headers, body: new FormData(form), keepalive: true });
  });
})();
