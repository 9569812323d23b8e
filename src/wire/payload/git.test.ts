import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { GIT } from './git.ts';

const line = (text: string): string => (text.length + 4).toString(16).padStart(4, '0') + text;
const NAME = '7217a7c7e582c46cec22a130adf4b9d7d950fba0';

describe('git', () => {
  testDetector(GIT, [
    {
      name: 'fetch',
      bytes: line('git-upload-pack /project.git\0host=git.example.org:9418\0\0version=2\0'),
      is: 'certain asks',
      facts: ['git git.example.org of destination'],
    },
    {
      name: 'push by address',
      bytes: line('git-receive-pack /project.git\0host=192.0.2.4\0'),
      is: 'certain asks',
    },
    {
      name: 'references',
      bytes: `${line(`${NAME} HEAD\0multi_ack thin-pack`)}0000`,
      fromServer: true,
      is: 'certain answers',
    },
    {
      name: 'version 2',
      bytes: `${line('version 2\n')}${line('agent=git/2.39\n')}`,
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'four digits and text', bytes: '0032 is a number and this is a sentence', is: 'no' },
    { name: 'a hash alone', bytes: `0032${NAME}`, is: 'no' },
  ]);
});
