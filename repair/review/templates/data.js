/* What the page knows: the documents, and small makers of nodes. Texts become text nodes, never markup. */

const data = JSON.parse(document.getElementById("data").textContent);

const WORDS = {
  tier: { safe: "safe", review: "needs review" },
  origin: {
    parallel: "from a clean source",
    rule: "by a rule",
    grammar: "by the grammar checker",
    lm: "by the language model",
    endpoint: "by another model",
  },
  relation: {
    same_text: "the same text",
    same_quote: "the same quotation",
    same_fact: "tells the same fact",
    contradicted: "contradicts this sentence",
  },
  kind: {
    quote: "in a quotation",
    heading: "in a heading",
    caption: "in a caption",
    byline: "in a byline",
    dateline: "in a dateline",
    furniture: "page leftover",
  },
  severity: { minor: "slight", major: "grave", critical: "changes the meaning" },
  state: {
    open: ["○", "open"],
    accept: ["✓", "accepted"],
    reject: ["✗", "rejected"],
    edit: ["✎", "your own words"],
    applied: ["●", "applied automatically"],
    refused: ["⊘", "refused by a check"],
    none: ["?", "no suggestion"],
  },
};

const documents = data.documents;
const suggestions = new Map();
for (const [number, doc] of documents.entries()) {
  doc.number = number;
  doc.stops = [];
  for (const sentence of doc.paragraphs.flatMap((paragraph) => paragraph.sentences)) {
    for (const suggestion of sentence.suggestions) {
      suggestions.set(suggestion.id, suggestion);
      doc.stops.push({ doc, sentence, suggestion });
    }
    if (sentence.suggestions.length === 0 && (sentence.flagged || sentence.findings.length > 0)) {
      doc.stops.push({ doc, sentence, suggestion: null });
    }
  }
}

/** An element with attributes and children; a string becomes text. Handlers are added by the caller. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child || child === 0));
  return element;
}

function button(label, onClick, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  return element;
}

function byId(id) {
  return document.getElementById(id);
}

function percent(score) {
  return score === null ? "not scored" : `${Math.round(score * 100)} %`;
}

/** A bar for a score with its number beside it; the bar alone is decoration. */
function scoreBar(score) {
  const bar = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
  bar.firstChild.style.width = `${Math.round((score ?? 0) * 100)}%`;
  return make("span", { class: "score" }, bar, make("span", { class: "number" }, percent(score)));
}

function plural(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
