/**
 * What every payload detector is given and answers: one file per protocol in this folder says
 * whether a transport payload is that protocol, how surely, and which end sent it.
 *
 * A detector reads octets and trusts none: it checks lengths before it reads, allocates nothing
 * and answers 0 for what it does not know. Ports are a hint where to try first, never a proof.
 */
import { ANSWERS, ASKS } from '../hints.ts';

export { ANSWERS, ASKS };

/** One transport payload. The same object is re-aimed for every packet: keep nothing of it. */
export class Payload {
  /** Borrowed: valid during the call. */
  bytes: Uint8Array = new Uint8Array(0);
  /** A view over exactly the same octets as `bytes`. */
  view: DataView = new DataView(new ArrayBuffer(0));
  /** Index of the payload's first octet. */
  at = 0;
  /** Index after its last captured octet; the packet may have carried more. */
  end = 0;
  /** Payload octets by the headers' account, at least `end - at`. */
  length = 0;
  /** IP protocol number: 6 TCP, 17 UDP, 132 SCTP. */
  transport = 6;
  sourcePort = 0;
  destinationPort = 0;
  /** Set before `facts` is called: the side that serves sent it. */
  fromServer = false;
  /** What `facts` wants to know when it sees a later payload of the conversation: 0 (at first) to 3. */
  memory = 0;
}

/** The octets fit the protocol and hardly any other: magic numbers and lengths agree. */
export const CERTAIN = 8;
/** The octets fit, but so might another protocol's: believed on its port or after more packets. */
export const LIKELY = 4;

/**
 * A detector's answer: 0, or `CERTAIN` or `LIKELY` joined (by `|`) with `ASKS` where only a client
 * sends this, `ANSWERS` where only a server does, neither where both may.
 */
export type Detection = number;

/** What a payload says beyond its protocol, and about whom. */
export interface FactSink {
  /** A property of the conversation's server side: `version`, `product`, `alpn`, `dialect` … */
  service(key: string, value: string): void;
  /**
   * A name of a host. `about` is the packet's source or destination, or an address the payload
   * itself names (4 or 16 octets). `kind` says where it was read: `dns`, `dhcp`, `sni` …
   */
  name(kind: string, value: string, about: 'source' | 'destination' | Uint8Array): void;
  /**
   * Another endpoint that will speak `protocol`: an FTP data port, a port that the RPC endpoint
   * mapper hands out. Address as for `name`.
   */
  expect(protocol: string, about: 'source' | 'destination' | Uint8Array, port: number): void;
}

export interface Detector {
  /** A question is answered from another port, to the one that asked, which `facts` announces. */
  readonly answersFromNewPort?: true;
  /** Short lower-case name (`tls`, `smb`, `ms-sql`), as documented in docs/identification.md. */
  readonly protocol: string;
  /** IP protocol numbers that carry it. */
  readonly transports: readonly number[];
  /** Ports on which it is tried before others. */
  readonly ports: readonly number[];
  /** First octets of all its payloads; others are never shown to it. Absent: any octet. */
  readonly begins?: readonly number[];
  /** Those over TCP, where a length or a mark before the message leaves fewer. */
  readonly beginsOverTcp?: readonly number[];
  /** Facts may come with any packet of a conversation: `facts` is shown all, not only the first. */
  readonly follows?: boolean;
  /** A protocol it is spoken on top of: a conversation known as that may turn out to be this. */
  readonly over?: string;
  readonly detect: (payload: Payload) => Detection;
  /**
   * Octets that the message at the payload's beginning has in all, where it goes on in the next
   * packet and its facts with it; else 0. `facts` is shown the whole once it is there.
   */
  readonly wants?: (payload: Payload) => number;
  /** Reads facts out of a payload that `detect` accepted; strings come escaped by nobody. */
  readonly facts?: (payload: Payload, to: FactSink) => void;
}
