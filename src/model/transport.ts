/**
 * What carries a port: the IANA keywords of the protocol numbers registry, in lower case.
 *
 * `raw` is no transport: a raw IP socket receives every packet of one IP protocol, and where a
 * port is expected it has that protocol's number (RFC 791 section 3.1, "Protocol").
 * Nor is `packet`: such a socket receives frames of one EtherType, 3 standing for all.
 */
const TRANSPORTS = ['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'raw', 'packet'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** For values from files: only the keywords in lower case are transports. */
export function isTransport(value: unknown): value is Transport {
  return (TRANSPORTS as readonly unknown[]).includes(value);
}
