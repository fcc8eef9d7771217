import { isTimezone } from '@flowline/config';
import { messageOf } from '@flowline/events';
import { type ASTNode, Environment, type ParseResult } from '@marcbachmann/cel-js';

/** Features that a condition may name. */
export interface ConditionNames {
  /** Type of each feature in CEL; null if the condition may see any detector. */
  readonly features: Readonly<Record<string, 'double' | 'string' | 'bool'>> | null;
}

/** Values that a condition sees. */
export interface ConditionValues {
  readonly x: Readonly<Record<string, number | string | boolean>>;
  readonly e: Readonly<Record<string, Readonly<Record<'median' | 'p05' | 'p95', number>>>>;
  readonly bits: number;
  readonly pValue: number;
  readonly entity: Readonly<Record<string, string>>;
  readonly severity: string;
  readonly time: Date;
  readonly feature: string;
  readonly detector: string;
  readonly calendar: Readonly<Record<string, boolean>>;
}

/** Name after a variable, as in `x.latency_ms` or `calendar["nights"]`. */
export interface NamedAccess {
  readonly variable: string;
  readonly name: string;
}

/** Condition that is ready to be used. */
export interface Condition {
  /** Names that it looks up in variables that are maps. */
  readonly accesses: readonly NamedAccess[];
  /** True if it needs the explanation of an anomaly: the expected values, or the feature. */
  readonly needsExplanation: boolean;
  /** True if the values meet it. @throws Error if it cannot be evaluated for them. */
  readonly holds: (values: ConditionValues) => boolean;
}

/** Bounds of a condition. Without loops and patterns, its time is linear in its nodes. */
const LIMITS = { maxAstNodes: 500, maxDepth: 50, maxListElements: 200, maxMapEntries: 50, maxCallArguments: 8 };
/** Loops over lists, and regular expressions, whose time is not bounded by the condition's size. */
const UNBOUNDED = ['all', 'exists', 'exists_one', 'map', 'filter', 'bind', 'matches'];
const EXPLAINED = ['e', 'feature'];

/**
 * Compiles a condition and checks its types.
 * @throws Error with a message for people if it does not parse, has another type than bool, names
 * what there is not, or is not bounded.
 */
export function compileCondition(text: string, { features }: ConditionNames): Condition {
  const environment = environmentOf(features);
  const checked = environment.check(text);
  if (!checked.valid) throw new Error(firstLine(checked.error));
  if (String(checked.type) !== 'bool') throw new Error(`it is of type ${String(checked.type)}, not bool`);
  const parsed: ParseResult = environment.parse(text);
  const found: Found = { accesses: [], variables: new Set() };
  visit(parsed.ast, found);
  return {
    accesses: found.accesses,
    needsExplanation: EXPLAINED.some((name) => found.variables.has(name)),
    holds: (values) => parsed(contextOf(values)) === true,
  };
}

/** Values for the library. Names are data: as a map's keys, `constructor` is a name like others. */
function contextOf(values: ConditionValues): Record<string, unknown> {
  const mapOf = (named: object) => new Map<string, unknown>(Object.entries(named));
  const { x, e, entity, calendar, ...rest } = values;
  return { ...rest, x: mapOf(x), e: mapOf(e), entity: mapOf(entity), calendar: mapOf(calendar) };
}

function environmentOf(features: ConditionNames['features']): Environment {
  const environment = new Environment({ limits: LIMITS });
  if (features === null) environment.registerVariable('x', 'map<string, dyn>');
  else environment.registerVariable({ name: 'x', schema: { ...features } });
  return environment
    .registerVariable('e', 'map<string, map<string, double>>')
    .registerVariable('entity', 'map<string, string>')
    .registerVariable('calendar', 'map<string, bool>')
    .registerVariable('bits', 'double')
    .registerVariable('pValue', 'double')
    .registerVariable('time', 'google.protobuf.Timestamp')
    .registerVariable('severity', 'string')
    .registerVariable('feature', 'string')
    .registerVariable('detector', 'string');
}

/** First line of an error's message; the others draw the place. */
export const firstLine = (error: unknown): string => messageOf(error).split('\n', 1).join('');

interface Found {
  readonly accesses: NamedAccess[];
  readonly variables: Set<string>;
}

/** Notes the variables and names of an expression. @throws Error for a call that is not bounded. */
function visit(node: ASTNode, found: Found): void {
  if (node.op === 'id') found.variables.add(node.args);
  if (node.op === 'call' || node.op === 'rcall') {
    const [name] = node.args;
    if (UNBOUNDED.includes(name)) {
      throw new Error(`${name}() is not allowed, because its time is not bounded`);
    }
  }
  if (node.op === 'rcall') checkZone(node.args);
  if (node.op === '.' && node.args[0].op === 'id') {
    found.accesses.push({ variable: node.args[0].args, name: node.args[1] });
  }
  if (node.op === '[]' && node.args[0].op === 'id') {
    const [{ args: variable }, key] = [node.args[0], node.args[1]];
    if (key.op === 'value' && typeof key.args === 'string') found.accesses.push({ variable, name: key.args });
  }
  for (const child of nodesOf(node.args)) visit(child, found);
}

/** Checks the zone of `time.getHours("Europe/Paris")`. @throws Error if there is no such zone. */
function checkZone([name, , operands]: readonly unknown[]): void {
  const [zone] = Array.isArray(operands) ? nodesOf(operands) : [];
  if (!String(name).startsWith('get') || zone?.op !== 'value' || typeof zone.args !== 'string') return;
  if (!isTimezone(zone.args)) throw new Error(`"${zone.args}" is not a time zone`);
}

/** Nodes among the operands of a node, at any depth of lists. */
function nodesOf(operands: unknown): ASTNode[] {
  if (Array.isArray(operands)) return operands.flatMap(nodesOf);
  return typeof operands === 'object' && operands !== null && 'op' in operands ? [operands as ASTNode] : [];
}
