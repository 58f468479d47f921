"""The guards alone: origins, logins, sizes and rates, without a server."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from studio.errors import InputError, ModelError
from studio.server.guards import (
    AccessError,
    TokenBucket,
    admit,
    from_own_page,
    read_body,
    signed_in,
    status_of,
)


def connection(
    kind: str = "http", method: str = "GET", app: object = None, **headers: str
) -> HTTPConnection:
    """A request as the server sees it; `x_y="z"` is the header `x-y: z`."""
    raw = [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()]
    scope = {"type": kind, "path": "/", "headers": raw, "app": app or open_app()}
    return HTTPConnection(scope if kind == "websocket" else {**scope, "method": method})


def open_app() -> SimpleNamespace:
    return SimpleNamespace(auth=None, auth_dependency=None, tokens={}, cookie_id="c")


def locked_app() -> SimpleNamespace:
    """What Gradio's app holds when one person has signed in with token `t`."""
    return SimpleNamespace(
        auth={"ada": "secret"}, auth_dependency=None, tokens={"t": "ada"}, cookie_id="c"
    )


@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_a_page_of_the_studio_itself_may_ask(kind: str) -> None:
    own = {"host": "127.0.0.1:7860", "origin": "http://127.0.0.1:7860"}
    assert from_own_page(connection(kind, **own))


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1:7861",
        "http://127.0.0.1.evil.example:7860",
        "http://evil.example/127.0.0.1:7860",
        "http://127.0.0.1:7860@evil.example",
        "http://127.0.0.1@evil.example:7860",
        "http://ada@127.0.0.1:7860",
        "http://127.0.0.1:99999999",
        "http://[",
        "null",
        "",
    ],
)
def test_a_page_from_elsewhere_may_not_ask(kind: str, origin: str) -> None:
    assert not from_own_page(connection(kind, host="127.0.0.1:7860", origin=origin))


@pytest.mark.parametrize("host", ["", "[", ":", "x:y", "evil.example"])
def test_a_strange_host_is_nobodys_own(host: str) -> None:
    assert not from_own_page(connection(host=host, origin="http://127.0.0.1:7860"))


def test_a_port_that_goes_without_saying_may_be_said() -> None:
    own = {"origin": "https://art.example", "host": "Art.Example:443"}
    assert from_own_page(connection(**own))
    assert not from_own_page(connection(**{**own, "host": "art.example:80"}))


def test_a_program_without_a_page_may_ask() -> None:
    assert from_own_page(connection(host="127.0.0.1:7860"))


def test_a_socket_behind_a_proxy_is_known_by_the_forwarded_host() -> None:
    proxied = {
        "host": "upstream:7860",
        "origin": "https://art.example",
        "x_forwarded_host": "art.example, upstream",
    }
    assert from_own_page(connection("websocket", **proxied))
    proxied["origin"] = "https://evil.example"
    assert not from_own_page(connection("websocket", **proxied))


def test_a_forwarded_host_that_a_page_could_have_added_does_not_count() -> None:
    forged = {
        "host": "192.168.1.5:7860",
        "origin": "https://evil.example",
        "x_forwarded_host": "evil.example",
    }
    assert not from_own_page(connection(method="POST", **forged))
    vouched = connection(method="POST", sec_fetch_site="same-origin", **forged)
    assert from_own_page(vouched)


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_the_browser_calls_another_site_may_not_post(site: str) -> None:
    host = {"host": "studio.example", "sec_fetch_site": site}
    own = "https://studio.example"
    assert not from_own_page(connection(method="POST", origin=own, **host))
    assert not from_own_page(connection("websocket", **host))
    assert from_own_page(connection(**host)), "a plain link to the studio"


def test_without_a_login_everyone_is_signed_in() -> None:
    assert signed_in(connection())


@pytest.mark.parametrize("kind", ["access-token", "access-token-unsecure"])
def test_the_cookie_of_a_current_login_signs_in(kind: str) -> None:
    assert signed_in(connection(app=locked_app(), cookie=f"{kind}-c=t"))


@pytest.mark.parametrize(
    "cookie", ["", "access-token-c=", "access-token-c=T", "access-token-x=t", "t=t"]
)
def test_any_other_cookie_does_not_sign_in(cookie: str) -> None:
    with pytest.raises(AccessError) as refusal:
        admit(connection(app=locked_app(), cookie=cookie))
    assert refusal.value.code == "not_signed_in"


def test_a_login_of_another_kind_is_not_ours_to_judge() -> None:
    app = open_app()
    app.auth_dependency = lambda request: "ada"
    assert not signed_in(connection(app=app))


def test_each_refusal_has_its_status() -> None:
    codes = ["not_signed_in", "other_origin", "body_too_large", "busy", "internal"]
    assert [status_of(InputError(code)) for code in codes] == [401, 403, 413, 503, 500]
    assert status_of(InputError("seed_range")) == 400
    assert status_of(ModelError("model_missing")) == 404


async def count_body(request: Request) -> PlainTextResponse:
    try:
        return PlainTextResponse(str(len(await read_body(request, 1000))))
    except InputError as problem:
        return PlainTextResponse(problem.code, status_of(problem))


def test_a_body_is_read_up_to_its_limit_and_no_further() -> None:
    def stream(pieces: int):
        yield from [b"x" * 100] * pieces

    client = TestClient(Starlette(routes=[Route("/", count_body, methods=["POST"])]))
    assert client.post("/", content=b"x" * 1000).text == "1000"
    assert client.post("/", content=stream(10)).text == "1000"
    for body in (b"x" * 1001, stream(11)):
        answer = client.post("/", content=body)
        assert (answer.status_code, answer.text) == (413, "body_too_large")


def test_a_declared_length_over_the_limit_is_refused_unread() -> None:
    client = TestClient(Starlette(routes=[Route("/", count_body, methods=["POST"])]))
    for declared in ("1001", "9" * 400, "-1", "x"):
        answer = client.post("/", content=b"", headers={"content-length": declared})
        assert answer.status_code == 413, declared


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    now = 0.0
    bucket = TokenBucket(rate=10, burst=3, clock=lambda: now)
    assert [bucket.take() for _ in range(5)] == [True, True, True, False, False]
    now = 0.2
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now = 100.0
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
