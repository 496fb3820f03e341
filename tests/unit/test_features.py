"""The two ways to turn texts into numbers, and what stands on them."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from agents.understanding import encoder_fast, packages
from agents.understanding.features import ACCURATE, BY_NAME, FAST, Features, features_named
from agents.understanding.fit import digest
from agents.understanding.model import packaged_model
from agents.understanding.own_model import load_own, stored
from agents.understanding.training import fit, version_of
from agents.understanding.triage import triage_rows
from agents.understanding.versions import spelled
from data.errors import BadFile, HandrailError
from tests.labelled import tickets
from tests.optional import needs_fast

BOTH = [ACCURATE, pytest.param(FAST, marks=needs_fast)]


@pytest.fixture
def no_fast(monkeypatch: pytest.MonkeyPatch):
    """A computer without the package."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        packages,
        "find_spec",
        lambda name: None if name == encoder_fast.PACKAGE else found(name),
    )


@pytest.mark.parametrize("features", BOTH, ids=BY_NAME)
def test_vectors_are_of_one_length_and_near_for_what_means_the_same(features: Features):
    refund, money, weather = features.embed(
        ["Please refund my payment.", "I want my money back.", "It rains in the mountains."]
    )
    assert [len(v) for v in (refund, money, weather)] == [features.width] * 3
    assert np.linalg.norm(refund) == pytest.approx(1.0, abs=1e-5)
    assert refund @ money > refund @ weather


@pytest.mark.parametrize("features", BOTH, ids=BY_NAME)
@pytest.mark.parametrize("text", ["", "   ", "\u200b", "x" * 40_000, "🙂" * 500])
def test_any_text_has_a_vector(features: Features, text: str):
    assert np.isfinite(features.embed([text, "Where is my invoice?"])).all()


@pytest.mark.parametrize("features", BOTH, ids=BY_NAME)
def test_a_vector_does_not_depend_on_what_stands_beside_it(features: Features):
    texts = ["Where is my invoice?", "Why was I charged?", "word " * 200]
    alone = [features.encode([text])[0] for text in texts]
    assert np.stack(features.encode(texts)) == pytest.approx(np.stack(alone), abs=2e-2)


@pytest.mark.parametrize("features", BOTH, ids=BY_NAME)
def test_the_packaged_model_is_fitted_on_the_sentences_at_hand(features: Features):
    assert spelled(digest()) in packaged_model(features.name).version


@needs_fast
def test_the_fast_features_tell_a_refund_from_a_fault():
    class Ticket:
        def __init__(self, body: str) -> None:
            self.subject, self.body = "", body

    rows = triage_rows(
        [Ticket("Please refund the charge of 12 May."), Ticket("The export ends with error 500.")],
        features=FAST,
    )
    assert [row.intent for row in rows] == ["billing", "technical"]


@needs_fast
def test_a_teams_model_of_fast_features_is_stored_and_says_so(tmp_path: Path):
    fitted = fit(tickets(), features=FAST)
    assert fitted.model.version == version_of(tickets(), FAST) != version_of(tickets())
    path = tmp_path / "own.npz"
    path.write_bytes(stored(fitted.model, {}, fitted.learned))
    model = load_own(path)
    assert model.features is FAST
    rows = tickets()
    told = triage_rows(list(rows), own=model)
    assert np.mean([r.intent == t.intent for r, t in zip(rows, told, strict=True)]) > 0.9
    assert triage_rows(list(rows), own=fitted.model) == told


def test_without_the_package_it_is_said_what_to_do(no_fast: None):
    with pytest.raises(HandrailError, match=r"need the package wordllama: pip install"):
        features_named("fast")
    with pytest.raises(HandrailError, match="no features 'best'; there are accurate and fast"):
        features_named("best")


@needs_fast
def test_a_stored_model_says_which_package_it_misses(
    tmp_path: Path, request: pytest.FixtureRequest
):
    fitted = fit(tickets(), features=FAST)
    path = tmp_path / "own.npz"
    path.write_bytes(stored(fitted.model, {}, fitted.learned))
    request.getfixturevalue("no_fast")
    with pytest.raises(BadFile, match="need the package wordllama"):
        load_own(path)
