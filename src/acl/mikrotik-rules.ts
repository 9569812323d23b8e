/**
 * One rule of RouterOS's filter or raw table (RouterOS documentation, "Filter", "Packet Flow in
 * RouterOS"). Where its action decides nothing its conditions are not needed; where it asks for what
 * is in no header it is a fault, or taken as not met, with a clause that says so.
 */
import { TCP, UDP } from '../net/header-fields.ts';
import type { FilterAction, FilterChain, FilterRule } from '../policy/filter.ts';
import { LineFault } from './line-fault.ts';
import { MatchBuilder } from './match-builder.ts';
import { BeyondHeader, Conditions, type Surroundings } from './mikrotik-conditions.ts';
import type { Translations } from './mikrotik-nat.ts';
import type { Values } from './mikrotik-text.ts';

const ACTIONS: ReadonlyMap<string, FilterAction> = new Map([
  ['accept', 'accept'],
  ['drop', 'drop'],
  ['reject', 'reject'],
  // Holds the connection open towards the client, and lets nothing through.
  ['tarpit', 'drop'],
  ['fasttrack-connection', 'accept'],
  ['passthrough', 'continue'],
  ['log', 'continue'],
  ['add-src-to-address-list', 'continue'],
  ['add-dst-to-address-list', 'continue'],
  ['return', 'return'],
  ['jump', 'jump'],
] as const);

const wordSet = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Conditions that look at more than the header, at other packets, or at marks. */
const BEYOND = wordSet(`
  connection-bytes connection-limit connection-mark connection-rate connection-type content dscp
  dst-limit headers hotspot in-bridge-port in-bridge-port-list ingress-priority ipv4-options
  layer7-protocol limit nth out-bridge-port out-bridge-port-list p2p packet-mark packet-size
  per-connection-classifier priority psd random realm routing-mark routing-table src-mac-address
  tcp-mss time tls-host tos
`);
const TRACKED = wordSet('connection-state connection-nat-state');
const KEYS: ReadonlySet<string> = new Set([
  ...BEYOND,
  ...TRACKED,
  ...wordSet(`
    action address-list address-list-timeout chain comment disabled dst-address dst-address-list
    dst-address-type dst-port fragment hop-limit hw-offload icmp-options in-interface
    in-interface-list ipsec-policy jump-target log log-prefix out-interface out-interface-list port
    protocol reject-with src-address src-address-list src-address-type src-port tcp-flags ttl
  `),
]);
const REJECTIONS = wordSet(`
  icmp-address-unreachable icmp-admin-prohibited icmp-err-src-routing-header
  icmp-headers-too-long icmp-host-prohibited icmp-host-unreachable icmp-net-prohibited
  icmp-network-unreachable icmp-no-route icmp-not-neighbour icmp-port-unreachable
  icmp-protocol-unreachable tcp-reset
`);

const TRANSLATED = 'that whatever NAT could have led to where it goes was led there by it';
const NO_NAT = 'that NAT translates no destination: the text has no rules of it';
const NO_IPSEC = 'that no packet comes or goes by IPsec';

export interface RuleSurroundings extends Surroundings {
  readonly table: 'filter' | 'raw';
  readonly translations: Translations;
  /** The text is a whole configuration, so that what it does not have is not there. */
  readonly isWhole: boolean;
  /** It has peers or policies of IPsec. */
  readonly hasIpsec: boolean;
  readonly tracksConnections: boolean;
  /** Whether FastTrack can take packets past the rules. */
  readonly hasFastPath: boolean;
}

/** A rule as it is asked, with what it calls. */
export interface ReadRule {
  readonly rules: readonly FilterRule[];
  readonly called: readonly FilterChain[];
  readonly assumed: readonly string[];
  /** Later packets of its connections are not asked for. */
  readonly isFastTrack: boolean;
}

/** The name of a chain in the filter that is read. */
export function chainName({ family, table }: RuleSurroundings, chain: string): string {
  return table === 'filter' ? `${family} ${chain}` : `raw ${family} ${chain}`;
}

/** Throws `LineFault`, and `BeyondHeader` where it is known but not in the header. */
export function readRule(values: Values, line: number, around: RuleSurroundings): ReadRule {
  return new RuleReader(values, line, around).read();
}

class RuleReader {
  private readonly values: Values;
  private readonly line: number;
  private readonly around: RuleSurroundings;
  private readonly verb: string;
  private readonly chain: string;
  private readonly assumed = new Set<string>();
  private readonly called: FilterChain[] = [];

  constructor(values: Values, line: number, around: RuleSurroundings) {
    this.values = values;
    this.line = line;
    this.around = around;
    this.chain = values.get('chain') ?? '';
    this.verb = values.get('action') ?? 'accept';
  }

  read(): ReadRule {
    const { values, verb } = this;
    values.allow(KEYS);
    if (verb === 'notrack' && this.around.table === 'raw') {
      throw new BeyondHeader('“notrack” changes the state that other rules see.');
    }
    const action = ACTIONS.get(verb);
    if (action === undefined) throw new LineFault(`The action “${verb}” is not read.`);
    this.check(action);
    const isFastTrack = verb === 'fasttrack-connection';
    const rules = this.rules(action);
    return { rules, called: this.called, assumed: [...this.assumed], isFastTrack };
  }

  /** What does not depend on the packet. */
  private check(action: FilterAction): void {
    const { values } = this;
    if ((action === 'jump') !== (values.get('jump-target') !== undefined)) {
      throw new LineFault('A jump, and nothing else, has a target.');
    }
    const rejection = values.get('reject-with');
    if (rejection !== undefined && !REJECTIONS.has(rejection)) {
      throw new LineFault(`“${rejection}” is no way to reject.`);
    }
    values.flag('log');
    values.flag('hw-offload');
  }

  private rules(action: FilterAction): readonly FilterRule[] {
    try {
      const isEither = this.values.negatable('port')?.negated === false;
      const sides = isEither ? (['sourcePorts', 'destinationPorts'] as const) : undefined;
      return (sides ?? (['destinationPorts'] as const)).flatMap((side) =>
        this.ruleFor(action, side),
      );
    } catch (error) {
      if (!(error instanceof BeyondHeader) || action !== 'continue') throw error;
      return [this.ruleOf('continue', {})];
    }
  }

  private ruleFor(
    action: FilterAction,
    either: 'sourcePorts' | 'destinationPorts',
  ): readonly FilterRule[] {
    const match = new MatchBuilder();
    match.family(this.around.family);
    const conditions = new Conditions(this.values, this.around, match);
    const isMet = this.conditions(conditions, action, either);
    if (!isMet) return [this.ruleOf('continue', {})];
    const isFastTrack = this.verb === 'fasttrack-connection';
    if (isFastTrack) {
      if (this.values.get('connection-nat-state') === undefined) return this.fastTracked(match);
      throw new BeyondHeader('“fasttrack-connection” by what NAT did is not read.');
    }
    return this.translated(action, match);
  }

  /** False where the rule is never met. */
  private conditions(
    conditions: Conditions,
    action: FilterAction,
    either: 'sourcePorts' | 'destinationPorts',
  ): boolean {
    const { around, chain, values } = this;
    const tracked = values.firstOf(TRACKED);
    if (tracked !== undefined && (around.table === 'raw' || !around.tracksConnections)) {
      throw new LineFault(`“${tracked}” is asked where connections are not tracked.`);
    }
    const isForwarded = chain === 'forward' && around.table === 'filter';
    conditions.states();
    const isPlace = conditions.kinds(isForwarded);
    conditions.side('src');
    conditions.side('dst');
    const protocol = conditions.protocol();
    conditions.ports(protocol, either);
    conditions.messages(protocol);
    conditions.flags(protocol);
    conditions.interfaces('in');
    conditions.interfaces('out');
    const beyond = values.firstOf(BEYOND);
    if (beyond !== undefined) {
      throw new BeyondHeader(`“${beyond}” makes the rule depend on more than the packet.`);
    }
    const isGiven = this.growing(conditions, action) && this.hops(action);
    return this.ipsec() && isGiven && isPlace;
  }

  /**
   * Lists that grow may only make less pass than is said. Not met where nothing is on the list that the
   * rule asks for.
   */
  private growing({ assumed, growing }: Conditions, action: FilterAction): boolean {
    const isDrop = action === 'drop' || action === 'reject';
    for (const { list, mayGrow, negated } of growing) {
      const isSafe = action === 'continue' || (negated ? action === 'accept' : isDrop);
      if (isSafe) continue;
      throw new BeyondHeader(
        mayGrow === 'filled'
          ? `The list “${list}”, which lets through here, fills as the device runs.`
          : `There is no list “${list}”.`,
      );
    }
    for (const clause of assumed) this.assumed.add(clause);
    return !growing.some(({ negated, isEmpty }) => !negated && isEmpty);
  }

  /** Packets with few hops left are not told from others: what drops them is taken as not met. */
  private hops(action: FilterAction): boolean {
    const hops = this.values.get('hop-limit') ?? this.values.get('ttl');
    if (hops === undefined) return true;
    const [, relation, count] = /^(equal|less-than):(\d{1,3})$/.exec(hops) ?? [];
    const isFew = relation !== undefined && Number(count) < 16;
    if (!isFew || (action !== 'drop' && action !== 'reject')) {
      throw new BeyondHeader(
        'The number of hops left makes the rule depend on more than its header.',
      );
    }
    this.assumed.add(
      `that no packet has so few hops left (${hops}) that line ${this.line} drops it`,
    );
    return false;
  }

  private ipsec(): boolean {
    const asked = this.values.get('ipsec-policy');
    if (asked === undefined) return true;
    const [, policy] = /^(?:in|out),(ipsec|none)$/.exec(asked) ?? [];
    if (policy === undefined) throw new LineFault(`“${asked}” is not a policy of IPsec.`);
    if (this.around.hasIpsec || !this.around.isWhole) this.assumed.add(NO_IPSEC);
    return policy === 'none';
  }

  /**
   * Only the connections of TCP and UDP that are known are taken past the rules; the first packet of
   * an answer is asked like any other.
   */
  private fastTracked(match: MatchBuilder): readonly FilterRule[] {
    const isElsewhere = this.chain === 'input' || this.chain === 'output';
    if (isElsewhere || !this.around.hasFastPath) return [this.ruleOf('continue', {})];
    match.states(['established']);
    match.protocols([TCP, UDP].map((one) => ({ first: one, last: one })));
    if (match.build().states?.length === 0) return [this.ruleOf('continue', {})];
    // By a jump, since the rule after it nearly always accepts the same, and must.
    return [this.call([this.ruleOf('accept', { states: ['established'] })], match)];
  }

  /** A jump to rules of its own; there may be two of it, for the two sides of “port”. */
  private call(rules: readonly FilterRule[], match: MatchBuilder): FilterRule {
    const { around, called, chain, line } = this;
    // No name of a chain in a text begins so.
    const name = `line ${line} of ${chainName(around, chain)}`;
    if (called.length === 0) called.push({ name, line, otherwise: 'accept', rules });
    return { action: 'jump', target: name, match: match.build(), line: 0 };
  }

  /** By whether the destination was translated, where that is asked. */
  private translated(action: FilterAction, match: MatchBuilder): readonly FilterRule[] {
    const { around, values } = this;
    const asked = values.get('connection-nat-state');
    if (asked === undefined) return [this.ruleOf(action, match.build())];
    if (asked !== 'dstnat' && asked !== '!dstnat') {
      throw new BeyondHeader(`Whether a connection is “${asked}” is not told by the packet.`);
    }
    const isNegated = asked.startsWith('!');
    const leads = around.translations.leadTo(this.chain, around);
    if (leads.length > 0) this.assumed.add(TRANSLATED);
    else if (!around.translations.isTold && !around.isWhole) this.assumed.add(NO_NAT);
    if (leads.length === 0) {
      return [isNegated ? this.ruleOf(action, match.build()) : this.ruleOf('continue', {})];
    }
    if (action === 'return') {
      throw new BeyondHeader('“return” by what NAT did is not read.');
    }
    const inside = leads.map((narrow): FilterRule => {
      const one = new MatchBuilder();
      narrow(one);
      if (!isNegated) return this.ruleOf(action, one.build());
      return { action: 'return', match: one.build(), line: 0 };
    });
    if (isNegated) inside.push(this.ruleOf(action, {}));
    return [this.call(inside, match)];
  }

  private ruleOf(action: FilterAction, match: FilterRule['match']): FilterRule {
    const { around, line, values, verb } = this;
    const comment = values.get('comment');
    const target = values.get('jump-target');
    const logs = values.flag('log') || verb === 'log';
    return {
      ...{ action, match, line },
      ...(comment === undefined ? {} : { comment }),
      ...(logs ? { log: { prefix: values.get('log-prefix') ?? '' } } : {}),
      ...(target === undefined || action !== 'jump' ? {} : { target: chainName(around, target) }),
    };
  }
}
