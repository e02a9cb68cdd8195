import os

from django.core.wsgi import get_wsgi_application

os.umask(0o077)  # all that we write is for this account alone
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "batchconsole.settings")
application = get_wsgi_application()
