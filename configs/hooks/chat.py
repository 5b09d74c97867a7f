#!/usr/bin/env python3
"""A hook that says in a chat what batcher is doing.

CHAT_WEBHOOK is the address of an incoming webhook that takes {"text": …}, as those of Slack,
Mattermost and Google Chat do.
"""

import json
import os
import sys
import urllib.request

event = json.load(sys.stdin)
data = event["data"]
counts = data["counts"]
done = counts["total"] - counts["not_started"]
lines = [
    f"batcher {event['type'].rpartition('.')[2]}: {event['subject']}, {done} of {counts['total']}"
    f" done, {counts['failed'] + counts['in_doubt']} failed or in doubt"
]
lines += [f"{each['name']}: {each['account']}, {each['region']}" for each in data["targets"]]
if data["reason"]:
    lines.append(f"why: {data['reason']}")
if "failure" in data:
    failure = data["failure"]
    lines.append(f"{failure['domain']}/{failure['trigger']}: {failure['code']}")
if data.get("stopped"):
    lines.append(f"stopped: {data['stopped']}")
message = urllib.request.Request(
    os.environ["CHAT_WEBHOOK"],
    json.dumps({"text": "\n".join(lines)}).encode(),
    {"Content-Type": "application/json"},
)
urllib.request.urlopen(message, timeout=5).close()
