/**
 * Multicast DNS (RFC 6762): DNS messages from or to UDP port 5353. Recursion is never desired nor
 * available in them (sections 18.6 and 18.7), which is how they differ from a DNS server that
 * happens to use the port.
 */
import { detectMessage, tellNames } from './dns-message.ts';
import type { Detection, Detector, FactSink, Payload } from './payload.ts';

const PORT = 5353;
const RECURSION = 0x0180;

/** Whether a DNS message is multicast DNS, by port and flags. */
export function isMdns({ view, at, end, sourcePort, destinationPort }: Payload): boolean {
  if (sourcePort !== PORT && destinationPort !== PORT) return false;
  return end - at >= 4 && (view.getUint16(at + 2) & RECURSION) === 0;
}

function detect(payload: Payload): Detection {
  return isMdns(payload) ? detectMessage(payload, payload.at, payload.length, true) : 0;
}

function facts(payload: Payload, to: FactSink): void {
  tellNames(payload, payload.at, 'mdns', to);
}

export const MDNS: Detector = {
  protocol: 'mdns',
  transports: [17],
  ports: [PORT],
  follows: true,
  detect,
  facts,
};
