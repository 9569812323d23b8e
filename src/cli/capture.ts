/** `portreeve capture`: packets as lines or into files, with the habits of tcpdump. */
import { type Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from './capture-options.ts';
import { CaptureRun } from './capture-run.ts';
import { USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { type FrameNumbers, frameNumbers } from './frame-numbers.ts';
import { addLiveOptions, type LiveOptions } from './interface-options.ts';

const EXAMPLES = `Examples:
  sudo portreeve capture -i eth0 -nq tcp port 80     as it passes
  portreeve capture -r lan.pcap -nq                  one line a packet
  portreeve capture -r lan.pcap -n port 443          those that match
  portreeve capture -r big.pcap -w web.pcap port 80  a part into a file
  portreeve capture -r lan.pcap -nX -c 1             the first, with its octets
  portreeve capture -r lan.pcap --frames 27,331      those that a finding names
`;

const NOTES = `
The filter is the language of tcpdump (pcap-filter); quote it where the shell
would read it. Short options combine: -nqt. Exit codes: 0 done, 2 wrong usage,
3 an input could not be read or is damaged, 4 capturing is not allowed,
130 interrupted while reading a file.
`;

export interface CaptureCommandOptions extends LiveOptions {
  readonly r?: readonly string[];
  readonly w?: string;
  readonly frames?: FrameNumbers;
  readonly c?: number;
  readonly s?: number;
  readonly C?: number;
  readonly G?: number;
  readonly W?: number;
  readonly z?: string;
  readonly q?: boolean;
  readonly e?: boolean;
  readonly S?: boolean;
  readonly A?: boolean;
  readonly U?: boolean;
  readonly l?: boolean;
  readonly numbers?: boolean;
  readonly F?: string;
  readonly D?: boolean;
  readonly format?: 'pcap' | 'pcapng';
}

/** Options that may be given more than once, each time meaning more. */
export interface Repeats {
  n: number;
  v: number;
  t: number;
  x: number;
  X: number;
}

export function configure(command: Command): void {
  const repeats: Repeats = { n: 0, v: 0, t: 0, x: 0, X: 0 };
  command.addHelpText('before', EXAMPLES).addHelpText('after', NOTES);
  command
    .argument('[filter...]', 'only packets that match')
    .option('-r <file>', 'read a capture file; - is standard input; repeatable', gather)
    .option('-n', 'ports as numbers, not names (hosts always are)')
    .option('-q', 'less about each packet')
    .option('-e', 'with the link header')
    .option('-v', 'more about each packet; -vv, -vvv: still more')
    .option('-t', 'no time; -tt: seconds since 1970, -ttt: since the packet before')
    .option('-S', 'sequence numbers as they are, not counted from the first')
    .option('-A', 'with the packet as text')
    .option('-x', 'with the octets; -xx: those of the link header too')
    .option('-X', 'with the octets and their text; -XX: link header too')
    .option('--numbers', 'with the number of each packet')
    .option('--frames <list>', 'only those with these numbers: 27,331-340', frameNumbers)
    .option('-c <count>', 'stop after so many packets', wholeNumber(1, 4e9))
    .option('-s <octets>', 'keep at most so many octets of a packet', wholeNumber(0, 262_144))
    .option('-w <file>', 'write packets to a file; - is standard output')
    .option('--format <format>', 'pcap or pcapng (default: by the name, else pcapng)', formatOf)
    .option('-C <MB>', 'a new file after so many million octets', wholeNumber(1, 1e6))
    .option('-G <s>', 'a new file after so many seconds', wholeNumber(1, 1e8))
    .option('-W <count>', 'how many files', wholeNumber(1, 1e6))
    .option('-z <command>', 'run it for each file that another one follows')
    .option('-U', 'write each packet to the file at once')
    .option('-l', 'write each line at once')
    .option('-F <file>', 'read the filter from a file')
    .option('-D', 'list the interfaces');
  addLiveOptions(command);
  for (const letter of Object.keys(repeats) as (keyof Repeats)[]) {
    command.on(`option:${letter}`, () => {
      repeats[letter]++;
    });
  }
  command.action(async (filter: readonly string[], options: CaptureCommandOptions) => {
    if (repeats.x + repeats.X > 0 && options.A) {
      throw new Failure(USAGE, {
        what: '-A and -x are two ways to show the same octets',
        ways: ['use -X for both at once'],
      });
    }
    await new CaptureRun(filter, options, repeats).run();
  });
}

function gather(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

function formatOf(text: string): 'pcap' | 'pcapng' {
  if (text === 'pcap' || text === 'pcapng') return text;
  throw new InvalidArgumentError('It is pcap or pcapng.');
}
