# MicoDB. `make help` lists the targets.
SHELL := /bin/bash
GO    ?= go
LINT  := $(GO) tool -modfile=tools/go.mod golangci-lint

.PHONY: help build run demo test test-long check bench bench-check fuzz
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -ts $$'\t'

build: ## build bin/micodb
	$(GO) build -trimpath -o bin/micodb ./cmd/micodb

run: build ## serve ./data
	bin/micodb serve

test: ## the tests
	$(GO) test ./...

check: ## format, lint, vet, tidy
	$(LINT) run ./...
	$(GO) vet ./...
	$(GO) mod tidy -diff
