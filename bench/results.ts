/** What was measured, as Markdown: for the terminal and for `bench/RESULTS.md`. */
import { cpus, release, totalmem, type } from 'node:os';
import type { Capture } from './captures.ts';
import type { Contender } from './contenders.ts';
import { floorProgram } from './floor.ts';
import { median, type Sample } from './measure.ts';

/** A contender's runs on a capture, or on the first packets of it. */
export interface Entry {
  readonly contender: Contender;
  /** What it was given. */
  readonly capture: Capture;
  readonly samples: Sample[];
}

/** Everybody's runs on one capture. */
export interface Round {
  readonly title: string;
  /** The whole of it. */
  readonly capture: Capture;
  readonly entries: readonly Entry[];
}

const number = (value: number, digits = 0): string =>
  Number.isNaN(value)
    ? '–'
    : value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** One table: medians, and how many times as fast by packets per second each of ours is. */
export function table({ title, capture, entries }: Round): string {
  const medians = entries.map(({ contender, capture: given, samples }) => {
    const wall = median(samples.map((sample) => sample.wallSeconds));
    return {
      contender,
      given,
      wall,
      rate: given.packets / wall,
      cpu: median(samples.map((sample) => sample.cpuSeconds)),
      resident: median(samples.map((sample) => sample.residentBytes)),
      spread: samples.map((sample) => sample.wallSeconds),
    };
  });
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
  const body = medians.map(({ contender, given, wall, rate, cpu, resident, spread }) => [
    given === capture ? contender.name : `${contender.name} (cut)`,
    number(wall, 3),
    `${number(Math.min(...spread), 3)}–${number(Math.max(...spread), 3)}`,
    number(cpu, 2),
    number(rate),
    number(resident / 1e6),
    ...ours.map((own) => number(own.rate / rate, 2)),
  ]);
  const size = `${number(capture.packets)} packets, ${number(capture.bytes / 1e6, 2)} MB`;
  const count = entries[0]?.samples.length ?? 0;
  const facts = `${size}; medians of ${count} interleaved runs, file in the page cache.`;
  const cuts = medians
    .filter(({ given }) => given !== capture)
    .map(
      ({ contender, given }) =>
        `${contender.name} is given the first ${number(given.packets)} packets; its ratios are by packets per second.`,
    );
  const text = [facts, ...cuts].join('\n');
  return [`## ${title}`, '', text, '', row(head), row(rule), ...body.map(row), ''].join('\n');
}

/** Machine, date, versions and commands, without which the numbers mean nothing. */
export function setting(versions: ReadonlyMap<Contender, string>, left: readonly string[]): string {
  const [cpu] = cpus();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const programs = [...versions].map(([contender, version]) => {
    const environment = Object.entries(contender.environment ?? {}).map(
      ([key, value]) => `${key}=${value} `,
    );
    const command = contender
      .command('FILE', 'FOLDER')
      .join(' ')
      .replace(process.execPath, 'node')
      .replace(floorProgram(), 'floor');
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
