/** The options that look closer: at one port, one host, some flows, or one part of the answer. */
import type { Command } from 'commander';
import { FilterError } from '../analysis/filter/parse.ts';
import type { Finding } from '../model/finding.ts';
import type { ServiceUse } from '../model/use.ts';
import { nearest } from '../net/nearest.ts';
import { checkFilter, type ZoneRule } from '../pipeline/assess.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

export interface DrillOptions {
  readonly port?: string;
  readonly host?: string;
  readonly client?: string;
  readonly server?: string;
  readonly where?: string;
  readonly conversations?: boolean;
  readonly hosts?: boolean;
  readonly overTime?: boolean;
}

export function addDrillOptions(command: Command): void {
  command
    .option('--port <port>', 'only flows of this port: 80, 53/udp, 135-139')
    .option('--host <address>', 'only flows of this host or prefix')
    .option('--client <address>', 'only flows that it began')
    .option('--server <address>', 'only flows to it')
    .option('--where <filter>', 'only flows such as “service:rdp zone:outside”')
    .option('--conversations', 'who spoke with whom, and nothing else')
    .option('--hosts', 'the hosts, and nothing else')
    .option('--over-time', 'when it happened, as a chart');
}

/** What the options ask for. */
export interface Drill {
  /** The filter they make together; undefined without any. */
  readonly filter: string | undefined;
  /** Keys of the tables asked for; undefined: all. */
  readonly sections: ReadonlySet<string> | undefined;
  /** Whether a finding is about what was asked for; `services` are those of the flows meant. */
  readonly concerns: (finding: Finding, services: readonly ServiceUse[]) => boolean;
}

/** What it says holds for all flows. */
const WHOLE_CAPTURE = 'one-way-capture';

/** Nothing asked for: everything is shown. */
export const WHOLE: Drill = { filter: undefined, sections: undefined, concerns: () => true };

/** Reads and checks the options. Throws `Failure`. */
export async function drillOf(
  options: DrillOptions,
  zones: readonly ZoneRule[] | undefined,
): Promise<Drill> {
  const parts: string[] = [];
  for (const word of ['port', 'host', 'client', 'server'] as const) {
    const value = options[word];
    if (value === undefined) continue;
    await checkOption(`${word}:${value}`, `--${word}`, zones);
    parts.push(`${word}:${value}`);
  }
  if (options.where !== undefined) {
    await checkOption(options.where, '--where', zones);
    parts.push(parts.length === 0 ? options.where : `(${options.where})`);
  }
  const sections = new Set<string>();
  if (options.conversations) sections.add('conversations');
  if (options.hosts) sections.add('hosts').add('roles');
  if (options.overTime) sections.add('overTime');
  const { host, client, server } = options;
  const hosts = [host, client, server].filter((each) => each !== undefined);
  const filter = parts.length === 0 ? undefined : parts.join(' ');
  return {
    filter,
    sections: sections.size === 0 ? undefined : sections,
    concerns: (finding, services) =>
      filter === undefined ||
      isAbout(finding, services) ||
      (options.port === undefined && options.where === undefined && namesAll(finding, hosts)) ||
      (finding.evidence.length === 0 && hosts.length === 0) ||
      finding.id === WHOLE_CAPTURE,
  };
}

/** By the flows it rests on, or by the service it is about. */
function isAbout({ evidence, subject }: Finding, services: readonly ServiceUse[]): boolean {
  if (evidence.some(({ asked }) => asked === true)) return true;
  const { server, port } = subject;
  // A finding about many servers names only their port.
  return services.some((each) => each.port === port && each.server === (server ?? each.server));
}

/** A finding names more hosts than it has evidence of. */
function namesAll({ subject }: Finding, hosts: readonly string[]): boolean {
  const named = subject.text.split(/[\s,→]+/);
  return hosts.length > 0 && hosts.every((each) => named.includes(each));
}

/** Throws `Failure` when the option's text is no filter over flows. */
export async function checkOption(
  text: string,
  option: string,
  zones: readonly ZoneRule[] | undefined,
): Promise<void> {
  try {
    await checkFilter(text, zones);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new Failure(USAGE, {
      what: `${option}, character ${error.at + 1}: ${error.message}`,
      why: `${text.slice(0, error.at)}⟦${text.slice(error.at, error.at + error.length)}⟧${text.slice(error.at + error.length)}`,
      ways: waysFor(error),
    });
  }
}

function waysFor({ found, instead }: FilterError): string[] {
  const guess = nearest(found.toLowerCase(), instead) ?? nearest(found, instead);
  return [
    ...(guess === undefined ? [] : [`did you mean ${guess}?`]),
    ...(instead.length === 0 ? [] : [`there is: ${instead.join(', ')}`]),
    'docs/assess.md lists the words of filters',
  ];
}
