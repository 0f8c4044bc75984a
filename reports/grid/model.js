// The two blocks of data as objects, and what all parts of the script use to count and to draw. The parts are put
// together in one script by page.py. Everything that a runtime printed reaches the page as text, never as markup.

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
    for (const [key, id, level, text, url, differs, cells] of plain.rows) {
      const found = cells.map((cell) => (cell ? records[cell[0]][1] : UNTRIED)); // the worst stands first
      const place = { section, number: rows.length, shown: true };
      const row = { key, id, level, text, url, differs: differs === 1, cells, verdicts: found, ...place };
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
  verdicts.flatMap(({ words }, place) => (counts[place] ? [`${counts[place]} ${words}`] : [])).join(", ") ||
  "not tried";

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
    "svg",
    { viewBox: "0 0 36 36", class: "ring", "aria-hidden": "true" },
    draw("circle", { ...circle, class: "track" }),
    draw("circle", { ...circle, class: "share", "stroke-dasharray": `${percent} 100`, transform: "rotate(-90 18 18)" }),
  );
}

function standing(counts) {
  const { held, judged, percent } = score(counts);
  const numbers = judged ? [make("b", {}, `${percent} %`), ` ${held}/${judged}`] : [make("span", {}, "nothing judged")];
  return make("span", { class: "standing", title: inWords(counts) }, bar(counts), make("span", {}, ...numbers));
}
