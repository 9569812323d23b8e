/** What was learned on some days of a stationary network, held against the days after. */
import { describe, expect, it } from 'vitest';
import { buildOffice, officeDay } from '../../test/builders/office.ts';
import { NO_PACKETS } from '../net/header-space.ts';
import { beyondSeen, packetsOf } from './beyond.ts';
import { composePolicy } from './compose.ts';
import type { Conversation, Decision } from './conversation.ts';
import { acceptedBy, verdictSpaces } from './evaluate.ts';
import { flowService } from './flow-service.ts';
import type { Policy } from './intent.ts';
import { knownSet } from './known-sets.ts';
import { Learner } from './learn.ts';
import { completed } from './offered.ts';
import { planFor } from './plan.ts';
import { nearRules, ruleAllows } from './rule-match.ts';

const LEARNED_DAYS = 35;
const HELD_DAYS = 7;

function allow(conversation: Conversation): Decision {
  return { kind: 'decision', decision: 'allow', by: 'alice', atMs: 1, conversation };
}

describe('days held out', () => {
  const office = buildOffice(60, 12, 3);
  const learner = new Learner(office.zones);
  for (let day = 0; day < LEARNED_DAYS; day++) {
    for (const { flow, answered } of officeDay(office, day)) learner.add(flow, answered);
  }
  const { conversations } = learner.finish();
  const seen = conversations.filter(({ standing }) => ['confirmed', 'thin'].includes(standing));
  // RPC ports change with each restart: the person allows the set to who was seen using it.
  const mapped = seen.filter(({ service }) => service === 'tcp/135');
  const unobserved = completed(mapped, knownSet('rpc')!.services).filter(
    (conversation) => conversation.unobserved === true,
  );
  const before: Policy = {
    ...{ version: 1, name: 'office', zones: office.zones, groups: [], services: [], rules: [] },
    ...{ default: 'deny', logDeniedPerSecond: 50 },
  };
  const { policy } = composePolicy(before, [...seen, ...unobserved].map(allow), new Map());
  const plan = planFor(policy, { stateful: true, nowMs: 0 });

  it('sets aside who looks around, and never allows what nobody answered', () => {
    const intruder = conversations.filter(({ client }) => client === '203.0.113.66');
    expect(intruder.length).toBeGreaterThan(20);
    expect(new Set(intruder.map(({ standing }) => standing))).toEqual(new Set(['quarantined']));
    expect(seen.some(({ service }) => service === 'tcp/515')).toBe(false);
  });

  it('allows 99.5 % of the connections of later days, and explains the others', () => {
    const known = new Set(seen.map(({ client, server, service }) => client + server + service));
    const told = new Map<string, boolean>();
    let all = 0;
    const missed: string[] = [];
    for (let day = LEARNED_DAYS; day < LEARNED_DAYS + HELD_DAYS; day++) {
      for (const { flow, answered } of officeDay(office, day)) {
        if (!answered) continue;
        all++;
        const asked = { ...flow, service: flowService(flow).service };
        const key = asked.client + asked.server + asked.service;
        const allowed = told.get(key) ?? policy.rules.some((rule) => ruleAllows(rule, asked));
        told.set(key, allowed);
        if (allowed) continue;
        expect(known.has(key)).toBe(false);
        const [near] = nearRules(policy, asked, 0);
        expect(near, `${asked.client} -> ${asked.server} ${asked.service}`).toBeDefined();
        missed.push(near!.lacks.join());
      }
    }
    expect(all).toBeGreaterThan(20_000);
    expect(missed.length).toBeGreaterThan(0);
    expect(missed.length / all).toBeLessThan(0.005);
  });

  it('allows beyond what was seen exactly what the sets say', () => {
    const spaces = verdictSpaces();
    const fresh = spaces.matched({ states: ['new'] });
    const allowed = spaces.intersection(
      acceptedBy(spaces, plan.filter, { hook: 'forward' }),
      fresh,
    );
    const validated = spaces.intersection(packetsOf(spaces, seen), fresh);
    const itemised = spaces.intersection(packetsOf(spaces, unobserved), fresh);
    expect(spaces.difference(validated, allowed)).toBe(NO_PACKETS);
    expect(spaces.difference(allowed, validated)).toBe(spaces.difference(itemised, validated));
    expect(spaces.difference(itemised, validated)).not.toBe(NO_PACKETS);
    // And the rules that say so are the only ones.
    const ids = new Set(policy.rules.map(({ id }) => id));
    const rules = plan.filter.chains.flatMap((chain) => chain.rules);
    const beyond = beyondSeen(spaces, rules, ids, seen).map(({ rule }) => rule);
    expect(beyond).toEqual(policy.rules.flatMap((rule) => (rule.unobserved ? rule.id : [])));
    expect(beyond.length).toBeGreaterThan(0);
  });
});
