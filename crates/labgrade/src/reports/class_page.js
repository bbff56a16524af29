// A head of the table becomes a button that sorts by its column, and the other way round when it is pressed again.
const body = document.querySelector("#all tbody");
document.querySelectorAll("#all th").forEach((head, column) => {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", () => {
    const order = head.ariaSort === "ascending" ? "descending" : "ascending";
    document.querySelectorAll("#all th").forEach((other) => { other.ariaSort = null; });
    head.ariaSort = order;
    const sign = order === "ascending" ? 1 : -1;
    const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const compare = (a, b) => sign * key(a).localeCompare(key(b), undefined, { numeric: true });
    body.append(...[...body.rows].sort(compare));
  });
});
