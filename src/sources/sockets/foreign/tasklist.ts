/**
 * `tasklist`, `tasklist /svc` of Windows as a table or as CSV, in any language: names of programs
 * and the services inside them, which are joined to sockets by process id. In a table the rule of
 * `=` below the heading tells the columns, since names have blanks:
 *
 *     Image Name                     PID Services
 *     ========================= ======== ============================================
 *     svchost.exe                   1012 RpcEptMapper, RpcSs
 *                                        more of the same
 *
 * The word for “none” is translated: it is what stands beside process 0, which has no services.
 */
import type { ForeignFormat, Gathered, Line } from './row.ts';
import { unread } from './row.ts';

const RULE = /^=+ =+( =+)*\s*$/;
const CSV_HEADING = /^"[^"\d]+","[^"\d]+"(?:,"[^"\d]+")?(?:,"[^"]*")*\s*$/;
const CSV_ROW = /^"([^"]+)","(\d+)"(?:,"([^"]*)")?((?:,"[^"]*")*)\s*$/;

export const TASKLIST: ForeignFormat = {
  id: 'tasklist',
  name: 'tasklist of Windows',
  recognises: (line) => RULE.test(line) || CSV_ROW.test(line) || CSV_HEADING.test(line),
  read,
};

interface Task {
  readonly pid: number;
  readonly name: string;
  services: string;
}

function read(lines: readonly Line[], gathered: Gathered): void {
  const tasks: Task[] = [];
  let columns: readonly (readonly [number, number])[] | undefined;
  let listed = true;
  lines.forEach((line, index) => {
    const csv = CSV_ROW.exec(line.text);
    if (RULE.test(line.text)) {
      columns = [...line.text.matchAll(/=+/g)].map(({ index, 0: rule }) => [
        index,
        index + rule.length,
      ]);
      // Without /svc there are five columns: session and memory, no services.
      listed = columns.length === 3;
    } else if (csv !== null) {
      const services = csv[4] === '' ? (csv[3] ?? '') : '';
      tasks.push({ name: csv[1]!, pid: Number(csv[2]), services });
    } else if (CSV_HEADING.test(line.text) || isHeading(line.text, lines[index + 1]?.text)) {
      return;
    } else if (columns === undefined || !readRow(line.text, columns, listed, tasks))
      unread(gathered, line, 'no row');
  });
  const none = tasks.find(({ pid }) => pid === 0)?.services ?? 'N/A';
  for (const { pid, name, services } of tasks) {
    const names =
      services === none || services === 'N/A'
        ? []
        : services.split(/,\s*/).filter((each) => /^\S+$/.test(each));
    gathered.processes.set(pid, { name, ...(names.length === 0 ? {} : { services: names }) });
  }
}

/** The line above the rule. */
function isHeading(text: string, next: string | undefined): boolean {
  return !RULE.test(text) && next !== undefined && RULE.test(next);
}

function readRow(
  text: string,
  columns: readonly (readonly [number, number])[],
  listed: boolean,
  tasks: Task[],
): boolean {
  const cell = (index: number): string => {
    const column = columns[index];
    return column === undefined
      ? ''
      : text.slice(column[0], index === columns.length - 1 ? undefined : column[1]).trim();
  };
  const [name, pid] = [cell(0), cell(1)];
  if (name !== '' && /^\d{1,10}$/.test(pid)) {
    tasks.push({ name, pid: Number(pid), services: listed ? cell(2) : '' });
    return true;
  }
  const last = tasks.at(-1);
  if (name !== '' || pid !== '' || last === undefined || !listed) return false;
  last.services += last.services.endsWith(',') ? ` ${cell(2)}` : `, ${cell(2)}`;
  return true;
}
