# Everything that one does with the repository; each target says what it is for.

CARGO_TARGET_DIR ?= $(HOME)/.cache/musclemap/target
export CARGO_TARGET_DIR

.PHONY: run test check

# Starts the whole system in one process on 127.0.0.1:8080, data in ./data.
run:
	cargo run --release -p musclemap-standalone -- --data-dir data --listen 127.0.0.1:8080

# Every test.
test: check
	cargo build --workspace --bins
	cargo test --workspace

# Format and lints.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
