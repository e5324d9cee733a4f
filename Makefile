# Short names for the scripts; every target sets up what it needs by itself.
.DEFAULT_GOAL := help
.PHONY: help setup demo test check fix clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' Makefile

setup: ## Make .venv with the pinned libraries and a working .venv/bin/prism
	@scripts/setup

demo: setup ## Hear a whole conversation from recordings, offline; results in demo-output/
	@scripts/demo

test: ## Run the quick tests (scripts/test --real adds real engines and devices)
	@scripts/setup --dev
	@scripts/test

check: ## Everything a change must pass: lint, types, tests
	@scripts/setup --dev
	@scripts/check

fix: ## Let ruff repair and format what it can
	@scripts/setup --dev
	@scripts/fix

clean: ## Remove what was made here, .venv included
	rm -rf .venv build dist demo-output *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
