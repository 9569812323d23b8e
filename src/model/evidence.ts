/** Where a fact was seen, so that a person can go and look for themselves. */
export interface Evidence {
  /** What looked: `proc`, `pcap`, … */
  readonly source: string;
  /** When, ms since 1970-01-01T00:00Z. */
  readonly seenMs: number;
  /** Where in the source: `/proc/net/tcp inode 88`, `lan.pcap#1042`, `fw.log:8812`. */
  readonly locator: string;
}
