/** Options of all commands that read logs of firewalls, for commander. */
import { InvalidArgumentError } from 'commander';
import type { PrefixRule } from '../pipeline/audit.ts';

/** Gathers `--prefix FW-DROP=deny`, which may be repeated. */
export function parsePrefixRule(text: string, rules: readonly PrefixRule[] = []): PrefixRule[] {
  const [, prefix, word] = /^(.+)=(allow|deny|unknown)$/.exec(text) ?? [];
  if (prefix === undefined) {
    throw new InvalidArgumentError("It has the form 'FW-DROP=deny', with allow, deny or unknown.");
  }
  return [...rules, { prefix, action: word as PrefixRule['action'] }];
}

/** `+02:00` as ms east of UTC. */
export function parseOffset(text: string): number {
  const [, sign, hours, minutes] = /^([+-])(\d{2}):?(\d{2})$/.exec(text) ?? [];
  if (sign === undefined || Number(hours) > 18 || Number(minutes) > 59) {
    throw new InvalidArgumentError('It has the form +02:00.');
  }
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
