/**
 * IEEE 802.1Q and 802.1ad tags: priority and drop bits (4), VLAN id (12), EtherType (2 octets).
 * The first tag's id is the outer one; further tags set the inner id (the last one counts).
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { VLAN_CUT } from './faults.ts';

const TAG = 4;

export function decodeVlan(d: Decoder, at: number): void {
  let next = at;
  for (;;) {
    if (d.end - next < TAG) {
      d.fault(VLAN_CUT);
      return;
    }
    const id = d.view.getUint16(next) & 0xfff;
    if (d.vlan === 0) d.vlan = id;
    else d.innerVlan = id;
    const type = d.view.getUint16(next + 2);
    next += TAG;
    if (type !== 0x8100 && type !== 0x88a8 && type !== 0x9100 && type !== 0x9200) {
      decodeEtherType(d, type, next);
      return;
    }
  }
}
