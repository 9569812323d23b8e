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
 * `ls -l` shows all links of a folder in one go: one process a process, not one a file.
 */
export function farScript(mark: string): string {
  if (!/^[\da-f]{16,64}$/.test(mark)) throw new TypeError('a mark is 16 to 64 hexadecimal digits');
  return `LC_ALL=C; export LC_ALL
m=${mark}
for t in tcp tcp6 udp udp6 udplite udplite6 raw raw6 sctp/eps; do
  [ -r /proc/net/$t ] && { echo "$m table $t"; cat /proc/net/$t; }
done
echo "$m setting"; cat /proc/sys/net/ipv6/bindv6only 2>/dev/null
echo "$m users"; cat /etc/passwd 2>/dev/null
echo "$m boot"; grep '^btime ' /proc/stat 2>/dev/null
echo "$m self"; id -u; uname -m; [ -d /proc/1 ] && echo one; ls -l /proc/self/ns/pid 2>/dev/null
for d in /proc/[0-9]*; do
  p=\${d#/proc/}
  f=$(ls -l $d/fd 2>/dev/null) || { [ -d $d ] && echo "$m closed $p"; continue; }
  case $f in *socket:*) ;; *) continue ;; esac
  echo "$m process $p"
  printf '%s\\n' "$f" | sed -n 's/.*-> socket:\\[\\([0-9]*\\)\\]$/i\\1/p'
  printf n; tr '\\n\\0' '  ' < $d/comm 2>/dev/null; echo
  sed -n 's/^PPid:[^0-9]*\\([0-9]*\\)$/p\\1/p; s/^Uid:[^0-9]*[0-9]*[^0-9]*\\([0-9]*\\).*/u\\1/p' $d/status 2>/dev/null
  printf c; tr '\\n\\0' ' \\n' < $d/cmdline 2>/dev/null | dd bs=4096 count=1 2>/dev/null | sed '2,$s/^/c/'; echo
  sed 's/^/g/' $d/cgroup 2>/dev/null
done
echo "$m end"
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
  readonly processes: readonly { readonly process: Process; readonly inodes: readonly string[] }[];
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
  const processes: { process: Process; inodes: string[] }[] = [];
  const texts = new Map<string, string>();
  let closed = 0;
  let complete = false;
  for (const { title, body } of sections(text, mark)) {
    const [kind = '', name = ''] = title.split(' ');
    if (kind === 'table') tables.set(name, body);
    else if (kind === 'closed') closed++;
    else if (kind === 'end') complete = true;
    else if (kind === 'process') processes.push(parseProcess(Number(name), body));
    else texts.set(kind, body);
  }
  const users = parsePasswd(texts.get('users') ?? '');
  const self = (texts.get('self') ?? '').split('\n');
  const [uid, machine = ''] = self;
  return {
    tables,
    bindV6Only: texts.get('setting')?.trim() || undefined,
    users,
    uid: uid !== undefined && /^\d+$/.test(uid) ? Number(uid) : undefined,
    littleEndian: !BIG_ENDIAN.test(machine),
    hidden: !self.includes('one'),
    processes: processes.map((each) => ({ ...each, process: withUser(each.process, users) })),
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

function parseProcess(pid: number, body: string): { process: Process; inodes: string[] } {
  const inodes = new Set<string>();
  const commandLine: string[] = [];
  const groups: string[] = [];
  const single = new Map<string, string>();
  for (const line of body.split('\n')) {
    const value = line.slice(1);
    if (line[0] === 'i') inodes.add(value);
    else if (line[0] === 'c') commandLine.push(value);
    else if (line[0] === 'g') groups.push(value);
    else if (line !== '') single.set(line[0]!, value);
  }
  while (commandLine.at(-1) === '') commandLine.pop();
  const parent = single.get('p');
  const uid = single.get('u');
  return {
    process: {
      pid,
      name: (single.get('n') ?? '').trimEnd(),
      commandLine,
      ...(uid === undefined ? {} : { user: { uid: Number(uid) } }),
      ...(parent === undefined ? {} : { parentPid: Number(parent) }),
      ...parseCgroup(groups.join('\n')),
    },
    inodes: [...inodes],
  };
}

function withUser(process: Process, users: ReadonlyMap<number, string>): Process {
  const uid = process.user?.uid;
  const name = uid === undefined ? undefined : users.get(uid);
  return uid === undefined || name === undefined ? process : { ...process, user: { uid, name } };
}
