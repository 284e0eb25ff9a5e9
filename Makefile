# The entry points; scripts/ and CMakeLists.txt do the work. `make help` lists them.
ENGINE ?= rustls
PROFILE ?= release
# build/release, build/size, build/mbedtls, build/mbedtls-size
BUILD  ?= build/$(if $(filter rustls,$(ENGINE)),$(PROFILE),$(ENGINE)$(if $(filter size,$(PROFILE)),-size))
PREFIX ?= /usr/local
SHARED ?= OFF
MINUTES ?= 3
SEED    ?=
DEVICES ?=
SECONDS ?= 30
TARGETS ?=
DOCS    ?=

.PHONY: all build demo test install headers unsafe memcheck sanitize loom exhaustive lint msrv cross footprint fuzz deny soak coverage bench bench-check clean help
all: build

build:
	@scripts/setup.sh $(if $(filter mbedtls,$(ENGINE)),mbedtls,demo)
	@cmake -S . -B $(BUILD) -DLINKSDK_ENGINE=$(ENGINE) -DLINKSDK_BUILD_PROFILE=$(PROFILE) \
		-DLINKSDK_SHARED=$(SHARED) >/dev/null
	@cmake --build $(BUILD)

demo:
	@scripts/demo.sh

test:
	@scripts/test.sh

install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

headers:
	@LINKSDK_UPDATE_HEADERS=1 cargo test --locked --test headers

unsafe:
	@LINKSDK_UPDATE_UNSAFE=1 cargo test --locked --test unsafe_code

memcheck:
	@scripts/memcheck.sh

sanitize:
	@scripts/sanitize.sh

loom:
	@scripts/loom.sh

exhaustive:
	@scripts/exhaustive.sh

lint:
	@scripts/test.sh lint

msrv:
	@scripts/setup.sh mbedtls
	@scripts/msrv.sh

cross:
	@scripts/cross.sh

footprint:
	@scripts/footprint.sh

fuzz:
	@ENGINE=$(ENGINE) scripts/fuzz.sh $(SECONDS) $(TARGETS)

deny:
	@scripts/deny.sh

soak:
	@ENGINE=$(ENGINE) scripts/soak.sh $(if $(DEVICES),--devices $(DEVICES),--minutes $(MINUTES) $(if $(SEED),--seed $(SEED)))

coverage:
	@scripts/coverage.sh

bench:
	@python3 benches/run.py $(if $(DOCS),--update-docs)

bench-check:
	@python3 benches/run.py --quick --check --peers ours-rustls,ours-rustls-size,ours-mbedtls,ours-mbedtls-size,mbedtls

clean:
	rm -rf build target

# Whatever a line has to say, it fits the terminal.
help:
	@$(MAKE) --no-print-directory help-lines | python3 -c 'import sys, textwrap; \
		[print(textwrap.fill(line.rstrip(), 79, subsequent_indent=" " * 14)) for line in sys.stdin]'

.PHONY: help-lines
help-lines:
	@echo "make          build the library for C into $(BUILD)"
	@echo "make demo     set up, build, and run a device against the simulated platform"
	@echo "make test     formatting, lints, Rust tests, install, C tests"
	@echo "make install  PREFIX=$(PREFIX)"
	@echo "make headers  generate include/linksdk_hal.h from the sources"
	@echo "make unsafe   write docs/unsafe.md from the sources"
	@echo "make memcheck the C tests under valgrind: memcheck, helgrind, drd (docs/testing.md)"
	@echo "make sanitize the C tests under gcc's address and undefined sanitizers"
	@echo "make loom     reading, writing and destroying at once, in every order of threads"
	@echo "make exhaustive  whole small domains: handles, remaining lengths, topics"
	@echo "make lint     formatting and lints only"
	@echo "make msrv     build the library with Rust 1.85, the oldest supported compiler"
	@echo "make cross    build and test for aarch64 and armv7 under QEMU (docs/cross.md)"
	@echo "make footprint  measure the sizes and write them into docs/footprint.md"
	@echo "make fuzz     run each fuzz target for SECONDS=$(SECONDS) (TARGETS=\"pem ...\": these only; docs/fuzzing.md)"
	@echo "make deny     licences, duplicates and sources of the dependencies (installs cargo-deny)"
	@echo "make soak     MINUTES=$(MINUTES) of random faults; DEVICES=500: so many devices at once"
	@echo "make coverage lines and branches of src/ that the tests reach"
	@echo "make bench    measure beside other TLS libraries (DOCS=yes: docs/performance.md)"
	@echo "make bench-check  quick, and fails beyond the bars of benches/bars.json"
	@echo "make clean    remove build/ and target/"
	@echo "ENGINE=mbedtls  builds with Mbed TLS instead of rustls (docs/engines.md)"
	@echo "PROFILE=size  builds the smallest code instead of the fastest"
	@echo "SHARED=ON     also builds liblinksdk.so (docs/linking.md)"
