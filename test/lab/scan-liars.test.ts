/**
 * Hosts that lie: answers with wrong numbers, from other hosts, damaged, short, late or by the
 * hundred, ICMP errors about what nobody asked. Nothing of it makes a port open or closed that is
 * not, and nothing is believed that a kernel would not believe.
 */
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { built, runCli } from '../e2e/run-cli.ts';
import { describeLab, Lab, type Space } from './lab.ts';

const LIARS = fileURLToPath(new URL('./liars.py', import.meta.url));
const NET = '10.75.0';
const NET6 = 'fd75::';

interface Answer {
  readonly facts: { readonly states: Readonly<Record<string, number>> };
  readonly ports: readonly { readonly address: string; readonly port: number }[];
  readonly hosts: readonly {
    readonly address: string;
    readonly groups: readonly { readonly state: string; readonly reason: string }[];
  }[];
  readonly notes: readonly { readonly id: string; readonly what: string }[];
}

/** By the last octet of the address (see `liars.py`): what all of its ports are. */
const SILENT = 'filtered no-response';
const TCP: readonly (readonly [host: number, how: string, state: string])[] = [
  [10, 'acknowledges what was not sent', SILENT],
  [12, 'answers as another host and port', SILENT],
  [14, 'resets by the hundred', 'closed reset'],
  [16, 'sends errors about other questions', SILENT],
  [18, 'sends damaged answers', SILENT],
  [20, 'sends a hundred errors', 'filtered admin-prohibited'],
  [22, 'resets, then accepts, then prohibits', 'closed reset'],
  [24, 'sends pieces of answers', SILENT],
  [28, 'answers when nobody listens any more', SILENT],
];
const UDP: readonly (readonly [host: number, how: string, state: string])[] = [
  [40, 'answers with nothing', 'open'],
  [44, 'answers from another port', 'open'],
  [46, 'answers fifty times', 'open'],
  [48, 'answers with 65,507 octets', 'open'],
  [50, 'says that nobody listens', 'closed port-unreach'],
];

describeLab('portreeve scan of hosts that lie', ['ip', 'python3'], () => {
  const lab = new Lab();
  let here: Space;

  beforeAll(async () => {
    expect(built).toBe(true);
    here = lab.space('here');
    const there = lab.space('there');
    lab.join(here, there, [`${NET}.1/24`, `${NET6}1/64`], []);
    await once(there.start('python3', [LIARS, NET, NET6]).stdout!, 'data');
  });
  afterAll(() => lab.close());

  async function scan(words: readonly string[], wrapper: readonly string[] = []): Promise<Answer> {
    const { out, err, code } = await runCli(['scan', ...words, '--json'], {
      wrapper: ['ip', 'netns', 'exec', here.name, ...wrapper],
    });
    expect(err).toBe('');
    expect(code).toBe(0);
    return JSON.parse(out) as Answer;
  }

  /** Each host's state, `open` where a port of it is; several where its ports differ. */
  function statesOf({ hosts, ports }: Answer): Map<number, string> {
    return new Map(
      hosts.map(({ address, groups }) => {
        const states = groups.map(({ state, reason }) => `${state} ${reason}`);
        if (ports.some((each) => each.address === address)) states.push('open');
        return [lastOctet(address), states.join(', ')];
      }),
    );
  }

  function lastOctet(address: string): number {
    const six = address.startsWith(NET6) ? address.slice(NET6.length) : undefined;
    return six === undefined ? Number(address.split('.')[3]) : Number.parseInt(six, 16);
  }

  const asWritten = (rows: typeof TCP, how: (state: string) => string = (state) => state) =>
    new Map(rows.map(([host, name, state]) => [`${host} ${name}`, how(state)]));
  const asFound = (rows: typeof TCP, states: Map<number, string>) =>
    new Map(rows.map(([host, name]) => [`${host} ${name}`, states.get(host) ?? 'not found']));

  it.each([
    ['syn', []],
    ['connect', []],
    ['connect', ['sh', '-c', 'ulimit -n 256; exec "$@"', 'sh']],
  ] as const)('believes by %s what a kernel would (%j)', async (engine, wrapper) => {
    // The storm of errors meets connections half made: Linux tells of some, and of others not.
    const rows = TCP.filter(([host]) => engine === 'syn' || host !== 20);
    const targets = rows.map(([host]) => `${NET}.${host}`);
    const found = await scan([...targets, '-p', '20-79,3389', '--engine', engine], wrapper);
    const refused = (state: string): string =>
      engine === 'syn' ? state : state.replace('closed reset', 'closed conn-refused');
    expect(asFound(rows, statesOf(found))).toEqual(asWritten(rows, refused));
    const sum = Object.values(found.facts.states).reduce((total, count) => total + count, 0);
    expect(sum).toBe(rows.length * 61);
  });

  it.each(['syn', 'connect'] as const)('believes no more over IPv6 by %s', async (engine) => {
    // The kernel refuses a socket when anybody says of it that it is prohibited, damaged or not.
    const rows = TCP.filter(([host]) => engine === 'syn' || host !== 20);
    const targets = rows.map(([host]) => `${NET6}${host.toString(16)}`);
    const found = await scan([...targets, '-p', '20-79,3389', '--engine', engine]);
    const refused = (state: string): string =>
      engine === 'syn' ? state : state.replace('closed reset', 'closed conn-refused');
    expect(asFound(rows, statesOf(found))).toEqual(asWritten(rows, refused));
  });

  it('takes an answer behind extension headers, and with IP options', async () => {
    const found = await scan([`${NET6}1a`, `${NET}.26`, '-p', '20-79', '--engine', 'syn']);
    expect(found.facts.states).toEqual({ 'open syn-ack': 120 });
  });

  it('finds no neighbour that lies about itself, and one that says so 1,000 times', async () => {
    const found = await scan([`${NET6}3c-${NET6}47`, '-p', '80', '--no-discovery']);
    const there = found.hosts.filter(({ groups }) => groups[0]?.reason !== 'host-unreach');
    expect(there.map(({ address }) => address)).toEqual([`${NET6}46`]);
    expect(found.facts.states).toEqual({ 'filtered host-unreach': 11, 'filtered no-response': 1 });
  });

  it('takes UDP answers of any size and number for one', async () => {
    const targets = UDP.map(([host]) => `${NET}.${host}`);
    const found = await scan([...targets, '-t', 'udp', '-p', '53,123', '--patience', '1']);
    expect(asFound(UDP, statesOf(found))).toEqual(asWritten(UDP));
    expect(found.ports.length).toBe(8);
  });

  it('says that one device answers for many addresses', async () => {
    const found = await scan([`${NET}.100-131`, '-p', '80', '--timing', '4']);
    expect(found.notes.find(({ id }) => id === 'proxy-arp')?.what).toContain('32 addresses');
  });
});
