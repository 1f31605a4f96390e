#!/usr/bin/env bash
# Installs what the tests need and this machine lacks: a PostgreSQL server, Chromium, fonts with Japanese and
# emoji in them (without them every screenshot is boxes and every text width is wrong), and the virus scanner
# clamd. The tests start servers of their own; nothing is left running by this.
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

has_emoji_font() {
  command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list 'Noto Color Emoji' family 2>/dev/null | head -n 1)" ]
}
has_clamd() {
  [ -x /usr/sbin/clamd ]
}

has_postgres || missing+=(postgresql)
has_chromium || missing+=(chromium)
has_japanese_font || missing+=(fonts-noto-cjk fontconfig)
has_emoji_font || missing+=(fonts-noto-color-emoji)
has_clamd || missing+=(clamav-daemon)

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

# clamd holds its signatures in more than a gigabyte of memory, and freshclam fetches them: the tests need neither.
case " ${missing[*]} " in
  *' clamav-daemon '*)
    if [ -d /run/systemd/system ]; then
      as_root systemctl disable --now clamav-daemon.service clamav-daemon.socket clamav-freshclam.service
    fi
    ;;
esac
