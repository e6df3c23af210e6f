"""The shape of the package is its first guarantee: one module knows HTTP, and no method takes a verb or an address."""

import ast
import inspect
import typing
from pathlib import Path

import gateway.graph
from gateway.graph import transport
from gateway.graph.batch import MoveBatch, ReadBatch
from gateway.graph.folder_maker import FolderMaker
from gateway.graph.link import FolderLink, PageLink, SentLink
from gateway.graph.mover import Mover
from gateway.graph.new_folder import NewFolder
from gateway.graph.reader import Reader
from gateway.graph.transport import Transport

FOLDER = Path(str(gateway.graph.__file__)).parent
MODULES = {path.name: ast.parse(path.read_text()) for path in FOLDER.glob("*.py")}
HTTP = {
    "aiohttp",
    "asyncio.streams",
    "grpc",
    "h11",
    "http.client",
    "httpcore",
    "httpx",
    "niquests",
    "requests",
    "socket",
    "urllib3",
}


def imported(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def test_only_transport_knows_http() -> None:
    """No other module of the package can open a connection."""
    assert {name for name, tree in MODULES.items() if imported(tree) & {*HTTP, "urllib.request"}} == {"transport.py"}


def test_only_reader_mover_and_maker_know_transport() -> None:
    """Everything else is pure."""
    users = {
        name
        for name, tree in MODULES.items()
        if any(one.startswith("gateway.graph.transport") for one in imported(tree))
    }
    assert users == {"folder_maker.py", "mover.py", "reader.py"}


def test_there_is_no_generic_request() -> None:
    """Every public method of Transport takes one proof, a number of seconds, or nothing."""
    allowed = {PageLink, FolderLink, SentLink, ReadBatch, MoveBatch, NewFolder, float}
    methods = {name: method for name, method in inspect.getmembers(Transport, inspect.isfunction) if name[0] != "_"}
    assert set(methods) == {
        *("get_page", "get_folders", "get_sent", "get_me", "get_settings", "pause"),
        *("post_reads", "post_moves", "post_folder"),
    }
    for method in methods.values():
        hints = typing.get_type_hints(method, vars(transport))
        hints.pop("return")
        assert set(hints.values()) <= allowed


def test_what_can_be_done_to_a_mailbox() -> None:
    """Reading metadata, moving, making an empty folder: there is no fourth verb."""
    assert {name for name in vars(Reader) if name[0] != "_"} == {
        "me",
        "folders",
        "first_page",
        "resumed",
        "page",
        "locate",
        "messages",
        "time_zone",
        "written_to",
    }
    assert {name for name in vars(Mover) if name[0] != "_"} == {"move"}
    assert {name for name in vars(FolderMaker) if name[0] != "_"} == {"make"}


def test_verbs_and_paths_are_these() -> None:
    """The only verbs sent are GET, and POST to $batch and to the list of folders; the only action named is move."""
    texts = [node.value for tree in MODULES.values() for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    verbs = {text for text in texts if text in {"GET", "POST", "PATCH", "PUT", "DELETE"}}
    assert verbs == {"GET", "POST"}
    paths = "".join(text for text in texts if isinstance(text, str) and text.startswith("/"))
    assert not [
        word
        for word in ("send", "reply", "forward", "delete", "$value", "copy", "attachments")
        if word in paths.lower()
    ]


def test_nothing_is_logged_or_printed() -> None:
    """No call to a logger's methods or print; transport mentions logging only to silence the library."""
    calls = {
        (name, node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
        for name, tree in MODULES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    words = {"print", "debug", "info", "warning", "error", "exception", "critical", "log"}
    assert {call for call in calls if call[1] in words} == set()
    assert {name for name, tree in MODULES.items() if "logging" in imported(tree)} == {"transport.py"}
