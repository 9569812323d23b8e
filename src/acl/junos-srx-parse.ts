/**
 * Reads the configuration of an SRX, whole or in part, as `set` commands or in braces: address books,
 * applications, policies from zone to zone and global ones. Objects may stand after the policies that
 * name them. Zones are taken for interfaces. What decides nothing about packets between zones is passed
 * over; what may decide beside the policies, such as NAT, screens and inspection, is told.
 */
import type { FilterRule, Verdict } from '../policy/filter.ts';
import { withGroups } from './junos-groups.ts';
import { JunosSettings } from './junos-settings.ts';
import { SrxAddresses } from './junos-srx-addresses.ts';
import { SrxApplications } from './junos-srx-objects.ts';
import { type PolicyContext, SrxPolicies } from './junos-srx-policies.ts';
import { type Statement, statementsOf, uniqueFaults } from './junos-statements.ts';
import { guarded, LineFault } from './line-fault.ts';
import type { Parsed, ParseFault } from './platform.ts';
import { sessionFilter } from './session-chain.ts';

const BY_MODE = 'that IPv6 is let pass by policies alone (flow-based): its mode is not in the text';
/** Of a zone: what is for the device itself, or for sessions that were let through. */
const OF_ZONE = new Set([
  ...['application-tracking', 'description', 'enable-reverse-reroute', 'host-inbound-traffic'],
  ...['interfaces', 'source-identity-log', 'tcp-rst', 'unidirectional-session-refreshing'],
]);
const DECIDING_OF_ZONE = new Set([
  ...['advance-policy-based-routing-profile', 'advanced-policy-based-routing-profile', 'screen'],
  'user-identification',
]);
/** Of policies as a whole: what happens to sessions that were let through, and counters. */
const OF_POLICIES = new Set(['policy-rematch', 'policy-stats', 'traceoptions', 'lookup-intrazone']);

export function parseSrx(text: string): Parsed {
  const faults: ParseFault[] = [];
  const { all, nothingBelow } = statementsOf(text, faults);
  const parser = new SrxParser(faults);
  for (const statement of withGroups(all, faults)) parser.statement(statement);
  for (const { words, line } of nothingBelow) parser.inactive(words, line);
  return parser.parsed();
}

class SrxParser {
  private readonly faults: ParseFault[];
  private readonly settings = new JunosSettings();
  private readonly addresses = new SrxAddresses();
  private readonly applications = new SrxApplications();
  private readonly policies = new SrxPolicies();
  private readonly zones = new Set<string>();
  private readonly disabled = new Set<string>();
  private readonly assumed = new Set<string>();
  private readonly families: FilterRule[] = [];
  private readonly later: Statement[] = [];
  private otherwise: Verdict | undefined;
  private isModeTold = false;

  constructor(faults: ParseFault[]) {
    this.faults = faults;
  }

  statement(statement: Statement): void {
    guarded(this.faults, statement.line, () => {
      const isRead = this.reads(statement);
      if (isRead && statement.byNode) {
        throw new LineFault('The group is another on each node; give the text of one.');
      }
      if (isRead) this.read(statement);
      else this.other(statement);
    });
  }

  /** What was deactivated and is not there matters only where it would be read. */
  inactive(words: readonly string[], line: number): void {
    const isOther = !this.reads({ words }) && new JunosSettings().takes({ words, line });
    if (isOther || words[0] === 'groups' || words.at(-2) === 'apply-groups') return;
    this.faults.push({ line, what: `There is no “${words.join(' ')}” to deactivate.` });
  }

  parsed(): Parsed {
    const context: PolicyContext = {
      ...{ addresses: this.addresses, applications: this.applications, disabled: this.disabled },
      zones: this.zones.size > 0 ? this.zones : undefined,
      beside: (what, line) => this.settings.count(what, line),
      assumed: (what) => this.assumed.add(what),
    };
    for (const statement of this.later) {
      guarded(this.faults, statement.line, () => this.policies.read(statement, context));
    }
    this.applications.check(this.faults);
    const rules = [...this.families];
    for (const policy of this.policies.inOrder()) {
      guarded(this.faults, policy.line, () => {
        rules.push(...this.policies.rulesOf(policy, context));
      });
    }
    if (this.zones.size > 0 && !this.isModeTold) this.assumed.add(BY_MODE);
    const beside = this.settings.beside();
    return {
      filter: sessionFilter('policies', rules, this.otherwise),
      faults: uniqueFaults(this.faults),
      ...(this.assumed.size > 0 ? { assumed: [...this.assumed] } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  /** Whether the statement is one of policies, their objects or their zones. */
  private reads({ words: [top, second] }: { readonly words: readonly string[] }): boolean {
    if (top === 'applications') return true;
    return (
      top === 'security' &&
      /^(?:address-book|alg|forwarding-options|policies|zones)$/.test(second ?? '')
    );
  }

  private read(statement: Statement): void {
    const { words, line, inherited = false } = statement;
    const [top, second = '', ...rest] = words;
    if (rest.length === 0) return this.empty(words);
    if (top === 'applications' && second === 'application') {
      this.applications.define(rest, line, inherited);
    } else if (top === 'applications' && second === 'application-set') {
      this.applications.include(rest);
    } else if (top === 'applications') throw new LineFault(`“${second}” is not known here.`);
    else if (second === 'address-book') this.addresses.define(rest, inherited);
    else if (second === 'zones') this.zone(rest, line, inherited);
    else if (second === 'policies') this.ofPolicies(statement, rest);
    else if (second === 'forwarding-options') this.mode(rest, line, inherited);
    else if (rest[1] === 'disable' && rest.length === 2) this.disabled.add(rest[0]!);
    else if (!this.settings.takes(statement)) throw new LineFault(`“${second}” is not read.`);
  }

  /** A block with nothing in it. */
  private empty(words: readonly string[]): void {
    const [top, second = ''] = words;
    if (top !== 'security') throw new LineFault(`“${words.join(' ')}” is not read.`);
    if (second === 'address-book') throw new LineFault(`“${second}” has no name.`);
  }

  private other(statement: Statement): void {
    const { words } = statement;
    const [top = '', second = ''] = words;
    const isWithin = top === 'logical-systems' || top === 'tenants';
    if (isWithin && this.reads({ words: words.slice(2) })) {
      throw new LineFault('It has policies of its own beside these; give the text of one.');
    }
    // Filters decide only where an interface has them, which is told.
    if (top === 'firewall' || this.settings.takes(statement)) return;
    throw new LineFault(`“${top} ${second}” is not read.`);
  }

  private ofPolicies(statement: Statement, words: readonly string[]): void {
    const [kind = '', action] = words;
    if (kind === 'default-policy' && action === 'log' && words.length === 3) return;
    if (kind === 'default-policy') {
      if ((action !== 'permit-all' && action !== 'deny-all') || words.length > 2) {
        throw new LineFault(`“${words.slice(1).join(' ')}” is not known here.`);
      }
      const verdict = action === 'permit-all' ? 'accept' : 'drop';
      this.otherwise = statement.inherited ? (this.otherwise ?? verdict) : verdict;
    } else if (kind === 'pre-id-default-policy' && action === 'then') return;
    else if (!OF_POLICIES.has(kind)) this.later.push(statement);
  }

  private zone(words: readonly string[], line: number, inherited: boolean): void {
    const [kind = '', name, setting = '', ...rest] = words;
    if (kind === 'functional-zone' && name === 'management') return;
    if (kind !== 'security-zone' || name === undefined) {
      throw new LineFault(`“${kind}” is not known here.`);
    }
    this.zones.add(name);
    if (setting === 'address-book') this.addresses.defineIn(name, rest, inherited);
    else if (DECIDING_OF_ZONE.has(setting)) this.settings.count(`security-zone ${setting}`, line);
    else if (setting !== '' && !OF_ZONE.has(setting)) {
      throw new LineFault(`“${setting}” is not known here.`);
    }
  }

  /** Whether policies are asked at all, by family. */
  private mode(words: readonly string[], line: number, inherited: boolean): void {
    const [key, family = '', kind, mode = '', ...more] = words;
    const known = /^(?:packet-based|flow-based|drop)$/.test(mode) && more.length === 0;
    if (key === 'mirror-filter' || key === 'receive-side-scaling') return;
    if (key !== 'family' || kind !== 'mode' || !known) {
      throw new LineFault(`“${words.join(' ')}” is not read.`);
    }
    if (family === 'inet6') {
      if (inherited && this.isModeTold) return;
      this.isModeTold = true;
      if (mode === 'flow-based') return;
      const action = mode === 'drop' ? 'drop' : 'accept';
      this.families.push({ action, match: { family: 6 }, line });
    } else if (family === 'mpls' || family === 'inet') {
      if (mode === 'flow-based' || (family === 'mpls' && mode === 'drop')) return;
      throw new LineFault('Packets are forwarded one by one: no policy is asked.');
    } else if (family !== 'iso') throw new LineFault(`“${family}” is not known here.`);
  }
}
