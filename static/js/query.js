// Completion for query fields: the server says what can stand at the cursor, and a combobox offers it.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

const PAUSE_MS = 120;
const enhanced = new WeakSet();

// The server counts characters; the browser counts UTF-16 units.
const characters = (text, units) => [...text.slice(0, units)].length;
const units = (text, characters) => [...text].slice(0, characters).join("").length;

const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

class QueryField {
  constructor(input) {
    this.input = input;
    this.suggestions = [];
    this.active = -1;
    this.list = this.makeList();
    this.status = make("span", { class: "visually-hidden", role: "status" });
    input.after(this.list, this.status);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
    })) input.setAttribute(name, value);
    input.addEventListener("input", (event) => event.isComposing || this.onInput());
    input.addEventListener("compositionend", () => this.onInput());
    input.addEventListener("click", () => this.isOpen && this.askSoon());
    input.addEventListener("blur", () => this.close());
    input.addEventListener("keydown", (event) => event.isComposing || this.onKey(event));
  }

  makeList() {
    const list = make("ul", {
      id: `${this.input.id}-suggestions`, class: "query-suggestions", role: "listbox", "aria-label": "Suggestions", hidden: "",
    });
    // The focus stays in the field.
    list.addEventListener("mousedown", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take([...list.children].indexOf(option));
    });
    return list;
  }

  get isOpen() {
    return !this.list.hidden;
  }

  onInput() {
    this.activate(-1);
    this.askSoon();
  }

  askSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.request = new AbortController();
    const { signal } = this.request;
    const { value, selectionEnd } = this.input;
    const address = new URL(this.input.dataset.suggestionsUrl, document.baseURI);
    address.searchParams.set("q", value);
    address.searchParams.set("cursor", characters(value, selectionEnd));
    try {
      const response = await fetch(address, { signal, headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(response.statusText);
      const suggestions = await response.json();
      if (!signal.aborted) this.show(suggestions, value);
    } catch {
      // The field works without suggestions, so a lost connection is no error to report.
      if (!signal.aborted) this.close();
    }
  }

  show(suggestions, value) {
    if (document.activeElement !== this.input || !suggestions.length) return this.close();
    this.suggestions = suggestions;
    this.suggestedFor = value;
    this.list.replaceChildren(...suggestions.map((suggestion, index) => this.makeOption(suggestion, index)));
    this.list.hidden = false;
    this.list.scrollTop = 0;
    this.input.setAttribute("aria-expanded", "true");
    this.status.textContent = suggestions.length === 1 ? "1 suggestion" : `${suggestions.length} suggestions`;
    this.activate(-1);
  }

  makeOption({ text, hint }, index) {
    const option = make("li", { id: `${this.list.id}-${index}`, role: "option" }, make("code", {}, text.trim()));
    if (hint) option.append(" ", make("small", {}, hint));
    return option;
  }

  activate(index) {
    this.active = index;
    [...this.list.children].forEach((option, number) => {
      option.setAttribute("aria-selected", number === index);
    });
    const option = this.list.children[index];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  move(step) {
    // Between the last option and the first lies the field itself, where nothing is chosen.
    const places = this.suggestions.length + 1;
    this.activate(((this.active + 1 + step + places) % places) - 1);
  }

  take(index) {
    const { value } = this.input;
    if (value !== this.suggestedFor) return;
    const { text, start, end } = this.suggestions[index];
    this.input.setRangeText(text, units(value, start), units(value, end), "end");
    this.ask();
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.suggestions = [];
    this.list.hidden = true;
    this.list.replaceChildren();
    this.input.setAttribute("aria-expanded", "false");
    this.status.textContent = "";
    this.activate(-1);
  }

  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const done = this.isOpen ? this.onKeyWhileOpen(event.key) : this.onKeyWhileClosed(event.key);
    if (done) event.preventDefault();
  }

  onKeyWhileClosed(key) {
    if (key !== "ArrowDown") return false;
    this.ask();
    return true;
  }

  // Enter and Tab take what was chosen with the arrows; otherwise they send the form and move on, as everywhere.
  onKeyWhileOpen(key) {
    if (key === "ArrowDown") this.move(1);
    else if (key === "ArrowUp") this.move(-1);
    else if (key === "Escape") this.close();
    else if ((key === "Enter" || key === "Tab") && this.active >= 0) this.take(this.active);
    else {
      if (key === "ArrowLeft" || key === "ArrowRight") this.askSoon();
      return false;
    }
    return true;
  }
}

const enhance = (root) => {
  for (const input of root.querySelectorAll("input[data-query][data-suggestions-url]")) {
    if (enhanced.has(input)) continue;
    enhanced.add(input);
    new QueryField(input);
  }
};

enhance(document);
document.addEventListener("board:shown", () => enhance(document));
