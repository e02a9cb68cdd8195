"""Configuration of a web server that ends answers whose client stops reading after a second."""

from jobs.management import web_server

web_server.SEND_TIMEOUT_S = 1
when_ready = web_server.when_ready
