import { FieldKind } from '@flowline/stream';

/** Maximum nesting; deeper values are left to JSON.parse. */
const DEEPEST = 32;
/**
 * Maximum digits of the fast path. So many digits are exact in float64, and so are powers of ten up
 * to the 22nd. Their quotient is rounded once, so the result is correctly rounded.
 */
const EXACT_DIGITS = 15;
const POWERS_OF_TEN = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, power) => 10 ** power);

const [SPACE, TAB, LINE_FEED, RETURN] = [0x20, 0x09, 0x0a, 0x0d];
const [QUOTE, BACKSLASH, COMMA, COLON, MINUS, PLUS, DOT, ZERO, NINE] = [
  0x22, 0x5c, 0x2c, 0x3a, 0x2d, 0x2b, 0x2e, 0x30, 0x39,
];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [LOWER_E, UPPER_E, UNICODE] = [0x65, 0x45, 0x75];
/** Characters that may follow a backslash, besides u. */
const ESCAPES: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const WORDS = [
  { kind: FieldKind.null, bytes: Buffer.from('null') },
  { kind: FieldKind.true, bytes: Buffer.from('true') },
  { kind: FieldKind.false, bytes: Buffer.from('false') },
] as const;

/**
 * Scans JSON (RFC 8259) by bytes. Each method starts at a position and returns the position after
 * the token it read, or −1 if there is no such token. Bytes beyond the end are undefined and match
 * nothing. The caller checks that the input is UTF-8.
 */
export class JsonScanner {
  /** True if a text with a non-ASCII byte has been read since the start. */
  beyondAscii = false;
  /** True if the last text contains an escape. */
  escaped = false;
  /** Value of the last number. */
  lastNumber = NaN;
  /** The last of null, true and false. */
  lastWord: FieldKind = FieldKind.null;
  #bytes: Buffer = Buffer.alloc(0);

  start(bytes: Buffer): void {
    this.#bytes = bytes;
    this.beyondAscii = false;
  }

  space(at: number): number {
    const bytes = this.#bytes;
    for (let i = at; ; i++) {
      const byte = bytes[i];
      if (byte !== SPACE && byte !== TAB && byte !== LINE_FEED && byte !== RETURN) return i;
    }
  }

  /** Scans a text from after its opening quote; returns the position of the closing quote. */
  text(at: number): number {
    const bytes = this.#bytes;
    this.escaped = false;
    for (let i = at; ; i++) {
      const byte = bytes[i];
      if (byte === QUOTE) return i;
      if (byte === undefined || byte < SPACE) return -1;
      if (byte >= 0x80) this.beyondAscii = true;
      if (byte !== BACKSLASH) continue;
      this.escaped = true;
      const escape = bytes[++i];
      if (escape === UNICODE) {
        for (const end = i + 4; i < end;) if (!isHexadecimal(bytes[++i])) return -1;
      } else if (escape === undefined || !ESCAPES.has(escape)) {
        return -1;
      }
    }
  }

  /** True if the token at this position can only be a number. */
  isNumber(at: number): boolean {
    return this.#bytes[at] === MINUS || isDigit(this.#bytes[at]);
  }

  /** Scans a number into {@link lastNumber}. */
  number(at: number): number {
    const bytes = this.#bytes;
    const negative = bytes[at] === MINUS;
    const first = negative ? at + 1 : at;
    let i = first;
    let digits = 0;
    for (let byte = bytes[i]; isDigit(byte); byte = bytes[++i]) digits = digits * 10 + byte - ZERO;
    if (i === first || (bytes[first] === ZERO && i > first + 1)) return -1;
    let count = i - first;
    let decimals = 0;
    if (bytes[i] === DOT) {
      const point = ++i;
      for (let byte = bytes[i]; isDigit(byte); byte = bytes[++i]) digits = digits * 10 + byte - ZERO;
      decimals = i - point;
      if (decimals === 0) return -1;
      count += decimals;
    }
    let exact = count <= EXACT_DIGITS;
    if (bytes[i] === LOWER_E || bytes[i] === UPPER_E) {
      exact = false;
      i += bytes[i + 1] === MINUS || bytes[i + 1] === PLUS ? 2 : 1;
      const exponent = i;
      while (isDigit(bytes[i])) i++;
      if (i === exponent) return -1;
    }
    const power = exact ? POWERS_OF_TEN[decimals] : undefined;
    if (power !== undefined) {
      const size = digits / power;
      this.lastNumber = negative ? -size : size;
    } else {
      this.lastNumber = Number(bytes.toString('latin1', at, i));
    }
    return i;
  }

  /** Scans null, true or false into {@link lastWord}. */
  word(at: number): number {
    const found = WORDS.find(({ bytes }) => bytes.every((byte, i) => this.#bytes[at + i] === byte));
    if (found === undefined) return -1;
    this.lastWord = found.kind;
    return at + found.bytes.length;
  }

  /** Scans a value of any kind. */
  value(at: number, depth = 0): number {
    const byte = this.#bytes[at];
    if (byte === QUOTE) {
      const end = this.text(at + 1);
      return end < 0 ? -1 : end + 1;
    }
    if (byte === OPEN || byte === OPEN_LIST) return depth < DEEPEST ? this.#nested(at, depth + 1) : -1;
    return this.isNumber(at) ? this.number(at) : this.word(at);
  }

  /** Scans an object or an array. */
  #nested(begin: number, depth: number): number {
    const bytes = this.#bytes;
    const isObject = bytes[begin] === OPEN;
    const close = isObject ? CLOSE : CLOSE_LIST;
    let at = this.space(begin + 1);
    if (bytes[at] === close) return at + 1;
    for (;;) {
      if (isObject) {
        if (bytes[at] !== QUOTE) return -1;
        const end = this.text(at + 1);
        if (end < 0) return -1;
        at = this.space(end + 1);
        if (bytes[at] !== COLON) return -1;
        at = this.space(at + 1);
      }
      at = this.value(at, depth);
      if (at < 0) return -1;
      at = this.space(at);
      if (bytes[at] === close) return at + 1;
      if (bytes[at] !== COMMA) return -1;
      at = this.space(at + 1);
    }
  }
}

const isDigit = (byte: number | undefined): byte is number => byte !== undefined && byte >= ZERO && byte <= NINE;

const isHexadecimal = (byte: number | undefined): boolean =>
  byte !== undefined && (isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66));
