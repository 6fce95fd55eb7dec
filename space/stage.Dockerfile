
# The demo as a hosted Space: the same image, with the sample library in it. It keeps nothing and needs no volume.
FROM app AS space

USER root
COPY requirements-oauth.txt ./
RUN apt-get update \
    && apt-get install -y --no-install-recommends tuxpaint-stamps-default \
    && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir --no-compile -c constraints.txt -r requirements-oauth.txt
USER discern

# Only the hub's own page may show it in a frame. For people of your own instead of a demo: the Space's README.
ENV DISCERN_DEMO=1 \
    DISCERN_HOME=/home/discern/demo \
    DISCERN_ALLOWED_ROOTS= \
    DISCERN_FRAMED_BY=https://huggingface.co \
    HF_HOME=/home/discern/huggingface
RUN ["python", "-m", "concepts.visitors"]
CMD ["python", "app.py"]
