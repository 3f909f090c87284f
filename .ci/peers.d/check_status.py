"""Compares the answer of `postrider --json status ISSUE` with what it should be.

    check_status.py FILE name=number...
"""

import json
import sys

status = json.load(open(sys.argv[1], encoding="utf-8"))
wrong = []
for expectation in sys.argv[2:]:
    name, value = expectation.split("=")
    if status.get(name) != int(value):
        wrong.append(f"{name} is {status.get(name)!r}, not {value}")
if wrong:
    sys.exit("error: " + "; ".join(wrong) + f"\n{json.dumps(status, indent=2)}")
