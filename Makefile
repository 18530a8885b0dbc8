# MicoDB. `make help` lists the targets.
SHELL   := /bin/bash
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LINT    := $(GO) tool -modfile=tools/go.mod golangci-lint
SUITE   := scripts/suite

# Vector instructions (docs/adr/0013): the compiler offers them for amd64 only, and as an experiment.
ifeq ($(shell $(GO) env GOARCH),amd64)
export GOEXPERIMENT ?= simd
endif

.PHONY: help build release run demo test test-long check bench bench-memory bench-check fuzz

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | column -ts $$'\t'

build: ## build bin/micodb
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/micodb ./cmd/micodb

release: ## the archives of VERSION=vX.Y.Z with their checksums, in dist
	scripts/release '$(VERSION)'

run: build ## serve ./data
	bin/micodb serve

demo: build ## run the main job on a temporary directory; ARGS=--exit ends it by itself
	bin/micodb demo $(ARGS)

test: build ## all tests, at most 15 minutes; a suite whose toolchain is missing says so loudly
	$(SUITE) all

test-long: build ## the same suites with larger numbers, for hours
	MICODB_TEST_LONG=1 $(SUITE) all

check: ## format, lint, vet, tidy
	$(SUITE) check

fuzz: ## every fuzz target for FUZZTIME (10s)
	$(SUITE) fuzz

bench: build ## benchmarks beside DuckDB and an empty server; results under e2e/bench/results
	e2e/bench/run
	e2e/bench/run point
	MEMORY_SCALE=0.25 REPETITIONS=1 e2e/bench/run memory

bench-memory: build ## queries of several GB with 1 GiB of memory beside DuckDB, at full size: half an hour
	e2e/bench/run memory

bench-check: bench ## fail when a target was missed
	e2e/bench/check
