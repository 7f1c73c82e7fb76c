import { strict as assert } from 'node:assert';
import helper from 'node-red-node-test-helper';
import { contractUnderTest, setUpFlows } from '../support/flows';
import { asking, conversationIn, type Loose, sendNode } from './sending';

describe('linktor-send: texts with markup', () => {
  const setup = setUpFlows();
  const { play } = setup;
  const ask = asking(setup);

  async function sent(type: string, fields: Loose, msg: Loose): Promise<Loose[]> {
    const { id: conversationId } = await conversationIn(ask, type);
    await helper.unload();
    const { node, probe, caught } = await play(sendNode(fields));
    node('node').receive({ conversationId, ...msg });
    const out = await Promise.race([probe('out').first(), caught.first()]);
    if (out.error) throw new Error(out.error.message);
    const { data } = await ask('GET', `/conversations/${conversationId}/messages?sortOrder=asc`);
    return data;
  }

  const typed = { text: '**Hi {{name}}**, see [us](https://x.test)', textType: 'str', markup: 'markdown' };
  const name = 'A*n*a <b>_x_</b> [y](https://y.test) `z`';

  it('writes them as WhatsApp does, and a value stays what it is', async () => {
    const [message] = await sent('whatsapp', typed, { name: 'Ana' });
    assert.equal(message?.text, '*Hi Ana*, see us (https://x.test)');
    const [odd] = await sent('whatsapp', typed, { name: '_Ana_ <b>x</b>' });
    assert.equal(odd?.text, '*Hi ˍAnaˍ <b>x</b>*, see us (https://x.test)');
  });

  for (const type of ['email', 'sms', 'instagram', 'webchat']) {
    it(`writes the words alone in ${type}`, async () => {
      const [message] = await sent(type, typed, { name });
      assert.equal(message?.text, `Hi ${name}, see us (https://x.test)`);
    });
  }

  it('writes them as HTML for Telegram where the server reads it, and else the words alone', async () => {
    const [message] = await sent('telegram', typed, { name: '<i>Ana</i>' });
    const [formatted, plain] = [
      '<b>Hi &lt;i&gt;Ana&lt;/i&gt;</b>, see <a href="https://x.test">us</a>',
      'Hi <i>Ana</i>, see us (https://x.test)',
    ];
    const isRead = contractUnderTest === 'server';
    assert.equal(message?.text, isRead ? formatted : plain);
    assert.equal(message?.metadata?.parse_mode, isRead ? 'HTML' : undefined);
  });

  it('reads HTML as well, in the whole text that a message brings', async () => {
    const [message] = await sent(
      'whatsapp',
      { markup: 'html' },
      { payload: '<p>One &amp; <b>two</b></p><p>three</p>' },
    );
    assert.equal(message?.text, 'One & *two*\n\nthree');
  });

  it('writes captions and the text above buttons', async () => {
    const media = { kind: 'media', markup: 'markdown' };
    const [picture] = await sent('whatsapp', media, { attachments: ['https://x.test/a.png'], caption: '**Look**' });
    assert.equal(picture?.media.caption, '*Look*');
    const [asked] = await sent(
      'whatsapp',
      { kind: 'buttons', markup: 'markdown' },
      { payload: '**Yes?**', buttons: ['Yes'] },
    );
    assert.equal(asked?.interactive.body.text, '*Yes?*');
  });

  it('writes a text plainly when it has to be split', async () => {
    const stored = await sent('whatsapp', { markup: 'markdown' }, { payload: `**${'word '.repeat(1200)}end**` });
    assert.equal(stored.length, 2);
    assert.ok(stored.every(({ text }) => !text.includes('*')));
  });

  it('leaves a text as it is where nothing is said of markup', async () => {
    const [message] = await sent('email', {}, { payload: '**a** <b>b</b>' });
    assert.equal(message?.text, '**a** <b>b</b>');
  });

  it('refuses a text that is nothing but markup', async () => {
    await assert.rejects(sent('email', { markup: 'html' }, { payload: '<b></b>' }), /nothing but markup/);
  });
});
