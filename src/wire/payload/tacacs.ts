/**
 * TACACS+ (RFC 8907 section 4.1): version, type, sequence number, flags, session, length. The
 * client sends the odd numbers of a session. The flag of an unencrypted body is worth telling.
 */
import {
  ANSWERS,
  ASKS,
  CERTAIN,
  type Detection,
  type Detector,
  type FactSink,
  type Payload,
} from './payload.ts';

const HEADER = 12;
/** Major version 12, minor 0 or 1. */
const VERSION = 0xc0;
const UNENCRYPTED = 1;
const SINGLE_CONNECTION = 4;
const LAST_TYPE = 3;
/** Octets of an accounting answer, or of what an authentication goes on with: none is smaller. */
const SMALLEST = 5;

function detect({ bytes, view, at, end, length }: Payload): Detection {
  if (end - at < HEADER || (bytes[at]! & 0xfe) !== VERSION) return 0;
  const type = bytes[at + 1]!;
  const sequence = bytes[at + 2]!;
  if (type < 1 || type > LAST_TYPE || sequence === 0) return 0;
  if ((bytes[at + 3]! & ~(UNENCRYPTED | SINGLE_CONNECTION)) !== 0) return 0;
  if (view.getUint32(at + 8) !== length - HEADER || length < HEADER + SMALLEST) return 0;
  // Sessions are numbered at random (section 4.1).
  if (view.getInt32(at + 4) === 0) return 0;
  return CERTAIN | ((sequence & 1) === 1 ? ASKS : ANSWERS);
}

function facts({ bytes, at }: Payload, to: FactSink): void {
  if ((bytes[at + 3]! & UNENCRYPTED) !== 0) to.service('security', 'unencrypted');
}

export const TACACS: Detector = {
  protocol: 'tacacs',
  transports: [6],
  ports: [49],
  begins: [VERSION, VERSION + 1],
  detect,
  facts,
};
