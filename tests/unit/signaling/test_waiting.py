"""Messages of the waiting screen: what is left out is an open, bright one."""

from __future__ import annotations

import pytest

from kiosk.errors import SignalingError
from kiosk.signaling import messages as m


def test_an_open_bright_screen_is_what_is_meant_when_nothing_is_said() -> None:
    assert m.dump(m.Attract()) == '{"type":"attract","closed":false,"dim":0.0}'


def test_a_screen_says_whether_it_rests_and_nothing_else() -> None:
    assert m.parse('{"type": "rest", "dark": true}') == m.Rest(dark=True)
    with pytest.raises(SignalingError, match="dark"):
        m.parse('{"type": "rest"}')
