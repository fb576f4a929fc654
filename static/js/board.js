// Filters, sorting and paging of a board without loading the whole page. Every control is a link or form that works
// by itself; this only asks for the part that changes and keeps the address right.

const board = () => document.getElementById("board");

function within(event) {
  const link = event.target.closest("a[href]");
  if (!link || !board()?.contains(link) || event.defaultPrevented) return null;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const address = new URL(link.href, location.href);
  return address.pathname === location.pathname && address.search !== location.search ? address : null;
}

function show(address, { push = true, focus = "" } = {}) {
  board().setAttribute("aria-busy", "true");
  return htmx.ajax("GET", address, { target: "#board", swap: "outerHTML" }).then(() => {
    if (push) history.pushState({}, "", address);
    if (focus) document.getElementById(focus)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    document.dispatchEvent(new CustomEvent("board:shown"));
  });
}

document.addEventListener("click", (event) => {
  const address = within(event);
  if (!address || !window.htmx) return;
  event.preventDefault();
  show(address.pathname + address.search, { focus: address.hash.slice(1) });
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-narrow] select")) event.target.form.requestSubmit();
});

window.addEventListener("popstate", () => {
  if (board() && window.htmx) show(location.pathname + location.search, { push: false });
});

// Buttons for ticked models say how many there are, and wait until there is one.
function countTicked() {
  const bar = document.querySelector("[data-chosen]");
  if (!bar) return;
  const ticked = document.querySelectorAll('#choose input[name="m"]:checked').length;
  bar.querySelector("span").textContent = ticked ? `${ticked} ticked:` : "Tick models in the table to";
  for (const button of bar.querySelectorAll("button")) button.disabled = ticked === 0;
}
document.addEventListener("change", countTicked);
document.addEventListener("board:shown", countTicked);
countTicked();
