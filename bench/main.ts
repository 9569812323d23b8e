/** The benchmark command: makes what is missing, runs everybody in turn, writes the tables. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Capture, cutCapture, prepareCapture, warm } from './captures.ts';
import { absence, CONTENDERS, type Contender, version } from './contenders.ts';
import { type CaptureName, RECIPES } from './generate.ts';
import { measure } from './measure.ts';
import { type Entry, type Round, setting, table } from './results.ts';

/** What is measured by programs of its own. */
const OTHERS =
  'Captures that are read. Elsewhere: [live capture](CAPTURE.md), [logs](LOGS.md), ' +
  '[NetFlow](NETFLOW.md), [policies](POLICY.md), [scans](SCAN.md), [starts](START.md).';

const HELP = `npm run bench -- [options]
  --only NAMES     captures and programs to take, e.g. mixed,nfpcapd,portreeve (default all)
  --runs N         runs of each program on each capture (default 3; tiny: 20)
  --scale X        size of the captures, 1 = full (default 1)
  --quick          the same as --scale 0.05 --runs 2
  --generate       only make the captures
  --out FILE       where the results go (default bench/RESULTS.md for a full run, else nowhere)
Captures: ${Object.keys(RECIPES).join(', ')}
Programs: ${CONTENDERS.map(({ name }) => name).join('; ')}
Captures are kept in bench/data, or in the folder PORTREEVE_BENCH_DATA names.`;

const OPTIONS = {
  only: { type: 'string' },
  runs: { type: 'string' },
  scale: { type: 'string' },
  quick: { type: 'boolean', default: false },
  generate: { type: 'boolean', default: false },
  out: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** A positive number from the command line. */
function positive(text: string, option: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new RangeError(`--${option} wants a number above 0, not ${text}`);
}

/** Splits `--only` into captures and programs; a kind that is not named is taken whole. */
function choose(only: string | undefined): { captures: CaptureName[]; contenders: Contender[] } {
  const names = (only ?? '').split(',').filter((name) => name !== '');
  const all = Object.keys(RECIPES) as CaptureName[];
  const named = (contender: Contender) =>
    names.some((name) => contender.name.split(/[ ,]/)[0] === name);
  const known = (name: string) =>
    all.includes(name as CaptureName) ||
    CONTENDERS.some((one) => one.name.split(/[ ,]/)[0] === name);
  const strange = names.find((name) => !known(name));
  if (strange !== undefined) throw new RangeError(`--only does not know ${strange}`);
  const captures = all.filter((name) => names.includes(name));
  const contenders = CONTENDERS.filter(named);
  return {
    captures: captures.length > 0 ? captures : all,
    contenders: contenders.length > 0 ? contenders : [...CONTENDERS],
  };
}

/** Runs everybody on one capture, in turn, so that a busy moment hurts all alike. */
function compete(
  name: CaptureName,
  capture: Capture,
  contenders: readonly Contender[],
  runs: number,
): Round {
  console.error(name);
  const entries: Entry[] = contenders.map((contender) => {
    const most = contender.mostPackets ?? capture.packets;
    return { contender, capture: cutCapture(capture, most), samples: [] };
  });
  for (const path of new Set(entries.map((entry) => entry.capture.path))) warm(path);
  for (let run = 1; run <= runs; run++) {
    for (const { contender, capture, samples } of entries) {
      const sample = measure(contender, capture.path);
      samples.push(sample);
      if (sample.wallSeconds > 1)
        console.error(
          `${contender.name}, run ${run} of ${runs}: ${sample.wallSeconds.toFixed(2)} s`,
        );
    }
  }
  return { title: `${name}: ${RECIPES[name].about}`, capture, entries };
}

export async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const scale = positive(values.scale ?? (values.quick ? '0.05' : '1'), 'scale');
  const runs = Math.ceil(positive(values.runs ?? (values.quick ? '2' : '3'), 'runs'));
  const { captures, contenders } = choose(values.only);
  const files: { name: CaptureName; capture: Capture }[] = [];
  for (const name of captures) files.push({ name, capture: await prepareCapture(name, scale) });
  if (values.generate) return 0;
  const versions = new Map<Contender, string>();
  const left: string[] = [];
  for (const contender of contenders) {
    const found = version(contender);
    if (found === undefined) left.push(absence(contender));
    else versions.set(contender, found);
  }
  for (const reason of left) console.error(`left out: ${reason}`);
  if (versions.size === 0) return 3;
  const present = [...versions.keys()];
  const done = files.map(({ name, capture }) =>
    compete(name, capture, present, name === 'tiny' && !values.runs ? 20 : runs),
  );
  const text = ['# Results', '', OTHERS, '', setting(versions, left), ...done.map(table)].join(
    '\n',
  );
  console.log(text);
  const full = scale === 1 && values.only === undefined;
  const out = values.out ?? (full ? 'bench/RESULTS.md' : undefined);
  if (out !== undefined) writeFileSync(out, `${text.trimEnd()}\n`);
  return 0;
}
