"""What is asked over a control socket is taken strictly; what can not be asked is told in words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.control.messages import ControlRequest, as_line, parse_share, read_reply, read_request
from batcher.errors import ControlError


def test_a_request_is_read_as_it_was_written() -> None:
    asked = [ControlRequest(command="pause"), ControlRequest(command="rate", value="0.5")]
    assert [read_request(as_line(each)) for each in asked] == asked
    assert (parse_share("20%"), parse_share("auto")) == (0.2, None)


@given(line=st.binary(max_size=200) | st.just(b"[" * 4000) | st.just(b'{"command":' * 700))
def test_what_is_no_request_and_no_reply_is_an_error_in_words(line: bytes) -> None:
    for read in (read_request, read_reply):
        try:
            read(line)
        except ControlError:
            continue


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (b'{"command":"pause","version":2}', "version 2 of what can be asked is not known"),
        (b'{"command":"pause","value":"5"}', "pause takes no value"),
        (b'{"command":"reboot"}', "no request: Invalid enum value 'reboot'"),
        (b'{"command":"pause","force":true}', "unknown field"),
        *(
            (b'{"command":"rate","value":"%s"}' % rate, "Give updates per second")
            for rate in (b"0", b"-1", b"nan", b"inf", b"1e9", b"fast", b"")
        ),
        *(
            (b'{"command":"share","value":"%s"}' % share, "Give a part of the quota")
            for share in (b"0%", b"101%", b"20", b"nan%", b"")
        ),
        (b'{"command":"share"}', "Give a part of the quota"),
    ],
)
def test_what_can_not_be_asked_says_why(line: bytes, says: str) -> None:
    with pytest.raises(ControlError, match=says):
        read_request(line)
