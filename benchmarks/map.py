"""How fast the map of a library is drawn: its places by the job, and its dots in a browser without a graphics
card, beside WebGL's in the same run. `python -m benchmarks.map --pictures 1000000`."""

from __future__ import annotations

import argparse
import json
import shutil
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from storage.vectors.graph import built
from storage.vectors.ids import ID_TYPE
from storage.vectors.map import drawn
from storage.vectors.reader import VectorReader

STATIC = Path(__file__).parents[1] / "web" / "static"
SECONDS = 4  # of frames
KINDS, DIMENSION = 200, 128

PAGE = """<!doctype html><html data-shown=""><meta charset="utf-8">
<link rel="stylesheet" href="/web/style.css"><script src="/web/map.js" type="module"></script>
<figure class="map" style="width:1000px;height:700px" data-map data-key="k" data-by="folder" data-concept=""
data-shape="" data-names="[]"><canvas tabindex="0"></canvas>
<div data-part="under-pointer" hidden></div></figure>
<ul data-part="legend"></ul><p data-part="map-said"></p></html>"""
FRAMES = """async seconds => {
  const canvas = document.querySelector('[data-map] canvas'), begun = performance.now();
  let frames = 0;
  while (performance.now() - begun < 1000 * seconds) {
    const wheel = {deltaY: frames % 40 < 20 ? -20 : 20, cancelable: true};
    canvas.dispatchEvent(new WheelEvent('wheel', wheel));
    await new Promise(requestAnimationFrame);
    frames++;
  }
  return frames / seconds;
}"""
WEBGL = """async seconds => {
  const places = new Uint16Array(await (await fetch('/app/map/places')).arrayBuffer());
  const canvas = document.createElement('canvas');
  Object.assign(canvas, {width: 1000, height: 700});
  document.body.append(canvas);
  const gl = canvas.getContext('webgl2', {antialias: false});
  if (!gl) return 0;
  const program = gl.createProgram();
  const shader = (kind, text) => {
    const made = gl.createShader(kind);
    gl.shaderSource(made, '#version 300 es\\n' + text);
    gl.compileShader(made);
    gl.attachShader(program, made);
  };
  shader(gl.VERTEX_SHADER, `in vec2 place; uniform float scale;
    void main() { gl_Position = vec4((place * 2. - 1.) * scale, 0, 1); gl_PointSize = 1.; }`);
  shader(gl.FRAGMENT_SHADER, `precision mediump float; out vec4 colour;
    void main() { colour = vec4(0, .5, .5, 1); }`);
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ARRAY_BUFFER, places, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.UNSIGNED_SHORT, true, 0, 0);
  const scale = gl.getUniformLocation(program, 'scale'), one = new Uint8Array(4), begun = performance.now();
  let frames = 0;
  while (performance.now() - begun < 1000 * seconds) {
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.uniform1f(scale, 1 + .3 * Math.sin(frames / 10));
    gl.drawArrays(gl.POINTS, 0, places.length / 2);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, one); // waits until it is drawn
    await new Promise(requestAnimationFrame);
    frames++;
  }
  return frames / seconds;
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1_000_000, help="Dots in the browser.")
    parser.add_argument("--laid-out", default="1000,10000,100000", help="Made-up libraries that a job draws.")
    given = parser.parse_args()
    for count in map(int, filter(None, given.laid_out.split(","))):
        print(
            f"{count:>9,} pictures: {_seconds_to_draw(count):6.0f} s to draw, once their neighbours are known"
        )
    opened, ours, webgl = _frames(given.pictures)
    print(f"{given.pictures:>9,} dots: open in {opened:.1f} s, {ours:.0f} frames a second; WebGL {webgl:.1f}")


def _seconds_to_draw(count: int) -> float:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((KINDS, DIMENSION)).astype(np.float32)
    vectors = centres[rng.integers(KINDS, size=count)] + rng.standard_normal((count, DIMENSION)).astype(
        np.float32
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = np.char.zfill(np.arange(count).astype(str), 12).astype(ID_TYPE)
    copy = VectorReader("made up", ids, vectors.astype(np.float16))
    graph = built(copy, lambda done, of: None)
    begun = time.monotonic()
    drawn(copy, graph, lambda done, of: None)
    return time.monotonic() - begun


def _frames(count: int) -> tuple[float, float, float]:
    """Seconds until the dots are there, and frames a second of ours and of WebGL."""
    from playwright.sync_api import sync_playwright

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, _blobs(count)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1100, "height": 900})
            begun = time.monotonic()
            page.goto(f"http://127.0.0.1:{server.server_port}/")
            page.locator("[data-map][data-drawn]").wait_for()
            opened = time.monotonic() - begun
            ours = max(page.evaluate(FRAMES, SECONDS) for _ in range(2))  # the first compiles
            return opened, ours, page.evaluate(WEBGL, SECONDS)
    finally:
        server.shutdown()


def _blobs(count: int) -> NDArray[np.uint16]:
    rng = np.random.default_rng(0)
    centres = rng.uniform(8_000, 57_000, (KINDS, 2))
    found = centres[rng.integers(KINDS, size=count)] + rng.normal(0, 2_500, (count, 2))
    return found.clip(0, 65_535).astype(np.uint16)


class _Handler(BaseHTTPRequestHandler):
    """The page with the app's own script, and what that asks for."""

    def __init__(self, places: NDArray[np.uint16], *request: object) -> None:
        self._places = places
        super().__init__(*request)  # type: ignore[arg-type]  # as socketserver calls it

    def do_GET(self) -> None:  # the library calls it so
        headers = {"Content-Type": "text/html"}
        if self.path.startswith("/web/"):
            file = STATIC / Path(self.path).name
            content = file.read_bytes() if file.exists() else b""
            headers["Content-Type"] = "text/css" if file.suffix == ".css" else "text/javascript"
        elif self.path.startswith("/app/map/places"):
            content = self._places.tobytes()
        elif self.path.startswith("/app/map/colours"):
            content = (np.arange(len(self._places)) % 4).astype(np.uint8).tobytes()
            colours = ("#0f9d8f", "#d55e00", "#cc79a7")
            legend = [{"word": one, "colour": one, "pictures": len(self._places) // 4} for one in colours]
            headers["Map-Legend"] = json.dumps(legend)
        else:
            content = PAGE.encode()
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *said: object) -> None:
        pass


if __name__ == "__main__":
    main()
