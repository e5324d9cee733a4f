"""The recipe of the tiny language model that a real llama.cpp server runs in the tests.

`vocabulary` is the list of its tokens, `make_gguf` writes the file: 290 kB of random weights, made in a fraction of a
second, so nothing is shipped and nothing is fetched. `scripts/setup-llama` builds the server and makes the file.

Nothing here is imported by the product.
"""
