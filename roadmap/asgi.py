"""ASGI application for production: `granian --interface asginl roadmap.asgi:app`."""

from roadmap.server.gateway import Gateway
from roadmap.wsgi import app as wsgi

app = Gateway(wsgi, max_body=wsgi.config["MAX_CONTENT_LENGTH"], data_dir=wsgi.config["DATA_DIR"])
