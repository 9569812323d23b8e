/** What the policy commands share: files read with located errors, zones, names, moments. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseAddress } from '../net/address.ts';
import { nearest } from '../net/nearest.ts';
import { PortRangeError } from '../net/port-range.ts';
import { PrefixError, parsePrefix } from '../net/prefix.ts';
import {
  hostsNamed,
  PLATFORMS,
  type Platform,
  platformNamed,
  type ZoneWish,
} from '../pipeline/policy.ts';
import { PolicyFileError, UnwritableFile } from '../pipeline/policy-files.ts';
import type { Policy } from '../policy/intent.ts';
import type { Hosts } from '../policy/plan.ts';
import { INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { roomWay, writeReason } from './write-reasons.ts';

/** Faults shown to people; machines fix one after the other anyway. */
const SHOWN_FAULTS = 5;

/** What is thrown for words of a command line that mean nothing. */
const MISWRITTEN = [RangeError, PortRangeError, PrefixError];

/** Runs `work`; turns what is wrong with a file into a message that says where. */
export function withFiles<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (error instanceof PolicyFileError) {
      const { faults, file, message } = error;
      const shown = faults
        .slice(0, SHOWN_FAULTS)
        .map(({ line, column, what }) => `${file}:${line}:${column} ${what}`);
      const more = faults.length - shown.length;
      throw new Failure(INPUT, {
        what: message,
        ...(shown.length === 0
          ? {}
          : { why: shown.join(' ') + (more > 0 ? ` (${more} more)` : '') }),
        ways: ['docs/policy.md describes the files of a policy'],
      });
    }
    if (error instanceof UnwritableFile) {
      throw new Failure(INPUT, {
        what: `cannot write ${error.file}`,
        why: `${writeReason(error.code)}; nothing was written`,
        ways: [roomWay(error.code, 'name another place')],
      });
    }
    if (MISWRITTEN.some((kind) => error instanceof kind)) {
      throw new Failure(USAGE, {
        what: clause((error as Error).message),
        ways: ['docs/policy.md shows how hosts, services, sets and connections are written'],
      });
    }
    throw error;
  }
}

/** A sentence as a clause of a message. */
function clause(sentence: string): string {
  return sentence.replace(/\.$/, '');
}

/** Gathers `--zone name=prefix,prefix` and `--zone name=rest`, for commander. */
export function parseZoneWish(
  text: string,
  before: Readonly<Record<string, ZoneWish>> = {},
): Record<string, ZoneWish> {
  const [, name, wish = ''] = /^([A-Za-z_][\w.-]{0,30})=(.+)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError('It has the form dmz=10.0.1.0/24.');
  const known = before[name];
  if (wish === 'rest' || known === 'rest') return { ...before, [name]: 'rest' };
  const prefixes = wish.split(',').map((word) => word.trim());
  try {
    for (const prefix of prefixes) parsePrefix(prefix);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}.`);
  }
  return { ...before, [name]: [...(known ?? []), ...prefixes] };
}

/** Gathers `--name 10.0.1.10=web`, for commander: names by address. */
export function parseHostName(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const [, address, name] = /^([^=]+)=([A-Za-z_][\w.-]{0,46})$/.exec(text) ?? [];
  if (name === undefined || parseAddress(address!) === undefined) {
    throw new InvalidArgumentError('It has the form 10.0.1.10=web.');
  }
  return { ...before, [address!]: name };
}

/** Gathers an option that may be repeated, for commander. */
export function gather(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** A moment in the future as a date, or as a number of days, in milliseconds since 1970. */
export function parseExpiry(text: string): number {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  if (days !== undefined) return Date.now() + Number(days) * 86_400_000;
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms))
    throw new InvalidArgumentError('It is a date like 2027-01-31, or days: 90d.');
  return ms;
}

/** Adds `--for`, which names the platform. */
export function addPlatformOption(command: Command): void {
  command.requiredOption('--for <platform>', '“portreeve acl platforms” lists them', findPlatform);
}

/** For commander. Throws `InvalidArgumentError` with the name that was most likely meant. */
export function findPlatform(name: string): Platform {
  const found = platformNamed(name);
  if (found !== undefined) return found;
  const names = PLATFORMS.map((platform) => platform.name);
  const guess = nearest(name, names);
  const hint = guess === undefined ? `Known are ${names.join(', ')}.` : `Do you mean ${guess}?`;
  throw new InvalidArgumentError(`${hint}`);
}

/** Adds a subcommand that fails and helps like the commands themselves. */
export function addSubcommand(parent: Command, name: string, summary: string): Command {
  return parent
    .command(name)
    .description(summary)
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
}

/** Adds `--host`, for filters that a machine itself has. */
export function addHostOption(command: Command): void {
  command.option(
    '--host <address>',
    'only what this machine accepts and sends: addresses, a prefix, a group',
  );
}

/** The hosts that `--host` names: addresses, or a group or zone of a policy. */
export function hostsAsked(
  groups: Policy['groups'],
  zones: Policy['zones'],
  name: string | undefined,
): Hosts | undefined {
  if (name === undefined) return undefined;
  try {
    return hostsNamed([...groups, ...zones], name);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure(USAGE, {
      what: '--host names no machine',
      why: error.message,
      ways: ['--host 192.0.2.10', '--host 192.0.2.10,2001:db8::10'],
    });
  }
}
