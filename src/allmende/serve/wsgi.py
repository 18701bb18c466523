"""The WSGI application that the web workers load."""

import multiprocessing
import os

from django.core.wsgi import get_wsgi_application

from allmende.serve.lifeline import follow_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "allmende.serve.django_settings")

app = get_wsgi_application()

parent = multiprocessing.parent_process()
if parent is not None and parent.pid is not None:
    follow_parent(parent.pid)
