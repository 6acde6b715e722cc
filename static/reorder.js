/* Reorder a list by dragging rows. Without this file, each row's buttons do the same.
   data-reorder on the list   selector of what the response replaces
   data-place on each row     URL for its new position, sent as `to`, from 0 */
(() => {
  "use strict";
  let dragged = null;
  const rowOf = (element) => element.closest?.("[data-reorder] > li");
  const positionOf = (row) => [...row.parentNode.children].indexOf(row);

  document.addEventListener("dragstart", (event) => {
    const row = rowOf(event.target);
    if (!row || !event.target.matches(".drag-handle")) return;
    // The response to an earlier change will replace the list.
    if (row.closest("form").querySelector(".htmx-request")) { event.preventDefault(); return; }
    dragged = { row, place: positionOf(row), next: row.nextElementSibling };
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
    event.dataTransfer.setDragImage(row, 0, 0);
    row.classList.add("dragged");
  });

  /* The buttons are disabled while a change is saved. If that fails, the focus returns. */
  document.addEventListener("htmx:afterRequest", ({ detail: { elt, successful } }) => {
    if (!successful && document.activeElement === document.body && elt.matches("button")) elt.focus();
  });

  document.addEventListener("dragover", (event) => {
    const row = dragged && rowOf(event.target);
    if (!row || row.parentNode !== dragged.row.parentNode) return;
    event.preventDefault();
    const box = row.getBoundingClientRect();
    if (row !== dragged.row) row[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged.row);
  });

  document.addEventListener("drop", (event) => dragged && event.preventDefault());

  document.addEventListener("dragend", (event) => {
    if (!dragged) return;
    const { row, place, next } = dragged;
    const list = row.parentNode;
    dragged = null;
    row.classList.remove("dragged");
    const undoMove = () => list.insertBefore(row, next);
    if (event.dataTransfer.dropEffect === "none") return undoMove();
    if (positionOf(row) === place) return;
    // Undo the move if it was not saved.
    row.addEventListener("htmx:afterRequest", (done) => done.detail.successful || undoMove(), { once: true });
    htmx.ajax("PUT", row.dataset.place, {
      source: row, target: list.dataset.reorder, swap: "outerHTML", values: { to: positionOf(row) },
    });
  });
})();
