import { PNG } from 'pngjs';

/** Layout of images in a picture. */
export interface GridOptions {
  readonly height: number;
  readonly width: number;
  /** Number of values that a pixel can have: 0 is white, values − 1 black. */
  readonly values: number;
  /** Images per line. */
  readonly columns: number;
  /** Scale factor: an image pixel becomes zoom × zoom picture pixels. */
  readonly zoom: number;
}

/**
 * Encodes images [n × height·width] as a grey PNG, in lines of `columns`, with a grey line of one
 * pixel between them.
 */
export function pngGrid(pixels: Uint8Array, { height, width, values, columns, zoom }: GridOptions): Uint8Array {
  const count = pixels.length / (height * width);
  const lines = Math.ceil(count / columns);
  const [cellHeight, cellWidth] = [height * zoom + 1, width * zoom + 1];
  const png = new PNG({
    height: lines * cellHeight + 1,
    width: columns * cellWidth + 1,
    colorType: 0,
    inputColorType: 0,
    inputHasAlpha: false,
  });
  const canvas = Buffer.alloc(png.height * png.width, 0xc0);
  for (let image = 0; image < count; image++) {
    const top = 1 + Math.floor(image / columns) * cellHeight;
    const left = 1 + (image % columns) * cellWidth;
    for (const [i, value] of pixels.subarray(image * height * width, (image + 1) * height * width).entries()) {
      const grey = 255 - Math.round((255 * value) / (values - 1));
      for (let line = 0; line < zoom; line++) {
        const start = (top + Math.floor(i / width) * zoom + line) * png.width + left + (i % width) * zoom;
        canvas.fill(grey, start, start + zoom);
      }
    }
  }
  png.data = canvas;
  return PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false });
}
