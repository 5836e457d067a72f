/* The list of documents, its filters, and the numbers on top. */

const filters = { text: "", show: "work", tier: "", origin: "" };

function passes(stop) {
  const { tier, origin, show } = filters;
  if (!stop.suggestion) return !tier && !origin && show !== "open";
  if (tier && stop.suggestion.tier !== tier) return false;
  if (origin && stop.suggestion.origin !== origin) return false;
  return show !== "open" || stateOf(stop.suggestion) === "open";
}

function listed(doc) {
  const wanted = { work: doc.work, flagged: doc.flagged, failed: doc.error !== null, all: true };
  const narrowed = filters.tier || filters.origin || filters.show === "open";
  if (narrowed && !doc.stops.some(passes)) return false;
  if (wanted[filters.show] === false) return false;
  return `${doc.id}\n${doc.path}`.toLowerCase().includes(filters.text.toLowerCase());
}

function renderDocuments() {
  const shown = documents.filter(listed);
  byId("documents").replaceChildren(...shown.map(documentRow));
  const total = data.summary.documents;
  const count = shown.length === total ? plural(total, "document", "documents") : `${shown.length} of ${plural(total, "document", "documents")}`;
  const unlisted = filters.show === "all" && data.unlisted > 0 ? `; ${data.unlisted} clean ones are not listed` : "";
  byId("documents-count").textContent = count + unlisted;
  byId("toggle-documents").textContent = `Documents (${shown.length})`;
  return shown;
}

function documentRow(doc) {
  const choose = () => {
    showDocuments(false);
    open(doc);
  };
  const row = button([], choose, { "data-number": doc.number });
  fillDocumentRow(row, doc);
  return make("li", {}, row);
}

function fillDocumentRow(row, doc) {
  const open = doc.stops.filter((stop) => stateOf(stop.suggestion) === "open").length;
  const flagged = doc.paragraphs.flatMap((paragraph) => paragraph.sentences).filter((each) => each.flagged).length;
  const remarks = doc.stops.filter((stop) => !stop.suggestion && !stop.sentence.flagged).length;
  const facts = [];
  if (doc.error) facts.push("failed");
  if (flagged > 0) facts.push(`${flagged} flagged`);
  if (remarks > 0) facts.push(plural(remarks, "remark", "remarks"));
  const proposed = doc.stops.filter((stop) => stop.suggestion).length;
  if (proposed > 0) facts.push(open > 0 ? `${open} of ${proposed} open` : "✓ nothing open");
  row.replaceChildren(
    make("bdi", { class: "path" }, doc.id),
    scoreBar(doc.score),
    make("span", { class: "counts" }, facts.join(" · ") || "nothing found"),
  );
}

function renderFigures() {
  const { documents: total, flagged, failed, flagged_sentences, suggestions: proposed, safe, applied } = data.summary;
  const figures = [
    [plural(total, "document", "documents"), `${flagged.toLocaleString("en")} flagged${failed ? `, ${failed} failed` : ""}`],
    [plural(flagged_sentences, "sentence", "sentences"), "flagged"],
    [plural(proposed, "suggestion", "suggestions"), `${safe.toLocaleString("en")} safe, ${applied.toLocaleString("en")} applied`],
  ];
  byId("figures").replaceChildren(...figures.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))));
}

function renderProgress() {
  const decided = countDecided();
  const progress = byId("progress");
  progress.max = Math.max(1, suggestions.size);
  progress.value = decided;
  byId("progress-text").textContent = `${decided} of ${suggestions.size} decided by you`;
  const unknown = unknownIds().size;
  notice("unknown", unknown > 0 && `${plural(unknown, "decision is", "decisions are")} about suggestions that this report does not have. They are kept, but nothing comes of them.`);
}
