#!/usr/bin/env bash
# Builds the web client into web/build, when anything in web/ changed since it was last built.
# The binary carries what is there inside, so whoever builds the binary calls this first.
set -euo pipefail
cd "$(dirname "$0")/../web"

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund
  touch node_modules/.package-lock.json
fi

changed() {
  [ -e build/index.html ] || return 0
  # What building itself writes is no reason to build.
  [ -n "$(find . \( -path ./node_modules -o -path ./build -o -path ./.svelte-kit -o -path ./src/lib/paraglide \
    -o -path ./project.inlang/cache \) -prune -o -newer build/index.html -print -quit)" ]
}

if changed; then
  npm run build
  touch build/index.html
fi
