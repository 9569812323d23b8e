/**
 * Every number that a detector holds against what it measured, in one table: its name for
 * `--threshold name=value`, its default, what it means and where the default comes from.
 * docs/findings.md repeats the table; a test holds the two together.
 */

export interface Threshold {
  readonly name: ThresholdName;
  readonly standard: number;
  readonly least: number;
  readonly most: number;
  readonly what: string;
}

const COUNT = 1e9;

const TABLE = {
  'scan-hosts': [25, 2, COUNT, 'hosts that one source fails to reach on few ports'],
  'scan-ports': [15, 2, COUNT, 'ports of one host that one source fails to reach'],
  'scan-pairs': [25, 2, COUNT, 'pairs of host and port that one source fails to reach'],
  'scan-few': [5, 1, 1000, 'ports at most for a scan of hosts, hosts at most for a scan of ports'],
  'scan-failed': [0.5, 0, 1, 'share of the tried that fails'],
  'scan-pace': [20, 0, COUNT, 'seconds for each attempt from which a scan is a slow one'],
  'dark-hits': [3, 1, COUNT, 'unused addresses (--dark) tried, from which the next two hold'],
  'dark-hosts': [3, 1, COUNT, 'as scan-hosts, for a source with dark hits'],
  'dark-pairs': [10, 1, COUNT, 'as scan-pairs, for a source with dark hits'],
  'hop-ports': [8, 3, COUNT, 'ports of one pair of hosts that one application hops over'],
  'hop-packets': [4, 1, 1000, 'packets each way at most on each of these ports'],
  'hop-same-size': [0.9, 0, 1, 'share of them with the commonest length'],
  'hop-churn': [0.8, 0, 1, 'ports for each flow: how often the port changes'],
  'probe-ports': [8, 3, COUNT, 'ports tried by one source with packets of one length'],
  'probe-same-size': [0.9, 0, 1, 'share of the attempts with the commonest length'],
  'probe-entropy': [0.9, 0, 1, 'how evenly they spread over ports; 1 = evenly'],
  'probe-answered': [0.2, 0, 1, 'share of them at most that was answered'],
  'backscatter-hosts': [10, 1, COUNT, 'hosts that get answers from one endpoint they never asked'],
  'broadcast-share': [0.3, 0, 1, 'share of all packets that go to group addresses'],
  'broadcast-packets': [100, 1, COUNT, 'packets to group addresses at least'],
  'silent-packets': [10, 1, COUNT, 'packets from a host that nothing was sent to'],
  'once-asked': [5, 2, COUNT, 'times an endpoint was asked that answered once only'],
  'one-way-connections': [5, 1, COUNT, 'TCP connections at least before one-sidedness is judged'],
  'one-way-share': [0.5, 0, 1, 'share of them of which one direction alone was captured'],
  'asymmetry-packets': [50, 2, COUNT, 'packets of a TCP conversation before its balance is judged'],
  'asymmetry-share': [0.05, 0, 0.5, 'share of the packets at most that the quieter end sent'],
} as const satisfies Record<string, readonly [number, number, number, string]>;

export type ThresholdName = keyof typeof TABLE;
export type Thresholds = Readonly<Record<ThresholdName, number>>;

export const THRESHOLDS: readonly Threshold[] = Object.entries(TABLE).map(
  ([name, [standard, least, most, what]]) => ({
    name: name as ThresholdName,
    standard,
    least,
    most,
    what,
  }),
);

/** All thresholds, the given ones in place of the defaults. */
export function thresholdsOf(given: Partial<Thresholds> = {}): Thresholds {
  const all = Object.fromEntries(THRESHOLDS.map(({ name, standard }) => [name, standard]));
  return { ...(all as Record<ThresholdName, number>), ...given };
}
