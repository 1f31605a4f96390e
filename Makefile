# Kairan: `make run` to try it, `make test` to check everything. Both work on a fresh clone.
#
# Needs Rust (1.92 or newer), Node 20 and a C compiler. The tests also need a PostgreSQL server, Chromium and
# a Japanese font: scripts/install-test-tools.sh installs those where they are missing (Debian, Ubuntu).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help
.NOTPARALLEL:

TARGET := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET)/release/kairan
DATA   ?= ./data

.PHONY: help run web test test-tools tidy lint deny test-rust test-web test-browser release bench fmt clean

help:
	@echo 'make run           build everything and serve it at http://localhost:8080, data in ./data'
	@echo 'make test          every check and test, in the order in which they tell most'
	@echo 'make bench         how fast it posts durably, proves, seals files and searches, and what sign-in betrays'
	@echo 'make fmt           format everything'
	@echo 'make deny          dependencies against the advisory database (needs the internet)'
	@echo 'make clean         remove what was built; ./data stays'
	@echo 'Parts of make test: tidy lint test-web test-rust release test-browser'

## Trying it

run: $(BINARY)
	@echo
	@echo 'Kairan: open http://localhost:8080   (data in $(DATA); stop with Ctrl-C)'
	@echo
	@exec $(BINARY) serve --data $(DATA)

release: $(BINARY)

# Cargo and the script know best what is stale; they are always asked.
.PHONY: $(BINARY)
$(BINARY): web
	cargo build --release --locked --package kairan

web:
	scripts/build-web.sh

## Checking it

test: test-tools tidy lint test-web test-rust release test-browser
	@echo
	@echo 'make test: everything passed.'

test-tools:
	scripts/install-test-tools.sh

# What reading the sources tells: seconds, so first.
tidy:
	cargo xtask tidy
	cargo xtask deny

lint: web
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings

# The binary carries the client inside, so the client is built before anything of Rust.
test-web: web
	scripts/check-api-types.sh
	npm run --prefix web format:check
	npm run --prefix web check
	npm test --prefix web

test-rust: web
	scripts/with-postgres.sh cargo test --workspace --locked

e2e/node_modules/.package-lock.json: e2e/package.json e2e/package-lock.json
	npm ci --prefix e2e --no-audit --no-fund
	@touch $@

test-browser: $(BINARY) e2e/node_modules/.package-lock.json
	KAIRAN_BINARY=$(abspath $(BINARY)) scripts/with-postgres.sh npm test --prefix e2e

bench:
	cargo bench --locked --package kairan-talk --bench post
	cargo bench --locked --package kairan-talk --bench search
	cargo bench --locked --package kairan-talk --bench unanswered
	cargo bench --locked --package kairan-storage --bench log
	cargo bench --locked --package kairan-storage --bench blobs
	$(MAKE) release e2e/node_modules/.package-lock.json
	KAIRAN_BINARY=$(abspath $(BINARY)) node e2e/timing.mjs

fmt:
	cargo fmt --all
	npm run --prefix web format

# The advisory database lives outside the registries, so this is not part of `make test`.
deny:
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny check

clean:
	cargo clean
	rm -rf web/build web/.svelte-kit web/src/lib/paraglide web/node_modules e2e/node_modules e2e/out
