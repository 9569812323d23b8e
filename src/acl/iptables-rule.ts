/** Reads the options of one iptables rule (iptables(8), iptables-extensions(8)). */
import type { Family } from '../net/address.ts';
import type { AddressRange } from '../net/address-range.ts';
import { STATES, type State } from '../net/header-fields.ts';
import type { NumberRange } from '../net/header-match.ts';
import type { FilterAction, FilterRule } from '../policy/filter.ts';
import { flagMatches } from './flag-matches.ts';
import { ICMP_NAMES, ICMPV6_NAMES, TARGET_EXTENSIONS } from './iptables-names.ts';
import { addressOf, rangeOf, UnknownOption } from './iptables-values.ts';
import { AUTHENTICATION, LINUX_PROTOCOLS, PASSED_OVER } from './linux-protocols.ts';
import { MatchBuilder } from './match-builder.ts';

const FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

/** Extensions whose options are known; a module alone asks nothing, but for these. */
const MODULES = new Set([
  ...['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'icmp', 'icmp6', 'multiport', 'conntrack'],
  ...['state', 'comment', 'limit', 'iprange'],
]);
/** `-m tcp` and the like hold only for their protocol. */
const MODULE_PROTOCOL: ReadonlyMap<string, number> = new Map([
  ['tcp', 6],
  ['udp', 17],
  ['sctp', 132],
  ['dccp', 33],
]);
const LOG_SWITCHES = new Set([
  ...[
    '--log-tcp-sequence',
    '--log-tcp-options',
    '--log-ip-options',
    '--log-uid',
    '--log-macdecode',
  ],
]);

/** For one rule: `read` once. */
export class IptablesRule {
  private readonly words: readonly string[];
  private readonly line: number;
  private readonly builder = new MatchBuilder();
  private family: Family | undefined;
  private readonly seen = new Set<string>();
  /** Sides whose one port, or one range, is excluded. */
  private readonly excluded = new Set<string>();
  private at = 0;
  private protocol: number | undefined;
  private action: FilterAction = 'continue';
  private target: string | undefined;
  private comment: string | undefined;
  private prefix: string | undefined;
  private limit: number | undefined;

  /** `words` begin after the chain's name; `family` is that of the whole text, if it has one. */
  constructor(words: readonly string[], line: number, family: Family | undefined) {
    this.words = words;
    this.line = line;
    this.family = family;
  }

  /** Throws `UnknownOption`. */
  read(): FilterRule {
    while (this.at < this.words.length) this.option();
    const { action, target, comment, prefix, limit, line, family } = this;
    if (limit !== undefined && action !== 'continue') {
      throw new UnknownOption('A limit before a verdict depends on time; it proves nothing.');
    }
    if (family !== undefined) this.builder.family(family);
    // iptables-nft 1.8.9 compares both ports at once, so that one of them being another is enough.
    if (this.excluded.size > 1) {
      throw new UnknownOption('Two excluded ports in one rule: not every iptables means both.');
    }
    const { protocol = -1 } = this;
    if (family !== 4 && (protocol === AUTHENTICATION || PASSED_OVER.includes(protocol))) {
      throw new UnknownOption(`Over IPv6, not every iptables finds protocol ${protocol}.`);
    }
    const log =
      prefix === undefined ? undefined : { prefix, ...(limit ? { perSecond: limit } : {}) };
    return {
      action,
      match: this.builder.build(),
      line,
      ...(target === undefined ? {} : { target }),
      ...(comment === undefined ? {} : { comment }),
      ...(log === undefined ? {} : { log }),
    };
  }

  private next(): string {
    const word = this.words[this.at++];
    if (word === undefined) throw new UnknownOption('The line ends where a value should stand.');
    return word;
  }

  /** The next word, which looks so. */
  private word(pattern: RegExp, wanted: string): void {
    const word = this.next();
    if (!pattern.test(word)) throw new UnknownOption(`“${word}” is not ${wanted}.`);
  }

  /** Notes an option that iptables takes once in a rule. */
  private once(option: string): void {
    if (this.seen.has(option)) throw new UnknownOption(`“${option}” stands twice.`);
    this.seen.add(option);
  }

  private option(): void {
    let word = this.next();
    const negated = word === '!';
    if (negated) word = this.next();
    if (this.header(word, negated)) return;
    if (this.extension(word, negated)) return;
    if (negated) throw new UnknownOption(`“! ${word}” is not read.`);
    switch (word) {
      case '-m':
      case '--match':
        return this.module(this.next());
      case '-j':
      case '--jump':
        return this.jump(this.next());
      case '-g':
      case '--goto':
        this.once('-j');
        this.action = 'goto';
        this.target = this.next();
        return;
      case '-c':
      case '--set-counters':
        this.number(this.next(), Number.MAX_SAFE_INTEGER);
        this.number(this.next(), Number.MAX_SAFE_INTEGER);
        return;
      case '--comment':
        this.comment = this.next();
        return;
      case '--limit':
        this.limit = this.rate(this.next());
        return;
      case '--limit-burst':
        this.number(this.next(), 1e9);
        return;
      default:
        throw new UnknownOption(`“${word}” is not known.`);
    }
  }

  /** Options of iptables itself. */
  private header(word: string, negated: boolean): boolean {
    switch (word) {
      case '-4':
      case '--ipv4':
      case '-6':
      case '--ipv6':
        if (negated) return false;
        this.restrict(word.includes('4') ? 4 : 6);
        return true;
      case '-s':
      case '--source':
      case '--src':
        this.once('-s');
        this.addresses('source', this.listed(negated), negated);
        return true;
      case '-d':
      case '--destination':
      case '--dst':
        this.once('-d');
        this.addresses('destination', this.listed(negated), negated);
        return true;
      case '-p':
      case '--protocol':
        this.once('-p');
        this.protocols(this.next(), negated);
        return true;
      case '-i':
      case '--in-interface':
      case '-o':
      case '--out-interface':
        this.once(word.includes('i') && !word.includes('out') ? '-i' : '-o');
        this.interface(word.includes('i') && !word.includes('out') ? 'in' : 'out', negated);
        return true;
      case '-f':
      case '--fragment':
        this.restrict(4);
        this.builder.laterFragment(!negated);
        return true;
      default:
        return false;
    }
  }

  /** Addresses with commas between them, which become a rule each. */
  private listed(negated: boolean): AddressRange[] {
    const words = this.next().split(',');
    if (negated && words.length > 1) throw new UnknownOption('“!” stands with one address.');
    return words.map(addressOf);
  }

  private restrict(family: Family): void {
    if (this.family !== undefined && this.family !== family) {
      throw new UnknownOption(`The line is for IPv${family}, but stands among IPv${this.family}.`);
    }
    this.family = family;
  }

  private interface(side: 'in' | 'out', negated: boolean): void {
    const name = this.next();
    if (name.endsWith('+')) throw new UnknownOption(`The pattern “${name}” is not read.`);
    this.builder.interfaces(side, [name], negated);
  }

  private addresses(
    side: 'source' | 'destination',
    ranges: readonly AddressRange[],
    negated: boolean,
  ): void {
    for (const { family } of ranges) this.restrict(family);
    this.builder.addresses(side, ranges, negated, [this.family!]);
  }

  private protocols(word: string, negated: boolean): void {
    const number = LINUX_PROTOCOLS.get(word.toLowerCase()) ?? (word === 'all' ? 0 : -1);
    const protocol = number >= 0 ? number : this.number(word, 255);
    // iptables takes protocol 0 for “any”.
    if (protocol === 0) {
      if (negated) throw new UnknownOption('“! -p all” matches nothing.');
      return;
    }
    if (!negated) this.protocol = protocol;
    this.builder.protocols([{ first: protocol, last: protocol }], negated);
  }

  private module(name: string): void {
    if (!MODULES.has(name)) throw new UnknownOption(`The extension “${name}” is not read.`);
    const needs = MODULE_PROTOCOL.get(name);
    if (needs !== undefined && this.protocol !== needs) {
      throw new UnknownOption(`“-m ${name}” stands without “-p ${name}”.`);
    }
    // What the extension takes where no rate stands (iptables-extensions(8)).
    if (name === 'limit') this.limit ??= 3 / 3600;
  }

  /** Options of extensions that ask something of the packet. */
  private extension(word: string, negated: boolean): boolean {
    switch (word) {
      case '--sport':
      case '--source-port':
      case '--sports':
      case '--source-ports':
        this.ports('sourcePorts', negated);
        return true;
      case '--dport':
      case '--destination-port':
      case '--dports':
      case '--destination-ports':
        this.ports('destinationPorts', negated);
        return true;
      case '--tcp-flags':
      case '--syn':
        this.flags(word, negated);
        return true;
      case '--icmp-type':
      case '--icmpv6-type':
        if (negated) return false;
        this.icmp(word === '--icmp-type' ? 4 : 6, this.next());
        return true;
      case '--ctstate':
      case '--state':
        this.states(this.next(), negated);
        return true;
      case '--src-range':
      case '--dst-range':
        this.addresses(
          word === '--src-range' ? 'source' : 'destination',
          [rangeOf(this.next())],
          negated,
        );
        return true;
      default:
        return false;
    }
  }

  private ports(side: 'sourcePorts' | 'destinationPorts', negated: boolean): void {
    const option = this.words[this.at - 1] ?? '';
    if (negated && !option.endsWith('s')) this.excluded.add(side);
    if (this.protocol === undefined) throw new UnknownOption('Ports stand without a protocol.');
    const ranges = this.next()
      .split(',')
      .map((word): NumberRange => {
        const [low, high, ...more] = word.split(':');
        if (more.length > 0) throw new UnknownOption(`“${word}” is not a range of ports.`);
        const first = low === '' && high !== undefined ? 0 : this.number(low!, 65_535);
        const last = high === undefined ? first : high === '' ? 65_535 : this.number(high, 65_535);
        if (first > last) throw new UnknownOption(`The range “${word}” runs backwards.`);
        return { first, last };
      });
    this.builder.ports(side, ranges, negated);
  }

  private flags(word: string, negated: boolean): void {
    if (this.protocol !== 6) throw new UnknownOption(`“${word}” stands without “-p tcp”.`);
    const mask = word === '--syn' ? 0x17 : this.flagBits(this.next());
    const value = word === '--syn' ? 0x02 : this.flagBits(this.next());
    this.builder.flags(flagMatches(mask, value, negated));
  }

  private flagBits(list: string): number {
    if (list === 'ALL') return 0x3f;
    if (list === 'NONE') return 0;
    let bits = 0;
    for (const name of list.split(',')) {
      const bit = FLAGS.indexOf(name);
      if (bit < 0) throw new UnknownOption(`“${name}” is not a TCP flag.`);
      bits |= 1 << bit;
    }
    return bits;
  }

  private icmp(family: Family, word: string): void {
    this.restrict(family);
    if (this.protocol !== (family === 4 ? 1 : 58)) {
      throw new UnknownOption('An ICMP type stands without its protocol.');
    }
    // Type 255 is how iptables itself keeps “any”, whatever code stands with it.
    if (family === 4 && /^(?:any|255(?:\/\d{1,3})?)$/.test(word)) {
      this.builder.icmp([{ type: { first: 0, last: 255 } }]);
      return;
    }
    const named = (family === 4 ? ICMP_NAMES : ICMPV6_NAMES).get(word);
    const [typeWord, codeWord, ...more] = word.split('/');
    if (more.length > 0) throw new UnknownOption(`“${word}” is not an ICMP type.`);
    const type = named?.[0] ?? this.number(typeWord!, 255);
    const code =
      named === undefined && codeWord !== undefined ? this.number(codeWord, 255) : named?.[1];
    this.builder.icmp([
      {
        type: { first: type, last: type },
        ...(code === undefined ? {} : { code: { first: code, last: code } }),
      },
    ]);
  }

  private states(list: string, negated: boolean): void {
    const states = list.split(',').map((word) => {
      const state = word.toLowerCase() as State;
      if (!STATES.includes(state)) throw new UnknownOption(`“${word}” is not a state read here.`);
      return state;
    });
    this.builder.states(negated ? STATES.filter((state) => !states.includes(state)) : states);
  }

  private jump(target: string): void {
    this.once('-j');
    switch (target) {
      case 'ACCEPT':
        this.action = 'accept';
        return;
      case 'DROP':
        this.action = 'drop';
        return;
      case 'REJECT':
        this.action = 'reject';
        if (this.words[this.at] !== '--reject-with') return;
        this.at++;
        this.word(/^(?:icmp6?|tcp)-[a-z-]+$/, 'a kind of rejection');
        return;
      case 'RETURN':
        this.action = 'return';
        return;
      case 'LOG':
      case 'NFLOG':
        return this.logging();
      default:
        if (/^[A-Z]+$/.test(target) && TARGET_EXTENSIONS.has(target)) {
          throw new UnknownOption(`The target “${target}” is not read.`);
        }
        this.action = 'jump';
        this.target = target;
    }
  }

  private logging(): void {
    this.prefix = '';
    while (this.at < this.words.length) {
      const word = this.words[this.at]!;
      if (word === '--log-prefix' || word === '--nflog-prefix') {
        this.at++;
        this.prefix = this.next();
      } else if (word === '--log-level') {
        this.at++;
        this.word(/^(?:[0-7]|[a-z]+)$/, 'a level of a log');
      } else if (word === '--nflog-group' || word === '--nflog-size') {
        this.at++;
        this.number(this.next(), 0xffffffff);
      } else if (LOG_SWITCHES.has(word)) this.at++;
      else break;
    }
  }

  private rate(word: string): number {
    const [, count, unit] = /^(\d{1,9})\/([a-z]+)$/.exec(word) ?? [];
    const units = Object.entries({ second: 1, minute: 60, hour: 3600, day: 86_400 });
    // Any beginning of a unit's name will do.
    const [, seconds] = units.find(([name]) => name.startsWith(unit ?? '-')) ?? [];
    if (seconds === undefined) throw new UnknownOption(`“${word}” is not a rate.`);
    return Number(count) / seconds;
  }

  private number(word: string, max: number): number {
    const value = /^\d{1,15}$/.test(word) ? Number(word) : Number.NaN;
    if (!(value <= max)) throw new UnknownOption(`“${word}” is not a number up to ${max}.`);
    return value;
  }
}
