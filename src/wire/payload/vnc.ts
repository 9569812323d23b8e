/** VNC (RFC 6143 section 7.1.1): both ends first send the twelve octets `RFB 003.008` and LF. */
import { ascii, isAt, textAt } from './octets.ts';
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const PREFIX = ascii('RFB ');
const MESSAGE = 12;

function detect({ bytes, at, end }: Payload): Detection {
  if (end - at < MESSAGE || !isAt(bytes, at, end, PREFIX)) return 0;
  for (let next = at + 4; next < at + 11; next++) {
    const octet = bytes[next]!;
    if (next === at + 7 ? octet !== 0x2e : octet < 0x30 || octet > 0x39) return 0;
  }
  return bytes[at + 11] === 10 ? CERTAIN : 0;
}

function facts({ bytes, at, fromServer }: Payload, to: FactSink): void {
  if (!fromServer) return;
  const digits = textAt(bytes, at + 4, at + 11);
  to.service('version', `${Number(digits.slice(0, 3))}.${Number(digits.slice(4))}`);
}

export const VNC: Detector = {
  protocol: 'vnc',
  transports: [6],
  ports: [5900, 5901, 5902, 5903, 5904, 5905, 5500],
  begins: [0x52],
  detect,
  facts,
};
