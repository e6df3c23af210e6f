"""What tests of the gateway share: a migrated database of either kind, and a PKCS#11 module, all real."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, text

from chassis.authority import LocalAuthority
from chassis.secret_file import SecretFile
from cli.house import HOST, free_port
from gateway.store import engine as store_engine
from gateway.vault.hsm_settings import HsmSettings

UNPRIVILEGED = 65534  # nobody: PostgreSQL refuses to run as root
CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_min_protocol_version = 'TLSv1.3'
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
fsync = off  # a test's cluster need not survive the machine
max_connections = 50
"""


class Cluster:
    """A PostgreSQL of its own: loopback, TLS alone, a password. Its databases are copies of a migrated one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = UNPRIVILEGED if os.getuid() == 0 else None
        self._password = secrets.token_urlsafe(16)
        self._port = free_port()
        self._tls = LocalAuthority.open(folder / "tls").issue("postgres", [HOST])
        self._engines: list[Engine] = []

    def start(self) -> None:
        """Makes the cluster and starts it; a second and a half."""
        words = self._folder / "password"
        words.write_text(self._password)
        self._own(self._folder, words)
        self._run("initdb", "--auth=scram-sha-256", "--username=organiser", f"--pwfile={words}", "--no-sync")
        for name, path in (("server.pem", self._tls.certificate), ("server.key", self._tls.key)):
            copy = self._data / name
            copy.write_bytes(path.read_bytes())
            copy.chmod(0o600)
            self._own(copy)
        self._data.joinpath("pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n")
        with self._data.joinpath("postgresql.conf").open("a") as file:
            file.write(CONFIGURATION.format(port=self._port))
        self._run("pg_ctl", "--wait", "--log=" + str(self._data / "log"), "start")
        template = self.engine("postgres", kept=False)
        with template.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE DATABASE migrated"))
        template.dispose()
        migrated = self.engine("migrated", kept=False)
        store_engine.migrate(migrated)
        migrated.dispose()

    def stop(self) -> None:
        """Ends it at once."""
        for engine in self._engines:
            engine.dispose()
        self._run("pg_ctl", "--mode=immediate", "stop")

    def database(self) -> Engine:
        """A new migrated database."""
        name = f"copy_{secrets.token_hex(8)}"
        admin = self.engine("postgres", kept=False)
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE migrated"))
        admin.dispose()
        return self.engine(name)

    def engine(self, name: str, *, kept: bool = True) -> Engine:
        """An engine on one of the databases; its server's certificate is verified."""
        query = {"sslmode": "verify-full", "sslrootcert": str(self._tls.authority)}
        url = URL.create("postgresql+psycopg", "organiser", self._password, HOST, self._port, name, query)
        engine = create_engine(url, hide_parameters=True, pool_size=20)
        if kept:
            self._engines.append(engine)
        return engine

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _own(self, *paths: Path) -> None:
        for path in paths if self._user is not None else ():
            os.chown(path, UNPRIVILEGED, UNPRIVILEGED)

    def _run(self, program: str, *arguments: str) -> None:
        command = [_program(program), "-D", str(self._data), *arguments]
        subprocess.run(
            command, check=True, cwd=self._folder, user=self._user, group=self._user, stdout=subprocess.DEVNULL
        )


def _program(name: str) -> str:
    """Debian keeps them out of PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """One cluster for the session. In a folder of its own: nobody may not pass through pytest's."""
    folder = Path(tempfile.mkdtemp(prefix="postgres-"))
    cluster = Cluster(folder)
    cluster.start()
    yield cluster
    cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("migrated") / "organiser.db"
    engine = store_engine.open(path)
    store_engine.migrate(engine)
    store_engine.scrub(engine)
    engine.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A migrated database, once as a SQLite file and once in PostgreSQL."""
    if request.param == "postgresql":
        engine = request.getfixturevalue("postgres").database()
    else:
        (tmp_path / "data").mkdir()
        shutil.copy(request.getfixturevalue("migrated_file"), tmp_path / "data" / "organiser.db")
        engine = store_engine.open(tmp_path / "data" / "organiser.db")
    yield engine
    engine.dispose()


@pytest.fixture
def break_log() -> Callable[[Engine], None]:
    """Makes every further event impossible to write, as a full disk does, and leaves the rest of the database alone."""

    def refuse(engine: Engine) -> None:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                body = "BEGIN SELECT RAISE(ABORT, 'no room'); END"
                connection.execute(text(f"CREATE TRIGGER full_disk BEFORE INSERT ON audit_event {body}"))
                return
            body = "$$BEGIN RAISE EXCEPTION 'no room'; END$$"
            connection.execute(text(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS {body}"))
            connection.execute(
                text("CREATE TRIGGER full_disk BEFORE INSERT ON audit_event EXECUTE FUNCTION full_disk()")
            )

    return refuse


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HsmSettings]:
    """A token of our own. The library reads its configuration once in a process, hence one for the session."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    pin = folder / "pin"
    pin.write_text("4711081547\n")
    pin.chmod(0o600)
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(configuration)
    label = ["--label", "mail", "--so-pin", "12345678", "--pin", "4711081547"]
    subprocess.run(["softhsm2-util", "--init-token", "--free", *label], check=True, capture_output=True)
    yield HsmSettings(module=Path("/usr/lib/softhsm/libsofthsm2.so"), token="mail", pin=SecretFile(pin))
    os.environ.pop("SOFTHSM2_CONF") if before is None else os.environ.update({"SOFTHSM2_CONF": before})


@pytest.fixture
def module_settings(softhsm: HsmSettings) -> Callable[[], HsmSettings]:
    """Settings of a key in that module that no other test has."""
    return lambda: softhsm.model_copy(update={"key": f"root-{secrets.token_hex(4)}"})
