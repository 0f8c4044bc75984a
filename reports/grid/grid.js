// The grid: reads the two blocks of data, draws totals and rows, filters them, opens evidence, and keeps what is shown
// in the address. Everything that a runtime printed reaches the page as text, never as markup.

const byId = (id) => document.getElementById(id);
const block = (id) => JSON.parse(byId(id).textContent);

const grid = block("grid");
const { columns, verdicts, levels, records, tests } = grid;
const UNTRIED = -1;

let proofs; // parsed when the first cell is opened
const proof = (record) => (proofs ??= block("evidence"))[record[2]];

const sections = [];
const rows = [];
for (const page of grid.pages) {
  page.rows = [];
  for (const plain of page.sections) {
    const section = { page, name: plain.name, rows: [], built: false, closed: false };
    for (const [key, id, level, text, url, cells] of plain.rows) {
      const found = cells.map((cell) => (cell ? records[cell[0]][1] : UNTRIED)); // the worst stands first
      const row = { key, id, level, text, url, cells, verdicts: found, section, number: rows.length, shown: true };
      section.rows.push(row);
      page.rows.push(row);
      rows.push(row);
    }
    sections.push(section);
  }
}
const rowsByKey = new Map(rows.map((row) => [row.key, row]));

// ---- making elements

function add(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== "" && child !== false));
  return element;
}
const make = (name, attributes = {}, ...children) => add(document.createElement(name), attributes, children);
const draw = (name, attributes = {}, ...children) =>
  add(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
const hidden = (text) => make("span", { class: "hidden" }, text);
const sign = (verdict) => make("span", { class: "sign", "aria-hidden": "true" }, verdict.sign);
const badge = (level) => make("span", { class: `level ${levels[level].toLowerCase()}` }, levels[level]);
const outside = (url) => /^https?:\/\//.test(url);
const link = (url, text) => (outside(url) ? make("a", { href: url, rel: "noreferrer" }, text) : make("span", {}, text));
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

// ---- numbers and pictures

function tally(among, column, level) {
  const counts = verdicts.map(() => 0);
  for (const row of among) {
    const verdict = row.verdicts[column];
    if (verdict !== UNTRIED && (level === undefined || row.level === level)) counts[verdict] += 1;
  }
  return counts;
}

function score(counts) {
  const held = counts[verdicts.findIndex(({ name }) => name === "passed")];
  const judged = verdicts.reduce((sum, verdict, place) => sum + (verdict.breaks ? counts[place] : 0), held);
  return { held, judged, percent: judged ? Math.floor((100 * held) / judged) : 0 };
}

const inWords = (counts) =>
  verdicts.flatMap(({ words }, place) => (counts[place] ? [`${counts[place]} ${words}`] : [])).join(", ") || "not tried";

function bar(counts) {
  const all = counts.reduce((sum, count) => sum + count, 0);
  let from = 0;
  const parts = verdicts.flatMap(({ name }, place) => {
    if (!counts[place]) return [];
    const width = (100 * counts[place]) / all;
    from += width;
    return [draw("rect", { x: from - width, width, height: 8, class: `part ${name}` })];
  });
  const shape = { viewBox: "0 0 100 8", preserveAspectRatio: "none", class: "picture", "aria-hidden": "true" };
  return draw("svg", shape, draw("title", {}, inWords(counts)), parts);
}

function ring(percent) {
  const circle = { cx: 18, cy: 18, r: 15.9155 }; // whose circumference is 100
  return draw(
    "svg", { viewBox: "0 0 36 36", class: "ring", "aria-hidden": "true" },
    draw("circle", { ...circle, class: "track" }),
    draw("circle", { ...circle, class: "share", "stroke-dasharray": `${percent} 100`, transform: "rotate(-90 18 18)" }),
  );
}

function standing(counts) {
  const { held, judged, percent } = score(counts);
  const numbers = judged ? [make("b", {}, `${percent} %`), ` ${held}/${judged}`] : [make("span", {}, "nothing judged")];
  return make("span", { class: "standing", title: inWords(counts) }, bar(counts), make("span", {}, ...numbers));
}

// ---- the filter: words and key:value terms, all of which must hold

const plain = (text) => text.replaceAll('"', "");

function verdictsNamed(asked) {
  const name = asked.replace(/[\s-]/g, "_");
  if (name === "untried") return [UNTRIED];
  if (name === "bad") return verdicts.flatMap(({ bad }, place) => (bad ? [place] : []));
  return verdicts.flatMap((verdict, place) => (verdict.name.startsWith(name) ? [place] : []));
}

function columnsNamed(asked) {
  const places = columns.map((_, place) => place);
  const exact = places.filter((place) => [columns[place].key, columns[place].name.toLowerCase()].includes(asked));
  return exact.length ? exact : places.filter((place) => columns[place].key.startsWith(asked));
}

function pattern(asked) {
  if (!asked.includes("*")) return (text) => text.toLowerCase().includes(asked);
  const whole = new RegExp(`^${asked.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&")).join(".*")}$`, "i");
  return (text) => whole.test(text);
}

const testsOf = (row) => row.cells.flatMap((cell) => (cell || []).map((number) => tests[records[number][0]]));
const differs = (row) => new Set(row.verdicts.filter((each) => each !== UNTRIED && verdicts[each].tells)).size > 1;
const haystack = (row) =>
  (row.words ??= [
    row.id, row.text, row.section.name, row.section.page.name,
    ...new Set(row.cells.flatMap((cell) => (cell || []).flatMap((each) => [...tests[records[each][0]], proof(records[each]).reason ?? ""]))),
  ].join("\n").toLowerCase());

const FIELDS = {
  level: (value) => {
    const found = levels.flatMap((level, place) => (level.toLowerCase().startsWith(value) ? [place] : []));
    return found.length ? (row) => found.includes(row.level) : `“${value}” is no level`;
  },
  page: (value) => ((fits) => (row) => fits(row.section.page.name))(pattern(value)),
  section: (value) => ((fits) => (row) => fits(row.section.name))(pattern(value)),
  id: (value) => ((fits) => (row) => fits(row.id))(pattern(value)),
  test: (value) => ((fits) => (row) => testsOf(row).some(([name]) => fits(name)))(pattern(value)),
  is: (value) => ("different".startsWith(value) ? differs : `“${value}” is nothing to ask for; is:different is`),
  any: (value) => judging((row, wanted) => row.verdicts.some((verdict) => wanted.includes(verdict)), value),
  all: (value) => judging((row, wanted) => row.verdicts.every((verdict) => wanted.includes(verdict)), value),
};

function judging(judge, value) {
  const wanted = verdictsNamed(value);
  return wanted.length ? (row) => judge(row, wanted) : `“${value}” is no verdict`;
}

// A term as a function of a row; a string that says what is wrong with it; nothing while it is incomplete.
function termOf(token) {
  const [, key, value] = /^([^:"]+):(.*)$/s.exec(token.toLowerCase()) ?? [];
  const places = key === undefined ? [] : columnsNamed(key);
  const field = key === undefined ? undefined : Object.hasOwn(FIELDS, key) ? FIELDS[key] : places.length
    ? (asked) => judging((row, wanted) => places.some((place) => wanted.includes(row.verdicts[place])), asked)
    : undefined;
  if (field === undefined) {
    if (value && verdictsNamed(plain(value)).length) return `no runtime here is called “${key}”`;
    const needle = plain(token).toLowerCase();
    return needle ? (row) => haystack(row).includes(needle) : undefined;
  }
  const either = plain(value).split(",").filter(Boolean).map(field);
  const problem = either.find((each) => typeof each === "string");
  return problem ?? (either.length ? (row) => either.some((each) => each(row)) : undefined);
}

const tokens = (text) => text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];

function compile(text) {
  const terms = tokens(text).map((token) => {
    const negated = token.length > 1 && token.startsWith("-");
    const term = termOf(negated ? token.slice(1) : token);
    return negated && typeof term === "function" ? (row) => !term(row) : term;
  });
  const problems = terms.filter((term) => typeof term === "string");
  const tests = terms.filter((term) => typeof term === "function");
  return { problems, holds: (row) => problems.length === 0 && tests.every((test) => test(row)) };
}

// ---- what is shown, and its address

const state = { text: "", open: undefined, overview: false };
const filter = byId("filter");

const encoded = (text) =>
  encodeURIComponent(text).replace(/%(3A|2C|2F|5B|5D)/g, decodeURIComponent).replaceAll("%20", "+");

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
  return { text: asked.get("q") ?? "", overview: asked.get("view") === "sections", open: found ? { row, column } : undefined };
}

function keepAddress(step) {
  const hash = address(state);
  if (hash === (location.hash || "#")) return;
  history[step ? "pushState" : "replaceState"](null, "", hash);
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
  const found = shown === rows.length ? counted(shown, "requirement") : `${shown} of ${counted(rows.length, "requirement")}`;
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
  tokens(state.text.toLowerCase()).flatMap((token) => (token.startsWith(`${key}:`) ? token.slice(key.length + 1).split(",") : []));

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
    make("th", { scope: "col" }, place > 1 + levels.length ? sign(verdicts[present[place - 2 - levels.length]]) : "", name));
  byId("totals").append(make("thead", {}, make("tr", {}, ...names)), make("tbody", {}, ...columns.map((column, place) =>
    make("tr", {}, totalsHead(column), scoreCell(tally(rows, place)),
      ...levels.map((_, level) => make("td", {}, standing(tally(rows, place, level)))),
      ...present.map((verdict) => countCell(column, verdict, tally(rows, place)[verdict]))))));
}

function totalsHead(column) {
  const facts = Object.entries(column.facts);
  const hosts = column.hosts.flatMap((host) => Object.entries(host));
  const lines = [...facts, ...hosts].flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]);
  const details = make("details", {}, make("summary", {}, column.facts.package ? `package ${column.facts.package}` : "details"), make("dl", {}, ...lines));
  return make("th", { scope: "row" }, make("b", {}, column.name), " ", make("span", { class: "version" }, column.version), lines.length ? details : "");
}

function scoreCell(counts) {
  const { held, judged, percent } = score(counts);
  return make("td", {}, make("div", { class: "score" }, ring(percent), make("span", {}, make("b", {}, judged ? `${percent} %` : "none"), make("small", {}, `${held} of ${judged}`))));
}

function countCell(column, verdict, count) {
  const address = `#q=${encoded(`${column.key}:${verdicts[verdict].name}`)}`;
  const label = `${count} ${verdicts[verdict].words} by ${column.heading}: show them`;
  const text = count ? make("a", { href: address, class: `count ${verdicts[verdict].name}`, "aria-label": label }, count) : make("span", { class: "none" }, "0");
  return make("td", { class: "number" }, text);
}

// ---- sections and rows

const group = () => make("colgroup", {}, make("col"), ...columns.map(() => make("col", { class: "runtime" })));
const scores = (among) => columns.map((column, place) =>
  make("th", { scope: "col" }, make("span", { class: "name" }, column.heading), " ", standing(tally(among, place))));

function drawPage(page) {
  const title = make("h2", {}, page.name, page.specification ? make("small", {}, page.specification) : "");
  page.head = make("table", { class: "page" }, group(), make("thead", {}, make("tr", {}, make("th", {}, title), ...scores(page.rows))));
  return page.head;
}

function drawSection(section) {
  section.share = make("span", { class: "share" }, section.rows.length);
  section.button = make("button", { type: "button", class: "fold", "aria-expanded": "true" }, section.name);
  const title = make("th", { scope: "col" }, make("h3", {}, section.button, " ", section.share));
  section.body = make("tbody");
  const caption = make("caption", { class: "hidden" }, `${section.page.name}, ${section.name}`);
  section.element = make("section", { class: "section" }, make("table", {}, caption, group(), make("thead", {}, make("tr", {}, title, ...scores(section.rows))), section.body));
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
  const name = make("span", { class: "id" }, row.id, outside(row.url) ? make("a", { href: row.url, rel: "noreferrer", tabindex: "-1", "aria-label": `${row.id} in the specification` }, "↗") : "");
  const head = make("th", { scope: "row" }, badge(row.level), make("span", { class: "text" }, row.text), name);
  row.element = make("tr", { "data-row": row.number, hidden: !row.shown }, head, ...row.cells.map((_, column) => drawCell(row, column)));
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
  if (verdict === UNTRIED) return make("td", { class: "untried" }, make("span", { "aria-hidden": "true" }, "·"), hidden("not tried"));
  const { words, name, breaks } = verdicts[verdict];
  const share = count < total ? make("span", { class: "share" }, `${count}/${total}`) : "";
  const grade = breaks ? make("span", { class: "grade" }, levels[level]) : hidden(levels[level]);
  const look = `cell ${name} ${levels[level].toLowerCase()}`;
  return make("td", {}, make("button", { type: "button", class: look, tabindex: "-1" },
    hidden(`${columns[column].heading}: `), sign(verdicts[verdict]), make("span", { class: "word" }, words), " ", grade, " ", share));
}

// ---- moving about: one cell is in the order of tabs, arrows move from there

const here = { row: rows[0], column: 0 };
const buttonOf = ({ row, column }) => row.element?.cells[column + 1].firstElementChild;

function stand(row, column, focus = false) {
  const before = here.row && buttonOf(here);
  if (before) before.tabIndex = -1;
  if (!row) return;
  build(row.section);
  Object.assign(here, { row, column });
  const button = buttonOf(here);
  if (row.cells[column]) button.tabIndex = 0;
  else if (focus) button.parentElement.tabIndex = -1;
  if (focus) (row.cells[column] ? button : button.parentElement).focus();
}

const reachable = (row) => row.shown && !row.section.closed;

function nextRow(row, step, times = 1) {
  let last = row;
  for (let place = row.number + step; times && rows[place]; place += step) {
    if (reachable(rows[place])) [last, times] = [rows[place], times - 1];
  }
  return last;
}

const MOVES = {
  ArrowUp: ({ row, column }) => [nextRow(row, -1), column],
  ArrowDown: ({ row, column }) => [nextRow(row, 1), column],
  PageUp: ({ row, column }) => [nextRow(row, -1, 10), column],
  PageDown: ({ row, column }) => [nextRow(row, 1, 10), column],
  ArrowLeft: ({ row, column }) => [row, Math.max(column - 1, 0)],
  ArrowRight: ({ row, column }) => [row, Math.min(column + 1, columns.length - 1)],
  Home: ({ row }) => [row, 0],
  End: ({ row }) => [row, columns.length - 1],
};

function moved(event) {
  const cell = event.target.closest("tbody td");
  if (!cell || event.altKey || event.ctrlKey || event.metaKey || !Object.hasOwn(MOVES, event.key)) return;
  event.preventDefault();
  stand(...MOVES[event.key](placeOf(cell)), true);
}

const placeOf = (cell) => ({ row: rows[cell.parentElement.dataset.row], column: cell.cellIndex - 1 });

// ---- evidence

const panel = byId("panel");
let opened; // what the panel shows now

function showEvidence() {
  const { open } = state;
  if (open?.row === opened?.row && open?.column === opened?.column) return;
  if (opened && buttonOf(opened)) buttonOf(opened).removeAttribute("aria-current");
  panel.hidden = !open;
  document.body.classList.toggle("reading", Boolean(open));
  if (!open) {
    const last = opened;
    opened = undefined;
    panel.replaceChildren();
    stand(last.row, last.column, true);
    return;
  }
  opened = open;
  if (open.row.section.closed) close(open.row.section, false);
  stand(open.row, open.column);
  const button = buttonOf(open);
  button.setAttribute("aria-current", "true");
  button.scrollIntoView({ block: "nearest", inline: "nearest" });
  panel.replaceChildren(...drawEvidence(open.row, open.column));
  panel.scrollTop = 0;
  byId("panel-heading").focus({ preventScroll: true });
}

function drawEvidence(row, column) {
  const { page, name } = row.section;
  const found = [...row.cells[column]].map((number) => records[number]);
  const verdict = verdicts[row.verdicts[column]];
  const { count, total } = cellShape(row, column);
  const share = total > 1 ? `${count} of ${total} tests` : "1 test";
  return [
    make("div", { class: "head" },
      make("h2", { id: "panel-heading", tabindex: "-1" }, mark(verdict), " ", columns[column].heading, hidden(`: ${row.id}`)),
      step("previous", "↑", nextRow(row, -1), row, column), step("next", "↓", nextRow(row, 1), row, column),
      copier("Copy link", () => location.href), acting("close", "✕", () => go({ open: undefined }))),
    make("blockquote", {}, badge(row.level), " ", row.text),
    make("p", { class: "place" }, make("code", {}, row.id), ", ", link(row.url, `${page.name}, ${name}`), `, ${verdict.words}: ${share}`),
    make("div", { class: "others", role: "group", "aria-label": "The same requirement on" }, ...columns.map((_, place) => other(row, place, column))),
    ...found.map((record, place) => drawRecord(record, place === 0)),
  ];
}

const mark = (verdict) => make("span", { class: `mark ${verdict.name}` }, sign(verdict), verdict.words);

function acting(label, text, act, attributes = {}) {
  const button = make("button", { type: "button", "aria-label": label, title: label, ...attributes }, text);
  button.addEventListener("click", act);
  return button;
}

const step = (name, arrow, target, row, column) =>
  acting(`${name} requirement`, arrow, () => go({ open: { row: target, column } }), { disabled: target === row || !target.cells[column] });

function other(row, place, current) {
  const verdict = verdicts[row.verdicts[place]];
  const button = make("button", { type: "button", "aria-pressed": place === current, disabled: !verdict, class: verdict?.name },
    make("span", { class: "sign", "aria-hidden": "true" }, verdict?.sign ?? "·"), columns[place].heading, hidden(`: ${verdict?.words ?? "not tried"}`));
  button.addEventListener("click", () => go({ open: { row, column: place } }));
  return button;
}

function drawRecord(record, first) {
  const [test, title] = tests[record[0]];
  const verdict = verdicts[record[1]];
  const summary = make("summary", {}, mark(verdict), " ", title || test);
  return make("details", { class: "record", open: first || verdict.breaks }, summary, make("p", { class: "test" }, make("code", {}, test)), ...drawProof(proof(record), verdict));
}

function drawProof(found, verdict) {
  const parts = [];
  const part = (name, ...content) => parts.push(make("h4", {}, name), ...content);
  if (found.known) {
    const [reason, url] = found.known;
    part(verdict.breaks ? "Known" : "Listed as known, but not seen this time", make("p", {}, reason, url ? [" ", link(url, url)] : []));
  }
  if (found.reason) part("Reason", make("pre", { class: "prose" }, found.reason));
  if (found.expected || found.observed) {
    const side = (name, text) => make("div", {}, make("h4", {}, name), make("pre", { class: name.toLowerCase() }, text || " "));
    parts.push(make("div", { class: "sides" }, side("Expected", found.expected), side("Observed", found.observed)));
  }
  if (found.edits) part("Edits of the base config", make("pre", {}, found.edits.join("\n")));
  if (found.difference) part("What they change in config.json", make("pre", { class: "difference" }, ...found.difference.split("\n").map(differing)));
  if (found.reproduce) part("See it", make("div", { class: "command" }, make("code", {}, found.reproduce), copier("Copy", () => found.reproduce)),
    make("p", { class: "note" }, "on the host that was used; it needs a shell and the runtime only"));
  if (found.commands) part("Commands", make("ol", { class: "commands" }, ...found.commands.map((command) => make("li", {}, make("code", {}, command)))));
  if (found.log) part("Log", make("pre", {}, found.log));
  if (found.needs) part("Needs of the host", make("p", {}, make("code", {}, found.needs.join(", "))));
  if (found.config) parts.push(make("details", { class: "whole" }, make("summary", {}, "config.json"), make("pre", {}, found.config)));
  return parts.length ? parts : [make("p", { class: "note" }, "Nothing more is recorded: the test passed.")];
}

function differing(line) {
  const kind = line.startsWith("+") ? "ins" : line.startsWith("-") ? "del" : "span";
  return make(kind, {}, `${line}\n`);
}

// ---- copying

function copier(label, text) {
  const button = make("button", { type: "button", class: "copy" }, label);
  button.addEventListener("click", () => copy(text(), button));
  return button;
}

async function copy(text, button) {
  let done = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch { // without the permission: as pages did before there was one
    const field = make("textarea", { class: "hidden" });
    field.value = text;
    button.after(field);
    field.select();
    done = document.execCommand("copy");
    field.remove();
    button.focus();
  }
  say(done ? "Copied" : `Not copied; the text is ${text}`);
  button.classList.toggle("done", done);
  button.addEventListener("blur", () => button.classList.remove("done"), { once: true });
}

function say(text) {
  byId("said").textContent = text;
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
    [...specifications, ...versions].join(" "), counted(rows.length, "requirement"), counted(new Set(tests.map(([name]) => name)).size, "test"), counted(columns.length, "runtime"),
  ].filter(Boolean).join(" · ");
  byId("notes").append(...grid.notes.map((note) => make("li", {}, note)));
  byId("notes").hidden = grid.notes.length === 0;
  byId("legend").append(...verdicts.flatMap((verdict) => [make("dt", {}, mark(verdict)), make("dd", {}, MEANINGS[verdict.name] ?? "")]));
  byId("syntax").append(...SYNTAX.flatMap(([term, meaning]) => [make("dt", {}, make("code", {}, term)), make("dd", {}, meaning)]));
}

function drawControls() {
  byId("heads").append(make("th", {}, "Requirement"), ...columns.map((column) =>
    make("th", {}, make("b", {}, column.name), " ", make("span", { class: "version" }, column.version))));
  byId("heads").closest("table").firstElementChild.replaceWith(group());
  byId("levels").append(...levels.map((level) => make("button", { type: "button", value: level.toLowerCase(), "aria-pressed": "false" }, level)));
  byId("levels").addEventListener("click", ({ target }) => {
    const asked = new Set(termValues("level"));
    if (target.value && !asked.delete(target.value)) asked.add(target.value);
    go({ text: withTerm("level", [...asked].join(",")) });
  });
  byId("different").addEventListener("click", () =>
    go({ text: withTerm("is", termValues("is").includes("different") ? "" : "different") }));
  byId("overview").addEventListener("click", () => go({ overview: !state.overview }));
  byId("link").addEventListener("click", ({ target }) => copy(location.href, target));
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
  addEventListener("popstate", () => go(fromAddress()));
  addEventListener("beforeprint", () => sections.forEach(build));
}

// Sections are filled when they come near, and all others while the browser has nothing better to do, so that its own
// search and screen readers find every row.
function fill() {
  const near = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) build(sections[target.dataset.section]);
  }, { rootMargin: "800px" });
  sections.forEach((section, number) => {
    section.element.dataset.section = number;
    near.observe(section.element);
  });
  const later = globalThis.requestIdleCallback ?? ((act) => setTimeout(() => act({ timeRemaining: () => 10 })));
  const idle = (deadline) => {
    let left = sections.find((section) => !section.built);
    for (; left && deadline.timeRemaining() > 4; left = sections.find((section) => !section.built)) build(left);
    if (left) later(idle);
    else document.documentElement.dataset.filled = "";
  };
  later(idle);
}

// Where columns would be too narrow to read, each row becomes a block with its cells below.
function fit() {
  const needed = 16 + columns.length * 5.5;
  const narrow = matchMedia(`(max-width: ${needed}rem)`);
  const change = () => document.documentElement.classList.toggle("stacked", narrow.matches);
  narrow.addEventListener("change", change);
  change();
  document.documentElement.style.setProperty("--columns", columns.length);
  new ResizeObserver(([{ target }]) => document.documentElement.style.setProperty("--bar", `${target.offsetHeight}px`)).observe(byId("bar"));
}

drawTexts();
drawTotals();
drawControls();
for (const page of grid.pages) {
  byId("pages").append(drawPage(page), ...sections.filter((section) => section.page === page).map(drawSection));
}
stand(rows[0], Math.max(0, rows[0]?.cells.findIndex(Boolean) ?? 0));
listen();
fit();
applyFilter();
go(fromAddress());
fill();
