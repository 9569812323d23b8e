/** What is known of a frame's layout at one point of a filter, as its primitives move it. */
import type { Span } from './fault.ts';
import { LAYOUT_SLOTS, type Layout, layoutOf, type Place } from './layout.ts';
import { carries, carriesBehindLabels, networkOf } from './link-tests.ts';
import { and, compare, load, math, not, type Step, type Test, type Value } from './program.ts';

/** Octets of the fixed IPv6 header. */
export const IPV6_HEADER = 40;

/**
 * Moved by one primitive after another, from left to right: `vlan and mpls and host …` looks for
 * the host behind a tag and a label. Not to be used for two expressions.
 */
export class Frame {
  layout: Layout;
  /** Labels of MPLS stepped over. */
  labels = 0;
  /** Inside Geneve or VXLAN. */
  tunnelled = false;
  /** VLAN tags stepped over. */
  tags = 0;
  /** Slots given out. */
  slots = LAYOUT_SLOTS;
  private readonly outermost: Layout;

  constructor(linkType: number) {
    this.layout = layoutOf(linkType);
    this.outermost = this.layout;
  }

  /** A free slot, for a value found while the filter runs. */
  newSlot(): number {
    return this.slots++;
  }

  carries(type: number, span: Span): Test {
    return this.labels > 0
      ? carriesBehindLabels(this.layout, type, span)
      : carries(this.layout, type, span);
  }

  get network(): Place {
    return networkOf(this.layout);
  }

  /** Where IPv4's payload begins: behind a header of as many words as its first octet says. */
  get behindIpv4(): Place {
    const { base, offset } = this.network;
    const length = math('<<', math('&', load(1, offset, base), 0xf), 2);
    return { base: base === undefined ? length : math('+', length, base), offset };
  }

  get behindIpv6(): Place {
    const { network } = this;
    return { ...network, offset: network.offset + IPV6_HEADER };
  }

  /**
   * A test of the link header: inside Geneve there may be none (an IP packet alone), which shows
   * in header and payload being at one place.
   */
  innerHeader(test: Test): Test {
    const { header, payload } = this.layout;
    if (!this.tunnelled || header.base === undefined || payload.base === undefined) return test;
    return and(not(compare('=', header.base, payload.base)), test);
  }

  /** The steps that find the places the test needs: none where all of them are fixed. */
  prelude(test: Test): readonly Step[] {
    return this.outermost.prelude.length > 0 && readsSlots(test) ? this.outermost.prelude : [];
  }
}

/** Whether a test reads a slot of the layout. */
function readsSlots(test: Test): boolean {
  switch (test.kind) {
    case 'always':
    case 'chain':
      return false;
    case 'not':
      return readsSlots(test.of);
    case 'and':
    case 'or':
      return readsSlots(test.left) || readsSlots(test.right);
    case 'compare':
      return valueReadsSlots(test.left) || valueReadsSlots(test.right);
    case 'assign':
      return true;
  }
}

function valueReadsSlots(value: Value): boolean {
  switch (value.kind) {
    case 'slot':
      return value.slot < LAYOUT_SLOTS;
    case 'load':
      return value.base !== undefined && valueReadsSlots(value.base);
    case 'math':
      return valueReadsSlots(value.left) || valueReadsSlots(value.right);
    default:
      return false;
  }
}
