import type { Box } from './box.ts';
import type { Grid } from './grid.ts';
import { parsedColour, pixelsOf } from './shades.ts';

const [DOT_RADIUS, SMALL_DOT_RADIUS] = [1.7, 1.3];
/** Width below which dots are small. */
const SMALL_WIDTH = 400;
const TURN = 2 * Math.PI;

/** Dot by its shares of both axes, and the strength of its colour, 0 to 1. */
export type Dot = readonly [x: number, y: number, strength: number];

/** Content of a map: strengths of the cells of its grid, and dots. */
interface MapContent {
  readonly grid: Grid | null;
  readonly strength: Float64Array | null;
  readonly dots: readonly Dot[];
  readonly box: Pick<Box, 'width' | 'height'>;
}

/**
 * Draws a map on a canvas, in the colours of its style: `background-color` for nothing, `color` for
 * the greatest strength, `border-top-color` for dots.
 */
export function drawMap(canvas: HTMLCanvasElement, { grid, strength, dots, box }: MapContent): void {
  const scale = devicePixelRatio;
  canvas.width = Math.round(box.width * scale);
  canvas.height = Math.round(box.height * scale);
  const context = canvas.getContext('2d');
  if (context === null) throw new TypeError('this browser has no canvas');
  const style = getComputedStyle(canvas);
  if (grid !== null && strength !== null) {
    const colours = [parsedColour(style.backgroundColor), parsedColour(style.color)] as const;
    const cells = new OffscreenCanvas(grid.columns, grid.rows);
    cells
      .getContext('2d')
      ?.putImageData(new ImageData(pixelsOf(strength, grid, colours), grid.columns, grid.rows), 0, 0);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = 'high';
    context.drawImage(cells, 0, 0, canvas.width, canvas.height);
  }
  context.fillStyle = style.borderTopColor;
  const radius = box.width < SMALL_WIDTH ? SMALL_DOT_RADIUS : DOT_RADIUS;
  for (const [x, y, alpha] of dots) {
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) continue;
    context.globalAlpha = alpha;
    context.beginPath();
    context.arc(x * canvas.width, (1 - y) * canvas.height, radius * scale, 0, TURN);
    context.fill();
  }
}
