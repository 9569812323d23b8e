/** What `portreeve audit` refuses: inputs and options that do not go together, and empty answers. */
import { basename } from 'node:path';
import type { LogAudit } from '../pipeline/audit.ts';
import type { AuditCommandOptions } from './audit-options.ts';
import { DONE, INCOMPLETE, INPUT, INTERRUPTED, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { inputName } from './input-name.ts';

/** What people call an input without its folder. */
export function nameOf(input: string): string {
  return inputName(input === '-' ? input : basename(input));
}

/** Options by which something comes that is no log. */
function liveOptions({ listen, nflog }: AuditCommandOptions): string[] {
  return [...(listen === undefined ? [] : ['--listen']), ...(nflog ? ['--nflog'] : [])];
}

/** Throws `Failure` when there is nothing to read, or more than one thing. */
export function checkInputs(inputs: readonly string[], options: AuditCommandOptions): void {
  const { newSince, rules } = options;
  const piped = [...inputs, ...(newSince?.logs ?? []), rules].filter((name) => name === '-');
  if (piped.length > 1) {
    throw new Failure(USAGE, {
      what: 'standard input cannot be read twice',
      ways: ['write one of the two to a file first'],
    });
  }
  const live = liveOptions(options);
  if (live.length + Math.min(1, inputs.length) > 1) {
    throw new Failure(USAGE, {
      what:
        live.length > 1
          ? 'the network and the kernel cannot be listened to together'
          : 'logs and what comes live cannot be read together',
      ways: [`leave out ${live.at(-1)}, or ${live.length > 1 ? live[0] : 'the files'}`],
    });
  }
  if (inputs.length + live.length === 0) {
    throw new Failure(USAGE, {
      what: "missing required argument 'log'",
      ways: [
        'name a log, or - for standard input',
        '--listen 2055 takes flow export',
        "--nflog 5 the kernel's own",
      ],
    });
  }
}

/** Throws `Failure` when an option stands without the one it belongs to, or beside a contrary one. */
export function checkCombination(options: AuditCommandOptions): void {
  const { listen, follow, interval, rules, count } = options;
  const { timeMs: time, platform } = options.for ?? {};
  if (follow !== undefined && listen !== undefined) {
    throw new Failure(USAGE, {
      what: '--follow is for logs, not for the network',
      ways: ['leave it out: --listen goes on by itself'],
    });
  }
  if (follow === undefined && interval !== undefined) {
    throw new Failure(USAGE, {
      what: '--interval is for --follow',
      ways: ['portreeve audit --follow --interval 10s LOG'],
    });
  }
  if (platform !== undefined && rules === undefined) {
    throw new Failure(USAGE, {
      what: `--for ${platform} is for --rules`,
      ways: [`portreeve audit LOG --rules FILE --for ${platform}`],
    });
  }
  const goesOn = liveOptions(options).length > 0 || follow !== undefined;
  if (!goesOn && (time !== undefined || count !== undefined)) {
    throw new Failure(USAGE, {
      what: `--${time === undefined ? 'count' : 'for'} is for --listen, --nflog and --follow`,
      ways: ['leave it out: logs are read to their ends'],
    });
  }
}

/** Throws when not one input could be read: there is nothing to report then. */
export function refuseNothing({ faults, lines, before, linesBefore, interrupted }: LogAudit): void {
  const [first, ...others] = faults;
  if (first === undefined || interrupted || (lines > 0 && (before.length === 0 || linesBefore > 0)))
    return;
  const more = others.length === 0 ? '' : `, and ${others.length} more inputs likewise`;
  throw new Failure(INPUT, {
    what: `cannot read ${first.source}: ${first.what}${more}`,
    why: first.why,
    ways: [first.do, ...(before.includes(first.source) ? ['a time has the form 2026-11-22'] : [])],
  });
}

/** Throws when the inputs hold nothing at all: an empty log is not a network without traffic. */
export function refuseEmpty({ inputs, lines, live, interrupted, faults }: LogAudit): void {
  if (lines > 0 || live || interrupted || faults.length > 0) return;
  throw new Failure(INPUT, {
    what: `there is nothing in ${inputs.length === 1 ? nameOf(inputs[0]!) : `any of ${inputs.length} inputs`}`,
    why: 'an empty log says neither what passed nor what was refused',
    ways: ['name the log that the device writes to', '--follow waits for lines'],
  });
}

/** Throws when there is nothing to compare with: everything would seem new. */
export function refuseEmptyPast({ before, linesBefore, interrupted }: LogAudit): void {
  if (before.length === 0 || linesBefore > 0 || interrupted) return;
  throw new Failure(INPUT, {
    what: `there is no line of a firewall log in ${before.length === 1 ? before[0] : `any of ${before.length} earlier logs`}`,
    why: 'compared with nothing, everything is new',
    ways: ['name a log of the same device from an earlier time', '--new-since takes a time too'],
  });
}

/** Of an answer that is shown. */
export function exitCodeOf({ interrupted, faults, unread, linesRead, live }: LogAudit): number {
  if (interrupted) return INTERRUPTED;
  if (faults.length > 0) return INPUT;
  // What was read says nothing about traffic.
  if (linesRead === 0 && !live) return INCOMPLETE;
  return unread.length > 0 ? INCOMPLETE : DONE;
}
