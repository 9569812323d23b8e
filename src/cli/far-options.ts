/** Options of commands that look at another machine by ssh. */
import type { Command } from 'commander';
import { type SocketView, viewSocketsBySsh } from '../pipeline/sockets.ts';
import { INPUT, USAGE } from './exit-codes.ts';
import { Failure } from './failure.ts';

export interface FarOptions {
  /** Destinations, as given. */
  readonly ssh?: readonly string[];
  readonly sshConfig?: string;
  readonly sshSudo?: boolean;
}

export function addFarOptions(command: Command): void {
  command
    .option(
      '--ssh <machine>',
      'look at another machine, by ssh (user@host)',
      (machine: string, before: readonly string[] = []) => [...before, machine],
    )
    .option('--ssh-config <file>', "configuration of ssh, in place of the user's")
    .option('--ssh-sudo', 'look as root there (sudo -n)');
}

/** Throws where options of ssh are given and no machine: they would mean nothing. */
export function refuseWithoutMachine({ ssh, sshConfig, sshSudo }: FarOptions): void {
  const stray = sshConfig !== undefined ? '--ssh-config' : sshSudo ? '--ssh-sudo' : undefined;
  if (stray === undefined || ssh !== undefined) return;
  throw new Failure(USAGE, {
    what: `${stray} says how to reach another machine, and none is named`,
    ways: [
      `name it: --ssh anna@web1 ${stray}${stray === '--ssh-config' ? ' FILE' : ''}`,
      `leave ${stray} out`,
    ],
  });
}

/** Rejects with a `Failure` that says what ssh or the far side said. */
export async function viewBySsh(
  destination: string,
  options: FarOptions,
  connections: boolean,
): Promise<SocketView> {
  try {
    return await viewSocketsBySsh({
      destination,
      connections,
      ...(options.sshConfig === undefined ? {} : { configFile: options.sshConfig }),
      sudo: options.sshSudo ?? false,
    });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'SshError') throw error;
    const { code } = error as Error & { code: string };
    if (code === 'destination') {
      throw new Failure(USAGE, {
        what: `“${destination}” is ${error.message}`,
        ways: [
          'write web1, anna@web1 or anna@192.0.2.7; ports and keys belong in the configuration of ssh',
        ],
      });
    }
    throw new Failure(INPUT, {
      what: `cannot look at the sockets of ${destination}`,
      why: error.message,
      ways:
        code === 'ssh'
          ? [`try: ssh ${destination} true`]
          : ['save the output of its own tools, and name the file'],
    });
  }
}
