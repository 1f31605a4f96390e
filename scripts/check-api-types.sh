#!/usr/bin/env bash
# Fails when web/src/lib/api/schema.d.ts is not what the API document says; `npm run --prefix web api` writes it anew.
# The document itself is compared with the routes by `cargo test -p kairan --test api document`.
set -euo pipefail
cd "$(dirname "$0")/../web"

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
node_modules/.bin/openapi-typescript ../docs/api/openapi.json --default-non-nullable false -o "$made/schema.d.ts" >"$made/log" 2>&1 || {
  cat "$made/log" >&2
  exit 1
}
if ! diff -u src/lib/api/schema.d.ts "$made/schema.d.ts" >"$made/difference"; then
  head -n 40 "$made/difference" >&2
  echo 'web/src/lib/api/schema.d.ts is of another API document: npm run --prefix web api' >&2
  exit 1
fi
