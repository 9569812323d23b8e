/**
 * IEEE 802.1Q and 802.1ad tags: priority and drop bits (4), VLAN id (12), EtherType (2 octets).
 * The first tag's id is the outer one; further tags set the inner id (the last one counts).
 */
import type { Decoder } from './decoder.ts';
import { decodeEtherType } from './ethernet.ts';
import { VLAN_CUT } from './faults.ts';
import { NO_FILTER_ENTERS, VLAN } from './link-paths.ts';

const TAG = 4;

/** `type` is what announced the tag. */
export function decodeVlan(d: Decoder, type: number, at: number): void {
  let next = at;
  let announced = type;
  for (;;) {
    if (d.end - next < TAG) {
      d.fault(VLAN_CUT);
      return;
    }
    const id = d.view.getUint16(next) & 0xfff;
    if (d.vlan === 0) d.vlan = id;
    else d.innerVlan = id;
    // tcpdump's language knows no tag of this type.
    d.pass(announced === 0x9200 ? NO_FILTER_ENTERS : VLAN);
    announced = d.view.getUint16(next + 2);
    next += TAG;
    if (!isTag(announced)) {
      decodeEtherType(d, announced, next);
      return;
    }
  }
}

/** 802.1Q, 802.1ad, and the two values used for stacked tags before 802.1ad. */
function isTag(type: number): boolean {
  return type === 0x8100 || type === 0x88a8 || type === 0x9100 || type === 0x9200;
}
