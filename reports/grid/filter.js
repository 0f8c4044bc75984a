// The language of the filter: words and key:value terms, all of which must hold.

const unquoted = (text) => text.replaceAll('"', "");
const tokens = (text) => text.match(/(?:[^\s"]|"[^"]*(?:"|$))+/g) ?? [];

function verdictsNamed(asked) {
  const name = asked.replace(/[\s-]/g, "_");
  if (name === "untried") return [UNTRIED];
  return verdicts.flatMap((verdict, place) =>
    (name === "bad" ? verdict.bad : verdict.name.startsWith(name)) ? [place] : [],
  );
}

function columnsNamed(asked) {
  const places = columns.map((_, place) => place);
  const exact = places.filter((place) => [columns[place].key, columns[place].name.toLowerCase()].includes(asked));
  return exact.length ? exact : places.filter((place) => columns[place].key.startsWith(asked));
}

// A text that contains what is asked for, or that is it when there are asterisks, which stand for anything.
function pattern(asked) {
  if (!asked.includes("*")) return (text) => text.toLowerCase().includes(asked);
  const parts = asked.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  const whole = new RegExp(`^${parts.join(".*")}$`, "is");
  return (text) => whole.test(text);
}

const recordsOf = (row) => row.cells.flatMap((cell) => (cell || []).map((number) => records[number]));

function words(row) {
  if (row.words === undefined) {
    const told = recordsOf(row).flatMap((record) => [...tests[record[0]], proof(record).reason ?? ""]);
    const texts = [row.id, row.text, row.section.name, row.section.page.name, ...new Set(told)];
    row.words = texts.join("\n").toLowerCase();
  }
  return row.words;
}

// What keys ask for: a function of a row, or a string that says what is wrong with the value.
const FIELDS = {
  level: (value) => {
    const found = levels.flatMap((level, place) => (level.toLowerCase().startsWith(value) ? [place] : []));
    return found.length ? (row) => found.includes(row.level) : `“${value}” is no level`;
  },
  page: (value) => fitting(value, (row) => [row.section.page.name]),
  section: (value) => fitting(value, (row) => [row.section.name]),
  id: (value) => fitting(value, (row) => [row.id]),
  test: (value) => fitting(value, (row) => recordsOf(row).map((record) => tests[record[0]][0])),
  is: (value) =>
    "different".startsWith(value) ? (row) => row.differs : `“${value}” is nothing to ask for, but is:different`,
  any: (value) => judging(value, (row, wanted) => row.verdicts.some((verdict) => wanted.includes(verdict))),
  all: (value) => judging(value, (row, wanted) => row.verdicts.every((verdict) => wanted.includes(verdict))),
};

function fitting(value, textsOf) {
  const fits = pattern(value);
  return (row) => textsOf(row).some(fits);
}

function judging(value, judge) {
  const wanted = verdictsNamed(value);
  return wanted.length ? (row) => judge(row, wanted) : `“${value}” is no verdict`;
}

function fieldOf(key) {
  if (Object.hasOwn(FIELDS, key)) return FIELDS[key];
  const places = columnsNamed(key);
  if (places.length === 0) return undefined;
  return (value) => judging(value, (row, wanted) => places.some((place) => wanted.includes(row.verdicts[place])));
}

// A term as a function of a row; a string that says what is wrong with it; nothing while it is incomplete.
function termOf(token) {
  const [, key, value] = /^([^:"]+):(.*)$/s.exec(token) ?? [];
  const field = key === undefined ? undefined : fieldOf(key);
  if (field === undefined) {
    if (value && verdictsNamed(unquoted(value)).length) return `no runtime here is called “${key}”`;
    const needle = unquoted(token);
    return needle ? (row) => words(row).includes(needle) : undefined;
  }
  const either = unquoted(value).split(",").filter(Boolean).map(field);
  const problem = either.find((each) => typeof each === "string");
  return problem ?? (either.length ? (row) => either.some((each) => each(row)) : undefined);
}

// A whole text as a function of a row, and what is wrong with its terms.
function compile(text) {
  const terms = tokens(text.toLowerCase()).map((token) => {
    const negated = token.length > 1 && token.startsWith("-");
    const term = termOf(negated ? token.slice(1) : token);
    return negated && typeof term === "function" ? (row) => !term(row) : term;
  });
  const problems = terms.filter((term) => typeof term === "string");
  const conditions = terms.filter((term) => typeof term === "function");
  return { problems, holds: (row) => problems.length === 0 && conditions.every((holds) => holds(row)) };
}
