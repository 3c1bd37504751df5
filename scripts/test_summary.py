#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Says why tests were skipped, then counts results: reads meson's testlog.json."""
import json
import sys

counts = {"passed": 0, "failed": 0, "skipped": 0}
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        result = test["result"]
        if result in ("OK", "EXPECTEDFAIL"):
            counts["passed"] += 1
        elif result == "SKIP":
            counts["skipped"] += 1
            reason = (test.get("stderr", "") + test.get("stdout", "")).strip().splitlines()
            print(f"skipped {test['name']}: {reason[-1] if reason else 'gave no reason'}")
        else:
            counts["failed"] += 1
            print(f"failed {test['name']}: {result}")
print(f"{counts['passed']} passed, {counts['failed']} failed, {counts['skipped']} skipped")
