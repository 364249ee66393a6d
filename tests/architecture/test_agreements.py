"""What siblings must say alike, though neither may import the other."""

from typing import get_args

from harness.checks.protocol import Rule
from harness.wire.dialects.openai_chat import STREAM_RULES


def test_the_stream_check_knows_exactly_the_rules_that_the_dialect_judges():
    assert set(get_args(Rule)) == set(STREAM_RULES)
