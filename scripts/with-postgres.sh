#!/usr/bin/env bash
# Runs a command with a private PostgreSQL of its own:
#
#   scripts/with-postgres.sh cargo test --workspace
#
# The command finds the server in KAIRAN_TEST_POSTGRES (a postgres:// URL whose user may create databases);
# every test makes a fresh database from it. The cluster lives in a temporary directory on a free loopback
# port and is gone when the command ends, whichever way it ends. A KAIRAN_TEST_POSTGRES that is already
# set is used as it is.
set -euo pipefail

if [ $# -eq 0 ]; then
  echo "usage: $0 COMMAND [ARGUMENT…]" >&2
  exit 2
fi
if [ -n "${KAIRAN_TEST_POSTGRES:-}" ]; then
  exec "$@"
fi

# Debian keeps the server's programs off the PATH, one directory for each version: the newest.
bin=$(compgen -G '/usr/lib/postgresql/*/bin' | sort -V | tail -n 1 || true)
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
  initdb=$(command -v initdb || true)
  if [ -z "$initdb" ]; then
    echo "There is no PostgreSQL server here. scripts/install-test-tools.sh installs one." >&2
    exit 1
  fi
  bin=$(dirname "$(readlink -f "$initdb")")
fi

# PostgreSQL refuses to run as root.
as_server() { "$@"; }
owner=$(id -un)
if [ "$(id -u)" -eq 0 ]; then
  owner=nobody
  if id postgres >/dev/null 2>&1; then owner=postgres; fi
  if command -v runuser >/dev/null 2>&1; then
    as_server() { runuser -u "$owner" -- "$@"; }
  else
    as_server() { su -s /bin/sh "$owner" -c "$(printf '%q ' "$@")"; }
  fi
fi

home=$(mktemp -d "${TMPDIR:-/tmp}/kairan-postgres.XXXXXX")
chmod 711 "$home"
mkdir "$home/run" "$home/data"
password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
printf '%s\n' "$password" > "$home/password"
chown -R "$owner" "$home/run" "$home/data" "$home/password"
chmod 700 "$home/run" "$home/data"
chmod 600 "$home/password"

finish() {
  status=$?
  trap - EXIT INT TERM
  (cd / && as_server "$bin/pg_ctl" -D "$home/data" -m immediate -w stop >/dev/null 2>&1) || true
  rm -rf "$home"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

(cd / && as_server "$bin/initdb" -D "$home/data" --username=kairan --pwfile="$home/password" \
  --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$home/initdb.log" 2>&1) || {
  cat "$home/initdb.log" >&2
  exit 1
}

# Nothing here has to survive a power cut, so nothing waits for the disk; the tests of durability kill
# the product, not this server. Every test opens its own pool, hence the number of connections.
cat >> "$home/data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$home/run'
max_connections = 400
shared_buffers = 128MB
fsync = off
full_page_writes = off
synchronous_commit = on
autovacuum = off
log_min_messages = warning
CONF

free_port() {
  node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); });'
}

# Between asking for a free port and taking it another program may have been quicker: then the next.
started=
for _ in 1 2 3 4 5; do
  port=$(free_port)
  if (cd / && as_server "$bin/pg_ctl" -D "$home/data" -w -t 60 -l "$home/run/server.log" -o "-p $port" start >/dev/null 2>&1); then
    started=yes
    break
  fi
done
if [ -z "$started" ]; then
  echo "PostgreSQL did not start:" >&2
  cat "$home/run/server.log" >&2
  exit 1
fi

export KAIRAN_TEST_POSTGRES="postgres://kairan:$password@127.0.0.1:$port/postgres"
"$@"
