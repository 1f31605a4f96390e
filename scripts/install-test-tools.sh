#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: a PostgreSQL server, Chromium, and a font with
# Japanese in it (without one every screenshot is boxes and every text width is wrong).
# Debian and Ubuntu only; elsewhere it names what is missing and stops.
set -euo pipefail

missing=()

has_postgres() {
  command -v initdb >/dev/null 2>&1 && return 0
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null
}
has_chromium() {
  [ -n "${KAIRAN_CHROMIUM:-}" ] && [ -x "$KAIRAN_CHROMIUM" ] && return 0
  command -v chromium >/dev/null 2>&1
}
has_japanese_font() {
  command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list ':lang=ja' family 2>/dev/null | head -n 1)" ]
}

has_postgres || missing+=(postgresql)
has_chromium || missing+=(chromium)
has_japanese_font || missing+=(fonts-noto-cjk fontconfig)

if [ ${#missing[@]} -eq 0 ]; then
  exit 0
fi

if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need, and this machine lacks: ${missing[*]} (Debian's names)." >&2
  echo "Install them and run again; KAIRAN_CHROMIUM can name a Chromium that is not on the PATH." >&2
  exit 1
fi

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    echo "Installing ${missing[*]} needs root, and there is no sudo here. As root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
}

echo "Installing for the tests: ${missing[*]}"
as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"
