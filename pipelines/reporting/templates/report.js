"use strict";
// The page is whole without this: it adds sorting, copying, and what print needs.

function sortKey(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
}

function compareKeys(a, b) {
  // A dash among numbers stays below them, whichever way they are sorted.
  return typeof a === "number" ? a - b : a.localeCompare(b);
}

function sortTable(table, column) {
  const header = table.tHead.rows[0].cells[column];
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const numeric = rows.some(row => row.cells[column].dataset.value !== undefined);
  const before = header.getAttribute("aria-sort");
  const rising = before ? before === "descending" : !numeric;
  const known = rows.filter(row => !numeric || row.cells[column].dataset.value !== undefined);
  const unknown = rows.filter(row => !known.includes(row));
  known.sort((a, b) => (rising ? 1 : -1) * compareKeys(sortKey(a, column), sortKey(b, column)));
  body.append(...known, ...unknown);
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", rising ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort by this column";
    button.append(...header.childNodes);
    button.addEventListener("click", () => sortTable(table, column));
    header.append(button);
  });
}

for (const text of document.querySelectorAll(".paste")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const range = document.createRange();
    range.selectNodeContents(text);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Selected: press Ctrl+C";
    }
  });
  text.after(button);
}

// Only what scrolls needs a stop of the keyboard.
function settleStops() {
  for (const region of document.querySelectorAll(".scroll")) {
    if (region.scrollWidth > region.clientWidth) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  }
}
settleStops();
addEventListener("resize", settleStops);
for (const fold of document.querySelectorAll("details")) fold.addEventListener("toggle", settleStops);

let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const fold of closed) fold.open = true;
});
addEventListener("afterprint", () => {
  for (const fold of closed) fold.open = false;
});
