// Draws the charts of a page when they are opened. The words and tables beside them say the same without it.
// The data come from the server without colours; those are the page's own, and change with its colour scheme.

const SHAPES = ["circle", "rectRot", "triangle", "rect", "star", "crossRot"];
const STROKED = new Set(["star", "crossRot"]);
const SLOTS = 6;
const narrow = matchMedia("(max-width: 46rem)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");
const drawn = new Map();

let library;
function loadLibrary(address) {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Chart);
    script.onerror = () => {
      library = undefined;
      script.remove();
      reject(new Error("Chart.js did not load"));
    };
    document.head.append(script);
  });
  return library;
}

function theme() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    ink: value("--ink"), muted: value("--muted"), line: value("--line"), surface: value("--surface"),
    raised: value("--raised"), strong: value("--line-strong"), font: getComputedStyle(document.body).fontFamily,
    series: Array.from({ length: SLOTS }, (_, slot) => value(`--series-${slot + 1}`)),
  };
}

const faded = (colour, percent) => colour + Math.round(percent * 2.55).toString(16).padStart(2, "0");
const dash = (slot) => (slot < SLOTS ? [] : [6, 4]);
const quantity = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

function powerOfTen(value) {
  const log = Math.log10(value);
  return Math.abs(log - Math.round(log)) < 1e-9 ? quantity.format(value) : "";
}

// One series as Chart.js takes it, by what it is to the eye.
function dataset(series, chart, colours) {
  const colour = colours.series[series.slot % SLOTS];
  const shape = SHAPES[series.slot % SHAPES.length];
  const hollow = series.slot >= SLOTS;
  const edge = STROKED.has(shape) || hollow ? colour : colours.surface;
  const base = { clip: false, label: series.label, look: series.look, data: series.data, borderColor: colour, backgroundColor: hollow ? colours.surface : faded(colour, 30), pointStyle: shape };
  switch (series.look) {
    case "range":
      return { ...base, type: "bar", backgroundColor: faded(colours.series[5], 38), borderWidth: 0, barThickness: narrow.matches ? 6 : 8, borderRadius: 4, borderSkipped: false, order: 2, pointStyle: "rectRounded" };
    case "bar":
      return { ...base, type: "bar", backgroundColor: faded(colour, 78), borderWidth: 1, borderRadius: 2 };
    case "outline":
      return { ...base, fill: false, backgroundColor: colour, borderDash: dash(series.slot), borderWidth: 2, pointRadius: 4, pointBackgroundColor: colour, spanGaps: false };
    case "line":
    case "steps":
      return { ...base, type: "line", showLine: true, stepped: series.look === "steps" ? "before" : false, borderDash: dash(series.slot), borderWidth: 2, pointRadius: chart.kind === "lines" ? 4 : 5, pointHoverRadius: 7, backgroundColor: hollow ? colours.surface : colour, pointBackgroundColor: hollow ? colours.surface : colour, pointBorderColor: edge, pointBorderWidth: STROKED.has(shape) ? 2 : 1, order: 1 };
    default:
      if (chart.kind === "ranges") {
        const values = series.data.map((point) => point.value);
        return { ...base, type: "line", data: values, notes: series.data.map((point) => point.note), showLine: false, indexAxis: "y", pointRadius: 5, pointHoverRadius: 7, pointBackgroundColor: colour, pointBorderColor: edge, pointBorderWidth: STROKED.has(shape) ? 2 : 1, order: 1 };
      }
      return { ...base, type: "scatter", pointRadius: series.data.map((point) => point.r ?? 3.5), pointHoverRadius: series.data.map((point) => (point.r ?? 3.5) + 2), pointBackgroundColor: faded(colour, 30), pointBorderColor: faded(colour, 75), pointBorderWidth: 1, order: 2 };
  }
}

function years(chart) {
  const days = chart.datasets.flatMap((series) => series.data.map((point) => Date.parse(point.x)));
  return (Math.max(...days) - Math.min(...days)) / (365.25 * 24 * 3600 * 1000);
}

function axis(chart, spec, which, colours) {
  const small = narrow.matches;
  const common = {
    title: { display: Boolean(spec.title) && !(small && which === "y"), text: spec.title, color: colours.muted },
    grid: { color: colours.line, drawTicks: false },
    border: { color: colours.strong, display: which === "x" },
    ticks: { color: colours.muted, padding: 6, maxRotation: 0, autoSkipPadding: 14 },
  };
  switch (spec.scale) {
    case "logarithmic":
      return { ...common, type: "logarithmic", ticks: { ...common.ticks, callback: powerOfTen } };
    case "time":
      return { ...common, type: "time", time: { unit: years(chart) > 3 ? "year" : undefined, tooltipFormat: "yyyy-MM-dd", minUnit: "day", displayFormats: { day: "yyyy-MM-dd", week: "yyyy-MM-dd", month: "yyyy-MM", quarter: "yyyy-MM", year: "yyyy" } } };
    case "category":
      return { ...common, type: "category", grid: { display: false }, ticks: { ...common.ticks, autoSkip: false, color: colours.ink, callback(index) { return shortened(this.getLabelForValue(index), small ? 18 : 44); } } };
    case "rank":
      return { ...common, min: 1, reverse: which === "y", ticks: { ...common.ticks, precision: 0 } };
    default:
      return { ...common, beginAtZero: chart.kind === "bars" };
  }
}

const shortened = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function scales(chart, colours) {
  if (chart.kind === "radar") {
    return { r: { grid: { color: colours.line }, angleLines: { color: colours.line }, pointLabels: { color: colours.ink, font: { size: narrow.matches ? 10 : 12 }, callback: (label) => wrapped(label) }, ticks: { color: colours.muted, backdropColor: faded(colours.surface, 80), maxTicksLimit: 6 } } };
  }
  return { x: axis(chart, chart.axes.x, "x", colours), y: axis(chart, chart.axes.y, "y", colours) };
}

function wrapped(label) {
  if (!narrow.matches || label.length < 12) return label;
  return label.split(" ");
}

function tooltipLine(item) {
  const point = item.raw;
  if (point?.note) return point.note;
  const note = item.dataset.notes?.[item.dataIndex];
  if (Array.isArray(point)) return `${item.dataset.label}: ${point.map(number).join(" – ")}`;
  const value = typeof point === "object" ? point?.y : point;
  return `${item.dataset.label}: ${number(value)}${note ? ` (${note})` : ""}`;
}

const number = (value) => (Number.isInteger(value) ? String(value) : Number(value).toFixed(2));

function options(chart, colours) {
  const byPoint = chart.kind === "points" || chart.kind === "lines";
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: still.matches ? false : { duration: 250 },
    indexAxis: chart.kind === "ranges" || chart.kind === "bars" ? "y" : "x",
    interaction: byPoint ? { mode: "nearest", intersect: true } : { mode: "index", axis: chart.kind === "radar" ? "r" : "y", intersect: false },
    layout: { padding: { right: 8, top: 4 } },
    scales: scales(chart, colours),
    onClick: (event, found, self) => {
      const point = found[0] && self.data.datasets[found[0].datasetIndex].data[found[0].index];
      if (point?.url) location.assign(point.url);
    },
    onHover: (event, found, self) => {
      const point = found[0] && self.data.datasets[found[0].datasetIndex].data[found[0].index];
      self.canvas.style.cursor = point?.url ? "pointer" : "";
    },
    plugins: {
      legend: { position: "top", align: "start", labels: { color: colours.ink, usePointStyle: true, boxHeight: 7, padding: 12, sort: (a, b) => a.datasetIndex - b.datasetIndex } },
      tooltip: {
        backgroundColor: colours.raised, titleColor: colours.ink, bodyColor: colours.ink, borderColor: colours.strong, borderWidth: 1,
        padding: 10, filter: (item) => item.dataset.look !== "range" || chart.axes.x.scale === "rank", usePointStyle: true, boxPadding: 4,
        callbacks: { title: (items) => items[0]?.raw?.name ?? items[0]?.label ?? "", label: tooltipLine },
      },
    },
  };
}

// Names beside the points of a line, as many as find room.
const names = {
  id: "names",
  afterDatasetsDraw(self, _, { colours }) {
    if (!colours) return;
    const { ctx, chartArea } = self;
    const taken = [];
    ctx.save();
    ctx.font = `${narrow.matches ? 10 : 11}px ${colours.font}`;
    ctx.textBaseline = "bottom";
    self.data.datasets.forEach((series, index) => {
      if (!series.showLine || !self.isDatasetVisible(index)) return;
      const points = self.getDatasetMeta(index).data.map((point, i) => [point, series.data[i]]).reverse();
      for (const [point, { short }] of points) {
        if (!short) continue;
        const text = shortened(short, narrow.matches ? 16 : 30);
        const width = ctx.measureText(text).width;
        const x = Math.max(chartArea.left + 2, Math.min(point.x - width - 6, chartArea.right - width - 2));
        const y = Math.max(point.y - 6, chartArea.top + 14);
        const box = [x - 3, y - 14, x + width + 3, y + 2];
        if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
        taken.push(box);
        ctx.lineWidth = 3;
        ctx.strokeStyle = colours.surface;
        ctx.strokeText(text, x, y);
        ctx.fillStyle = colours.ink;
        ctx.fillText(text, x, y);
      }
    });
    ctx.restore();
  },
};

function draw(details, Chart, chart) {
  drawn.get(details)?.self?.destroy();
  const plot = details.querySelector("[data-plot]");
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", details.dataset.label);
  plot.replaceChildren(canvas);
  const colours = theme();
  Chart.defaults.font.family = colours.font;
  const type = chart.kind === "radar" ? "radar" : chart.kind === "bars" || chart.kind === "ranges" ? "bar" : "scatter";
  const all = options(chart, colours);
  if (chart.kind === "points") all.plugins.names = { colours };
  const datasets = chart.datasets.map((series) => dataset(series, chart, colours));
  const self = new Chart(canvas, { type, data: { labels: chart.labels, datasets }, options: all, plugins: [names] });
  drawn.set(details, { self, chart, Chart });
}

function say(plot, text) {
  const status = document.createElement("p");
  status.className = "plot-status";
  status.setAttribute("role", "status");
  status.textContent = text;
  plot.replaceChildren(status);
  return status;
}

async function show(details) {
  const plot = details.querySelector("[data-plot]");
  say(plot, "Drawing…");
  try {
    const [Chart, answer] = await Promise.all([
      loadLibrary(details.dataset.library),
      fetch(details.dataset.chart, { headers: { Accept: "application/json" } }),
    ]);
    if (!answer.ok) throw new Error(`The server answered ${answer.status}`);
    draw(details, Chart, await answer.json());
  } catch (error) {
    drawn.delete(details);
    const status = say(plot, "The chart could not be drawn; the table below has the same facts. ");
    const again = document.createElement("button");
    again.type = "button";
    again.className = "button";
    again.textContent = "Try again";
    again.addEventListener("click", () => show(details));
    status.append(again);
  }
}

function enhance() {
  for (const [details, { self }] of drawn) {
    if (details.isConnected) continue;
    self?.destroy();
    drawn.delete(details);
  }
  for (const details of document.querySelectorAll("[data-chart]")) {
    if (details.dataset.ready) continue;
    details.dataset.ready = "yes";
    const start = () => {
      if (!details.open || drawn.has(details)) return;
      drawn.set(details, {});
      show(details);
    };
    details.addEventListener("toggle", start);
    start();
  }
}

function redraw() {
  for (const [details, { chart, Chart }] of drawn) if (chart) draw(details, Chart, chart);
}

dark.addEventListener("change", redraw);
narrow.addEventListener("change", redraw);
document.addEventListener("board:shown", enhance);
enhance();
