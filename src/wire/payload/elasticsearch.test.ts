import { describe } from 'vitest';
import { testDetector } from '../../../test/builders/payload.ts';
import { ELASTICSEARCH } from './elasticsearch.ts';

const ROOT = `{
  "name" : "node-1",
  "cluster_name" : "logs",
  "version" : {
    "number" : "8.11.1",
    "build_flavor" : "default"
  },
  "tagline" : "You Know, for Search"
}
`;

describe('elasticsearch', () => {
  testDetector(ELASTICSEARCH, [
    {
      name: 'root document',
      bytes: `HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\ncontent-type: application/json\r\n\r\n${ROOT}`,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 8.11.1'],
    },
    {
      name: 'root document of older ones',
      bytes: `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n${ROOT.replace('8.11.1', '6.8.0')}`,
      fromServer: true,
      is: 'certain answers',
      facts: ['version = 6.8.0'],
    },
    {
      name: 'answer to a search',
      bytes: 'HTTP/1.1 200 OK\r\nX-elastic-product: Elasticsearch\r\n\r\n{"took":5}',
      fromServer: true,
      is: 'certain answers',
    },
    { name: 'another server', bytes: 'HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n{}', is: 'no' },
    { name: 'a request', bytes: 'HEAD / HTTP/1.1\r\nHost: You Know, for Search\r\n\r\n', is: 'no' },
  ]);
});
