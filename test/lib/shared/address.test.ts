import { strict as assert } from 'node:assert';
import { readAddress } from '../../../lib/shared/address';
import { failing } from '../support';

describe('the address of a shared store', () => {
  const cases: [string, object][] = [
    ['redis://host', { isSecure: false, db: 0, kind: 'server', host: 'host', port: 6379 }],
    ['redis://host:7000/3', { isSecure: false, db: 3, kind: 'server', host: 'host', port: 7000 }],
    [
      ' rediss://u:p%40ss@host ',
      { isSecure: true, db: 0, username: 'u', password: 'p@ss', kind: 'server', host: 'host', port: 6379 },
    ],
    ['redis://:p@[::1]:7', { isSecure: false, db: 0, password: 'p', kind: 'server', host: '::1', port: 7 }],
    [
      'redis://a,b:7,c',
      {
        isSecure: false,
        db: 0,
        kind: 'cluster',
        nodes: [
          { host: 'a', port: 6379 },
          { host: 'b', port: 7 },
          { host: 'c', port: 6379 },
        ],
      },
    ],
    [
      'redis://a,b:7?sentinel=main',
      {
        isSecure: false,
        db: 0,
        kind: 'sentinel',
        master: 'main',
        sentinels: [
          { host: 'a', port: 26_379 },
          { host: 'b', port: 7 },
        ],
      },
    ],
  ];
  for (const [given, wanted] of cases) {
    it(given, () => assert.deepEqual(readAddress(given), wanted));
  }

  for (const given of ['', 'host', 'http://host', 'redis://', 'redis://host/x', 'redis://a,b/2', 'redis://:secret@']) {
    it(`${given || 'nothing'} is refused, without a word of what stood there`, async () => {
      const { code, message } = await failing(() => readAddress(given));
      assert.equal(code, 'validation');
      assert.ok(!message.includes('secret'));
    });
  }
});
