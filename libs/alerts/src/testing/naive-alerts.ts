import type { TransitionKind } from '../alert-life.ts';
import type { AlertPolicy } from '../alert-policy.ts';

/** Anomaly as the naive interpreter keeps it. */
interface Noted {
  readonly timeMs: number;
  readonly bits: number;
}

/** A run of anomalies: everything that has happened to it, and nothing that follows from that. */
interface Run {
  readonly id: string;
  readonly anomalies: Noted[];
  readonly said: { kind: TransitionKind; timeMs: number; level: number }[];
  /** Index in `anomalies` of the one that opened it; null while they are too few. */
  opened: number | null;
  resolvedMs: number | null;
  isOpen: boolean;
}

/** Message as the naive interpreter writes it. */
export type NaiveMessage = `${string} ${number} ${TransitionKind}`;

/**
 * Interpreter of the rules by their words: it keeps all that happened
 * and looks through all of it for every answer.
 */
export class NaiveAlerts {
  readonly messages: NaiveMessage[] = [];
  readonly #policy: AlertPolicy;
  readonly #runs = new Map<string, Run[]>();

  constructor(policy: AlertPolicy) {
    this.#policy = policy;
  }

  /** @param isHeld true if an opening may not be told. Returns true if the alert has opened now. */
  anomaly(name: string, id: string, noted: Noted, isHeld: (id: string) => boolean): void {
    this.timeOf(name, noted.timeMs);
    const runs = this.#runs.get(name) ?? [];
    this.#runs.set(name, runs);
    let run = runs.at(-1);
    if (run === undefined || this.#isOver(run, noted.timeMs)) {
      run = { id, anomalies: [], said: [], opened: null, resolvedMs: null, isOpen: false };
      runs.push(run);
    }
    const newest = Math.max(...run.anomalies.map(({ timeMs }) => timeMs));
    const levelBefore = worst(run.anomalies, this.#policy);
    run.anomalies.push(noted);
    const level = worst(run.anomalies, this.#policy);
    let isNews = false;
    if (run.opened === null) {
      const last = Math.max(...run.anomalies.map(({ timeMs }) => timeMs));
      const near = run.anomalies.filter(({ timeMs }) => timeMs >= last - this.#policy.minEvents.withinMs);
      if (near.length >= this.#policy.minEvents.count) {
        run.opened = run.anomalies.length - 1;
        isNews = true;
      }
    } else if (!run.isOpen && (noted.timeMs > newest || level > levelBefore)) isNews = true;
    if (isNews) run.isOpen = true;
    const held = isNews ? isHeld(run.id) : isHeld('');
    if (run.isOpen) this.#tell(name, run, level, held);
  }

  /** Time passes for one fingerprint. */
  timeOf(name: string, timeMs: number): void {
    const run = this.#runs.get(name)?.at(-1);
    if (run?.isOpen !== true) return;
    const due = Math.max(...run.anomalies.map((noted) => noted.timeMs)) + this.#policy.resolveAfterMs;
    if (timeMs >= due) this.resolve(name, due);
  }

  resolve(name: string, timeMs: number): void {
    const run = this.#runs.get(name)?.at(-1);
    if (run?.isOpen !== true) return;
    run.isOpen = false;
    run.resolvedMs = timeMs;
    if (toldOpen(run)) this.#say(run, 'resolved', timeMs, 0);
  }

  isOpen(name: string): boolean {
    return this.#runs.get(name)?.at(-1)?.isOpen ?? false;
  }

  get names(): readonly string[] {
    return [...this.#runs.keys()];
  }

  #tell(name: string, run: Run, level: number, isHeld: boolean): void {
    const newest = Math.max(...run.anomalies.map(({ timeMs }) => timeMs));
    const pages = (this.#runs.get(name) ?? []).flatMap(({ said }) => said.filter(({ kind }) => isPage(kind)));
    const last = pages.at(-1);
    if (toldOpen(run)) {
      if (last !== undefined && level > last.level) this.#say(run, 'escalated', newest, level);
      else if (Number.isInteger(Math.log10(run.anomalies.length)) && run.anomalies.length > 1) {
        this.#say(run, 'updated', newest, level);
      }
      return;
    }
    if (isHeld) return;
    if (last !== undefined && newest < last.timeMs + this.#policy.cooldownMs && level <= last.level) return;
    this.#say(run, run.said.length === 0 ? 'opened' : 'reopened', newest, level);
  }

  #say(run: Run, kind: TransitionKind, timeMs: number, level: number): void {
    run.said.push({ kind, timeMs, level });
    this.messages.push(`${run.id} ${run.said.length} ${kind}`);
  }

  #isOver(run: Run, timeMs: number): boolean {
    if (run.isOpen) return false;
    if (run.opened === null) {
      return timeMs > Math.max(...run.anomalies.map((noted) => noted.timeMs)) + this.#policy.minEvents.withinMs;
    }
    return timeMs > (run.resolvedMs ?? 0) + this.#policy.mergeGapMs;
  }
}

const isPage = (kind: TransitionKind): boolean => kind === 'opened' || kind === 'reopened' || kind === 'escalated';

/** True if the last message that says so says that the alert is open. */
function toldOpen({ said }: Run): boolean {
  return said.length > 0 && said.at(-1)?.kind !== 'resolved';
}

/** Number of the worst severity of anomalies. */
function worst(anomalies: readonly Noted[], { severityBits: { warning, major, critical } }: AlertPolicy): number {
  const bits = Math.max(...anomalies.map((noted) => noted.bits));
  return [warning, major, critical].filter((level) => bits >= level).length;
}
