/** `portreeve mirror`: the switch configuration that sends traffic to the sniffer's port. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MIRROR_PLATFORMS, mirrorPlatform, planMirror } from '../catalog/mirror/platforms.ts';
import {
  type MirrorDirection,
  MirrorFault,
  type MirrorPlan,
  type MirrorPlatform,
} from '../catalog/mirror/request.ts';
import { parseAddress } from '../net/address.ts';
import { nearest } from '../net/nearest.ts';
import { safeJson } from '../report/escape.ts';
import { wholeNumber } from './capture-options.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

const EXAMPLES = `Examples:
  portreeve mirror --for cisco-2900xl --monitor Fa0/1-3 --to Fa0/24
  portreeve mirror --for cisco-ios --vlan 10 --to Gi1/0/24 --direction rx
  portreeve mirror --for linux-tc --monitor eth1,eth2 --to eth3
  portreeve mirror --list                    the platforms
`;

const NOTES = `
Only text is written: nothing is sent to a switch. Exit codes: 0 done,
2 wrong usage.
`;

const PARTS = ['configure', 'show', 'save', 'undo'] as const;
type Part = (typeof PARTS)[number];

interface MirrorOptions {
  readonly for?: string;
  readonly monitor?: readonly string[];
  readonly vlan?: readonly number[];
  readonly to?: string;
  readonly direction: MirrorDirection;
  readonly session: number;
  readonly rspan?: number;
  readonly erspan?: string;
  readonly origin?: string;
  readonly bridge?: string;
  readonly part?: Part;
  readonly list?: boolean;
  readonly json?: boolean;
}

export function configure(command: Command): void {
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .option('--for <platform>', 'what the switch is')
    .option('--monitor <ports>', 'ports to watch: Fa0/1-3,Fa0/7; repeatable', gather)
    .option('--vlan <numbers>', 'VLANs to watch instead', gatherVlans)
    .option('--to <port>', 'the port that the sniffer is on')
    .addOption(
      new Option('--direction <way>', 'received, sent or both')
        .choices(['both', 'rx', 'tx'])
        .default('both'),
    )
    .option('--session <n>', 'number of the session', wholeNumber(1, 999), 1)
    .option('--rspan <vlan>', 'by this VLAN to another switch', wholeNumber(1, 4094))
    .option('--erspan <address>', 'in GRE to this address', address)
    .option('--origin <address>', 'the address it comes from', address)
    .option('--bridge <name>', 'the bridge, for Open vSwitch')
    .addOption(new Option('--part <part>', 'one part only, to pipe').choices(PARTS))
    .option('--list', 'list the platforms')
    .option('--json', 'the same for programs');
  command.action(run);
}

function gather(value: string, before: readonly string[] = []): string[] {
  return [...before, ...value.split(',').filter((each) => each.trim() !== '')];
}

function gatherVlans(value: string, before: readonly number[] = []): number[] {
  const numbers = value.split(',').map(Number);
  if (numbers.every((each) => Number.isInteger(each))) return [...before, ...numbers];
  throw new InvalidArgumentError('They are numbers, as in 10,20.');
}

function address(text: string): string {
  if (parseAddress(text) === undefined) throw new InvalidArgumentError('It is an IP address.');
  return text;
}

function run(options: MirrorOptions): void {
  if (options.list) {
    const width = Math.max(...MIRROR_PLATFORMS.map(({ id }) => id.length));
    for (const { id, title } of MIRROR_PLATFORMS) {
      process.stdout.write(`${id.padEnd(width)}  ${title}\n`);
    }
    return;
  }
  if (options.json && options.part !== undefined) {
    throw new Failure(USAGE, {
      what: 'JSON has all parts in it: --part is for text',
      ways: ['leave one of --json and --part out'],
    });
  }
  const platform = platformOf(options.for);
  try {
    const plan = planMirror(platform, {
      monitor: options.monitor ?? [],
      vlans: options.vlan ?? [],
      direction: options.direction,
      session: options.session,
      ...(options.to === undefined ? {} : { to: options.to }),
      ...(options.rspan === undefined ? {} : { remoteVlan: options.rspan }),
      ...(options.erspan === undefined ? {} : { remoteAddress: options.erspan }),
      ...(options.origin === undefined ? {} : { originAddress: options.origin }),
      ...(options.bridge === undefined ? {} : { bridge: options.bridge }),
    });
    process.stdout.write(options.json ? json(platform, plan) : text(platform, plan, options.part));
  } catch (error) {
    if (!(error instanceof MirrorFault)) throw error;
    throw new Failure(USAGE, { what: error.message, ways: [error.remedy] });
  }
}

function platformOf(name: string | undefined): MirrorPlatform {
  const platform = name === undefined ? undefined : mirrorPlatform(name);
  if (platform !== undefined) return platform;
  const known = MIRROR_PLATFORMS.map(({ id }) => id);
  const guess = name === undefined ? undefined : nearest(name, known);
  throw new Failure(USAGE, {
    what: name === undefined ? 'no platform is named' : `“${name}” is no platform known here`,
    why: `there are: ${known.join(', ')}`,
    ways: [
      ...(guess === undefined ? [] : [`--for ${guess}, if that is what you meant`]),
      'portreeve mirror --list says what they are',
    ],
  });
}

function json({ id, title }: MirrorPlatform, plan: MirrorPlan): string {
  const { configure: commands, show, save, undo, pitfalls } = plan;
  const schema = 'portreeve/mirror/1';
  return `${safeJson({ schema, platform: id, title, configure: commands, show, save, undo, pitfalls })}\n`;
}

/** The configuration with comments around it: it can be pasted as a whole, up to “Undo”. */
function text(platform: MirrorPlatform, plan: MirrorPlan, part: Part | undefined): string {
  if (part !== undefined) return plan[part].map((line) => `${line}\n`).join('');
  const { comment, title } = platform;
  const remark = (words: string): string => `${comment} ${words}`;
  const lines = [
    remark(title),
    ...plan.pitfalls.map((pitfall) => remark(`- ${pitfall}`)),
    comment,
    ...plan.configure,
    comment,
    remark('Show:'),
    ...plan.show.map((line) => remark(`  ${line}`)),
    remark('Save:'),
    ...plan.save.map((line) => remark(`  ${line}`)),
    remark('Undo:'),
    ...plan.undo.map((line) => remark(`  ${line}`)),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
