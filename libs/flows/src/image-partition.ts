import { checkOptions, checkValue } from './options/check-options.ts';
import { oneOf, required, whole } from './options/rules.ts';

/** An image, whose row of features is its pixels line by line, channels last. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** How the features of an image are divided into those that condition and those that are transformed. */
export const imagePartitionSchemes = ['checkerboard', 'channels'] as const;
/**
 * `checkerboard`: the pixels whose line and column have an even sum condition, then those with an odd one. `channels`: the first half of the
 * channels of every pixel, then the others (Dinh et al., Real NVP, 2017).
 */
export type ImagePartitionScheme = (typeof imagePartitionSchemes)[number];

/**
 * The conditioning features of each layer, in order; all others are transformed. Where there is one pixel, or one channel, nothing conditions
 * and every layer transforms all.
 */
export function imagePartition(scheme: ImagePartitionScheme, image: ImageShape, layers: number): number[][] {
  checkValue('imagePartition.scheme', scheme, oneOf(...imagePartitionSchemes));
  checkOptions<ImageShape>('imagePartition', image, {
    height: required(whole(1)),
    width: required(whole(1)),
    channels: required(whole(1)),
  });
  checkValue('imagePartition.layers', layers, whole(0));
  const { height, width, channels } = image;
  const features = Array.from({ length: height * width * channels }, (_, i) => i);
  const isWhole = scheme === 'checkerboard' ? height * width === 1 : channels === 1;
  const isFirst = (feature: number): boolean => {
    const pixel = Math.floor(feature / channels);
    return scheme === 'checkerboard'
      ? (Math.floor(pixel / width) + (pixel % width)) % 2 === 0
      : feature % channels < Math.ceil(channels / 2);
  };
  return Array.from({ length: layers }, (_, layer) =>
    isWhole ? [] : features.filter((feature) => isFirst(feature) === (layer % 2 === 0)),
  );
}
