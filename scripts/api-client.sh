#!/bin/sh
# Makes the client of the API that the tests run: npm's packages by the lock file, the client generated from the description,
# and both compiled, which checks the types of every call. Does nothing when that is done already.
set -eu
cd "$(dirname "$0")/api-client"
spec=../../site/openapi/openapi.yaml
command -v npm >/dev/null 2>&1 || sh ../install.sh nodejs npm
if [ ! -e build/made ] || [ -n "$(find "$spec" package-lock.json tsconfig.json ./*.ts -newer build/made)" ]; then
	npm ci --ignore-scripts --no-audit --no-fund >&2
	npx --no-install openapi-typescript "$spec" -o api.d.ts >&2
	npx --no-install tsc >&2
	touch build/made
fi
