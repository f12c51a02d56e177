#!/bin/sh
# Looks for known vulnerabilities where the database can be reached; says so where it cannot.
set -u
if out=$(go tool govulncheck ./... 2>&1); then
	echo "$out"
	exit 0
fi
case "$out" in
*"dial tcp"* | *"no such host"* | *"fetching vulnerabilities"* | *"Forbidden"*)
	echo "govulncheck: the vulnerability database cannot be reached from here; not checked" >&2
	exit 0
	;;
esac
echo "$out" >&2
exit 1
