/**
 * Ceph's messenger (docs.ceph.com, "Network protocol" and "msgr2 protocol"): both sides begin with a
 * banner, `ceph v027` in version 1, `ceph v2` and a line's end in version 2.
 */
import { ascii, isAt } from './octets.ts';
import { CERTAIN, type Detection, type Detector, type FactSink, type Payload } from './payload.ts';

const VERSION_1 = ascii('ceph v0');
const VERSION_2 = ascii('ceph v2\n');

function detect({ bytes, at, end }: Payload): Detection {
  return isAt(bytes, at, end, VERSION_1) || isAt(bytes, at, end, VERSION_2) ? CERTAIN : 0;
}

function facts({ bytes, at, end }: Payload, to: FactSink): void {
  to.service('version', isAt(bytes, at, end, VERSION_2) ? '2' : '1');
}

export const CEPH: Detector = {
  protocol: 'ceph',
  transports: [6],
  ports: [3300, 6789, 6800],
  begins: [0x63],
  detect,
  facts,
};
