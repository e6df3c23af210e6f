"""What tests of the gateway share: a migrated database of either kind, and a PKCS#11 module, all real."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, select, text

from chassis.authority import LocalAuthority
from chassis.secret_file import SecretFile
from cli.house import HOST, free_port
from gateway.store import engine as store_engine
from gateway.store import postgresql as postgresql_store
from gateway.store.tables import METADATA
from gateway.vault.hsm_settings import HsmSettings

UNPRIVILEGED = 65534  # nobody: PostgreSQL refuses to run as root
CONNECTIONS = 50  # of one test: as many as are made to ask at the same moment
CONFIGURATION = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
ssl = on
ssl_min_protocol_version = 'TLSv1.3'
ssl_cert_file = 'server.pem'
ssl_key_file = 'server.key'
fsync = off  # a test's cluster need not survive the machine
full_page_writes = off
max_connections = 80
"""


class Cluster:
    """A PostgreSQL of its own: loopback, TLS alone, a password. Its databases are copies of a migrated one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._user = UNPRIVILEGED if os.getuid() == 0 else None
        self._password = secrets.token_urlsafe(16)
        self._port = free_port()
        self._tls = LocalAuthority.open(folder / "tls").issue("postgres", [HOST])
        self._over: list[str] = []

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
        self._admin = self.engine("postgres").execution_options(isolation_level="AUTOCOMMIT")
        self._order("CREATE DATABASE migrated")
        migrated = self.engine("migrated")
        store_engine.migrate(migrated)
        migrated.dispose()

    def stop(self) -> None:
        """Ends it at once."""
        self._admin.dispose()
        self._run("pg_ctl", "--mode=immediate", "stop")

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """A new migrated database; it goes when the next one comes, for by then its connections are over."""
        while self._over:
            self._order(f"DROP DATABASE {self._over.pop()} WITH (FORCE)")
        name = f"copy_{secrets.token_hex(8)}"
        self._order(f"CREATE DATABASE {name} TEMPLATE migrated")
        engine = self.engine(name)
        try:
            yield engine
        finally:
            engine.dispose()
            self._over.append(name)

    def cut_off(self, name: str) -> None:
        """Lets nobody into a database any more, and ends every connection to it."""
        self._order(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
        self._order(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")  # noqa: S608  # ours

    def engine(self, name: str) -> Engine:
        """An engine on one of the databases; its server's certificate is verified."""
        query = {"sslmode": "verify-full", "sslrootcert": str(self._tls.authority)}
        url = URL.create("postgresql+psycopg", "organiser", self._password, HOST, self._port, name, query)
        return postgresql_store.open(url, connections=CONNECTIONS)

    def _order(self, statement: str) -> None:
        with self._admin.connect() as connection:
            connection.execute(text(statement))

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


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Where the SQLite file and sealed keys lie; the root key does not."""
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def sqlite(migrated_file: Path, data_folder: Path) -> Iterator[Engine]:
    """A migrated SQLite file, for what only a file has."""
    engine = store_engine.open(Path(shutil.copy(migrated_file, data_folder / "organiser.db")))
    yield engine
    engine.dispose()


@pytest.fixture
def postgresql(postgres: Cluster, data_folder: Path) -> Iterator[Engine]:  # noqa: ARG001  # keys lie there
    """A migrated PostgreSQL database, for what only many writers at a time show."""
    with postgres.database() as engine:
        yield engine


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Engine:
    """A migrated database, once as a SQLite file and once in PostgreSQL."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture
def at_rest(data_folder: Path) -> Callable[[Engine], bytes]:
    """Every value in every table, and every byte of a file that the database has here."""

    def read(engine: Engine) -> bytes:
        with engine.begin() as connection:
            rows = [row for table in METADATA.sorted_tables for row in connection.execute(select(table))]
        values = [one if isinstance(one, bytes) else str(one).encode() for row in rows for one in row]
        return b"\n".join([*values, *(file.read_bytes() for file in data_folder.glob("organiser.db*"))])

    return read


@pytest.fixture
def cut_off(request: pytest.FixtureRequest) -> Callable[[Engine, str], None]:
    """Makes a table of a database one that does not answer; in PostgreSQL every table."""

    def cut(engine: Engine, table: str) -> None:
        if engine.dialect.name == "postgresql":
            request.getfixturevalue("postgres").cut_off(engine.url.database)
            return
        with engine.begin() as connection:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO gone"))

    return cut


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
