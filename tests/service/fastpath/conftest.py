"""A service to ask on both paths, with one stored user."""

from collections.abc import Iterator

import pytest

from tests.service.fastpath.requests import store_user
from tests.support.both_paths import BothPaths, both_paths


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothPaths]:
    with both_paths(tmp_path_factory.mktemp("both-paths")) as both:
        store_user(both)
        yield both
