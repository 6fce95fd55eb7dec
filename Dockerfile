# One process that serves the app on port 7860; everything it keeps is under /data.
#
#   docker build -t discern .
#   docker run -p 127.0.0.1:7860:7860 -e DISCERN_USERS="you:a long password" \
#     -v discern:/data -v "$HOME/Pictures:/pictures:ro" discern
#
# It listens on every interface of the container, so it asks for a login, and adds pictures from
# DISCERN_ALLOWED_ROOTS only. DISCERN_INSECURE=1 instead of DISCERN_USERS leaves it open to whoever reaches the port.
#
# Without a GPU add --build-arg TORCH_INDEX_URL=…, the package index of PyTorch's CPU builds; PyTorch's installation
# page names it when you choose "CPU". Without it pip takes the default build, which on x86 brings gigabytes of GPU
# libraries.
#
#   docker build --target scorer -t discern-scorer .
#   docker run -p 127.0.0.1:7862:7862 -e DISCERN_SCORER_TOKEN="a long secret" -v "$PWD/messy-room.zip:/bundle.zip:ro" \
#     discern-scorer /bundle.zip
#
# That one answers for exported classifiers alone (docs/serving.md).
FROM python:3.11-slim AS scorer
WORKDIR /app
COPY requirements-scorer.txt constraints.txt ./
RUN pip install --no-cache-dir -c constraints.txt -r requirements-scorer.txt
COPY LICENSE NOTICE ./
COPY concepts ./concepts
COPY discern ./discern
COPY storage ./storage
COPY web ./web
RUN useradd --uid 1000 discern
USER discern
ENV PYTHONUNBUFFERED=1
EXPOSE 7862
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7862/healthz', timeout=5)"]
ENTRYPOINT ["python", "-m", "discern", "serve", "--host", "0.0.0.0"]
CMD ["/bundle.zip"]

FROM python:3.11-slim AS app

# Certificates for whoever sets an endpoint or an open_clip model. The demo fetches its sample pictures.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.txt constraints.txt ./
ARG TORCH_INDEX_URL
# The index of PyTorch's builds has few other packages: what it can't give as tested, the last line does.
RUN if [ -n "$TORCH_INDEX_URL" ]; then \
        pip install --no-cache-dir --no-compile --index-url "$TORCH_INDEX_URL" -c requirements.txt torch torchvision; \
    fi \
    && pip install --no-cache-dir --no-compile -c constraints.txt -r requirements.txt

COPY LICENSE NOTICE app.py ./
COPY concepts ./concepts
COPY discern ./discern
COPY storage ./storage
COPY study ./study
COPY web ./web
# Modules are compiled as they are imported, which only root may keep; most of what comes along never is.
RUN python -c "import app, web.server, concepts.workbench, lancedb, onnx, onnxruntime, openai, sklearn.cluster"

RUN useradd --uid 1000 --create-home discern && install -d -o discern -g discern /data
USER discern
VOLUME /data

# Inside the container every interface, so that docker can publish the port; HF_HOME so that a downloaded
# open_clip model is kept with the rest.
ENV DISCERN_HOME=/data \
    DISCERN_HOST=0.0.0.0 \
    DISCERN_PORT=7860 \
    DISCERN_ALLOWED_ROOTS=/pictures \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HOME=/data/huggingface \
    PYTHONUNBUFFERED=1
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen('http://127.0.0.1:' + os.environ['DISCERN_PORT'] + '/healthz', timeout=5)"]
CMD ["python", "app.py"]
