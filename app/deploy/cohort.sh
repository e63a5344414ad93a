#!/bin/sh
# Start a cohort's containers, or bring those that run to this version: `make cohort`.
#     cohort.sh restore FILE    before the first start, bring back what a backup holds
#     cohort.sh worker          on a further machine, which only works
# Work that is going on ends first or goes back to the line; nobody's text is in the way of this.
set -eu
cd "$(dirname "$0")/../.."

fail() { printf '%s\n' "$1" >&2; exit 2; }
docker compose version >/dev/null 2>&1 || fail "Docker with its Compose plugin is needed: https://docs.docker.com/engine/install/"
if [ ! -f .env ]; then
    cp .env.example .env
    fail "There is a file .env now: fill in UNEMBED_DOMAIN, and the same command again."
fi

# The folder is closed to others; the files are not, for each part reads its own copy as its own user.
(umask 077 && mkdir -p .secrets)
for name in database redis; do
    [ -s ".secrets/${name}_password" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >".secrets/${name}_password"
done

if [ "${1:-}" = worker ]; then
    docker compose build worker
    docker compose stop worker
    exec docker compose up -d --no-deps --wait runner examiner worker
fi

docker compose build
if [ "${1:-}" = restore ]; then
    docker compose up -d --wait postgres
    docker compose run --rm -T --no-deps backup restore - <"$2"
elif [ -n "$(docker compose ps -q worker)" ]; then
    echo "Waiting for what runs (at most as long as UNEMBED_DRAIN_SECONDS)"
    docker compose stop worker
    docker compose run --rm --no-deps backup backup --keep 14
fi
docker compose up -d --remove-orphans --wait
docker compose exec web unembed user link
