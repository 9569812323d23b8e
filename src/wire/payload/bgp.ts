/** BGP-4 (RFC 4271 section 4.1): 16 octets of ones, length (2), type (1); OPEN has version 4. */
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const MARKER = 16;
const HEADER = 19;
/** RFC 8654 allows 65,535, but not for the first messages. */
const MOST_LENGTH = 4096;
const OPEN = 1;
const LAST_TYPE = 5;

function detect({ bytes, view, at, end }: Payload): Detection {
  if (end - at < HEADER) return 0;
  for (let next = at; next < at + MARKER; next++) if (bytes[next] !== 0xff) return 0;
  const length = view.getUint16(at + MARKER);
  const type = bytes[at + 18]!;
  if (length < HEADER || length > MOST_LENGTH || type < OPEN || type > LAST_TYPE) return 0;
  if (type === OPEN && end - at > HEADER && bytes[at + HEADER] !== 4) return 0;
  return CERTAIN;
}

/** The server's own autonomous system; 23456 stands for one that needs four octets. */
function facts({ bytes, view, at, end, fromServer }: Payload, to: FactSink): void {
  if (!fromServer || bytes[at + 18] !== OPEN || end - at < HEADER + 3) return;
  to.service('autonomous system', String(view.getUint16(at + HEADER + 1)));
}

export const BGP: Detector = {
  protocol: 'bgp',
  transports: [6],
  ports: [179],
  begins: [0xff],
  detect,
  facts,
};
