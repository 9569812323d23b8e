/**
 * DNS over UDP and TCP (RFC 1035; sections 4.2.1 and 4.2.2). mDNS, LLMNR and NetBIOS names share
 * the format: their own ports and flags tell them apart.
 */
import { detectMessage, tellNames } from './dns-message.ts';
import { isMdns } from './mdns.ts';
import type { Detection, Detector, FactSink, Payload } from './payload.ts';

const TCP = 6;
const LLMNR_PORT = 5355;

/** Over TCP a length comes first. A segment may hold a part of a message, or several. */
function detect(payload: Payload): Detection {
  if (payload.transport === TCP) {
    if (payload.end - payload.at < 14) return 0;
    const length = payload.view.getUint16(payload.at);
    return length < 12 ? 0 : detectMessage(payload, payload.at + 2, length, false);
  }
  if (payload.sourcePort === LLMNR_PORT || payload.destinationPort === LLMNR_PORT) return 0;
  return isMdns(payload) ? 0 : detectMessage(payload, payload.at, payload.length, false);
}

function facts(payload: Payload, to: FactSink): void {
  tellNames(payload, payload.transport === TCP ? payload.at + 2 : payload.at, 'dns', to);
}

export const DNS: Detector = {
  protocol: 'dns',
  transports: [6, 17],
  ports: [53],
  follows: true,
  detect,
  facts,
};
