# One image for every role: the web, the three workers and beat differ only in their command.
FROM node:20-bookworm-slim AS frontend
WORKDIR /src/frontend
COPY frontend/package.json frontend/package-lock.json frontend/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY frontend ./
RUN npm run build

FROM python:3.11-slim-bookworm
# What `annotator backup` and `restore` use, of the same version as docker-compose.yml's server.
RUN apt-get update && apt-get install --yes --no-install-recommends postgresql-client && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 1000 annotator && mkdir /data && chown annotator /data
WORKDIR /app
COPY pyproject.toml README.md LICENSE ./
COPY annotator annotator
COPY worker worker
COPY manage.py ./
COPY --from=frontend /src/annotator/web annotator/web
ARG EXTRA=cpu
RUN pip install --no-cache-dir --editable ".[${EXTRA}]"
USER annotator
ENV ANNOTATOR_DATA_DIR=/data
VOLUME /data
EXPOSE 8000
CMD ["annotator", "up", "--host", "0.0.0.0", "--port", "8000"]
