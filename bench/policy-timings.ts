/** What `bench/policy.mjs` measures; see there. */
import { nftables } from '../src/acl/nftables.ts';
import { PLATFORMS } from '../src/acl/platforms.ts';
import type { HeaderMatch } from '../src/net/header-match.ts';
import { NO_PACKETS } from '../src/net/header-space.ts';
import { provePolicy, renderPolicy } from '../src/pipeline/policy.ts';
import { findAnomalies } from '../src/policy/anomalies.ts';
import { packetsOf } from '../src/policy/beyond.ts';
import { compareFilters } from '../src/policy/compare.ts';
import { type Composition, composePolicy } from '../src/policy/compose.ts';
import { type Conversation, conversationKey, type Decision } from '../src/policy/conversation.ts';
import { coverTriples } from '../src/policy/cover.ts';
import { acceptedBy, verdictSpaces } from '../src/policy/evaluate.ts';
import type { Filter, FilterRule } from '../src/policy/filter.ts';
import { flowService } from '../src/policy/flow-service.ts';
import type { Policy, Zone } from '../src/policy/intent.ts';
import { knownSet } from '../src/policy/known-sets.ts';
import { Learner } from '../src/policy/learn.ts';
import { completed } from '../src/policy/offered.ts';
import { extentOf, type Plan, planFor } from '../src/policy/plan.ts';
import { nearRules, ruleAllows } from '../src/policy/rule-match.ts';
import { fewestBoxes, someTriples } from '../test/builders/fewest-boxes.ts';
import { buildOffice, type Office, officeDay } from '../test/builders/office.ts';
import { PLACES, planAt } from '../test/builders/platform-plans.ts';
import { diceOf } from '../test/builders/policy.ts';

const PORTS = [22, 25, 53, 80, 88, 135, 389, 443, 445, 636, 1433, 3306, 3389, 5432, 8080, 9100];
const NOW_MS = 1_790_000_000_000;

function timed<T>(what: string, run: () => T): T {
  const start = performance.now();
  const before = process.cpuUsage();
  const value = run();
  const { user, system } = process.cpuUsage(before);
  const wall = ((performance.now() - start) / 1000).toFixed(2);
  console.log(`  ${what.padEnd(48)} ${((user + system) / 1e6).toFixed(2)} s (wall ${wall} s)`);
  return value;
}

const say = (text: string): void => console.log(`  ${text}`);

function hostRules(count: number, drops: boolean): FilterRule[] {
  const dice = diceOf(1);
  const host = () => 0x0a000000 + dice(20_000);
  return Array.from({ length: count }, (_, index) => {
    const [source, destination] = [host(), host()];
    const port = PORTS[dice(PORTS.length)]!;
    const match: HeaderMatch = {
      states: ['new'],
      family: 4,
      source: [{ family: 4, first: [source], last: [source] }],
      destination: [{ family: 4, first: [destination], last: [destination] }],
      protocols: [{ first: 6, last: 6 }],
      destinationPorts: [{ first: port, last: port }],
    };
    const action = drops && dice(10) === 0 ? 'drop' : 'accept';
    return { action, match, id: `R${index}`, comment: 'generated', line: 0 };
  });
}

function planOf(rules: readonly FilterRule[]): Plan {
  const chain = { name: 'forward', hook: 'forward', otherwise: 'drop', line: 0, rules } as const;
  const filter: Filter = { chains: [chain] };
  return { name: 'bench', stateful: true, zones: [], groups: [], filter, remarks: [] };
}

/** 100,000 rules between 20,000 hosts, a tenth of them drops. */
function space(): void {
  const plan = planOf(hostRules(100_000, true));
  const spaces = verdictSpaces();
  timed('100,000 rules into header space', () =>
    acceptedBy(spaces, plan.filter, { hook: 'forward' }),
  );
  say(`${spaces.size} nodes`);
  const text = timed('rendered for nftables', () => nftables.render(plan).text ?? '');
  const parsed = timed('read back', () => nftables.parse(text));
  const differences = timed('compared over all packets', () =>
    compareFilters(verdictSpaces(), plan.filter, parsed.filter, []),
  );
  say(`${parsed.faults.length} faults, ${differences.length} differences`);
}

/** The same rules, with networks among the hosts, held against each other. */
function check(): void {
  const rules = hostRules(100_000, true).map((rule, index) => {
    if (index % 5 > 0) return rule;
    const { source, ...match } = rule.match;
    const low = source![0]!.first[0]! & 0xffffff00;
    return {
      ...rule,
      match: { ...match, source: [{ family: 4, first: [low], last: [low + 255] } as const] },
    };
  });
  for (const count of [10_000, 100_000]) {
    const chain = { name: 'forward', hook: 'forward', otherwise: 'drop', line: 0 } as const;
    const filter: Filter = { chains: [{ ...chain, rules: rules.slice(0, count) }] };
    const found = timed(`${count} rules held against each other`, () =>
      findAnomalies(verdictSpaces(), filter),
    );
    say(`${found.length} findings`);
  }
}

function allow(conversation: Conversation): Decision {
  return { kind: 'decision', decision: 'allow', by: 'alice', atMs: NOW_MS, conversation };
}

function emptyPolicy(zones: readonly Zone[]): Policy {
  return {
    ...{ version: 1, name: 'bench', zones, groups: [], services: [], rules: [] },
    ...{ default: 'deny', logDeniedPerSecond: 50 },
  };
}

const ANSWERED = ['confirmed', 'thin'];

/** Learns so many days; what was answered. Making the flows takes its time too, told apart. */
function learned(office: Office, days: number): { seen: Conversation[]; flows: number } {
  const learner = new Learner(office.zones);
  timed(`flows of ${days} days made, for comparison`, () => {
    for (let day = 0; day < days; day++) for (const _ of officeDay(office, day));
  });
  for (let day = 0; day < days; day++) {
    for (const { flow, answered } of officeDay(office, day)) learner.add(flow, answered);
  }
  const { conversations, flows } = learner.finish();
  return { seen: conversations.filter(({ standing }) => ANSWERED.includes(standing)), flows };
}

function proved({ policy }: Composition, decisions: readonly Decision[]): void {
  const text = timed('rendered for nftables', () => renderPolicy(policy, nftables, NOW_MS).text!);
  const proof = timed('proved: read, compared, replayed, itemised', () =>
    provePolicy(policy, nftables, text, decisions, NOW_MS),
  );
  const { faults, differences, lost, replayed, beyond } = proof;
  say(
    `${replayed} replayed, ${faults.length} faults, ${differences.length} differences, ` +
      `${lost.length} lost, ${beyond.length} rules allow more than was seen`,
  );
}

function minimised(zones: readonly Zone[], decisions: readonly Decision[]): Composition {
  const made = timed('minimised', () => composePolicy(emptyPolicy(zones), decisions, new Map()));
  const { composed, pairs, atLeast } = made;
  const fewer = (100 * (1 - composed / pairs)).toFixed(1);
  say(`${composed} rules for ${pairs} pairs: ${fewer} % fewer; at least ${atLeast} needed`);
  return made;
}

/** 100,000 conversations, learned, minimised and proved: in roles, and without any order. */
function conversations(): void {
  const office = buildOffice(5200, 130, 1);
  const { seen, flows } = timed('flows of two days generated and learned', () =>
    learned(office, 2),
  );
  say(`${seen.length} conversations from ${flows} flows`);
  const decisions = seen.map(allow);
  proved(minimised(office.zones, decisions), decisions);
}

/** The same number between hosts chosen by chance: nothing to be found. */
function chance(): void {
  const office = buildOffice(20, 5, 1);
  const dice = diceOf(4);
  const [like] = learned(office, 1).seen;
  const found = new Map<string, Conversation>();
  while (found.size < 100_000) {
    const client = `10.1.${dice(16)}.${1 + dice(250)}`;
    const server = `10.2.${dice(4)}.${1 + dice(250)}`;
    const service = `tcp/${PORTS[dice(PORTS.length)]}`;
    const conversation = { ...like!, client, server, service };
    found.set(conversationKey(conversation), conversation);
  }
  const decisions = [...found.values()].map(allow);
  proved(minimised(office.zones, decisions), decisions);
}

/** 500 hosts in 40 roles. */
function roles(): void {
  const office = buildOffice(500, 40, 2);
  const { seen, flows } = timed('flows of 35 days generated and learned', () =>
    learned(office, 35),
  );
  say(`${seen.length} conversations from ${flows} flows`);
  minimised(office.zones, seen.map(allow));
}

/** Rules against the fewest there can be, by trying all. */
function minimum(): void {
  let [rules, least, worse] = [0, 0, 0];
  let worst = 1;
  timed('1,500 small cases, against trying all covers', () => {
    for (let seed = 0; seed < 1500; seed++) {
      const triples = someTriples(diceOf(seed), 14);
      const own = coverTriples(triples).boxes.length;
      const fewest = fewestBoxes(triples);
      rules += own;
      least += fewest;
      if (own > fewest) worse++;
      worst = Math.max(worst, own / fewest);
    }
  });
  say(`${rules} rules where ${least} are the fewest; ${worse} cases are not minimal`);
  say(`the worst has ${worst.toFixed(2)} times the fewest`);
}

/** A policy of so many rules between single hosts, or all of them towards one. */
function hostPolicy(count: number, target: number | undefined): Policy {
  const dice = diceOf(1);
  const party = (address: number) => ({
    names: [`host ${address}`],
    addresses: [{ family: 4 as const, first: [address], last: [address] }],
  });
  const rules = Array.from({ length: count }, (_, index) => {
    const port = PORTS[dice(PORTS.length)]!;
    return {
      ...{ id: `R${index}`, action: 'allow' as const, because: 'generated' },
      from: party(0x0a000000 + dice(20_000)),
      to: party(target ?? 0x0a000000 + dice(20_000)),
      ...{ serviceNames: [], services: [{ protocol: 6, ports: [{ first: port, last: port }] }] },
      ...{ unobserved: false, log: false },
    };
  });
  const rest = [{ family: 4 as const, first: [0], last: [0xffffffff] }];
  const zone: Zone = { name: 'all', addresses: rest, isRest: true, interfaces: [] };
  return { ...emptyPolicy([zone]), rules };
}

/** 10,000 rules written for every platform that takes them. */
function platforms(): void {
  const target = 0x0aff0001;
  const hosts = {
    name: 'host',
    addresses: [{ family: 4, first: [target], last: [target] }],
  } as const;
  for (const platform of PLATFORMS) {
    for (const place of platform.capabilities.filters) {
      const policy = hostPolicy(10_000, place === 'host' ? target : undefined);
      const rendered = timed(`10,000 rules for ${platform.name}, ${place}`, () =>
        renderPolicy(policy, platform, NOW_MS, place === 'host' ? hosts : undefined),
      );
      const { text, refusals } = rendered;
      say(text === undefined ? `refused: ${refusals[0]?.what}` : `${text.length} octets`);
    }
  }
}

/** 500 hosts: learned on 35 days, held against the next seven. */
function days(): void {
  const office = buildOffice(500, 40, 3);
  const { seen, flows } = timed('35 days generated and learned', () => learned(office, 35));
  const mapped = seen.filter(({ service }) => service === 'tcp/135');
  const unobserved = completed(mapped, knownSet('rpc')!.services).filter(
    (conversation) => conversation.unobserved === true,
  );
  say(`${seen.length} conversations from ${flows} flows, ${unobserved.length} by the RPC set`);
  const { policy } = minimised(office.zones, [...seen, ...unobserved].map(allow));
  const told = new Map<string, boolean>();
  const lacks = new Map<string, number>();
  let [all, missed, unexplained] = [0, 0, 0];
  timed('seven days held against the policy', () => {
    for (let day = 35; day < 42; day++) {
      for (const { flow, answered } of officeDay(office, day)) {
        if (!answered) continue;
        all++;
        const asked = { ...flow, service: flowService(flow).service };
        const key = conversationKey(asked);
        const known = told.get(key) ?? policy.rules.some((rule) => ruleAllows(rule, asked));
        told.set(key, known);
        if (known) continue;
        missed++;
        const [near] = nearRules(policy, asked, NOW_MS);
        if (near === undefined) unexplained++;
        else {
          const parts = near.lacks.join(' and ');
          lacks.set(parts, (lacks.get(parts) ?? 0) + 1);
        }
      }
    }
  });
  const share = (100 * (1 - missed / all)).toFixed(3);
  say(`${share} % of ${all} connections permitted, ${missed} missed`);
  say(`missed for another ${[...lacks].map(([part, count]) => `${part}: ${count}`).join(', ')}`);
  say(`${unexplained} without a near rule`);
  const spaces = verdictSpaces();
  const exact = timed('over-permission in header space', () => {
    const plan = planFor(policy, { stateful: true, nowMs: NOW_MS });
    const fresh = spaces.matched({ states: ['new'] });
    const accepted = acceptedBy(spaces, plan.filter, { hook: 'forward' });
    const allowed = spaces.intersection(accepted, fresh);
    const validated = spaces.intersection(packetsOf(spaces, seen), fresh);
    const itemised = spaces.intersection(packetsOf(spaces, unobserved), fresh);
    const beyond = spaces.difference(allowed, validated);
    const lost = spaces.difference(validated, allowed);
    return beyond === spaces.difference(itemised, validated) && lost === NO_PACKETS;
  });
  say(exact ? 'exactly the itemised sets, and nothing lost' : 'NOT what is itemised');
}

/**
 * Random policies written by each platform, read back and compared over all packets, until as many
 * as asked for were written; those it refuses are counted by the first reason it gives. Counts are
 * the same on every machine.
 */
function trips(): void {
  const [, , , count = '10000', only] = process.argv;
  for (const { platform, place } of PLACES) {
    if (only !== undefined && only !== platform.name) continue;
    const reasons = new Map<string, number>();
    let [written, seed] = [0, 0];
    timed(`${platform.name}, ${place}`, () => {
      for (; written < Number(count); seed++) {
        const plan = planAt(seed, place, platform);
        const { text, refusals } = platform.render(plan);
        if (text === undefined) {
          const reason = (refusals[0]?.what ?? 'no reason').replace(/\d+ rules in/, 'N rules in');
          reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
          continue;
        }
        written++;
        const { filter, faults } = platform.parse(text);
        const { zones, filter: meant } = plan;
        const extent = extentOf(plan);
        const differs =
          faults.length > 0 ||
          compareFilters(verdictSpaces(), meant, filter, zones, extent).length > 0;
        if (differs) throw new Error(`${platform.name}, ${place}: seed ${seed} differs`);
      }
    });
    say(`${written} written and equal, ${seed - written} of ${seed} refused`);
    for (const [reason, times] of [...reasons].sort(([, one], [, two]) => two - one)) {
      say(`  ${times}: ${reason}`);
    }
  }
}

const parts = { space, check, conversations, chance, roles, minimum, platforms, trips, days };
const part = process.argv[2] as keyof typeof parts;
const begun = performance.now();
parts[part]();
const { user, system } = process.cpuUsage();
const { maxRSS } = process.resourceUsage();
say(
  `all: ${((performance.now() - begun) / 1000).toFixed(1)} s, ` +
    `${((user + system) / 1e6).toFixed(1)} s of processor, ${Math.round(maxRSS / 1024)} MiB`,
);
