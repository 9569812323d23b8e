/** One end of a conversation, or the place where a socket waits: address, transport and port. */
import type { Transport } from './transport.ts';

export interface Endpoint {
  /** Canonical text (RFC 5952 for IPv6), with the zone of a scoped address where it is known. */
  readonly address: string;
  readonly transport: Transport;
  /** 0 to 65535; for `raw` the IP protocol number, 0 to 255. */
  readonly port: number;
}
