"""Writes the attacks of tests/corpus/steering.jsonl again: python tests/provider > tests/corpus/steering.jsonl."""

import json
import sys
from dataclasses import asdict

from steering import attacks

for one in attacks():
    sys.stdout.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
