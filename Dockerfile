FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore PIP_CACHE_DIR=/var/cache/pip
RUN python -m venv /opt/venv
COPY requirements.txt .
RUN --mount=type=cache,target=/var/cache/pip \
    /opt/venv/bin/pip install --only-binary :all: --require-hashes -r requirements.txt \
    && /opt/venv/bin/pip uninstall --yes pip

FROM python:3.12-slim
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    MPLCONFIGDIR=/tmp/matplotlib HOST=0.0.0.0 PORT=8000 ADMIN_KEY_FILE=/app/keys/admin
WORKDIR /app
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin segments \
    && install -d -o segments -g segments models/artifacts data \
    && install -d -m 700 -o segments -g segments keys \
    && python -m pip uninstall --yes --quiet --root-user-action=ignore pip
COPY --from=build /opt/venv /opt/venv
COPY . .
USER segments
# Versions of the model; the database where it is SQLite, and the files that a retrain may read; the first key,
# which start.sh makes up where nobody put one.
VOLUME ["/app/models/artifacts", "/app/data", "/app/keys"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=120s CMD ["python", "-c", "\
import http.client, os, sys\n\
connection = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('PORT') or 8000), timeout=4)\n\
connection.request('GET', '/readyz')\n\
sys.exit(connection.getresponse().status != 200)"]
CMD ["./start.sh"]
