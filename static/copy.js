/* A button that copies the text of a field. Without this file one selects and copies it oneself. */
(() => {
  "use strict";
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        return; // Not over plain http: what is to be copied is selected.
      }
      document.dispatchEvent(new CustomEvent("announce", { detail: { value: button.dataset.said } }));
      button.textContent = button.dataset.said;
    });
  }
})();
