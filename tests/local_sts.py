"""An STS on loopback whose answers a test decides, and a profile that takes its role from it."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
from aiohttp import web

ROLE = "arn:aws:iam::444455556666:role/batcher"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


class LocalSts:
    """Gives credentials that last for a minute: botocore renews such before each request.

    ``refusal``: code and HTTP status of its answer, for as long as it is set; ``says``: its answer,
    whole; ``asked``: the forms of the requests it got.
    """

    def __init__(self) -> None:
        self.refusal: tuple[str, int] | None = None
        self.says: str | None = None
        self.life = timedelta(minutes=1)
        self.ahead = timedelta()  # its clock; five minutes are tolerated
        self.asked: list[dict[str, str]] = []
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        now = datetime.now(UTC) + self.ahead
        signed = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
        refusal = self.refusal
        if abs(signed - now) > timedelta(minutes=5):
            refusal = ("SignatureDoesNotMatch", 403)
        if refusal is not None:
            code, status = refusal
            headers = {"Date": format_datetime(now, usegmt=True)}
            text = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
            return web.Response(text=text, status=status, content_type="text/xml", headers=headers)
        if self.says is not None:
            return web.Response(text=self.says, content_type="text/xml")
        until = (now + self.life).isoformat()
        text = (
            f'<AssumeRoleResponse xmlns="{_NAMESPACE}"><AssumeRoleResult><Credentials>'
            f"<AccessKeyId>ASIA{len(self.asked)}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
            f"<SessionToken>t</SessionToken><Expiration>{until}</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
        return web.Response(text=text, content_type="text/xml")


def role_profile(folder: Path, monkeypatch: pytest.MonkeyPatch, sts: LocalSts, **more: str) -> None:
    """Make ``prod`` the profile of this process: a role of that STS, with those settings more."""
    config = folder / "aws-config"
    lines = [f"role_arn = {ROLE}", "source_profile = base"]
    lines += [f"{name} = {value}" for name, value in more.items()]
    base = "[profile base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n"
    config.write_text("\n".join(["[profile prod]", *lines, base]))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")  # botocore's own, of STS
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
