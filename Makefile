# Everything here is a short name for plain commands. What the targets add is the Debian packages, installed by .ci/setup
# where they are missing.

# What Results/README.md rests on, in an order in which each finds what it reads. The target below adds those that take what a
# report found, and the paper's own pairs.
PAPER = probe-bank/experiment probe-bank/controls probe-bank/random-colors probe-bank/cross-read probe-bank/paper \
  probe-bank/transfer probe-bank/paper-controls color-probe/experiment animal-probe/experiment picture-state/experiment \
  untrained/experiment cross-read/experiment neighbour-words/experiment neighbour-words/start transfer/experiment \
  layout-probe/experiment judge-check/experiment c2-cross/experiment c2-cross/single c2-cross/words \
  c4-self/experiment token-routes/experiment token-routes/background token-routes/ways token-routes/behind methods/experiment \
  vital-layers/experiment vital-layers/heads vital-layers/heads-few decision-time/experiment decision-time/cached \
  decision-time/predicted knows-against-does/experiment robustness/experiment robustness/styles

# Threads that wait sleep soon, as in the program itself: otherwise tests beside other work take many times as long.
ifndef OMP_WAIT_POLICY
export GOMP_SPINCOUNT ?= 1000
endif

.PHONY: help setup build demo paper test test-release lint coverage coverage-all fuzz clean

help:
	@echo 'make demo          build, run Experiments/first-look and say where its report is'
	@echo 'make paper         what Results/README.md rests on; takes hours, and goes on where it was stopped'
	@echo 'make test          all tests, debug build (the C and C++ kernels are optimised in it too)'
	@echo 'make test-release  all tests, release build'
	@echo 'make build         the program: .build/release/attnlab'
	@echo 'make lint          layout of Swift sources, syntax of scripts'
	@echo 'make coverage      how much of the readers of files their tests reach, in regions'
	@echo 'make coverage-all  which lines all tests reach'
	@echo 'make fuzz TARGET=safetensors|experiment|tokenizer|config|database [SECONDS=600]'
	@echo '                   searches for a file that ends the process; see Tests/Fuzz/README.md'
	@echo 'make setup         install the missing Debian packages; the targets that build do it themselves'
	@echo 'make clean         remove everything built; results stay'

setup:
	@.ci/setup

# Package.swift says which modules are optimised; -Onone is for the packages, GRDB above all. Optimising them, as a bare
# `swift build -c release --product attnlab` does, takes longer and makes no command quicker that does much.
build: setup
	swift build -c release --product attnlab -Xswiftc -Onone -Xswiftc -no-emit-module-separately-wmo

demo: build
	.build/release/attnlab run Experiments/first-look/experiment.yaml
	@echo
	@echo 'The report is Results/first-look/report.md, its pictures are in Results/first-look/figures/.'

paper: build
	@for file in $(PAPER); do \
	  echo "== Experiments/$$file.yaml, $$(date +%H:%M)"; \
	  .build/release/attnlab run "Experiments/$$file.yaml" || exit 1; \
	done
	.build/release/attnlab run Experiments/vital-layers/held-out.yaml \
	  --set interventions.found=@Results/vital-layers/tables/found.yaml
	.build/release/attnlab run Experiments/vital-layers/held-out-heads.yaml \
	  --set interventions.found=@Results/vital-heads/tables/found.yaml
	.build/release/attnlab run Experiments/vital-layers/held-out-heads-few.yaml \
	  --set interventions.found=@Results/vital-heads-few/tables/found.yaml
	@if [ -d Experiments/fpe-benchmark/fpe-benchmarks ]; then \
	  .build/release/attnlab claims Experiments/fpe-benchmark/experiment.yaml \
	    --model emoji-scenes --model emoji-scenes-first; \
	else \
	  echo "Left out: the paper's own pairs. Experiments/fpe-benchmark/experiment.yaml says where to get their lists."; \
	fi

test: setup
	.ci/tests --all

test-release: setup
	.ci/tests --all -c release -Xswiftc -enable-testing --scratch-path .build-release-tests

lint:
	@.ci/setup --swift-only
	swift format lint --strict -r Package.swift Sources Tests
	@for script in .ci/run .ci/setup .ci/tests .ci/coverage .ci/fuzz Experiments/emoji-scenes/smoke.sh; do \
	  bash -n $$script || exit 1; done
	@if command -v python3 >/dev/null; then \
	  .ci/rooms && find . -name '.build*' -prune -o -name '*.py' -exec python3 -c \
	    'import ast, sys; [ast.parse(open(f, encoding="utf-8").read(), f) for f in sys.argv[1:]]' {} + ; \
	else echo 'lint: python3 is not installed, so the Python scripts are not checked'; fi

coverage: setup
	.ci/coverage

coverage-all: setup
	.ci/coverage --all

SECONDS ?= 600

fuzz: setup
	.ci/fuzz '$(TARGET)' '$(SECONDS)'

clean:
	rm -rf .build .build-*
