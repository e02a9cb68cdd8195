import pytest


@pytest.fixture(autouse=True)
def _own_sql_folder(tmp_path, settings):
    settings.BATCHCONSOLE_SQL_DIR = str(tmp_path / "sql")
