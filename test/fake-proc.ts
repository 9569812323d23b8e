/** Lays out a folder like /proc, so that owners can be tested without being root or racing. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const FIRST_PID_NAMESPACE = 'pid:[4026531836]';

interface FakeProcess {
  readonly pid: number;
  readonly comm?: string;
  readonly cmdline?: string;
  readonly parent?: number;
  readonly uid?: number;
  /** Link targets of the open files: `socket:[88]`. */
  readonly files?: readonly string[];
  readonly network?: string;
  /** Nobody but its owner may list the files. */
  readonly forbidden?: boolean;
  /** The files are still listed, everything else is gone. */
  readonly vanishing?: boolean;
  /** Something is mounted over its folder. */
  readonly masked?: boolean;
}

export interface FakeProc {
  /** Texts of the tables, by their path under `net/`. */
  readonly tables?: Readonly<Record<string, string>>;
  readonly processes?: readonly FakeProcess[];
  readonly pidNamespace?: string;
  readonly bindV6Only?: string;
}

/** Makes the folder; the caller removes it with `dispose`. */
export function fakeProc(content: FakeProc): { readonly root: string; dispose(): void } {
  const root = mkdtempSync(join(tmpdir(), 'portreeve-proc-'));
  chmodSync(root, 0o755);
  for (const [name, text] of Object.entries(content.tables ?? {})) {
    write(join(root, 'net', name), text);
  }
  if (content.bindV6Only !== undefined) {
    write(join(root, 'sys/net/ipv6/bindv6only'), `${content.bindV6Only}\n`);
  }
  link(join(root, 'self/ns/pid'), content.pidNamespace ?? FIRST_PID_NAMESPACE);
  link(join(root, 'self/ns/net'), 'net:[1]');
  for (const process of content.processes ?? []) layOut(root, process);
  const dispose = (): void => {
    // Without root even an own folder must be readable to be removed.
    for (const { pid, forbidden } of content.processes ?? []) {
      if (forbidden) chmodSync(join(root, String(pid), 'fd'), 0o700);
    }
    rmSync(root, { recursive: true, force: true });
  };
  return { root, dispose };
}

function layOut(root: string, process: FakeProcess): void {
  const folder = join(root, String(process.pid));
  const files = join(folder, 'fd');
  if (process.masked) {
    mkdirSync(folder, { recursive: true });
    return;
  }
  mkdirSync(files, { recursive: true });
  for (const [index, target] of (process.files ?? []).entries()) {
    symlinkSync(target, join(files, String(index)));
  }
  if (process.forbidden) chmodSync(files, 0o000);
  if (process.vanishing) return;
  link(join(folder, 'ns/net'), process.network ?? 'net:[1]');
  const comm = process.comm ?? `p${process.pid}`;
  write(join(folder, 'comm'), `${comm}\n`);
  write(join(folder, 'cmdline'), process.cmdline ?? `/bin/${comm}\0`);
  write(
    join(folder, 'stat'),
    `${process.pid} (${comm}) S ${process.parent ?? 1} ${'0 '.repeat(17)}700 0 0\n`,
  );
  const uid = process.uid ?? 0;
  const escaped = comm.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
  write(
    join(folder, 'status'),
    `Name:\t${escaped}\nUmask:\t0022\nState:\tS (sleeping)\nPid:\t${process.pid}\nPPid:\t${process.parent ?? 1}\nUid:\t0\t${uid}\t0\t0\nGid:\t0\t0\t0\t0\n`,
  );
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function link(path: string, target: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Runs synchronous code without root's rights over files. */
export function asNobody<T>(act: () => T): T {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65534);
  try {
    return act();
  } finally {
    process.seteuid?.(0);
  }
}
