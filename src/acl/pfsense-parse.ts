/**
 * Reads the sections `aliases` and `filter` of a config.xml of pfSense or OPNsense: floating rules
 * first, then those of interfaces, in each the first that matches. Rules for the firewall itself
 * are none of what is forwarded. Gateways, schedules, tags, limits, sloppy states and rules that
 * translations brought along are faults; so is every other section, since some of them make rules.
 */
import type { Family } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import type { IcmpMatch, NumberRange } from '../net/header-match.ts';
import type { FilterMatch, FilterRule, Verdict } from '../policy/filter.ts';
import { guarded, LineFault } from './line-fault.ts';
import { prefixRange } from './list-line.ts';
import { MatchBuilder } from './match-builder.ts';
import { opening } from './pf-states.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { portRange, sessionFilter } from './session-chain.ts';
import { readXml, type XmlElement } from './xml-text.ts';

const TYPES: ReadonlyMap<string, Verdict> = new Map([
  ['pass', 'accept'],
  ['block', 'drop'],
  ['reject', 'reject'],
]);
const PROTOCOLS: ReadonlyMap<string, readonly number[]> = new Map([
  ['tcp', [6]],
  ['udp', [17]],
  ['tcp/udp', [6, 17]],
  ['igmp', [2]],
  ['gre', [47]],
  ['esp', [50]],
  ['ah', [51]],
  ['ospf', [89]],
  ['sctp', [132]],
]);
/** pf.conf(5), names of ICMP messages. */
const MESSAGES: Readonly<Record<Family, ReadonlyMap<string, number>>> = {
  4: new Map([
    ...([
      ['echorep', 0],
      ['unreach', 3],
      ['squench', 4],
      ['redir', 5],
      ['echoreq', 8],
    ] as const),
    ...([
      ['routeradv', 9],
      ['routersol', 10],
      ['timex', 11],
      ['paramprob', 12],
    ] as const),
    ...([
      ['timereq', 13],
      ['timerep', 14],
    ] as const),
  ]),
  6: new Map([
    ...([
      ['unreach', 1],
      ['toobig', 2],
      ['timex', 3],
      ['paramprob', 4],
    ] as const),
    ...([
      ['echoreq', 128],
      ['echorep', 129],
      ['routersol', 133],
      ['routeradv', 134],
    ] as const),
    ...([
      ['neighbrsol', 135],
      ['neighbradv', 136],
      ['redir', 137],
    ] as const),
  ]),
};
/** Elements about the file, not about packets. */
const FREE = new Set(['id', 'tracker', 'descr', 'created', 'updated', 'category', 'sequence']);
/** Elements that mean something as soon as they hold something. */
const EMPTY = new Set([
  ...['tag', 'tagged', 'max', 'max-src-nodes', 'max-src-conn', 'max-src-states', 'statetimeout'],
  ...['os', 'sched', 'gateway', 'dnpipe', 'pdnpipe', 'defaultqueue', 'ackqueue', 'vlanprio'],
  ...['vlanprioset', 'dscp', 'max-src-conn-rate', 'max-src-conn-rates', 'associated-rule-id'],
  ...['tcpflags1', 'tcpflags2'],
]);

interface Read {
  readonly floating: boolean;
  readonly quick: boolean;
  readonly rules: readonly FilterRule[];
}

export function parsePfsense(text: string): Parsed {
  const reader = new ConfigReader();
  const { root, fault } = readXml(text);
  if (fault !== undefined) reader.faults.push(fault);
  else reader.root(root);
  return { filter: sessionFilter('filter', reader.ordered()), faults: reader.faults };
}

class ConfigReader {
  readonly faults: ParseFault[] = [];
  private readonly aliases = new Map<string, readonly string[]>();
  private readonly read: Read[] = [];

  root(root: XmlElement): void {
    if (root.name !== 'pfsense' && root.name !== 'opnsense') {
      this.faults.push({ line: root.line, what: `“${root.name}” is not a configuration.` });
      return;
    }
    for (const section of [root, ...root.children]) {
      const [attribute] = Object.keys(section.attributes);
      const isAbout = ['version', 'lastchange'].includes(section.name);
      const stray = attribute ?? (isAbout ? '' : section.text);
      if (stray !== '') {
        this.faults.push({
          line: section.line,
          what: `“${stray.slice(0, 40)}” is not known here.`,
        });
      }
    }
    for (const section of root.children) {
      if (section.name === 'aliases') {
        for (const alias of section.children)
          guarded(this.faults, alias.line, () => this.alias(alias));
      } else if (section.name !== 'filter' && !['version', 'lastchange'].includes(section.name)) {
        this.faults.push({
          line: section.line,
          what: `The section “${section.name}” is not read.`,
        });
      }
    }
    const filters = root.children.filter(({ name }) => name === 'filter');
    for (const rule of filters.flatMap(({ children }) => children)) {
      guarded(this.faults, rule.line, () => {
        // A mark within the list, for the user interface.
        if (rule.name === 'separator') return;
        if (rule.name !== 'rule') throw new LineFault(`“${rule.name}” is not a rule.`);
        const made = this.rule(fieldsOf(rule, ['uuid']), rule.line);
        if (made !== undefined) this.read.push(made);
      });
    }
  }

  /** Floating rules come first; without `quick` the last of them that matches decides. */
  ordered(): FilterRule[] {
    const lists = (wanted: (read: Read) => boolean) =>
      this.read.filter(wanted).flatMap(({ rules }) => rules);
    const late = this.read.filter(({ floating, quick }) => floating && !quick).reverse();
    return [
      ...lists(({ floating, quick }) => floating && quick),
      ...lists(({ floating }) => !floating),
      ...late.flatMap(({ rules }) => rules),
    ];
  }

  private alias(element: XmlElement): void {
    const {
      name,
      type,
      address,
      descr: _,
      detail: __,
      ...more
    } = Object.fromEntries(fieldsOf(element));
    const [unread] = Object.keys(more);
    if (unread !== undefined || element.name !== 'alias') {
      throw new LineFault(`“${unread ?? element.name}” is not read in an alias.`);
    }
    const word = name?.text ?? '';
    if (!/^[A-Za-z0-9_]{1,31}$/.test(word)) throw new LineFault(`“${word}” is not a name.`);
    if (this.aliases.has(word)) throw new LineFault(`The alias “${word}” stands twice.`);
    const kind = type?.text ?? '';
    if (!['host', 'network', 'port'].includes(kind)) {
      throw new LineFault(`Aliases of the type “${kind}” are not read.`);
    }
    const members = (address?.text ?? '').split(/\s+/).filter((member) => member !== '');
    if (members.length === 0) throw new LineFault(`The alias “${word}” is empty.`);
    this.aliases.set(word, members);
  }

  /** Undefined for rules that are turned off, or about the firewall itself. */
  private rule(fields: ReadonlyMap<string, XmlElement>, line: number): Read | undefined {
    const left = new Map(fields);
    const take = (name: string): string | undefined => {
      const element = left.get(name);
      left.delete(name);
      if (element !== undefined && element.children.length > 0) {
        throw new LineFault(`“${name}” holds elements.`);
      }
      return element?.text;
    };
    const sides = { source: left.get('source'), destination: left.get('destination') };
    left.delete('source');
    left.delete('destination');
    const type = take('type') ?? 'pass';
    const action = TYPES.get(type);
    if (action === undefined) throw new LineFault(`Rules of the type “${type}” are not read.`);
    const floating = isSet(take('floating'));
    const disabled = isSet(take('disabled'));
    const quickWord = take('quick');
    const quick = quickWord !== '' && isSet(quickWord);
    const direction = take('direction') || 'in';
    if (direction !== 'in' && !(floating && direction === 'any')) {
      throw new LineFault('Only rules for what comes in are read.');
    }
    const interfaces = (take('interface') ?? '').split(',').filter((name) => name !== '');
    if (!floating && interfaces.length !== 1) throw new LineFault('A rule has one interface.');
    const states = take('statetype');
    if (states !== undefined && states !== '' && states !== 'keep state') {
      throw new LineFault(`The kind of state “${states}” is not read.`);
    }
    const flagsAny = isSet(take('tcpflags_any'));
    const log = isSet(take('log'));
    const asked = { protocol: take('protocol') || 'any', message: take('icmptype') || 'any' };
    const familyWord = take('ipprotocol') || 'inet';
    const comment = left.get('descr')?.text ?? '';
    for (const [name, element] of left) {
      if (FREE.has(name)) continue;
      const isEmpty = element.text === '' && element.children.length === 0;
      if (!EMPTY.has(name) || !isEmpty) throw new LineFault(`“${name}” is not read in a rule.`);
    }
    const families = familiesOf(familyWord);
    const matches = families.flatMap((family) =>
      this.matchesOf(family, sides, asked, interfaces).flatMap((match) =>
        // Both products ask for flags with the protocol tcp alone; pf's own default holds otherwise.
        action === 'accept' ? opening(match, flagsAny && asked.protocol === 'tcp') : [match],
      ),
    );
    if (disabled || isOfSelf(sides.source) || isOfSelf(sides.destination)) return undefined;
    const rules = matches.map(
      (match): FilterRule => ({
        ...{ action, match, line, comment },
        ...(log ? { log: { prefix: '' } } : {}),
      }),
    );
    return { floating, quick: !floating || quick, rules };
  }

  private matchesOf(
    family: Family,
    sides: Readonly<Record<'source' | 'destination', XmlElement | undefined>>,
    { protocol, message }: { readonly protocol: string; readonly message: string },
    interfaces: readonly string[],
  ): FilterMatch[] {
    const match = new MatchBuilder();
    match.family(family);
    const isIcmp = protocol === 'icmp' || protocol === 'ipv6-icmp';
    const numbers = isIcmp ? [family === 4 ? 1 : 58] : PROTOCOLS.get(protocol);
    if (numbers !== undefined) match.protocols(numbers.map((one) => ({ first: one, last: one })));
    else if (protocol !== 'any') throw new LineFault(`The protocol “${protocol}” is not read.`);
    if (message !== 'any') {
      // With any other word the product leaves the messages out, and lets all of them through.
      if (protocol !== 'icmp') throw new LineFault('Messages stand with the protocol “icmp”.');
      match.icmp(message.split(',').map((name) => messageOf(name, family)));
    }
    if (interfaces.length > 0) match.interfaces('in', interfaces);
    let isPossible = true;
    for (const side of ['source', 'destination'] as const) {
      const element = sides[side];
      if (element === undefined) throw new LineFault(`The rule has no “${side}”.`);
      const { ranges, ports, negated } = this.side(element, family);
      if (ports !== undefined) {
        const withPorts = numbers?.every((one) => one === 6 || one === 17) === true;
        if (!withPorts) throw new LineFault('Ports stand with TCP or UDP.');
        match.ports(`${side}Ports`, ports);
      }
      if (ranges === undefined) continue;
      match.addresses(side, ranges, negated, [family]);
      if (ranges.length === 0 && !negated) isPossible = false;
    }
    return isPossible ? [match.build()] : [];
  }

  private side(element: XmlElement, family: Family) {
    const fields = fieldsOf(element);
    const word = (name: string): string | undefined => fields.get(name)?.text;
    const known = ['any', 'address', 'network', 'port', 'not'];
    for (const name of fields.keys()) {
      if (!known.includes(name)) throw new LineFault(`“${name}” is not read in a side.`);
    }
    const kinds = ['any', 'address', 'network'].filter((name) => fields.has(name));
    if (kinds.length !== 1) throw new LineFault('A side is any, an address or a network.');
    const port = word('port');
    const ports = port === undefined || port === '' ? undefined : this.portsOf(port);
    const negated = isSet(word('not'));
    const value = word(kinds[0]!) ?? '';
    if (kinds[0] === 'any') {
      if (!isSet(value)) throw new LineFault('A side is any, or it does not say so.');
      if (negated) throw new LineFault('Nothing is not any.');
      return { ranges: undefined, ports, negated };
    }
    if (kinds[0] === 'network' && value === '(self)') {
      if (negated) throw new LineFault('All but the firewall itself is not read.');
      return { ranges: undefined, ports, negated };
    }
    return { ranges: this.rangesOf(value, family), ports, negated };
  }

  /** The addresses of the family; an address of the other one belongs to no packet of this one. */
  private rangesOf(word: string, family: Family): AddressRange[] {
    const members = this.aliases.get(word) ?? [word];
    return members.flatMap((member) => {
      if (!/^[0-9a-f.:]+(?:\/\d{1,3})?$/i.test(member)) {
        throw new LineFault(`“${member}” is not an address, and no alias of the text.`);
      }
      const own: Family = member.includes(':') ? 6 : 4;
      const range = prefixRange(member, own);
      return own === family ? [range] : [];
    });
  }

  private portsOf(word: string): NumberRange[] {
    const members = this.aliases.get(word) ?? [word];
    return members.map((member) => {
      if (!/^\d+(?:[-:]\d+)?$/.test(member)) throw new LineFault(`“${member}” is not a port.`);
      return portRange(member.replace(':', '-'));
    });
  }
}

/** Elements by name, each at most once. */
function fieldsOf(
  element: XmlElement,
  attributes: readonly string[] = [],
): Map<string, XmlElement> {
  const fields = new Map<string, XmlElement>();
  const [attribute] = Object.keys(element.attributes).filter((name) => !attributes.includes(name));
  if (attribute !== undefined) throw new LineFault(`The attribute “${attribute}” is not read.`);
  if (element.text !== '') throw new LineFault(`“${element.text.slice(0, 40)}” is not known here.`);
  for (const child of element.children) {
    if (fields.has(child.name)) throw new LineFault(`“${child.name}” stands twice.`);
    if (Object.keys(child.attributes).length > 0) {
      throw new LineFault(`Attributes of “${child.name}” are not read.`);
    }
    fields.set(child.name, child);
  }
  return fields;
}

/** pfSense writes an empty element for yes, OPNsense a 1; both leave it out for no. */
function isSet(text: string | undefined): boolean {
  if (text === undefined || text === '0' || text === 'no') return false;
  if (['', '1', 'yes', 'true'].includes(text)) return true;
  throw new LineFault(`“${text}” is neither yes nor no.`);
}

function isOfSelf(side: XmlElement | undefined): boolean {
  return side?.children.some(({ name, text }) => name === 'network' && text === '(self)') === true;
}

function familiesOf(word: string): Family[] {
  if (word === 'inet') return [4];
  if (word === 'inet6') return [6];
  if (word === 'inet46') return [4, 6];
  throw new LineFault(`“${word}” is not a family.`);
}

function messageOf(name: string, family: Family): IcmpMatch {
  const type = MESSAGES[family].get(name);
  if (type === undefined) throw new LineFault(`The ICMP message “${name}” is not read.`);
  return { type: { first: type, last: type } };
}
