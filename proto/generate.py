"""Writes the typed stubs from the .proto files; `make proto` runs it and CI expects an empty diff."""

from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).parent
OUT = ROOT / "src"


MESSAGES = ("python", "mypy")
SERVICES = ("grpc_python", "mypy_grpc")


def generate(source: str) -> None:
    """Stubs of one file, into the package that is installed; service stubs only where there is a service."""
    package = OUT / Path(source).parent
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package.parent / "__init__.py").touch()
    kinds = MESSAGES + (SERVICES if "\nservice " in (ROOT / source).read_text() else ())
    outputs = [f"--{kind}_out={OUT}" for kind in kinds]
    if protoc.main(["protoc", f"--proto_path={ROOT}", *outputs, source]):
        raise SystemExit(f"protoc refused {source}")


def main() -> None:
    """Every .proto file of the three packages."""
    for path in sorted(ROOT.glob("mail_organiser/**/*.proto")):
        generate(str(path.relative_to(ROOT)))


if __name__ == "__main__":
    main()
