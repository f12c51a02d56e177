# The two commands that a reader needs are `make demo` and `make test`. Go is there already; the rest they bring.
.PHONY: demo test install axe htmx api-client build check bench bench-duckdb bench-web screenshots fuzz clean

GO ?= go
GOTEST ?= $(GO) test

demo: build
	./bin/townhall demo

# Websites, and our own site in a browser, come last and alone: what a page does after a key is waited for, and kill -9 beside
# it makes that long. Calls are composed once more without the race detector, in number.
BROWSER = ThreeJobs|SiteIsAccessible|HostileWorld
# Bounds of hostile texts: long, on goroutines that every other test has too, held in processor time. The race detector has nothing new
# to find there, and makes ten minutes of one.
BOUNDS = HostilePagesGrow|LongTexts|ASiteWithoutEnd|TestHostile$$|TestHostileMail|FuzzRate
test: install
	SONDE_INTEGRATION=required $(GOTEST) -race -shuffle=on -timeout 25m -skip '$(BROWSER)|$(BOUNDS)' $$($(GO) list ./... | grep -v 'probes/web$$')
	$(GOTEST) -shuffle=on -timeout 10m -run '$(BOUNDS)' ./probes/mail/... ./probes/web/hours ./probes/web/item ./probes/web/sample ./probes/web/source
	SONDE_INTEGRATION=required $(GOTEST) -race -shuffle=on -timeout 25m ./probes/web
	SONDE_INTEGRATION=required $(GOTEST) -race -shuffle=on -timeout 25m -run '$(BROWSER)' ./integration
	cd integration/duckdb && $(GOTEST) -shuffle=on -timeout 10m ./...

# Debian's packages (scripts/install.sh lists them), axe-core, htmx and Go modules, where they are missing.
install:
	sh scripts/install.sh
	$(MAKE) axe htmx api-client
	$(GO) mod download

# axe-core comes from npm by the lock file; probes/web/axe/axe.go refuses any other script than the pinned one.
axe: probes/web/axe/assets/axe.min.js
probes/web/axe/assets/axe.min.js: probes/web/axe/package-lock.json
	cd probes/web/axe && npm ci --ignore-scripts --no-audit --no-fund && cp node_modules/axe-core/axe.min.js node_modules/axe-core/locales/fr.json assets/
	touch $@

# htmx comes from npm by the lock file too; a test of the site refuses any other script than the pinned one.
htmx: site/static/htmx.min.js
site/static/htmx.min.js: site/htmx/package-lock.json
	cd site/htmx && npm ci --ignore-scripts --no-audit --no-fund && cp node_modules/htmx.org/dist/htmx.min.js ../static/
	touch $@

# The client that the tests of the API run, from npm by its lock file and generated from site/openapi/openapi.yaml.
api-client:
	sh scripts/api-client.sh

build: install
	$(GO) build -o bin/ ./cmd/...

# What is merged has passed this.
check: install
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt -w . mends these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	sh scripts/govulncheck.sh
	$(MAKE) test
	SONDE_INTEGRATION=required $(GOTEST) -timeout 10m -run ComposedCalls ./probes/phone/listen
	SONDE_INTEGRATION=required $(GOTEST) -race -timeout 20m -run KilledAtRandom ./integration -kills 300
	SONDE_INTEGRATION=required $(GOTEST) -race -timeout 20m -run Soak ./probes/mail -soak 200
	$(MAKE) fuzz FUZZTIME=10s
	$(GO) mod tidy
	cd integration/duckdb && $(GO) vet ./... && $(GO) mod tidy
	git diff --exit-code

# Every fuzz target for FUZZTIME.
FUZZTIME ?= 10s
fuzz:
	GO="$(GO)" FUZZTIME="$(FUZZTIME)" sh scripts/fuzz.sh

# Figures with their peers in the same run; docs/performance.md keeps them.
bench: install
	sh scripts/install.sh postfix isync libsisimai-perl wrk
	$(GOTEST) -run '^$$' -bench . -benchtime 1x -timeout 30m ./integration ./schedule ./probes/mail/classify ./store ./stats

# Ten million outcomes, ours and DuckDB's figures of the same Parquet file in the same run: some minutes, 450 MB of disk.
bench-duckdb:
	cd integration/duckdb && $(GOTEST) -run '^$$' -bench TenMillion -benchtime 1x -timeout 60m .

# The pictures of the documentation, from a town that runs while they are drawn.
screenshots: install
	$(GOTEST) ./integration -run ThreeJobs -screenshots $(CURDIR)/docs/screenshots

# Websites with their peer (npm's pa11y-ci) on the same pages in the same run; wants a quiet machine.
bench-web: install
	cd probes/web/bench && PUPPETEER_SKIP_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund
	$(GOTEST) -run '^$$' -bench Pages -benchtime 1x -timeout 30m ./probes/web

clean:
	rm -rf bin var
