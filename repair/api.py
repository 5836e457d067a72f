"""The public functions: score a text, clean a text, stream many. `repair/__init__.py` lists all public names."""

from __future__ import annotations

import atexit
from collections.abc import Iterable, Iterator
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from repair import pipeline
from repair.archive.reading import read_folder
from repair.config import Settings
from repair.records import CleanedDocument, Document, ScoreReport

if TYPE_CHECKING:
    from repair.parallel import SourceIndex


class Cleaner(pipeline.Cleaner):
    """Scores and mends documents one by one; its sources are the articles in the folder `settings.sources`.

    Models are loaded at the first document, once. Use it as a context manager, or call `close`, where a grammar
    server may have been started.
    """

    def stream(
        self, documents: Iterable[str | Document], index: SourceIndex | None = None
    ) -> Iterator[CleanedDocument]:
        """Each document cleaned, in input order, one at a time: memory does not grow with their number.

        Raises InputError where `settings.sources` is no folder with articles, ModelError where a model is missing.
        """
        named = (_document(document, f"document {n}") for n, document in enumerate(documents, start=1))
        return super().stream(named, self.source_index if index is None else index)

    @cached_property
    def source_index(self) -> SourceIndex | None:
        """The articles of `settings.sources`, read once; None where no folder is set."""
        folder = self.settings.sources
        if folder is None:
            return None
        return self.index((), trusted=read_folder(folder, text_field=self.settings.text_field))


def score(text: str | Document, settings: Settings | None = None) -> ScoreReport:
    """Which sentences of a text are garbled, how surely, and why.

    Scores are probabilities from 0 to 1, higher is worse, None where nothing could be scored; perplexity is exp of
    the mean surprisal in nats per token; offsets are code points into the text. Raises ModelError where the language
    model was not fetched (`repair models fetch`).
    """
    return _shared(settings or Settings()).score(_document(text, "text"))


def clean(
    text: str | Document, sources: Iterable[str | Document] = (), settings: Settings | None = None
) -> CleanedDocument:
    """A text mended as far as `settings.apply` allows, by what its clean `sources` say and what rules are sure of.

    Without `sources`, those in the folder `settings.sources` serve. A text that tells one of them again, sentence by
    sentence, is held to be its copy however well it reads; what changes there is for a person to decide (`apply="all"`
    makes it). A source that is garbled itself is not used. Raises ModelError as `score` does.
    """
    cleaner = _shared(settings or Settings())
    known = [_document(source, f"source {n}") for n, source in enumerate(sources, start=1)]
    return cleaner.clean(_document(text, "text"), cleaner.index((), trusted=known) if known else cleaner.source_index)


@lru_cache(maxsize=1)
def _shared(settings: Settings) -> Cleaner:
    """One cleaner for calls that follow one another, so that the models are loaded once."""
    cleaner = Cleaner(settings)
    atexit.register(cleaner.close)
    return cleaner


def _document(text: str | Document, id: str) -> Document:
    return text if isinstance(text, Document) else Document.of_text(text, id)
