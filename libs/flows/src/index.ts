export { initBackend, tensorCount, type BackendName } from './backend.ts';
export type { TypedConfig } from './config.ts';
export { FlowError, type FlowErrorCode, type FlowErrorOptions } from './flow-error.ts';
export { Random, type RandomState } from './random.ts';
export type { Bijector, BijectorConfig, BijectorFactory, InverseCost } from './bijector.ts';
export { ActNorm, type ActNormConfig } from './bijectors/act-norm.ts';
export type { ScaleFunction } from './bijectors/scale-function.ts';
export { Autoregressive, type AutoregressiveConfig, type AutoregressiveOptions } from './bijectors/autoregressive.ts';
export { Chain, type ChainConfig } from './bijectors/chain.ts';
export { Coupling, type CouplingConfig, type CouplingOptions } from './bijectors/coupling.ts';
export { ElementWiseAffine, type ElementWiseAffineConfig } from './bijectors/element-wise-affine.ts';
export { Inverted, type InvertedConfig } from './bijectors/inverted.ts';
export { LuLinear, type LuLinearConfig } from './bijectors/lu-linear.ts';
export { PerPixel, type PerPixelConfig } from './bijectors/per-pixel.ts';
export { Permutation, type PermutationConfig } from './bijectors/permutation.ts';
export { PixelLogit, type PixelLogitConfig } from './bijectors/pixel-logit.ts';
export { Planar, type PlanarConfig } from './bijectors/planar.ts';
export { Radial, type RadialConfig } from './bijectors/radial.ts';
export { Split, type SplitConfig } from './bijectors/split.ts';
export { Squeeze, type SqueezeConfig } from './bijectors/squeeze.ts';
export { bijectorFromConfig, registerBijector } from './bijectors/registry.ts';
export type { Activation } from './conditioners/activation.ts';
export type { ConvolutionConfig } from './conditioners/coupling-convolution.ts';
export type { CouplingNetworks } from './conditioners/coupling-networks.ts';
export type { PerceptronsConfig } from './conditioners/coupling-perceptrons.ts';
export type { Conditioner } from './conditioners/conditioner.ts';
export { Made, madeMasks, type MadeOptions } from './conditioners/made.ts';
export { Mlp, type MlpConfig } from './conditioners/mlp.ts';
export { DiagonalNormal, type DiagonalNormalConfig } from './distributions/diagonal-normal.ts';
export type { Distribution, DistributionFactory } from './distributions/distribution.ts';
export { fitMixture, type FitMixtureOptions } from './distributions/fit-mixture.ts';
export { GaussianMixture, type GaussianMixtureConfig } from './distributions/gaussian-mixture.ts';
export { logGamma } from './distributions/log-gamma.ts';
export { distributionFromConfig, registerDistribution } from './distributions/registry.ts';
export { StandardNormal } from './distributions/standard-normal.ts';
export { StudentT, type StudentTConfig } from './distributions/student-t.ts';
export type { FamilyOptions } from './families/family.ts';
export type { AutoregressiveFamilyOptions } from './families/autoregressive-layers.ts';
export type { CouplingFamilyOptions } from './families/coupling-options.ts';
export { glow, type GlowOptions } from './families/glow.ts';
export { iaf, type IafOptions } from './families/iaf.ts';
export { maf, type MafOptions } from './families/maf.ts';
export { multiScale, type MultiScaleOptions } from './families/multi-scale.ts';
export { naf, type NafOptions } from './families/naf.ts';
export { neuralSpline, type NeuralSplineOptions } from './families/neural-spline.ts';
export { planar, type PlanarOptions } from './families/planar.ts';
export { radial, type RadialOptions } from './families/radial.ts';
export { realNVP, type RealNvpOptions } from './families/real-nvp.ts';
export { Flow, type SampleOptions } from './flow.ts';
export { FLOW_FORMAT_VERSION, type FlowConfig, type FlowJson, type FlowParts } from './flow-config.ts';
export { bitsPerDim, dequantizeImages, overPixels, toPixels, type DequantizedImages } from './images.ts';
export { Parameter, type NamedVariables, type ParameterOptions } from './parameter.ts';
export { littleEndianBytes, type Numbers } from './little-endian.ts';
export { imagePartition, type ImagePartitionScheme, type ImageShape } from './image-partition.ts';
export { partition, type PartitionScheme } from './partition.ts';
export { logProbRows } from './log-prob-rows.ts';
export { toRows, type NumberRows, type Rows } from './rows.ts';
export { loadFlow, loadFlowInParts, saveFlow } from './checkpoint.ts';
export { decodeSafetensors, encodeSafetensors, type SafeTensor, type SafetensorsContent } from './safetensors.ts';
export { AffineTransformer, type AffineTransformerConfig, type SigmoidScale } from './transformers/affine.ts';
export { DeepSigmoid, type DeepSigmoidConfig } from './transformers/deep-sigmoid.ts';
export { RationalQuadratic, type RationalQuadraticConfig } from './transformers/rational-quadratic.ts';
export { transformerFromConfig } from './transformers/registry.ts';
export type { Transformer, TransformerParameters } from './transformers/transformer.ts';
export type { Estimate } from './selection/estimate.ts';
export {
  selectFlow,
  type CandidateReport,
  type FlowCandidate,
  type FlowSelection,
  type SelectFlowOptions,
  type SelectionData,
} from './selection/select-flow.ts';
export { ADAM, type AdamState } from './training/adam.ts';
export { fit, fitWith } from './training/fit.ts';
export { outlierThreshold, outlierThresholdOfSorted, rowWeights, weightedNll } from './training/robust.ts';
export { learningRateAt, type Schedule } from './training/schedule.ts';
export type {
  BatchTarget,
  NextBatch,
  OptimizerState,
  StepOptions,
  StepResult,
  TrainingBackend,
  TrainingSession,
  TrainingTask,
} from './training/training-backend.ts';
export { averagingShareAt } from './training/weight-average.ts';
export type { FitData, RowLookup, RowStream } from './training/fit-data.ts';
export type { FitOptions, FitProgress, FitReport, NoiseOptions, TrainingCheckpoint } from './training/options.ts';
/**
 * The TensorFlow.js instance that the library uses: tensors of another copy would live on another
 * engine.
 */
export * as tf from '@tensorflow/tfjs-core';
