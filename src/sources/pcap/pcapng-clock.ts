/**
 * Time stamps of one pcapng interface: 64 bits, counted in units the interface states
 * (if_tsresol: a power of ten or of two), plus an offset in seconds (if_tsoffset).
 *
 * 64 bits do not fit a number, and a bigint per frame is too dear. For units of 1 s to 1 ns the
 * quotient of the rounded value is off by one at most, and the exact low 32 bits say which way.
 */

/** Seconds fit an unsigned 32-bit column; what lies outside is set to the nearest end. */
const LAST_SECOND = 0xffffffff;

/** Exact for any resolution; with unusual ones each time costs a bigint. */
export class InterfaceClock {
  /** The result of the last `read`. */
  seconds = 0;
  nanoseconds = 0;
  readonly #perSecond: number;
  readonly #unit: number;
  readonly #exact: bigint | undefined;
  readonly #offset: number;

  /** `resolution`: the octet of if_tsresol (6 = microseconds); `offsetSeconds`: if_tsoffset. */
  constructor(resolution: number, offsetSeconds: number) {
    const exponent = resolution & 0x7f;
    this.#offset = offsetSeconds;
    const decimal = resolution < 0x80 && exponent <= 9;
    this.#perSecond = decimal ? 10 ** exponent : 0;
    this.#unit = decimal ? 10 ** (9 - exponent) : 0;
    if (!decimal) this.#exact = (resolution < 0x80 ? 10n : 2n) ** BigInt(exponent);
  }

  /** Sets `seconds` and `nanoseconds` from the two halves of a stamp. */
  read(high: number, low: number): void {
    if (this.#exact !== undefined) {
      this.#readExact(this.#exact, high, low);
      return;
    }
    const perSecond = this.#perSecond;
    let whole = Math.floor((high * 4294967296 + low) / perSecond);
    // Right modulo 2^32, and the true remainder lies within one unit of 0 to perSecond - 1.
    let rest = (low - Math.imul(whole, perSecond)) | 0;
    if (rest < 0) {
      whole--;
      rest += perSecond;
    } else if (rest >= perSecond) {
      whole++;
      rest -= perSecond;
    }
    this.#set(whole, rest * this.#unit);
  }

  /** Units that no common writer uses. */
  #readExact(perSecond: bigint, high: number, low: number): void {
    const stamp = (BigInt(high) << 32n) | BigInt(low);
    const rest = ((stamp % perSecond) * 1_000_000_000n) / perSecond;
    this.#set(Number(stamp / perSecond), Number(rest));
  }

  #set(whole: number, nanoseconds: number): void {
    const seconds = whole + this.#offset;
    if (seconds < 0) {
      this.seconds = 0;
      this.nanoseconds = 0;
    } else if (seconds > LAST_SECOND) {
      this.seconds = LAST_SECOND;
      this.nanoseconds = 999_999_999;
    } else {
      this.seconds = seconds;
      this.nanoseconds = nanoseconds;
    }
  }
}
