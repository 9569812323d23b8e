/**
 * DNS over UDP and TCP (RFC 1035; sections 4.2.1 and 4.2.2). mDNS, LLMNR and NetBIOS names share
 * the format: their own ports and flags tell them apart.
 */
import { detectMessage, tellNames } from './dns-message.ts';
import { isMdns } from './mdns.ts';
import type { Detection, Detector, FactSink, Payload } from './payload.ts';

const TCP = 6;
const PORT = 53;
/** Octets that any full segment has. */
const SEGMENT = 256;
const LLMNR_PORT = 5355;

/**
 * Over TCP a length comes first. A segment may hold a part of a message, or several; some send the
 * length in a segment of its own, so that a message alone is believed on the port of DNS.
 */
function detect(payload: Payload): Detection {
  if (payload.transport === TCP) {
    const found = detectAfterLength(payload);
    return found === 0 && isWithoutLength(payload) ? detectAlone(payload) : found;
  }
  if (payload.sourcePort === LLMNR_PORT || payload.destinationPort === LLMNR_PORT) return 0;
  return isMdns(payload) ? 0 : detectMessage(payload, payload.at, payload.length, false);
}

function detectAfterLength(payload: Payload): Detection {
  if (payload.end - payload.at < 14) return 0;
  const length = payload.view.getUint16(payload.at);
  // It goes on in the next segment only where this one is full.
  const isPart = length + 2 > payload.length && payload.length < SEGMENT;
  if (length < 12 || (isPart && !isOnPort(payload))) return 0;
  return detectMessage(payload, payload.at + 2, length, false);
}

function isOnPort({ sourcePort, destinationPort }: Payload): boolean {
  return sourcePort === PORT || destinationPort === PORT;
}

function detectAlone(payload: Payload): Detection {
  return detectMessage(payload, payload.at, payload.length, false);
}

/** Where the number of questions stands, a message after its length has flags, which are never 1. */
function isWithoutLength(payload: Payload): boolean {
  const { view, at, end } = payload;
  if (!isOnPort(payload)) return false;
  return end - at >= 12 && view.getUint16(at + 4) === 1;
}

function facts(payload: Payload, to: FactSink): void {
  const prefixed = payload.transport === TCP && !isWithoutLength(payload);
  tellNames(payload, prefixed ? payload.at + 2 : payload.at, 'dns', to);
}

export const DNS: Detector = {
  protocol: 'dns',
  transports: [6, 17],
  ports: [PORT],
  follows: true,
  detect,
  facts,
};
