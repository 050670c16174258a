# Everything that one does with the repository; each target says what it is for.

CARGO_TARGET_DIR ?= $(HOME)/.cache/musclemap/target
export CARGO_TARGET_DIR

.PHONY: run test check lint embedded served

# Starts the whole system in one process on 127.0.0.1:8080, data in ./data.
run:
	cargo run --release -p musclemap-standalone -- --data-dir data --listen 127.0.0.1:8080

# Every test, on both stacks. Starts Kafka and Cassandra, and stops them again.
test: check
	deploy/services/run with $(MAKE) --no-print-directory served

# What needs nothing installed: format, lints, and every test on the embedded stack.
check: lint embedded

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings

# Test targets that need servers are called with_*. One workspace, so that nothing is built twice.
embedded:
	cargo build --workspace --bins
	MM_STACK=standalone cargo test --workspace --lib --bins --test '[!w]*'

# What runs beside the servers that the environment names: the adapters, and end to end on them.
served:
	cargo test --workspace --test 'with_*'
	MM_STACK=distributed cargo test --workspace --test end_to_end
