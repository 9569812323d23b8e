/**
 * A network namespace beside this machine: one link to it, nothing else. What is asked from there
 * comes in as another machine's packets would, and crosses the firewall. Needs root and the program
 * `ip`; `close` takes everything away again.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ObservedPort } from '../../model/comparison.ts';
import { isRefusal } from '../../native/libc.ts';
import { inNetwork } from '../../native/netlink.ts';
import { type ProbePlace, probe } from './probe.ts';

const PATHS = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };

/** `message` says why it could not be made, for people. */
export class BesideError extends Error {
  override readonly name = 'BesideError';
}

/** For one look; two processes may each have one. */
export class BesideNetwork {
  private readonly name = `portreeve-${randomBytes(3).toString('hex')}`;

  /** Makes it. Throws `BesideError`; nothing stays then. */
  constructor() {
    if (process.geteuid?.() !== 0) throw new BesideError('making a network namespace needs root');
    try {
      this.layOut();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Link-local IPv4 and unique local IPv6 addresses: nobody else has them. */
  private layOut(): void {
    const { name } = this;
    const link = name.replace('portreeve-', 'pr');
    const [third = 0] = randomBytes(1);
    const near = `169.254.${third}.1`;
    const digits = randomBytes(5).toString('hex');
    const prefix = `fd${digits.slice(0, 2)}:${digits.slice(2, 6)}:${digits.slice(6)}:1`;
    const six = hasIPv6();
    ip(['netns', 'add', name]);
    ip(
      ['-batch', '-'],
      [
        `link add ${link} type veth peer name eth0 netns ${name}`,
        `address add ${near}/30 dev ${link}`,
        ...(six ? [`address add ${prefix}::1/64 dev ${link} nodad`] : []),
        `link set ${link} up`,
      ],
    );
    ip(
      ['-n', name, '-batch', '-'],
      [
        `address add 169.254.${third}.2/30 dev eth0`,
        ...(six ? [`address add ${prefix}::2/64 dev eth0 nodad`] : []),
        'link set eth0 up',
        `route add default via ${near}`,
        ...(six ? [`route add ::/0 via ${prefix}::1`] : []),
      ],
    );
  }

  /** What was seen from there; or why nobody could look, for people. */
  ask(places: readonly ProbePlace[], timeoutMs: number): readonly ObservedPort[] | string {
    try {
      const look = (): ObservedPort[] | undefined =>
        probe(places, timeoutMs, 'a namespace beside it');
      const ports = inNetwork(`/run/netns/${this.name}`, look);
      return ports ?? 'system calls cannot be used here';
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return error.message;
    }
  }

  /** The link goes with the namespace. */
  close(): void {
    spawnSync('ip', ['netns', 'delete', this.name], { stdio: 'ignore', env: PATHS });
  }
}

function hasIPv6(): boolean {
  try {
    return readFileSync('/proc/net/if_inet6', 'utf8') !== '';
  } catch {
    return false;
  }
}

function ip(words: readonly string[], lines: readonly string[] = []): void {
  const input = lines.join('\n');
  const done = spawnSync('ip', words, { encoding: 'utf8', env: PATHS, input });
  if (done.status === 0) return;
  const said = done.stderr?.trim().split('\n')[0] ?? '';
  throw new BesideError(done.error === undefined ? `ip: ${said}` : 'the program ip is not there');
}
