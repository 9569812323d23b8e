/**
 * How a log used the rules of a filter: hits of each line of the text, and which of its services
 * nothing used. A rule that nothing used may only be one whose traffic was not logged; whatever
 * speaks for that keeps it from being called unused.
 */
import type { Address } from '../net/address.ts';
import { ACK, type PacketHeader, SYN, TCP, UDP } from '../net/header-fields.ts';
import type { Vantage } from './evaluate.ts';
import type { Filter, FilterRule, Hook } from './filter.ts';
import type { Decider, RuleHits } from './rule-hits.ts';

/** One conversation as a log has it. */
export interface Passed {
  readonly client: Address;
  readonly server: Address;
  readonly protocol: number;
  /** Of ICMP the type; 0 for protocols without. */
  readonly port: number;
  readonly code: number;
  readonly verdict: 'allow' | 'deny' | 'unknown';
  /** Where it may have been filtered; several when that is not known. */
  readonly hooks: readonly Hook[];
  /** Names of interface and zone that it came in and left by; undefined = not known. */
  readonly inNames: readonly string[] | undefined;
  readonly outNames: readonly string[] | undefined;
  /** What the log calls the rule or the list. */
  readonly rule: string | null;
  readonly events: number;
  /** ms since 1970, NaN when not known. */
  readonly firstMs: number;
  readonly lastMs: number;
  readonly locator: string;
}

/**
 * - `used`: the log, or the device's own count, shows it.
 * - `possible`: traffic may have used it: where it was filtered the log does not say.
 * - `unlogged`: nothing shows it, but its traffic is not logged either.
 * - `unused`: its traffic is logged, as far as can be told, or counted, and there was none.
 */
export type LineStatus = 'used' | 'possible' | 'unlogged' | 'unused';

/** What one line of the text decided: all rules that it makes. */
export interface LineUse {
  readonly chain: string;
  /** Counted from 1; 0 for what the platform does unasked, or a chain's end. */
  readonly line: number;
  readonly action: 'accept' | 'drop' | 'reject';
  readonly comment: string | null;
  readonly status: LineStatus;
  /** Whether its traffic is logged; null when the text does not say. */
  readonly logged: boolean | null;
  readonly hits: number;
  readonly conversations: number;
  /** Answers of connections that it let through. */
  readonly answers: number;
  /** Packets as the device counted them, where the text has that. */
  readonly counted: number | null;
  readonly lastMs: number | null;
  readonly locator: string | null;
  /** Of a rule that is used: services that it allows and nothing used. */
  readonly unusedServices: readonly string[];
}

export interface Usage {
  readonly lines: readonly LineUse[];
  readonly events: number;
  readonly allowed: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
  /** Events that the rules decide otherwise than the log says, and the first of them. */
  readonly otherwise: number;
  readonly otherwiseSample: { readonly locator: string; readonly line: number } | null;
  /** Events that cannot be laid against rules. */
  readonly unplaced: number;
  /** Events of which it is not known where they were filtered. */
  readonly vague: number;
}

/** Services of one rule that are told apart. */
const MOST_SERVICES = 64;
/** Guesses about unknown interfaces. */
const MOST_GUESSES = 400;
/** A client's port, that of no service. */
const CLIENT_PORT = 50_000;
const NO_INTERFACE = '';
/** Rules that only log, of those before a rule, that are looked at. */
const MOST_LOGGING = 64;

interface Sum {
  readonly chain: string;
  readonly line: number;
  readonly action: LineUse['action'];
  readonly rules: FilterRule[];
  hits: number;
  conversations: number;
  answers: number;
  possible: boolean;
  lastMs: number;
  locator: string | null;
  /** Services that were used, as numbers: protocol and port. */
  readonly services: Set<number>;
}

/** Events may come in any order; `usage` may be asked for between them. */
export class RuleUsage {
  private readonly hits: RuleHits;
  private readonly byRule: Sum[] = [];
  private readonly sums = new Map<string, Sum>();
  private events = 0;
  private allowed = 0;
  private unplaced = 0;
  private vague = 0;
  private otherwise = 0;
  private otherwiseSample: Usage['otherwiseSample'] = null;
  private firstMs = Number.POSITIVE_INFINITY;
  private lastMs = Number.NEGATIVE_INFINITY;

  constructor(filter: Filter, hits: RuleHits) {
    this.hits = hits;
    let number = 0;
    for (const chain of filter.chains) {
      for (const rule of chain.rules) {
        const { action } = rule;
        if (action === 'accept' || action === 'drop' || action === 'reject') {
          const sum = this.sumOf(chain.name, rule.line, action);
          sum.rules.push(rule);
          this.byRule[number] = sum;
        }
        number++;
      }
    }
  }

  /** Counts events that no rule can be asked about: hosts by name, or not known. */
  pass(events: number): void {
    this.unplaced += events;
  }

  add(passed: Passed): void {
    const { events, verdict } = passed;
    this.events += events;
    if (verdict !== 'deny') this.allowed += events;
    if (passed.firstMs < this.firstMs) this.firstMs = passed.firstMs;
    if (passed.lastMs > this.lastMs) this.lastMs = passed.lastMs;
    const opening = openingOf(passed);
    const vantages = this.vantagesOf(passed);
    const isCertain = vantages.length === 1;
    if (!isCertain) this.vague += events;
    for (const vantage of vantages) {
      const deciders = this.hits.deciders(opening, vantage, passed.rule);
      if (isCertain) this.compare(deciders, passed);
      for (const decider of deciders) this.hit(decider, passed, isCertain);
      if (verdict !== 'deny') this.backWay(passed, opening, vantage, isCertain);
    }
  }

  private hit({ chain, rule }: Decider, passed: Passed, isCertain: boolean): void {
    const sum = rule < 0 ? this.sumOf(chain.name, 0, chain.otherwise) : this.byRule[rule]!;
    sum.services.add((passed.protocol << 16) | passed.port);
    if (!isCertain) {
      sum.possible = true;
      return;
    }
    sum.hits += passed.events;
    sum.conversations++;
    sum.locator ??= passed.locator;
    if (passed.lastMs > sum.lastMs) sum.lastMs = passed.lastMs;
  }

  /** Rules that let answers back are used by every connection, though logs show only its begin. */
  private backWay(passed: Passed, opening: PacketHeader, at: Vantage, isCertain: boolean): void {
    if (passed.protocol !== TCP && passed.protocol !== UDP) return;
    const back: PacketHeader = {
      ...opening,
      ...{ state: 'established', source: opening.destination, destination: opening.source },
      ...{ sourcePort: opening.destinationPort, destinationPort: opening.sourcePort },
      tcpFlags: passed.protocol === TCP ? SYN | ACK : 0,
    };
    const hook = at.hook === 'input' ? 'output' : at.hook === 'output' ? 'input' : at.hook;
    const vantage: Vantage = {
      hook,
      ...(at.outNames === undefined ? {} : { inNames: at.outNames }),
      ...(at.inNames === undefined ? {} : { outNames: at.inNames }),
    };
    for (const { rule } of this.hits.deciders(back, vantage, null)) {
      if (rule < 0) continue;
      const sum = this.byRule[rule]!;
      if (isCertain) sum.answers += passed.events;
      else sum.possible = true;
    }
  }

  private compare(deciders: readonly Decider[], passed: Passed): void {
    const last = deciders.at(-1);
    if (last === undefined || passed.verdict === 'unknown') return;
    if (last.accepts === (passed.verdict === 'allow')) return;
    this.otherwise += passed.events;
    const line = last.rule < 0 ? 0 : this.hits.rules[last.rule]!.line;
    this.otherwiseSample ??= { locator: passed.locator, line };
  }

  /** One where all is known that the rules ask for; else all there may be. */
  private vantagesOf({ hooks, inNames, outNames }: Passed): Vantage[] {
    const { looksAtInterfaces, interfaces } = this.hits;
    if (!looksAtInterfaces) return hooks.map((hook) => ({ hook }));
    const guesses = [...interfaces, NO_INTERFACE].map((name) => [name]);
    const ins = inNames === undefined ? guesses : [inNames];
    const outs = outNames === undefined ? guesses : [outNames];
    const all = hooks.flatMap((hook) =>
      // What begins or ends at the machine itself has one interface alone.
      (hook === 'output' ? [[NO_INTERFACE]] : ins).flatMap((one) =>
        (hook === 'input' ? [[NO_INTERFACE]] : outs).map((other) => ({
          ...{ hook, inNames: one, outNames: other },
        })),
      ),
    );
    return all.slice(0, MOST_GUESSES);
  }

  private sumOf(chain: string, line: number, action: LineUse['action']): Sum {
    const key = `${chain} ${line} ${action}`;
    let sum = this.sums.get(key);
    if (sum === undefined) {
      sum = {
        ...{ chain, line, action, rules: [], hits: 0, conversations: 0, answers: 0 },
        ...{ possible: false, lastMs: Number.NEGATIVE_INFINITY, locator: null },
        services: new Set(),
      };
      this.sums.set(key, sum);
    }
    return sum;
  }

  /** Lines in the order of the text; those of line 0 only where something hit them. */
  usage(): Usage {
    const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);
    return {
      lines: [...this.sums.values()]
        .filter(({ line, hits, possible }) => line > 0 || hits > 0 || possible)
        .map((sum) => this.lineUse(sum)),
      ...{ events: this.events, allowed: this.allowed },
      ...{ firstMs: finite(this.firstMs), lastMs: finite(this.lastMs) },
      ...{ otherwise: this.otherwise, otherwiseSample: this.otherwiseSample },
      ...{ unplaced: this.unplaced, vague: this.vague },
    };
  }

  private lineUse(sum: Sum): LineUse {
    const { chain, line, action, hits, conversations, answers, locator, rules } = sum;
    const counts = rules.flatMap(({ hits: each }) => (each === undefined ? [] : [each]));
    const counted = counts.length === 0 ? null : Math.max(...counts);
    const logged = this.isLogged(rules);
    const seen = hits > 0 || answers > 0 || (counted ?? 0) > 0;
    const silent = logged === false || (action === 'accept' && this.allowed === 0);
    const status: LineStatus = seen
      ? 'used'
      : counted === 0
        ? 'unused'
        : sum.possible
          ? 'possible'
          : silent
            ? 'unlogged'
            : 'unused';
    return {
      ...{ chain, line, action, status, logged, hits, conversations, answers, counted, locator },
      comment: rules.find(({ comment }) => comment !== undefined)?.comment ?? null,
      lastMs: Number.isFinite(sum.lastMs) ? sum.lastMs : null,
      unusedServices: action === 'accept' && hits > 0 && logged !== false ? unusedOf(sum) : [],
    };
  }

  /**
   * By the rule itself, or by one that is asked before it and only logs. Texts without a word of
   * logging do not say.
   */
  private isLogged(rules: readonly FilterRule[]): boolean | null {
    const { hits } = this;
    if (!hits.rules.some(({ log }) => log !== undefined)) return null;
    if (rules.some(({ log }) => log !== undefined)) return true;
    let isLeftOut = false;
    for (const rule of rules) {
      const before = hits.loggedBefore(rule);
      // Whoever logs apart does so just before.
      const nearest = before.slice(-MOST_LOGGING).reverse();
      if (nearest.some((other) => hits.overlap(other, rule))) return true;
      isLeftOut ||= before.length > nearest.length;
    }
    return isLeftOut ? null : false;
  }
}

function openingOf({ client, server, protocol, port, code }: Passed): PacketHeader {
  const isIcmp = protocol === 1 || protocol === 58;
  return {
    ...{ state: 'new', family: client.family, source: client, destination: server, protocol },
    laterFragment: false,
    sourcePort: isIcmp ? 0 : CLIENT_PORT,
    destinationPort: isIcmp ? 0 : port,
    icmpType: isIcmp ? port : 0,
    icmpCode: isIcmp ? code : 0,
    tcpFlags: protocol === TCP ? SYN : 0,
  };
}

/** Services that the rules of a line name and nothing used: `tcp/80`, `udp/5000-5100`. */
function unusedOf({ rules, services }: Sum): string[] {
  const used = [...services];
  const unused: string[] = [];
  let named = 0;
  for (const { match } of rules) {
    for (const { first, last } of match.destinationPorts ?? []) {
      for (const protocols of match.protocols ?? []) {
        if (++named > MOST_SERVICES) return unused;
        const isUsed = used.some((service) => {
          const [protocol, port] = [service >>> 16, service & 0xffff];
          const isProtocol = protocol >= protocols.first && protocol <= protocols.last;
          return isProtocol && port >= first && port <= last;
        });
        const name =
          protocols.first === TCP
            ? 'tcp'
            : protocols.first === UDP
              ? 'udp'
              : `ip-${protocols.first}`;
        if (!isUsed) unused.push(`${name}/${first}${last > first ? `-${last}` : ''}`);
      }
    }
  }
  return [...new Set(unused)];
}
