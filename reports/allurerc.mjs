// For Allure 3, which takes all of this from its configuration alone: allure generate --config FOLDER/allurerc.mjs FOLDER
// Each runtime is an environment, so that one report compares them. Allure's history knows no environments: a report of
// several runtimes would take the past of one for that of another, so only the reports of a single one have a history.
import { readFileSync, readdirSync } from "node:fs";

const folder = new URL(".", import.meta.url);
const read = (name) => JSON.parse(readFileSync(new URL(name, folder), "utf-8"));

const results = readdirSync(folder).filter((name) => name.endsWith("-result.json"));
const labels = results.flatMap((name) => read(name).labels ?? []);
const runtimes = new Set(labels.filter(({ name }) => name === "runtime").map(({ value }) => value));

const id = (runtime) => runtime.replace(/[^A-Za-z0-9_-]+/g, "-").slice(-64);
const environment = (runtime) => [
  id(runtime),
  {
    name: runtime.replace(/[/\\]+/g, " ").slice(-64),
    matcher: ({ labels }) => labels.some(({ name, value }) => name === "runtime" && value === runtime),
  },
];

export default {
  name: "Seatrial",
  historyPath: runtimes.size === 1 ? `allure-history-${id([...runtimes][0])}.jsonl` : undefined,
  hideLabels: ["framework", "host", "language", "package", "thread"],
  environments: Object.fromEntries([...runtimes].sort().map(environment)),
  categories: read("categories.json"),
  plugins: { awesome: { options: { groupBy: ["epic", "feature", "story"] } } },
};
