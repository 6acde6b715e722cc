/* Buttons that copy a field's text. Without this file, people select and copy it by hand. */
(() => {
  "use strict";
  /* Over plain http there is no clipboard API, only the older command. */
  const copy = async (text) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return document.execCommand("copy");
    }
  };
  for (const button of document.querySelectorAll("[data-copy]")) {
    const field = document.getElementById(button.dataset.copy);
    button.hidden = false;
    button.addEventListener("click", async () => {
      field.focus();
      field.select();
      const copied = await copy(field.value);
      // If neither works, the text stays selected, to be copied by hand.
      const keys = navigator.platform.startsWith("Mac") ? "⌘C" : "Ctrl+C";
      const said = copied ? button.dataset.said : button.dataset.byHand.replace("{keys}", keys);
      if (copied) button.focus();
      document.dispatchEvent(new CustomEvent("announce", { detail: { value: said } }));
      button.textContent = said;
    });
  }
})();
