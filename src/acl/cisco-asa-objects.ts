/**
 * Objects and groups of the ASA: networks, services, ports, protocols and messages (Cisco ASA Series
 * Command Reference, object network, object service, object-group). What cannot be read of them, such
 * as names that are looked up, is a fault where an entry uses it.
 */
import { parseAddress } from '../net/address.ts';
import { type AddressRange, compareRanges, rangeOfAddress } from '../net/address-range.ts';
import { ICMP, ICMPV6, TCP, UDP } from '../net/header-fields.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import { messageOf, PORT_WORDS, PROTOCOL_WORDS } from './cisco-words.ts';
import { LineFault } from './line-fault.ts';
import { LineWords, maskedRange, numberOf, portsOf, prefixRange } from './list-line.ts';
import { AddressGroup } from './nested-groups.ts';

/** What an entry asks above the addresses. */
export interface AsaService {
  /** Undefined: any. */
  readonly protocol?: number;
  readonly sourcePorts?: readonly NumberRange[];
  readonly destinationPorts?: readonly NumberRange[];
  readonly message?: IcmpMatch;
}

type Kind = 'network' | 'service' | 'ports' | 'protocol' | 'icmp-type' | 'unread';

interface Group {
  readonly name: string;
  readonly kind: Kind;
  readonly addresses: AddressGroup;
  readonly services: AsaService[];
  readonly ports: NumberRange[];
  readonly messages: IcmpMatch[];
  /** Why an entry that uses it cannot be read. */
  unread: string | undefined;
}

const KINDS: Readonly<Record<string, Kind>> = {
  network: 'network',
  service: 'service',
  protocol: 'protocol',
  'icmp-type': 'icmp-type',
  user: 'unread',
  security: 'unread',
};
/** Members by the kinds of groups that have them; `nat` stands in objects for its own sake. */
const MEMBERS: ReadonlySet<string> = new Set(
  'description group-object network-object host subnet range fqdn service-object service port-object protocol-object icmp-object user user-group security-group nat'.split(
    ' ',
  ),
);

export class AsaObjects {
  private readonly groups = new Map<string, Group>();
  /** Addresses by the names that `name` gives them. */
  private readonly names = new Map<string, string>();
  private open: Group | undefined;
  private isReopened = false;

  /** Ends the group that lines belong to. */
  close(): void {
    this.open = undefined;
  }

  /** Whether the line would be a member of the group that is open. */
  hasMember(words: LineWords): boolean {
    return this.open !== undefined && MEMBERS.has(words.peek());
  }

  /** `name 10.0.0.1 web`. */
  readName(words: LineWords): void {
    words.next('name');
    const word = words.next('an address');
    if (parseAddress(word) === undefined) throw new LineFault(`“${word}” is not an address.`);
    this.names.set(words.next('a name'), word);
    if (words.take('description')) words.rest();
    words.end();
  }

  /** The line with the addresses that its names stand for. */
  withAddresses(line: string): LineWords {
    const words = line.split(/\s+/).filter((word) => word !== '');
    if (this.names.size === 0) return new LineWords(words);
    return new LineWords(words.map((word) => this.names.get(word) ?? word));
  }

  /** `object network NAME`, `object-group service NAME tcp` and the like. */
  openGroup(words: LineWords): void {
    const isObject = words.next('object-group') === 'object';
    const word = words.next('the kind of group');
    const kind = KINDS[word];
    if (kind === undefined || (isObject && kind !== 'network' && kind !== 'service')) {
      throw new LineFault(`An ${isObject ? 'object' : 'object-group'} of “${word}” is not read.`);
    }
    const name = words.next('the name of a group');
    const isPorts = kind === 'service' && !isObject && /^(?:tcp|udp|tcp-udp)$/.test(words.peek());
    if (isPorts) words.next('a protocol');
    words.end();
    const known = this.groups.get(name);
    // The configuration names an object once more where its translation stands.
    this.isReopened = known !== undefined;
    if (known !== undefined && !isObject) {
      throw new LineFault(`The group “${name}” is defined twice.`);
    }
    this.open = known ?? {
      ...{ name, kind: isPorts ? 'ports' : kind, addresses: new AddressGroup() },
      ...{ services: [], ports: [], messages: [] },
      unread: kind === 'unread' ? `Groups of “${word}” are not read.` : undefined,
    };
    this.groups.set(name, this.open);
  }

  /** A line of the group that is open. */
  member(words: LineWords): void {
    const group = this.open!;
    const keyword = words.next('a member');
    if (keyword === 'description') {
      words.rest();
      return;
    }
    if (this.isReopened) throw new LineFault(`The group “${group.name}” is defined twice.`);
    if (group.kind === 'unread') {
      words.rest();
      return;
    }
    if (keyword === 'group-object') this.include(words, group);
    else if (group.kind === 'network') this.network(keyword, words, group);
    else if (group.kind === 'ports' && keyword === 'port-object') {
      group.ports.push(...asked(words));
    } else if (group.kind === 'protocol' && keyword === 'protocol-object') {
      const protocol = protocolOf(words.next('a protocol'));
      group.services.push(protocol === undefined ? {} : { protocol });
    } else if (group.kind === 'icmp-type' && keyword === 'icmp-object') {
      const message = messageOf(words, 4);
      if (message === undefined) throw new LineFault(`“${words.peek()}” is no message of ICMP.`);
      group.messages.push(message);
    } else if (group.kind === 'service' && /^service(-object)?$/.test(keyword)) {
      this.service(words, group);
    } else throw new LineFault(`“${keyword}” is not known in a group.`);
    words.end();
  }

  private include(words: LineWords, group: Group): void {
    const inner = this.group(words.next('the name of a group'));
    if (inner.kind !== group.kind) {
      throw new LineFault(`“${inner.name}” is a group of another kind.`);
    }
    group.addresses.include(inner.addresses);
    group.services.push(...inner.services);
    group.ports.push(...inner.ports);
    group.messages.push(...inner.messages);
    group.unread ??= inner.unread;
  }

  private network(keyword: string, words: LineWords, group: Group): void {
    if (keyword === 'host') group.addresses.add(rangeOfAddress(addressOf(words)));
    else if (keyword === 'subnet') group.addresses.add(this.range(words));
    else if (keyword === 'range') {
      const [first, last] = [addressOf(words), addressOf(words)];
      if (
        first.family !== last.family ||
        compareRanges(rangeOfAddress(first), rangeOfAddress(last)) > 0
      ) {
        throw new LineFault('The range runs backwards.');
      }
      group.addresses.add({ family: first.family, first: first.words, last: last.words });
    } else if (keyword === 'fqdn') {
      group.unread = `“${group.name}” depends on a name that is looked up.`;
      words.rest();
    } else if (keyword === 'network-object') {
      if (words.take('object')) {
        const inner = this.group(words.next('the name of an object'));
        group.addresses.include(inner.addresses);
        group.unread ??= inner.unread;
      } else group.addresses.add(this.range(words));
    } else throw new LineFault(`“${keyword}” is not known in a group.`);
  }

  /** `tcp source eq 5060 destination range 1 9`, `icmp echo`, `object NAME`. */
  private service(words: LineWords, group: Group): void {
    if (words.take('object')) {
      group.services.push(...this.group(words.next('the name of an object')).services);
      return;
    }
    const word = words.next('a protocol');
    const protocols = word === 'tcp-udp' ? [TCP, UDP] : [protocolOf(word)];
    const from = words.take('source') ? asked(words) : undefined;
    const isTo = words.take('destination') || /^(?:eq|neq|gt|lt|range)$/.test(words.peek());
    const to = isTo ? asked(words) : undefined;
    const [protocol] = protocols;
    const isMessage = protocol === ICMP || protocol === ICMPV6;
    const message = isMessage ? messageOf(words, protocol === ICMP ? 4 : 6) : undefined;
    if ((from ?? to) !== undefined && protocol !== TCP && protocol !== UDP) {
      throw new LineFault(`“${word}” has no ports here.`);
    }
    for (const each of protocols) {
      group.services.push({
        ...(each === undefined ? {} : { protocol: each }),
        ...(from === undefined ? {} : { sourcePorts: from }),
        ...(to === undefined ? {} : { destinationPorts: to }),
        ...(message === undefined ? {} : { message }),
      });
    }
  }

  /** Whether there is a group of that name and kind. */
  isA(name: string, kind: Kind): boolean {
    return this.groups.get(name)?.kind === kind;
  }

  addresses(name: string): readonly AddressRange[] {
    const { addresses } = this.usable(name, 'network');
    return addresses.ranges;
  }

  /** Of a group or object of services, or a group of protocols. */
  services(name: string): readonly AsaService[] {
    const kind = this.isA(name, 'protocol') ? 'protocol' : 'service';
    return this.usable(name, kind).services;
  }

  ports(name: string): readonly NumberRange[] {
    return this.usable(name, 'ports').ports;
  }

  messages(name: string): readonly IcmpMatch[] {
    return this.usable(name, 'icmp-type').messages;
  }

  private usable(name: string, kind: Kind): Group {
    const group = this.group(name);
    if (group.unread !== undefined) throw new LineFault(group.unread);
    if (group.kind !== kind) throw new LineFault(`“${name}” is a group of another kind.`);
    return group;
  }

  private group(name: string): Group {
    const group = this.groups.get(name);
    if (group === undefined) throw new LineFault(`There is no group “${name}” above.`);
    return group;
  }

  /** `host A`, `A MASK`, `A/length`; the device refuses an address that has none of these. */
  range(words: LineWords): AddressRange {
    if (words.take('host')) return rangeOfAddress(addressOf(words));
    if (words.peek().includes('/')) {
      return prefixRange(words.peek(), words.next('a prefix').includes(':') ? 6 : 4);
    }
    const word = words.peek();
    const address = addressOf(words);
    if (address.family === 6 || parseAddress(words.peek()) === undefined) {
      throw new LineFault(`“${word}” stands without “host” or a mask.`);
    }
    return maskedRange(address, words.address(4));
  }
}

function addressOf(words: LineWords) {
  return words.address(words.peek().includes(':') ? 6 : 4);
}

/** Ports that must be asked for here. */
function asked(words: LineWords): NumberRange[] {
  const ports = portsOf(words, PORT_WORDS);
  if (ports === undefined) throw new LineFault(`“${words.peek()}” asks for no port.`);
  return ports;
}

/** Undefined for `ip`. */
export function protocolOf(word: string): number | undefined {
  return word === 'ip' ? undefined : (PROTOCOL_WORDS.get(word) ?? numberOf(word, 255));
}
