/**
 * Reads the packet filter of this machine with its own tools, `nft` and `iptables-save`: both need
 * root. Tables that iptables made through nftables are read from iptables' side, which shows them
 * whole. Filters that work elsewhere (XDP, BPF, a router) stay unseen.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { PacketFilter } from '../../../model/packet-filter.ts';
import { parseIptablesSave } from './iptables-save.ts';
import { parseNftRuleset } from './nft-ruleset.ts';

const TIMEOUT_MS = 4000;
const MAX_OCTETS = 64 * 1024 * 1024;
const PATHS = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };

export type FirewallReading =
  | { readonly kind: 'read'; readonly filter: PacketFilter; readonly by: readonly string[] }
  | { readonly kind: 'unread'; readonly because: string; readonly remedy?: string };

/** Never throws; changes nothing. */
export function readFirewall(): FirewallReading {
  if (process.platform !== 'linux')
    return { kind: 'unread', because: `not supported on ${process.platform} yet` };
  if (process.geteuid?.() !== 0) {
    return {
      kind: 'unread',
      because: 'reading them needs root',
      remedy: 'run the same command with sudo',
    };
  }
  const nft = run('nft', ['-j', 'list', 'ruleset']);
  const legacy = usesLegacyTables();
  const filters: PacketFilter[] = [];
  const by: string[] = [];
  let iptables = legacy;
  if (isOutput(nft)) {
    try {
      const ruleset = parseNftRuleset(nft);
      filters.push(ruleset);
      by.push('nft');
      iptables ||= ruleset.foreign.length > 0;
    } catch {
      return { kind: 'unread', because: 'nft answered with something that is no ruleset' };
    }
  } else if (nft === 'failed') return { kind: 'unread', because: 'nft refused to list the rules' };
  else if (!legacy)
    return { kind: 'unread', because: 'nft is not installed', remedy: 'install nftables' };
  if (iptables) {
    const saved = readIptables(legacy);
    if (saved === undefined)
      return { kind: 'unread', because: 'iptables-save could not list its rules' };
    filters.push(...saved);
    by.push('iptables-save');
  }
  return { kind: 'read', filter: join(filters), by };
}

function join(filters: readonly PacketFilter[]): PacketFilter {
  return {
    bases: filters.flatMap(({ bases }) => bases),
    chains: filters.flatMap(({ chains }) => chains),
  };
}

/** Undefined when a family's rules cannot be had. */
function readIptables(legacy: boolean): PacketFilter[] | undefined {
  const filters: PacketFilter[] = [];
  for (const family of [4, 6] as const) {
    const program = family === 4 ? 'iptables' : 'ip6tables';
    const texts = [run(`${program}-save`, [])];
    if (legacy) texts.push(run(`${program}-legacy-save`, []));
    if (!texts.some(isOutput)) return undefined;
    for (const text of texts) if (isOutput(text)) filters.push(parseIptablesSave(text, family));
  }
  return filters;
}

function isOutput(text: string): boolean {
  return text !== 'failed' && text !== 'missing';
}

/** The old kernel interface names its tables here. */
function usesLegacyTables(): boolean {
  return ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'].some((path) => {
    try {
      return readFileSync(path, 'utf8').trim() !== '';
    } catch {
      return false;
    }
  });
}

/** Output, or one of the words `failed` and `missing`, which no listing is. */
function run(program: string, words: readonly string[]): string {
  const done = spawnSync(program, words, {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OCTETS,
    env: PATHS,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  if ((done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return 'missing';
  return done.status === 0 ? done.stdout : 'failed';
}
