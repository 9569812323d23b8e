/**
 * What `ufw status`, with `verbose` or `numbered`, prints (ufw 0.36, backend_iptables.py), turned
 * into the commands that would print it: one row for each family, of columns To, Action and From.
 * Only `verbose` tells the defaults. A row that names an application tells no ports, unless
 * `verbose` shows them before the name; such rows are faults.
 */
import { LineFault } from './line-fault.ts';

/** A line of the text, as the words of a command after `ufw`; undefined where it says nothing. */
export type StatusLine =
  | { readonly line: number; readonly words: readonly string[] }
  | { readonly line: number; readonly fault: string };

export interface UfwStatus {
  readonly lines: readonly StatusLine[];
  readonly active: boolean;
  /** The defaults stand in the text. */
  readonly saysDefaults: boolean;
}

const ROW =
  /^(?:\[ *\d+\] +)?(\S(?:.*?\S)?) +(ALLOW|DENY|REJECT|LIMIT)(?: (IN|OUT|FWD))? +(\S.*?)\s*$/;
const HEADS = /^(?:To +Action +From|-- +------ +----|Logging: .*|New profiles: \w+)$/;
const DEFAULTS =
  /^Default: (allow|deny|reject) \(incoming\), (allow|deny|reject) \(outgoing\), (allow|deny|reject|disabled) \(routed\)$/;

/** Whether the text is such a status, and not commands. */
export function isUfwStatus(text: string): boolean {
  return /^\s*Status: /.test(text);
}

/** Rows that cannot be turned into commands are faults with their line; the others are kept. */
export function readUfwStatus(text: string): UfwStatus {
  const lines: StatusLine[] = [];
  let [active, saysDefaults, begun] = [true, false, false];
  text.split('\n').forEach((raw, index) => {
    const [line, told] = [index + 1, raw.trim()];
    if (told === '' || HEADS.test(told)) return;
    const state = /^Status: (active|inactive)$/.exec(told);
    if (state !== null && !begun) {
      active = state[1] === 'active';
      begun = true;
      return;
    }
    const defaults = DEFAULTS.exec(told);
    if (defaults !== null) {
      const [, incoming = '', outgoing = '', routed = ''] = defaults;
      saysDefaults = true;
      // Disabled: nothing is forwarded at all.
      const verbs = { incoming, outgoing, routed: routed === 'disabled' ? 'deny' : routed };
      for (const [where, verb] of Object.entries(verbs)) {
        lines.push({ line, words: ['default', verb, where] });
      }
      return;
    }
    try {
      lines.push({ line, words: rowWords(told) });
    } catch (error) {
      if (!(error instanceof LineFault)) throw error;
      lines.push({ line, fault: error.message });
    }
  });
  return { lines, active, saysDefaults };
}

function rowWords(row: string): string[] {
  const [, to, action, way = 'IN', rest] = ROW.exec(row) ?? [];
  if (to === undefined || action === undefined || rest === undefined) {
    throw new LineFault(`“${row.slice(0, 80)}” is not a row of ufw's status.`);
  }
  const [, columns = '', comment] = /^(.*?)(?: # (.*))?$/.exec(rest) ?? [];
  const [, from = '', attributes = ''] =
    /^(.*?)(?: +\((log|log-all|out|log, out|log-all, out)\))?$/.exec(columns.trim()) ?? [];
  const sides = { to: sideOf(to), from: sideOf(from) };
  const all = [sides.to, sides.from];
  const isSix = all.some(({ six, address }) => six || (address?.includes(':') ?? false));
  const protocols = new Set(all.flatMap(({ protocol }) => protocol ?? []));
  if (protocols.size > 1) throw new LineFault('The row names two protocols.');
  const place = (key: 'to' | 'from') => {
    const { address, ports } = sides[key];
    const any = isSix ? '::/0' : '0.0.0.0/0';
    return [key, address ?? any, ...(ports === undefined ? [] : ['port', ports])];
  };
  const on = (key: 'in' | 'out', name: string | undefined) =>
    name === undefined ? [] : [key, 'on', name];
  const verb = action.toLowerCase();
  // Of what is routed the column From has the interface it comes in by, otherwise To has.
  const start =
    way === 'FWD'
      ? ['route', verb, ...on('in', sides.from.on), ...on('out', sides.to.on)]
      : [verb, ...direction(way, sides.to.on, sides.from.on)];
  return [
    ...start,
    ...(attributes.startsWith('log') ? [attributes.split(',')[0]!] : []),
    ...[...protocols].flatMap((protocol) => ['proto', protocol]),
    ...place('from'),
    ...place('to'),
    ...(comment === undefined ? [] : ['comment', comment]),
  ];
}

function direction(way: string, inOn: string | undefined, outOn: string | undefined): string[] {
  const [own, other] = way === 'IN' ? [inOn, outOn] : [outOn, inOn];
  if (other !== undefined) throw new LineFault('The interface stands in the other column.');
  return [way.toLowerCase(), ...(own === undefined ? [] : ['on', own])];
}

interface Side {
  /** undefined = any. */
  readonly address?: string;
  readonly ports?: string;
  readonly protocol?: string;
  readonly on?: string;
  readonly six: boolean;
}

const PORTS = /^\d+(?:[:,]\d+)*$/;
const ADDRESS = /^(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*)(?:\/\d{1,3})?$/;

/** `Anywhere (v6) on eth0`, `192.0.2.1 22/tcp`, `2001:db8::/32/gre`, `22/tcp (OpenSSH)`. */
function sideOf(column: string): Side {
  const [, body = '', on] = /^(.*?)(?: on (\S+))?$/.exec(column) ?? [];
  const [, named = '', v6] = /^(.*?)( \(v6\))?$/.exec(body) ?? [];
  const [, place = '', application] = /^(.*?)( \(.+\))?$/.exec(named) ?? [];
  const six = v6 !== undefined || (application?.includes('(v6)') ?? false);
  const shared = { six, ...(on === undefined ? {} : { on }) };
  const words = place.split(' ');
  const last = words.at(-1)!;
  const [, start = '', protocol] = /^(.*?)(?:\/([a-z][a-z0-9]*))?$/.exec(last) ?? [];
  const told = protocol === undefined ? {} : { protocol };
  const [first = ''] = words;
  if (words.length === 1 && start === 'Anywhere') return { ...shared, ...told };
  if (words.length === 1 && ADDRESS.test(start)) return { ...shared, ...told, address: start };
  if (words.length <= 2 && PORTS.test(start)) {
    if (words.length === 1) return { ...shared, ...told, ports: start };
    if (ADDRESS.test(first)) return { ...shared, ...told, address: first, ports: start };
  }
  throw new LineFault(`“${column}” is not read; “ufw status verbose” shows ports of applications.`);
}
