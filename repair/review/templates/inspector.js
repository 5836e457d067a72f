/* The inspector: one mark at a time; before, after, why, on what evidence, what the checks said, what you say. */

let editing = false;

function renderInspector(stop) {
  const inspector = byId("inspector");
  const focused = inspector.contains(document.activeElement) ? document.activeElement : null;
  fillInspector(inspector, stop);
  inspector.scrollTop = 0;
  if (!focused) return;
  // The button that was pressed is gone: its successor takes the focus.
  const key = focused.getAttribute("aria-keyshortcuts");
  (inspector.querySelector(`[aria-keyshortcuts="${key}"]`) ?? inspector).focus();
}

function fillInspector(inspector, stop) {
  if (!stop) {
    inspector.replaceChildren(make("p", { class: "muted empty" }, "Choose a marked sentence, or press j."));
    return;
  }
  const { doc, sentence, suggestion } = stop;
  const head = make(
    "header",
    {},
    make("h2", {}, `Mark ${doc.stops.indexOf(stop) + 1} of ${doc.stops.length}`),
    button("‹", () => step(-1), { "aria-label": "Previous mark", "aria-keyshortcuts": "k" }),
    button("›", () => step(1), { "aria-label": "Next mark", "aria-keyshortcuts": "j" }),
  );
  const body = suggestion ? suggestionNodes(suggestion, sentence) : sentenceOnly(sentence);
  inspector.replaceChildren(head, ...body.filter(Boolean));
}

function sentenceOnly(sentence) {
  return [
    make("p", { class: "quiet" }, sentence.flagged ? "Flagged, but nothing good enough to suggest." : "A remark; the sentence is not flagged."),
    make("p", { class: "scores" }, scoreBar(sentence.score), " garbled"),
    make("h3", {}, "As it stands"),
    make("blockquote", { dir: "auto", class: "version" }, withMarks(sentence)),
    ...whyNodes(null, sentence),
    ...evidenceNodes(sentence.findings.flatMap((finding) => finding.evidence)),
  ];
}

function suggestionNodes(suggestion, sentence) {
  const evidence = [...suggestion.evidence, ...sentence.findings.flatMap((finding) => finding.evidence)];
  return [
    stateNode(suggestion, sentence),
    editing ? editForm(suggestion) : actionNodes(suggestion),
    make("h3", {}, "Before"),
    versionNode(suggestion, "before"),
    make("h3", {}, stateOf(suggestion) === "edit" ? "After, in your words" : "After"),
    versionNode(suggestion, "after"),
    scoresNode(suggestion),
    ...evidenceNodes(evidence),
    ...whyNodes(suggestion, sentence),
    checksNode(suggestion),
  ];
}

function stateNode(suggestion, sentence) {
  const state = stateOf(suggestion);
  const [glyph, words] = WORDS.state[state];
  const refused = suggestion.checks.filter((check) => !check.passed);
  const notes = [];
  if (state === "open" && refused.length === 0 && suggestion.skipped) notes.push(`Not applied: ${suggestion.skipped}.`);
  if (refused.length > 0) notes.push(`Refused by ${refused.map((check) => spaced(check.name)).join(", ")}.`);
  const rival = suggestion.rivals.map((id) => suggestions.get(id)).find((other) => other && replacementOf(other) !== null);
  if (rival && replacementOf(suggestion) !== null) {
    notes.push("Another suggestion for the same words is accepted too; only one of them can be made.");
  }
  return make(
    "div",
    { class: "state" },
    make("p", { class: "tags" },
      make("span", { class: `tag state-${state}` }, `${glyph} ${words}`),
      make("span", { class: "tag" }, WORDS.tier[suggestion.tier]),
      make("span", { class: "tag" }, WORDS.origin[suggestion.origin]),
      sentence.kind !== "prose" && make("span", { class: "tag" }, WORDS.kind[sentence.kind]),
    ),
    notes.map((note) => make("p", { class: "quiet" }, note)),
  );
}

function actionNodes(suggestion) {
  const verdict = verdictOn(suggestion.id)?.verdict;
  const refused = suggestion.checks.some((check) => !check.passed);
  const choice = (name, label, key, act) =>
    button([label, " ", make("kbd", { "aria-hidden": "true" }, key)], act, {
      class: name === "accept" && !refused ? "primary" : null,
      "aria-pressed": String(verdict === name),
      "aria-keyshortcuts": key,
    });
  return make(
    "div",
    { class: "actions", role: "group", "aria-label": "Your decision" },
    choice("accept", refused ? "Accept anyway" : "Accept", "a", () => settle("accept")),
    choice("reject", "Reject", "r", () => settle("reject")),
    choice("edit", "Edit", "e", startEditing),
    verdict && button("Undo", () => undo(suggestion.id), { class: "undo" }),
  );
}

function editForm(suggestion) {
  const field = make("textarea", { id: "edit", rows: 5, dir: "auto", "aria-label": "Your words" });
  field.value = replacementOf(suggestion) ?? suggestion.text;
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stopEditing();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) settle("edit", field.value);
    else return;
    event.preventDefault();
  });
  return make(
    "div",
    { class: "edit-form" },
    suggestion.lead && make("p", { class: "context", dir: "auto" }, suggestion.lead),
    field,
    suggestion.tail && make("p", { class: "context", dir: "auto" }, suggestion.tail),
    make("div", { class: "actions" },
      button("Save", () => settle("edit", field.value), { class: "primary" }),
      button("Cancel", stopEditing),
    ),
  );
}

function versionNode(suggestion, side) {
  const nodes = [suggestion.lead, ...changeNodes(suggestion, side), suggestion.tail].filter(Boolean);
  const empty = make("em", { class: "muted" }, "nothing: the words are removed");
  return make("blockquote", { dir: "auto", class: "version" }, nodes.length > 0 ? nodes : empty);
}

function scoresNode({ before, after }) {
  if (before === null && after === null) return null;
  return make("p", { class: "scores" }, scoreBar(before), make("span", { class: "arrow" }, "→"), scoreBar(after), " garbled");
}

function whyNodes(suggestion, sentence) {
  const items = sentence.findings.map((finding) =>
    make("li", {},
      make("span", { class: `severity ${finding.severity}` }, WORDS.severity[finding.severity]), " ",
      finding.message, " ", make("code", {}, finding.rule),
    ),
  );
  if (items.length === 0 && sentence.flagged) {
    items.push(make("li", {}, "The sentence as a whole reads unlike edited English to the language model."));
  }
  return [
    make("h3", {}, "Why"),
    suggestion?.reason && make("p", {}, suggestion.reason),
    items.length > 0 && make("ul", { class: "findings" }, items),
  ];
}

function evidenceNodes(evidence) {
  const seen = new Map(evidence.map((each) => [`${each.path}\n${each.text}\n${each.relation}`, each]));
  if (seen.size === 0) return [];
  const items = [...seen.values()].map((each) =>
    make("figure", { class: `evidence ${each.relation}` },
      make("blockquote", { dir: "auto" }, each.text),
      make("figcaption", {}, make("bdi", {}, each.path), " · ", WORDS.relation[each.relation]),
    ),
  );
  return [make("h3", {}, "What a clean source says"), ...items];
}

function checksNode({ checks }) {
  if (checks.length === 0) return null;
  const passed = checks.filter((check) => check.passed).length;
  const rows = checks.map((check) =>
    make("li", { class: check.passed ? "passed" : "refused" },
      make("span", { class: "verdict" }, check.passed ? "✓ passed" : "✗ refused"), " ",
      make("span", { class: "check" }, spaced(check.name)),
      check.value === null ? "" : make("span", { class: "value" }, ` ${Number(check.value.toFixed(3))}`),
      check.detail ? make("span", { class: "detail" }, check.detail) : "",
    ),
  );
  return make("details", { class: "checks", open: passed < checks.length },
    make("summary", {}, `${passed} of ${checks.length} checks passed`), make("ul", {}, rows));
}

function spaced(name) {
  return name.replaceAll(/[_.]/g, " ");
}
