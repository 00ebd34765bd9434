# CAE Lab in a container:
#   docker build -t cae-lab . && docker run -p 8501:8501 -v cae-runs:/app/runs cae-lab
FROM python:3.12-slim

WORKDIR /app
COPY requirements.txt requirements-cluster.txt ./
# More to install: requirements-cluster.txt for sweeps on a cluster, as compose.yaml says.
ARG REQUIREMENTS=requirements.txt
RUN pip install --no-cache-dir -r requirements.txt -r "$REQUIREMENTS"
COPY . .

RUN useradd --create-home lab && mkdir -p runs && chown lab runs
USER lab
ENV CAE_RUNS_DIR=/app/runs
EXPOSE 8501
HEALTHCHECK --interval=60s --timeout=20s --start-period=30s CMD python -m cae_core.jobs.health
CMD ["streamlit", "run", "app.py", "--server.address=0.0.0.0", "--server.headless=true"]
