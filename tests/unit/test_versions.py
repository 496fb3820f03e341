"""Versions of models are read in log, prompts and exports as they are."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.privacy.veil import Veil
from agents.understanding.features import ACCURATE, FAST, Features
from agents.understanding.model import packaged_model
from agents.understanding.training import version_of
from agents.understanding.versions import spelled
from data.redaction import redact, redact_text
from tests.labelled import tickets
from tests.optional import needs_fast

DIGEST = st.text("0123456789abcdef", min_size=12, max_size=16)


@given(digest=DIGEST, other=DIGEST, kind=st.sampled_from(["packaged", "own"]))
@settings(deadline=None)
def test_no_version_is_changed_by_redaction(digest: str, other: str, kind: str) -> None:
    version = f"{kind}-{spelled(digest)}"
    told = {"model": f"{version} packaged-{spelled(other)}-fast", "version": version}
    assert redact(told, ("Ana Ruiz", "Ana")) == told
    assert redact_text(f"triage by {version}, twice") == f"triage by {version}, twice"
    assert Veil("q7" * 8).hide(told) == told
    assert (spelled(digest) == spelled(other)) == (digest == other)


@pytest.mark.parametrize("features", [ACCURATE, pytest.param(FAST, marks=needs_fast)])
def test_the_models_that_we_make_are_named_so(features: Features) -> None:
    for version in (packaged_model(features.name).version, version_of(tickets(), features)):
        assert redact_text(version) == version
        assert not any(map(str.isdigit, version))
