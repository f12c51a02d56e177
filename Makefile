# The two commands that a reader needs are `make demo` and `make test`. Go is there already; the rest they bring.
.PHONY: demo test install build check bench fuzz fmt clean

GO ?= go
GOTEST ?= $(GO) test

demo: build
	./bin/townhall demo

test: install
	SONDE_INTEGRATION=required $(GOTEST) -race -shuffle=on -timeout 25m ./...

# Debian's packages (scripts/install.sh lists them) and Go modules, where they are missing.
install:
	sh scripts/install.sh
	$(GO) mod download

build:
	$(GO) build -o bin/ ./cmd/...

# What is merged has passed this.
check: install
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "gofmt -w . mends these"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	sh scripts/govulncheck.sh
	$(MAKE) test
	$(MAKE) fuzz FUZZTIME=10s
	$(GO) mod tidy
	git diff --exit-code

# Every fuzz target for FUZZTIME.
FUZZTIME ?= 10s
fuzz:
	GO="$(GO)" FUZZTIME="$(FUZZTIME)" sh scripts/fuzz.sh

# Figures with their peers in the same run; docs/performance.md keeps them.
bench: install
	sh scripts/install.sh postfix isync libsisimai-perl
	$(GOTEST) -run '^$$' -bench . -benchtime 1x -timeout 30m ./integration ./schedule ./probes/mail/classify ./store ./stats

clean:
	rm -rf bin var
