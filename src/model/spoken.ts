/**
 * What payloads say: the protocol that is really spoken at an endpoint, and names of hosts. Text
 * in facts and names was chosen by whoever sent it: a hint, never a proof, and to be escaped.
 */
import type { Confidence, FlowTransport } from './flow.ts';

/** A protocol spoken at an endpoint. */
export interface Spoken {
  /** As listed in docs/identification.md: `tls`, `ssh`, `smb` … */
  readonly protocol: string;
  /** `likely`: the octets fit, but might be another protocol's too. */
  readonly confidence: Exclude<Confidence, 'unknown'>;
  /**
   * `payload`: read from packets of the endpoint. `announced`: another conversation said it would
   * be spoken there (data ports of FTP, ports that the RPC endpoint mapper hands out).
   */
  readonly by: 'payload' | 'announced';
  /** Conversations that spoke it; 0 when announced. */
  readonly flows: number;
  /** The endpoint itself sent something in one of them; else it was only spoken to. */
  readonly answered: boolean;
  /** By key (`version`, `alpn`, `product`, `sni` …) the values read, at most 8 of each. */
  readonly facts: Readonly<Record<string, readonly string[]>>;
  /** The first frame that shows each value of `facts`. */
  readonly factLocators: Readonly<Record<string, readonly string[]>>;
  /** The frame that shows it: `lan.pcap#1042`. */
  readonly locator: string;
}

/**
 * How a protocol goes with its port.
 *
 *   usual     it is one of the protocol's own ports
 *   unusual   the port is nobody's whom payloads would tell
 *   other     the port is another protocol's
 */
export type PortFit = 'usual' | 'unusual' | 'other';

export interface SpokenEndpoint {
  readonly transport: FlowTransport;
  readonly address: string;
  readonly port: number;
  /** The one that most conversations spoke first; at least one. */
  readonly spoken: readonly Spoken[];
  /** Of the first. */
  readonly fit: PortFit;
}

/** A name of a host as somebody on the wire gave it. */
export interface HostName {
  readonly name: string;
  /** Where it was read: `dns`, `sni`, `certificate`, `http-host`, `dhcp`, `netbios` … */
  readonly source: string;
  /** How often. */
  readonly count: number;
  /** The first frame: `lan.pcap#1042`. */
  readonly locator: string;
}
