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
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        const at = image * height * width + Math.floor(y / zoom) * width + Math.floor(x / zoom);
        const grey = 255 - Math.round((255 * (pixels[at] ?? 0)) / (values - 1));
        canvas[(top + y) * png.width + left + x] = grey;
      }
    }
  }
  png.data = canvas;
  return PNG.sync.write(png, { colorType: 0, inputColorType: 0, inputHasAlpha: false });
}
