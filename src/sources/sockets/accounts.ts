/** Names of user ids from the text of /etc/passwd (passwd(5)). Directory services are not asked. */
import { readFileSync } from 'node:fs';
import type { User } from '../../model/user.ts';

/** The first name of an id wins, as in getpwuid(3). Lines of another form are passed over. */
export function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [name = '', , uid = ''] = line.split(':', 3);
    if (name === '' || name.startsWith('#') || !/^\d{1,10}$/.test(uid)) continue;
    if (!names.has(Number(uid))) names.set(Number(uid), name);
  }
  return names;
}

/** A look-up that reads the file at its first use; without the file ids stay nameless. */
export function accountNames(path: string): (uid: number) => User {
  let names: Map<number, string> | undefined;
  const users = new Map<number, User>();
  return (uid) => {
    let user = users.get(uid);
    if (user === undefined) {
      names ??= readNames(path);
      const name = names.get(uid);
      user = name === undefined ? { uid } : { uid, name };
      users.set(uid, user);
    }
    return user;
  };
}

function readNames(path: string): Map<number, string> {
  try {
    return parsePasswd(readFileSync(path, 'utf8'));
  } catch {
    return new Map();
  }
}
