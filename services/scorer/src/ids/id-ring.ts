import { at, FORGOTTEN_MS, type IdEntries, missing, type Steps } from '@flowline/events';

/** Bounds on the ids that a partition remembers. */
export interface IdBounds {
  /** Time within which an id is a repeat. */
  readonly windowMs: number;
  /** Maximum number of ids; the oldest are forgotten first. */
  readonly maxIds: number;
}

/** Entries that a new one may push out: no odd time, and no smaller bound, empties the ring. */
const FORGET_AT_MOST = 8;
const SMALLEST = 1_024;
/** Entries indexed between two steps: a millisecond or so. */
const STEP_ENTRIES = 4_096;

/**
 * Ids of accepted events, by hash: a ring in the order of acceptance with an open-addressed index.
 * 40 bytes per id. Entries have numbers that grow without end. The content is a function of the
 * entries added since the first one that is kept, so that it can be restored from them.
 */
export class IdRing {
  #bounds: IdBounds;
  /** Two halves of the hash per entry: high, low. */
  #hashes = new Int32Array(2 * SMALLEST);
  #offsets = new Float64Array(SMALLEST);
  #times = new Float64Array(SMALLEST);
  /**
   * Slots by hash with linear probing, at most half of them taken: the place of an entry + 1 (0 for
   * an empty slot) and the low half of its hash, so that most slots are told apart in place.
   */
  #index = new Int32Array(4 * SMALLEST);
  #first: number;
  #next: number;
  #limited = false;

  /** @param first number of the first entry. */
  constructor(bounds: IdBounds, first = 0) {
    this.#bounds = bounds;
    this.#first = first;
    this.#next = first;
  }

  /** Number of the first entry. */
  get first(): number {
    return this.#first;
  }

  /** Number of the next entry. */
  get next(): number {
    return this.#next;
  }

  get size(): number {
    return this.#next - this.#first;
  }

  /** Changes the bounds for the entries to come. */
  bound(bounds: IdBounds): void {
    this.#bounds = bounds;
  }

  /** True if an entry was pushed out before its window was over, since the last call. */
  takeLimited(): boolean {
    const limited = this.#limited;
    this.#limited = false;
    return limited;
  }

  /** Number of the entry with a hash whose window includes a time; −1 if there is none. */
  find(high: number, low: number, timeMs: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    for (let slot = (low << 1) & mask; ; slot = (slot + 2) & mask) {
      const place = (index[slot] ?? missing(index, slot)) - 1;
      if (place < 0) return -1;
      if (index[slot + 1] !== low || this.#hashes[2 * place] !== high) continue;
      return timeMs - at(this.#times, place) < this.#bounds.windowMs ? this.#numberAt(place) : -1;
    }
  }

  /** Offset of an entry. */
  offsetOf(number: number): number {
    return at(this.#offsets, this.#placeOf(number));
  }

  /** Time of an entry's record, in milliseconds since the epoch. */
  timeOf(number: number): number {
    return at(this.#times, this.#placeOf(number));
  }

  /**
   * Adds an entry and forgets the oldest that are out of their window or too many. There must be
   * room, see {@link reserve}.
   */
  add(high: number, low: number, offset: number, timeMs: number): void {
    const { windowMs, maxIds } = this.#bounds;
    for (let count = 0; count < FORGET_AT_MOST && this.size > 0; count++) {
      const isOver = timeMs - this.timeOf(this.#first) >= windowMs;
      if (!isOver && this.size < maxIds) break;
      if (!isOver) this.#limited = true;
      this.#forgetFirst();
    }
    this.#append(high, low, offset, timeMs);
  }

  /** Adds stored entries as they are, from the number `next` on. */
  *restore({ first, hashes, offsets, timesMs }: IdEntries): Steps<void> {
    yield* this.#grow(first + offsets.length - this.#first);
    for (let i = this.#next - first; i < offsets.length; i++) {
      if (i % STEP_ENTRIES === 0) yield;
      this.#append(at(hashes, 2 * i), at(hashes, 2 * i + 1), at(offsets, i), at(timesMs, i));
    }
  }

  /**
   * Forgets the id of a record among the latest, in offset order. It remains as an entry, so that
   * the numbers of the others stay.
   */
  forget(offset: number): void {
    let number = this.#next - 1;
    while (number >= this.#first && this.offsetOf(number) > offset) number--;
    if (number >= this.#first && this.offsetOf(number) === offset) this.#times[this.#placeOf(number)] = FORGOTTEN_MS;
  }

  /** Copies the entries from a number on. */
  since(number: number): IdEntries {
    const first = Math.max(number, this.#first);
    const [start, end, capacity] = [this.#placeOf(first), this.#placeOf(this.#next), this.#offsets.length];
    const size = this.#next - first;
    const parts = end > start || size === 0 ? [[start, end] as const] : [[start, capacity] as const, [0, end] as const];
    const entries = {
      ...{ first, hashes: new Int32Array(2 * size) },
      ...{ offsets: new Float64Array(size), timesMs: new Float64Array(size) },
    };
    let to = 0;
    for (const [from, until] of parts) {
      entries.hashes.set(this.#hashes.subarray(2 * from, 2 * until), 2 * to);
      entries.offsets.set(this.#offsets.subarray(from, until), to);
      entries.timesMs.set(this.#times.subarray(from, until), to);
      to += until - from;
    }
    return entries;
  }

  /** True if so many entries more can be added. */
  hasRoom(entries: number): boolean {
    return this.#sizeWith(entries) <= this.#offsets.length;
  }

  /** Makes room for so many entries more. Nothing else may use the ring meanwhile. */
  *reserve(entries: number): Steps<void> {
    yield* this.#grow(this.#sizeWith(entries));
  }

  #sizeWith(entries: number): number {
    return Math.max(this.size, Math.min(this.size + entries, this.#bounds.maxIds));
  }

  *#grow(wanted: number): Steps<void> {
    let capacity = this.#offsets.length;
    if (wanted <= capacity) return;
    while (capacity < wanted) capacity *= 2;
    const [hashes, offsets, times] = [this.#hashes, this.#offsets, this.#times];
    this.#hashes = new Int32Array(2 * capacity);
    this.#offsets = new Float64Array(capacity);
    this.#times = new Float64Array(capacity);
    const index = this.#index;
    this.#index = new Int32Array(4 * capacity);
    const mask = offsets.length - 1;
    // Entries keep their order. A run ends where the old columns wrap: the new ones do so there.
    for (let number = this.#first; number < this.#next;) {
      const [from, to] = [number & mask, this.#placeOf(number)];
      const end = Math.min(offsets.length, from + this.#next - number);
      this.#hashes.set(hashes.subarray(2 * from, 2 * end), 2 * to);
      this.#offsets.set(offsets.subarray(from, end), to);
      this.#times.set(times.subarray(from, end), to);
      number += end - from;
    }
    // In the order of the old slots, which is nearly that of the new ones: memory is met in order.
    for (let slot = 0; slot < index.length; slot += 2) {
      if (slot % (4 * STEP_ENTRIES) === 0) yield;
      const place = (index[slot] ?? missing(index, slot)) - 1;
      if (place < 0) continue;
      const number = this.#first + ((place - this.#first) & mask);
      this.#occupy(this.#placeOf(number), index[slot + 1] ?? missing(index, slot + 1));
    }
  }

  /** Takes a free slot for an entry whose hash has none. */
  #occupy(place: number, low: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let slot = (low << 1) & mask;
    while (index[slot] !== 0) slot = (slot + 2) & mask;
    index[slot] = place + 1;
    index[slot + 1] = low;
  }

  #append(high: number, low: number, offset: number, timeMs: number): void {
    const place = this.#placeOf(this.#next++);
    this.#hashes[2 * place] = high;
    this.#hashes[2 * place + 1] = low;
    this.#offsets[place] = offset;
    this.#times[place] = timeMs;
    const index = this.#index;
    const mask = index.length - 1;
    let slot = (low << 1) & mask;
    // A later entry of the same hash takes the slot of the one before, whose window is over.
    for (let other; (other = index[slot] ?? missing(index, slot)) !== 0; slot = (slot + 2) & mask) {
      if (index[slot + 1] === low && this.#hashes[2 * (other - 1)] === high) break;
    }
    index[slot] = place + 1;
    index[slot + 1] = low;
  }

  #forgetFirst(): void {
    const place = this.#placeOf(this.#first++);
    const index = this.#index;
    const mask = index.length - 1;
    const own = 2 * place + 1;
    let slot = ((this.#hashes[own] ?? missing(this.#hashes, own)) << 1) & mask;
    for (let other; (other = index[slot] ?? missing(index, slot)) !== place + 1; slot = (slot + 2) & mask) {
      // A later entry has taken the slot.
      if (other === 0) return;
    }
    // Entries that probing carried beyond the slot move back into the hole (Knuth 6.4, R).
    for (let next = (slot + 2) & mask; index[next] !== 0; next = (next + 2) & mask) {
      const home = ((index[next + 1] ?? missing(index, next)) << 1) & mask;
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      index[slot] = index[next] ?? missing(index, next);
      index[slot + 1] = index[next + 1] ?? missing(index, next);
      slot = next;
    }
    index[slot] = 0;
  }

  /** Place of an entry in the columns. The operator takes its numbers modulo 2³², as is wanted. */
  #placeOf(number: number): number {
    return number & (this.#offsets.length - 1);
  }

  #numberAt(place: number): number {
    return this.#first + ((place - this.#placeOf(this.#first)) & (this.#offsets.length - 1));
  }
}
