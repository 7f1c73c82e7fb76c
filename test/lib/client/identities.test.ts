import { strict as assert } from 'node:assert';
import { LinktorClient } from '../../../lib/client/index';
import { type Asked, type Bench, bench, failing, json, KEY, type Served, serve } from '../support';

const telegram = { channelType: 'telegram', identifier: 'ana_souza' };

describe('identities of a contact, documented API', () => {
  for (const family of ['typescript', 'rust', 'java'] as const) {
    describe(`a server of the ${family} family`, () => {
      let box: Bench;
      before(async () => {
        box = await bench({ family });
      });
      after(() => box.close());

      it('are added and taken away, and the others stay', async () => {
        const client = box.client();
        const known = async () => (await client.contacts.get('ct_ana')).identifiers.map((one) => one.identifier);
        const before = await known();
        assert.equal((await client.contacts.addIdentity('ct_ana', telegram)).id, 'ct_ana');
        assert.deepEqual(await known(), [...before, 'ana_souza']);
        const { identifiers } = await client.contacts.removeIdentity('ct_ana', telegram);
        assert.deepEqual(
          identifiers.map((one) => one.identifier),
          before,
        );
      });
    });
  }

  describe('a server with habits of its own', () => {
    let server: Served;
    let client: LinktorClient;
    let stored: unknown;
    let answer: (asked: Asked) => unknown;
    beforeEach(async () => {
      stored = [{ channelType: 'sms', identifier: '+5511' }];
      answer = () => ({ id: 'c', identifiers: stored });
      server = await serve((asked, response) => json(response, 200, answer(asked)));
      client = new LinktorClient({ baseUrl: server.url, contract: 'api', apiKey: KEY, maxRetries: 0 });
    });
    afterEach(async () => {
      await client.close();
      await server.close();
    });
    const written = () =>
      server.asked.flatMap(({ method, body }) => (method === 'PATCH' ? [JSON.parse(body) as unknown] : []));

    it('gets them in the form that it has given: a list', async () => {
      await failing(client.contacts.addIdentity('c', telegram));
      assert.deepEqual(written(), [{ identifiers: [{ channelType: 'sms', identifier: '+5511' }, telegram] }]);
    });

    it('gets them in the form that it has given: a map', async () => {
      stored = { sms: '+5511' };
      await failing(client.contacts.addIdentity('c', telegram));
      await failing(client.contacts.removeIdentity('c', { channelType: 'sms', identifier: '+5511' }));
      assert.deepEqual(written(), [{ identifiers: { sms: '+5511', telegram: 'ana_souza' } }, { identifiers: {} }]);
    });

    it('gets a list where it shows none', async () => {
      stored = undefined;
      await failing(client.contacts.addIdentity('c', telegram));
      assert.deepEqual(written(), [{ identifiers: [telegram] }]);
    });

    it('may leave them as they are: that is not supported, and never a success', async () => {
      for (const attempt of [
        () => client.contacts.addIdentity('c', telegram),
        () => client.contacts.removeIdentity('c', { channelType: 'sms', identifier: '+5511' }),
      ]) {
        const { code, cause } = await failing(attempt());
        assert.equal(code, 'not_supported');
        assert.match(cause.hint ?? '', /merge/);
      }
    });

    it('may only confirm the change: the contact is read then', async () => {
      answer = ({ method }) => {
        if (method !== 'PATCH') return { id: 'c', identifiers: stored };
        stored = [telegram];
        return { success: true };
      };
      assert.deepEqual((await client.contacts.addIdentity('c', telegram)).identifiers, [telegram]);
    });

    it('may spell an address in its own way', async () => {
      stored = [];
      answer = ({ method }) => ({
        id: 'c',
        identifiers: method === 'PATCH' ? [{ channelType: 'whatsapp', identifier: '5511999990001' }] : [],
      });
      const whatsapp = { channelType: 'whatsapp', identifier: '+5511999990001' };
      assert.equal((await client.contacts.addIdentity('c', whatsapp)).identifiers.length, 1);
    });

    it('has one for each type of channel in a map, and none is replaced', async () => {
      stored = { telegram: 'ana77' };
      const { code, cause } = await failing(client.contacts.addIdentity('c', telegram));
      assert.equal(code, 'conflict');
      assert.match(cause.hint ?? '', /take the other one away first/);
      assert.deepEqual(written(), []);
    });
  });
});
