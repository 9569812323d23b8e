/**
 * Does the kernel do what our evaluation says? Random packets (IPv4, IPv6, TCP, UDP, SCTP, ICMP,
 * fragments) cross a router whose rules we rendered; who arrives behind it is compared with the
 * evaluation of the plan and of the text read back. Before it stands a second router that lets all
 * pass and writes the connection's state into the DSCP field, so that the state is the kernel's too.
 *
 * PORTREEVE_KERNEL_PACKETS=200000 sends that many instead of a few thousand.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { iptables } from '../../src/acl/iptables.ts';
import { nftables } from '../../src/acl/nftables.ts';
import type { Platform } from '../../src/acl/platform.ts';
import type { Node } from '../../src/net/decision-diagram.ts';
import { type PacketHeader, STATES } from '../../src/net/header-fields.ts';
import { ALL_PACKETS } from '../../src/net/header-space.ts';
import { lookUp, witness } from '../../src/net/header-witness.ts';
import { acceptedBy, decide, verdictSpaces } from '../../src/policy/evaluate.ts';
import type { Plan } from '../../src/policy/plan.ts';
import { join } from '../builders/bytes.ts';
import { packetNear, randomFilterPlan } from '../builders/filter.ts';
import { diceOf } from '../builders/policy.ts';
import { connectionKey, framesOf, sequencesOf } from './kernel-frames.ts';
import { joinInARow } from './kernel-path.ts';
import { describeLab, Lab, run, type Space } from './lab.ts';
import { Recording } from './recording.ts';

const PACKETS = Number(process.env.PORTREEVE_KERNEL_PACKETS ?? 8_000);
const BATCH = 1000;
const SENDER = new URL('./send-frames.mjs', import.meta.url).pathname;
const hook = 'forward' as const;

/** States by DSCP value, counted from 1. */
const MARKS = STATES.flatMap((state, index) => [
  `ct state ${state} ip dscp set ${index + 1}`,
  `ct state ${state} ip6 dscp set ${index + 1}`,
]);
const MARKER = `table inet marker { chain pre {
  type filter hook prerouting priority mangle; policy accept;
  ${MARKS.join('\n  ')}
 }
}
`;

/**
 * Without state there are fragments alone only for the older iptables: this kernel's nftables takes
 * what lies where a header would be for one, so that nothing can be said of them. With state all
 * fragments are put together first: `cut` sends packets in two.
 */
const KINDS = [
  { platform: nftables, programs: [], stateful: false, fragments: false, cut: false },
  {
    platform: iptables,
    programs: ['iptables-legacy', 'ip6tables-legacy'],
    ...{ stateful: false, fragments: true, cut: false },
  },
  { platform: nftables, programs: [], stateful: true, fragments: false, cut: false },
  {
    platform: iptables,
    programs: ['iptables', 'ip6tables'],
    ...{ stateful: true, fragments: false, cut: false },
  },
  { platform: nftables, programs: [], stateful: true, fragments: false, cut: true },
  {
    platform: iptables,
    programs: ['iptables-legacy', 'ip6tables-legacy'],
    ...{ stateful: true, fragments: false, cut: true },
  },
] as const;

interface Batch {
  readonly platform: Platform;
  readonly programs: readonly string[];
  readonly stateful: boolean;
  readonly cut: boolean;
  readonly plan: Plan;
  readonly packets: readonly PacketHeader[];
  readonly first: number;
}

describeLab('rules in the kernel', ['ip', 'nft', 'iptables', 'tcpdump', 'sysctl'], () => {
  const lab = new Lab();
  const folder = path(tmpdir(), `portreeve-kernel-${process.pid}`);
  let sender: Space;
  let marker: Space;
  let router: Space;
  let far: Space;
  let mac = '';

  beforeAll(() => {
    run('mkdir', '-p', folder);
    sender = lab.space('a');
    marker = lab.space('m');
    router = lab.space('r');
    far = lab.space('b');
    mac = joinInARow(lab, [sender, marker, router, far]);
  });

  afterAll(async () => {
    await lab.close();
    run('rm', '-rf', folder);
  });

  /** Makes connections forgotten soon, so that the table does not fill up. */
  function shorten(space: Space): void {
    const names = space
      .run('sysctl', '-aN', '--pattern', 'net.netfilter.nf_conntrack_.*timeout')
      .split('\n')
      .filter((name) => /timeout/.test(name) && !/stream|_v6|frag/.test(name));
    for (const name of names) space.run('sysctl', '-qw', `${name}=1`);
  }

  function load(batch: Batch): void {
    const { text, refusals } = batch.platform.render(batch.plan);
    if (text === undefined) throw new Error(refusals.map(({ what }) => what).join(' '));
    const file = path(folder, 'rules');
    writeFileSync(file, text);
    router.run('nft', 'flush', 'ruleset');
    for (const program of ['iptables-legacy', 'ip6tables-legacy']) {
      router.run(program, '-F');
      router.run(program, '-P', 'FORWARD', 'ACCEPT');
      router.run(program, '-X');
    }
    marker.run('nft', 'flush', 'ruleset');
    if (batch.stateful && !batch.cut) {
      const marks = path(folder, 'marks');
      writeFileSync(marks, MARKER);
      marker.run('nft', '-f', marks);
    }
    if (batch.platform === nftables) {
      router.run('nft', '-c', '-f', file);
      router.run('nft', '-f', file);
    } else {
      for (const program of batch.programs) {
        router.run(`${program}-restore`, '--test', '--noflush', file);
        router.run(`${program}-restore`, '--noflush', file);
      }
    }
    const listed =
      batch.platform === nftables
        ? [router.run('nft', 'list', 'table', 'inet', 'portreeve')]
        : batch.programs.map((program) => router.run(`${program}-save`, '-t', 'filter'));
    sameAsListed(batch, listed);
    if (batch.stateful) for (const space of [marker, router]) shorten(space);
  }

  const capture = (space: Space, file: string): Promise<Recording> =>
    Recording.start(space, file, '-Q', 'in', '-s', '200');

  it(`agrees with the evaluation on ${PACKETS} random packets`, async () => {
    const dice = diceOf(2026);
    const used = new Set<string>();
    const batches: Batch[] = [];
    for (let first = 0; first < PACKETS; first += BATCH) {
      const kind = KINDS[batches.length % KINDS.length]!;
      const { platform, stateful, fragments, cut } = kind;
      let plan = randomFilterPlan(dice, stateful);
      while (platform.render(plan).text === undefined) plan = randomFilterPlan(dice, stateful);
      const { rules } = plan.filter.chains[0]!;
      const packets: PacketHeader[] = [];
      while (packets.length < BATCH) {
        const packet = packetNear(dice, rules, fragments);
        // A second packet of a connection has a state that depends on what became of the first.
        const key = connectionKey(packet);
        if (stateful && used.has(key)) continue;
        if (cut && !surelyNew(packet)) continue;
        used.add(key);
        packets.push(packet);
      }
      batches.push({ ...kind, plan, packets, first });
    }
    const [before, behind] = [path(folder, 'before.pcap'), path(folder, 'behind.pcap')];
    const recordings = [await capture(router, before), await capture(far, behind)];
    for (const batch of batches) {
      load(batch);
      const frames = batch.packets.map((packet, at) =>
        framesOf(packet, mac, batch.first + at, batch.cut),
      );
      const file = path(folder, 'frames');
      writeFileSync(file, join(...frames));
      sender.run(process.execPath, SENDER, 'eth0', file);
      await sleep(50);
    }
    for (const recording of recordings) await recording.end();
    compare(batches, seen(before), seen(behind));
  }, 1_800_000);
});

const seen = (file: string) => sequencesOf(new Uint8Array(readFileSync(file)));

/** What opens a connection for the kernel without a look at what came before. */
function surelyNew({ family, protocol, tcpFlags, icmpType }: PacketHeader): boolean {
  if (protocol === 6) return tcpFlags === 2;
  return (
    protocol === 17 ||
    (protocol === (family === 4 ? 1 : 58) && icmpType === (family === 4 ? 8 : 128))
  );
}

/** What the kernel's own tools list of what was loaded reads as the same filter. */
function sameAsListed({ platform, plan }: Batch, listed: readonly string[]): void {
  const spaces = verdictSpaces();
  let accepted: Node = ALL_PACKETS;
  for (const text of listed) {
    const { filter, faults } = platform.parse(text);
    expect(faults, text).toEqual([]);
    accepted = spaces.intersection(accepted, acceptedBy(spaces, filter, { hook }));
  }
  const meant = acceptedBy(spaces, plan.filter, { hook });
  const differs = spaces.union(
    spaces.difference(meant, accepted),
    spaces.difference(accepted, meant),
  );
  expect(witness(spaces, differs), listed.join('\n')).toBeUndefined();
}

/** `arrived` and `through` give the DSCP by sequence number. */
function compare(
  batches: readonly Batch[],
  arrived: ReadonlyMap<number, number>,
  through: ReadonlyMap<number, number>,
): void {
  const counts = { sent: 0, compared: 0, accepted: 0, wrong: 0 };
  const byState: Record<string, number> = {};
  const wrong: unknown[] = [];
  for (const { platform, plan, packets, first, stateful, cut } of batches) {
    const text = platform.render(plan).text!;
    const read = platform.parse(text);
    expect(read.faults).toEqual([]);
    const spaces = verdictSpaces();
    const set = acceptedBy(spaces, plan.filter, { hook });
    packets.forEach((sent, at) => {
      counts.sent++;
      const mark = arrived.get(first + at);
      if (mark === undefined) return;
      const marked = stateful && !cut;
      if (marked && mark === 0) throw new Error('a packet has no state');
      const packet = { ...sent, state: marked ? STATES[mark - 1]! : sent.state };
      const kind = cut ? 'cut' : stateful ? packet.state : 'stateless';
      counts.compared++;
      byState[kind] = (byState[kind] ?? 0) + 1;
      const passed = through.has(first + at);
      if (passed) counts.accepted++;
      const meant = decide(plan.filter, { hook }, packet).verdict === 'accept';
      const told = decide(read.filter, { hook }, packet).verdict === 'accept';
      const inSet = lookUp(spaces, set, packet) === 1;
      if (passed === meant && meant === told && told === inSet) return;
      counts.wrong++;
      if (wrong.length < 5)
        wrong.push({ platform: platform.name, passed, meant, told, inSet, packet, text });
    });
  }
  console.log(JSON.stringify({ ...counts, byState }));
  expect(wrong, JSON.stringify(wrong, null, 1)).toEqual([]);
  // What queues dropped on the way proves nothing, so nearly nothing may be lost.
  expect(counts.compared).toBeGreaterThan(0.99 * counts.sent);
  expect(counts.accepted).toBeGreaterThan(0.1 * counts.sent);
  expect(counts.accepted).toBeLessThan(0.9 * counts.sent);
}
