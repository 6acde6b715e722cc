/* Buttons that copy the text of a field. Without this file the text is selected and copied by hand. */
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
        return; // Forbidden over plain http; the text stays selected.
      }
      document.dispatchEvent(new CustomEvent("announce", { detail: { value: button.dataset.said } }));
      button.textContent = button.dataset.said;
    });
  }
})();
