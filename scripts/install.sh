#!/bin/sh
# Installs what the build, the tests and the demo need from Debian. Runs as root or through sudo; does nothing when
# everything is there. Servers are not started: the tests start private instances of their own.
set -eu
packages="$*"
[ -n "$packages" ] || packages="postfix dovecot-imapd dovecot-lmtpd dovecot-sieve maildrop isync r-base-core r-cran-survival libsisimai-perl ca-certificates chromium-headless-shell fonts-liberation fonts-dejavu-core qpdf poppler-utils sip-tester kamailio baresip-core sox libsox-fmt-all espeak-ng asterisk-core-sounds-fr-wav asterisk-core-sounds-en-wav asterisk-prompt-fr-armelle asterisk-moh-opsound-wav"
# axe-core and the tests' oracles come from npm. Where npm is already there, whoever put it there keeps it.
[ -n "$*" ] || command -v npm >/dev/null 2>&1 || packages="$packages nodejs npm"
missing=""
for p in $packages; do
	dpkg-query -W -f='${Status}' "$p" 2>/dev/null | grep -q "ok installed" || missing="$missing $p"
done
root=""
[ "$(id -u)" = 0 ] || root="sudo"
if [ -n "$missing" ]; then
	echo "installing:$missing" >&2
	echo "postfix postfix/main_mailer_type select No configuration" | $root debconf-set-selections
	[ -n "$(find /var/lib/apt/lists -name '*Packages*' -mtime -7 2>/dev/null | head -n 1)" ] || $root apt-get update -qq
	# Where systemd runs, a package starts its server and has it started at each boot. Debian's own door for that says no meanwhile,
	# and what came with this run is disabled: nobody asked for a mail server or a telephone exchange on this machine.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		printf '#!/bin/sh\nexit 101\n' | $root tee "$policy" >/dev/null
		$root chmod 755 "$policy"
		trap '$root rm -f "$policy"' EXIT
	fi
	# apt can lose its own temporary files when systemd is upgraded under it; the second time then mends it.
	# shellcheck disable=SC2086
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null ||
		$root env DEBIAN_FRONTEND=noninteractive apt-get -f install -y -qq --no-install-recommends $missing >/dev/null
	if [ -d /run/systemd/system ]; then
		for server in postfix dovecot kamailio; do
			case "$missing" in *"$server"*) $root systemctl disable --quiet "$server" 2>/dev/null || true ;; esac
		done
	fi
fi
id sonde-test >/dev/null 2>&1 || $root useradd --system --no-create-home --shell /usr/sbin/nologin sonde-test
