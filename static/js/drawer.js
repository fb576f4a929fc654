// A number asked where it comes from: a click on a cell, or arrows and Enter, opens the page behind it in a drawer.
// The same pages are linked from each row and each model, so nothing is lost without this.

const OPENABLE = "table[data-results] tbody td:not(.rank)";

let drawer;

function addressOf(cell) {
  const table = cell.closest("table");
  const row = cell.parentElement;
  const model = row.querySelector('input[name="m"]')?.value.split("~")[0];
  const key = table.tHead.rows[0].cells[cell.cellIndex].dataset.key;
  if (!model || !key) return null;
  const shown = new URLSearchParams(location.search);
  const asked = new URLSearchParams();
  for (const name of ["source", "metric"]) if (shown.get(name)) asked.set(name, shown.get(name));
  const [family, name] = [key.split(":")[0], key.slice(key.indexOf(":") + 1)];
  if (family === "task") {
    asked.set("model", model);
    asked.set("task", name);
    return `${table.dataset.results}?${asked}`;
  }
  if (!table.dataset.origins) return null;
  if (!["mean_task", "mean_task_type", "mean_subset", "mean_public", "mean_private", "coverage"].includes(key) && family !== "type") return null;
  asked.set("m", model);
  if (row.dataset.variant) asked.set("variant", row.dataset.variant);
  if (family === "type") asked.set("of", key);
  return `${table.dataset.origins}?${asked}`;
}

function dialog() {
  if (drawer) return drawer;
  drawer = document.createElement("dialog");
  drawer.className = "drawer";
  drawer.setAttribute("aria-label", "Where the number comes from");
  drawer.innerHTML = '<div class="drawer-head"><a class="button" data-page>Open as a page</a><button class="button" type="button" data-close>Close</button></div><div class="drawer-body" tabindex="-1"></div>';
  drawer.addEventListener("click", (event) => {
    if (event.target === drawer || event.target.closest("[data-close]")) drawer.close();
  });
  document.body.append(drawer);
  return drawer;
}

async function open(address, from) {
  const shown = dialog();
  const body = shown.querySelector(".drawer-body");
  shown.querySelector("[data-page]").href = address;
  body.setAttribute("aria-busy", "true");
  body.replaceChildren(Object.assign(document.createElement("p"), { className: "muted", textContent: "Loading…" }));
  shown.addEventListener("close", () => from.focus({ preventScroll: true }), { once: true });
  shown.showModal();
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const content = page.getElementById("content");
    content.querySelector(".breadcrumb")?.remove();
    for (const link of content.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), new URL(address, location.href));
    for (const named of content.querySelectorAll("[id]")) named.id = `drawer-${named.id}`;
    for (const labelled of content.querySelectorAll("[aria-labelledby]")) labelled.setAttribute("aria-labelledby", `drawer-${labelled.getAttribute("aria-labelledby")}`);
    body.replaceChildren(...content.children);
  } catch {
    body.replaceChildren(Object.assign(document.createElement("p"), { className: "error", textContent: "This could not be loaded. Try again, or open it as a page." }));
  }
  body.removeAttribute("aria-busy");
}

function ask(cell) {
  const address = addressOf(cell);
  if (address) open(address, cell);
}

document.addEventListener("click", (event) => {
  const cell = event.target.closest(OPENABLE);
  if (cell && !event.target.closest("a, input, button, summary") && getSelection().isCollapsed) {
    cell.tabIndex = -1;
    ask(cell);
  }
});

// Arrows move from number to number once the table has the focus.
const MOVES = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
document.addEventListener("keydown", (event) => {
  if (event.target.matches(OPENABLE)) {
    if (event.key === "Enter") return ask(event.target);
    const move = MOVES[event.key];
    if (!move) return;
    const body = event.target.closest("tbody");
    const row = body.rows[event.target.parentElement.sectionRowIndex + move[0]];
    const next = row?.cells[event.target.cellIndex + move[1]];
    if (next?.matches("td:not(.rank)")) {
      event.preventDefault();
      next.tabIndex = -1;
      next.focus();
      next.scrollIntoView({ block: "nearest", inline: "center" });
    }
  } else if (event.key === "Enter" && event.target.matches(".table-scroll")) {
    const first = event.target.querySelector(OPENABLE);
    if (first) {
      first.tabIndex = -1;
      first.focus();
    }
  }
});
