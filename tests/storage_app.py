"""moto's S3 server, empty, for gunicorn; as slow to copy as COPY_DELAY_S says."""

import os
import time
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

COPY_DELAY_S = float(os.environ.get("COPY_DELAY_S", "0"))
_moto = DomainDispatcherApplication(create_backend_app)


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if COPY_DELAY_S and "HTTP_X_AMZ_COPY_SOURCE" in environ:
        time.sleep(COPY_DELAY_S)
    answer: Iterable[bytes] = _moto(environ, start_response)
    return answer
