/* Buttons that copy the text of a field. Without this file the text is selected and copied by hand. */
(() => {
  "use strict";
  /* Over plain http the browser has no clipboard for pages, only the older command. */
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
      // Where neither works the text stays selected, in focus, to be copied by hand.
      const keys = navigator.platform.startsWith("Mac") ? "⌘C" : "Ctrl+C";
      const said = copied ? button.dataset.said : button.dataset.byHand.replace("{keys}", keys);
      if (copied) button.focus();
      document.dispatchEvent(new CustomEvent("announce", { detail: { value: said } }));
      button.textContent = said;
    });
  }
})();
