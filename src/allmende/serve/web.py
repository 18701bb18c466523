"""The web process: portal and staff room, Django under WSGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allmende.serve.django_settings")

app = get_wsgi_application()
