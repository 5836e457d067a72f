/* The article: all its text in reading form, with what is wrong marked and what was decided shown in place. */

function renderArticle(doc) {
  const article = byId("article");
  article.replaceChildren(articleHead(doc));
  if (doc.error) article.append(make("p", { class: "notice" }, `This document could not be cleaned: ${doc.error}`));
  if (doc.paragraphs.length === 0 && !doc.error) article.append(make("p", { class: "muted" }, "Nothing was found here."));
  const body = make("div", { class: "text" });
  for (const paragraph of doc.paragraphs) {
    const block = make("p", { dir: "auto", class: paragraph.wide ? "wide" : null });
    for (const sentence of paragraph.sentences) {
      block.append(sentence.gap, sentenceNode(doc, sentence));
    }
    body.append(block);
  }
  article.append(body);
  article.scrollTop = 0;
}

function articleHead(doc) {
  const facts = doc.path === doc.id ? [] : [doc.path];
  if (doc.sentences > 0) facts.push(plural(doc.sentences, "sentence", "sentences"));
  if (doc.score !== null) facts.push(`${percent(doc.score)} garbled`);
  if (doc.after !== null && doc.after !== doc.score) facts.push(`${percent(doc.after)} after cleaning`);
  const sources = doc.sources.map((source) =>
    make("li", {}, make("bdi", {}, source.path), ` (tells ${percent(source.score)} of it)`),
  );
  return make(
    "header",
    {},
    make("h2", {}, make("bdi", {}, doc.id)),
    make("p", { class: "muted", dir: "auto" }, facts.join(" · ")),
    sources.length > 0 && make("ul", { class: "sources", "aria-label": "Clean sources" }, sources),
  );
}

function sentenceNode(doc, sentence) {
  const stop = doc.stops.find((each) => each.sentence === sentence);
  const judged = sentence.flagged || sentence.findings.length > 0;
  const node = make("span", {
    class: ["sentence", `kind-${sentence.kind}`, judged && sentence.severity].filter(Boolean).join(" "),
    "data-index": sentence.index,
  });
  if (stop) {
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", "-1");
    node.addEventListener("click", () => select(stop));
  }
  fillSentence(node, sentence);
  return node;
}

function fillSentence(node, sentence) {
  const states = sentence.suggestions.map(stateOf);
  if (node.hasAttribute("role")) {
    const glyphs = states.length > 0 ? states.map((state) => WORDS.state[state][0]).join("") : WORDS.state.none[0];
    node.dataset.mark = glyphs;
    const said = states.map((state) => WORDS.state[state][1]).join(", ") || WORDS.state.none[1];
    node.setAttribute("aria-description", `${percent(sentence.score)} garbled, ${said}`);
  }
  const made = changesMade(sentence);
  node.classList.toggle("changed", made.length > 0);
  node.replaceChildren(...withChanges(sentence, made));
}

/** The words of a sentence between two places in it, with what its findings mark. */
function withMarks(sentence, from = 0, to = Infinity) {
  const nodes = [];
  let at = 0;
  for (const [text, findings] of sentence.pieces) {
    const part = text.slice(Math.max(0, from - at), Math.max(0, to - at));
    at += text.length;
    if (!part) continue;
    const messages = findings.map((number) => sentence.findings[number].message);
    nodes.push(findings.length > 0 ? make("mark", { title: messages.join("\n") }, part) : part);
  }
  return nodes;
}

/** The suggestions of a sentence that stand in its text now, in order; the first of two rivals. */
function changesMade(sentence) {
  const made = sentence.suggestions.filter((each) => each.at && replacementOf(each) !== null);
  return made.filter((each, n) => !made.slice(0, n).some((other) => each.rivals.includes(other.id)));
}

function withChanges(sentence, made) {
  const nodes = [];
  let end = 0;
  for (const suggestion of made) {
    nodes.push(...withMarks(sentence, end, suggestion.at[0]), ...changeNodes(suggestion, "both"));
    end = suggestion.at[1];
  }
  return [...nodes, ...withMarks(sentence, end)];
}

/** The change as nodes: `before` shows what goes, `after` what comes, `both` the two in one. */
function changeNodes(suggestion, side) {
  const hidden = { before: "+", after: "-", both: "" }[side];
  return changeOf(suggestion)
    .filter(([op]) => op !== hidden)
    .map(([op, text]) => (op === "=" ? text : make(op === "-" ? "del" : "ins", {}, visible(text))));
}

/** White space alone would not be seen, or a struck-out blank be read as a hyphen. */
function visible(text) {
  return text.trim() ? text : text.replaceAll(/\r?\n/g, "¶").replaceAll(/\s/g, "␣");
}

function changeOf(suggestion) {
  if (stateOf(suggestion) !== "edit") return suggestion.change;
  const before = suggestion.change.filter(([op]) => op !== "+").map(([, text]) => text).join("");
  return [["-", before], ["+", replacementOf(suggestion)]].filter(([, text]) => text);
}
