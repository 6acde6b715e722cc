/* Show the elapsed time of an attempt. Without this file, its start time is shown. */
(() => {
  "use strict";
  const shown = document.querySelector("[data-elapsed]");
  if (!shown) return;
  const { elapsed, all, text } = shown.dataset;
  const began = performance.now() - Number(elapsed) * 1000;
  const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const show = () => {
    const seconds = Math.floor((performance.now() - began) / 1000);
    shown.textContent = text.replace("{elapsed}", clock(seconds)).replace("{all}", clock(Number(all)));
  };
  show();
  setInterval(show, 1000);
})();
