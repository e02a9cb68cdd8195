# Every target works alone, on a machine with Python 3.11 or newer and make. PORT, DATA_DIR and the
# rest of docs/configuration.md come from the environment.
PYTHON := .venv/bin/python
LOCK := pip compile --quiet --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --no-emit-find-links pyproject.toml

.PHONY: demo up test check format bench soak tour lock clean

demo: .venv/demo  ## A console over a demo storage, on http://127.0.0.1:8000
	@exec $(PYTHON) manage.py up --demo

up: .venv/runtime  ## The console for real use; Regions are connected in the browser
	@exec $(PYTHON) manage.py up

test: .venv/dev  ## All tests: everything on SQLite, then what meets the database on PostgreSQL
	$(PYTHON) -m pytest -n auto --dist worksteal
	TEST_DATABASE=postgres $(PYTHON) -m pytest -n auto --dist worksteal -m "not browser and not house"

check: .venv/dev  ## Style, types, migrations, deployment settings
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	DATABASE_URL=sqlite:// $(PYTHON) manage.py makemigrations --check --dry-run
	HTTPS=true ALLOWED_HOSTS=console.example SECRET_KEY=$$($(PYTHON) -c 'print(*range(50))') \
		$(PYTHON) manage.py check --deploy --fail-level WARNING

format: .venv/dev
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

bench: .venv/bench  ## Every goal of the engine beside what is measured; half an hour on a quiet machine; OLD=commit compares with it
	$(PYTHON) -m $(if $(OLD),bench.pair $(OLD),bench)

soak: .venv/dev  ## Kills, outages and full disks for as long as SOAK_MINUTES says; docs/operating.md has more
	$(PYTHON) -m tests.soak

tour: .venv/dev  ## The pictures of docs/tour.md and README.md, made anew from the demo; needs Chromium
	$(PYTHON) -m tests.tour

lock: .venv/runtime  ## After a change of the dependencies in pyproject.toml
	.venv/bin/uv $(LOCK) -o requirements.txt
	.venv/bin/uv $(LOCK) --group demo -c requirements.txt -o requirements-demo.txt
	.venv/bin/uv $(LOCK) --group dev -c requirements.txt -o requirements-dev.txt
	.venv/bin/uv $(LOCK) --group bench -c requirements.txt -o requirements-bench.txt

clean:  ## Everything that was generated, but not the data folder
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results

.venv/runtime: requirements.txt
.venv/demo: requirements-demo.txt
.venv/dev: requirements-dev.txt
.venv/bench: requirements-bench.txt
.venv/runtime .venv/demo .venv/dev .venv/bench:
	@.ci/install $<
	@touch $@
