/** What bare packets ask, and what answers to them mean: `syn-probe.ts`, `sctp-probe.ts`. */

/** A question, and what answers to it mean. */
export interface RawProbe {
  readonly name: string;
  /** IP protocol number. */
  readonly protocol: number;
  /** Octets behind the IP header. */
  readonly length: number;
  /** Where the kernel has to put the checksum in IPv6; undefined: the probe holds its own. */
  readonly checksum6: number | undefined;
  /** Writes what is the same in all of them. */
  writeFixed(packets: Buffer, at: number): void;
  /**
   * Writes the rest.
   * @param token not 0
   * @param pseudo sum of the words of the pseudo header; 0 where the kernel adds it (IPv6)
   */
  write(
    packets: Buffer,
    at: number,
    source: number,
    port: number,
    token: number,
    pseudo: number,
  ): void;
  /** Outcome that the answer at `at` means, `PENDING` when it does not return the token. */
  outcome(bytes: Uint8Array, at: number, end: number, token: number): number;
  /** Whether an ICMP error quotes the probe with that token, at least as far as it quotes it. */
  quotes(bytes: Uint8Array, at: number, end: number, token: number): boolean;
}
