/**
 * Reads a RouterOS script or export: the rules of the filter and of the raw table before it, in both
 * families, with the lists they ask for; and what else a whole export tells of them (interface lists,
 * NAT, whether anything is forwarded). Chains other than those asked at a hook are reached by `jump`;
 * what is wrong in a chain that nothing leads to is no fault. Settings beside the rules are told, or
 * passed over where they decide nothing (mikrotik-settings.ts). The raw table is told as one of them
 * where its rules ask for more than the header.
 */
import type { Family } from '../net/address.ts';
import type { FilterChain, FilterRule, Hook } from '../policy/filter.ts';
import { jumpFaults } from './jump-faults.ts';
import { guarded, LineFault } from './line-fault.ts';
import { BeyondHeader } from './mikrotik-conditions.ts';
import { AddressLists, filledBy, InterfaceLists } from './mikrotik-lists.ts';
import { Translations } from './mikrotik-nat.ts';
import { chainName, type ReadRule, type RuleSurroundings, readRule } from './mikrotik-rules.ts';
import {
  decidingName,
  holdsSettings,
  isSettingsMenu,
  isStrayRule,
  mayBeMissing,
} from './mikrotik-settings.ts';
import {
  type Command,
  eachLogicalLine,
  looseSettings,
  MenuReader,
  missingMenu,
  Values,
} from './mikrotik-text.ts';
import type { Beside, Parsed, ParseFault } from './platform.ts';

const FAMILIES = [4, 6] as const satisfies readonly Family[];
const HOOKS: ReadonlySet<string> = new Set(['forward', 'input', 'output']);
const FIREWALL = /^(ip|ipv6) firewall (address-list|filter|nat|raw)$/;

/** Switches that stop all packets of a family at some hooks. */
const STOPS = [
  { key: 'ip settings ip-forward', off: 'no', on: /^yes$/, family: 4, hooks: ['forward'] },
  { key: 'ipv6 settings forward', off: 'no', on: /^yes$/, family: 6, hooks: ['forward'] },
  {
    ...{ key: 'ipv6 settings disable-ipv6', off: 'yes', on: /^no$/, family: 6 as const },
    hooks: ['forward', 'input', 'output'],
  },
] as const;

/** A rule of the filter or of the raw table, before it is known who is on the lists. */
interface Pending {
  readonly table: 'filter' | 'raw';
  readonly family: Family;
  readonly values: Values;
  readonly line: number;
}

interface Stop {
  readonly family: Family;
  readonly hooks: readonly Hook[];
  readonly line: number;
}

/** A chain with what was wrong in it. */
interface ReadChain {
  readonly name: string;
  readonly line: number;
  readonly rules: FilterRule[];
  readonly reads: { readonly read: ReadRule; readonly line: number }[];
  readonly faults: (ParseFault & { readonly isBeyond: boolean })[];
  readonly targets: string[];
  /** Others lead here, and the text has no rule of it. */
  isUnwritten?: boolean;
}

export function parseMikrotik(text: string): Parsed {
  const parser = new ScriptParser();
  eachLogicalLine(text, (line, number, isEnded) => {
    if (isEnded) parser.line(line, number);
    else parser.faults.push({ line: number, what: 'The last line is not ended.' });
  });
  return parser.parsed();
}

class ScriptParser {
  readonly faults: ParseFault[] = [];
  private readonly menus = new MenuReader(
    (path) =>
      FIREWALL.test(path) || /^interface list(?: member)?$/.test(path) || isSettingsMenu(path),
  );
  private readonly addresses = new AddressLists();
  private readonly interfaces = new InterfaceLists();
  private readonly translations = { 4: new Translations(), 6: new Translations() };
  private readonly pending: Pending[] = [];
  /** Chains all of whose rules may be disabled. */
  private readonly disabled = new Set<string>();
  private readonly besides = new Map<string, { line: number; lines: number }>();
  /** Lines of switches that stop all packets at some hooks, by what is switched. */
  private readonly stops = new Map<string, Stop>();
  private isWhole = false;
  private hasIpsec = false;
  private tracksConnections = true;
  private readonly fastPaths = new Set<Family>(FAMILIES);

  line(line: string, number: number): void {
    guarded(this.faults, number, () => {
      if (line.startsWith('#')) {
        checkMissing(line);
        return;
      }
      const command = this.menus.read(line, number);
      if (command !== undefined) this.take(command);
    });
  }

  private take(command: Command): void {
    const { menu, verb, text, line } = command;
    if (verb === 'print' || verb === 'export') return;
    const [, root, place] = FIREWALL.exec(menu) ?? [];
    if (place !== undefined && place !== 'nat') {
      if (verb !== 'add') throw new LineFault(`“${verb}” is not known here.`);
      const family = root === 'ip' ? 4 : 6;
      const values = new Values(text);
      if (place === 'address-list') this.addresses.add(family, values, line);
      else this.rule({ table: place === 'raw' ? 'raw' : 'filter', family, values, line });
    } else if (menu === 'interface list') {
      this.interfaces.define(verb, text, (given) => new Values(given));
    } else if (menu === 'interface list member') {
      if (verb !== 'add') throw new LineFault(`“${verb}” is not known here.`);
      this.interfaces.addMember(new Values(text));
    } else this.setting(command);
  }

  private rule(pending: Pending): void {
    const { family, table, values } = pending;
    const chain = values.get('chain') ?? '';
    if (chain === '') throw new LineFault('The rule names no chain.');
    if (values.flag('disabled')) {
      this.disabled.add(chainName(this.around(table, family), chain));
      return;
    }
    this.fills(values.get('action'), values.get('address-list'), family);
    this.pending.push(pending);
  }

  private fills(action: string | undefined, list: string | undefined, family: Family): void {
    if (list !== undefined && /^add-(?:src|dst)-to-address-list$/.test(action ?? '')) {
      this.addresses.fill([family], list);
    }
  }

  /** What is no rule: passed over, told, or both read and told. */
  private setting({ menu, verb, text, line }: Command): void {
    if (!holdsSettings(menu) && !FIREWALL.test(menu)) {
      throw new LineFault(`The menu “/${menu}” holds nothing by itself.`);
    }
    const settings = looseSettings(text);
    if (isStrayRule(menu, settings)) {
      throw new LineFault(`A rule of the filter stands in the menu “/${menu}”.`);
    }
    if (!/ firewall /.test(menu)) this.isWhole = true;
    const told = decidingName(menu, verb, settings);
    if (told !== undefined) {
      const known = this.besides.get(told);
      if (known === undefined) this.besides.set(told, { line, lines: 1 });
      else known.lines++;
    }
    if (menu.startsWith('ip ipsec ') && verb === 'add') this.hasIpsec = true;
    if (
      settings.has('ipsec-secret') ||
      /^(?:required|yes)$/.test(settings.get('use-ipsec') ?? '')
    ) {
      this.hasIpsec = true;
    }
    const families = menu.startsWith('ip firewall ')
      ? ([4] as const)
      : menu.startsWith('ipv6 firewall ')
        ? ([6] as const)
        : FAMILIES;
    const filled = filledBy(settings);
    if (settings.get('disabled') !== 'yes') {
      for (const list of filled.addresses) this.addresses.fill(families, list);
      for (const list of filled.interfaces) this.interfaces.fill(list);
    }
    if (/ firewall nat$/.test(menu) && verb === 'add') {
      this.translations[menu.startsWith('ip ') ? 4 : 6].add(new Values(text));
    }
    this.switches(menu, settings, line);
  }

  /** Settings that stop all packets, or turn off what rules ask for. */
  private switches(menu: string, settings: ReadonlyMap<string, string>, line: number): void {
    /** Whether the switch is set to what stops; undefined where it is not in this line. */
    const isOff = (key: string, off: string, on: RegExp): boolean | undefined => {
      const isHere = key.startsWith(`${menu} `);
      const value = isHere ? settings.get(key.slice(menu.length + 1)) : undefined;
      if (value === undefined || on.test(value)) return value === undefined ? undefined : false;
      if (value !== off) throw new LineFault(`“${key}=${value}” is not known.`);
      return true;
    };
    for (const { key, off, on, family, hooks } of STOPS) {
      const isStopped = isOff(key, off, on);
      if (isStopped === true) this.stops.set(key, { family, hooks, line });
      else if (isStopped === false) this.stops.delete(key);
    }
    for (const family of FAMILIES) {
      const isSlow = isOff(
        `${family === 4 ? 'ip' : 'ipv6'} settings allow-fast-path`,
        'no',
        /^yes$/,
      );
      if (isSlow === true) this.fastPaths.delete(family);
      else if (isSlow === false) this.fastPaths.add(family);
    }
    const tracking = 'ip firewall connection tracking enabled';
    const isUntracked = isOff(tracking, 'no', /^(?:auto|yes)$/);
    if (isUntracked !== undefined) this.tracksConnections = !isUntracked;
  }

  private around(table: 'filter' | 'raw', family: Family): RuleSurroundings {
    const { addresses, interfaces, isWhole, hasIpsec, tracksConnections } = this;
    return {
      ...{ table, family, addresses, interfaces, isWhole, hasIpsec, tracksConnections },
      translations: this.translations[family],
      hasFastPath: this.fastPaths.has(family),
    };
  }

  parsed(): Parsed {
    const chains: FilterChain[] = [];
    const assumed = new Set<string>();
    for (const [key, { family, hooks, line }] of this.stops) {
      for (const hook of hooks) {
        const name = `${hook} by ${key}`;
        chains.push({ name, hook, family, priority: -2, otherwise: 'drop', line, rules: [] });
      }
    }
    for (const family of FAMILIES) {
      for (const table of ['filter', 'raw'] as const) {
        chains.push(...this.tableChains(this.around(table, family), assumed));
      }
    }
    const beside = [...this.besides]
      .map(([what, { line, lines }]): Beside => ({ what, line, lines }))
      .sort((one, two) => one.line - two.line);
    const faults = [...this.faults, ...jumpFaults(chains)].sort((a, b) => a.line - b.line);
    return {
      ...{ filter: { chains }, faults },
      ...(assumed.size > 0 ? { assumed: [...assumed] } : {}),
      ...(beside.length > 0 ? { beside } : {}),
    };
  }

  /** Chains of a table that something leads to, their faults and clauses put to the others. */
  private tableChains(around: RuleSurroundings, assumed: Set<string>): FilterChain[] {
    const { family, table } = around;
    const pending = this.pending.filter((one) => one.table === table && one.family === family);
    const chains = this.readChains(pending, around);
    const hooks = table === 'filter' ? [...HOOKS] : ['prerouting', 'output'];
    const asked = reachedFrom(
      chains,
      hooks.map((hook) => chainName(around, hook)),
    );
    const faults = [...asked].flatMap((name) => chains.get(name)?.faults ?? []);
    if (table === 'raw' && faults.length > 0 && faults.every(({ isBeyond }) => isBeyond)) {
      const line = Math.min(...pending.map((one) => one.line));
      const what = `${family === 4 ? 'ip' : 'ipv6'} firewall raw`;
      this.besides.set(what, { line, lines: pending.length });
      return [];
    }
    this.faults.push(...faults.map(({ line, what }) => ({ line, what })));
    if (table === 'filter') this.faults.push(...fastTrackFaults(chains, around));
    const built = [...asked].flatMap((name) => {
      const chain = chains.get(name);
      return chain === undefined ? [] : builtChains(chain, around, assumed);
    });
    return table === 'raw' ? [...built, ...rawHooks(built, around)] : built;
  }

  private readChains(
    pending: readonly Pending[],
    around: RuleSurroundings,
  ): ReadonlyMap<string, ReadChain> {
    const chains = new Map<string, ReadChain>();
    const chainOf = (name: string, line: number): ReadChain => {
      const known = chains.get(name);
      const chain = known ?? { name, line, rules: [], reads: [], faults: [], targets: [] };
      chains.set(name, chain);
      return chain;
    };
    for (const { values, line } of pending) {
      const chain = chainOf(chainName(around, values.get('chain')!), line);
      const target = values.get('jump-target');
      if (target !== undefined) chain.targets.push(chainName(around, target));
      try {
        const read = readRule(values, line, around);
        chain.rules.push(...read.rules);
        chain.reads.push({ read, line });
      } catch (error) {
        if (!(error instanceof LineFault)) throw error;
        const isBeyond = error instanceof BeyondHeader;
        chain.faults.push({ line, what: error.message, isBeyond });
      }
    }
    for (const { targets, line } of [...chains.values()]) {
      // A jump to a chain without rules comes back at once.
      for (const name of targets.filter((target) => !chains.has(target))) {
        chainOf(name, line).isUnwritten = !this.disabled.has(name);
      }
    }
    return chains;
  }
}

/** Throws `LineFault` where the export says that it lacks what matters. */
function checkMissing(line: string): void {
  const menu = missingMenu(line);
  if (menu === undefined) throw new LineFault('The export was interrupted: the rest is missing.');
  if (mayBeMissing(menu)) return;
  throw new LineFault(`The device did not write the menu “/${menu}”.`);
}

/** The names of all chains to which jumps lead from these. */
function reachedFrom(
  chains: ReadonlyMap<string, ReadChain>,
  names: readonly string[],
): ReadonlySet<string> {
  const reached = new Set(names.filter((name) => chains.has(name)));
  for (const name of reached) {
    for (const target of chains.get(name)?.targets ?? []) {
      if (chains.has(target)) reached.add(target);
    }
  }
  return reached;
}

/** Only what passes through is taken past the rules, so that a chain asked elsewhere too is unclear. */
function fastTrackFaults(
  chains: ReadonlyMap<string, ReadChain>,
  around: RuleSurroundings,
): ParseFault[] {
  const own = ['input', 'output'].map((hook) => chainName(around, hook));
  const what = '“fasttrack-connection” is asked of what goes to or from the device as well.';
  return [...reachedFrom(chains, own)]
    .filter((name) => !own.includes(name))
    .flatMap((name) => chains.get(name)?.reads ?? [])
    .flatMap(({ read, line }) => (read.isFastTrack ? [{ line, what }] : []));
}

/** The chain with those it was split into. */
function builtChains(
  { isUnwritten, line, name, reads, rules }: ReadChain,
  around: RuleSurroundings,
  assumed: Set<string>,
): FilterChain[] {
  for (const { read } of reads) for (const clause of read.assumed) assumed.add(clause);
  const { family } = around;
  if (isUnwritten === true) {
    assumed.add(`that the chain “${name}”, of which the text has no rule, is empty`);
  }
  const hook = [...HOOKS].find((one) => around.table === 'filter' && name === `${family} ${one}`);
  return [
    {
      ...{ name, family, line, rules },
      // RouterOS accepts what no rule of a built-in chain decided.
      otherwise: 'accept',
      ...(hook === undefined ? {} : { hook: hook as Hook }),
    },
    ...reads.flatMap(({ read }) => read.called),
  ];
}

/** The raw table is asked before the filter: for what comes in, and for what the device sends. */
function rawHooks(
  chains: readonly FilterChain[],
  { family }: RuleSurroundings,
): readonly FilterChain[] {
  const places = [
    ['prerouting', 'forward'],
    ['prerouting', 'input'],
    ['output', 'output'],
  ] as const;
  return places.flatMap(([chain, hook]): FilterChain[] => {
    const target = `raw ${family} ${chain}`;
    const found = chains.find(({ name }) => name === target);
    if (found === undefined) return [];
    return [
      {
        ...{ name: `before ${family} ${hook}`, hook, family, priority: -1 },
        // What it does not drop goes on to the filter, which is nothing to report of a chain.
        ...{ otherwise: 'drop', line: found.line },
        rules: [
          { action: 'jump', target, match: {}, line: 0 },
          { action: 'accept', match: {}, line: 0 },
        ],
      },
    ];
  });
}
