"""moto's S3 server, empty, for gunicorn; as slow to copy as COPY_DELAY_S says, and no more copies
than the file COPY_GATE says.
"""

import itertools
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

COPY_DELAY_S = float(os.environ.get("COPY_DELAY_S", "0"))
COPY_GATE = os.environ.get("COPY_GATE", "")
_moto = DomainDispatcherApplication(create_backend_app)
_copies = itertools.count(1)


def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:
        time.sleep(COPY_DELAY_S)
        number = next(_copies)
        while COPY_GATE and number > int(Path(COPY_GATE).read_text()):
            time.sleep(0.05)
    answer: Iterable[bytes] = _moto(environ, start_response)
    return answer
