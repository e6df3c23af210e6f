"""Around asking: examples through the gate, settings, the probe, the key, and nothing of mail in any log or metric."""

import asyncio
import os
import signal
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest

from chassis.errors import FailedPrecondition, InvalidArgument, StartRefused, from_rpc
from chassis.settings import load
from classifier.settings import Settings, terms
from mail_organiser.classifier.v1 import classifier_pb2 as pb
from mail_organiser.columns import FolderText, MessageText
from mail_organiser.mail.v1.mail_pb2 import Purpose

FILED = [(MessageText(f"Receipt {word}", "Kiosk", "kiosk@shop.test"), 1) for word in ("one", "two", "three")]
CANARIES = ("subjectcanary7", "namecanary7", "addresscanary7", "foldercanary7", "describedcanary7", "examplecanary7")


async def refused(call: Any) -> Any:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return from_rpc(caught.value)


async def test_the_nearest_filings_are_shown(office: Any, part: Any, invoice: Any) -> None:
    """Examples come with the call, and those that are like the message stand in its prompt, under their folder's id."""
    async with office(part("scripts").first_folder) as one:
        await one.classify([invoice._replace(subject="Receipt four", sender_address="kiosk@shop.test")], examples=FILED)
        (asked,) = one.asked
    assert 'f01 subject "Receipt\u02c6two" sender "Kiosk" address "kiosk@shop.test"' in asked.user


@pytest.mark.parametrize("purpose", [Purpose.PURPOSE_CLASSIFY, Purpose.PURPOSE_LEARN, Purpose.PURPOSE_CLASSIFY_LOCAL])
async def test_an_example_cleared_for_anything_else_refuses_the_call(
    office: Any, part: Any, invoice: Any, purpose: int
) -> None:
    """Examples are old text of strangers: cleared as examples, each time, or the whole call is refused."""
    async with office(part("scripts").first_folder) as one:
        await one.settled()
        request = one.request([invoice], examples=FILED)
        request.examples.CopyFrom(one.examples(FILED, purpose))
        error = await refused(one.classifier.Classify(request, timeout=20))
        assert isinstance(error, FailedPrecondition)
        assert error.code == "clearance_refused"
        assert one.asked == []


async def test_an_example_changed_or_under_another_batch_refuses_the_call(office: Any, part: Any, invoice: Any) -> None:
    """One letter more, or the clearance of other examples: refused."""
    async with office(part("scripts").first_folder) as one:
        changed, other, unsigned = (one.request([invoice], examples=FILED) for _ in range(3))
        changed.examples.messages.subject[0] += "x"
        other.examples.batch_id = bytes(16)
        unsigned.examples.ClearField("clearance")
        for request in (changed, other, unsigned):
            assert (await refused(one.classifier.Classify(request, timeout=20))).code == "clearance_refused"


async def test_an_example_needs_a_folder_of_the_request(office: Any, part: Any, invoice: Any) -> None:
    """A label past the folders, or one too few, is malformed."""
    async with office(part("scripts").first_folder) as one:
        for label in ([9, 0, 0], [0, 0]):
            request = one.request([invoice], examples=FILED)
            request.examples.label[:] = label
            assert isinstance(await refused(one.classifier.Classify(request, timeout=20)), InvalidArgument)


async def test_a_request_asks_for_little_and_says_little(office: Any, part: Any, invoice: Any, key_text: str) -> None:
    """A closed set, nothing stored, no creativity, few tokens; the key, and nothing of this machine."""
    async with office(part("scripts").first_folder) as one:
        await one.classify([invoice])
        (asked,) = one.asked
    body = asked.body
    assert (body["store"], body["temperature"], body["n"], body["max_tokens"]) == (False, 0, 1, 40)
    assert body["response_format"]["json_schema"]["strict"] is True
    assert asked.ids == ["f00", "f01", "f02", "f03", "f04", "none"]
    assert set(body) == {"model", "messages", "response_format", "temperature", "max_tokens", "store", "n"}
    assert asked.headers["authorization"] == f"Bearer {key_text}"
    strange = [name for name in asked.headers if name.startswith(("x-stainless", "openai-", "cookie"))]
    assert strange == ["x-stainless-raw-response"]  # the SDK reads it back from its own request; it says "true"


async def test_nothing_is_taken_from_the_environment(
    office: Any, part: Any, invoice: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys, organisations, addresses and proxies of whoever started us are not the operator's settings."""
    for name in ("API_KEY", "ORG_ID", "PROJECT_ID", "BASE_URL", "CUSTOM_HEADERS"):
        monkeypatch.setenv(f"OPENAI_{name}", "stray")
    for name in ("HTTPS_PROXY", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with office(part("scripts").first_folder) as one:
        answer = await one.classify([invoice])
        assert "stray" not in str(one.asked[0].headers)
    assert list(answer.engine) == [pb.ENGINE_PROVIDER]


def test_without_a_provider_its_sdk_is_not_even_loaded() -> None:
    """Code that isn't there speaks to nobody, and a start takes a second less."""
    program = "import sys, classifier.main, classifier.command; print([m for m in sys.modules if 'openai' in m])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("script", "state"),
    [
        ("first_folder", pb.PROVIDER_STATE_READY),
        ("prose", pb.PROVIDER_STATE_UNENFORCED),
        ("unknown id", pb.PROVIDER_STATE_UNENFORCED),
        ("HTML", pb.PROVIDER_STATE_UNREACHABLE),
        ("unauthorised", pb.PROVIDER_STATE_UNREACHABLE),
        ("reset", pb.PROVIDER_STATE_UNREACHABLE),
    ],
)
async def test_the_probe_says_how_the_endpoint_is(office: Any, part: Any, script: str, state: int) -> None:
    """Whether it is there, and whether it keeps to the schema of answers; without any mail."""
    async with office(part("scripts").SCRIPTS[script]) as one:
        await one.settled()
        for _ in range(100):
            found = await one.classifier.GetProvider(pb.GetProviderRequest(), timeout=20)
            if found.state == state:
                break
            await asyncio.sleep(0.02)
        assert one.asked == []
    assert found == pb.GetProviderResponse(
        state=pb.ProviderState.ValueType(state),
        daily=pb.Amount(tokens=500_000, nanos=10**9),
        prompt_token_nanos=150,
        answer_token_nanos=600,
    )


async def test_a_probe_that_hangs_holds_no_start_up(office: Any, part: Any, invoice: Any) -> None:
    """The classifier serves at once, and answers from what it learned."""
    async with office(part("scripts").SCRIPTS["silence"], "call_seconds = 10.0") as one:
        found = await one.classifier.GetProvider(pb.GetProviderRequest(), timeout=2)
        answer = await one.classify([invoice], allowance=None)
    assert found.state == pb.PROVIDER_STATE_UNKNOWN
    assert list(answer.engine) == [pb.ENGINE_LEARNED]  # it suggests by the list


async def test_a_certificate_of_a_stranger_is_refused(desk: Any, part: Any, tmp_path: Path, invoice: Any) -> None:
    """The endpoint is the one whose authority was named: nothing is sent to another."""
    from chassis.authority import LocalAuthority

    stranger = LocalAuthority.open(tmp_path / "stranger").issue("provider.example", ["127.0.0.1"])
    server = part("scripted_server").ScriptedServer(part("scripts").first_folder)
    await server.start(stranger.certificate, stranger.key)
    files = desk.issue("provider.example")
    desk.provider = (
        f'[provider]\nbase_url = "{server.url}"\nmodel = "small"\nauthority = "{files.authority}"\n'
        "prompt_price = 1.0\nanswer_price = 1.0\n"
    )
    async with desk.open() as classifier:
        request = desk.sentinel.classify([invoice])
        request.allowance.CopyFrom(pb.Amount(tokens=10**6, nanos=10**12))
        answer = await classifier.Classify(request, timeout=20)
    await server.stop()
    assert list(answer.engine) == [pb.ENGINE_LEARNED]  # it suggests by the list
    assert server.asked == []


@pytest.mark.parametrize(
    "line",
    [
        'base_url = "http://api.example/v1"',
        'base_url = "http://localhost.example/v1"',
        'base_url = "http://10.0.0.1/v1"',
        'base_url = "https://user:word@api.example/v1"',
        'base_url = "https://api.example/v1?key=1"',
        'base_url = "ftp://api.example"',
        'base_url = "https:///v1"',
        'model = "a model"',
        "threshold = 0.0",
        "threshold = 1.5",
        "tokens_a_day = 0",
        "money_a_day = 0.0",
        "call_seconds = 60.0",
        "concurrency = 0",
        "prompt_price = -1.0",
        "verify = false",
    ],
)
def test_a_provider_that_is_not_safe_to_ask_is_refused(desk: Any, line: str) -> None:
    """No clear text over a network, no secret in an address, no cap that is none, nothing that turns a check off."""
    lines = {
        "base_url": 'base_url = "https://api.example/v1"',
        "model": 'model = "m"',
        "prompt_price": "prompt_price = 0.1",
        "answer_price": "answer_price = 0.1",
    }
    desk.provider = "[provider]\n" + "\n".join(({**lines, line.split(" = ", maxsplit=1)[0]: line}).values()) + "\n"
    with pytest.raises(StartRefused):
        load(Settings, desk.settings())


def test_prices_are_whole_billionths_and_never_less_than_set(desk: Any) -> None:
    """Rounded up: what is booked is never less than what is paid."""
    lines = "prompt_price = 0.0151\nanswer_price = 0.6\nmoney_a_day = 0.25"
    desk.provider = f'[provider]\nbase_url = "http://127.0.0.1:1/v1"\nmodel = "m"\n{lines}\n'
    settings = load(Settings, desk.settings())
    assert settings.provider is not None
    found = terms(settings.provider)
    assert (found.prices.prompt, found.prices.answer, found.daily.nanos) == (16, 600, 250_000_000)


@pytest.mark.parametrize("script", ["first_folder", "echo", "error that echoes", "429", "reset", "HTML", "10 MB"])
async def test_nothing_of_a_prompt_or_an_answer_is_logged_or_counted(
    office: Any, part: Any, script: str, key_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real process, the SDK's own logging turned up: no text, no id, no key in stderr or metrics."""
    monkeypatch.setenv("OPENAI_LOG", "debug")
    message = MessageText(CANARIES[0], CANARIES[1], f"{CANARIES[2]}@shop.test")
    folders = [FolderText("fol_a", CANARIES[3], CANARIES[4]), FolderText("fol_b", "Plain")]
    async with office(part("scripts").SCRIPTS[script], "call_seconds = 2.0") as one:
        written, metrics = await _of_a_process(one, [message], folders)
        if script == "first_folder":
            assert CANARIES[0] in one.asked[0].user
    for text in (written, metrics):
        assert "provider" in text
        assert [one for one in (*CANARIES, key_text, "File this message") if one in text] == []


def _listening(path: Path, port: int, metrics: int) -> Path:
    text = path.read_text().replace("127.0.0.1:0", f"127.0.0.1:{port}")
    path.write_text(text + f"[metrics]\nport = {metrics}\n")
    return path


async def _of_a_process(one: Any, messages: Any, folders: Any) -> tuple[str, str]:
    """(stderr, metrics) of a classifier process that asked about these."""
    from chassis.channel import open_channel
    from cli.house import free_port
    from mail_organiser.classifier.v1.classifier_pb2_grpc import ClassifierServiceStub

    port, metrics = free_port(), free_port()
    path = _listening(one.desk.settings(), port, metrics)
    program = Path(sys.executable).with_name("classifier")
    process = await asyncio.create_subprocess_exec(program, "serve", "--settings", path, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    lines = [await process.stderr.readline()]
    while b"server.started" not in lines[-1]:
        lines.append(await process.stderr.readline())
    gateway = one.desk.issue("gateway.mail-organiser.internal")
    channel = open_channel(f"127.0.0.1:{port}", gateway, "classifier.mail-organiser.internal")
    async with channel:
        examples = [(MessageText(CANARIES[5], "n", "a@b.test"), 0)]
        request = one.request(messages, folders=folders, examples=examples)
        await ClassifierServiceStub(channel).Classify(request, timeout=20)
    prometheus = one.desk.issue("prometheus.mail-organiser.internal")
    trust = ssl.create_default_context(cafile=str(prometheus.authority))
    trust.load_cert_chain(prometheus.certificate, prometheus.key)
    async with httpx.AsyncClient(verify=trust, trust_env=False) as http:
        page = (await http.get(f"https://127.0.0.1:{metrics}/metrics")).text
    os.kill(process.pid, signal.SIGTERM)
    _, rest = await process.communicate()
    return (b"".join(lines) + rest).decode(), page
