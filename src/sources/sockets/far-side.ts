/**
 * Looks at the sockets of a machine that has a POSIX shell and /proc and nothing of ours: one
 * script goes over, one text comes back, in the form of `head`: `==> PATH <==` before each piece.
 * Names of processes are chosen by others, so every piece that could hold a line of its own is
 * written as one line by the shell, and pieces are introduced by a mark that nobody can foresee.
 */
import type { Process } from '../../model/process.ts';
import { parsePasswd } from './accounts.ts';
import { parseCgroup } from './cgroup.ts';

/**
 * The script. It changes nothing, runs no program beyond those of POSIX, and reads process files
 * only of processes that hold sockets. `mark` is hexadecimal.
 *
 * Programs are what costs there: `ls` shows all links of a folder in one go, and what can be read of
 * all processes together is. The names of processes stand behind those of their files, arguments
 * end with a NUL each, which becomes the end of a line.
 */
export function farScript(mark: string): string {
  if (!/^[\da-f]{16,64}$/.test(mark)) throw new TypeError('a mark is 16 to 64 hexadecimal digits');
  return `LC_ALL=C; export LC_ALL
m=${mark}
for t in tcp tcp6 udp udp6 udplite udplite6 raw raw6 packet sctp/eps; do
  [ -r /proc/net/$t ] && { echo "$m table $t"; cat /proc/net/$t; }
done
echo "$m setting"; cat /proc/sys/net/ipv6/bindv6only 2>/dev/null
echo "$m users"; cat /etc/passwd 2>/dev/null
echo "$m self"; id -u; uname -m; [ -d /proc/1 ] && echo one; ls -l /proc/self/ns/pid 2>/dev/null
h=$(for d in /proc/[0-9]*; do
  f=$(ls -l $d/fd 2>/dev/null) || { [ -d $d ] && echo "$m closed"; continue; }
  case $f in *socket:*) echo "$m process \${d#/proc/}"; printf '%s\\n' "$f" ;; esac
done | sed -n "/^$m /p"';s/.*-> socket:\\[\\([0-9]*\\)\\]$/i\\1/p')
printf '%s\\n' "$h"
of() { printf '%s\\n' "$h" | sed -n "s,^$m process \\(.*\\),/proc/\\1/$1,p"; }
echo "$m status"; grep -s -e '^PPid:' -e '^Uid:' $(of status) /dev/null
echo "$m comm"; grep -s '' $(of comm) /dev/null
echo "$m cgroup"; grep -s '' $(of cgroup) /dev/null
for f in $(of cmdline); do
  printf "\\000$m args $f\\000"
  dd if=$f bs=4096 count=1 2>/dev/null
done | tr '\\n\\000' ' \\n'
echo; echo "$m end"
`;
}

export interface FarText {
  /** Texts of the tables, by their name under /proc/net. */
  readonly tables: ReadonlyMap<string, string>;
  readonly bindV6Only: string | undefined;
  readonly users: ReadonlyMap<number, string>;
  readonly uid: number | undefined;
  readonly littleEndian: boolean;
  /** Whether other users' processes are hidden from the listing itself. */
  readonly hidden: boolean;
  /** Processes that hold sockets, and the inodes. */
  readonly processes: readonly { readonly process: Process; readonly inodes: readonly number[] }[];
  /** Processes whose files may not be listed. */
  readonly closed: number;
  /** Whether processes outside the far side's process namespace may exist unseen. */
  readonly inner: boolean;
  /** False: the answer was cut off. */
  readonly complete: boolean;
}

/** What `uname -m` says of machines that hold numbers the other way round. */
const BIG_ENDIAN = /^(s390x?|ppc|ppc64|mips|mips64|sparc\d*|m68k|parisc\d*)$/;
const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

/** Reads what the script printed. Lines before the first mark (greetings) are passed over. */
export function parseFarText(text: string, mark: string): FarText {
  const tables = new Map<string, string>();
  const inodes = new Map<number, number[]>();
  const args = new Map<number, string[]>();
  const texts = new Map<string, string>();
  let closed = 0;
  let complete = false;
  for (const { title, body } of sections(text, mark)) {
    const [kind = '', name = ''] = title.split(' ');
    if (kind === 'table') tables.set(name, body);
    else if (kind === 'closed') closed++;
    else if (kind === 'end') complete = true;
    else if (kind === 'process') inodes.set(Number(name), inodesIn(body));
    else if (kind === 'args') args.set(Number(name.split('/')[2]), argumentsIn(body));
    else texts.set(kind, body);
  }
  const users = parsePasswd(texts.get('users') ?? '');
  const self = (texts.get('self') ?? '').split('\n');
  const files = {
    status: linesByProcess(texts.get('status')),
    comm: linesByProcess(texts.get('comm')),
    cgroup: linesByProcess(texts.get('cgroup')),
  };
  const [uid, machine = ''] = self;
  return {
    tables,
    bindV6Only: texts.get('setting')?.trim() || undefined,
    users,
    uid: uid !== undefined && /^\d+$/.test(uid) ? Number(uid) : undefined,
    littleEndian: !BIG_ENDIAN.test(machine),
    hidden: !self.includes('one'),
    processes: [...inodes].map(([pid, held]) => ({
      process: processOf(pid, args.get(pid) ?? [], files, users),
      inodes: held,
    })),
    closed,
    inner: !self.some((line) => line.endsWith(FIRST_PID_NAMESPACE)),
    complete,
  };
}

function* sections(text: string, mark: string): Generator<{ title: string; body: string }> {
  let title: string | undefined;
  let body: string[] = [];
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${mark} `)) {
      body.push(line);
      continue;
    }
    if (title !== undefined) yield { title, body: body.join('\n') };
    title = line.slice(mark.length + 1).trimEnd();
    body = [];
  }
  if (title !== undefined) yield { title, body: body.join('\n') };
}

function inodesIn(body: string): number[] {
  const lines = body.split('\n').filter((line) => line.startsWith('i'));
  return [...new Set(lines.map((line) => Number(line.slice(1))))];
}

/** A program that rewrote its title leaves padding behind. */
function argumentsIn(body: string): string[] {
  const words = body.split('\n');
  while (words.at(-1) === '') words.pop();
  return words;
}

type Lines = ReadonlyMap<number, readonly string[]>;

/** From `/proc/42/comm:name`: a name with line ends has several lines. */
function linesByProcess(text = ''): Lines {
  const lines = new Map<number, string[]>();
  for (const line of text.split('\n')) {
    const [, pid, value] = /^\/proc\/(\d+)\/\w+:(.*)$/.exec(line) ?? [];
    if (pid === undefined) continue;
    const known = lines.get(Number(pid));
    if (known === undefined) lines.set(Number(pid), [value!]);
    else known.push(value!);
  }
  return lines;
}

function processOf(
  pid: number,
  commandLine: readonly string[],
  files: Readonly<Record<'status' | 'comm' | 'cgroup', Lines>>,
  users: ReadonlyMap<number, string>,
): Process {
  const status = (files.status.get(pid) ?? []).join('\n');
  const parent = /^PPid:\s*(\d+)$/m.exec(status)?.[1];
  const uid = /^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1];
  const user = uid === undefined ? undefined : users.get(Number(uid));
  return {
    pid,
    name: (files.comm.get(pid) ?? []).join('\n'),
    commandLine,
    ...(uid === undefined
      ? {}
      : { user: { uid: Number(uid), ...(user === undefined ? {} : { name: user }) } }),
    ...(parent === undefined ? {} : { parentPid: Number(parent) }),
    ...parseCgroup((files.cgroup.get(pid) ?? []).join('\n')),
  };
}
