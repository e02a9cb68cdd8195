# One image for every part; compose.yaml says which part a container runs.
FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
RUN python -m venv /venv
COPY requirements.txt /tmp/
RUN /venv/bin/pip install --no-cache-dir --quiet --require-hashes --no-deps -r /tmp/requirements.txt

FROM python:3.13-slim
ENV PATH=/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 DATA_DIR=/data BIND=0.0.0.0
RUN useradd --system --uid 1000 --home-dir /data --create-home batchconsole
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY batchconsole batchconsole
COPY jobs jobs
COPY templates templates
COPY static static
USER batchconsole
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s CMD ["python", "-c", \
    "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/readyz')"]
# With nothing else set: one container with everything, SQLite and Redis inside.
CMD ["python", "manage.py", "up"]
