import type { Bijector } from '../bijector.ts';
import { ActNorm } from '../bijectors/act-norm.ts';
import { Chain } from '../bijectors/chain.ts';
import { Coupling } from '../bijectors/coupling.ts';
import { LuLinear } from '../bijectors/lu-linear.ts';
import { PerPixel } from '../bijectors/per-pixel.ts';
import { boundedBy } from '../bijectors/scale-function.ts';
import { Split } from '../bijectors/split.ts';
import { Squeeze } from '../bijectors/squeeze.ts';
import type { Activation } from '../conditioners/activation.ts';
import { activations } from '../conditioners/activation.ts';
import { FlowError } from '../flow-error.ts';
import type { Flow } from '../flow.ts';
import type { ImagePartitionScheme, ImageShape } from '../image-partition.ts';
import { imagePartition } from '../image-partition.ts';
import { Random } from '../random.ts';
import { AffineTransformer } from '../transformers/affine.ts';
import type { Transformer } from '../transformers/transformer.ts';
import type { FamilyOptions } from './family.ts';
import { assembled } from './family.ts';
import { checkOptions } from '../options/check-options.ts';
import { above0, boolean, oneOf, orNull, required, whole } from '../options/rules.ts';
import { familyRules, widths } from './option-rules.ts';

/** Options of {@link multiScale}. */
export interface MultiScaleOptions extends ImageShape, Omit<FamilyOptions, 'features'> {
  /** Number of scales (default 2). Height and width must be divisible by 2^(levels − 1). */
  readonly levels?: number;
  /** Couplings per scale of each kind, checkerboard and channels (default 4). */
  readonly steps?: number;
  /** Channels of the hidden layers of each convolutional network (default [32, 32]). */
  readonly hidden?: readonly number[];
  /** Activation of the hidden layers (default `relu`). */
  readonly activation?: Activation;
  /** Maximum |s| of one coupling, in nats (default 2); null: unbounded. */
  readonly scaleBound?: number | null;
  /** Networks see clip·tanh(input / clip) (default 5); null: the input unclipped. */
  readonly inputClip?: number | null;
  /** Puts a per-channel ActNorm before each coupling (default true). */
  readonly actNorm?: boolean;
}

/**
 * A multi-scale flow for images (Dinh et al., Real NVP, 2017; Kingma and Dhariwal, Glow, 2018).
 * Each scale consists of affine couplings over checkerboards; a squeeze, [h × w × c] → [h/2 × w/2 ×
 * 4c]; invertible 1 × 1 convolutions with couplings over channels. Then half of the channels become
 * latents, and the others go on to the next scale. The last scale has no squeeze. Networks are
 * convolutional.
 *
 * Rows are images, [n × height·width·channels], pixels line by line, channels last; z has as many
 * features. For pixels that are whole numbers use `overPixels`. Density alone does not detect
 * unfamiliar images: flows can assign a higher likelihood to images unlike the training data than
 * to familiar ones (Nalisnick et al., 2019; Kirichenko et al., 2020). Throws FLOWLINE_USAGE for
 * sides that are not divisible by 2^(levels − 1).
 *
 * ```ts
 * await initBackend('wasm');
 * const flow = multiScale({ height: 4, width: 4, channels: 1, seed: 1 });
 * const images = flow.sample(2, { seed: 2 });   // [2 × 16]
 * ```
 */
export function multiScale(options: MultiScaleOptions): Flow {
  const { features: _, ...shared } = familyRules;
  checkOptions<MultiScaleOptions>('multiScale', options, {
    ...shared,
    height: required(whole(1)),
    width: required(whole(1)),
    channels: required(whole(1)),
    levels: whole(1),
    steps: whole(1),
    hidden: widths,
    activation: oneOf(...activations),
    scaleBound: orNull(above0),
    inputClip: orNull(above0),
    actNorm: boolean,
  });
  const { height, width, channels, levels = 2, seed } = options;
  requireShape(options, levels);
  const random = new Random(seed).fork('weights');
  return assembled('multiScale', { ...options, features: height * width * channels }, [
    scale({ height, width, channels }, levels, options, random),
  ]);
}

/** One scale and, behind its split, the deeper ones. */
function scale(image: ImageShape, levels: number, options: MultiScaleOptions, random: Random): Chain {
  const checkered = image.height * image.width > 1 ? couplings('checkerboard', image, options, random) : [];
  if (levels === 1) {
    // With a single pixel of a single channel nothing conditions: the couplings are plain maps.
    const across = image.channels > 1 || checkered.length === 0;
    return new Chain([...checkered, ...(across ? couplings('channels', image, options, random) : [])]);
  }
  const squeezed = { height: image.height / 2, width: image.width / 2, channels: 4 * image.channels };
  const kept = { ...squeezed, channels: squeezed.channels / 2 };
  return new Chain([
    ...checkered,
    new Squeeze({ type: 'squeeze', ...image }),
    ...couplings('channels', squeezed, options, random),
    new Split(
      { pixels: squeezed.height * squeezed.width, channels: squeezed.channels, kept: kept.channels },
      scale(kept, levels - 1, options, random),
    ),
  ]);
}

/**
 * Steps of ActNorm if enabled, an invertible 1 × 1 convolution for the `channels` scheme, and a
 * coupling.
 */
function couplings(
  scheme: ImagePartitionScheme,
  image: ImageShape,
  options: MultiScaleOptions,
  random: Random,
): Bijector[] {
  const { context = 0, steps = 4, hidden = [32, 32], activation = 'relu', inputClip = 5, actNorm = true } = options;
  const { height, width, channels } = image;
  const pixels = height * width;
  const net = { hidden, activation, residual: false };
  const transformer: Transformer = new AffineTransformer({
    type: 'affine',
    scale: boundedBy(options.scaleBound === undefined ? 2 : options.scaleBound),
  });
  return imagePartition(scheme, image, steps).flatMap((conditioning): Bijector[] => [
    ...(actNorm
      ? [new PerPixel(pixels, new ActNorm({ type: 'actNorm', features: channels, initialized: false }))]
      : []),
    ...(scheme === 'channels' ? [new PerPixel(pixels, new LuLinear({ type: 'luLinear', features: channels }))] : []),
    new Coupling(
      {
        features: pixels * channels,
        context,
        conditioning,
        inputClip,
        networks: { kind: 'convolutional', ...image, net },
        transformer,
      },
      random,
    ),
  ]);
}

function requireShape({ height, width }: ImageShape, levels: number): void {
  const divisor = 2 ** (levels - 1);
  for (const [name, side] of Object.entries({ height, width })) {
    if (side % divisor === 0) continue;
    const where = `multiScale.${name}`;
    throw new FlowError(
      'FLOWLINE_USAGE',
      `${where}: found ${side}, expected a multiple of ${divisor} for ${levels} levels`,
      { where, remedy: 'Ask for fewer levels, or crop or pad the images.' },
    );
  }
}
