// Tick all new rows or none without reloading the page, which would lose other choices.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-tick]");
  if (!link) return;
  event.preventDefault();
  for (const box of document.querySelectorAll("input[name=take]")) {
    box.checked = link.dataset.tick === "all" && !box.hasAttribute("data-known");
  }
});
