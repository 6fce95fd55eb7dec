// Picture files as the classifier is shown them: what reading.py does, as far as a browser can.

const BEST_PRECISION = 22; // bits after the point of Pillow's coefficients (Resample.c: 32 - 8 - 2)
const MOST_PIXELS = 250_000_000;
const FILTERS = {
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  // Keys, 1981, with a = -0.5
  bicubic: {
    support: 2,
    weight(x) {
      x = Math.abs(x);
      if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
    },
  },
};

// A file → RGB planes of the size that the graph takes, Uint8Array (3 · height · width), and a small canvas to
// show. Throws an Error with words for the person.
async function pixelsOf(file, shown) {
  const begins = new Uint8Array(await file.slice(0, 3).arrayBuffer());
  let bitmap;
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new Error("This browser can’t read it as a picture.");
  }
  try {
    if (bitmap.width * bitmap.height > MOST_PIXELS) throw new Error("It has more than 250 million pixels.");
    const small = thumbnail(bitmap);
    const isJpeg = begins[0] === 0xff && begins[1] === 0xd8 && begins[2] === 0xff;
    const scale = isJpeg ? draftScale(bitmap, shown.short_side) : 1;
    let image = (await decodedSmall(file, bitmap, scale)) ?? averaged(onWhite(bitmap), scale);
    image = shown.fit === "whole" ? resized(image, shown.width, shown.height, shown) : cropped(image, shown);
    return { pixels: planes(image), small };
  } finally {
    bitmap.close();
  }
}

// {data: 3 bytes a pixel, width, height}. The canvas keeps the size: a browser's own scaling is not Pillow's.
function onWhite(source, width = source.width, height = source.height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true, colorSpace: "srgb" });
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.drawImage(source, 0, 0);
  const found = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; from < found.length; from += 4, to += 3) {
    data[to] = found[from];
    data[to + 1] = found[from + 1];
    data[to + 2] = found[from + 2];
  }
  return { data, width, height };
}

// Pillow's draft mode: a large JPEG is decoded at 1/2, 1/4 or 1/8 to no less than the short side.
function draftScale({ width, height }, shortSide) {
  const times = Math.min(Math.floor(width / shortSide), Math.floor(height / shortSide));
  return [8, 4, 2].find((one) => times >= one) ?? 1;
}

// Chromium decodes at such scales too, by the same library: the same pixels. It wants the size as it is before
// the picture is turned upright, which may be either way round. null where a browser gives another size.
async function decodedSmall(file, bitmap, scale) {
  if (scale === 1 || typeof ImageDecoder === "undefined") return null;
  const [width, height] = [Math.ceil(bitmap.width / scale), Math.ceil(bitmap.height / scale)];
  for (const [desiredWidth, desiredHeight] of [[width, height], [height, width]]) {
    const decoder = new ImageDecoder({ data: await file.arrayBuffer(), type: "image/jpeg", desiredWidth, desiredHeight });
    let frame;
    try {
      frame = (await decoder.decode()).image;
      if (frame.displayWidth === width && frame.displayHeight === height)
        return onWhite(frame, frame.displayWidth, frame.displayHeight);
    } catch {
      // what only this way of decoding can't read
    } finally {
      frame?.close();
      decoder.close();
    }
  }
  return null;
}

// The same elsewhere: libjpeg-turbo's small transforms give the means of as many neighbours (jidctred.c), which
// from all pixels are the same but for rounding and coarser colours.
function averaged(image, scale) {
  if (scale === 1) return image;
  const [width, height] = [Math.ceil(image.width / scale), Math.ceil(image.height / scale)];
  const data = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const bottom = Math.min((y + 1) * scale, image.height);
    for (let x = 0; x < width; x++) {
      const right = Math.min((x + 1) * scale, image.width);
      let [red, green, blue] = [0, 0, 0];
      for (let row = y * scale; row < bottom; row++)
        for (let at = 3 * (row * image.width + x * scale), end = 3 * (row * image.width + right); at < end; at += 3) {
          red += image.data[at];
          green += image.data[at + 1];
          blue += image.data[at + 2];
        }
      const count = (bottom - y * scale) * (right - x * scale);
      const to = 3 * (y * width + x);
      data[to] = Math.round(red / count);
      data[to + 1] = Math.round(green / count);
      data[to + 2] = Math.round(blue / count);
    }
  }
  return { data, width, height };
}

// Where each of `wanted` pixels begins in `size`, and what each of those it is made of weighs, as integers.
function coefficients(size, wanted, filter) {
  const scale = size / wanted;
  const wide = Math.max(scale, 1);
  const support = filter.support * wide;
  return Array.from({ length: wanted }, (_, at) => {
    const middle = (at + 0.5) * scale;
    const begin = Math.max(0, Math.trunc(middle - support + 0.5));
    const end = Math.min(size, Math.trunc(middle + support + 0.5));
    const weights = Array.from({ length: end - begin }, (_, x) => filter.weight((x + begin - middle + 0.5) / wide));
    const sum = weights.reduce((a, b) => a + b, 0);
    const whole = weights.map((w) => {
      const big = (w / sum) * 2 ** BEST_PRECISION;
      return Math.trunc(big < 0 ? big - 0.5 : big + 0.5);
    });
    return { begin, weights: Int32Array.from(whole) };
  });
}

// Pillow's Image.resize: rows first, then columns, each rounded to a byte.
function resized(image, width, height, shown) {
  const filter = FILTERS[shown.interpolation];
  const half = 1 << (BEST_PRECISION - 1);
  const rows = new Uint8ClampedArray(3 * width * image.height);
  coefficients(image.width, width, filter).forEach(({ begin, weights }, x) => {
    for (let y = 0; y < image.height; y++) {
      const from = 3 * (y * image.width + begin);
      let [red, green, blue] = [half, half, half];
      for (let j = 0; j < weights.length; j++) {
        red += image.data[from + 3 * j] * weights[j];
        green += image.data[from + 3 * j + 1] * weights[j];
        blue += image.data[from + 3 * j + 2] * weights[j];
      }
      const to = 3 * (y * width + x);
      rows[to] = red >> BEST_PRECISION;
      rows[to + 1] = green >> BEST_PRECISION;
      rows[to + 2] = blue >> BEST_PRECISION;
    }
  });
  const data = new Uint8ClampedArray(3 * width * height);
  coefficients(image.height, height, filter).forEach(({ begin, weights }, y) => {
    for (let at = 0; at < 3 * width; at++) {
      let sum = half;
      for (let j = 0; j < weights.length; j++) sum += rows[3 * width * (begin + j) + at] * weights[j];
      data[3 * width * y + at] = sum >> BEST_PRECISION;
    }
  });
  return { data, width, height };
}

// The shorter side fits, and the middle is cut out.
function cropped(image, shown) {
  const side = shown.height;
  const [short, long] = [image.width, image.height].sort((a, b) => a - b);
  const other = Math.trunc((side * long) / short);
  const [width, height] = image.width <= image.height ? [side, other] : [other, side];
  const found = image.width === width && image.height === height ? image : resized(image, width, height, shown);
  const [left, top] = [halfEven(width - side), halfEven(height - side)];
  const data = new Uint8Array(3 * side * side);
  for (let y = 0; y < side; y++) {
    const from = 3 * ((top + y) * width + left);
    data.set(found.data.subarray(from, from + 3 * side), 3 * side * y);
  }
  return { data, width: side, height: side };
}

// Half of it, rounded as Python rounds: .5 to the even number.
function halfEven(length) {
  const down = Math.floor(length / 2);
  return length % 2 === 0 ? down : down + (down % 2);
}

function planes({ data, width, height }) {
  const size = width * height;
  const out = new Uint8Array(3 * size);
  for (let at = 0; at < size; at++)
    for (let channel = 0; channel < 3; channel++) out[channel * size + at] = data[3 * at + channel];
  return out;
}

function thumbnail(bitmap) {
  const scale = Math.min(1, 96 / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}
