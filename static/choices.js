/* A choice that is made during a search would be lost with its response: search again, with the choice. */
document.addEventListener("change", ({ target }) => {
  const choices = target.closest("#milestone-choices, #evidence-choices");
  if (choices && document.querySelector(`.htmx-request[hx-target="#${choices.id}"]`)) htmx.trigger("#q", "search");
});
