import { checkOptions, checkValue } from './options/check-options.ts';
import { oneOf, required, whole } from './options/rules.ts';

/** Shape of an image. Its row of features holds the pixels line by line, channels last. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** Schemes that divide the features of an image into conditioning and transformed ones. */
export const imagePartitionSchemes = ['checkerboard', 'channels'] as const;
/**
 * `checkerboard`: in the first layer the pixels whose line and column have an even sum condition,
 * in the second those with an odd sum, and so on. `channels`: the first half of the channels of
 * every pixel conditions, then the other half (Dinh et al., Real NVP, 2017).
 */
export type ImagePartitionScheme = (typeof imagePartitionSchemes)[number];

/**
 * Conditioning features of each layer, in ascending order; all others are transformed. With a
 * single pixel (`checkerboard`) or a single channel (`channels`) nothing conditions, and every
 * layer transforms all features.
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
