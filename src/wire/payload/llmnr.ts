/**
 * Link-local multicast name resolution (RFC 4795): DNS messages with one question on port 5355. The
 * bits that are AA and RD in DNS mean conflict and tentative here (section 2.1.1).
 */
import { detectMessage, tellNames } from './dns-message.ts';
import type { Detection, Detector, FactSink, Payload } from './payload.ts';

const PORT = 5355;

function detect(payload: Payload): Detection {
  if (payload.sourcePort !== PORT && payload.destinationPort !== PORT) return 0;
  return detectMessage(payload, payload.at, payload.length, false);
}

function facts(payload: Payload, to: FactSink): void {
  tellNames(payload, payload.at, 'llmnr', to);
}

export const LLMNR: Detector = {
  protocol: 'llmnr',
  transports: [17],
  ports: [PORT],
  follows: true,
  detect,
  facts,
};
