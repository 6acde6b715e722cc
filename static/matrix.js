/* Matrix keys: the matrix is one tab stop, and the arrow keys move between cells. Without this file,
   Tab reaches the link of every cell. */
(() => {
  "use strict";
  const matrix = () => document.querySelector("table.matrix");
  // A cell that spans columns (or rows, in the head) fills all of them.
  const buildGrid = (table) => {
    const grid = [...table.rows].map(() => []);
    [...table.rows].forEach((row, y) => {
      let x = 0;
      for (const each of row.cells) {
        while (grid[y][x]) x += 1;
        for (let down = 0; down < each.rowSpan; down += 1) {
          for (let right = 0; right < each.colSpan; right += 1) grid[y + down][x + right] = each;
        }
        x += each.colSpan;
      }
    });
    return grid;
  };
  const gridOf = (table) => (table._grid ||= buildGrid(table));
  const cell = (row, column) => gridOf(matrix())[row]?.[column];
  const positionOf = (found) => {
    const grid = gridOf(matrix());
    const row = grid.findIndex((cells) => cells.includes(found));
    return [row, grid[row].indexOf(found), grid];
  };
  const link = (found) => found?.querySelector("a");

  /* Only the last focused link of the matrix is in the tab order. */
  const updateTabStop = (chosen) => {
    const table = matrix();
    if (!table) return;
    for (const each of table.querySelectorAll("a[tabindex='0']")) each.tabIndex = -1;
    if (chosen) { chosen.tabIndex = 0; return; }
    table.setAttribute("role", "grid");
    // Here the cells scroll the frame. Without this file, the frame is a tab stop for scrolling.
    table.parentElement.removeAttribute("tabindex");
    for (const each of table.querySelectorAll("a")) each.tabIndex = -1;
    const first = table.querySelector("tbody a");
    if (first) first.tabIndex = 0;
  };
  const focusCell = (found) => {
    const next = link(found);
    if (!next) return false;
    next.focus({ preventScroll: true });
    // Scroll out from under the sticky parts of the table.
    next.closest("td, th").scrollIntoView({ block: "nearest", inline: "nearest" });
    return true;
  };
  /* Move in a direction, skipping cells without links. */
  const step = (found, down, right) => {
    const [row, column, grid] = positionOf(found);
    let [y, x] = [row, column];
    do {
      y += down;
      x += right;
    } while (cell(y, x) && (cell(y, x) === found || !link(cell(y, x))));
    return y < grid.length && focusCell(cell(y, x));
  };
  const keys = {
    ArrowUp: (found) => step(found, -1, 0),
    ArrowDown: (found) => step(found, 1, 0),
    ArrowLeft: (found) => step(found, 0, -1),
    ArrowRight: (found) => step(found, 0, 1),
    Home: (found, whole) => { const [row] = positionOf(found); return focusCell(cell(whole ? 2 : row, 0)); },
    End: (found, whole) => {
      const [row, , grid] = positionOf(found);
      const last = whole ? grid.length - 1 : row;
      return focusCell(grid[last].at(-1));
    },
  };
  document.addEventListener("keydown", (event) => {
    const found = event.target.closest?.("table.matrix :is(td, th)");
    if (!found || !keys[event.key] || event.altKey || event.metaKey || event.shiftKey) return;
    if (event.ctrlKey && !["Home", "End"].includes(event.key)) return;
    keys[event.key](found, event.ctrlKey);
    event.preventDefault();
  });
  document.addEventListener("focusin", (event) => {
    const chosen = event.target.closest?.("table.matrix a");
    if (chosen) updateTabStop(chosen);
  });
  /* The filters send the order, also one whose response is still pending. */
  document.addEventListener("htmx:configRequest", ({ detail: { elt, parameters } }) => {
    if (!elt.closest("table.matrix thead")) return;
    const { elements } = document.getElementById("filters");
    for (const name of ["sort", "order"]) {
      if (!elements[name]) {
        const field = document.createElement("input");
        field.type = "hidden";
        field.name = name;
        field.setAttribute("form", "filters");
        document.getElementById("matrix").append(field);
      }
      elements[name].value = parameters[name];
    }
  });
  document.addEventListener("htmx:afterSwap", () => updateTabStop());
  updateTabStop();
})();
