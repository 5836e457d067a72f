/* Decisions: a log whose last line on a suggestion counts. Kept by the server, or in this browser. */

const FORGETFUL = "This browser keeps nothing for this page. Export your decisions before you close it.";
const store = `repair:${location.pathname}`;
const baseline = JSON.stringify(data.decisions);
const server = data.server;
let decisions = data.decisions;
const session = []; // ids in the order decided here, for undo
const unsaved = []; // what the server has not confirmed yet
let saving = false;

function verdictOn(id) {
  return decisions.findLast((decision) => decision.id === id) ?? null;
}

function stateOf(suggestion) {
  if (!suggestion) return "none";
  const verdict = verdictOn(suggestion.id)?.verdict;
  if (verdict) return verdict;
  if (suggestion.applied) return "applied";
  return suggestion.checks.every((check) => check.passed) ? "open" : "refused";
}

/** What will stand in the text: null where the words stay. */
function replacementOf(suggestion) {
  const state = stateOf(suggestion);
  if (state === "edit") return verdictOn(suggestion.id).text;
  return state === "accept" || state === "applied" ? suggestion.text : null;
}

function countDecided() {
  const decided = new Set(decisions.map((decision) => decision.id));
  return [...suggestions.keys()].filter((id) => decided.has(id)).length;
}

function unknownIds() {
  return new Set(decisions.map((decision) => decision.id).filter((id) => !suggestions.has(id)));
}

function decide(id, verdict, text) {
  const by = byId("by").value.trim() || "reviewer";
  const edited = verdict === "edit" ? { text } : {};
  add([{ id, verdict, ...edited, by, at: new Date().toISOString() }]);
  session.push(id);
}

function add(more) {
  decisions = [...decisions, ...more];
  keep({ method: "POST", path: "/api/decisions", body: toLines(more) });
}

function takeBack(id) {
  const last = decisions.findLastIndex((decision) => decision.id === id);
  if (last < 0) return;
  decisions = decisions.toSpliced(last, 1);
  const mine = session.lastIndexOf(id);
  if (mine >= 0) session.splice(mine, 1);
  keep({ method: "DELETE", path: `/api/decisions?id=${encodeURIComponent(id)}` });
}

function toLines(rows) {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
}

/** The decisions in the lines of a decisions.jsonl. Throws an Error that names the line. */
function fromLines(text) {
  return text.split("\n").flatMap((line, index) => {
    if (!line.trim()) return [];
    try {
      return [checked(JSON.parse(line))];
    } catch (error) {
      throw new Error(`line ${index + 1}: ${error.message}`);
    }
  });
}

function checked(row) {
  if (row === null || typeof row !== "object") throw new Error("this is no JSON object");
  const { id, verdict, text, by, at } = row;
  if (typeof id !== "string") throw new Error("“id” is no text");
  if (!["accept", "reject", "edit"].includes(verdict)) throw new Error("“verdict” is not accept, reject or edit");
  if ((verdict === "edit") !== (typeof text === "string")) throw new Error("“text” belongs to the verdict edit");
  if (typeof by !== "string") throw new Error("“by” is no text");
  if (Number.isNaN(Date.parse(at))) throw new Error("“at” is no date and time");
  return verdict === "edit" ? { id, verdict, text, by, at } : { id, verdict, by, at };
}

/** Adds the decisions of a file, but for lines that are here already. Returns how many came. */
function importLines(text) {
  const here = new Set(decisions.map((decision) => JSON.stringify(decision)));
  const fresh = fromLines(text).filter((decision) => !here.has(JSON.stringify(decision)));
  if (fresh.length > 0) add(fresh);
  return fresh.length;
}

function exportFile() {
  const url = URL.createObjectURL(new Blob([toLines(decisions)], { type: "application/jsonl" }));
  const link = make("a", { href: url, download: "decisions.jsonl" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

// --- keeping

function keep(change) {
  if (server) {
    unsaved.push(change);
    save();
    return;
  }
  const kept = remember(store, JSON.stringify({ baseline, decisions }));
  notice("kept", !kept && FORGETFUL);
}

/** Browsers may refuse to keep anything; then the page says so and works on. */
function remember(key, text) {
  try {
    localStorage.setItem(key, text);
    return true;
  } catch {
    return false;
  }
}

function remembered(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Sends what is unsaved, in order, one request at a time. */
async function save() {
  if (saving) return;
  saving = true;
  let problem = null;
  while (unsaved.length > 0 && problem === null) {
    problem = await send(unsaved[0]);
    if (problem === null) unsaved.shift();
  }
  saving = false;
  const rest = `${plural(unsaved.length, "decision is", "decisions are")} not saved: ${problem}.`;
  notice("saving", problem && rest, ["Try again", save]);
}

async function send({ method, path, body }) {
  const headers = { "X-Repair-Token": server.token, "Content-Type": "application/jsonl" };
  try {
    const answer = await fetch(path, { method, body, headers });
    return answer.ok ? null : (await answer.text()).trim() || `the server answered ${answer.status}`;
  } catch {
    return "the server does not answer; is `repair review --serve` still running?";
  }
}

/** What this browser kept of the same report; where the file brought newer decisions, both are joined. */
function restore() {
  if (server) return;
  const kept = JSON.parse(remembered(store));
  if (!kept) return;
  if (kept.baseline === baseline) {
    decisions = kept.decisions;
    return;
  }
  const here = new Set(data.decisions.map((decision) => JSON.stringify(decision)));
  const mine = kept.decisions.filter((decision) => !here.has(JSON.stringify(decision)));
  decisions = [...data.decisions, ...mine].sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
