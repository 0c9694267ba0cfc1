"""Fixtures of runs with the stand-in renderer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from runs import delivered_files, run, small_job


@pytest.fixture
def misbehave(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(**how: Any) -> None:
        monkeypatch.setenv("PASYN_MISBEHAVE", json.dumps(how))

    set_to()
    return set_to


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run without any trouble delivers for the job of these tests."""
    place = tmp_path_factory.mktemp("reference")
    run(small_job(place), place / "out")
    return delivered_files(place / "out")
