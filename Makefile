# Every target does its own set-up, says what it does, and fails clearly.
GO      ?= go
BIN     := $(CURDIR)/bin
LINTER  := $(BIN)/golangci-lint
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

COMMIT  ?= $(shell git rev-parse HEAD 2>/dev/null)
BUILT   ?= $(shell TZ=UTC0 git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT) -X main.built=$(BUILT)

# The race detector needs cgo and a C compiler. RACE=-race insists on it, as CI does.
RACE    ?= $(shell [ "$$($(GO) env CGO_ENABLED)" = 1 ] && command -v $$($(GO) env CC | cut -d' ' -f1) >/dev/null 2>&1 && echo -race)

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

build: ## build bin/pullfix
	$(GO) build -trimpath -ldflags "$(LDFLAGS)" -o $(BIN)/pullfix ./cmd/pullfix

demo: ## the bot against a simulated company, with a page to try it in
	@echo "building pullfix (the first time takes a few minutes)"
	@$(MAKE) --no-print-directory build
	$(BIN)/pullfix demo $(if $(ADDR),--addr $(ADDR))

test: ## all tests that need Go alone: no root, no cluster, no browser
	@[ -n "$(RACE)" ] || echo "without the race detector: it needs cgo and a C compiler (go env CGO_ENABLED CC)"
	$(GO) test $(RACE) ./...

ARCH    ?= amd64
IMAGE   ?= pullfix:0.1.0

image: ## bin/pullfix-image.tar without a container engine; PUSH=REGISTRY/NAME:TAG pushes it, too
	CGO_ENABLED=0 GOOS=linux GOARCH=$(ARCH) $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o $(BIN)/linux-$(ARCH)/pullfix ./cmd/pullfix
	$(GO) run ./e2e/cmd/image -binary $(BIN)/linux-$(ARCH)/pullfix -arch $(ARCH) -version $(VERSION) -tag $(IMAGE) -o $(BIN)/pullfix-image.tar $(if $(PUSH),-push $(PUSH))

chart: ## the chart: helm lint, templates against recorded ones, its configuration checked
	$(GO) test -C tools/chart -count=1 ./...
	cd tools/chart && $(GO) mod tidy -diff && $(GO) mod verify

lint: $(LINTER) ## house rules, import rules, formatting, tidy modules, generated files
	$(LINTER) run ./...
	$(GO) mod tidy -diff
	$(GO) -C e2e/browser mod tidy -diff
	$(GO) -C e2e/tools/kubernetes/keyringtest mod tidy -diff
	$(GO) mod verify
	@$(MAKE) --no-print-directory generate-check
	@$(MAKE) --no-print-directory chart

$(LINTER): tools/lint/go.mod tools/lint/go.sum
	@echo "building golangci-lint from its module (once)"
	$(GO) build -C tools/lint -o $(LINTER) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

generate: ## write the generated documents
	$(GO) run ./cmd/pullfix runbook > docs/runbook.md

generate-check: ## fail when a generated document is out of date
	@$(GO) run ./cmd/pullfix runbook | diff -u docs/runbook.md - || { echo "hint: run 'make generate' and commit docs/runbook.md"; exit 1; }

e2e: ## scenarios on a real API server, kubelet, containerd and registries (root)
	$(GO) run ./e2e/cmd/cluster build
	$(GO) test -tags e2e -count=1 -timeout 20m ./e2e/...
	$(GO) test -C e2e/tools/kubernetes/keyringtest -count=1 -timeout 15m ./...

kill: ## the bot, killed at ten random moments of a cure, and around a deadline
	ROUNDS=10 $(GO) test $(RACE) -count=1 -timeout 15m -run TestKilled ./cmd/pullfix

browser: ## the page in real Chromium (Debian's chromium)
	$(GO) test -C e2e/browser -count=1 -timeout 15m ./...

sdk: ## the official Slack SDKs against the sandbox, and type checks (node, npm)
	$(GO) test $(RACE) -tags sdk -count=1 -timeout 15m ./e2e/sdk/...

picture: ## docs/demo.png, from the real page
	PULLFIX_PICTURE=$(CURDIR)/docs/demo.png $(GO) test -C e2e/browser -count=1 -run TestPicture ./...

cluster-up: ## leave a real cluster running; writes .e2e/cluster.env (root)
	$(GO) run ./e2e/cmd/cluster up

cluster-down: ## end the cluster that cluster-up left running
	$(GO) run ./e2e/cmd/cluster down

bench: ## measure the budgets beside the peer command, on a real API server (root)
	$(GO) test -run '^$$' -bench . -benchmem ./runbook/... ./registry/... ./k8s/... ./bot/slackbot
	$(GO) run ./e2e/cmd/cluster build
	$(GO) run ./e2e/cmd/bench

soak: ## long loops, not part of CI
	ROUNDS=50 $(GO) test -race -count=1 -timeout 60m -run TestKilledAtAnyMoment ./cmd/pullfix
	ROUNDS=200 $(GO) test -race -count=1 -timeout 30m -run TestRaceOnOneSecret ./k8s
	ROUNDS=100 $(GO) test -race -count=1 -timeout 60m -run 'TestKilledAroundTheDeadline|TestNeverSilentNeverTwice' ./cmd/pullfix ./bot
	$(GO) run ./e2e/cmd/cluster build
	RACES=200 $(GO) test -tags e2e -count=1 -timeout 30m -run TestCluster/race ./e2e
	$(GO) test -race -count=5 ./bot/journal
	$(GO) test -race -count=20 ./registry/... ./k8s/... ./runbook/...
	$(GO) test -run '^$$' -fuzz FuzzRead -fuzztime 5m ./runbook/message
	$(GO) test -run '^$$' -fuzz FuzzFind -fuzztime 5m ./runbook/keyring

.PHONY: help build demo test image chart lint generate generate-check e2e kill browser sdk picture cluster-up cluster-down bench soak
