/**
 * Do rules that other people wrote mean for us what they mean for the kernel? Random texts in words
 * that our renderer does not use are loaded into a router, random packets are sent through it, and
 * who arrives behind it is compared with the evaluation of the text.
 *
 * PORTREEVE_KERNEL_TEXTS=600 loads that many texts instead of a few.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { iptables } from '../../src/acl/iptables.ts';
import { nftables } from '../../src/acl/nftables.ts';
import type { Address } from '../../src/net/address.ts';
import type { PacketHeader } from '../../src/net/header-fields.ts';
import { lookUp } from '../../src/net/header-witness.ts';
import { acceptedBy, decide, verdictSpaces } from '../../src/policy/evaluate.ts';
import type { Filter } from '../../src/policy/filter.ts';
import { join } from '../builders/bytes.ts';
import { packetNear } from '../builders/filter.ts';
import { iptablesText, nftablesText } from '../builders/filter-texts.ts';
import { type Dice, diceOf } from '../builders/policy.ts';
import { connectionKey, framesOf, sequencesOf } from './kernel-frames.ts';
import { joinInARow } from './kernel-path.ts';
import { describeLab, Lab, run, type Space } from './lab.ts';
import { Recording } from './recording.ts';

const TEXTS = Number(process.env.PORTREEVE_KERNEL_TEXTS ?? 15);
const PACKETS = 150;
const SENDER = new URL('./send-frames.mjs', import.meta.url).pathname;
/** Protocols whose packets are whole; others the kernel would drop for what is wrong in them. */
const BUILT = [1, 6, 17, 47, 58, 132, 136];
const VANTAGE = { hook: 'forward', inNames: ['eth0'], outNames: ['eth1'] } as const;
const PROGRAMS = ['nft', 'iptables-legacy', 'ip6tables-legacy', 'iptables-nft', 'ip6tables-nft'];

/** A text that the kernel took, and what is sent through it. */
interface Trial {
  readonly program: string;
  readonly text: string;
  readonly filter: Filter;
  readonly packets: readonly PacketHeader[];
  readonly first: number;
}

describeLab('texts of others in the kernel', ['ip', 'nft', 'iptables', 'tcpdump', 'sysctl'], () => {
  const lab = new Lab();
  const folder = path(tmpdir(), `portreeve-texts-${process.pid}`);
  let sender: Space;
  let router: Space;
  let far: Space;
  let mac = '';
  const used = new Set<string>();
  const refused: string[] = [];

  beforeAll(() => {
    run('mkdir', '-p', folder);
    [sender, router, far] = [lab.space('a'), lab.space('r'), lab.space('b')];
    mac = joinInARow(lab, [sender, router, far]);
  });

  afterAll(async () => {
    await lab.close();
    run('rm', '-rf', folder);
  });

  /** Undefined where the kernel, or nft before it, does not take the text. */
  function load(program: string, text: string): boolean {
    const file = path(folder, 'rules');
    writeFileSync(file, text);
    router.run('nft', 'flush', 'ruleset');
    for (const other of ['iptables-legacy', 'ip6tables-legacy']) {
      router.run(other, '-P', 'FORWARD', 'ACCEPT');
      router.run(other, '-F');
      router.run(other, '-X');
    }
    const words = program === 'nft' ? ['nft', '-f', file] : [`${program}-restore`, file];
    const done = spawnSync('ip', ['netns', 'exec', router.name, ...words], { encoding: 'utf8' });
    if (done.status !== 0) refused.push(`${done.stderr}\n${text}`);
    return done.status === 0;
  }

  function trial(dice: Dice, index: number): Trial | undefined {
    const program = PROGRAMS[index % PROGRAMS.length]!;
    const stateful = dice(2) === 0;
    const text =
      program === 'nft'
        ? nftablesText(dice, stateful)
        : iptablesText(dice, program.startsWith('ip6'), stateful);
    const { filter, faults } = (program === 'nft' ? nftables : iptables).parse(text);
    expect(faults, text).toEqual([]);
    if (!load(program, text)) return undefined;
    const rules = filter.chains
      .flatMap((chain) => chain.rules)
      .filter(({ match }) => match.source?.length !== 0 && match.destination?.length !== 0);
    // Packets are made near what rules ask.
    if (rules.length === 0) return undefined;
    const packets: PacketHeader[] = [];
    for (let tries = 0; packets.length < PACKETS && tries < 20 * PACKETS; tries++) {
      const packet = packetNear(dice, rules, false);
      if (!isRouted(packet.source) || !isRouted(packet.destination)) continue;
      if (!BUILT.includes(packet.protocol)) continue;
      const key = connectionKey(packet);
      if (stateful && (used.has(key) || !surelyNew(packet))) continue;
      used.add(key);
      packets.push(packet);
    }
    return { program, text, filter, packets, first: index * PACKETS };
  }

  it(`decide as they are read: ${TEXTS} texts`, async () => {
    const dice = diceOf(Number(process.env.PORTREEVE_SEED ?? 2027));
    const file = path(folder, 'behind.pcap');
    const recording = await Recording.start(far, file, '-Q', 'in', '-s', '200');
    const trials: Trial[] = [];
    for (let index = 0; index < TEXTS; index++) {
      const made = trial(dice, index);
      if (made === undefined) continue;
      trials.push(made);
      const frames = made.packets.map((packet, at) => framesOf(packet, mac, made.first + at));
      const sent = path(folder, 'frames');
      writeFileSync(sent, join(...frames));
      sender.run(process.execPath, SENDER, 'eth0', sent);
      await sleep(30);
    }
    await recording.end();
    compare(trials, sequencesOf(new Uint8Array(readFileSync(file))));
    // A text that nobody can load proves nothing.
    expect(refused.length, refused[0]).toBeLessThan(0.2 * TEXTS);
  }, 1_800_000);
});

const isRouted = ({ family, words }: Address): boolean =>
  family === 4 ? words[0]! >>> 24 === 10 : words[0] === 0x20010db8;

/** What opens a connection for the kernel without a look at what came before. */
function surelyNew({ family, protocol, tcpFlags, icmpType }: PacketHeader): boolean {
  if (protocol === 6) return tcpFlags === 2;
  const request = family === 4 ? 8 : 128;
  return protocol === 17 || (protocol === (family === 4 ? 1 : 58) && icmpType === request);
}

function compare(trials: readonly Trial[], through: ReadonlyMap<number, number>): void {
  const counts = { sent: 0, accepted: 0, wrong: 0 };
  const wrong: unknown[] = [];
  for (const { program, text, filter, packets, first } of trials) {
    const spaces = verdictSpaces();
    const set = acceptedBy(spaces, filter, VANTAGE);
    packets.forEach((packet, at) => {
      counts.sent++;
      const passed = through.has(first + at);
      if (passed) counts.accepted++;
      const told = decide(filter, VANTAGE, packet).verdict === 'accept';
      const inSet = lookUp(spaces, set, packet) === 1;
      if (passed === told && told === inSet) return;
      counts.wrong++;
      if (wrong.length < 3) wrong.push({ program, passed, told, inSet, packet, text });
    });
  }
  console.log(JSON.stringify({ texts: trials.length, ...counts }));
  expect(counts.wrong, JSON.stringify(wrong, null, 1)).toBe(0);
  expect(counts.accepted).toBeGreaterThan(0.1 * counts.sent);
  expect(counts.accepted).toBeLessThan(0.9 * counts.sent);
}
