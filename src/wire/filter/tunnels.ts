/**
 * `vlan`, `mpls`, `pppoed`, `pppoes`, `geneve`, `vxlan`: tests that also move the places where
 * what stands to their right looks, into what the encapsulation carries.
 */
import type { Primitive } from './expression.ts';
import { FilterFault, type Span } from './fault.ts';
import type { Frame } from './frame-state.ts';
import { holdsLabels, holdsTags, layoutOf, type Place } from './layout.ts';
import { field, lastLabel, networkOf } from './link-tests.ts';
import { type PortRange, portTest4, portTest6 } from './ports.ts';
import {
  and,
  constant,
  equal,
  load,
  math,
  not,
  or,
  type Step,
  type Test,
  type Value,
} from './program.ts';

const ETHERNET = 1;
const PPP = 9;
const VLAN_TAG = 4;
const LABEL = 4;
const GENEVE_PORT = 6081;
const VXLAN_PORT = 4789;
const TRANSPARENT_BRIDGING = 0x6558;

type Encapsulation = Primitive & { readonly kind: 'encapsulation' };

/** Tests for an encapsulation and steps into it. Throws `FilterFault`. */
export function enter(frame: Frame, { which, id, span }: Encapsulation): Test {
  switch (which) {
    case 'vlan':
      return enterVlan(frame, id, span);
    case 'mpls':
      return enterMpls(frame, id, span);
    case 'pppoed':
      return frame.carries(0x8863, span);
    case 'pppoes':
      return enterPppoe(frame, id, span);
    default:
      return enterUdpTunnel(frame, which, id, span);
  }
}

function enterVlan(frame: Frame, id: number | undefined, span: Span): Test {
  if (frame.labels > 0) throw new FilterFault('no VLAN tag stands behind MPLS labels', span);
  const { layout } = frame;
  if (!holdsTags(layout)) throw cannotHold(frame, 'vlan', span);
  const tagged = or(
    or(frame.carries(0x8100, span), frame.carries(0x88a8, span)),
    frame.carries(0x9100, span),
  );
  const test =
    id === undefined ? tagged : and(tagged, equal(field(2, networkOf(layout), 0), id, 0x0fff));
  frame.layout = {
    ...layout,
    type: moved(layout.type, VLAN_TAG),
    payload: moved(layout.payload, VLAN_TAG),
  };
  frame.tags++;
  return test;
}

function moved(place: Place, by: number): Place {
  return { ...place, offset: place.offset + by };
}

function cannotHold(frame: Frame, what: string, span: Span): FilterFault {
  return new FilterFault(`frames of link type ${frame.layout.linkType} hold no ${what}`, span);
}

function enterMpls(frame: Frame, label: number | undefined, span: Span): Test {
  const { layout } = frame;
  let test: Test;
  if (frame.labels > 0) test = not(lastLabel(networkOf(layout)));
  else if (!holdsLabels(layout)) throw cannotHold(frame, 'mpls', span);
  else if (layout.kind === 'ppp') test = equal(field(2, layout.type, 0), 0x0281);
  else test = frame.carries(0x8847, span);
  if (label !== undefined) {
    const entry = field(4, networkOf(layout), 0);
    test = and(test, equal(entry, label * 0x1000, 0xfffff000));
  }
  frame.layout = {
    ...layout,
    network: layout.network + LABEL,
    networkWithoutSnap: layout.networkWithoutSnap + LABEL,
  };
  frame.labels++;
  return test;
}

function enterPppoe(frame: Frame, session: number | undefined, span: Span): Test {
  const network = networkOf(frame.layout);
  const found = frame.carries(0x8864, span);
  const test = session === undefined ? found : and(found, equal(field(2, network, 2), session));
  const header = moved(network, 6);
  frame.layout = {
    ...layoutOf(PPP),
    header,
    type: header,
    payload: moved(header, 2),
  };
  return test;
}

/** Geneve (RFC 8926) and VXLAN (RFC 7348): an Ethernet frame, or another, behind UDP. */
function enterUdpTunnel(
  frame: Frame,
  which: 'geneve' | 'vxlan',
  id: number | undefined,
  span: Span,
): Test {
  const port = which === 'geneve' ? GENEVE_PORT : VXLAN_PORT;
  const range: PortRange = { first: port, last: port, transport: 'udp' };
  /** Where the UDP header begins, over either version of IP. */
  const udp = frame.newSlot();
  const check = (transport: Place): Test => {
    const first = field(1, transport, 8);
    const version = which === 'geneve' ? equal(first, 0, 0xc0) : equal(first, 0x08);
    if (id === undefined) return version;
    return and(version, equal(field(4, transport, 12), id * 256, 0xffffff00));
  };
  const note = ({ base, offset }: Place): Test => {
    const value = base === undefined ? constant(offset) : math('+', base, offset);
    return { kind: 'assign', steps: [{ slot: udp, value }] };
  };
  const { behindIpv4, behindIpv6 } = frame;
  const found = or(
    and(portTest4(frame, range, 'dst', span), check(behindIpv4), note(behindIpv4)),
    and(portTest6(frame, range, 'dst', span), check(behindIpv6), note(behindIpv6)),
  );
  const inner = which === 'geneve' ? geneve(frame, udp) : vxlan(frame, udp);
  return and(found, { kind: 'assign', steps: inner });
}

function slotValue(slot: number): Value {
  return { kind: 'slot', slot };
}

/** Options of 4 octets each, then what the protocol type says: an Ethernet frame or a packet. */
function geneve(frame: Frame, udp: number): Step[] {
  const [type, header, payload] = [frame.newSlot(), frame.newSlot(), frame.newSlot()];
  const begin = slotValue(udp);
  const options = math('*', math('&', load(1, 8, begin), 0x3f), 4);
  const bridged = equal(load(2, 10, begin), TRANSPARENT_BRIDGING);
  intoEthernet(frame, header, type, payload);
  return [
    { slot: type, value: math('+', begin, 10) },
    { slot: header, value: math('+', math('+', begin, 16), options) },
    { slot: payload, value: slotValue(header) },
    { slot: type, value: math('+', slotValue(header), 12), when: bridged },
    { slot: payload, value: math('+', slotValue(header), 14), when: bridged },
  ];
}

function vxlan(frame: Frame, udp: number): Step[] {
  const [type, header, payload] = [frame.newSlot(), frame.newSlot(), frame.newSlot()];
  intoEthernet(frame, header, type, payload);
  return [
    { slot: header, value: math('+', slotValue(udp), 16) },
    { slot: type, value: math('+', slotValue(header), 12) },
    { slot: payload, value: math('+', slotValue(header), 14) },
  ];
}

function intoEthernet(frame: Frame, header: number, type: number, payload: number): void {
  frame.layout = {
    ...layoutOf(ETHERNET),
    header: { base: slotValue(header), offset: 0 },
    type: { base: slotValue(type), offset: 0 },
    payload: { base: slotValue(payload), offset: 0 },
  };
  frame.tunnelled = true;
}
