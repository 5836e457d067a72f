"""The small language model and the sentence embedder: find, fetch, load, score token by token, generate."""
