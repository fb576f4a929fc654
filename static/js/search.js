// Hits while somebody types into a search field: a combobox whose options are links; / goes to the field.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

const PAUSE_MS = 120;
const SHORTEST = 2;

const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

class SearchField {
  constructor(form) {
    this.form = form;
    this.input = form.querySelector("input[type=search]");
    this.options = [];
    this.active = -1;
    this.list = make("div", { id: `${this.input.id}-hits`, role: "listbox", "aria-label": "Hits" });
    this.note = make("p", { role: "status" });
    this.panel = make("div", { class: "search-hits", hidden: "" }, this.note, this.list);
    form.append(this.panel);
    for (const [name, value] of Object.entries({
      role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id,
      autocomplete: "off",
    })) this.input.setAttribute(name, value);
    this.input.addEventListener("input", (event) => event.isComposing || this.askSoon());
    this.input.addEventListener("compositionend", () => this.askSoon());
    this.input.addEventListener("keydown", (event) => event.isComposing || this.onKey(event));
    this.input.addEventListener("blur", () => this.close());
    // The focus stays in the field, so that a click on a hit is not lost with the list.
    this.panel.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.open(option, event.metaKey || event.ctrlKey);
    });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  askSoon() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.activate(-1);
    if (this.input.value.trim().length < SHORTEST) return this.close();
    this.timer = setTimeout(() => this.ask(), PAUSE_MS);
  }

  async ask() {
    this.request = new AbortController();
    const { signal } = this.request;
    const address = new URL(this.form.dataset.suggestions, document.baseURI);
    address.searchParams.set("q", this.input.value);
    try {
      const response = await fetch(address, { signal, headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(response.statusText);
      const found = await response.json();
      if (!signal.aborted && document.activeElement === this.input) this.show(found);
    } catch {
      // The form works without suggestions, so a lost connection is no error to report.
      if (!signal.aborted) this.close();
    }
  }

  show({ total, corrected, groups }) {
    this.options = [];
    const sections = groups.map(({ label, hits }, place) => this.group(label, hits, `${this.list.id}-${place}`));
    if (total) {
      const all = make("div", { class: "search-all" }, total === 1 ? "The search page" : `All ${total} results`);
      sections.push(this.option(all, `${this.form.action}?${new URLSearchParams(new FormData(this.form))}`));
    }
    this.list.replaceChildren(...sections);
    this.list.hidden = !total;
    this.panel.hidden = false;
    this.list.scrollTop = 0;
    this.input.setAttribute("aria-expanded", String(total > 0));
    const results = total === 1 ? "1 result" : `${total} results`;
    this.note.textContent = total ? (corrected ? `${results} for “${corrected}”` : results) : "Nothing is called that";
  }

  group(label, hits, id) {
    const heading = make("div", { id, class: "search-kind", role: "presentation" }, label);
    const options = hits.map(({ title, note, address }) => {
      const option = make("div", {}, make("span", {}, title), ...(note ? [" ", make("small", {}, note)] : []));
      return this.option(option, address);
    });
    return make("div", { role: "group", "aria-labelledby": id }, heading, ...options);
  }

  option(element, address) {
    element.setAttribute("role", "option");
    element.setAttribute("aria-selected", "false");
    element.id = `${this.list.id}-option-${this.options.length}`;
    element.dataset.address = address;
    this.options.push(element);
    return element;
  }

  onKey(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.key in steps) {
      event.preventDefault();
      if (!this.isOpen) return this.askSoon();
      const places = this.options.length + 1;
      this.activate(((this.active + 1 + steps[event.key] + places) % places) - 1);
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      this.close();
    } else if (event.key === "Enter" && this.isOpen && this.active >= 0) {
      event.preventDefault();
      this.open(this.options[this.active], event.metaKey || event.ctrlKey);
    }
  }

  activate(place) {
    this.options[this.active]?.setAttribute("aria-selected", "false");
    this.active = place;
    const option = this.options[place];
    if (!option) return this.input.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    option.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", option.id);
  }

  open(option, aside) {
    if (aside) window.open(option.dataset.address, "_blank", "noopener");
    else window.location.assign(option.dataset.address);
  }

  close() {
    clearTimeout(this.timer);
    this.request?.abort();
    this.activate(-1);
    this.panel.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.note.textContent = "";
  }
}

for (const form of document.querySelectorAll("form[data-suggestions]")) new SearchField(form);

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing) return;
  const fields = [...document.querySelectorAll("form[data-suggestions] input[type=search]")];
  const field = fields.find((input) => input.checkVisibility());
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.select();
});
