import { Session } from 'node:inspector/promises';

/** Stages that the CPU time of the scorer's thread is attributed to. */
export const stages = [
  'fetch',
  'decode',
  'encode',
  'score',
  'decide',
  'explain',
  'copy',
  'commit',
  'garbage',
  'other',
] as const;
export type CpuStage = (typeof stages)[number];

/**
 * Patterns of script URLs. A function belongs to the first pattern that its script matches, or else
 * to the stage of its caller.
 */
const scripts: readonly (readonly [pattern: RegExp, stage: CpuStage])[] = [
  [/libs\/db\/src\/(batch-rows|binary-copy|json-text|outbox-message)/, 'copy'],
  [/libs\/db\/|node_modules\/pg|pg-copy-streams|services\/scorer\/src\/steps\/commit/, 'commit'],
  [/libs\/engine\/|wasm:/, 'score'],
  [/libs\/detector\/src\/(conditional|explain|explanation|nearest|decode-latents|alert)/, 'explain'],
  [/libs\/detector\//, 'score'],
  [/libs\/features\/src\/(encode-table|feature-encoding|numeric-column|level-|transforms|missing-patterns)/, 'encode'],
  [/libs\/features\/|services\/scorer\/src\/(decoding\/|steps\/decode)/, 'decode'],
  [/services\/scorer\/src\/steps\/decide/, 'decide'],
  [/services\/scorer\/src\/steps\/explain/, 'explain'],
  [/services\/scorer\/src\/steps\/score/, 'score'],
  [/node_modules\/kafkajs|libs\/kafka\//, 'fetch'],
];

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string };
  readonly children?: readonly number[] | undefined;
}

/** Profiles this thread during `run`. Returns microseconds per stage, without idle time. */
export async function profiled(run: () => Promise<void>): Promise<Readonly<Record<CpuStage, number>>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 500 });
  await session.post('Profiler.start');
  await run();
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  const micros = Object.fromEntries(stages.map((stage) => [stage, 0])) as Record<CpuStage, number>;
  const stageOf = stagesOfNodes(profile.nodes);
  profile.samples?.forEach((node, i) => {
    const stage = stageOf.get(node) ?? null;
    if (stage !== null) micros[stage] += profile.timeDeltas?.[i] ?? 0;
  });
  return micros;
}

/** Stage of every node in the call tree; null for idle time. */
function stagesOfNodes(nodes: readonly ProfileNode[]): ReadonlyMap<number, CpuStage | null> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const found = new Map<number, CpuStage | null>();
  const visit = (node: ProfileNode, inherited: CpuStage): void => {
    const { functionName, url } = node.callFrame;
    const own = scripts.find(([pattern]) => pattern.test(url))?.[1] ?? inherited;
    const stage = functionName === '(idle)' ? null : functionName === '(garbage collector)' ? 'garbage' : own;
    found.set(node.id, stage);
    for (const child of node.children ?? []) {
      const next = byId.get(child);
      if (next !== undefined) visit(next, own);
    }
  };
  const [root] = nodes;
  if (root !== undefined) visit(root, 'other');
  return found;
}
