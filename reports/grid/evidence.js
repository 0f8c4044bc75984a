// What a cell opens: the sentence, the same requirement on the other runtimes, and what each test tells; and copying.

const panel = byId("panel");
let opened; // what the panel shows now

function showEvidence() {
  const { open } = state;
  if (open?.row === opened?.row && open?.column === opened?.column) return;
  if (opened && buttonOf(opened)) buttonOf(opened).removeAttribute("aria-current");
  panel.hidden = !open;
  fit();
  if (!open) {
    const last = opened;
    opened = undefined;
    panel.replaceChildren();
    if (reachable(last.row)) stand(last.row, last.column, true);
    else filter.focus();
    return;
  }
  opened = open;
  if (open.row.section.closed) close(open.row.section, false);
  stand(open.row, open.column);
  const button = buttonOf(open);
  button.setAttribute("aria-current", "true");
  open.row.element.scrollIntoView({ block: "nearest" });
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
    make(
      "div",
      { class: "head" },
      make(
        "h2",
        { id: "panel-heading", tabindex: "-1" },
        mark(verdict),
        " ",
        columns[column].heading,
        hidden(`: ${row.id}`),
      ),
      step("previous", "↑", -1, row, column),
      step("next", "↓", 1, row, column),
      copier("Copy link", permalink),
      acting("close", "✕", () => go({ open: undefined })),
    ),
    make("blockquote", {}, badge(row.level), " ", row.text),
    make(
      "p",
      { class: "place" },
      make("code", {}, row.id),
      ", ",
      link(row.url, `${page.name}, ${name}`),
      `, ${verdict.words}: ${share}`,
    ),
    make(
      "div",
      { class: "others", role: "group", "aria-label": "The same requirement on" },
      ...columns.map((_, place) => other(row, place, column)),
    ),
    ...found.map((record, place) => drawRecord(record, place === 0)),
  ];
}

const mark = (verdict) => make("span", { class: `mark ${verdict.name}` }, sign(verdict), verdict.words);

function acting(label, text, act, attributes = {}) {
  const button = make("button", { type: "button", "aria-label": label, title: label, ...attributes }, text);
  button.addEventListener("click", act);
  return button;
}

function step(name, arrow, by, row, column) {
  const target = nextRow(row, by, 1, ({ cells }) => cells[column]);
  return acting(`${name} requirement`, arrow, () => go({ open: { row: target, column } }), {
    disabled: target === row,
  });
}

function other(row, place, current) {
  const verdict = verdicts[row.verdicts[place]];
  const button = make(
    "button",
    { type: "button", "aria-pressed": String(place === current), disabled: !verdict, class: verdict?.name },
    make("span", { class: "sign", "aria-hidden": "true" }, verdict?.sign ?? "·"),
    columns[place].heading,
    hidden(`: ${verdict?.words ?? "not tried"}`),
  );
  button.addEventListener("click", () => go({ open: { row, column: place } }));
  return button;
}

function drawRecord(record, first) {
  const [test, title] = tests[record[0]];
  const verdict = verdicts[record[1]];
  const summary = make("summary", {}, mark(verdict), " ", title);
  return make(
    "details",
    { class: "record", open: first || verdict.breaks },
    summary,
    make("p", { class: "test" }, make("code", {}, test)),
    ...drawProof(proof(record), verdict),
  );
}

function drawProof(found, verdict) {
  const parts = [];
  const part = (name, ...content) => parts.push(make("h4", {}, name), ...content);
  if (found.known) {
    const [reason, url] = found.known;
    part(
      verdict.breaks ? "Known" : "Listed as known, but not seen this time",
      make("p", {}, reason, url ? [" ", link(url, url)] : []),
    );
  }
  if (found.baseline) part("In the baseline", make("p", {}, found.baseline));
  if (found.reason) part("Reason", make("pre", { class: "prose" }, found.reason));
  if (found.expected || found.observed) {
    const side = (name, text) =>
      make("div", {}, make("h4", {}, name), make("pre", { class: name.toLowerCase() }, text || " "));
    parts.push(make("div", { class: "sides" }, side("Expected", found.expected), side("Observed", found.observed)));
  }
  if (found.edits) part("Edits of the base config", make("pre", {}, found.edits.join("\n")));
  if (found.difference)
    part(
      "What they change in config.json",
      make("pre", { class: "difference" }, ...found.difference.split("\n").map(differing)),
    );
  if (found.reproduce)
    part(
      "See it",
      make(
        "div",
        { class: "command" },
        make("code", {}, found.reproduce),
        copier("Copy", () => found.reproduce),
      ),
      make("p", { class: "note" }, "on the host that was used; it needs a shell and the runtime only"),
    );
  if (found.commands)
    part(
      "Commands",
      make("ol", { class: "commands" }, ...found.commands.map((command) => make("li", {}, make("code", {}, command)))),
    );
  if (found.log) part("Log", make("pre", {}, found.log));
  if (found.needs) part("Needs of the host", make("p", {}, make("code", {}, found.needs.join(", "))));
  if (found.config)
    parts.push(make("details", { class: "whole" }, make("summary", {}, "config.json"), make("pre", {}, found.config)));
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
  } catch {
    // without the permission: as pages did before there was one
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
