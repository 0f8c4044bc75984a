// What is shown and its address, totals, sections and rows, and the beginning.

const state = { text: "", open: undefined, overview: false };
const filter = byId("filter");

const encoded = (text) =>
  encodeURIComponent(text.toWellFormed?.() ?? text)
    .replace(/%(3A|2C|2F|5B|5D)/g, decodeURIComponent)
    .replaceAll("%20", "+");

function address({ text, open, overview }) {
  const parts = [];
  if (text) parts.push(`q=${encoded(text)}`);
  if (overview) parts.push("view=sections");
  if (open) parts.push(`open=${encoded(open.row.key)}/${encoded(columns[open.column].key)}`);
  return `#${parts.join("&")}`;
}

function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const [, key, name] = /^(.*)\/(.*)$/s.exec(asked.get("open") ?? "") ?? [];
  const row = rowsByKey.get(key);
  const column = name === undefined ? undefined : columnsNamed(name)[0];
  const found = row && column !== undefined && row.cells[column];
  if (key !== undefined && !found) say(`The cell of this link is not in this grid: ${key} of ${name}`);
  return {
    text: asked.get("q") ?? "",
    overview: asked.get("view") === "sections",
    open: found ? { row, column } : undefined,
  };
}

const permalink = () => location.href.split("#")[0] + address(state);

let keeping; // browsers refuse an address that changes with every key
function keepAddress(step) {
  clearTimeout(keeping);
  if (step) history.pushState(null, "", address(state));
  else keeping = setTimeout(() => history.replaceState(null, "", address(state)), 100);
}

function go(next, step = false) {
  const { text, open, overview } = { ...state, ...next };
  const changed = { text: text !== state.text, overview: overview !== state.overview };
  Object.assign(state, { text, open, overview });
  if (filter.value !== text) filter.value = text;
  if (changed.text) applyFilter();
  if (changed.overview) for (const section of sections) close(section, overview);
  byId("overview").setAttribute("aria-pressed", overview);
  keepAddress(step);
  showEvidence();
}

function applyFilter() {
  const start = performance.now();
  const { problems, holds } = compile(state.text);
  let shown = 0;
  for (const row of rows) {
    row.shown = holds(row);
    shown += row.shown;
  }
  for (const section of sections) showRows(section);
  for (const page of grid.pages) page.head.hidden = !page.rows.some((row) => row.shown);
  byId("nothing").hidden = shown > 0;
  const found =
    shown === rows.length ? counted(shown, "requirement") : `${shown} of ${counted(rows.length, "requirement")}`;
  byId("status").textContent = [found, ...problems].join("; ");
  byId("status").classList.toggle("problem", problems.length > 0);
  showToggles();
  if (!here.row.shown) stand(rows.find((row) => row.shown) ?? rows[0], here.column);
  performance.measure("filter", { start });
}

function showRows(section) {
  let shown = 0;
  for (const row of section.rows) {
    shown += row.shown;
    if (row.element && row.element.hidden === row.shown) row.element.hidden = !row.shown;
  }
  section.element.hidden = shown === 0;
  section.share.textContent = shown < section.rows.length ? `${shown} of ${section.rows.length}` : String(shown);
  reserve(section, shown);
}

// The terms of one key taken out of the text, or others put in their place.
function withTerm(key, value) {
  const others = tokens(state.text).filter((token) => !token.toLowerCase().startsWith(`${key}:`));
  return [...others, ...(value ? [`${key}:${value}`] : [])].join(" ");
}

const termValues = (key) =>
  tokens(state.text.toLowerCase()).flatMap((token) =>
    token.startsWith(`${key}:`) ? token.slice(key.length + 1).split(",") : [],
  );

function showToggles() {
  const asked = termValues("level");
  for (const button of byId("levels").children) button.setAttribute("aria-pressed", asked.includes(button.value));
  byId("different").setAttribute("aria-pressed", termValues("is").includes("different"));
}

// ---- totals

function drawTotals() {
  const present = verdicts.map((_, place) => place).filter((place) => rows.some((row) => row.verdicts.includes(place)));
  const head = ["Runtime", "Score", ...levels, ...present.map((place) => verdicts[place].words)];
  const names = head.map((name, place) =>
    make(
      "th",
      { scope: "col" },
      place > 1 + levels.length ? sign(verdicts[present[place - 2 - levels.length]]) : "",
      name,
    ),
  );
  byId("totals").append(
    make("thead", {}, make("tr", {}, ...names)),
    make(
      "tbody",
      {},
      ...columns.map((column, place) =>
        make(
          "tr",
          {},
          totalsHead(column),
          scoreCell(tally(rows, place)),
          ...levels.map((_, level) => make("td", {}, standing(tally(rows, place, level)))),
          ...present.map((verdict) => countCell(column, verdict, tally(rows, place)[verdict])),
        ),
      ),
    ),
  );
}

function totalsHead(column) {
  const facts = Object.entries(column.facts);
  const hosts = column.hosts.flatMap((host) => Object.entries(host));
  const lines = [...facts, ...hosts].flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  const details = make(
    "details",
    {},
    make("summary", {}, column.facts.package ? `package ${column.facts.package}` : "details"),
    make("dl", {}, ...lines),
  );
  return make(
    "th",
    { scope: "row" },
    make("b", {}, column.name),
    " ",
    make("span", { class: "version" }, column.version),
    lines.length ? details : "",
  );
}

function scoreCell(counts) {
  const { held, judged, percent } = score(counts);
  return make(
    "td",
    {},
    make(
      "div",
      { class: "score" },
      ring(percent),
      make("span", {}, make("b", {}, judged ? `${percent} %` : "none"), make("small", {}, `${held} of ${judged}`)),
    ),
  );
}

function countCell(column, verdict, count) {
  const address = `#q=${encoded(`${column.key}:${verdicts[verdict].name}`)}`;
  const label = `${count} ${verdicts[verdict].words} by ${column.heading}: show them`;
  const text = count
    ? make("a", { href: address, class: `count ${verdicts[verdict].name}`, "aria-label": label }, count)
    : make("span", { class: "none" }, "0");
  return make("td", { class: "number" }, text);
}

// ---- sections and rows

const group = () => make("colgroup", {}, make("col"), ...columns.map(() => make("col", { class: "runtime" })));
const scores = (among) =>
  columns.map((column, place) =>
    make("th", { scope: "col" }, make("span", { class: "name" }, column.heading), " ", standing(tally(among, place))),
  );

function drawPage(page) {
  const title = make("h2", {}, page.name, " ", page.specification ? make("small", {}, page.specification) : "");
  page.head = make(
    "table",
    { class: "page" },
    group(),
    make("thead", {}, make("tr", {}, make("th", {}, title), ...scores(page.rows))),
  );
  return page.head;
}

function drawSection(section) {
  section.share = make("span", { class: "share" }, section.rows.length);
  section.button = make("button", { type: "button", class: "fold", "aria-expanded": "true" }, section.name);
  const title = make("th", { scope: "col" }, make("h3", {}, section.button, " ", section.share));
  section.body = make("tbody");
  const caption = make("caption", { class: "hidden" }, `${section.page.name}, ${section.name}`);
  section.element = make(
    "section",
    { class: "section" },
    make(
      "table",
      {},
      caption,
      group(),
      make("thead", {}, make("tr", {}, title, ...scores(section.rows))),
      section.body,
    ),
  );
  section.button.addEventListener("click", () => close(section, !section.closed));
  reserve(section, section.rows.length);
  return section.element;
}

// Room for a section that the browser has not laid out yet.
function reserve(section, shown) {
  section.element.style.containIntrinsicBlockSize = `auto ${40 + (section.closed ? 0 : 54 * shown)}px`;
}

function close(section, closed) {
  section.closed = closed;
  section.body.hidden = closed;
  section.button.setAttribute("aria-expanded", !closed);
  reserve(section, section.rows.filter((row) => row.shown).length);
}

function build(section) {
  if (section.built) return;
  section.built = true;
  section.body.append(...section.rows.map(drawRow));
}

function drawRow(row) {
  const name = make(
    "span",
    { class: "id" },
    row.id,
    outside(row.url)
      ? make(
          "a",
          { href: row.url, rel: "noreferrer", tabindex: "-1", "aria-label": `${row.id} in the specification` },
          "↗",
        )
      : "",
  );
  const head = make("th", { scope: "row" }, badge(row.level), make("span", { class: "text" }, row.text), name);
  row.element = make(
    "tr",
    { "data-row": row.number, hidden: !row.shown },
    head,
    ...row.cells.map((_, column) => drawCell(row, column)),
  );
  return row.element;
}

const prototypes = new Map();

// Most cells look like others of their column: they are copied, which is much faster than making each.
function drawCell(row, column) {
  const shape = cellShape(row, column);
  const name = `${column} ${row.level} ${shape.verdict} ${shape.count} ${shape.total}`;
  if (!prototypes.has(name)) prototypes.set(name, cellOf(column, row.level, shape));
  return prototypes.get(name).cloneNode(true);
}

function cellShape(row, column) {
  const cell = row.cells[column] || [];
  const verdict = row.verdicts[column];
  return { verdict, count: cell.filter((number) => records[number][1] === verdict).length, total: cell.length };
}

function cellOf(column, level, { verdict, count, total }) {
  if (verdict === UNTRIED)
    return make("td", { class: "untried" }, make("span", { "aria-hidden": "true" }, "·"), hidden("not tried"));
  const { words, name, breaks } = verdicts[verdict];
  const fine = [breaks ? levels[level] : "", count < total ? `${count}/${total}` : ""].filter(Boolean).join(" ");
  const look = `cell ${name} ${levels[level].toLowerCase()}`;
  return make(
    "td",
    {},
    make(
      "button",
      { type: "button", class: look, tabindex: "-1" },
      make("span", { class: "name" }, `${columns[column].heading}: `),
      sign(verdicts[verdict]),
      make("span", { class: "word" }, words, " "),
      breaks ? "" : hidden(`${levels[level]} `),
      fine ? make("span", { class: "fine" }, fine) : "",
    ),
  );
}

// ---- the beginning

const SYNTAX = [
  ["crun:violated", "rows where crun has that verdict; a beginning is enough, and commas mean or: runc:viol,crash"],
  ["any:bad  all:passed", "any or all runtimes; bad is violated, crashed, hung or leaked; untried is no result"],
  ["level:must", "also page:, section:, id: and test:, each with * for anything"],
  ["is:different", "rows where runtimes differ"],
  ["-runc:passed", "not that"],
  ['devices "read only"', "words of the sentence, the place, the tests or the reasons"],
  ["/  arrows  Enter  Escape", "keys: to the filter, between cells, open, close"],
];

const MEANINGS = {
  passed: "the requirement was seen to hold",
  violated: "the runtime broke it, at its level",
  crashed: "the runtime panicked or was killed by a signal",
  hung: "an operation outlived its watchdog",
  leaked: "something was left behind",
  known: "a violation that the expectations list with its reason",
  differs: "the specification is silent, and runtimes differ",
  unsupported: "the runtime declares that it does not do this",
  not_here: "this host can not tell",
  broken: "the harness failed; nothing is said about the runtime",
};

function drawTexts() {
  const specifications = [...new Set(grid.pages.flatMap(({ specification }) => specification || []))];
  const versions = [...new Set(columns.flatMap(({ facts }) => facts.specification ?? []))];
  byId("subtitle").textContent = [
    [...specifications, ...versions].join(" "),
    counted(rows.length, "requirement"),
    counted(new Set(tests.map(([name]) => name)).size, "test"),
    counted(columns.length, "runtime"),
  ]
    .filter(Boolean)
    .join(" · ");
  byId("notes").append(...grid.notes.map((note) => make("li", {}, note)));
  byId("notes").hidden = grid.notes.length === 0;
  byId("legend").append(
    ...verdicts.flatMap((verdict) => [make("dt", {}, mark(verdict)), make("dd", {}, MEANINGS[verdict.name] ?? "")]),
  );
  byId("syntax").append(
    ...SYNTAX.flatMap(([term, meaning]) => [make("dt", {}, make("code", {}, term)), make("dd", {}, meaning)]),
  );
}

function drawControls() {
  byId("heads").append(
    make("th", {}, "Requirement"),
    ...columns.map((column) =>
      make("th", {}, make("b", {}, column.name), " ", make("span", { class: "version" }, column.version)),
    ),
  );
  byId("heads").closest("table").firstElementChild.replaceWith(group());
  byId("levels").append(
    ...levels.map((level) =>
      make("button", { type: "button", value: level.toLowerCase(), "aria-pressed": "false" }, level),
    ),
  );
  byId("levels").addEventListener("click", ({ target }) => {
    const asked = new Set(termValues("level"));
    if (target.value && !asked.delete(target.value)) asked.add(target.value);
    go({ text: withTerm("level", [...asked].join(",")) });
  });
  byId("different").hidden = columns.length < 2;
  if (columns.length > 1)
    filter.placeholder = `Search, or filter as in  ${columns[0].key}:violated ${columns[1].key}:passed`;
  byId("different").addEventListener("click", () =>
    go({ text: withTerm("is", termValues("is").includes("different") ? "" : "different") }),
  );
  byId("overview").addEventListener("click", () => go({ overview: !state.overview }));
  byId("link").addEventListener("click", ({ target }) => copy(permalink(), target));
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("input", () => go({ text: filter.value }));
}

function listen() {
  const pages = byId("pages");
  pages.addEventListener("click", ({ target }) => {
    const cell = target.closest("button.cell")?.parentElement;
    if (cell) go({ open: placeOf(cell) }, true);
  });
  pages.addEventListener("keydown", moved);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && state.open) go({ open: undefined });
    else if (event.key === "/" && !event.target.closest("input, textarea")) {
      event.preventDefault();
      filter.focus();
    }
  });
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    filter.focus();
  });
  addEventListener("popstate", () => go(fromAddress()));
}

// Sections are filled when they come near, and all others while the browser has nothing better to do, so that its own
// search and screen readers find every row.
function fill() {
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) build(sections[target.dataset.section]);
    },
    { rootMargin: "800px" },
  );
  sections.forEach((section, number) => {
    section.element.dataset.section = number;
    near.observe(section.element);
  });
  const later = globalThis.requestIdleCallback ?? ((act) => setTimeout(() => act({ timeRemaining: () => 10 })));
  const left = chores();
  const idle = (deadline) => {
    do {
      if (left.next().done) return;
    } while (deadline.timeRemaining() > 4);
    later(idle);
  };
  later(idle);
}

function* chores() {
  for (const section of sections) yield build(section);
  document.documentElement.dataset.filled = "";
  for (const row of rows) yield words(row);
}

// Where columns would be too narrow to read, each row becomes a block with its cells below. Where there is room, the
// evidence stands beside the rows, and otherwise before them. Widths are those of the style sheet, in its rem.
function fit() {
  const root = document.documentElement;
  const width = root.clientWidth / parseFloat(getComputedStyle(root).fontSize);
  const beside = Boolean(state.open) && width >= 60;
  root.classList.toggle("beside", beside);
  root.classList.toggle("stacked", width - (beside ? 38 : 0) < 19 + columns.length * 8.25);
}

function keepFitting() {
  const root = document.documentElement;
  root.style.setProperty("--columns", columns.length);
  new ResizeObserver(([{ target }]) => root.style.setProperty("--bar", `${target.offsetHeight}px`)).observe(
    byId("bar"),
  );
  addEventListener("resize", fit);
  addEventListener("beforeprint", () => {
    root.classList.remove("stacked", "beside");
    sections.forEach(build);
  });
  addEventListener("afterprint", fit);
  fit();
}

drawTexts();
drawTotals();
drawControls();
for (const page of grid.pages) {
  byId("pages").append(drawPage(page), ...sections.filter((section) => section.page === page).map(drawSection));
}
stand(rows[0], Math.max(0, rows[0]?.cells.findIndex(Boolean) ?? 0));
listen();
keepFitting();
applyFilter();
go(fromAddress());
fill();
