/**
 * What to say to a UDP port so that the service behind it answers. Nobody answers an empty
 * datagram but ICMP, and that is limited; so each request here is the smallest harmless question
 * of its protocol: a version, a list, a greeting. None carries a credential (no SNMP community, no
 * RADIUS secret), changes anything, or asks for an answer many times its size where that can be
 * avoided. Written from the documents named beside each.
 */
import { COMMON_PAYLOADS } from './udp-payloads-common.ts';
import { OTHER_PAYLOADS } from './udp-payloads-other.ts';

export interface UdpPayload {
  /** Service as the IANA registry calls it, where it has a name there. */
  readonly name: string;
  readonly ports: readonly number[];
  readonly bytes: Uint8Array;
}

let byPort: Map<number, UdpPayload> | undefined;

/** All payloads. */
export function udpPayloads(): readonly UdpPayload[] {
  return [...COMMON_PAYLOADS, ...OTHER_PAYLOADS];
}

/** The payload for a port; undefined: nothing is known to answer there. */
export function udpPayload(port: number): UdpPayload | undefined {
  if (byPort === undefined) {
    byPort = new Map();
    for (const payload of udpPayloads()) {
      for (const each of payload.ports) if (!byPort.has(each)) byPort.set(each, payload);
    }
  }
  return byPort.get(port);
}
