#!/usr/bin/env bash
# Drives the emulator with the SDK for JavaScript and the AWS CLI. Installs both below this folder,
# in ignored folders.
# PYTHON names the interpreter that has batcher's dependencies and pytest (default: python3).
set -euo pipefail
cd "$(dirname "$0")"
python="${PYTHON:-python3}"

npm ci --no-progress --silent
if ! .venv/bin/aws --version >/dev/null 2>&1; then
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check awscli
fi

cd ../..
PYTHONPATH="$PWD" exec "$python" -m pytest tests/conformance/test_other_clients.py "$@"
