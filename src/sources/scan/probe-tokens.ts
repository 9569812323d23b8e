/**
 * What a bare probe carries so that only who got it can answer it: a token, a keyed hash of what
 * was asked (RFC 6528 shows the idea for another purpose), and a source port that tells the try.
 */
import { randomBytes } from 'node:crypto';
import { freePorts, TRY_PORTS } from './raw-scan.ts';

/** What is kept of a host to tell its answers. */
export interface Keyed {
  /** Of `ProbeTokens.keyOf`. */
  readonly key: number;
}

/** For one run: both the secret and the ports are new each time. */
export class ProbeTokens {
  /** First of the `TRY_PORTS` source ports in a row. */
  readonly basePort = freePorts();
  private readonly secret = randomBytes(8);

  /** What the tokens of a host have in common, from the words of its address. */
  keyOf(words: readonly number[]): number {
    let key = this.secret.readInt32LE(0);
    for (const word of words) key = Math.imul(key ^ word, 0x9e3779b1) ^ (key >>> 15);
    return key;
  }

  /** The token of a probe from a source port of ours to a port of the host: 32 bits, never 0. */
  tokenOf(key: number, port: number, source: number): number {
    let h = Math.imul(key ^ ((port << 16) | source), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35) ^ this.secret.readInt32LE(4);
    return (h ^ (h >>> 16)) >>> 0 || 1;
  }

  /** The source port of a try, which is numbered from 0. */
  portOf(attempt: number): number {
    return this.basePort + (attempt & (TRY_PORTS - 1));
  }

  /** Whether a port is one of the source ports. */
  isOurs(port: number): boolean {
    return port >= this.basePort && port < this.basePort + TRY_PORTS;
  }

  /**
   * The try that left from a source port, of `tries` made: ports come again after `TRY_PORTS`
   * tries, so the latest is meant. Negative: none did.
   */
  attemptOf(source: number, tries: number): number {
    const last = tries - 1;
    return last - ((last - (source - this.basePort)) & (TRY_PORTS - 1));
  }
}
