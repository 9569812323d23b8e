/**
 * OPC UA over TCP (OPC 10000-6 section 7.1): three letters, a letter for final or more, the whole
 * message's length (little-endian). Hello names the server's address, open the security policy.
 */
import { ascii, findAnyCase, isAt, textAt } from './octets.ts';
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  LIKELY,
  type Payload,
} from './payload.ts';

const HELLO = ascii('HELF');
const ACKNOWLEDGE = ascii('ACKF');
const ERROR = ascii('ERRF');
const REVERSE_HELLO = ascii('RHEF');
const OPEN = ascii('OPNF');
const MESSAGES = [ascii('MSGF'), ascii('MSGC'), ascii('CLOF')] as const;
const POLICY = ascii('HTTP://OPCFOUNDATION.ORG/UA/SECURITYPOLICY#');
const SCHEME = ascii('opc.tcp://');
const ACKNOWLEDGE_LENGTH = 28;
const HELLO_HEADER = 32;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < 8) return 0;
  const size = view.getUint32(at + 4, true);
  if (size < 12 || size > 1 << 26) return 0;
  if (isAt(bytes, at, end, ACKNOWLEDGE)) return size === ACKNOWLEDGE_LENGTH ? CERTAIN | ANSWERS : 0;
  const isExact = size === length;
  if (isAt(bytes, at, end, HELLO)) {
    if (!isExact) return 0;
    return (isAt(bytes, at + HELLO_HEADER, end, SCHEME) ? CERTAIN : LIKELY) | ASKS;
  }
  if (isAt(bytes, at, end, ERROR)) return isExact ? CERTAIN | ANSWERS : 0;
  if (isAt(bytes, at, end, REVERSE_HELLO)) return isExact ? CERTAIN : 0;
  if (isAt(bytes, at, end, OPEN)) {
    return findAnyCase(bytes, at, Math.min(end, at + 80), POLICY) < 0 ? 0 : CERTAIN;
  }
  for (let index = 0; index < MESSAGES.length; index++) {
    if (isAt(bytes, at, end, MESSAGES[index]!)) return isExact ? CERTAIN : LIKELY;
  }
  return 0;
}

function facts({ bytes, view, at, end }: Payload, to: FactSink): void {
  if (isAt(bytes, at, end, HELLO) && isAt(bytes, at + HELLO_HEADER, end, SCHEME)) {
    const host = /^opc\.tcp:\/\/([^:/]+)/.exec(textAt(bytes, at + HELLO_HEADER, end))?.[1];
    if (host) to.name('opc-ua', host, 'destination');
  }
  if (!isAt(bytes, at, end, OPEN)) return;
  const policy = findAnyCase(bytes, at, Math.min(end, at + 80), POLICY);
  if (policy < 4) return;
  const stop = Math.min(end, policy + view.getUint32(policy - 4, true));
  to.service('security', textAt(bytes, policy + POLICY.length, stop));
}

export const OPC_UA: Detector = {
  protocol: 'opc-ua',
  transports: [6],
  ports: [4840],
  begins: [0x48, 0x41, 0x45, 0x52, 0x4f, 0x4d, 0x43],
  detect,
  facts,
};
