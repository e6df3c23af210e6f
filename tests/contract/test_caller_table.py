"""Who may call what: the callers' tables of all services against the contracts, read from their descriptors."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, MethodDescriptorProto, ServiceDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool

import classifier.main
import sentinel.main
from chassis.callers import Callers

PROTO = Path(__file__).resolve().parents[2] / "proto"
GATEWAY = "gateway.mail-organiser.internal"

# By the package whose methods the service serves.
TABLES: Mapping[str, Mapping[str, frozenset[str]]] = {
    "mail_organiser.sentinel.v1": sentinel.main.CALLERS,
    "mail_organiser.classifier.v1": classifier.main.CALLERS.table,
}


def contracts() -> list[FileDescriptor]:
    """The descriptor of every .proto file there is."""
    files = sorted(path.relative_to(PROTO) for path in PROTO.glob("mail_organiser/**/*.proto"))
    modules = [str(file.with_suffix("")).replace("/", ".") + "_pb2" for file in files]
    return [import_module(module).DESCRIPTOR for module in modules]


def methods(files: Iterable[FileDescriptor]) -> set[tuple[str, str]]:
    """(package, "/package.Service/Method") of every method in the files."""
    services = [(file.package, service) for file in files for service in file.services_by_name.values()]
    return {
        (package, f"/{service.full_name}/{method.name}") for package, service in services for method in service.methods
    }


def rows(tables: Mapping[str, Mapping[str, frozenset[str]]]) -> list[tuple[str, str]]:
    """The same pairs, as the tables have them."""
    return [(package, method) for package, table in tables.items() for method in table]


def agree(files: Iterable[FileDescriptor], tables: Mapping[str, Mapping[str, frozenset[str]]]) -> bool:
    """Whether each method is in the table of the service that serves it, and nothing else is in any table."""
    listed = rows(tables)
    return len(listed) == len(set(listed)) and set(listed) == methods(files)


def test_every_method_is_in_exactly_one_table() -> None:
    """A method without a row can't be called by anyone; a row without a method is a leftover that opens a later one."""
    assert agree(contracts(), TABLES)
    assert {method for _, method in methods(contracts())} == {
        "/mail_organiser.sentinel.v1.SentinelService/Inspect",
        "/mail_organiser.classifier.v1.ClassifierService/Classify",
        "/mail_organiser.classifier.v1.ClassifierService/Learn",
        "/mail_organiser.classifier.v1.ClassifierService/Forget",
        "/mail_organiser.classifier.v1.ClassifierService/GetProvider",
    }


def test_only_the_gateway_is_in_the_tables() -> None:
    """DESIGN: nobody else calls sentinel or classifier. A second caller is a decision, to be written down here."""
    assert {name for table in TABLES.values() for names in table.values() for name in names} == {GATEWAY}


@pytest.mark.parametrize("package", sorted(TABLES))
def test_a_table_is_one_that_a_server_takes(package: str) -> None:
    """The gateway gets in, a stranger does not, and a method that isn't listed has no callers."""
    callers = Callers(TABLES[package])
    assert all(callers.allow(method, {GATEWAY}) for method in TABLES[package])
    assert not any(callers.allow(method, {"stranger.mail-organiser.internal"}) for method in TABLES[package])
    assert not callers.allow(f"/{package}.Later/Added", {GATEWAY})


def test_a_method_that_is_added_without_a_row_is_noticed() -> None:
    """A contract with one more method, in a package of ours, does not agree with the tables."""
    added = ServiceDescriptorProto(name="LaterService")
    added.method.append(MethodDescriptorProto(name="Release", input_type=".later.Empty", output_type=".later.Empty"))
    file = FileDescriptorProto(name="later.proto", package="later", service=[added])
    file.message_type.add(name="Empty")
    pool = DescriptorPool()
    pool.Add(file)
    assert not agree([*contracts(), pool.FindFileByName("later.proto")], TABLES)


def test_a_row_without_a_method_is_noticed() -> None:
    """A name that was misspelt, or a method that is gone."""
    table = {"/mail_organiser.sentinel.v1.SentinelService/Release": frozenset({GATEWAY})}
    assert not agree(contracts(), {**TABLES, "later": table})
