/**
 * Who is measured, and a yardstick (`floor.c`). Peers run as their users run them, with the flags that make them read a whole
 * file at full speed and exit. One that would take minutes and gigabytes of memory gets the first
 * packets only; it is compared by packets per second then. Ours always reads the whole file: on a
 * second of traffic the start of the process would be most of what is measured.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { floorProgram } from './floor.ts';

export interface Contender {
  readonly name: string;
  /** `folder` is an empty temporary folder for programs that must write somewhere. */
  readonly command: (file: string, folder: string) => readonly [program: string, ...string[]];
  /** Ours; the ratios of the others are taken to it. */
  readonly subject?: boolean;
  /** Debian package that has the program. */
  readonly debianPackage?: string;
  readonly versionFlag?: string;
  /** Longest capture it is given, packets. */
  readonly mostPackets?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

const CLI = 'dist/cli.js';

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'portreeve',
    command: (file) => [process.execPath, CLI, 'assess', file],
    subject: true,
  },
  {
    name: 'portreeve --workers 0',
    command: (file) => [process.execPath, CLI, 'assess', file, '--workers', '0'],
    subject: true,
  },
  {
    name: 'nfpcapd',
    command: (file, folder) => ['nfpcapd', '-r', file, '-w', folder],
    debianPackage: 'nfdump',
    versionFlag: '-V',
  },
  {
    name: 'tcpdump',
    command: (file) => ['tcpdump', '-nq', '-r', file],
    debianPackage: 'tcpdump',
    versionFlag: '--version',
  },
  {
    // Without TZ the C library looks at /etc/localtime once per printed packet.
    name: 'tcpdump, TZ=UTC',
    command: (file) => ['tcpdump', '-nq', '-r', file],
    environment: { TZ: 'UTC' },
    debianPackage: 'tcpdump',
    versionFlag: '--version',
  },
  {
    name: 'tshark',
    command: (file) => ['tshark', '-q', '-z', 'conv,tcp', '-z', 'conv,udp', '-r', file],
    debianPackage: 'tshark',
    versionFlag: '--version',
    mostPackets: 1_000_000,
  },
  {
    name: 'floor, copying',
    command: (file) => [floorProgram(), '1', file],
    debianPackage: 'gcc',
  },
  {
    name: 'floor, flows',
    command: (file) => [floorProgram(), '5', file],
    debianPackage: 'gcc',
  },
];

/** What the program says it is, or undefined when it can't be started. */
export function version(contender: Contender): string | undefined {
  if (contender.subject) return existsSync(CLI) ? `Node.js ${process.version}` : undefined;
  const [program] = contender.command('', '');
  if (program === floorProgram()) return existsSync(program) ? 'bench/floor.c, cc -O2' : undefined;
  const done = spawnSync(program, [contender.versionFlag ?? '--version'], { encoding: 'utf8' });
  if (done.error) return undefined;
  const lines = `${done.stdout}\n${done.stderr}`.split('\n');
  return lines.find((line) => /\d+\.\d+/.test(line))?.trim() ?? 'version unknown';
}

/** Why a contender is left out, for people. */
export const absence = (contender: Contender): string =>
  contender.subject
    ? `${contender.name}: ${CLI} is missing (npm run build)`
    : `${contender.name}: not installed (Debian package ${contender.debianPackage})`;
