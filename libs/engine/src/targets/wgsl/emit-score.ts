import type { Steps } from '@flowline/events';
import { emitWriteScores } from './base.ts';
import { emitContextual } from './contextual.ts';
import { emitLinear } from './linear.ts';
import { emitRead, emitWriteLatents } from './rows.ts';
import { CALL_WORDS, Shader, shapeOf, WORKGROUP_THREADS } from './shader.ts';
import { emitTransform } from './transform.ts';
import type { Plan, Step } from '../../plan/plan.ts';

/** Output of a shader per row. */
export type ShaderOutput = 'score' | 'latent';

/** Compute shader that runs a whole plan in one dispatch. */
export interface ShaderCode {
  /**
   * WGSL with the entry point `main`. Bindings of group 0: 0 number of rows (uniform), 1 rows, 2
   * weights, 3 calls, 4 results, and 5, if `scratchBytes` > 0, that many bytes per workgroup.
   */
  readonly code: string;
  readonly calls: Uint32Array;
  readonly weights: Float32Array;
  /** Rows per workgroup. */
  readonly rows: number;
  /** Bytes of a storage buffer per workgroup. 0 if its own memory is enough. */
  readonly scratchBytes: number;
}

/** Limits of the device. */
export interface ShaderLimits {
  /** Workgroup memory in bytes (WebGPU guarantees 16,384). */
  readonly workgroupBytes: number;
}

/**
 * Candidate rows per workgroup, most first: a workgroup reads all weights once for all of its rows.
 */
const ROWS = [32, 16, 8, 4] as const;

/**
 * Emits the whole flow as one compute shader. A workgroup takes as many rows as its memory holds,
 * and works in a storage buffer if that is not even one panel. The computation of a row depends
 * neither on the other rows nor on its place.
 */
export function* shaderEmission(plan: Plan, output: ShaderOutput, { workgroupBytes }: ShaderLimits): Steps<ShaderCode> {
  for (const rows of ROWS) {
    const shader = yield* writeShader(plan, output, rows);
    if (shader.memoryBytes <= workgroupBytes) return finished(shader, false);
  }
  return finished(yield* writeShader(plan, output, ROWS[0]), true);
}

function* writeShader(plan: Plan, output: ShaderOutput, rows: number): Steps<Shader> {
  const shader = new Shader(plan, shapeOf(rows));
  shader.take(plan.features + plan.context);
  emitRead(shader);
  for (const step of plan.steps) {
    const mark = shader.mark;
    emitStep(shader, step);
    shader.release(mark);
    yield;
  }
  if (output === 'score') emitWriteScores(shader);
  else emitWriteLatents(shader);
  return shader;
}

/** Emits a step. It finds the state in memory and leaves it there. */
const emitStep = (shader: Shader, step: Step): void => {
  if (step.type === 'transform') emitTransform(shader, step);
  else if (step.type === 'linear') emitLinear(shader, step);
  else emitContextual(shader, step);
};

const finished = (shader: Shader, inStorage: boolean): ShaderCode => {
  const { plan, shape, memoryVectors } = shader;
  const index = `${inStorage ? 'base + ' : ''}slot * PANELS + panel`;
  const hasPresence = plan.presence.some((column) => column !== null);
  return {
    weights: shader.weights,
    calls: shader.calls,
    rows: shape.rows,
    scratchBytes: inStorage ? shader.memoryBytes : 0,
    code: `struct Job { rows: u32 }
@group(0) @binding(0) var<uniform> job: Job;
@group(0) @binding(1) var<storage, read> rows: array<f32>;
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;
@group(0) @binding(3) var<storage, read> calls: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> results: array<f32>;
${
  inStorage
    ? `@group(0) @binding(5) var<storage, read_write> memory: array<vec4f>;
var<private> base: u32;`
    : `var<workgroup> memory: array<vec4f, ${memoryVectors}>;`
}
const FEATURES = ${plan.features}u;
const CONTEXT = ${plan.context}u;
/** The state lies first in memory, the context behind it. */
const CONTEXT_AT = FEATURES;
/** Four rows are a panel; so many invocations share one. */
const PANELS = ${shape.panels}u;
const LANES = ${shape.lanes}u;
var<private> panel: u32;
var<private> lane: u32;
var<private> firstRow: u32;
/** This invocation's share of the log-density of its four rows. */
var<private> logDet: vec4f;
fn load(slot: u32) -> vec4f { return memory[${index}]; }
fn store(slot: u32, value: vec4f) { memory[${index}] = value; }
/** 1 where the dimension of a presence column is observed; −1 stands for always. */
fn observed(column: f32) -> vec4f {
  ${hasPresence ? 'if (column >= 0.0f) { return select(vec4f(0.0f), vec4f(1.0f), load(CONTEXT_AT + u32(column)) > vec4f(0.5f)); }' : ''}
  return vec4f(1.0f);
}
${shader.functions.join('\n')}
@compute @workgroup_size(${WORKGROUP_THREADS})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  panel = thread % PANELS;
  lane = thread / PANELS;
  firstRow = group.x * ${shape.rows}u + panel * 4u;
  ${inStorage ? `base = group.x * ${memoryVectors}u;` : ''}
  for (var call = 0u; call < ${shader.calls.length / CALL_WORDS}u; call++) {
    let first = calls[2u * call];
    let second = calls[2u * call + 1u];
    let c1 = first.y; let c2 = first.z; let c3 = first.w;
    let c4 = second.x; let c5 = second.y;
    switch first.x {
      ${shader.cases.join('\n      ')}
      default: {}
    }
    ${inStorage ? 'storageBarrier' : 'workgroupBarrier'}();
  }
}
`,
  };
};
