import { strict as assert } from 'node:assert';
import { OptOuts } from '../../../lib/charge';
import { optInWordsOf, optOutWordsOf, optReplyOf } from '../../../lib/charge/opt-out-words';
import { languages } from '../../../lib/dialogue/languages';
import { type AccountLedger, createLedger } from '../../../lib/ledger';
import type { Conversation, Message } from '../../../lib/model';

const message: Message = {
  ...{ id: 'm1', conversationId: 'c1', direction: 'inbound', contentType: 'text', text: 'STOP', senderId: 'p1' },
};
const conversation: Conversation = {
  id: 'c1',
  contactId: 'p1',
  contact: {
    id: 'p1',
    phone: '+5511987654321',
    email: 'Ana@Example.com',
    identifiers: [{ channelType: 'telegram', identifier: 'ana_souza' }],
  },
};

describe('opting out', () => {
  let ledger: AccountLedger;

  beforeEach(() => {
    ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
  });
  afterEach(() => ledger.close());

  const made = (more: Partial<ConstructorParameters<typeof OptOuts>[0]> = {}) =>
    new OptOuts({ ledger: () => ledger, isOn: true, outWords: [], inWords: [], language: () => 'en-US', ...more });

  for (const language of languages) {
    it(`${language}: by each of its words, whole and alone, and back again`, () => {
      const optOuts = made({ language: () => language });
      for (const word of optOutWordsOf(language)) {
        assert.equal(optOuts.wishOf(` ${word.toUpperCase()}! `).wish, 'out', word);
        assert.equal(optOuts.wishOf(`${word} 123`).wish, undefined, word);
      }
      for (const word of optInWordsOf(language)) assert.equal(optOuts.wishOf(word).wish, 'in', word);
      const both = optOutWordsOf(language).filter((word) => optInWordsOf(language).includes(word));
      assert.deepEqual(both, []);
      // What the reply tells people to write has to work.
      const words = optInWordsOf(language).map((word) => word.toUpperCase());
      assert.ok(words.some((word) => optReplyOf(language, 'out').toUpperCase().includes(word)));
    });
  }

  it('by words of one’s own, and on SMS by those that always count', () => {
    const optOuts = made({ outWords: ['adeus'], language: () => 'pt-BR' });
    assert.equal(optOuts.wishOf('Adeus').wish, 'out');
    assert.equal(optOuts.wishOf('stop').wish, undefined);
    assert.deepEqual(optOuts.wishOf('Stop', 'sms'), { wish: 'out', isBinding: true });
    assert.equal(optOuts.wishOf('adeus', 'sms').isBinding, false);
  });

  it('is known by whatever the person is known by, and lasts', async () => {
    const before = made();
    assert.equal(await before.optOut(message, conversation, 1), true);
    assert.equal(await before.optOut(message, conversation, 2), false);
    const after = made();
    await after.load();
    for (const optOuts of [before, after]) {
      assert.ok(optOuts.has({ contactId: 'p1' }));
      assert.ok(optOuts.has({ conversationId: 'c1' }));
      assert.ok(optOuts.has({ address: '+55 (11) 98765-4321' }));
      assert.ok(optOuts.has({ address: 'ana@example.com ' }));
      assert.ok(optOuts.has({ address: 'ana_souza' }));
      assert.equal(optOuts.has({ contactId: 'p2', address: '+5511900000000' }), false);
    }
    assert.equal(await after.optIn(message, conversation), true);
    assert.equal(await after.optIn(message, conversation), false);
    assert.equal(after.has({ contactId: 'p1', address: 'ana@example.com' }), false);
    assert.equal(await ledger.count('optout'), 0);
  });
});
