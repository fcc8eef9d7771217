#!/bin/bash
# POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB as the official image takes them; a new data folder is initialised first.
set -e
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ "$1" = postgres ] && [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA"
  chown -R postgres: "$PGDATA"
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
if [ "$1" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  initdb --username="$user" --pwfile=<(echo "$POSTGRES_PASSWORD") --auth=scram-sha-256 --auth-local=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w -o "-c listen_addresses=''" start
  [ "$database" = postgres ] || createdb --username="$user" "$database"
  pg_ctl -w -m fast stop
fi
exec "$@" -c 'listen_addresses=*'
