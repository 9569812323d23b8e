/** What was measured, as Markdown: for the terminal and for `bench/RESULTS.md`. */
import { cpus, release, totalmem, type } from 'node:os';
import type { Capture } from './captures.ts';
import type { Contender } from './contenders.ts';
import { median, type Sample } from './measure.ts';

/** Every contender's runs on one file. */
export interface Round {
  readonly title: string;
  readonly capture: Capture;
  readonly runs: ReadonlyMap<Contender, readonly Sample[]>;
}

const number = (value: number, digits = 0): string =>
  Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** One table: medians, and how many times as long each program takes as each of ours. */
export function table({ title, capture, runs }: Round): string {
  const medians = [...runs].map(([contender, samples]) => ({
    contender,
    wall: median(samples.map((sample) => sample.wallSeconds)),
    cpu: median(samples.map((sample) => sample.cpuSeconds)),
    resident: median(samples.map((sample) => sample.residentBytes)),
    spread: samples.map((sample) => sample.wallSeconds),
  }));
  const ours = medians.filter(({ contender }) => contender.subject);
  const head = [
    'program',
    'wall s',
    'least–most s',
    'CPU s',
    'packets/s',
    'MB resident',
    ...ours.map(({ contender }) => `× ${contender.name}`),
  ];
  const rule = head.map((_, index) => (index === 0 ? '---' : '--:'));
  const body = medians.map(({ contender, wall, cpu, resident, spread }) => [
    contender.name,
    number(wall, 3),
    `${number(Math.min(...spread), 3)}–${number(Math.max(...spread), 3)}`,
    number(cpu, 2),
    number(capture.packets / wall),
    number(resident / 1e6),
    ...ours.map((own) => number(wall / own.wall, 2)),
  ]);
  const size = `${number(capture.packets)} packets, ${number(capture.bytes / 1e6, 2)} MB`;
  const count = medians[0]?.spread.length ?? 0;
  const facts = `${size}; medians of ${count} interleaved runs, file in the page cache.`;
  return [`## ${title}`, '', facts, '', row(head), row(rule), ...body.map(row), ''].join('\n');
}

/** Machine, date, versions and commands, without which the numbers mean nothing. */
export function setting(versions: ReadonlyMap<Contender, string>, left: readonly string[]): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const programs = [...versions].map(([contender, version]) => {
    const environment = Object.entries(contender.environment ?? {}).map(
      ([key, value]) => `${key}=${value} `,
    );
    const command = contender.command('FILE', 'FOLDER').join(' ').replace(process.execPath, 'node');
    return `- ${contender.name}: \`${environment.join('')}${command} >/dev/null\` (${version})`;
  });
  return [
    `- ${new Date().toISOString().slice(0, 10)}, ${type()} ${release()}, Node.js ${process.version}`,
    `- ${cpu?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores, ${memory}`,
    ...programs,
    ...left.map((reason) => `- left out: ${reason}`),
    '',
  ].join('\n');
}
