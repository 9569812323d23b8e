/**
 * Replays validated conversations against filters: which rule of the plan each belongs to, and
 * whether the written rules let it through. All packets are decided at once, in header space, and
 * then looked up, so that many conversations cost no more than a few.
 */
import type { Node } from '../net/decision-diagram.ts';
import type { PacketHeader } from '../net/header-fields.ts';
import { HeaderSpaces } from '../net/header-space.ts';
import { lookUp } from '../net/header-witness.ts';
import { acceptedBy, type Vantage, verdictSpaces } from './evaluate.ts';
import type { Filter, FilterRule } from './filter.ts';

/** Finds the first rule of a plan's chain that matches a packet. */
export class RuleFinder {
  private readonly rules: readonly FilterRule[];
  private readonly spaces: HeaderSpaces;
  private readonly map: Node;

  constructor(rules: readonly FilterRule[]) {
    this.rules = rules;
    const spaces = new HeaderSpaces(rules.length + 2);
    this.spaces = spaces;
    this.map = spaces.overrideAll(
      rules.map(({ match }, index) => spaces.mask(index + 1, spaces.matched(match))),
    );
  }

  ruleFor(packet: PacketHeader): FilterRule | undefined {
    return this.rules[lookUp(this.spaces, this.map, packet) - 1];
  }
}

/** Says of packets whether a filter lets them through, by where they come in and go out. */
export class Passage {
  private readonly filter: Filter;
  private readonly spaces = verdictSpaces();
  private readonly known = new Map<string, Node>();
  /** The filter looks at interfaces at all. */
  private readonly looks: boolean;

  constructor(filter: Filter) {
    this.filter = filter;
    this.looks = filter.chains.some(({ rules }) =>
      rules.some(({ match }) => Object.keys(match).some((key) => /Interfaces$/.test(key))),
    );
  }

  lets(packet: PacketHeader, vantage: Vantage): boolean {
    const { hook, inNames = [], outNames = [] } = vantage;
    const key = this.looks ? `${hook} ${inNames.join()} ${outNames.join()}` : hook;
    let accepted = this.known.get(key);
    if (accepted === undefined) {
      accepted = acceptedBy(this.spaces, this.filter, this.looks ? vantage : { hook });
      this.known.set(key, accepted);
    }
    return lookUp(this.spaces, accepted, packet) === 1;
  }
}
