import { at } from '@flowline/events';
import { DOMAIN_TOLERANCE, LARGE_TOLERANCE, type EncodingPlan } from '@flowline/features';

import { ML_DOMAIN, type OnnxGraph, type Tensor } from './onnx-graph.ts';

type Column = EncodingPlan['columns'][number];
type NumberColumn = Extract<Column, { type: 'number' }>;
type LevelsColumn = Extract<Column, { type: 'levels' }>;
type CyclicColumn = Extract<Column, { type: 'cyclic' }>;

/** Encoded events, as a flow takes them. */
export interface EncodedEvents {
  /** [n × d], float32. */
  readonly x: Tensor;
  /** [n × c], float32. Null if there is no context. */
  readonly context: Tensor | null;
  /**
   * Terms that features add to the log-density besides the flow: log|det| minus the fall beyond the
   * range, or log P(level). [n × 1] in float64 each.
   */
  readonly logTerms: readonly Tensor[];
  /** True where a value lies outside its domain, [n × 1]. Null if no value can. */
  readonly outside: Tensor | null;
}

/** Columns of the encoded row, float32. */
interface Piece {
  readonly column: number;
  readonly width: number;
  readonly tensor: Tensor;
}

const TURN = 2 * Math.PI;
/** From this size on 1 + x² equals x² in float64, and x² may overflow. */
const LARGE = 1e8;
/** ONNX element type of float32. */
const FLOAT = 1;

/**
 * Exports the encoding of events as part of a model, with an input [n × 1] per feature, in original
 * units. A number is float64, NaN if missing; a level is text, empty if missing. Computed in
 * float64, as in the product.
 */
export const exportEncoding = (graph: OnnxGraph, plan: EncodingPlan): EncodedEvents => {
  const events = new EventsInTheMaking(graph, plan);
  const levels = plan.columns.filter((column) => column.type === 'levels');
  levels.sort((a, b) => a.tableColumn - b.tableColumn);
  for (const column of plan.columns) {
    if (column.type === 'number') events.number(column);
    else if (column.type === 'cyclic') events.cycle(column);
  }
  for (const column of levels) events.levels(column);
  return events.finish();
};

class EventsInTheMaking {
  readonly #graph: OnnxGraph;
  readonly #plan: EncodingPlan;
  readonly #pieces: Piece[] = [];
  readonly #logTerms: Tensor[] = [];
  readonly #outside: Tensor[] = [];
  /** Indices of the previous level feature, [n]. Null before the first one. */
  #previous: Tensor | null = null;

  constructor(graph: OnnxGraph, plan: EncodingPlan) {
    this.#graph = graph;
    this.#plan = plan;
  }

  number(column: NumberColumn): void {
    const { feature, transform, mean, std, range, scored } = column;
    const raw = this.#graph.input(feature, 'double', 1, `${feature}, in original units; NaN where it is missing`);
    const given = this.#node('Equal', [raw, raw]);
    const value = this.#node('Where', [given, raw, this.#number(SAFE[transform.type])]);
    const { nearest, accepted } = this.#withinDomain(column, value);
    this.#outside.push(
      this.#node('Not', [accepted]),
      this.#node('Greater', [this.#node('Abs', [value]), this.#number(Number.MAX_VALUE)]),
    );
    // A feature without values in training always counts as missing.
    const observed = range === null ? this.#node('Less', [raw, raw]) : given;
    const { y, logAbsDet } = this.#transformed(column, nearest);
    const standardised = this.#node('Div', [this.#node('Sub', [y, this.#number(mean)]), this.#number(std)]);
    const { bound } = this.#plan;
    const bounded = this.#within(standardised, [-bound, bound]);
    const end = range === null ? bounded : this.#within(bounded, range);
    this.#place(column.column, 1, this.#node('Where', [observed, end, this.#number(0)]));
    this.#presence(column, observed);
    if (!scored || range === null) return;
    const term = this.#node('Sub', [this.#logDet(column, logAbsDet, bounded), this.#fall(bounded, end)]);
    this.#logTerms.push(this.#node('Where', [observed, term, this.#number(0)]));
  }

  cycle(column: CyclicColumn): void {
    const { feature, period } = column;
    const raw = this.#graph.input(feature, 'double', 1, `${feature}, of a cycle of ${period}; NaN where it is missing`);
    const observed = this.#node('Equal', [raw, raw]);
    const value = this.#node('Where', [observed, raw, this.#number(0)]);
    const cycles = this.#node('Floor', [this.#node('Div', [value, this.#number(period)])]);
    const within = this.#node('Sub', [value, this.#node('Mul', [cycles, this.#number(period)])]);
    const angle = this.#node('Mul', [within, this.#number(TURN / period)]);
    // cos(a) = sin(a + π/2), because not every runtime has a float64 cosine.
    const shifted = this.#node('Add', [angle, this.#number(TURN / 4)]);
    [angle, shifted].forEach((of, i) => {
      this.#place(column.column + i, 1, this.#node('Where', [observed, this.#node('Sin', [of]), this.#number(0)]));
    });
    this.#presence(column, observed);
  }

  levels(column: LevelsColumn): void {
    const { feature, levels, oneHot, logProbability, scored } = column;
    const [unseen, missing] = [levels.length, levels.length + 1];
    const raw = this.#graph.input(feature, 'string', 1, `${feature}, as text; empty where it is missing`);
    const isNullable = column.presenceColumn !== null;
    // Some runtimes reject an empty table.
    const known = levels.length === 0 && !isNullable ? ['\u0001'] : [...levels];
    const keys = isNullable ? [...known.filter((level) => level !== ''), ''] : known;
    const values = keys.map((key) => (isNullable && key === '' ? missing : levels.indexOf(key)));
    const index = this.#node(
      'LabelEncoder',
      [this.#node('Reshape', [raw, this.#graph.int64([-1])])],
      { keys_strings: keys, values_int64s: values.map((value) => (value < 0 ? unseen : value)), default_int64: unseen },
      ML_DOMAIN,
    );
    const width = oneHot.reduce((most, place) => Math.max(most, place + 1), 0);
    if (width > 0) {
      const rows = new Float32Array((missing + 1) * width);
      oneHot.forEach((place, level) => {
        if (place >= 0) rows[level * width + place] = 1;
      });
      const table = this.#graph.float(rows, missing + 1, width);
      this.#pieces.push({ column: column.column, width, tensor: this.#node('Gather', [table, index]) });
    }
    if (column.presenceColumn !== null) {
      const present = Float32Array.from({ length: missing + 1 }, (_, i) => (i === missing ? 0 : 1));
      const table = this.#graph.float(present, missing + 1, 1);
      this.#pieces.push({ column: column.presenceColumn, width: 1, tensor: this.#node('Gather', [table, index]) });
    }
    if (scored) this.#logTerms.push(this.#logProbability(logProbability, unseen + 1, index));
    this.#previous = index;
  }

  finish(): EncodedEvents {
    const { dimensions, context } = this.#plan;
    const [first = null, ...others] = this.#outside;
    return {
      x: this.#row(0, dimensions),
      context: context === 0 ? null : this.#row(dimensions, dimensions + context),
      logTerms: this.#logTerms,
      outside: first === null ? null : others.reduce((any, one) => this.#node('Or', [any, one]), first),
    };
  }

  #within(value: Tensor, [lowest, highest]: readonly [number, number]): Tensor {
    const atMost = this.#node('Min', [value, this.#number(highest)]);
    return this.#node('Max', [atMost, this.#number(lowest)]);
  }

  /** log|det| of a column. Beyond the range, at most that at the end of the range. */
  #logDet({ std, range, logAbsDetAtEnds, constant }: NumberColumn, logAbsDet: Tensor | null, x: Tensor): Tensor {
    if (constant || range === null) return this.#number(0);
    const logStd = this.#number(Math.log(std));
    if (logAbsDet === null) return this.#node('Neg', [logStd]);
    const own = this.#node('Sub', [logAbsDet, logStd]);
    return [
      { isBeyond: this.#node('Less', [x, this.#number(range[0])]), end: logAbsDetAtEnds[0] },
      { isBeyond: this.#node('Greater', [x, this.#number(range[1])]), end: logAbsDetAtEnds[1] },
    ].reduce((logDet, { isBeyond, end }) => {
      const least = this.#node('Min', [logDet, this.#number(end)]);
      return this.#node('Where', [isBeyond, least, logDet]);
    }, own);
  }

  /** (x² − end²)/2 as a product, which does not cancel. */
  #fall(x: Tensor, end: Tensor): Tensor {
    const half = this.#node('Mul', [this.#node('Sub', [x, end]), this.#number(0.5)]);
    return this.#node('Mul', [half, this.#node('Add', [x, end])]);
  }

  /**
   * Nearest value of the domain, and a mask that is true if the value lies in the domain or within
   * the tolerance of its end.
   */
  #withinDomain({ transform }: NumberColumn, value: Tensor): { nearest: Tensor; accepted: Tensor } {
    const always = (): Tensor => this.#node('Equal', [value, value]);
    switch (transform.type) {
      case 'identity':
      case 'asinh':
        return { nearest: value, accepted: always() };
      case 'integer': {
        const nearest = this.#node('Floor', [this.#node('Add', [value, this.#number(0.5)])]);
        const relative = this.#node('Mul', [this.#node('Abs', [value]), this.#number(LARGE_TOLERANCE)]);
        const tolerance = this.#node('Max', [relative, this.#number(DOMAIN_TOLERANCE)]);
        const distance = this.#node('Abs', [this.#node('Sub', [value, nearest])]);
        return { nearest, accepted: this.#node('LessOrEqual', [distance, tolerance]) };
      }
      case 'log':
      case 'positive': {
        const hasZero = transform.type === 'positive' && transform.shift > 0;
        const isPositive = this.#node('Greater', [value, this.#number(0)]);
        const nearest = this.#node('Where', [isPositive, value, this.#number(hasZero ? 0 : transform.floor)]);
        if (!hasZero) return { nearest, accepted: isPositive };
        return { nearest, accepted: this.#node('GreaterOrEqual', [value, this.#number(-transform.tolerance)]) };
      }
      case 'unit': {
        const nearest = this.#within(value, [0, 1]);
        const distance = this.#node('Abs', [this.#node('Sub', [value, nearest])]);
        return { nearest, accepted: this.#node('LessOrEqual', [distance, this.#number(DOMAIN_TOLERANCE)]) };
      }
    }
  }

  /** transform(value) and log|transform′(value)|. The latter is null if it is 0 everywhere. */
  #transformed({ transform }: NumberColumn, value: Tensor): { y: Tensor; logAbsDet: Tensor | null } {
    switch (transform.type) {
      case 'identity':
      case 'integer':
        return { y: value, logAbsDet: null };
      case 'log':
      case 'positive': {
        const shift = transform.type === 'positive' ? transform.shift : 0;
        const y = this.#node('Log', [shift === 0 ? value : this.#node('Add', [value, this.#number(shift)])]);
        return { y, logAbsDet: this.#node('Neg', [y]) };
      }
      case 'unit': {
        const slope = 1 - 2 * transform.epsilon;
        const scaled = this.#node('Mul', [value, this.#number(slope)]);
        const u = this.#node('Add', [scaled, this.#number(transform.epsilon)]);
        const rest = this.#node('Sub', [this.#number(1), u]);
        const y = this.#node('Sub', [this.#node('Log', [u]), this.#node('Log', [rest])]);
        const logs = this.#node('Add', [this.#node('Log', [u]), this.#node('Log', [rest])]);
        return { y, logAbsDet: this.#node('Sub', [this.#number(Math.log(slope)), logs]) };
      }
      case 'asinh':
        return this.#asinh(value);
    }
  }

  /**
   * sign(x)·log(|x| + √(1 + x²)), or log(2|x|) if the square would overflow.
   * log|det| = −½·log(1 + x²).
   */
  #asinh(value: Tensor): { y: Tensor; logAbsDet: Tensor } {
    const size = this.#node('Abs', [value]);
    const moderate = this.#node('Min', [size, this.#number(LARGE)]);
    const square = this.#node('Add', [this.#node('Mul', [moderate, moderate]), this.#number(1)]);
    const near = this.#node('Log', [this.#node('Add', [moderate, this.#node('Sqrt', [square])])]);
    const isLarge = this.#node('Greater', [size, this.#number(LARGE)]);
    const logSize = this.#node('Log', [this.#node('Max', [size, this.#number(LARGE)])]);
    const far = this.#node('Add', [logSize, this.#number(Math.LN2)]);
    const y = this.#node('Mul', [this.#node('Sign', [value]), this.#node('Where', [isLarge, far, near])]);
    const nearDet = this.#node('Mul', [this.#node('Log', [square]), this.#number(-0.5)]);
    return { y, logAbsDet: this.#node('Where', [isLarge, this.#node('Neg', [logSize]), nearDet]) };
  }

  /** log P of a level given that of the previous level feature. 0 if it is missing. */
  #logProbability(logProbability: Float64Array, width: number, index: Tensor): Tensor {
    const rows = logProbability.length / width;
    // One more column, for a missing level.
    const table = new Float64Array(rows * (width + 1));
    for (let row = 0; row < rows; row++) {
      table.set(logProbability.subarray(row * width, (row + 1) * width), row * (width + 1));
    }
    const before = this.#previous;
    const place =
      before === null
        ? this.#node('Add', [index, this.#graph.int64([(rows - 1) * (width + 1)])])
        : this.#node('Add', [this.#node('Mul', [before, this.#graph.int64([width + 1])]), index]);
    const found = this.#node('Gather', [this.#graph.double(table, table.length), place]);
    return this.#node('Reshape', [found, this.#graph.int64([-1, 1])]);
  }

  #presence({ presenceColumn }: Column, observed: Tensor): void {
    if (presenceColumn === null) return;
    this.#pieces.push({
      column: presenceColumn,
      width: 1,
      tensor: this.#node('Cast', [observed], { to: FLOAT }),
    });
  }

  #place(column: number, width: number, tensor: Tensor): void {
    this.#pieces.push({ column, width, tensor: this.#node('Cast', [tensor], { to: FLOAT }) });
  }

  /** Columns `from` to `to` − 1 of the encoded row, side by side. */
  #row(from: number, to: number): Tensor {
    const pieces = this.#pieces.filter(({ column }) => column >= from && column < to);
    pieces.sort((a, b) => a.column - b.column);
    const end = pieces.reduce((next, { column, width }) => {
      if (column !== next) throw new RangeError(`the encoded row has nothing in column ${next}`);
      return column + width;
    }, from);
    if (end !== to) throw new RangeError(`the encoded row ends at ${end}, not at ${to}`);
    if (pieces.length === 1) return at(pieces, 0).tensor;
    return this.#node(
      'Concat',
      pieces.map(({ tensor }) => tensor),
      { axis: 1 },
    );
  }

  #number(value: number): Tensor {
    return this.#graph.double([value]);
  }

  #node(...parts: Parameters<OnnxGraph['node']>): Tensor {
    return this.#graph.node(...parts);
  }
}

/** Placeholder of a missing number during the transform: a value of the domain. */
const SAFE = { identity: 0, integer: 0, asinh: 0, log: 1, positive: 1, unit: 0.5 } as const;
