// Follows the log of a run: <section data-log-stream="address"> with <pre data-log-lines> and <span data-log-task>.
// Each event adds whole lines and replaces the unfinished last one. Where the server has no thread to spare, the part is
// loaded anew every few seconds until it has.

const RELOAD_MS = 5000;
const AGAIN_MS = 10000;
const MOST_CHARACTERS = 65536;

const section = document.querySelector("[data-log-stream]");
const pre = section?.querySelector("[data-log-lines]");
const partial = document.createTextNode("");
const whole = document.createTextNode("");

function isAtEnd() {
  return pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
}

function change(action) {
  const follow = isAtEnd();
  action();
  section.querySelector("[data-log-empty]")?.remove();
  if (follow) pre.scrollTop = pre.scrollHeight;
}

function take(event) {
  const news = JSON.parse(event.data);
  change(() => {
    section.querySelector("[data-log-task]").textContent = `of ${news.task}`;
    const lines = (news.anew ? "" : whole.data) + news.lines;
    whole.data = lines.length > MOST_CHARACTERS ? lines.slice(lines.indexOf("\n", lines.length - MOST_CHARACTERS) + 1) : lines;
    partial.data = news.partial;
  });
}

async function reload() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html");
  const found = page && page.querySelector("[data-log-lines]");
  if (found && found.textContent !== pre.textContent) {
    change(() => {
      whole.data = found.textContent;
      partial.data = "";
    });
  }
}

function follow() {
  const source = new EventSource(section.dataset.logStream);
  source.addEventListener("log", take);
  source.addEventListener("end", () => source.close());
  source.addEventListener("error", () => {
    // A stream that has ended is opened again by the browser; a refusal closes the source for good.
    if (source.readyState !== EventSource.CLOSED) return;
    const reloading = setInterval(reload, RELOAD_MS);
    reload();
    setTimeout(() => {
      clearInterval(reloading);
      follow();
    }, AGAIN_MS);
  });
}

if (pre) {
  whole.data = pre.textContent;
  pre.replaceChildren(whole, partial);
  pre.scrollTop = pre.scrollHeight;
  follow();
}
