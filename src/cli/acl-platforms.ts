/** `portreeve acl platforms`: for which firewalls rules can be written and read. */
import type { Command } from 'commander';
import { PLATFORMS, type Platform } from '../pipeline/policy.ts';
import { count } from '../report/numbers.ts';
import type { Column } from '../report/table.ts';
import { addOutputOptions, type OutputOptions, writeReport } from './output.ts';

const COLUMNS: readonly Column<Platform>[] = [
  { key: 'name', title: 'NAME', value: ({ name }) => name },
  { key: 'title', title: 'PLATFORM', value: ({ title }) => title, grow: true },
  {
    key: 'filters',
    title: 'FOR',
    value: ({ capabilities }) => capabilities.filters,
    text: ({ capabilities }) => capabilities.filters.join(', '),
  },
  {
    key: 'stateful',
    title: 'STATE',
    value: ({ capabilities }) => capabilities.stateful,
    priority: 1,
  },
  {
    key: 'families',
    title: 'IP',
    value: ({ capabilities }) => capabilities.families,
    text: ({ capabilities }) => capabilities.families.join(' '),
    priority: 1,
  },
  { key: 'logs', title: 'LOGS', value: ({ capabilities }) => capabilities.logs, priority: 2 },
  {
    key: 'mostRules',
    title: 'MOST RULES',
    value: ({ capabilities }) => capabilities.mostRules ?? null,
    align: 'right',
    priority: 3,
  },
  { key: 'aliases', title: '', value: ({ aliases }) => aliases ?? [], machineOnly: true },
  {
    key: 'sources',
    title: '',
    value: ({ capabilities }) => capabilities.sources,
    machineOnly: true,
  },
];

export function configure(command: Command): void {
  addOutputOptions(command);
  command.action(async (options: OutputOptions) => {
    await writeReport(
      {
        kind: 'acl-platforms',
        version: 1,
        verdict: {
          severity: 'info',
          text: `rules can be written for and read from ${count(PLATFORMS.length)} platforms`,
        },
        facts: [{ key: 'platforms', value: PLATFORMS.length }],
        tables: [
          {
            key: 'platforms',
            kind: 'platform',
            heading: 'PLATFORMS',
            columns: COLUMNS,
            rows: PLATFORMS,
          },
        ],
        notes: [],
        next: [],
      },
      options,
    );
  });
}
