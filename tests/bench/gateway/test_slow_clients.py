"""What slow and idle connections cost the real gateway and another client; the figures are those of the command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).with_name("slow_clients.py")
MEMORY_MIB = 500  # that 2,000 connections, the most that there are, and their answers may add
# Of p99 on open connections. Aimed at is 2; docs/reference/measurements.md has what the command shows. A few hundred
# requests on a machine with neighbours say no more than this.
RATIO = {"one address": 4, "100 addresses": 8}


@pytest.mark.long
@pytest.mark.timeout(900)
def test_another_client_hardly_notices() -> None:
    """60 slow heads, 60 slow bodies, 10,000 idle clients, from one address and from a hundred: others are served."""
    command = [sys.executable, str(BENCH), "--rounds", "3", "--seconds", "8", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=850, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    sys.stderr.write(done.stdout)
    memory = found["memory_mib"]
    assert memory["most"] - memory["before"] < MEMORY_MIB
    for name, most in RATIO.items():
        assert found[name]["failed"] == 0
        assert found[name]["requests"] > 500
        assert found[name]["p99_ratio"] <= most
    assert found["one address"]["descriptors"] < 500  # 256 of the idle, 120 slow ones, the other client's
    assert found["100 addresses"]["descriptors"] < 2_200
