"""A signature is botocore's, whichever day, key, Region and service come one after the other."""

from typing import NamedTuple

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from batcher.aws.signature import Signer

NAMES = "host;x-amz-date"


class Signed(NamedTuple):
    access_key: str
    secret_key: str
    timestamp: str
    text: str


CALLS = st.lists(
    st.builds(
        Signed,
        st.sampled_from(["AKIDONE", "AKIDTWO"]),
        st.sampled_from(["secret", "other/+="]),
        st.sampled_from(["20261127T235959Z", "20261128T000000Z", "20261128T000001Z"]),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    max_size=8,
)


@given(calls=CALLS, region=st.sampled_from(["eu-west-1", "us-gov-west-1"]))
def test_every_signature_is_the_one_of_botocore(calls: list[Signed], region: str) -> None:
    signer = Signer(region, "profile")
    for call in calls:
        keys = Credentials(call.access_key, call.secret_key)
        theirs = SigV4Auth(keys, "profile", region)
        request = AWSRequest("GET", "https://h/", {})
        request.context["timestamp"] = call.timestamp
        signature = theirs.signature(theirs.string_to_sign(request, call.text), request)
        header = signer.authorization(keys, call.timestamp, call.text, NAMES)
        assert header == (
            f"AWS4-HMAC-SHA256 Credential={call.access_key}/{call.timestamp[:8]}/{region}/profile"
            f"/aws4_request, SignedHeaders={NAMES}, Signature={signature}"
        )
