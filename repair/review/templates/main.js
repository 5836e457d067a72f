/* The page at work: where we are, what keys and buttons do. */

let current = { doc: null, stop: null };

function say(words) {
  byId("said").textContent = words;
}

/** Shows, or with a falsy text removes, the notice of that name. */
function notice(name, text, action) {
  document.querySelector(`[data-notice="${name}"]`)?.remove();
  if (!text) return;
  byId("notices").append(make("p", { class: "notice", "data-notice": name }, text, " ", action && button(...action)));
}

function open(doc, stop = null) {
  editing = false;
  current = { doc, stop: null };
  document.querySelector("#documents [aria-current]")?.removeAttribute("aria-current");
  const row = document.querySelector(`#documents [data-number="${doc.number}"]`);
  row?.setAttribute("aria-current", "true");
  row?.scrollIntoView({ block: "nearest" });
  renderArticle(doc);
  select(stop ?? doc.stops.find(passes) ?? null);
}

function select(stop) {
  if (stop && stop.doc !== current.doc) {
    open(stop.doc, stop);
    return;
  }
  editing = false;
  current.stop = stop;
  const before = document.querySelector(".sentence[aria-current]");
  before?.removeAttribute("aria-current");
  before?.setAttribute("tabindex", "-1");
  renderInspector(stop);
  if (!stop) return;
  const node = document.querySelector(`.sentence[data-index="${stop.sentence.index}"]`);
  node.setAttribute("aria-current", "true");
  node.setAttribute("tabindex", "0");
  node.scrollIntoView({ block: "center" });
  if (document.activeElement?.matches(".sentence")) node.focus({ preventScroll: true });
}

/** The next mark that passes the filters, in this document or, at its end, in the next one that has any. */
function step(by) {
  const all = documents.filter(listed).flatMap((doc) => doc.stops.filter(passes));
  const here = all.indexOf(current.stop);
  const next = here < 0 ? all.find((stop) => stop.doc === current.doc) ?? all[0] : all[here + by];
  if (next) select(next);
  else say(by > 0 ? "That was the last mark." : "That was the first mark.");
}

function stepDocument(by) {
  const shown = documents.filter(listed);
  const next = shown[shown.indexOf(current.doc) + by];
  if (next) open(next);
}

function settle(verdict, text) {
  const stop = current.stop;
  if (!stop?.suggestion) {
    say("There is no suggestion here to decide on.");
    return;
  }
  const next = following(stop);
  decide(stop.suggestion.id, verdict, text);
  editing = false;
  refresh(stop);
  select(next ?? stop);
  say(`${WORDS.state[verdict][1]}. ${byId("progress-text").textContent}.`);
}

/** The mark after this one, found before a decision may filter this one away. */
function following(stop) {
  const all = documents.filter(listed).flatMap((doc) => doc.stops.filter(passes));
  return all[all.indexOf(stop) + 1];
}

function undo(id) {
  const last = id ?? session.at(-1);
  if (!last) {
    say("Nothing to undo: no decision was made since the page was opened.");
    return;
  }
  takeBack(last);
  const stop = documents.flatMap((doc) => doc.stops).find((each) => each.suggestion?.id === last);
  if (!stop) return;
  refresh(stop);
  select(stop);
  say(`Taken back. ${byId("progress-text").textContent}.`);
}

function refresh({ doc, sentence }) {
  const row = document.querySelector(`#documents [data-number="${doc.number}"]`);
  if (row) fillDocumentRow(row, doc);
  const node = doc === current.doc && document.querySelector(`.sentence[data-index="${sentence.index}"]`);
  if (node) fillSentence(node, sentence);
  renderProgress();
}

function startEditing() {
  if (!current.stop?.suggestion) return;
  editing = true;
  renderInspector(current.stop);
  byId("edit").focus();
}

function stopEditing() {
  editing = false;
  renderInspector(current.stop);
}

function renderAll() {
  renderFigures();
  renderProgress();
  const shown = renderDocuments();
  const doc = shown.includes(current.doc) ? current.doc : shown[0];
  if (doc) {
    open(doc, doc.stops.includes(current.stop) && passes(current.stop) ? current.stop : null);
    return;
  }
  current = { doc: null, stop: null };
  byId("article").replaceChildren(make("p", { class: "muted empty" }, whyEmpty()));
  renderInspector(null);
}

function whyEmpty() {
  if (documents.length === 0) return "There are no documents in this report.";
  if (documents.some((doc) => doc.work)) return "No document fits these filters.";
  return "Nothing to do: no document is flagged. Show “all documents” to see them.";
}

function showDocuments(shown) {
  byId("toggle-documents").setAttribute("aria-expanded", String(shown));
}

async function importFile(file) {
  if (!file) return;
  try {
    const count = importLines(await file.text());
    notice("import", null);
    renderAll();
    say(`${plural(count, "decision", "decisions")} imported.`);
  } catch (error) {
    notice("import", `${file.name} was not imported: ${error.message}.`);
  }
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  n: () => stepDocument(1),
  p: () => stepDocument(-1),
  a: () => settle("accept"),
  r: () => settle("reject"),
  e: startEditing,
  u: () => undo(),
  "?": () => byId("help-text").showModal(),
};

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, dialog");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (["Enter", " "].includes(event.key) && event.target.matches(".sentence")) event.target.click();
  else if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
  else return;
  event.preventDefault();
});

byId("help").addEventListener("click", KEYS["?"]);
byId("export").addEventListener("click", exportFile);
byId("import").addEventListener("click", () => byId("import-file").click());
byId("import-file").addEventListener("change", async (event) => {
  await importFile(event.target.files[0]);
  event.target.value = "";
});
byId("toggle-documents").addEventListener("click", (event) =>
  showDocuments(event.currentTarget.getAttribute("aria-expanded") !== "true"),
);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
byId("filters").addEventListener("input", () => {
  for (const name of Object.keys(filters)) filters[name] = byId(`filter-${name}`).value;
  renderAll();
});
window.addEventListener("beforeunload", (event) => {
  if (unsaved.length > 0) event.preventDefault();
});

byId("by").value = server?.by ?? remembered("repair:by") ?? "";
byId("by").addEventListener("change", () => remember("repair:by", byId("by").value));
restore();
renderAll();
