import { expect, it } from 'vitest';
import { describeLab, Lab, run } from './lab.ts';

describeLab('a lab of namespaces', ['ip', 'ping'], () => {
  it('joins two namespaces, and leaves nothing behind', async () => {
    const lab = new Lab();
    let left = '';
    let pid: number | undefined;
    try {
      const a = lab.space('a');
      const b = lab.space('b');
      left = a.name;
      lab.join(a, b, ['10.9.0.1/24', 'fd00:9::1/64'], ['10.9.0.2/24', 'fd00:9::2/64']);
      expect(a.run('ping', '-c1', '-W2', '10.9.0.2')).toContain('1 received');
      expect(a.run('ping', '-c1', '-W2', 'fd00:9::2')).toContain('1 received');
      pid = b.start('sleep', ['1000']).pid;
      expect(run('ip', 'netns', 'list')).toContain(left);
    } finally {
      await lab.close();
    }
    expect(run('ip', 'netns', 'list')).not.toContain(left);
    expect(() => process.kill(pid!, 0)).toThrow();
  });
});
