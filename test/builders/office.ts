/**
 * A stationary office network: departments whose workstations do the same every day, servers that
 * depend on each other, jobs that come once a week or a month, RPC ports that change with every
 * restart, habits of single people, and noise. Each day is drawn anew from the same distribution, so
 * that what was learned on some days can be held against others.
 */
import { mergeRanges, rangeOfPrefix } from '../../src/net/address-range.ts';
import { parsePrefix } from '../../src/net/prefix.ts';
import type { Zone } from '../../src/policy/intent.ts';
import type { LearnedFlow } from '../../src/policy/learn.ts';
import { type Dice, diceOf } from './policy.ts';

const DAY_MS = 86_400_000;
/** 2026-06-01, a Monday. */
const FIRST_DAY_MS = 1_780_272_000_000;
const NO_PACKETS = { packets: 0, bytes: 0, payloadBytes: 0, minLength: 0, maxLength: 0 };
const BY_SYN = { reason: 'syn', confidence: 'certain' } as const;
const RPC_FIRST = 49_664;

export interface OfficeFlow {
  readonly flow: LearnedFlow;
  readonly answered: boolean;
}

/** What somebody does on a day: how likely, and how often then. */
interface Habit {
  readonly client: string;
  readonly servers: readonly string[];
  readonly service: string;
  /** Of 1000 days. */
  readonly permille: number;
  readonly times: number;
  /** Days of the week (0 = Monday) or of every four weeks on which alone it happens. */
  readonly weekday?: number;
  readonly everyFourWeeks?: number;
  /** The port is what the endpoint mapper hands out: another one after each restart. */
  readonly dynamic?: boolean;
  readonly unanswered?: boolean;
}

export interface Office {
  readonly zones: readonly Zone[];
  readonly habits: readonly Habit[];
  readonly controllers: readonly string[];
  readonly seed: number;
}

function zone(name: string, ...prefixes: string[]): Zone {
  const addresses = mergeRanges(prefixes.map((text) => rangeOfPrefix(parsePrefix(text))));
  return { name, addresses, isRest: false, interfaces: [] };
}

/** Services of department `index`, each offered by servers of its own or shared ones. */
const APPLICATIONS = [
  ...['tcp/443', 'tcp/1433', 'tcp/5432', 'tcp/8443', 'tcp/3306', 'tcp/8080', 'tcp/1521'],
  ...['tcp/25', 'tcp/143', 'tcp/3389', 'tcp/22', 'tcp/9100', 'tcp/631', 'tcp/5672'],
];

/** An office of so many hosts in so many roles; a fifth of the roles are servers'. */
export function buildOffice(hosts: number, roles: number, seed: number): Office {
  const dice = diceOf(seed);
  const departments = Math.max(1, Math.round(roles * 0.8));
  const serverRoles = Math.max(4, roles - departments);
  const perRole = Math.max(1, Math.floor((hosts - serverRoles * 2) / departments));
  const controllers = ['10.2.0.10', '10.2.0.11'];
  const servers = Array.from({ length: serverRoles }, (_, role) => [
    `10.2.${1 + role}.10`,
    `10.2.${1 + role}.11`,
  ]);
  const habits: Habit[] = [];
  for (let department = 0; department < departments; department++) {
    const used = [0, 1, 2].map((step) => (department * 3 + step * 5) % serverRoles);
    for (let host = 0; host < perRole; host++) {
      const client = `10.1.${department}.${10 + host}`;
      habits.push(...workstation(client, department, controllers));
      for (const role of used) {
        const service = APPLICATIONS[role % APPLICATIONS.length]!;
        habits.push({ client, servers: servers[role]!, service, permille: 970, times: 12 });
      }
      // Now and then somebody needs what colleagues do not.
      const odd = servers[dice(serverRoles)]!;
      const service = APPLICATIONS[dice(APPLICATIONS.length)]!;
      habits.push({ client, servers: odd, service, permille: 3, times: 1 });
    }
  }
  for (const [role, [first, second]] of servers.entries()) {
    habits.push(...server(first!, role), ...server(second!, role));
  }
  // An intruder looks around, and a printer still asks for a server that is gone.
  for (let host = 1; host < 40; host++) {
    const client = '203.0.113.66';
    const target = { servers: [`10.2.1.${host}`], service: 'tcp/445', unanswered: true };
    habits.push({ client, ...target, permille: 300, times: 1 });
  }
  habits.push({
    ...{ client: '10.1.0.250', servers: ['10.2.99.9'], service: 'tcp/515', permille: 1000 },
    ...{ times: 4, unanswered: true },
  });
  const zones = [zone('clients', '10.1.0.0/16'), zone('servers', '10.2.0.0/16')];
  const rest = zone('internet', '198.51.100.0/24', '203.0.113.0/24');
  return { zones: [...zones, { ...rest, isRest: true }], habits, controllers, seed };
}

function workstation(client: string, department: number, controllers: readonly string[]): Habit[] {
  const daily = (service: string, times: number, more: Partial<Habit> = {}): Habit => ({
    ...{ client, servers: controllers, service, permille: 990, times },
    ...more,
  });
  return [
    daily('udp/53', 25),
    daily('tcp/88', 4),
    daily('tcp/389', 3),
    daily('tcp/135', 2),
    daily('tcp', 2, { dynamic: true }),
    daily('tcp/443', 15, { servers: ['198.51.100.7', '198.51.100.8'] }),
    daily('tcp/445', 8, { servers: [`10.2.1.${20 + (department % 4)}`] }),
    // Once in four weeks the figures go to the bank; not everybody does it.
    ...(department % 7 === 0
      ? [daily('tcp/8443', 2, { servers: ['203.0.113.20'], everyFourWeeks: 25, permille: 1000 })]
      : []),
  ];
}

function server(client: string, role: number): Habit[] {
  const mirror = { client, servers: ['198.51.100.30'], permille: 1000 };
  return [
    { client, servers: ['10.1.200.5'], service: 'tcp/9102', permille: 1000, times: 1, weekday: 5 },
    { ...mirror, service: 'udp/123', times: 6 },
    ...(role % 3 === 0 ? [{ ...mirror, service: 'tcp/443', times: 1, everyFourWeeks: 3 }] : []),
  ];
}

/** All flows of a day, counted from 0. The same day is always the same. */
export function* officeDay(office: Office, day: number): Generator<OfficeFlow> {
  const dice = diceOf(office.seed * 10_007 + day);
  for (const habit of office.habits) {
    if (habit.weekday !== undefined && day % 7 !== habit.weekday) continue;
    if (habit.everyFourWeeks !== undefined && day % 28 !== habit.everyFourWeeks) continue;
    if (dice(1000) >= habit.permille) continue;
    for (let time = 0; time < habit.times; time++) yield flowOf(habit, day, dice, time);
  }
}

function flowOf(habit: Habit, day: number, dice: Dice, time: number): OfficeFlow {
  const { client, servers, service, dynamic, unanswered = false } = habit;
  // Who is asked changes, but everybody is asked in turn.
  const server = servers[(time + day) % servers.length]!;
  const at = service.indexOf('/');
  const restart = Math.floor(day / 7);
  const firstMs = FIRST_DAY_MS + day * DAY_MS + dice(DAY_MS);
  const flow: LearnedFlow = {
    transport: (at < 0 ? service : service.slice(0, at)) as LearnedFlow['transport'],
    client,
    clientPort: 49_152 + dice(16_000),
    server,
    serverPort:
      dynamic === true
        ? RPC_FIRST + ((restart * 131 + server.charCodeAt(server.length - 1) * 17) % 900)
        : Number(service.slice(at + 1)),
    toClient: NO_PACKETS,
    firstMs,
    lastMs: firstMs + 1000,
    direction: BY_SYN,
    locator: `day${day}.pcap#${dice(1e6)}`,
  };
  return { flow, answered: !unanswered };
}
