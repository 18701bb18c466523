# Everything a newcomer needs: make run, make test, make check, make bench.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
CATALOGUE := src/allmende/ui/locale/en/LC_MESSAGES/django
VENDOR := src/allmende/ui/static/vendor/.built

# Some machines forbid it; starting takes a second less where compiled modules are kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run setup test check bench s3-server region oracles verapdf packages format messages reference lock clean

run: setup
	@home="$${ALLMENDE_HOME:-var}"; \
	if [ -z "$$ALLMENDE_DATABASE_URL" ] && { [ ! -e "$$home/observations.sqlite3" ] || [ -e "$$home/.unfinished" ]; }; then \
	  { mkdir -p "$$home" && touch "$$home/.unfinished"; } 2>/dev/null; \
	  $(BIN)/allmende init --pack konstanz --demo && rm -f "$$home/.unfinished"; \
	fi
	@exec $(BIN)/allmende serve --port $(PORT)

setup: $(STAMP) $(VENDOR) $(CATALOGUE).mo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Allmende needs Python 3.11 or newer; name one: make run PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(STAMP): pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable .
	@touch $@

$(DEV_STAMP): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --group dev
	@touch $@

$(VENDOR): package.json package-lock.json tools/frontend.py | $(STAMP)
	$(BIN)/python tools/frontend.py
	@touch $@

$(CATALOGUE).mo: $(CATALOGUE).po | $(STAMP)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale en --domain django

test: setup $(DEV_STAMP)
	$(BIN)/pytest -n 2 --dist loadgroup

check: setup $(DEV_STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint --quiet --lint src/allmende
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/allmende check
	$(BIN)/python tools/migrations.py
	$(BIN)/python tools/messages.py --check
	$(BIN)/python tools/reference.py --check

bench: setup $(DEV_STAMP)
	@for file in $(filter-out bench/kill.py bench/floors.py bench/bare.py bench/town.py bench/wire.py bench/lakes.py bench/__init__.py,$(wildcard bench/*.py)); do echo "== $$file"; $(BIN)/python $$file || exit 1; done

# A server that speaks S3, and Spark: their tests skip, and say so, where these are not installed.
s3-server: setup
	$(BIN)/python tools/frontend.py s3-server

region: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[region]"

oracles: setup $(DEV_STAMP)
	$(BIN)/python tools/oracles.py

# Checks PDFs against PDF/UA-1 by veraPDF; needs Java 17 and Maven: make verapdf FILES="a.pdf b.pdf"
verapdf:
	mvn -q -B -f tools/verapdf/pom.xml dependency:copy-dependencies -DoutputDirectory=$(CURDIR)/build/verapdf
	java -cp "build/verapdf/*" tools/verapdf/Check.java $(FILES)

# Checks transfer packages as RO-Crate 1.1 and Data Package: make packages FILES="a.zip b.zip"
packages: setup $(DEV_STAMP)
	$(BIN)/python tools/packages.py $(FILES)

format: $(DEV_STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: $(DEV_STAMP)
	$(BIN)/python tools/messages.py

reference: setup $(DEV_STAMP)
	$(BIN)/python tools/reference.py

lock: $(DEV_STAMP)
	$(BIN)/python -m pip freeze --exclude-editable --exclude pip > constraints.txt

clean:
	rm -rf $(VENV) node_modules build src/allmende/ui/static/vendor $(CATALOGUE).mo
