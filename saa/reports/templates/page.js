"use strict";
// The page is complete without this: it lets tables be sorted by a column, and pictures of an image be enlarged.
const compareText = (one, other) => one.localeCompare(other, undefined, { numeric: true });
const compareNumbers = (one, other) => {
  const [left, right] = [one, other].map((text) => parseFloat(text.replace("−", "-")));
  return Number.isNaN(left) || Number.isNaN(right) ? Number.isNaN(right) - Number.isNaN(left) : left - right;
};
const sort = (body, column, falling) => {
  const isText = body.rows[0].cells[column].tagName === "TH";
  const keyed = [...body.rows].map((row) => [row.cells[column].textContent.trim(), row]);
  keyed.sort(([one], [other]) => (isText ? compareText(one, other) : compareNumbers(one, other)));
  if (falling) keyed.reverse();
  body.append(...keyed.map(([, row]) => row));
};
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  if (body.rows.length < 2) continue;
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      sort(body, column, falling);
    });
    head.append(button);
  });
}
for (const card of document.querySelectorAll(".card")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "enlarge";
  button.textContent = "Enlarge";
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-label", `Enlarge the pictures of ${card.querySelector("h4").textContent}`);
  button.addEventListener("click", () => {
    const large = card.classList.toggle("large");
    button.setAttribute("aria-pressed", String(large));
  });
  card.prepend(button);
}
