// Filters, sorting and paging of a board without loading the whole page. Every control is a link or form that works
// by itself; this only asks for the part that changes and keeps the address right.

const board = () => document.getElementById("board");

function within(event) {
  const link = event.target.closest("a[href]");
  if (!link || !board()?.contains(link) || event.defaultPrevented) return null;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const address = new URL(link.href, location.href);
  const isView = address.pathname === location.pathname && !address.searchParams.has("format");
  return isView && address.search !== location.search ? address : null;
}

let latest = 0;

async function show(address, { push = true, focus = "" } = {}) {
  const mine = ++latest;
  board().setAttribute("aria-busy", "true");
  const answer = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  if (mine !== latest) return;
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const changed = page && page.getElementById("board");
  if (!changed) {
    location.assign(address);
    return;
  }
  if (push) history.pushState({}, "", answer.url + (focus ? `#${focus}` : ""));
  board().replaceWith(changed);
  document.title = page.title;
  document.getElementById(focus)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  document.dispatchEvent(new CustomEvent("board:shown"));
}

document.addEventListener("click", (event) => {
  const address = within(event);
  if (!address) return;
  event.preventDefault();
  show(address.pathname + address.search, { focus: address.hash.slice(1) });
});

// A form asks for what was filled in; the server answers with the short address of that view.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-narrow]")) return;
  event.preventDefault();
  show(`${location.pathname}?${new URLSearchParams(new FormData(event.target))}`);
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-narrow] select")) event.target.form.requestSubmit();
});

window.addEventListener("popstate", () => {
  if (board()) show(location.pathname + location.search, { push: false });
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
