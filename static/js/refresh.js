// A page about something that goes on asks for itself anew and replaces the part that changes. It waits while that part
// has the focus or a selection, so that nobody loses their place.

function isInUse(part) {
  const selection = getSelection();
  return part.contains(document.activeElement) || (!selection.isCollapsed && part.contains(selection.anchorNode));
}

async function refresh() {
  const part = document.querySelector("[data-refresh]");
  if (!part) return;
  if (!document.hidden && !isInUse(part)) {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
    const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
    const changed = page && page.querySelector("[data-refreshed]");
    if (changed && !isInUse(part)) part.replaceWith(changed);
  }
  wait();
}

function wait() {
  const seconds = document.querySelector("[data-refresh]")?.dataset.refresh;
  if (seconds) setTimeout(refresh, seconds * 1000);
}
wait();
