# Everything that one does with the repository; each target says what it is for.

CARGO_TARGET_DIR ?= $(HOME)/.cache/musclemap/target
export CARGO_TARGET_DIR
# What end-to-end tests have asked and been answered.
SEEN = $(CARGO_TARGET_DIR)/seen

.PHONY: run stack stack-stop test check tidy lint doc bins both bench attack

# Starts the whole system in one process on 127.0.0.1:8080, data in ./data, with the web client if Node is there.
run:
	@web/build || echo "the web client is not built; everything else starts" >&2
	cargo run --release -p musclemap-standalone -- --data-dir data --listen 127.0.0.1:8080 --dev-login \
		--demo --web web/app/dist

# Starts the distributed system on this machine, two processes of each role; `make stack-stop` ends it.
stack:
	@web/build || echo "the web client is not built; everything else starts" >&2
	cargo build --release -p musclemap-distributed
	deploy/stack start $(CARGO_TARGET_DIR)/release

stack-stop:
	deploy/stack stop

# Every test, on both stacks. Starts Kafka, Cassandra and Redis, and stops them again.
test: lint bins
	deploy/services/run with $(MAKE) --no-print-directory both

# What needs nothing installed: format, lints, rules of the tree, and every test on the embedded stack.
# Test targets that need servers are called with_*.
check: lint tidy bins
	MM_STACK=standalone cargo test --workspace --lib --bins --test '[!w]*'

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

# Rules of the tree: files, names, links, licences. The whole workspace is chosen, as another choice would
# build dependencies anew; what is built is small.
tidy:
	cargo test --workspace --test tidy

# The documentation of every crate; a broken link in it is an error.
doc:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

bins:
	cargo build --workspace --bins

# Beside the servers that the environment names. The same targets are chosen twice, as another choice
# would build their dependencies anew. Systems of many processes run one after the other.
both:
	rm -rf $(SEEN)
	MM_SEEN=$(SEEN) MM_STACK=standalone cargo test --workspace --tests
	MM_SEEN=$(SEEN) MM_STACK=distributed cargo test --workspace --tests -- --test-threads 1 on_the_stack::
	RUST_BACKTRACE=0 $(CARGO_TARGET_DIR)/debug/seen $(SEEN) --table $(CARGO_TARGET_DIR)/seen.md

# Every benchmark in small, on the embedded stack, within ten minutes. `FULL=--full` for full sizes,
# `WRITE=--write` to keep what was found in benches/RESULTS.md.
bench:
	cargo build --release --workspace --bins
	RUST_BACKTRACE=0 MM_STACK=standalone $(CARGO_TARGET_DIR)/release/benches all $(FULL) $(WRITE)

# Every attack of docs/threats.md at full size, on both stacks, within ten minutes: how long neighbours
# wait for their answers, beside the same attackers aimed at a server that only takes what comes.
attack:
	cargo build --release --workspace --bins
	RUST_BACKTRACE=0 MM_STACK=standalone $(CARGO_TARGET_DIR)/release/attack
	RUST_BACKTRACE=0 MM_STACK=distributed deploy/services/run with $(CARGO_TARGET_DIR)/release/attack
