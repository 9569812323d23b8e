/**
 * Joins what a host says of its sockets with what was seen of it from the network, and with
 * traffic: one row for each endpoint, those that deserve attention first. Ports on which nothing
 * listens and nothing answers are no rows. Pure; looking and asking again is done by who calls.
 */
import type {
  BindRefusal,
  ComparedEndpoint,
  CompareInput,
  NetworkSide,
  ObservedPort,
  SeenService,
  SideView,
} from '../../model/comparison.ts';
import { VERDICTS } from '../../model/comparison.ts';
import type { Listener } from '../../model/listener.ts';
import { describeListener, isServing, type Place, SocketIndex, type Sockets } from './endpoints.ts';
import { type Case, type Judgement, judge } from './judge.ts';

/** Further apart than this, the two sides may both be right of their time. */
const FAR_APART_MS = 3_600_000;
const WEAKER = { certain: 'likely', likely: 'open', open: 'open' } as const;

/** Rows of all vantages, those that contradict each other first. Nothing is asked here. */
export function compare(input: CompareInput): ComparedEndpoint[] {
  const index = new SocketIndex(input.host);
  const traffic = new TrafficIndex(input.traffic);
  const rows: ComparedEndpoint[] = [];
  const seen = new Set<Listener>();
  const places = new Set<string>();
  for (const network of input.networks) {
    const lookup = new Observations(network);
    for (const port of network.ports) {
      if (port.transport === 'raw' || port.transport === 'packet') continue;
      places.add(placeKey(port));
      const sockets = index.at(port);
      for (const listener of [...sockets.covering, ...sockets.elsewhere]) seen.add(listener);
      const given: Case = {
        seen: port,
        sockets,
        host: input.host,
        network,
        ...lookup.beside(port),
      };
      const judgement = judge(given);
      if (judgement !== undefined) rows.push(rowOf(given, judgement, traffic));
    }
  }
  return merged([
    ...fromOutside(rows, input.networks),
    ...unprobed(input, seen, traffic),
    ...trafficOnly(input, index, places, traffic),
    ...refused(input, index, rows),
  ]).sort(byAttention);
}

function placeKey({ address, transport, port }: Place): string {
  return `${transport} ${port} ${address}`;
}

/** What else was seen from the same place, for one port. */
class Observations {
  private readonly byPort = new Map<string, ObservedPort[]>();
  private readonly ttls = new Map<string, number | undefined>();

  constructor(network: NetworkSide) {
    const counts = new Map<string, Map<number, number>>();
    for (const port of network.ports) {
      const key = `${port.transport} ${port.port}`;
      const list = this.byPort.get(key);
      if (list === undefined) this.byPort.set(key, [port]);
      else list.push(port);
      if (port.ttl === undefined) continue;
      const ttls = counts.get(port.address) ?? new Map<number, number>();
      ttls.set(port.ttl, (ttls.get(port.ttl) ?? 0) + 1);
      counts.set(port.address, ttls);
    }
    for (const [address, ttls] of counts) this.ttls.set(address, usual(ttls));
  }

  beside({ address, transport, port }: ObservedPort): Pick<Case, 'otherFamily' | 'usualTtl'> {
    const six = address.includes(':');
    const others = this.byPort.get(`${transport} ${port}`) ?? [];
    return {
      otherFamily: others.filter((each) => each.address.includes(':') !== six),
      usualTtl: this.ttls.get(address),
    };
  }
}

/** What two thirds of at least three answers share. */
function usual(ttls: ReadonlyMap<number, number>): number | undefined {
  const total = [...ttls.values()].reduce((sum, count) => sum + count, 0);
  const [ttl, count = 0] = [...ttls].sort((left, right) => right[1] - left[1])[0] ?? [];
  return total >= 3 && count * 3 >= total * 2 ? ttl : undefined;
}

function rowOf(
  { seen, sockets, network, host }: Case,
  judgement: Judgement,
  index: TrafficIndex,
): ComparedEndpoint {
  const apart = Math.abs(network.seenMs - host.seenMs);
  const old = apart > FAR_APART_MS;
  const traffic = index.at(seen);
  return {
    kind: 'endpoint',
    addresses: [seen.address],
    transport: seen.transport,
    port: seen.port,
    verdict: judgement.verdict,
    sure: old ? WEAKER[judgement.sure] : judgement.sure,
    why: old ? `${judgement.why} (the two sides are ${hours(apart)} apart)` : judgement.why,
    do: judgement.do,
    host: hostView(sockets, judgement.listener),
    network: {
      says: `${seen.state} (${seen.reason}) from ${network.vantage.name}`,
      evidence: [seen.evidence],
    },
    ...(traffic === undefined ? {} : { traffic }),
    vantages: [network.vantage.name],
    ...(judgement.listener === undefined ? {} : { listener: judgement.listener }),
  };
}

function hours(ms: number): string {
  const whole = Math.round(ms / 3_600_000);
  return whole < 48 ? `${whole} hours` : `${Math.round(whole / 24)} days`;
}

function hostView(
  { covering, elsewhere, otherNetworks }: Sockets,
  listener: Listener | undefined,
): SideView {
  const all = [...covering, ...elsewhere, ...otherNetworks];
  const shown =
    listener === undefined ? all : [listener, ...all.filter((each) => each !== listener)];
  if (shown.length === 0) return { says: 'no socket', evidence: [] };
  return {
    says: shown.slice(0, 3).map(describeListener).join('; '),
    evidence: shown.map(({ evidence }) => evidence),
  };
}

/** What traffic proved, by endpoint. */
class TrafficIndex {
  private readonly byPlace = new Map<string, SeenService[]>();

  constructor(traffic: readonly SeenService[]) {
    for (const service of traffic) {
      const key = placeKey(service);
      const list = this.byPlace.get(key);
      if (list === undefined) this.byPlace.set(key, [service]);
      else list.push(service);
    }
  }

  at(place: Place): SideView | undefined {
    const found = this.byPlace.get(placeKey(place));
    if (found === undefined) return undefined;
    const clients = found.reduce((most, each) => Math.max(most, each.clients), 0);
    return {
      says: `answered ${clients} client${clients === 1 ? '' : 's'}`,
      evidence: found.map(({ evidence }) => evidence),
    };
  }
}

const NOT_ASKED: SideView = { says: 'not asked', evidence: [] };

/** Sockets that nobody looked at from outside. */
function unprobed(
  { host }: CompareInput,
  seen: ReadonlySet<Listener>,
  traffic: TrafficIndex,
): ComparedEndpoint[] {
  return host.listeners
    .filter(
      (listener) => !seen.has(listener) && listener.network === undefined && isServing(listener),
    )
    .filter(({ local }) => local.transport !== 'raw' && local.transport !== 'packet')
    .map((listener) => {
      const { address, transport, port } = listener.local;
      const answered = traffic.at({ address, transport, port });
      return {
        kind: 'endpoint',
        addresses: [address],
        transport,
        port,
        verdict: 'not-probed',
        sure: 'certain',
        why:
          listener.exposure === 'loopback'
            ? `${describeListener(listener)}: only the machine itself can reach it`
            : `${describeListener(listener)}: nobody looked from outside`,
        do: [],
        host: { says: describeListener(listener), evidence: [listener.evidence] },
        network: NOT_ASKED,
        ...(answered === undefined ? {} : { traffic: answered }),
        vantages: [],
        listener,
      };
    });
}

/** Services that traffic proves on the host's addresses, and that no side knows. */
function trafficOnly(
  { host, traffic, networks }: CompareInput,
  index: SocketIndex,
  places: ReadonlySet<string>,
  proved: TrafficIndex,
): ComparedEndpoint[] {
  const mine = new Set(
    host.addresses ?? networks.flatMap(({ ports }) => ports.map(({ address }) => address)),
  );
  return traffic
    .filter(
      (each) =>
        mine.has(each.address) &&
        index.at(each).covering.length === 0 &&
        !places.has(placeKey(each)),
    )
    .map((each) => ({
      kind: 'endpoint',
      addresses: [each.address],
      transport: each.transport,
      port: each.port,
      verdict: 'traffic-only',
      sure: 'open',
      why: 'traffic was answered there, and the host shows no socket: it ended since, or it is hidden',
      do: ['look again while it is in use: portreeve sockets --watch'],
      host: { says: 'no socket', evidence: [] },
      network: NOT_ASKED,
      traffic: proved.at(each) ?? NOT_ASKED,
      vantages: [],
    }));
}

/** Ports that cannot be bound although the host shows nothing there. */
function refused(
  { refusals, host }: CompareInput,
  index: SocketIndex,
  rows: readonly ComparedEndpoint[],
): ComparedEndpoint[] {
  const known = new Set(rows.map(({ transport, port }) => `${transport} ${port}`));
  const local = new Set(
    host.connections.map(({ local: each }) => `${each.transport} ${each.port}`),
  );
  return refusals
    .filter(({ transport, port }) => {
      const { covering, elsewhere } = index.at({ address: '0.0.0.0', transport, port });
      const key = `${transport} ${port}`;
      return covering.length + elsewhere.length === 0 && !known.has(key) && !local.has(key);
    })
    .map((refusal) => refusedRow(refusal, host.whole));
}

function refusedRow({ transport, port, because }: BindRefusal, whole: boolean): ComparedEndpoint {
  const forbidden = because === 'forbidden';
  return {
    kind: 'endpoint',
    addresses: ['0.0.0.0'],
    transport,
    port,
    verdict: forbidden ? 'reserved' : 'hidden',
    sure: forbidden || whole ? 'likely' : 'open',
    why: forbidden
      ? 'the system sets the port aside: nothing holds it, and nothing may'
      : 'the port is in use, and the host shows no socket there: a hidden process',
    do: forbidden
      ? []
      : ['compare the processes seen from outside (ps by a static binary, a rescue system)'],
    host: { says: forbidden ? 'bind forbidden' : 'bind refused: in use', evidence: [] },
    network: NOT_ASKED,
    vantages: [],
  };
}

/** Who looked from further away decides; what the nearer ones saw stays with the row. */
const DISTANCE = { network: 3, beside: 2, unknown: 1, self: 0 } as const;

function fromOutside(
  rows: readonly ComparedEndpoint[],
  networks: readonly NetworkSide[],
): ComparedEndpoint[] {
  const distance = new Map(networks.map(({ vantage }) => [vantage.name, DISTANCE[vantage.kind]]));
  const far = (row: ComparedEndpoint): number => distance.get(row.vantages[0] ?? '') ?? 0;
  const byPlace = new Map<string, ComparedEndpoint>();
  for (const row of [...rows].sort((left, right) => far(right) - far(left))) {
    const key = `${row.transport} ${row.port} ${row.addresses[0]}`;
    const first = byPlace.get(key);
    byPlace.set(key, first === undefined ? row : seenTwice(first, row));
  }
  return [...byPlace.values()];
}

function seenTwice(first: ComparedEndpoint, row: ComparedEndpoint): ComparedEndpoint {
  return {
    ...first,
    network: {
      says: `${first.network.says}; ${row.network.says}`,
      evidence: [...first.network.evidence, ...row.network.evidence],
    },
    vantages: [...first.vantages, ...row.vantages],
  };
}

/** Rows that say the same of several addresses of one host become one. */
function merged(rows: readonly ComparedEndpoint[]): ComparedEndpoint[] {
  const byKey = new Map<string, ComparedEndpoint>();
  for (const row of rows) {
    const listener = row.listener;
    const socket =
      listener === undefined ? '' : `${listener.local.address} ${listener.evidence.locator}`;
    const key = `${row.transport} ${row.port} ${row.verdict} ${row.sure} ${socket}`;
    const first = byKey.get(key);
    if (first === undefined) byKey.set(key, row);
    else byKey.set(key, together(first, row));
  }
  return [...byKey.values()];
}

function together(first: ComparedEndpoint, row: ComparedEndpoint): ComparedEndpoint {
  return {
    ...first,
    addresses: [...new Set([...first.addresses, ...row.addresses])],
    vantages: [...new Set([...first.vantages, ...row.vantages])],
    network: { ...first.network, evidence: [...first.network.evidence, ...row.network.evidence] },
  };
}

function byAttention(left: ComparedEndpoint, right: ComparedEndpoint): number {
  return (
    VERDICTS.indexOf(left.verdict) - VERDICTS.indexOf(right.verdict) ||
    left.port - right.port ||
    (left.transport < right.transport ? -1 : left.transport > right.transport ? 1 : 0)
  );
}

/** Verdicts that say that the two sides contradict each other and should be asked again. */
const MISMATCHES: ReadonlySet<string> = new Set([
  'hidden',
  'stale-address',
  'proxy',
  'firewall-asymmetry',
  'rejected',
  'traffic-only',
]);

/** Whether host and network contradict each other, so that asking once more is worth while. */
export function isMismatch({ verdict }: ComparedEndpoint): boolean {
  return MISMATCHES.has(verdict);
}
