"""The inventory of keys: whole, dated as the keys are, and without a key or a person in it."""

import ast
import base64
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

import classifier.settings
import gateway.settings
import sentinel.settings
from chassis import settings
from chassis.authority import LocalAuthority
from chassis.errors import StartRefused
from chassis.secret_file import SecretFile
from cli import doctor
from cli.checks import keys
from cli.checks.found import State as Check
from cli.house import House, Ports
from cli.inventory import held, inventory, named
from cli.inventory.listed import DERIVED, KEYS, SECRETS
from cli.inventory.row import Row, State
from cli.place import Place
from gateway.identity.key_rotation import ANNOUNCE_MS, FORMER_MS
from gateway.settings import GatewaySettings
from gateway.store import clock, people
from gateway.store import engine as store
from gateway.vault.keyring import Keyring, Purpose
from gateway.vault.root import FileRoot
from gateway.vault.vault import KEK_LIFE, KEK_USE, USE_LIMIT, Vault

ROOT = Path(__file__).parents[2]
SOURCES = ("proto", "chassis", "sentinel", "classifier", "gateway", "cli")
MODELS = {
    "gateway": gateway.settings.GatewaySettings,
    "sentinel": sentinel.settings.SentinelSettings,
    "classifier": classifier.settings.Settings,
}

# Every module that works with a key, and the rows that say so. Sandbox and tests have no part in an installation.
USERS = {
    "chassis/authority.py": {"certificate", "authority"},
    "chassis/tls.py": {"certificate"},
    "classifier/feature_key.py": {"mo/features/v1", "mo/folders/v1", "mo/profile/v1"},
    "classifier/replay.py": {"sentinel.signing_key"},  # one of its own, for a replay, kept nowhere
    "classifier/settings.py": {"pinned"},
    "cli/application_certificate.py": {"gateway.microsoft.private_key_file"},
    "cli/house.py": {"sentinel.signing_key"},
    "cli/inventory/named.py": {"certificate", "authority"},
    "cli/proof.py": set(),  # the key of one session of a command, in its memory alone
    "gateway/api/cursor.py": {"cursor"},
    "gateway/audit/attestation.py": {"attestation"},
    "gateway/audit/chain.py": {"audit"},
    "gateway/audit/trail.py": {"networks"},
    "gateway/edge/address.py": {"rate_limit"},
    "gateway/edge/origin.py": {"networks"},
    "gateway/edge/rate_limit.py": {"rate_limit"},
    "gateway/identity/flow.py": {"mail-organiser sign-in flow v1"},
    "gateway/identity/dpop.py": set(),  # public keys that browsers show: nobody's here
    "gateway/identity/jwt.py": {"access_token"},
    "gateway/identity/thumbprint.py": set(),  # the same
    "gateway/incidents/register.py": {"incidents"},
    "gateway/vault/envelope.py": {"root", "kek", "person", "chacha20-poly1305", "incident"},
    "gateway/vault/hsm.py": {"root"},
    "gateway/vault/keyring.py": {"access_token"},
    "gateway/vault/vault.py": {"blind_index", "features", "senders", "marks", "pseudonyms"},
    "mail_organiser/clearance.py": {"sentinel.signing_key", "pinned"},
    "sentinel/signing.py": {"sentinel.signing_key"},
}
KEYED = {
    *(
        "AESGCM",
        "AESGCMSIV",
        "ChaCha20Poly1305",
        "HKDF",
        "HKDFExpand",
        "Ed25519PrivateKey",
        "Ed25519PublicKey",
        "pkcs11",
    ),
    *(
        "EllipticCurvePrivateKey",
        "EllipticCurvePublicKey",
        "generate_private_key",
        "siphash24",
        "blake2b",
        "hmac.digest",
    ),
}

# Files that settings name and that are no key and no certificate.
NO_KEYS = {
    *("gateway.database", "gateway.keys", "gateway.plans", "gateway.root_hsm.module", "gateway.former_root_hsm.module"),
    "gateway.sub_processors",
    "classifier.signing_keys",  # public halves, with rows of their own
}
ROOTS = {"gateway.root_key", "gateway.former_root_key"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for member in SOURCES:
        base = ROOT / member / "src"
        for path in sorted(base.rglob("*.py")):
            if not path.name.endswith("_pb2.py"):
                yield str(path.relative_to(base)), ast.parse(path.read_text(encoding="utf-8"))


def used(tree: ast.Module) -> set[str]:
    """Names of primitives that a module takes a key for."""
    found = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    return {name for name in found if name in KEYED or name.rpartition(".")[2] in KEYED - {"pkcs11"}}


def labels(tree: ast.Module) -> set[str]:
    """What goes into a derivation: every bytes literal of a module with HKDF, and what hmac.digest is given as one."""
    derives = {"HKDF", "HKDFExpand"} & used(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "hmac.digest"]
    looked_at = ast.walk(tree) if derives else iter([part for call in calls for part in call.args])
    literal = (node.value for node in looked_at if isinstance(node, ast.Constant) and isinstance(node.value, bytes))
    return {value.decode() for value in literal if len(value) > 1}


def test_every_module_that_works_with_a_key_has_its_rows() -> None:
    """Who takes up a primitive says here which key that is, and the key is in the inventory."""
    assert {path for path, tree in modules() if used(tree)} == set(USERS)
    assert {row for rows in USERS.values() for row in rows} <= {*KEYS, *DERIVED, *SECRETS}
    assert {str(one) for one in Purpose} <= set(KEYS)


def test_every_label_of_a_derivation_has_a_row() -> None:
    """A key that is derived is named by what it is derived with, and tells from what."""
    assert {label for _, tree in modules() for label in labels(tree)} == set(DERIVED)
    known = {*KEYS, *DERIVED, "a browser's cookie", "its key"}
    assert {name: what.source for name, what in DERIVED.items() if what.source not in known} == {}


def fields(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, set[type]]]:
    """Every setting, in dots, and the types that its value may have."""
    for name, field in model.model_fields.items():
        union = (
            get_args(field.annotation) if get_origin(field.annotation) in {Union, UnionType} else (field.annotation,)
        )
        kinds = {get_args(kind)[0] if get_origin(kind) is Annotated else kind for kind in union}
        yield f"{prefix}.{name}", kinds
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, BaseModel) and kind is not settings.Tls:
                yield from fields(kind, f"{prefix}.{name}")


def test_every_file_that_settings_name_is_known_for_what_it_is() -> None:
    """A secret, a certificate, a root, or none of these: who adds one decides."""
    found = dict(pair for service, model in MODELS.items() for pair in fields(model, service))
    assert {setting for setting, kinds in found.items() if SecretFile in kinds} == set(SECRETS)
    files = {setting for setting, kinds in found.items() if Path in kinds}
    certificates = {one for one in files if one.rpartition(".")[2] in named.BUNDLES or one.endswith(named.LEAF_FILE)}
    assert files == certificates | ROOTS | NO_KEYS


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """An installation of which nothing runs, as `up` makes it: four settings files, keys, one person."""
    place = Place.make(tmp_path / "house")
    house = House(place, Ports.choose(0), "sample")
    house.renew()
    house.engines()
    house.mailbox()
    return place


@pytest.fixture
def made(place: Place) -> tuple[GatewaySettings, Keyring]:
    """Its settings and keys; a person has a key, used three times."""
    configured = settings.load(GatewaySettings, place.path("settings", "gateway.toml"))
    assert configured.root_key is not None
    root = FileRoot(configured.root_key, data_folder=configured.database.parent)
    keyring = Keyring.create(root, configured.keys, now=clock.now())
    engine = store.open(configured.database)
    store.migrate(engine)
    with engine.begin() as connection:
        person = people.create(connection, bytes(32), now=1).id
        Vault(keyring, "local").create_key(connection, person)
        connection.exec_driver_sql("UPDATE person_key SET uses = 3")
    engine.dispose()
    return configured, keyring


def take(place: Place, now: datetime | None = None) -> list[Row]:
    return inventory.taken(place.path("settings", "gateway.toml"), now or datetime.now(UTC))


def row(rows: list[Row], name: str) -> Row:
    return next(one for one in rows if one.name == name)


@pytest.mark.usefixtures("made")
def test_every_key_and_certificate_of_an_installation_is_there(place: Place) -> None:
    """Root, keys, what is derived, what people and programs have, secrets, leaves and authorities of all services."""
    leaves = {"gateway.edge_tls", "gateway.peer_tls", "sentinel.tls", "classifier.tls"}
    authorities = {"gateway.microsoft.authority_ca_file", "gateway.graph.authority", "authority.key"}
    secrets = {"gateway.microsoft.client_secret_file", "sentinel.signing_key", "classifier.signing_keys.local-1"}
    held_here = {"root", "person", "api_key", *(purpose.value for purpose in Purpose), *DERIVED}
    rows = take(place)
    wanted = held_here | leaves | {f"{leaf}.authority" for leaf in leaves} | authorities | secrets
    assert {one.name for one in rows} == wanted
    assert [one.name for one in rows if one.state(datetime.now(UTC)) is not State.GOOD] == []
    assert row(rows, "gateway.edge_tls").what.algorithm == "ECDSA secp256r1"
    assert (row(rows, "person").count, row(rows, "person").uses, row(rows, "person").limit) == (1, 3, USE_LIMIT)


def test_dates_are_those_of_the_keys(place: Place, made: tuple[GatewaySettings, Keyring]) -> None:
    """Made, due and over, key by key; one that was replaced is due for nothing more."""
    _, keyring = made
    now = clock.now()
    first, second = keyring.newest(Purpose.ACCESS_TOKEN), keyring.rotate(Purpose.ACCESS_TOKEN, now=now + 5)
    kek = keyring.newest(Purpose.KEK)
    found = {one.id: one for one in take(place) if one.id is not None}
    assert milliseconds(found[kek.id].due_at) == kek.created_at + KEK_USE
    assert milliseconds(found[kek.id].ends_at) == kek.created_at + KEK_LIFE
    assert milliseconds(found[second.id].made_at) == second.created_at
    assert (found[first.id].due_at, found[second.id].ends_at) == (None, None)
    assert milliseconds(found[first.id].ends_at) == second.created_at + ANNOUNCE_MS + FORMER_MS


def milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)


@pytest.mark.usefixtures("made")
def test_an_operator_tells_dates_and_a_file_s_time_is_called_so(place: Place) -> None:
    """FILE.dates beside a secret counts; without one it is the time at which the file was changed, and said to be."""
    secret = place.path("secrets", "client-secret")
    name = "gateway.microsoft.client_secret_file"
    before = row(take(place), name)
    assert (before.made_by, before.ends_at) == ("file", None)
    secret.with_name("client-secret.dates").write_text("made_at = 2026-01-01\nends_at = 2026-12-31\n")
    after = row(take(place), name)
    assert (after.made_by, after.made_at) == ("operator", datetime(2026, 1, 1, tzinfo=UTC))
    assert after.state(datetime(2026, 12, 16, tzinfo=UTC)) is State.GOOD
    assert after.state(datetime(2026, 12, 18, tzinfo=UTC)) is State.DUE
    assert after.state(datetime(2026, 12, 31, tzinfo=UTC)) is State.ENDED


@pytest.mark.parametrize("told", ["made_at = 5", "made_at = 2026-01-01\nexpires = 2026-02-02", "made_at", "\udc80"])
@pytest.mark.usefixtures("made")
def test_dates_that_are_not_understood_are_refused(place: Place, told: str) -> None:
    """A date that nobody reads would warn nobody."""
    noted = place.path("secrets", "client-secret.dates")
    noted.write_bytes(told.encode(errors="surrogateescape"))
    with pytest.raises(StartRefused, match="dates"):
        take(place)


def test_a_key_that_was_used_half_as_often_as_it_may_be_is_due(place: Place, made: Any) -> None:
    """The counter of one person's key, told with its limit and without the person."""
    configured, _ = made
    with closing(store.open(configured.database).raw_connection()) as connection:
        connection.cursor().execute(f"UPDATE person_key SET uses = {USE_LIMIT // 2}")  # noqa: S608  # a number of ours
        connection.commit()
    assert row(take(place), "person").state(datetime.now(UTC)) is State.DUE


def test_an_authority_that_overlaps_is_not_due_and_the_last_one_is(place: Place, made: Any) -> None:
    """During a change of authority the old one ends without anybody having to do something."""
    configured, _ = made
    now = datetime.now(UTC)
    two = LocalAuthority.open(place.path("tls", "other"), now=now - timedelta(days=680)).bundle.read_bytes()
    bundle = configured.edge_tls.authority
    bundle.write_bytes(bundle.read_bytes() + two)
    rows = [one for one in take(place) if one.name == "gateway.edge_tls.authority"]
    assert [one.state(now) for one in rows] == [State.GOOD, State.GOOD]
    late = now + timedelta(days=700)
    rows = [one for one in take(place, late) if one.name == "gateway.edge_tls.authority"]
    assert [one.state(late) for one in rows] == [State.DUE]


def test_a_root_in_a_module_is_told_as_such(made: tuple[GatewaySettings, Keyring]) -> None:
    """Where it lies; when it was made, the module does not tell."""
    configured, _ = made
    in_module = configured.model_copy(update={"root_key": None, "former_root_key": configured.root_key})
    new, former = held.roots(in_module)
    assert (new.where, new.made_at) == ("PKCS#11 module (gateway.root_hsm)", None)
    assert (former.name, former.where) == ("former root", "file (gateway.former_root_key)")


def test_the_command_shows_all_and_no_key_and_nobody(command: Any, sample_house: Any) -> None:
    """Beside a running house, in both forms: no byte of a secret, no id of a person or a mailbox."""
    file = sample_house.place.path("settings", "gateway.toml")
    secrets = [path.read_bytes() for path in sample_house.place.path("secrets", "").iterdir() if path.is_file()]
    shown = [command.ran("admin", "keys", "--settings", str(file), "--format", form) for form in ("table", "json")]
    assert [one.returncode for one in shown] == [0, 0], shown[0].stderr
    names = {one["name"] for one in json.loads(shown[1].stdout)["keys"]}
    assert {"root", "kek", "person", "sentinel.tls", "features"} <= names
    for text in (one.stdout for one in shown):
        assert not [word for word in ("per_", "mbx_", "@", sample_house.token) if word in text]
        forms = [form(secret) for secret in secrets for form in (bytes.hex, b64, plain)]
        assert [form for form in forms if form and form in text] == []


def b64(secret: bytes) -> str:
    return base64.b64encode(secret).decode()


def plain(secret: bytes) -> str:
    return secret.decode("latin-1").strip()


@pytest.mark.usefixtures("made")
def test_doctor_warns_of_what_is_due_and_fails_for_what_is_over(place: Place) -> None:
    """In a month the KEK is over; what is only due warns; a house as it was made has one good line."""
    now = datetime.now(UTC)
    assert [one.state for one in keys.dates(lambda: take(place), now)] == [Check.OK]
    later = now + timedelta(days=31)
    found = {one.told.partition(" ")[0]: one.state for one in keys.dates(lambda: take(place, later), later)}
    assert (found["kek"], found["access_token"], found["sentinel.tls"]) == (Check.FAIL, Check.WARN, Check.FAIL)
    assert "cursor" not in found


@pytest.mark.usefixtures("made")
def test_doctor_says_when_it_can_not_look(place: Place) -> None:
    """A keyring that does not open is told once, by the check of the keyring."""
    place.path("secrets", "root.key").write_bytes(bytes(32))
    found = list(doctor._settings(place.path("settings", "gateway.toml"), place.root))
    assert [one.state for one in found if one.name == keys.DATES] == [Check.UNKNOWN]
    assert [one.name for one in found if one.failed and "key" in one.name.lower()] == ["Keys"]
