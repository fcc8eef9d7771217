import { at } from '@flowline/events';
import { writeFormula } from './formula.ts';
import type { Shader } from './shader.ts';
import { tap } from './state.ts';
import type { Node } from '../../formula/graph.ts';
import type { ForwardOps } from '../../steps/vector-ops.ts';

/** Text of an expression at a place of a shader. */
type Text = (place: Place) => string;

/** Place of the text: its statements so far, and how it names a scalar. */
interface Place {
  readonly lines: string[];
  /** Vectors that already have a name here. */
  readonly named: Map<Text, string>;
  scalar(name: string): string;
}

/** Texts of the two kernels of a step. */
export interface StepTexts {
  /** Statements of one invocation per panel: the sums, and what follows from them. */
  readonly measure: string;
  /** Statements for one dimension. */
  readonly move: string;
  /** Number of values that the first kernel leaves for the second, at the slot `goal`. */
  readonly kept: number;
}

/**
 * Writes a step as two kernels: sums over the dimensions by one invocation per panel, then the
 * update of every dimension by all of them. `slots` are the expressions of where the parts of its
 * parameters begin.
 */
export const stepTexts = (
  shader: Shader,
  slots: readonly string[],
  forward: (ops: ForwardOps<Text, Text>) => void,
): StepTexts => {
  const writer = new StepWriter(shader, slots);
  forward(writer);
  return writer.texts();
};

class StepWriter implements ForwardOps<Text, Text> {
  readonly u: Text;
  readonly #shader: Shader;
  readonly #slots: readonly string[];
  /** Variables of sums, the lines of their loop, and the statements after it. */
  readonly #sums: string[] = [];
  readonly #loop: Place = { lines: [], named: new Map(), scalar: notInSum };
  readonly #after: Place = { lines: [], named: new Map(), scalar: (name) => name };
  /** Scalars that the second kernel reads. */
  readonly #kept: string[] = [];
  #scalars = 0;
  #formulas = 0;
  #move = '';

  constructor(shader: Shader, slots: readonly string[]) {
    this.#shader = shader;
    this.#slots = slots;
    this.u = () => `${tap(shader)}(tapped)`;
  }

  vector(part: number): Text {
    return () => `load(${at(this.#slots, part)} + i)`;
  }

  scalar(part: number): Text {
    return () => `load(${at(this.#slots, part)})`;
  }

  countObserved(): Text {
    return this.#sum((total) => `${total} += observed(tapped.w);`);
  }

  each(s: Text): Text {
    return s;
  }

  observed(v: Text): Text {
    return this.kept((place) => `${v(place)} * observed(tapped.w)`);
  }

  kept(v: Text): Text {
    const text: Text = (place) => {
      const known = place.named.get(text);
      if (known !== undefined) return known;
      const value = v(place);
      const name = `v${place.named.size}`;
      place.lines.push(`let ${name} = ${value};`);
      place.named.set(text, name);
      return name;
    };
    return text;
  }

  add(a: Text, b: Text): Text {
    return this.kept((place) => `${a(place)} + ${b(place)}`);
  }

  sub(a: Text, b: Text): Text {
    return this.kept((place) => `${a(place)} - ${b(place)}`);
  }

  mul(a: Text, b: Text): Text {
    return this.kept((place) => `${a(place)} * ${b(place)}`);
  }

  multiplyAdd(a: Text, b: Text, c: Text): Text {
    return this.kept((place) => `fma(${a(place)}, ${b(place)}, ${c(place)})`);
  }

  dot(a: Text, b: Text): Text {
    return this.#sum((total) => `${total} = fma(${a(this.#loop)}, ${b(this.#loop)}, ${total});`);
  }

  addScalars(a: Text, b: Text): Text {
    const name = `s${this.#scalars++}`;
    this.#after.lines.push(`let ${name} = ${a(this.#after)} + ${b(this.#after)};`);
    return (place) => place.scalar(name);
  }

  formulas(outputs: readonly Node[], inputs: readonly Text[]): readonly Text[] {
    const prefix = `f${this.#formulas++}_`;
    const formula = writeFormula(this.#shader, outputs, (i) => at(inputs, i)(this.#after), prefix);
    this.#after.lines.push(formula.statements);
    return formula.results.map((name) => (place) => place.scalar(name));
  }

  write(v: Text): void {
    const scalar = (name: string): string => {
      if (!this.#kept.includes(name)) this.#kept.push(name);
      return `load(measured + ${this.#kept.indexOf(name)}u)`;
    };
    const place: Place = { lines: [], named: new Map(), scalar };
    const value = v(place);
    this.#move = [...place.lines, `store(u32(tapped.x), ${value});`].join('\n    ');
  }

  addLogDet(s: Text): void {
    this.#after.lines.push(`logDet += ${s(this.#after)};`);
  }

  texts(): StepTexts {
    const kept = this.#kept.map((name, i) => `store(goal + ${i}u, ${name});`);
    return {
      kept: kept.length,
      move: this.#move,
      measure: `${this.#sums.map((sum) => `var ${sum} = vec4f(0.0f);`).join('\n  ')}
  for (var i = 0u; i < FEATURES; i++) {
    let tapped = weights[taps + i];
    ${this.#loop.lines.join('\n    ')}
  }
  ${[...this.#after.lines, ...kept].join('\n  ')}`,
    };
  }

  #sum(add: (total: string) => string): Text {
    const total = `sum${this.#sums.length}`;
    this.#sums.push(total);
    const line = add(total);
    this.#loop.lines.push(line);
    return (place) => place.scalar(total);
  }
}

const notInSum = (name: string): never => {
  throw new RangeError(`a sum over the dimensions cannot depend on the scalar ${name} of the same step`);
};
