/**
 * Reads an extended access list of the ASA: the form Portreeve writes, what people commonly write
 * by hand, with network object groups, and what `show access-list` prints. The list is asked for the first
 * packets of connections; the rule for answers, which the ASA has unasked, is put before it. Later
 * fragments reach the list only as parts of whole packets (virtual reassembly), so that an entry
 * with ports says nothing of them.
 */
import { type Family, parseAddress } from '../net/address.ts';
import { type AddressRange, rangeOfAddress, wholeFamily } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterRule } from '../policy/filter.ts';
import { asaLines } from './cisco-listing.ts';
import { ICMP_WORDS, ICMP6_WORDS, PORT_WORDS, PROTOCOL_WORDS } from './cisco-words.ts';
import { LineFault, LineWords, maskedRange, numberOf, portsOf, prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import type { Parsed, ParseFault } from './platform.ts';

/** What the connection table lets through before any list is asked. */
const ANSWERS: FilterRule = {
  action: 'accept',
  match: { states: ['established', 'related'] },
  line: 0,
};

export function parseAsa(text: string): Parsed {
  const parser = new AsaParser();
  asaLines(text).forEach(({ text: line, hits }, index) => {
    parser.line(line.trim(), index + 1, hits);
  });
  return {
    filter: {
      chains: [
        {
          name: parser.name ?? 'global',
          hook: 'forward',
          otherwise: 'drop',
          line: parser.begins,
          rules: [ANSWERS, ...parser.rules],
        },
      ],
    },
    faults: parser.faults,
  };
}

class AsaParser {
  /** Lines of the list so far, remarks among them. */
  private entries = 0;
  readonly faults: ParseFault[] = [];
  readonly rules: FilterRule[] = [];
  name: string | undefined;
  begins = 0;
  private readonly networks = new Map<string, AddressRange[]>();
  private group: AddressRange[] | undefined;

  line(line: string, number: number, hits: number | undefined): void {
    if (line === '' || line.startsWith('!') || line.startsWith(':')) return;
    try {
      this.read(new LineWords(line), number, hits);
    } catch (error) {
      if (!(error instanceof LineFault)) throw error;
      this.faults.push({ line: number, what: error.message });
    }
  }

  private read(words: LineWords, number: number, hits: number | undefined): void {
    switch (words.peek()) {
      case 'object-group':
      case 'object':
        this.openGroup(words);
        return;
      case 'access-list':
        words.next('access-list');
        this.group = undefined;
        this.entry(words, number, hits);
        return;
      case 'access-group':
        words.next('access-group');
        this.group = undefined;
        this.apply(words);
        return;
      default:
        if (this.group === undefined) throw new LineFault(`“${words.peek()}” is not known here.`);
        this.member(words, this.group);
    }
  }

  private openGroup(words: LineWords): void {
    const keyword = words.next('object-group');
    const kind = words.next('the kind of group');
    if (kind !== 'network') throw new LineFault(`An ${keyword} of “${kind}” is not read.`);
    const name = words.next('the name of a group');
    words.end();
    if (this.networks.has(name)) throw new LineFault(`The group “${name}” is defined twice.`);
    this.group = [];
    this.networks.set(name, this.group);
  }

  private member(words: LineWords, group: AddressRange[]): void {
    const keyword = words.next('a member');
    switch (keyword) {
      case 'description':
        words.rest();
        return;
      case 'group-object':
        group.push(...this.groupNamed(words.next('the name of a group')));
        break;
      case 'network-object':
        if (words.take('object'))
          group.push(...this.groupNamed(words.next('the name of an object')));
        else group.push(this.range(words));
        break;
      case 'host':
        group.push(rangeOfAddress(this.address(words)));
        break;
      case 'subnet':
        group.push(this.range(words));
        break;
      default:
        throw new LineFault(`“${keyword}” is not known in a group.`);
    }
    words.end();
  }

  private address(words: LineWords) {
    return words.address(words.peek().includes(':') ? 6 : 4);
  }

  private groupNamed(name: string): readonly AddressRange[] {
    const group = this.networks.get(name);
    if (group === undefined) throw new LineFault(`There is no group “${name}” above.`);
    return group;
  }

  /** `host A`, `A MASK`, `A/length`; the device refuses an address that has none of these. */
  private range(words: LineWords): AddressRange {
    if (words.take('host')) return rangeOfAddress(this.address(words));
    if (words.peek().includes('/')) {
      return prefixRange(words.peek(), words.next('a prefix').includes(':') ? 6 : 4);
    }
    const word = words.peek();
    const address = this.address(words);
    if (address.family === 6 || parseAddress(words.peek()) === undefined) {
      throw new LineFault(`“${word}” stands without “host” or a mask.`);
    }
    return maskedRange(address, words.address(4));
  }

  private apply(words: LineWords): void {
    const name = words.next('the name of a list');
    if (this.name !== undefined && name !== this.name) {
      throw new LineFault(`The list “${name}” is not the one above.`);
    }
    if (!words.take('global')) {
      throw new LineFault('Only a list for all interfaces (“global”) can be proved.');
    }
    words.end();
  }

  private entry(words: LineWords, line: number, hits: number | undefined): void {
    const name = words.next('the name of a list');
    if (this.name === undefined) {
      this.name = name;
      this.begins = line;
    } else if (name !== this.name) {
      throw new LineFault(`A second list, “${name}”, begins here; give the text of one.`);
    }
    // An entry is put in at its number, counted with the remarks: here only at the end.
    this.entries++;
    if (words.take('line') && words.number('a line', 1e9) < this.entries) {
      throw new LineFault('The entry would be put in before others; give them in their order.');
    }
    if (words.take('remark')) {
      words.rest();
      return;
    }
    if (!words.take('extended')) throw new LineFault('Only extended lists are read.');
    const verb = words.next('permit or deny');
    if (verb !== 'permit' && verb !== 'deny') throw new LineFault(`“${verb}” is not known here.`);
    const match = new MatchBuilder();
    match.states(['new']);
    const protocol = this.protocol(words);
    if (protocol !== undefined) match.protocols([{ first: protocol, last: protocol }]);
    const hasPorts = protocol === TCP || protocol === UDP;
    const side = (
      key: 'source' | 'destination',
      ports: 'sourcePorts' | 'destinationPorts',
    ): void => {
      const ranges = this.side(words);
      if (ranges !== undefined) match.addresses(key, ranges);
      const asked: NumberRange[] | undefined = hasPorts ? portsOf(words, PORT_WORDS) : undefined;
      if (asked !== undefined) match.ports(ports, asked);
    };
    side('source', 'sourcePorts');
    side('destination', 'destinationPorts');
    if (protocol === ICMP || protocol === ICMPV6) this.message(words, protocol, match);
    const log = this.endings(words);
    if (log === 'inactive') return;
    this.rules.push({
      action: verb === 'permit' ? 'accept' : 'drop',
      match: verb === 'permit' ? match.build() : withoutState(match),
      line,
      ...(log ? { log: { prefix: '' } } : {}),
      ...(hits === undefined ? {} : { hits }),
    });
  }

  private protocol(words: LineWords): number | undefined {
    const word = words.next('a protocol');
    if (word === 'object-group')
      throw new LineFault('Groups of protocols or services are not read.');
    if (word === 'ip') return undefined;
    return PROTOCOL_WORDS.get(word) ?? numberOf(word, 255);
  }

  /** Undefined = any address of either family. */
  private side(words: LineWords): readonly AddressRange[] | undefined {
    if (words.take('any')) return undefined;
    for (const family of [4, 6] as const satisfies readonly Family[]) {
      if (words.take(`any${family}`)) return [wholeFamily(family)];
    }
    if (words.take('object-group') || words.take('object')) {
      return this.groupNamed(words.next('the name of a group'));
    }
    return [this.range(words)];
  }

  private message(words: LineWords, protocol: number, match: MatchBuilder): void {
    const word = words.peek();
    const named = (protocol === ICMP ? ICMP_WORDS : ICMP6_WORDS).get(word);
    if (named === undefined && !/^\d+$/.test(word)) {
      match.family(protocol === ICMP ? 4 : 6);
      return;
    }
    words.next('a message');
    const type = named?.[0] ?? numberOf(word, 255);
    const code =
      named?.[1] ?? (/^\d+$/.test(words.peek()) ? words.number('a code', 255) : undefined);
    match.icmp([
      {
        type: { first: type, last: type },
        ...(code === undefined ? {} : { code: { first: code, last: code } }),
      },
    ]);
  }

  /** `log` with level and interval, `time-range`; whether it logs. An inactive entry is not asked. */
  private endings(words: LineWords): boolean | 'inactive' {
    let log = false;
    while (!words.ended) {
      if (words.take('log')) {
        log = true;
        if (
          /^(?:[0-7]|default|disable|emergencies|alerts|critical|errors|warnings|notifications|informational|debugging)$/.test(
            words.peek(),
          )
        ) {
          log = words.next('a level') !== 'disable';
        }
        if (words.take('interval')) words.number('an interval', 600);
      } else if (words.take('inactive')) {
        words.end();
        return 'inactive';
      } else if (words.peek() === 'time-range') {
        throw new LineFault('“time-range” makes the entry depend on more than the packet.');
      } else throw new LineFault(`“${words.peek()}” is not known here.`);
    }
    return log;
  }
}

/** A deny holds for whatever comes to the list. */
function withoutState(match: MatchBuilder): FilterRule['match'] {
  const { states: _, ...rest } = match.build();
  return rest;
}
