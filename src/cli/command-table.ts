/**
 * The commands, one line each. A command's module is loaded only when it is the one asked for,
 * so a new command costs the others no start-up time.
 */
import type { Command } from 'commander';

export interface CommandModule {
  /** Adds arguments, options, examples and the action. The action sets `process.exitCode`. */
  configure(command: Command): void;
}

export interface CommandEntry {
  readonly name: string;
  /** One line of the help. */
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'surface',
    summary: 'show what this machine offers, to whom, and what to close (the default)',
    load: () => import('./surface.ts'),
  },
  {
    name: 'sockets',
    summary: 'show the ports open on this machine, and who holds them',
    load: () => import('./sockets.ts'),
  },
  {
    name: 'compare',
    summary: 'hold what a host says of its ports against what the network sees',
    load: () => import('./compare.ts'),
  },
  {
    name: 'assess',
    summary: 'show which ports a capture uses, by whom, and how much',
    load: () => import('./assess.ts'),
  },
  {
    name: 'flows',
    summary: 'list every flow of a capture, with the reason of its direction',
    load: () => import('./flows.ts'),
  },
  {
    name: 'capture',
    summary: 'print packets or write them to files, with the habits of tcpdump',
    load: () => import('./capture.ts'),
  },
  {
    name: 'watch',
    summary: 'show ports, hosts and conversations as they pass, live',
    load: () => import('./watch.ts'),
  },
  {
    name: 'scan',
    summary: 'find the open ports of hosts in the network, and explain them',
    load: () => import('./scan.ts'),
  },
  {
    name: 'audit',
    summary: 'show what firewalls let through and refused, by their logs',
    load: () => import('./audit.ts'),
  },
  {
    name: 'mirror',
    summary: 'write the switch configuration that copies traffic to a sniffer',
    load: () => import('./mirror.ts'),
  },
  {
    name: 'setup-capture',
    summary: 'let members of a group capture without sudo, and take that back',
    load: () => import('./setup-capture.ts'),
  },
  {
    name: 'explain',
    summary: 'say what a port is for, what risk it is, and how to close it',
    load: () => import('./explain.ts'),
  },
  {
    name: 'policy',
    summary: 'turn validated traffic into proved firewall rules',
    load: () => import('./policy.ts'),
  },
  {
    name: 'acl',
    summary: 'write firewall rules for a platform, and check existing ones',
    load: () => import('./acl.ts'),
  },
];

/** Runs when no command is named. */
export const DEFAULT_COMMAND = 'surface';
